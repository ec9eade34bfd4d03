"""A search through the logs of rooms, from the newest message towards the first. Pure: it says what to read."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from roomchat.protocol import Entry, Spoken, Unknown
from roomchat.times import local

MAX_HITS = 10_000  # that are remembered; a search for more is no search
MAX_TITLE = 40  # characters; more would hide the count, or all that stands behind it in the status row
BACK_TO = "%d %b %Y"  # how far a search has come


class Hit(NamedTuple):
    """A message that was found. They sort by time."""

    ts: str
    room: str
    seq: int


@dataclass
class Unread:
    """A log that the search has not come to the beginning of: what is ``before`` that seq; None: all of it."""

    room: str
    before: int | None = None
    back_to: str = ""  # the time of the last entry that was read; "": none was


class Finding:
    """What is looked for, what was found, and which hit is looked at. Not thread-safe: the display has a lock.

    Args:
        title: what is looked for, as the person calls it.
        rooms: whose logs to read.
        is_hit: whether a message is one.
    """

    def __init__(self, title: str, rooms: Iterable[str], is_hit: Callable[[Spoken], bool]) -> None:
        title = " ".join(title.split())  # of a paste, it may have lines
        self.title = title if len(title) <= MAX_TITLE else f"{title[: MAX_TITLE - 1]}…"
        self.current: Hit | None = None
        self.is_wanted = True  # the next hit is to be looked at as soon as it is found
        self.looked_at = 0  # entries
        self._is_hit = is_hit
        self._hits: list[Hit] = []  # oldest first
        self._logs = [Unread(room) for room in rooms]

    @property
    def is_over(self) -> bool:
        """Whether there is nothing left to read."""
        return not self._logs

    @property
    def is_vain(self) -> bool:
        """Whether all is read, and there is no hit."""
        return self.is_over and not self._hits

    def next_log(self) -> Unread | None:
        """What to read next: of all logs the one whose unread part may be the newest; None: all is read."""
        return max(self._logs, key=lambda log: (not log.back_to, log.back_to, log.room), default=None)

    def take(self, room: str, entries: Sequence[Entry | Unknown], *, more: bool) -> None:
        """A page of a log, as ``next_log`` asked for it, oldest first; ``more``: it is not the first one of it."""
        log = next((log for log in self._logs if log.room == room), None)
        if log is None:
            return
        self.looked_at += len(entries)
        for entry in entries:
            if isinstance(entry, Spoken) and self._is_hit(entry):
                self.add(Hit(entry.ts, entry.room, entry.seq))
        is_further = bool(entries) and (
            log.before is None or entries[0].seq < log.before
        )  # else it goes in circles
        if is_further:
            log.before = entries[0].seq
            log.back_to = next((entry.ts for entry in entries if isinstance(entry, Entry)), log.back_to)
        if not (more and is_further):
            self._logs.remove(log)
        if len(self._hits) >= MAX_HITS:
            self._logs.clear()

    def add(self, hit: Hit) -> None:
        """One more hit, if it is not known yet."""
        place = bisect_left(self._hits, hit)
        if self._hits[place : place + 1] != [hit]:
            self._hits.insert(place, hit)

    def drop(self, room: str, seq: int) -> None:
        """A message is no hit any more: it was deleted."""
        self._hits = [hit for hit in self._hits if (hit.room, hit.seq) != (room, seq)]

    def step(self, by: int, *, anyway: bool = False) -> Hit | None:
        """The hit to look at now: older (1) or newer (-1) than the current one, and the newest at first.

        None: there is none, or it is not known yet: then ``is_wanted`` says that it is waited for. ``anyway``: of
        those that are known, because no others can come now.
        """
        if self.current is None:
            place = len(self._hits) - 1
        elif by > 0:
            place = bisect_left(self._hits, self.current) - 1
        else:
            place = bisect_right(self._hits, self.current)
        self.is_wanted = by > 0 and not self._is_settled(place) and (place < 0 or not anyway)
        if self.is_wanted or not 0 <= place < len(self._hits):
            return None
        self.current = self._hits[place]
        return self.current

    def _is_settled(self, place: int) -> bool:
        """Whether nothing that is still unread can be newer than the hit at that place."""
        log = self.next_log()
        if log is None:
            return True
        newest = Hit(log.back_to, log.room, log.before or 0)
        return place >= 0 and bool(log.back_to) and newest <= self._hits[place]

    @property
    def told(self) -> str:
        """How it stands: which hit of how many, and how far back was read while there is more."""
        number, more = len(self._hits), "" if self.is_over else "+"
        if self.current is None:
            if self.is_over:
                return f"{number} found: {self.title}" if number else f"not found: {self.title}"
            return f"looking for {self.title}{self._back_to}"
        rank = number - bisect_left(self._hits, self.current)
        waits = f", looking{self._back_to}" if self.is_wanted else ""
        return f"{rank} of {number}{more}: {self.title}{waits}"

    @property
    def _back_to(self) -> str:
        log = self.next_log()
        return f", back to {local(log.back_to, BACK_TO)}" if log is not None and log.back_to else ""
