"""What a client knows of itself."""

from __future__ import annotations

import threading
from pathlib import Path

from roomchat.client.session import Session
from roomchat.client.state import State
from roomchat.errors import ConnectError
from roomchat.protocol import Say, Whisper


class Known:
    """The part of ``roomchat.Client`` that only tells. Any thread may call it."""

    _session: Session
    _state: State | None
    _changed: threading.Condition  # guards the session
    _abandoned = False  # in a forked child: the session is the parent's

    def _check_ours(self) -> None:
        if self._abandoned:
            raise ConnectError("This client belongs to the process that made it; make another one after a fork.")

    @property
    def uid(self) -> int:
        """Our UID."""
        return self._session.uid

    @property
    def device(self) -> int:
        """Which of our account's devices this is: it stands in our own entries, unless it is 1."""
        return self._session.device

    @property
    def name(self) -> str:
        """Our name as the server has it."""
        return self._session.name

    @property
    def room(self) -> str | None:
        """The current room: where ``say`` goes that names none."""
        return self._session.room

    @property
    def rooms(self) -> list[str]:
        """The rooms that we are in."""
        self._check_ours()
        with self._changed:
            return list(self._session.rooms)

    @property
    def cursors(self) -> dict[str, int]:
        """Of each room the seq of the last entry that came; before ``open``, of the last one acknowledged."""
        self._check_ours()
        with self._changed:
            return dict(self._session.cursors)

    @property
    def reads(self) -> dict[str, int]:
        """Of each room the seq up to which the person has read, on whatever device; 0 is left out."""
        self._check_ours()
        with self._changed:
            return dict(self._session.markers.known)

    @property
    def pending(self) -> list[Say | Whisper]:
        """What was said and has not come back, oldest first."""
        self._check_ours()
        with self._changed:
            return list(self._session.pending.values())

    @property
    def names(self) -> dict[int, str]:
        """UID to name of those whom we whisper with, also while they are offline: the last one heard of."""
        with self._changed:
            return dict(self._session.names)

    @property
    def features(self) -> frozenset[str]:
        """What the server and this version both know beyond the first one, by the names in docs/protocol.md."""
        return self._session.features

    @property
    def blocked(self) -> frozenset[int]:
        """UIDs of those from whom the person wants to hear nothing: the program must not show what they say."""
        return self._session.blocks.uids

    @property
    def kept_beside(self) -> Path | None:
        """A file for what a program keeps with the session, beside the session's own; None if that is not kept.
        Nobody else uses it until ``close``; the program makes it, private to the user."""
        return None if self._state is None else Path(f"{self._state.path}.kept")
