"""Where a person looks, whom they have blocked, whether they are away; and what is meant for them."""

from __future__ import annotations

from roomchat.client.client_events import ClientEvent
from roomchat.protocol import Deed, Entry, Gap, Invited, Presence, PresenceSummary, Renamed, Spoken, is_pair
from roomchat.terminal.shown.mentions import is_mentioned
from roomchat.terminal.shown.roster import Roster

OF_PEOPLE = Entry | Gap | Invited | Presence | PresenceSummary | Renamed


class RoomFocus:
    """Not thread-safe: the display has a lock. Others may read single fields.

    Args:
        roster: what is known.
        is_tagged: whether lines of all rooms stand among each other, so that each says of which it is.
    """

    def __init__(self, roster: Roster, *, is_tagged: bool) -> None:
        self.room: str | None = None  # looked at; where what is typed goes
        self.blocked: set[int] = set()
        self.away: str | None = None  # what is answered to whispers; None: here
        self.is_tagged = is_tagged
        self._roster = roster

    def hides(self, event: ClientEvent | Entry) -> bool:
        """Whether it is of somebody who is blocked. What a moderator does about the room concerns everyone."""
        if not isinstance(event, OF_PEOPLE) or isinstance(event, Deed):
            return False
        return getattr(event, "uid", None) in self.blocked

    def is_of_others(self, event: ClientEvent | Entry) -> bool:
        """Whether it is words of somebody else who is not blocked."""
        return isinstance(event, Spoken) and event.uid != self._roster.uid and not self.hides(event)

    def wants(self, event: ClientEvent | Entry) -> bool:
        """Whether it is words of somebody else for this person: a whisper, or with their name."""
        if not isinstance(event, Spoken) or not self.is_of_others(event):
            return False
        return is_pair(event.room) or self.is_mentioned(event)

    def is_mentioned(self, entry: Spoken) -> bool:
        """Whether somebody else's words have our name in them."""
        name = self._roster.names.get(self._roster.uid)
        return bool(name) and entry.uid != self._roster.uid and is_mentioned(str(name), entry.text)

    def is_old(self, entry: Entry) -> bool:
        """Whether it was said before we came: no reason to ring a bell."""
        return entry.seq <= self._roster.newest.get(entry.room, 0)
