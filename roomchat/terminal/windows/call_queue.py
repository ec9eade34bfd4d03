"""What is to be told of what has come, from the thread that receives to the one that paints."""

from __future__ import annotations

import threading

from roomchat.entries import said
from roomchat.protocol import Joined, Spoken, is_pair
from roomchat.speaker import speaker
from roomchat.terminal.device.calls import Call
from roomchat.terminal.shown.roster import Roster

MAX_CALLS = 100  # that wait; more at once are not heard one by one


class CallQueue:
    """Any thread may call its methods."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ring = 0
        self._calls: list[Call] = []

    def hear(self, entry: Spoken, roster: Roster, *, wants: bool, is_looked_at: bool) -> None:
        """Somebody else has said something just now.

        Args:
            entry: what.
            roster: how people are called.
            wants: whether it is for this person.
            is_looked_at: whether its window is on the screen.
        """
        if wants:
            room = roster.typed(entry.room) if is_pair(entry.room) else entry.room
            self._put(Call(room, speaker(entry.uid, entry.name), said(entry)[1], is_looked_at))
        elif is_looked_at:
            with self._lock:
                self._ring = 1

    def dialled(self, event: Joined, roster: Roster) -> None:
        """Somebody has dialled this person."""
        self._put(Call(event.room, roster.names.get(event.by or 0, "Someone"), "dialled you", True))

    def take(self) -> tuple[int, list[Call]]:
        """What has come since: as how loud a ``Line.ring`` without the calls, and the calls."""
        with self._lock:
            ring, self._ring = self._ring, 0
            calls, self._calls = self._calls, []
        return ring, calls

    def _put(self, call: Call) -> None:
        with self._lock:
            if len(self._calls) < MAX_CALLS:
                self._calls.append(call)
