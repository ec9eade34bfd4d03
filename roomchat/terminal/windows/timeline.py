"""What a window has to show of its room: a run of the log without a hole, and what was told beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from roomchat.protocol import AnyEntry, Entry, Gap, Spoken, Tombstone, Unknown
from roomchat.terminal.shown.lines import Line


@dataclass(frozen=True, slots=True)
class Told:
    """What is shown beside the log: who came, an answer, an error."""

    lines: tuple[Line, ...]


Logged = AnyEntry | Unknown
Item = Logged | Gap | Told


class Timeline:
    """Items in order. Each has a number that it keeps: those put before the first one get smaller numbers.

    Not thread-safe: the display has a lock.
    """

    def __init__(self, entries: Iterable[Logged] = (), *, is_whole: bool = False) -> None:
        self.is_whole = is_whole  # whether it begins with the first entry of the log
        self.changes = (
            0  # how often one was put between others, or in the place of one, so that numbers mean other items
        )
        self._items: list[Item] = list(entries)
        self._start = 0

    @property
    def start(self) -> int:
        """The number of the first item."""
        return self._start

    @property
    def end(self) -> int:
        """The number behind the last item's."""
        return self._start + len(self._items)

    def __getitem__(self, number: int) -> Item:
        return self._items[number - self._start]

    def __iter__(self) -> Iterator[Item]:
        return iter(self._items)

    def entries(self) -> Iterator[Logged]:
        """What is of the log."""
        return (item for item in self if not isinstance(item, Told | Gap))

    @property
    def first_seq(self) -> int:
        """Of the first entry; 0 if there is none."""
        return next((entry.seq for entry in self.entries()), 0)

    @property
    def last_seq(self) -> int:
        """Of the last entry; 0 if there is none."""
        return next((item.seq for item in reversed(self._items) if isinstance(item, Entry | Unknown)), 0)

    def append(self, item: Item) -> None:
        """Put one behind all others. An entry that is not newer than the last one goes where it belongs: it is of
        ours, and was found in the log after its answer was lost."""
        if isinstance(item, Entry | Unknown) and item.seq <= self.last_seq:
            self._insert(item)
        else:
            self._items.append(item)

    def _insert(self, entry: Logged) -> None:
        place = 0
        for index, item in enumerate(self._items):
            if isinstance(item, Entry | Unknown):
                if item.seq == entry.seq:
                    return
                if item.seq < entry.seq:
                    place = index + 1
        if place:  # else it is of before all that is here
            self._items.insert(place, entry)
            self.changes += 1

    def erase(self, seq: int) -> Spoken | None:
        """A tombstone in the place of words; what they were, if they are here."""
        for index, item in enumerate(self._items):
            if isinstance(item, Spoken) and item.seq == seq:
                self._items[index] = Tombstone.of(item)
                self.changes += 1
                return item
        return None

    def append_before_told(self, entry: Logged) -> None:
        """Put an entry behind all others, but before what was told last: that is read first, and is not to be
        scrolled away by what was said long ago."""
        if entry.seq <= self.last_seq:
            self._insert(entry)
            return
        place = len(self._items)
        while place and isinstance(self._items[place - 1], Told):
            place -= 1
        self._items.insert(place, entry)
        self.changes += 1

    def prepend(self, entries: Iterable[Logged]) -> None:
        """Put the page before all that is here; what is here already is passed over."""
        first = self.first_seq
        older = [entry for entry in entries if not first or entry.seq < first]
        self._items[:0] = older
        self._start -= len(older)

    def extend(self, entries: Iterable[Logged]) -> None:
        """Put the page behind all that is here; what is here already is passed over."""
        last = self.last_seq
        self._items.extend(entry for entry in entries if entry.seq > last)

    def forget_before(self, number: int) -> None:
        """Give up the items before that number; they can be fetched again."""
        gone = number - self._start
        if gone > 0:
            del self._items[:gone]
            self._start = number
            self.is_whole = False

    def find(self, seq: int) -> int | None:
        """The number of the entry with that seq, or of the first one behind it."""
        for index, item in enumerate(self._items):
            if isinstance(item, Entry | Unknown) and item.seq >= seq:
                return self._start + index
        return None

    def connect(self, newer: Timeline) -> None:
        """Put all of a timeline behind this one; its entries that are here already are passed over."""
        last = self.last_seq
        self._items += [item for item in newer._items if not isinstance(item, Entry | Unknown) or item.seq > last]
