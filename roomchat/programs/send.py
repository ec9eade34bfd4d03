"""``roomchat send``: said, and known to be said."""

from __future__ import annotations

from collections.abc import Iterable

from roomchat.client.client import Client
from roomchat.client.client_events import ClientEvent, ConnectionEnded, Refusal
from roomchat.client.oneshot import connect_once
from roomchat.errors import ConnectError, Denied, StateError, StorageUnavailable
from roomchat.protocol import Error, Ping, Say, Whisper

WINDOW = 500  # messages that wait for the server until no more are taken: bounds the memory


class Sender:
    """Says things in one room. One thread calls ``run``; any other may call ``interrupt``.

    Args:
        address: of the server.
        name: the name to use; ``others``: whether to add a number if it is taken.
        timeout: seconds that the server has to confirm the messages.
        trust, password: as for ``Client``.
        lines: the texts are lines of the input: blank ones are not said; a failure names the line to go on from.
    """

    def __init__(
        self,
        address: str,
        name: str,
        *,
        others: bool,
        timeout: float,
        lines: bool = False,
        trust: bool | str = False,
        password: str | None = None,
    ) -> None:
        self._address = address
        self._name = name
        self._others = others
        self._timeout = timeout
        self._lines = lines
        self._trust = trust
        self._password = password
        self._places: dict[int, int] = {}  # by the number of a message: which of the texts it is
        self._client: Client | None = None
        self._refusals: list[str] = []
        self._ended: ConnectionEnded | None = None

    def run(self, room: str, texts: Iterable[str]) -> None:
        """Say the texts. Returns when the server has all of them: they are in its log, on its disk.

        Raises:
            ConnectError: nobody answers, or the messages were not confirmed in time.
            Denied: the server refuses; of several texts the others have been sent.
        """
        client = self._client = connect_once(
            self._address, self._name, others=self._others, request_timeout=self._timeout, on_event=self._note,
            presence=False, trust=self._trust, password=self._password,
        )  # fmt: skip
        taken = 0
        try:
            room = client.join(room, history=0).room
            for taken, text in enumerate(texts, start=1):
                if text.strip() or not self._lines:
                    self._say(client, text, room, taken)
                if taken % WINDOW == 0 or self._ended:
                    self._wait(client)
            self._wait(client)
        except (ConnectError, StateError) as error:
            raise ConnectError(f"{error}{self._rest(client, taken)}") from None
        finally:
            client.close(timeout=0.5)
        if self._refusals:
            more = f" ({len(self._refusals)} messages were refused.)" if len(self._refusals) > 1 else ""
            raise Denied("refused", self._refusals[0] + more)

    def _say(self, client: Client, text: str, room: str, place: int) -> None:
        try:
            self._places[client.say(text, room)] = place
        except Denied as error:  # too long, say: it has not left this machine
            self._refusals.append(_refused(str(error), text))

    def _rest(self, client: Client, taken: int) -> str:
        """The line from which the input must be sent again."""
        if not self._lines:
            return ""
        places = [self._places[n] for n in map(_number, client.pending) if n in self._places]
        return f" The input from line {min(places, default=max(taken, 1))} on was not sent."

    def interrupt(self) -> None:
        """Make ``run`` end soon."""
        if self._client is not None:
            self._client.close(timeout=0)

    def _wait(self, client: Client) -> None:
        if not client.flush(self._timeout):
            if self._ended:
                raise ConnectError(self._ended.reason)
            raise ConnectError(
                f"The server did not confirm it within {self._timeout:g} seconds; it may or may not have it."
            )
        client.request(Ping())  # its answer comes behind all refusals
        self._places.clear()

    def _note(self, event: ClientEvent) -> None:
        """On the receiving thread. A server whose disk is full is asked again, by the client itself."""
        if isinstance(event, Refusal):
            self._refusals.append(_refused(event.message, event.text))
        elif isinstance(event, Error) and event.n is not None and event.code != StorageUnavailable.code:
            self._refusals.append(event.message)
        elif isinstance(event, ConnectionEnded):
            self._ended = event


def _number(said: Say | Whisper) -> int:
    return said.n or 0


def _refused(why: str, text: str) -> str:
    """The person may have it nowhere else."""
    return f"{why} This was not sent: {text}" if text.strip() else why
