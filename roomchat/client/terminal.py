"""The plain terminal: one thread sends what is typed, one receives and prints. Whole lines only."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable

from roomchat.client.client import Client, ConnectionEnded, Shown
from roomchat.client.commands import TypingError, parse
from roomchat.client.render import render
from roomchat.client.typed import TypedLines
from roomchat.client.view import View
from roomchat.errors import BadName, ConnectError, Denied, NameTaken, StateError
from roomchat.harmless import harmless
from roomchat.protocol import Bye, Command, Dial, Join, Leave, Name, Say, Whisper

FAREWELL = 5.0  # seconds that what a person said last has to arrive when they leave
_ASK_AGAIN = {BadName.code, NameTaken.code}

# What is typed behind these may depend on where they lead.
_WAITED_FOR = Join | Dial | Leave | Name


class Terminal:
    """A person in the chat.

    Args:
        address: of the server.
        typed: what the person types.
        show: prints a line; called by both threads, one line at a time.
        interactive: whether there is someone who looks at the screen and answers.
    """

    def __init__(
        self, address: str, typed: TypedLines, show: Callable[[str], None], *, interactive: bool
    ) -> None:  # fmt: skip
        self._address = address
        self._typed = typed
        self._show = show
        self._interactive = interactive
        self._view = View()
        self._client: Client | None = None
        self._ended: ConnectionEnded | None = None
        self._interrupted = False

    def run(self, name: str | None, first: Iterable[Command]) -> None:
        """Say hello, carry the first commands out, then chat until the person or the server ends it.

        Raises:
            ConnectError: nobody answers, or the server does not want us.
        """
        client = self._come_in(name)
        try:
            for command in first:
                self._carry_out(client, command)
            for line in self._typed:
                if not self._type(client, line):
                    break
            # Nobody looks at a pipe: all of it is sent, however long that takes.
            client.flush(FAREWELL if self._interactive or self._ended else None)
        finally:
            client.close(timeout=0.5)
        if self._ended is not None:
            raise ConnectError(harmless(self._ended.reason))

    def interrupt(self) -> None:
        """Make ``run`` end soon, whatever it waits for; the others are told. Any other thread may call it."""
        self._interrupted = True
        self._typed.stop()
        if self._client is not None:
            self._client.close(timeout=0.5)

    def _come_in(self, name: str | None) -> Client:
        """Introduce ourselves, under another name if the first is refused."""
        can_ask = self._interactive or name is None
        while True:
            if name is None:
                name = self._ask_name()
            try:
                self._client = Client(self._address, name, on_event=self._receive)
            except ValueError as error:  # the address is none
                raise ConnectError(str(error)) from None
            try:
                return self._client.open()
            except Denied as error:
                if error.code not in _ASK_AGAIN or not can_ask:
                    raise ConnectError(harmless(str(error))) from None
                self._show(harmless(str(error)))
                name = None

    def _ask_name(self) -> str:
        self._show("What is your name?")
        name = self._typed.next()
        if name is None:
            raise ConnectError("No name was given; name yourself with --name.")
        return name.strip()

    # ------------------------------------------------------------ the receive thread

    def _receive(self, event: Shown) -> None:
        """Print what comes."""
        if isinstance(event, ConnectionEnded):
            self._ended = event
            self._typed.stop()
        elif self._view.update(event):
            room = None if self._client is None else self._client.room
            for line in render(event, self._view, room):
                self._show(line)

    # ------------------------------------------------------------ the send thread

    def _type(self, client: Client, line: str) -> bool:
        """Do what a typed line says; False if it says goodbye."""
        try:
            typed = parse(line, self._view)
            if isinstance(typed, Bye):
                return False
            if isinstance(typed, str):
                for shown in typed.split("\n"):
                    self._show(shown)
            elif typed is not None:
                self._carry_out(client, typed)
        except (TypingError, ConnectError, StateError) as error:
            if not self._interrupted:
                self._show(harmless(str(error)))
        return not self._interrupted

    def _carry_out(self, client: Client, command: Command) -> None:
        if isinstance(command, Say | Whisper):
            try:
                if isinstance(command, Say):
                    client.say(command.text)
                else:
                    client.whisper(command.uid, command.text)
            except Denied as error:
                self._show(harmless(f"Refused: {error}"))
        elif isinstance(command, _WAITED_FOR):
            with contextlib.suppress(Denied):  # the refusal has been shown, as any other event
                client.request(command)
        else:
            client.send(command)
