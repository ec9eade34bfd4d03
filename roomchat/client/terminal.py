"""The plain terminal: one thread sends what is typed, one receives and prints. Whole lines only."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable

from roomchat import __version__
from roomchat.client.commands import TypingError, parse
from roomchat.client.connection import Connection
from roomchat.client.render import render
from roomchat.client.typed import TypedLines
from roomchat.client.view import View
from roomchat.errors import BadName, ConnectError, NameTaken
from roomchat.harmless import harmless
from roomchat.protocol import (
    VERSION,
    Bye,
    Command,
    Error,
    Event,
    Goodbye,
    Hello,
    Message,
    Welcome,
)

HELLO_TIMEOUT = 10.0  # seconds until something that does not answer our hello is given up

_ASK_AGAIN = {BadName.code, NameTaken.code}


class Terminal:
    """A person in the chat.

    Args:
        connection: to a server, no hello said yet.
        typed: what the person types.
        show: prints a line; called by both threads, one line at a time.
        can_ask: whether there is someone who can be asked for another name.
    """

    def __init__(
        self, connection: Connection, typed: TypedLines, show: Callable[[str], None], *, can_ask: bool
    ) -> None:
        self._connection = connection
        self._typed = typed
        self._show = show
        self._can_ask = can_ask
        self._view = View()
        self._said_bye = False
        self._failure: ConnectError | None = None

    def run(self, name: str | None, first: Iterable[Command]) -> None:
        """Say hello, carry the first commands out, then chat until either side ends it.

        Raises:
            ConnectError: the server refused, or is gone.
            KeyboardInterrupt: the person had enough; the others have been told.
        """
        early = self._say_hello(name)
        receiver = threading.Thread(target=self._receive, args=(early,), name="roomchat-receive")
        try:
            for command in first:
                self._connection.send(command)
            receiver.start()
            self._send()
            receiver.join()
        except KeyboardInterrupt:
            with contextlib.suppress(ConnectError):
                self._connection.send(Bye())  # and wait for nothing
            raise
        finally:
            self._connection.close()
            if receiver.ident is not None:
                receiver.join()
        if self._failure is not None and not self._said_bye:
            raise self._failure

    # ------------------------------------------------------------ hello

    def _say_hello(self, name: str | None) -> list[Event | Message]:
        """Introduce ourselves, under another name if the first is refused; returns what came after the welcome."""
        while True:
            if name is None:
                name = self._ask_name()
            self._connection.send(Hello(protocol=VERSION, name=name, client=f"roomchat {__version__}"))
            events = self._connection.receive(HELLO_TIMEOUT)
            match events:
                case [Welcome(), *_]:
                    return events
                case [Error() as error, *_] if error.code in _ASK_AGAIN and self._can_ask:
                    self._show(harmless(error.message))
                    name = None
                case [Error() as error, *_]:
                    raise ConnectError(harmless(error.message))
                case _:
                    raise ConnectError("The server closed the connection before it said welcome.")

    def _ask_name(self) -> str:
        self._show("What is your name?")
        name = self._typed.next()
        if name is None:
            raise ConnectError("No name was given; name yourself with --name.")
        return name.strip()

    # ------------------------------------------------------------ the receive thread

    def _receive(self, early: list[Event | Message]) -> None:
        """Print what comes, until the server ends it."""
        events = early
        try:
            while events:
                for event in events:
                    self._view.update(event)
                    for line in render(event, self._view):
                        self._show(line)
                    if isinstance(event, Goodbye):
                        return
                events = self._connection.receive()
            self._failure = ConnectError("The server has closed the connection.")
        except ConnectError as error:
            self._failure = error
        finally:
            self._typed.stop()

    # ------------------------------------------------------------ the send thread

    def _send(self) -> None:
        """Send what is typed. At its end all of it is on its way, and the bye behind it: when that is answered,
        everything was."""
        for line in self._typed:
            try:
                typed = parse(line, self._view)
            except TypingError as error:
                self._show(harmless(str(error)))
                continue
            if isinstance(typed, str):
                for shown in typed.split("\n"):
                    self._show(shown)
            elif typed is not None:
                if isinstance(typed, Bye):
                    break
                self._connection.send(typed)
        if self._failure is None:
            self._said_bye = True
            self._connection.send(Bye())
