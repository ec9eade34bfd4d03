"""The windows of a person: one for each room, and which of them is looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from roomchat.client.client_events import ClientEvent, ConnectionBack, ConnectionEnded, ConnectionLost, Refusal
from roomchat.protocol import (
    AnyEntry,
    Deleted,
    Entry,
    Gap,
    Joined,
    Left,
    Presence,
    PresenceSummary,
    Renamed,
    Spoken,
    Unknown,
    Welcome,
    is_pair,
)
from roomchat.terminal.shown.lines import Line, line
from roomchat.terminal.shown.told import dialled_elsewhere, whispered_elsewhere
from roomchat.terminal.shown.words import whispers_told
from roomchat.terminal.typed.input import FetchPage, LookFurther, Visit
from roomchat.terminal.windows.call_queue import CallQueue
from roomchat.terminal.windows.display import MENTIONS, Display
from roomchat.terminal.windows.finding import Hit
from roomchat.terminal.windows.past import Past
from roomchat.terminal.windows.reading import Reading
from roomchat.terminal.windows.searching import Searching
from roomchat.terminal.windows.timeline import Item, Told
from roomchat.terminal.windows.window import Window, most_wanting
from roomchat.terminal.windows.window_list import SERVER, WindowList


class Windows(Display):
    """A display of many windows; any thread may call its methods.

    Args:
        clock: how times are written, as for strftime.
        is_begun: whether words are typed that are meant for the room that is looked at.
        ask: has the sending thread do something: ask the server for a page of the log, say.
    """

    def __init__(
        self, *, clock: str, is_begun: Callable[[], bool], ask: Callable[[FetchPage | LookFurther | Visit], None]
    ) -> None:
        self._is_begun = is_begun
        self._ask = ask
        self.calls = CallQueue()
        super().__init__(clock=clock, is_tagged=False)

    def reset(self) -> None:
        """Nothing is known of a server."""
        super().reset()
        self._list = WindowList()
        self.current = self._list.open(None)
        self.page: Window | None = None  # a text that is read instead: help, a list
        self._before = SERVER  # the number of the one that was looked at before
        self._is_greeted = False  # whether one has gone from the server's window to another
        self._visits: set[str] = set()  # rooms whose ``joined`` is on its way, because one looks there again
        self.past = Past(self._ask, lambda: self.connected)
        self.reading = Reading()
        self.searching = Searching(self._go_to_hit, self._ask)
        self.notice = ""  # what the client has said where nobody looks
        self.copied = ""  # a text for the clipboard; the screen takes it

    # ------------------------------------------------------------ which there are

    def all(self) -> list[Window]:
        """In the order of their numbers; the server's first."""
        return self._list.all()

    def numbered(self) -> list[tuple[int, str, int]]:
        """The rooms that have a window, each with its number and how many messages are new."""
        return [(one.number, one.room, one.unread) for one in self.all() if one.room is not None]

    def of(self, room: str | None) -> Window | None:
        """The window of a room."""
        return self._list.of(room)

    def at(self, number: int) -> Window | None:
        """The window of that number."""
        return self._list.at(number)

    def open(self, room: str | None) -> Window:
        """The window of a room; a new one may be one too many."""
        window = self._list.open(room)
        if (spare := self._list.spare(window, self.current)) is not None:
            self._list.remove(spare)
        return window

    def close(self, room: str) -> None:
        """There is no such window any more; what was looked at before it is looked at again."""
        window = self.of(room)
        if window is None:
            return
        self._list.remove(window)
        if window is self.current:
            self._turn_to(self.at(self._before) or self.all()[-1])

    def next_wanting(self) -> Window | None:
        """Where this person is wanted most: the newest mention or whisper first, then what is unread."""
        return most_wanting([one for one in self.all() if one is not self.current and one.unread], self.wanting)

    def beside(self, by: int) -> Window:
        """The next window, or the one before."""
        windows = self.all()
        return windows[(windows.index(self.current) + by) % len(windows)]

    # ------------------------------------------------------------ where one looks

    def look_at(self, room: str | None, announcement: ClientEvent | str = "") -> None:
        """Turn to a room, and tell it. With the lock held."""
        self._turn_to(self.open(room))
        if isinstance(announcement, str):
            if announcement:
                self.show(announcement)
        else:
            self.show_lines(self.lines(announcement))

    def turn_to(self, room: str | None) -> bool:
        """Turn to a room that we are in, to whispers, or to the server."""
        is_new = self.of(room) is None
        self.visit(self.open(room))
        if is_new and room is not None and is_pair(room):
            self.show(whispers_told(self.roster.whisperer(room)))
        return True

    def end_whispers(self, room: str) -> None:
        """There is no window of them until one of the two whispers again."""
        self.close(room)

    def visit(self, window: Window) -> None:
        """Turn to a window that is there; the server, where others dial us, is still to be told."""
        with self.lock:
            if self.connected and window.room is not None and not is_pair(window.room):
                self._visits.add(window.room)
            self._turn_to(window)

    def _turn_to(self, window: Window) -> None:
        self.page = None
        if window is not self.current:
            if not self._is_greeted:  # what was told on the way in is not left behind
                self._is_greeted = True
                for item in self.current.live:
                    window.live.append(item)
            self._before = self.current.number
            self.current.depart(now())
            self.current = window
            window.arrive()
        self.focus.room = window.room

    @property
    def looked_at(self) -> Window:
        """What is on the screen."""
        return self.page or self.current

    def show_page(self, title: str, told: list[Line]) -> None:
        """A text to read, from its beginning; it goes when one turns to a window. With the lock held."""
        self.page = Window(None, SERVER, title)
        for one in told:
            self.page.live.append(Told((one,)))
        self.page.to_first()

    def close_page(self) -> None:
        """Back to the window."""
        with self.lock:
            if self.page is not None:
                self.page = None
                self.current.arrive()

    # ------------------------------------------------------------ what is shown

    def show(self, text: str, style: str = "dim") -> None:
        """Show what the client itself has to say, also to somebody who looks further up."""
        with self.lock:
            super().show(text, style)
            if not self.current.is_at_newest:
                self.notice = text.partition("\n")[0]

    def show_lines(self, told: list[Line]) -> None:
        """Show lines in the window that is looked at. With the lock held."""
        self._tell(self.current, told)

    def _tell(self, window: Window, told: list[Line]) -> None:
        if told:
            window.add(Told(tuple(told)), is_looked_at=window is self.current, wants=False, is_news=False)

    def lines_of(self, item: Item) -> list[Line]:
        """The lines of an item of a window."""
        return list(item.lines) if isinstance(item, Told) else self.lines(item)

    def note(self, event: ClientEvent) -> None:
        """What is read on another device is not new here."""
        self.reading.take(event, self.of, self.focus, self.newer)

    def newer(self, window: Window) -> Iterable[AnyEntry | Unknown]:
        """What has come to a window since it was read. With the lock held."""
        return window.live.entries()

    def place(self, event: ClientEvent) -> None:
        """Show an event where it belongs. With the lock held."""
        if self.searching.takes(event) or self.past.takes(event):
            return
        match event:
            case ConnectionLost() | ConnectionEnded():
                self._visits.clear()
                self.past.lose()
                self.searching.resume()
                self.show_lines(self.lines(event))
            case ConnectionBack():
                self.searching.resume()
                self.show_lines(self.lines(event))
            case Entry() | Unknown() | Gap():
                self._log(event)
            case Joined():
                self._joined(event)
            case Left():
                self.close(event.room)
                self.show_lines(self.lines(event))
            case Presence() | PresenceSummary():
                if (window_of := self.of(event.room)) is not None:
                    self._tell(window_of, self.lines(event))
            case Renamed():
                for window in self.all():
                    if window is self.current or event.uid in self.roster.here(window.room):
                        self._tell(window, self.lines(event))
            case Welcome():
                self._tell(self.open(None), self.lines(event))
            case Refusal():
                room = event.room if event.uid is None else self.roster.pair(event.uid)
                for window in {self.of(room) or self.current, self.current}:
                    self._tell(window, self.lines(event))
            case _:
                self.show_lines(self.lines(event))

    def _joined(self, event: Joined) -> None:
        room = event.room
        if room in self._visits:
            self._visits.discard(room)
            return
        is_new = not is_pair(room) and self.of(room) is None
        if is_new:
            self.open(room).begin_at(event.read, event.last_seq)
        by_other = event.by not in {None, self.roster.uid, *self.focus.blocked}  # who is blocked leads nowhere
        if is_pair(room):
            if event.re is None and event.by in {None, *self.focus.blocked} and self.of(room) is None:
                return  # we were in it before, and its window is closed; or it is of who is blocked
            self._tell(self.open(room), self.lines(event))
        elif event.re is None and by_other and self.current.room not in {None, room} and self._is_begun():
            # A line must not end in front of others than it was begun for, perhaps the one that it is about.
            self._tell(self.open(room), self.lines(event))
            self.show_lines([line(("mention", dialled_elsewhere(event, self.roster)), ring=2)])
            self.calls.dialled(event, self.roster)
        elif event.device is None and (event.re is not None or by_other or self.current.room is None):
            self.look_at(room, event)
        else:
            self._tell(self.open(room), self.lines(event))
        if is_new and self.current.room == room and event.read and event.read < event.last_seq:
            self.current.mark = event.read

    def _log(self, item: AnyEntry | Unknown | Gap) -> None:
        window = self.of(item.room)
        if window is None:
            if is_pair(item.room) and (self.reading.has(item) or self.focus.hides(item)):
                return
            window = self.open(item.room)
            window.read = self.reading.of(item.room)
        if isinstance(item, Deleted):
            if self._erase(item) and self.page is not None and self.page.title == MENTIONS:
                self.close_page()  # the words stand there, too
            window.erase(item.of, self.focus)
            self.searching.drop(item.room, item.of)
        wants = self.focus.wants(item)
        if wants and isinstance(item, Spoken):
            self.wanting.append(item)
        if isinstance(item, AnyEntry | Unknown) and item.seq <= window.seen_before:
            window.add_past(item)
            return
        is_looked_at = window is self.looked_at
        if not isinstance(item, Spoken) or not self.focus.is_of_others(item):
            window.add(item, is_looked_at=is_looked_at, wants=False, is_news=False)
            is_mine = isinstance(item, Spoken) and item.uid == self.roster.uid and not self.focus.is_old(item)
            if is_mine and is_pair(item.room) and window is not self.current:
                self.notice = whispered_elsewhere(item.room, window.number, self.roster)
            return
        is_old = self.focus.is_old(item)
        window.add(item, is_looked_at=is_looked_at, wants=wants, is_news=True)
        if not is_old:
            self.calls.hear(item, self.roster, wants=wants, is_looked_at=is_looked_at)

    # ------------------------------------------------------------ the past

    def fetch_older(self, window: Window) -> None:
        """Fetch the page before all that a window has; nothing if it is on its way, or there is none."""
        with self.lock:
            self.past.older(window)

    def fetch_newer(self, window: Window) -> None:
        """Fetch the page behind what is looked at far above."""
        with self.lock:
            self.past.newer(window)

    def go_to_first(self, window: Window) -> None:
        """Look at the beginning of the log."""
        with self.lock:
            self.past.go_to_first(window)

    def go_to(self, window: Window, seq: int) -> None:
        """Look at an entry, wherever in the log it is."""
        with self.lock:
            self.past.go_to(window, seq)

    def _go_to_hit(self, hit: Hit) -> None:
        """Look at what a search has found. With the lock held."""
        window = self.open(hit.room) if is_pair(hit.room) else self.of(hit.room)
        if window is None:
            self.notice = f"That was said in {hit.room}, which you have left."
            return
        for other in self.all():
            other.hit = 0
        window.hit = hit.seq
        self.go_to(window, hit.seq)
        if window is not self.current:
            self.visit(window)
            if not is_pair(hit.room):
                self._ask(Visit(hit.room))
        self.page = None

    def look_further(self) -> None:
        """A search goes on. On the thread that sends."""
        with self.lock:
            self.searching.look_further(self.connected)

    def end_search(self) -> bool:
        """No hit is marked any more; whether one was, or was looked for."""
        with self.lock:
            for window in self.all():
                window.hit = 0
            return self.searching.end()


def now() -> str:
    """This moment, as entries have it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
