"""The rows of a window's items, folded to a width when they are asked for, and remembered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from roomchat.protocol import Entry
from roomchat.terminal.shown.lines import Line, StyledText, fold, line
from roomchat.terminal.shown.words import day_line
from roomchat.terminal.windows.timeline import Item, Timeline
from roomchat.times import day_of, local

MAX_REMEMBERED = 1500  # items with rows; of those without, as of people who are blocked, there may be many more
FOUND = "found"  # the style of what a search has found
SINCE = "%a %H:%M"  # how "new since" tells a time

FoldedRow = list[StyledText]


class Look(NamedTuple):
    """What rows depend on besides their items."""

    width: int  # columns
    mark: int  # behind the entry with that seq stands "new since"; 0: nowhere
    mark_at: str | None  # RFC 3339
    hit: int  # seq of the entry that a search has found
    version: object = None  # of what the lines of an item depend on


class FoldedRows:
    """Not thread-safe: the display has a lock."""

    def __init__(self) -> None:
        self._rows: dict[int, list[FoldedRow]] = {}  # by the number of the item
        self._heads: dict[int, int] = {}  # how many of these stand before the item itself
        self._count = 0  # of items that have rows
        self._stamp: tuple[object, ...] = ()  # what all of these hold for
        self._timeline = Timeline()
        self._begins: tuple[int, str] = 0, ""  # the number of the first item, and what stands before it

    def head(self, number: int) -> int:
        """How many rows stand before an item itself, of those that were asked for last."""
        return self._heads.get(number, 0)

    def of(
        self, timeline: Timeline, edge: str, look: Look, lines_of: Callable[[Item], Iterable[Line]],
        measure: Callable[[str], int],
    ) -> Callable[[int], list[FoldedRow]]:  # fmt: skip
        """What gives the rows of an item, by its number.

        Args:
            timeline: the items.
            edge: what stands before the first of them; nothing: no line.
            look: what the rows depend on, too.
            lines_of: the lines of an item.
            measure: columns that a character takes.
        """
        stamp = (timeline.changes, look)
        if timeline is not self._timeline or stamp != self._stamp or self._count > MAX_REMEMBERED:
            self._rows, self._heads, self._count = {}, {}, 0
            self._timeline, self._stamp = timeline, stamp
        elif (timeline.start, edge) != self._begins:
            self._begin_elsewhere(timeline)
        self._begins = timeline.start, edge

        def rows_of(number: int) -> list[FoldedRow]:
            rows = self._rows.get(number)
            if rows is None:
                before = self._before(number, edge, look)
                head = [row for one in before for row in fold(one, look.width, measure)]
                lines = [_marked(one, timeline[number], look.hit) for one in lines_of(timeline[number])]
                rows = head + [row for one in lines for row in fold(one, look.width, measure)]
                self._rows[number], self._heads[number] = rows, len(head)
                self._count += bool(rows)
            return rows

        return rows_of

    def _begin_elsewhere(self, timeline: Timeline) -> None:
        """Only what stands around the first item is another: so looking back page by page folds each item once."""
        first = self._begins[0]
        for number in range(first, timeline.start):
            self._forget(number)
        for number in range(max(first, timeline.start), timeline.end):
            self._forget(number)
            if isinstance(timeline[number], Entry):  # what is before it says whether its day stands there
                return

    def _forget(self, number: int) -> None:
        self._count -= bool(self._rows.pop(number, None))
        self._heads.pop(number, None)

    def _before(self, number: int, edge: str, look: Look) -> Iterator[Line]:
        """What stands before an item: how far the log is here, its day, and that it is new."""
        if edge and number == self._timeline.start:
            yield line(("dim", f"--- {edge} ---"))
        item = self._timeline[number]
        if not isinstance(item, Entry):
            return
        before = self._entry_before(number)
        day = day_of(item.ts)
        if before is None or day_of(before.ts) != day:
            yield day_line(day)
        if look.mark and item.seq > look.mark and (before is None or before.seq <= look.mark):
            # Of another device it is not known when it was looked at; but the last that was read there was.
            at = look.mark_at or (before.ts if before is not None else None)
            since = f" since {local(at, SINCE)}" if at else ""
            yield line(("new", f"--- new{since} ---"))

    def _entry_before(self, number: int) -> Entry | None:
        for before in range(number - 1, self._timeline.start - 1, -1):
            if isinstance(item := self._timeline[before], Entry):
                return item
        return None


def _marked(one: Line, item: Item, hit: int) -> Line:
    """A line of an item, otherwise if a search has found that."""
    if not (hit and isinstance(item, Entry) and item.seq == hit):
        return one
    return Line(tuple(StyledText(FOUND, piece.text) for piece in one.pieces), one.indent)
