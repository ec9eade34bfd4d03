"""Where a client is: its rooms, how much of each it has seen, and the current one. No I/O in here."""

from __future__ import annotations

from collections.abc import Iterable

from roomchat.client.markers import Markers
from roomchat.client.same import compared
from roomchat.protocol import Gap, Joined, Left, Read, is_pair

HISTORY = 50  # messages that a join brings; what it brings may come again if the connection is lost before


class Places:
    """The part of a session that knows where it is. Not thread-safe."""

    def __init__(self) -> None:
        self.room: str | None = None  # where what is said goes if no room is named
        self.rooms: dict[str, int] = {}  # those to be in, by joining: seq from which on nothing may be missed
        self.cursors: dict[str, int] = {}  # room: seq of the last message received
        self.markers = Markers()
        self._named: set[str] = set()  # rooms of the hello: of these all comes that was missed
        self._entered: set[str] = set()  # rooms that were joined over this connection, as names are compared
        self._put_out: set[str] = set()  # rooms out of which somebody has put us, likewise
        self._returning = False  # between a welcome and the mark behind all that was missed

    def read(self, room: str, seq: int) -> Read | None:
        """The person has read a room up to there; what is to be sent."""
        return self.markers.read(room, seq) if room in self.rooms else None

    def _name_rooms(self) -> dict[str, int]:
        """The rooms to be in, with their cursors, as a hello names them."""
        rooms = self.rooms | self.cursors
        if self.room in rooms:  # the last one is where a dial of our UID lands
            rooms[self.room] = rooms.pop(self.room)
        self._named = set(rooms)
        return rooms

    def _leave_all_but(self, kept: Iterable[str]) -> list[Left]:
        """Be in no other rooms than these, and those of two, which come by themselves."""
        kept = {compared(room) for room in kept}
        gone = [room for room in self.rooms if not is_pair(room) and compared(room) not in kept]
        for room in gone:
            self._left(room)
        return [Left(room=room) for room in gone]

    def _joined(self, event: Joined) -> None:
        room = event.room
        self._entered.add(compared(room))
        self._put_out.discard(compared(room))
        self.markers.take(event)
        # Those where we were come back in any order; an answer to what was asked is where we want to be.
        # Where another device of ours has gone we need not be.
        is_elsewhere = event.device is not None or self._returning
        if not is_pair(room) and (event.re is not None or not (is_elsewhere and self.room)):
            self.room = room
        if self._returning and self.cursors.get(room, 0) > event.last_seq:
            self.cursors[room] = event.last_seq  # the server has lost the end of its log
        start = max(0, event.last_seq - HISTORY)
        if self._returning and event.read is not None:  # on a new device all comes that was not read
            start = min(start, event.read)
        self.rooms.setdefault(room, start)

    def _left(self, room: str) -> None:
        self.markers.leave(room)
        self.cursors.pop(room, None)
        self.rooms.pop(room, None)
        if room == self.room:
            self.room = next((room for room in reversed(self.rooms) if not is_pair(room)), None)

    def _missed(self, event: Gap) -> None:
        self.cursors[event.room] = max(self.cursors.get(event.room, 0), event.before - 1)
