"""What a program hears of what is said, and nothing else."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator

from roomchat.client.client_events import ClientEvent, ConnectionEnded
from roomchat.client.devices import OwnAccount
from roomchat.client.given import check
from roomchat.client.same import compared
from roomchat.errors import ConnectError
from roomchat.protocol import Spoken


class Listening(OwnAccount):
    """The part of ``roomchat.Client`` that listens. Any thread may call it."""

    @abstractmethod
    def events(self, timeout: float | None = None) -> Iterator[ClientEvent]:
        """What happens, in order."""

    def messages(self, room: str | None = None, own: bool = False) -> Iterator[Spoken]:
        """The messages and actions among ``events``: of one room or of all, with the client's own or without.

        The other events are passed over, and acknowledged.
        Ends when the client is closed.
        Raises ConnectError before ``open``, RuntimeError where ``on_event`` gets the events, and, where ``events``
        gives ``ConnectionEnded``, its reason as Denied or ConnectError.
        """
        check(str, room=room)
        return self._messages(self.events(), None if room is None else compared(room), own)

    def _messages(self, events: Iterator[ClientEvent], room: str | None, own: bool) -> Iterator[Spoken]:
        for event in events:
            if isinstance(event, Spoken):
                if (own or event.uid != self.uid) and room in (None, compared(event.room)):
                    yield event
            elif isinstance(event, ConnectionEnded):
                raise self._connection.failure or ConnectError(event.reason)
