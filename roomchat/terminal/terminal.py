"""A person in the chat: what they type is done, what happens is shown. The same behind pipes and on the screen."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable
from functools import partial

from roomchat.client.client import Client
from roomchat.client.client_events import ClientEvent, ConnectionBack, ConnectionEnded, Refusal
from roomchat.errors import ConnectError, Denied, StateError, UnknownServer
from roomchat.harmless import harmless
from roomchat.protocol import (
    Bye,
    Command,
    Error,
    Join,
    Joined,
    Say,
    Spoken,
    Whisper,
    is_pair,
)
from roomchat.terminal.arrival import OTHER_NAME, Arrival, First
from roomchat.terminal.leaving import Leaving
from roomchat.terminal.own_account import OwnAccount
from roomchat.terminal.proof import ASK_PASSWORD, Proof
from roomchat.terminal.runner import CommandRunner
from roomchat.terminal.shown.words import not_said
from roomchat.terminal.typed.commands import leads_elsewhere, parse
from roomchat.terminal.typed.input import Hidden, Input, InputSource, Typed
from roomchat.terminal.typed.local import Connect, Help, Local, LogIn, LookUp, OfAccount
from roomchat.terminal.typed.slash import NotSaid, TypingError
from roomchat.terminal.understand import understand
from roomchat.terminal.unsent import waiting_lines
from roomchat.terminal.windows.display import Display

# Why a connection ends that a person can mend by an answer.
ANSWERED = OTHER_NAME | ASK_PASSWORD | {UnknownServer.code}
EXIT_FLUSH_TIMEOUT = 5.0  # seconds that what a person said last has to arrive when they leave


class Terminal(Leaving):
    """A person in the chat. ``run`` belongs to the thread that sends; any thread may read its public fields.

    Args:
        address: of the server.
        source: what the person types.
        display: what they see.
        interactive: whether there is someone who looks at the screen and answers.
        login: the name that is offered to a person who has to choose one.
        changed: called when something changed that is not a line: who is here, what is on its way.
        trust: as for ``Arrival``, of that server.
    """

    def __init__(
        self, address: str, source: InputSource, display: Display, *, interactive: bool, login: str = "",
        changed: Callable[[], None] = lambda: None, trust: bool | str = False,
    ) -> None:  # fmt: skip
        self.address = address
        self.current_command = ""  # the command that is being done; it may wait for the connection to come back
        self.display = display
        self._source = source
        self._interactive = interactive
        self._login = login
        self._changed = changed
        self._ended: ConnectionEnded | None = None
        self._interrupted = False
        self._refused = ""  # why a pipe goes no further
        self._asked = False  # whether to leave though something is not sent
        self._left = threading.Lock()  # held while the chat is left; not held, it is not left yet
        self._typed_is_kept = False
        self.complaints: list[str] = []  # of a pipe: what was not done, and why
        self.returned: list[str] = []  # what was typed, not sent, and can't be kept
        self._begin(trust=trust)

    def _begin(
        self, name: str | None = None, first: Iterable[First] = (), *, is_fresh: bool = False,
        trust: bool | str = False, proof: Proof | None = None,
    ) -> None:  # fmt: skip
        """Nothing is known of a server."""
        self._ended = None
        with self.display.lock:
            self.display.reset()
        self._runner = CommandRunner(self.display)
        self.arrival = Arrival(
            self.address, name, self._login, first, self.display, self._source,
            interactive=self._interactive, receive=self._receive, changed=self._changed, is_fresh=is_fresh,
            trust=trust, proof=proof,
        )  # fmt: skip

    def run(
        self, name: str | None, first: Iterable[First], *, is_fresh: bool = False, proof: Proof | None = None
    ) -> None:  # fmt: skip
        """Say hello, carry the first commands out, then chat until the person or the server ends it.

        Args:
            name: of the person; None: it is asked for.
            first: what leads into the first rooms.
            is_fresh: nothing of the last time is wanted.
            proof: a password, for the account of that name.
        Raises:
            ConnectError: nobody answers, or the server does not want us, and nobody is there to try another one.
        """
        self._begin(name, first, is_fresh=is_fresh, trust=self.arrival.trust, proof=proof)
        try:
            going = self._come_in()
            while going and not self._refused and (typed := self._source.next()) is not None:
                going = self._take(typed)
            if self.display.client is not None and self._ended is None:
                # Nobody looks at a pipe: all of it is sent, however long that takes.
                patience = 0.0 if self._asked else EXIT_FLUSH_TIMEOUT
                self.display.client.flush(patience if self._interactive else None)
        finally:
            self._leave()
        if self._ended is not None and not self._interactive:
            raise ConnectError(harmless(self._ended.reason))
        if self._refused:
            raise ConnectError(f"Stopped: {harmless(self._refused)}")

    def interrupt(self) -> None:
        """Make ``run`` end soon, whatever it waits for; the others are told. Any other thread may call it."""
        self._interrupted = True
        self._source.stop()
        self._leave()

    # ------------------------------------------------------------ coming in

    def _come_in(self) -> bool:
        """Say hello, and go into the first rooms if the server is there; whether to go on.

        Raises:
            ConnectError: we are not in, and nobody is there to try another server.
        """
        if not self._interrupted and self.arrival.say_hello():
            self.arrival.await_verdict(lambda: self.display.connected or self._ended is not None)
            if self.display.connected:
                return self._enter()
        return not self._interrupted

    def _enter(self) -> bool:
        """The server is there: into the first rooms, and then what was typed meanwhile; whether to go on."""
        self.arrival.enter(lambda what: self._type(Typed(what)) if isinstance(what, str) else self._do(what))
        going = True
        while going and self.arrival.held:
            going = self._type(self.arrival.held.pop(0))
        return going

    def _take(self, typed: Input) -> bool:
        """Do what a typed line says, or hold it until we are in; whether to go on."""
        if not isinstance(typed, Typed):
            self._look(typed)
            return True
        if self._ended is not None and self._ended.code in ANSWERED and self._interactive:
            return self._come_again(self._ended) and self._take(typed)
        if self.arrival.waits:
            if self.display.connected:
                return self._enter() and self._type(typed)
            if typed.text.strip() and not self._is_for_now(typed):
                self.arrival.held.append(typed)
                self._changed()
                return True
        return self._type(typed)

    def _look(self, what: Input) -> None:
        """Do what somebody looks at needs; an answer to nothing is passed over."""
        if self.display.client is not None and self._ended is None and not isinstance(what, Typed | Hidden):
            self._runner.look(self.display.client, what)
            self._changed()

    def _come_again(self, ended: ConnectionEnded) -> bool:
        """Somebody else got our name while the connection was lost, or one has to be asked about the server that
        has come; whether to go on."""
        client, old = self.display.client, self.arrival
        assert client is not None
        unsent = self._close(client, 0.0)
        first = old.first or [Join(room=room) for room in client.rooms if not is_pair(room)]
        self._begin(old.name, first, is_fresh=old.is_fresh, trust=old.trust)
        self._tell_unsent(unsent)
        self.arrival.held, self.arrival.offered = old.held, old.offered
        if ended.code in OTHER_NAME | ASK_PASSWORD:
            self.arrival.is_refused(ended.code, ended.reason)
        return self._come_in()

    def _is_for_now(self, typed: Typed) -> bool:
        """Whether a line needs no server, or can be kept for it: words for a room that we were in, or a person."""
        with contextlib.suppress(TypingError):
            what = parse(typed.text, self.display.roster)
            has_place = isinstance(what, Whisper) or (isinstance(what, Say) and typed.room is not None)
            return (has_place and not self.arrival.held) or isinstance(what, Bye | Connect | Help | LookUp)
        return False

    def _close(self, client: Client, timeout: float) -> list[str]:
        """Leave a server for good; what it did not get, to be told when nothing of it is shown any more."""
        self.display.part()
        client.close(timeout)
        waits = waiting_lines(len(client.pending), kept=self.arrival.kept)
        return [f"{self.address}: {waits}"] if waits else []

    def _tell_unsent(self, told: list[str]) -> None:
        if told:
            self.display.show("\n".join(told), "trouble")

    def _log_in(self, name: str | None) -> None:
        """Into an account, in the place of whoever we are; the password is asked for before anything is left."""
        name = name or self.arrival.name
        if name is None:
            raise TypingError("Usage: /login NAME")
        password = self.arrival.ask_hidden(f"Password for {name}: ", self._look)
        if password:
            self._connect(None, name, Proof(password, typed=True))
        else:
            self.display.show("You are who you were.")

    def _connect(self, address: str | None, name: str | None = None, proof: Proof | None = None) -> None:
        """Go to a server, or try the same one again, perhaps as somebody else."""
        is_same = address in {None, self.address}
        if proof is None and is_same and self.display.client is not None and self._ended is None:
            state = "You are connected to" if self.display.connected else "Still trying to connect to"
            self.display.show(f"{state} {self.address}.")
            return
        client, old = self.display.client, self.arrival
        unsent = self._close(client, EXIT_FLUSH_TIMEOUT) if client is not None else []
        if old.held:  # it was meant for there
            lines = [line for typed in old.held for line in not_said(typed.text)]
            unsent += [f"{self.address} was not reached, so this was not sent:", *lines]
        self.address = address or self.address
        proof = proof or (old.proof if is_same else None)
        self._begin(name or old.name, trust=old.trust if is_same else False, proof=proof)
        if name is not None and old.name is not None:
            self.arrival.offered = old.name  # who can't be somebody else goes on as who they were
        self._tell_unsent(unsent)
        self.display.show(f"Connecting to {self.address}.")
        self._come_in()

    # ------------------------------------------------------------ the receive thread

    def _receive(self, event: ClientEvent) -> bool:
        """Show what comes; whether it need not come again the next time."""
        is_had = self.display.take(event)
        if isinstance(event, ConnectionEnded):
            self._ended = event
            if self._interactive and event.code in ANSWERED:
                self._source.wake()
            elif self._interactive:
                self.display.show(f"{event.reason} Type /connect to try again.", "trouble")
            else:
                self._source.stop()
        elif isinstance(event, Joined):
            self._runner.joined(event)
        elif isinstance(event, ConnectionBack) and self.arrival.waits:
            self._source.wake()
        elif isinstance(event, Spoken):
            self._runner.hear(event)
        elif isinstance(event, Error) and event.re is None:  # else it is told where it was asked
            self._complain(event.message, event.text if isinstance(event, Refusal) else "")
        self._changed()
        return is_had

    def _complain(self, why: str, text: str) -> None:
        """Nobody looks at a pipe: what it could not do is told at its end."""
        if not self._interactive:
            self.complaints.append(harmless(f"{why} It was: {text}" if text else why))

    # ------------------------------------------------------------ the send thread

    def _type(self, line: Typed) -> bool:
        """Do what a typed line says; False if it says goodbye."""
        typed = line.text
        self.current_command = typed if typed.startswith("/") else ""
        self._changed()
        try:
            what = understand(typed, self.display)
            if isinstance(what, Bye):
                return not self._may_leave()
            if what is not None:
                self._do(what, line.room)
        except (TypingError, ConnectError, StateError) as error:
            if isinstance(error, StateError) and not self._interactive:
                self._refused = str(error)
                self.returned.append(typed)
            elif not self._interactive and leads_elsewhere(typed):
                self._refused = str(error)
            if self._interrupted and not typed.startswith("/"):
                self.returned.append(typed)
            elif not self._interrupted:
                text = error.text if isinstance(error, NotSaid) else "" if typed.startswith("/") else typed
                self._complain(str(error), text or typed)
                back = not_said(text) if text else []
                self.display.show("\n".join([str(error), *back]), "trouble")
        self.current_command = ""
        self._changed()
        return not self._interrupted

    def _do(self, what: Command | Local, room: str | None = None) -> None:
        if isinstance(what, Connect):
            self._connect(what.address)
        elif isinstance(what, Help):
            self.display.help(what.topic)
        elif isinstance(what, LogIn):
            self._log_in(what.name)
        elif self.display.client is None or self._ended is not None:
            raise TypingError("You are not connected. Type /connect HOST[:PORT] to connect to a server.")
        else:
            try:
                if isinstance(what, OfAccount):
                    ask = partial(self.arrival.ask_hidden, look=self._look)
                    OwnAccount(self.display, ask).run(self.display.client, what)
                    return
                self._runner.run(self.display.client, what, room or self.display.focus.room)
            except Denied as error:
                if not self._interactive:  # what follows in a pipe was meant for where this would have led
                    self._refused = str(error)
