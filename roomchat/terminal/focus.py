"""Which room a person looks at, or whether they see all at once; what waits in the others; whom they ignore."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from roomchat.client.client_events import ClientEvent
from roomchat.protocol import (
    AnyEntry,
    Away,
    Back,
    Entry,
    Gap,
    MemberJoined,
    MemberLeft,
    PresenceSummary,
    Spoken,
    is_private,
)
from roomchat.terminal.mentions import is_mentioned
from roomchat.terminal.roster import Roster

MAX_UNREAD = 500  # messages of a room that nobody looks at; /history brings older ones

_OF_A_ROOM = Entry | Gap | MemberJoined | MemberLeft | Away | Back | PresenceSummary


@dataclass
class Unread:
    """Of one room, since the person looked at it last."""

    events: deque[AnyEntry | Gap] = field(default_factory=lambda: deque(maxlen=MAX_UNREAD))
    count: int = 0
    mentioned: bool = False


class RoomFocus:
    """Not thread-safe: the terminal has a lock. Others may read single fields.

    Args:
        roster: what is known.
        everything: all rooms are shown as it comes, and nothing waits.
    """

    def __init__(self, roster: Roster, *, everything: bool) -> None:
        self.room: str | None = None  # looked at; where what is typed goes
        self.unread: dict[str, Unread] = {}
        self.ignored: set[int] = set()
        self.catching_up = False  # what is shown has come before, and has rung then
        self.away: str | None = None  # what is answered to whispers; None: here
        self.everything = everything
        self._roster = roster

    def takes(self, event: ClientEvent) -> bool:
        """Whether an event is to be shown now. If not, it waits for its room to be looked at, or is dropped."""
        if getattr(event, "uid", None) in self.ignored and isinstance(event, _OF_A_ROOM):
            return False
        if self.everything or not isinstance(event, _OF_A_ROOM) or event.room == self.room:
            return True
        if not isinstance(event, Entry | Gap):
            return False  # who came and went is told by a list when the room is looked at
        if is_private(event.room) or (isinstance(event, Entry) and event.uid == self._roster.uid):
            return True
        unread = self.unread.setdefault(event.room, Unread())
        unread.events.append(event)
        if isinstance(event, Spoken):
            unread.count += 1
            unread.mentioned |= self.is_mentioned(event)
        return False

    def look_at(self, room: str | None) -> tuple[int, list[AnyEntry | Gap]]:
        """Switch to a room. Returns how many messages were said there meanwhile, and the last of these."""
        self.room = room
        unread = self.unread.pop(room, None) if room else None
        return (unread.count, list(unread.events)) if unread else (0, [])

    def drop(self, room: str) -> None:
        """The person is in that room no more."""
        self.unread.pop(room, None)

    def is_mentioned(self, entry: Spoken) -> bool:
        """Whether somebody else's words have our name in them."""
        name = self._roster.names.get(self._roster.uid)
        return bool(name) and entry.uid != self._roster.uid and is_mentioned(str(name), entry.text)

    def is_old(self, entry: Entry) -> bool:
        """Whether it was said before we came: no reason to ring a bell."""
        return self.catching_up or entry.seq <= self._roster.newest.get(entry.room, 0)

    def is_in_focus(self, room: str) -> bool:
        """Whether a line need not say which room it is about, for that is the one looked at."""
        return not self.everything and room == self.room
