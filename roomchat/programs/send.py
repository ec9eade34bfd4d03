"""``roomchat send``: said, and known to be said."""

from __future__ import annotations

from collections.abc import Iterable

from roomchat.client.client import Client, ConnectionEnded, Shown
from roomchat.client.errand import errand
from roomchat.errors import ConnectError, Denied, StorageUnavailable
from roomchat.protocol import Error, Ping

WINDOW = 500  # messages that wait for the server until no more are taken: bounds the memory


class Sender:
    """Says things in one room. One thread calls ``run``; any other may call ``interrupt``.

    Args:
        address: of the server.
        name: how to be called; ``others``: whether with a number if that is taken.
        timeout: seconds that the server has to confirm what was said.
    """

    def __init__(self, address: str, name: str, *, others: bool, timeout: float) -> None:
        self._address = address
        self._name = name
        self._others = others
        self._timeout = timeout
        self._client: Client | None = None
        self._refusals: list[str] = []
        self._ended: ConnectionEnded | None = None

    def run(self, room: str, texts: Iterable[str]) -> None:
        """Say the texts. Returns when the server has all of them: they are in its log, on its disk.

        Raises:
            ConnectError: nobody answers, or what was said was not confirmed in time.
            Denied: the server refuses; of several texts the others have been said.
        """
        client = self._client = errand(
            self._address, self._name, others=self._others, patience=self._timeout, on_event=self._note
        )
        try:
            room = client.join(room, history=0).room
            for number, text in enumerate(texts, start=1):
                try:
                    client.say(text, room)
                except Denied as error:  # too long, say: it has not left this machine
                    self._refusals.append(str(error))
                if number % WINDOW == 0 or self._ended:
                    self._wait(client)
            self._wait(client)
        finally:
            client.close(timeout=0.5)
        if self._refusals:
            more = f" ({len(self._refusals)} messages were refused.)" if len(self._refusals) > 1 else ""
            raise Denied("refused", self._refusals[0] + more)

    def interrupt(self) -> None:
        """Make ``run`` end soon."""
        if self._client is not None:
            self._client.close(timeout=0)

    def _wait(self, client: Client) -> None:
        if not client.flush(self._timeout):
            if self._ended:
                raise ConnectError(self._ended.reason)
            raise ConnectError(
                f"The server did not confirm it within {self._timeout:g} seconds; it may have it, or not."
            )
        client.request(Ping())  # its answer comes behind all refusals

    def _note(self, event: Shown) -> None:
        """On the receiving thread. A server whose disk is full is asked again, by the client itself."""
        if isinstance(event, Error) and event.n is not None and event.code != StorageUnavailable.code:
            self._refusals.append(event.message)
        elif isinstance(event, ConnectionEnded):
            self._ended = event
