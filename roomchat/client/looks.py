"""Looking through rooms' histories for messages of ours that may be stored though they did not come."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from roomchat.protocol import PAGE, AnyEntry, Entry, Error, History, HistoryPage, Statement

ABOVE_ALL = 2**53  # no seq and no n is as large
_ID = "look:"  # the id of each of its commands begins like that


@dataclass
class _Look:
    """One room, page by page from its end."""

    room: str
    wanted: set[int]
    before: int = ABOVE_ALL  # the page before this seq was asked for


class Looks:
    """What is looked for over one connection. Not thread-safe: its owner has a lock."""

    def __init__(self) -> None:
        self._looks: dict[str, _Look] = {}  # by id

    def begin(self, wanted: Mapping[str, set[int]]) -> list[History]:
        """Ask for the last page of each room. What was asked before is forgotten.

        Args:
            wanted: room: numbers of our messages.
        """
        looks = (_Look(room, set(numbers)) for room, numbers in wanted.items())
        self._looks = {f"{_ID}{number}": look for number, look in enumerate(looks)}
        return [History(room=look.room, limit=PAGE, id=key) for key, look in self._looks.items()]

    @staticmethod
    def is_answer(event: Statement) -> bool:
        """Whether an event answers one of its questions; nobody else need see it."""
        return isinstance(event, HistoryPage | Error) and str(event.re).startswith(_ID)

    def take(
        self, event: HistoryPage | Error, is_own: Callable[[Entry], bool]
    ) -> tuple[list[AnyEntry], set[int], bool, list[History]]:
        """Our messages in a page, the numbers that are not in the room, whether nothing tells if they ever were,
        and what is to be asked next.

        Our own numbers rise in a room, so behind the first smaller one nothing is left to be found. A room that
        has neither that nor its first entry has forgotten something: it was pruned, or removed and made again.
        """
        key = str(event.re)
        look = self._looks.get(key)
        if look is None:
            return [], set(), False, []
        if isinstance(event, Error):
            del self._looks[key]
            return [], look.wanted, True, []
        own = {
            entry.n: entry
            for entry in event.entries
            if isinstance(entry, Entry) and is_own(entry) and entry.n is not None
        }
        found = [own[n] for n in sorted(look.wanted & own.keys())]
        look.wanted -= own.keys()
        before = event.entries[0].seq if event.entries else 0
        is_last = not event.more or not 0 < before < look.before  # a page that does not lead on ends it, too
        is_behind = min(own, default=ABOVE_ALL) < min(look.wanted, default=ABOVE_ALL)
        if is_last or not look.wanted or is_behind:
            del self._looks[key]
            return found, look.wanted, not is_behind and before != 1, []
        look.before = before
        return found, set(), False, [History(room=look.room, before=before, limit=PAGE, id=key)]
