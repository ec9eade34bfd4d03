"""Up to where a person has read, in each room: what the server knows, and what it is still to be told."""

from __future__ import annotations

from roomchat.protocol import Joined, Read, ReadMarker

READ_ID = "read"  # id of what is told; the answer is for nobody else


class Markers:
    """Of one session. Not thread-safe. No I/O in here."""

    def __init__(self) -> None:
        self.known: dict[str, int] = {}  # room to seq; none that nothing was read of
        self.is_known = False  # whether the server knows what a read marker is
        self._wanted: dict[str, int] = {}  # room to seq: told perhaps, and not answered

    def read(self, room: str, seq: int) -> Read | None:
        """The person has read that far; what is to be sent, if that is news."""
        if seq <= max(self.known.get(room, 0), self._wanted.get(room, 0)):
            return None
        self._wanted[room] = seq
        return Read(room=room, seq=seq, id=READ_ID) if self.is_known else None

    def owed(self) -> list[Read]:
        """What a lost connection may have swallowed."""
        wanted = self._wanted if self.is_known else {}
        return [Read(room=room, seq=seq, id=READ_ID) for room, seq in wanted.items()]

    def take(self, event: Joined | ReadMarker) -> None:
        """The server has said how far it is."""
        room, seq = event.room, event.read
        if seq is None:
            self.known.pop(room, None)
        else:
            self.known[room] = seq
        if isinstance(event, Joined):  # the server may have lost the end of its log
            self._wanted[room] = min(self._wanted.get(room, 0), event.last_seq)
        if self._wanted.get(room, 0) <= (seq or 0):
            self._wanted.pop(room, None)

    def leave(self, room: str) -> None:
        """A room is left: nothing is to be told of it."""
        self.known.pop(room, None)
        self._wanted.pop(room, None)

    def forget(self) -> None:
        """There is another log."""
        self.known.clear()
        self._wanted.clear()
