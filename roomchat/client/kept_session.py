"""A session, and the file in which it survives its own program, kept in step."""

from __future__ import annotations

import threading

from roomchat.client.client_events import ClientEvent, Refusal
from roomchat.client.session import Session
from roomchat.client.state import CHANGING, State
from roomchat.errors import StateError
from roomchat.protocol import Blocked, Entry, Gap, Say, Statement, Unblocked, Unknown, Whisper


class KeptSession:
    """What must not be forgotten. ``changed`` guards it, and is told of each event.

    Args:
        session: what is known of it.
        state: where it is kept; None: nowhere.
    """

    def __init__(self, session: Session, state: State | None) -> None:
        self.session = session
        self._state = state
        self.changed = threading.Condition()

    def ack(self, event: ClientEvent) -> None:
        """The program has handled an event, and all before it in its room: a crash does not bring them again."""
        if not isinstance(event, Entry | Unknown | Gap | Refusal):
            return
        with self.changed:
            if isinstance(event, Refusal):
                self.session.refusal_acked(event.n)
                if self._state is not None and event.n is not None and event.n not in self.session.pending:
                    self._state.seen(event.n)
                return
            seq = event.seq if isinstance(event, Entry | Unknown) else event.before - 1
            # Beyond it are events of a log that has lost its end since.
            if self._state is not None and seq <= self.session.cursors.get(event.room, 0):
                self._state.reached(event.room, seq)

    def take_here(self, event: Blocked | Unblocked) -> None:
        """Keep whom the person has blocked, where the server can't."""
        with self.changed:
            self.session.blocks.take(event)
            if self._state is not None:
                self._state.save(self.session)

    def _number(self, command: Say | Whisper) -> int:
        """Give what is to be said its number; behind this it is not lost. Raises StateError."""
        numbered = self.session.say(command)
        n = self.session.n
        if self._state is not None:
            try:
                self._state.said(n, numbered)
            except StateError:
                self.session.take_back(n)
                raise
        return n

    def _keep(self, event: Statement, found: list[int]) -> None:
        """Write down what has changed in the session."""
        if self._state is None:
            return
        if isinstance(event, CHANGING):
            self._state.save(self.session)
        elif isinstance(event, Entry) and self.session.is_own(event) and event.n is not None:
            self._state.seen(event.n)
        for n in found:
            self._state.seen(n)
