"""One window: what is shown of a room, what of it is new, and where one looks."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from roomchat.protocol import Entry, Spoken, Unknown
from roomchat.terminal.shown.focus import RoomFocus
from roomchat.terminal.shown.lines import Line
from roomchat.terminal.windows.folded_rows import FOUND, FoldedRow, FoldedRows, Look
from roomchat.terminal.windows.timeline import Item, Logged, Timeline
from roomchat.terminal.windows.viewport import Place, RowsOf, Span, down, newest, scrolled, up, visible

MAX_ITEMS = 1500  # of a window at its newest; more is given up
KEPT_ITEMS = 1000  # of these then stay
MAX_HEAD = 9  # rows, at least as many as may stand before an item


class Window:
    """Of a room, of whispers with one person, or (``room`` None) of the server itself. ``number`` never changes.

    Not thread-safe: the display has a lock.
    """

    def __init__(self, room: str | None, number: int, title: str = "") -> None:
        self.room = room
        self.number = number
        self.title = title  # of a page to read
        self.live = Timeline(is_whole=room is None)  # ends with the newest
        self.past: Timeline | None = None  # looked at instead: a part of the log far above
        # What stands in the top row, and None for the newest at the bottom. Its row is counted from the first of
        # the item itself: how much stands before that, its day, say, changes when older ones are put before it.
        self.place: Place | None = None
        self.seen_before = 0  # entries up to that seq were said before this person was ever here
        self.unread = 0  # messages of others behind ``read``
        self.mentions = 0  # of these, those that want this person
        self.read = 0  # seq of the last entry that was seen
        self.read_at: str | None = None  # RFC 3339: when that was
        self.mark = 0  # behind the entry with that seq stands "new since"; 0: nowhere
        self.mark_at: str | None = None
        self._looked_to = 0  # the last mark at which one has looked
        self.wanted: int | None = None  # the number of an item that is to be seen at the next painting
        self._cleared: int | None = None  # at the newest, items before that number are not shown
        self.hit = 0  # seq of the entry that a search has found
        self.is_fetching = False  # a page of the log is on its way
        self.draft = ""
        self._folded = FoldedRows()

    @property
    def timeline(self) -> Timeline:
        """What is looked at."""
        return self.past or self.live

    @property
    def is_at_newest(self) -> bool:
        """Whether what comes is seen."""
        return self.place is None and self.past is None

    # ------------------------------------------------------------ what is new

    def arrive(self) -> None:
        """Somebody looks at it now."""
        if self.unread:
            self.mark, self.mark_at = self.read, self.read_at
            self._looked_to = 0
        self._see_newest()

    def depart(self, now: str) -> None:
        """Nobody looks at it any more."""
        self.read_at = now
        self.mark, self.mark_at = 0, None

    def begin(self, entries: Iterable[Logged] = ()) -> None:
        """What was here is no more in the log, or in another one; these entries are."""
        self.live, self.past, self.place = Timeline(entries), None, None
        self.seen_before = self.unread = self.mentions = self.mark = self.hit = 0
        self.read = self.live.last_seq
        self.is_fetching = False

    def read_elsewhere(self, seq: int) -> None:
        """All up to that seq was read, on another device; what is new begins behind it."""
        self.read, self.read_at = seq, None
        if self.mark:
            self.mark, self.mark_at = seq, None

    def begin_at(self, read: int | None, last_seq: int) -> None:
        """Nothing was here yet: up to ``read`` it was read on another device, or (None) all is of before this
        person was ever here."""
        self.read, self.seen_before = read or 0, last_seq if read is None else read

    def add_past(self, entry: Logged) -> None:
        """An entry of before this person was ever here."""
        self.live.append_before_told(entry)
        self.read = max(self.read, entry.seq)

    def add(self, item: Item, *, is_looked_at: bool, wants: bool, is_news: bool) -> None:
        """One more item at its end.

        Args:
            item: it.
            is_looked_at: whether this window is on the screen.
            wants: whether it is for this person.
            is_news: whether somebody else has said it, and it may not have been seen.
        """
        self.live.append(item)
        if isinstance(item, Entry | Unknown):
            if is_looked_at and self.is_at_newest:
                self.read = max(self.read, item.seq)
            elif is_news and item.seq > self.read:
                self.unread += 1
                self.mentions += wants
            elif not self.unread:
                self.read = max(self.read, item.seq)
        if self.is_at_newest and self.live.end - self.live.start > MAX_ITEMS:
            self.live.forget_before(self.live.end - KEPT_ITEMS)

    def erase(self, seq: int, focus: RoomFocus) -> None:
        """A tombstone in the place of words, which nobody need read any more."""
        found = [one.erase(seq) for one in (self.live, self.past) if one is not None]
        words = next(filter(None, found), None)
        if words is not None and seq > self.read and self.unread and focus.is_of_others(words):
            self.unread -= 1
            self.mentions -= bool(self.mentions) and focus.wants(words)
        if seq == self.hit:
            self.hit = 0

    def _see_newest(self) -> None:
        if self.is_at_newest:
            self.read = max(self.read, self.live.last_seq)
            self.unread = self.mentions = 0

    # ------------------------------------------------------------ where one looks

    def to_newest(self) -> None:
        """Down to the end, where it stays while more comes."""
        self.past, self.place, self.hit = None, None, 0
        self._see_newest()

    def clear(self) -> None:
        """Nothing is shown but what comes; scrolling brings the rest back."""
        self.to_newest()
        self._cleared = self.live.end

    def to_first(self) -> None:
        """Up to the first item that is here."""
        self._cleared = None
        self.place = Place(self.timeline.start, -MAX_HEAD)

    def scroll(self, rows_of: RowsOf[FoldedRow], height: int, by: int) -> None:
        """By that many rows; more than 0 is down."""
        start = self._found(rows_of) if self._shown_from is None else Place(self._shown_from, 0)
        self._scroll_from(start, rows_of, height, by)
        self._see_newest()

    def show_item(self, number: int, rows_of: RowsOf[FoldedRow], height: int) -> None:
        """Look at an item, in the middle of the height; if it was found, at its own row, not at the day before."""
        row = next((row for row, pieces in enumerate(rows_of(number)) if pieces and pieces[-1].style == FOUND), 0)
        self._scroll_from(Place(number, row), rows_of, height, -(height // 2))

    def _scroll_from(self, start: Place | None, rows_of: RowsOf[FoldedRow], height: int, by: int) -> None:
        self._cleared = None
        place = scrolled(self.span, rows_of, start, height, by)
        if place is None and self.past is not None:
            place = newest(self.span, rows_of, height)
        self.place = None if place is None else Place(place.item, place.row - self._head(place.item, rows_of))

    def _found(self, rows_of: RowsOf[FoldedRow]) -> Place | None:
        """The place among the rows as they are now."""
        if self.place is None or self.place.item < self.span.start:
            return self.place and Place(self.span.start, 0)
        item, row = self.place
        row += self._head(item, rows_of)
        return Place(item, row) if row >= 0 else up(self.span, rows_of, Place(item, 0), -row)

    def _head(self, number: int, rows_of: RowsOf[FoldedRow]) -> int:
        if not self.span.start <= number < self.span.end:
            return 0
        rows_of(number)
        return self._folded.head(number)

    def join_past(self) -> None:
        """What was looked at far above has been fetched down to what is new: they are one timeline now."""
        if self.past is not None:
            self.past.connect(self.live)
            self.live, self.past = self.past, None

    @property
    def _shown_from(self) -> int | None:
        """The first item that is shown, if the window was cleared and is looked at since."""
        if self._cleared is None or not self.is_at_newest or not self.span.start < self._cleared <= self.span.end:
            return None
        return self._cleared

    @property
    def span(self) -> Span:
        """The numbers of its items."""
        return Span(self.timeline.start, self.timeline.end)

    def top(self, rows_of: RowsOf[FoldedRow], height: int) -> Place:
        """What stands in the top row."""
        if self.wanted is not None:
            self.show_item(self.wanted, rows_of, height)
            self.wanted = None
            self._see_newest()
        if self._shown_from is not None:
            return newest(Span(self._shown_from, self.span.end), rows_of, height)
        bottom = newest(self.span, rows_of, height)
        place = self._found(rows_of)
        return bottom if place is None else min(place, bottom)

    def view(self, rows_of: RowsOf[FoldedRow], height: int) -> list[FoldedRow]:
        """The rows to show."""
        return visible(self.span, rows_of, self.top(rows_of, height), height)

    def first_seen(self, rows_of: RowsOf[FoldedRow], height: int) -> int:
        """The seq of the first entry that begins in the rows shown; 0: none does."""
        top = self.top(rows_of, height)
        first = top.item + (top.row > self._folded.head(top.item))
        entries = (self.timeline[number] for number in range(first, self.span.end))
        return next((one.seq for one in entries if isinstance(one, Entry)), 0)

    def new_above(self, rows_of: RowsOf[FoldedRow], height: int) -> int:
        """How many messages behind the mark stand above what is shown; none when one has gone to the first."""
        if not self.mark or self._looked_to == self.mark:
            return 0
        first = self.first_seen(rows_of, height)
        if 0 < first <= self.mark + 1 and not self.is_at_newest:  # there it may have passed by in a moment
            self._looked_to = self.mark
        return max(0, first - self.mark - 1)

    def below(self, rows_of: RowsOf[FoldedRow], height: int) -> range:
        """The numbers of the items that begin below what is shown."""
        start = down(self.span, rows_of, self.top(rows_of, height), height).item
        return range(min(start, self.span.end), self.span.end)

    # ------------------------------------------------------------ rows

    def rows(
        self, lines_of: Callable[[Item], Iterable[Line]], width: int, measure: Callable[[str], int],
        version: object = None, *, is_away: bool = False,
    ) -> RowsOf[FoldedRow]:  # fmt: skip
        """The rows of its items.

        Args:
            lines_of: the lines of an item.
            width: columns.
            measure: columns that a character takes.
            version: what else the lines depend on; when it changes they are made anew.
            is_away: whether the server can't be asked for older ones.
        """
        look = Look(width, self.mark, self.mark_at, self.hit, version)
        return self._folded.of(self.timeline, self._edge(is_away), look, lines_of, measure)

    def _edge(self, is_away: bool) -> str:
        """What is told before the first item."""
        if self.room is None:
            return ""
        if self.timeline.is_whole:
            return "the beginning"
        if self.is_fetching:
            return "fetching older messages"
        return "older messages come when the server is back" if is_away else ""


def most_wanting(windows: Iterable[Window], wanting: Iterable[Spoken]) -> Window | None:
    """Of windows with what is unread: the one whose mention is the newest, or else the one of the lowest number.

    Args:
        wanting: what was said to this person, as it came.
    """
    called = {entry.room: number for number, entry in enumerate(wanting, start=1)}

    def place(window: Window) -> tuple[bool, int, int]:
        return not window.mentions, -called.get(window.room or "", 0) if window.mentions else 0, window.number

    return min(windows, key=place, default=None)
