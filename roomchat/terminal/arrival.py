"""Coming into the chat: under which name, over a server that may be away, into which room first."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable
from dataclasses import replace

from platformdirs import user_state_path

from roomchat.client.address import parse_address
from roomchat.client.client import Client
from roomchat.client.client_events import ClientEvent
from roomchat.client.session_files import kept_as, last_name
from roomchat.client.state import Unkept
from roomchat.errors import BadName, ConnectError, Denied, NameOwned, NameTaken, StateError, UnknownServer
from roomchat.harmless import harmless
from roomchat.protocol import Bye, Command, Join, Leave, Ping, is_pair
from roomchat.terminal.meeting import NO_ANSWER, NOT_TRUSTED, QUESTION, introduced, is_trusted
from roomchat.terminal.proof import ASK_PASSWORD, Proof
from roomchat.terminal.typed.commands import parse
from roomchat.terminal.typed.input import Hidden, Input, InputSource, Typed
from roomchat.terminal.typed.slash import TypingError
from roomchat.terminal.windows.display import Display

# Commands never time out: lines typed after a /join are meant for that room, so they must wait for it.
REQUEST_TIMEOUT = threading.TIMEOUT_MAX
CHECKING = "The server looks at the password (Enter: don't wait for it) "
NO_NAME = "Commands come after your name. Type a name, or /quit."
OTHER_NAME = {BadName.code, NameOwned.code, NameTaken.code}  # refusals that another name may mend

First = Command | str  # a command, or a text as it is typed


class Arrival:
    """How a person comes to one server. Belongs to the thread that sends; any may read its public fields.

    A person need not wait until the server is there: the client tries on, and what is typed is held.

    Args:
        address: of the server.
        name: of the person; None: it is asked for.
        login: the name to offer then, if there is none of the last time.
        first: what leads into the first rooms; without any a person goes into the lobby.
        display: where the client is put, and what is told is shown.
        source: what the person types.
        interactive: whether there is someone who answers.
        receive: gets the client's events.
        changed: called when a question is asked.
        is_fresh: nothing of the last time is wanted.
        trust: the fingerprint of the server's key; or whether it is believed when it is met for the first time. If
            not, who can answer is asked.
        proof: a password for the account of that name; None: a saved session, or none, will do.
    """

    def __init__(
        self, address: str, name: str | None, login: str, first: Iterable[First], display: Display,
        source: InputSource, *, interactive: bool, receive: Callable[[ClientEvent], object],
        changed: Callable[[], None], is_fresh: bool = False, trust: bool | str = False,
        proof: Proof | None = None,
    ) -> None:  # fmt: skip
        self.proof = proof
        self.kept = True  # whether there is a place to keep what is not sent
        self.waits = False  # for the server: what is typed is held
        self.held: list[Typed] = []
        self.first = list(first)
        self.name = name
        self.offered: str | None = None  # where a name has to be asked for; None: that of the last time
        self.is_fresh = is_fresh
        self.trust = trust
        self._until_the_verdict = contextlib.ExitStack()
        self._believed = trust  # as this, or as a person has answered
        self._address = address
        self._login = login
        self._display = display
        self._source = source
        self._interactive = interactive
        self._receive = receive
        self._changed = changed
        self._can_ask = interactive or name is None

    @property
    def asking(self) -> str:
        """The question that the next line answers."""
        question = self._source.question
        return question.text if question is not None else ""

    def say_hello(self) -> bool:
        """Introduce ourselves, under another name if the first is refused; whether we are in, or will be.

        Raises:
            ConnectError: we are not, and nobody is there to try another server.
        """
        display = self._display
        while True:
            if self.name is None:
                self.name = self._ask_name()
            if self.name is None:
                return False
            client = self._client(self.name)
            display.meet(client, self._first_room(), is_fresh=self.is_fresh)
            self.waits = self._interactive
            try:
                with contextlib.ExitStack() as until_the_verdict:
                    if self._is_checked:
                        until_the_verdict.enter_context(self._source.asking(CHECKING, is_hidden=True))
                    client.open()
                    self._until_the_verdict = until_the_verdict.pop_all()
            except Denied as error:
                if not self.is_refused(error.code, str(error)):
                    self._stay_out(str(error))
                    return False
            except UnknownServer as error:
                if not self._is_to_trust(error):
                    return False
            except (ConnectError, StateError) as error:
                self._stay_out(str(error))
                return False
            else:
                self._changed()
                return True

    def is_refused(self, code: str, why: str) -> bool:
        """Whether a refusal is about the name, or who may have it, and a person can be asked."""
        self._part()
        if code in ASK_PASSWORD and self._interactive:
            return self._is_proved(code, why)
        if code not in OTHER_NAME or not self._can_ask:
            return False
        self._display.show(why, "trouble")
        self._forget_name()
        return True

    def _is_proved(self, code: str, why: str) -> bool:
        """Whether a person gives the password that is wanted, or takes another name; else there is nobody."""
        self._display.show(why, "trouble")
        proof = self.proof or Proof()
        if proof.register and code == NameOwned.code:
            self._forget_name()
            return True
        question = "Another password: " if proof.register else f"Password for {self.name} (Enter: another name): "
        password = self.ask_hidden(question)
        if password:
            self.proof = replace(proof, password=password, typed=True)
        elif password is not None:
            self.proof = None
            self._forget_name()
        return password is not None

    @property
    def _is_checked(self) -> bool:
        """Whether a password that was typed just now is on its way."""
        return self._interactive and self.proof is not None and self.proof.typed

    def await_verdict(self, has_come: Callable[[], bool]) -> None:
        """Until the server has said what it thinks of a password, what is typed is neither shown nor taken: who
        types it once more, because that takes long, would say it to everybody. Enter alone ends that."""
        if not self._is_checked:
            return
        with self._until_the_verdict, self._source.anew() as late:
            if not has_come():
                self._tell(CHECKING)
            # Whoever says that it has come wakes the source afterwards, so it is not missed.
            while not has_come() and (one := self._source.next()) is not None:
                if isinstance(one, Hidden) and not one.text:
                    break
                if isinstance(one, Typed) and one.text:
                    late.append(one)
        self._changed()
        self._source.wake()  # for whoever has to look at what has come

    def _tell(self, question: str) -> None:
        if self._display.focus.is_tagged:
            self._display.show(question.rstrip())
        self._changed()

    def _forget_name(self) -> None:
        if self.name == self._login:
            self._login = ""
        if self.name == self.offered:
            self.offered = ""
        self.name = None

    def enter(self, do: Callable[[First], object]) -> None:
        """The server has welcomed us: go into the first rooms. What is held can be done then.

        Raises:
            ConnectError: the connection has ended for good. A person may still do something about it, and hears it
                by the event.
        """
        told_by_event = (TypingError, Denied, ConnectError) if self._interactive else (TypingError,)
        with contextlib.suppress(*told_by_event):
            self._enter(do)

    def _enter(self, do: Callable[[First], object]) -> None:
        client, lobby = self._display.client, self._display.roster.lobby
        assert client is not None
        self.waits, self.proof = False, None
        if self.is_fresh and not client.account:  # an account would leave them on all its devices
            self._leave_all(client, do)
        for command in self.first:
            do(command)
        if self._interactive and lobby is not None:
            client.request(Ping())  # behind it we know where we are already
            if all(map(is_pair, client.rooms)):  # also if what was to come first was refused
                do(Join(room=lobby))
        self.first = []  # not before: who has to come in again, under another name, wants to go there still

    def _first_room(self) -> str | None:
        """As ``Display.meet`` wants it."""
        if not self.first:
            return None
        return self.first[-1].room if isinstance(self.first[-1], Join) else ""

    @staticmethod
    def _leave_all(client: Client, do: Callable[[First], object]) -> None:
        """After a crash we have our seat still, and are where we were."""
        client.request(Ping())
        for room in client.rooms:
            if not is_pair(room):
                do(Leave(room=room))

    def _client(self, name: str) -> Client:
        make = self._make_client
        is_told, self.kept = not self.kept, True
        try:
            try:
                return make(name, state=True)
            except Unkept as error:
                self.kept = False
                if not is_told:
                    self._display.show(f"{error} Messages that are not sent when you quit are lost.", "trouble")
                return make(name, state=False)
        except ValueError as error:  # the address is none
            raise ConnectError(str(error)) from None

    def _make_client(self, name: str, *, state: bool) -> Client:
        began_as = ""
        if self._interactive:  # a person is who they were the last time under that name
            began_as = kept_as(user_state_path("roomchat"), parse_address(self._address), name)
        proof = self.proof or Proof()
        return Client(
            self._address, name, password=proof.password, register=proof.register, invite=proof.invite,
            on_event=self._receive, request_timeout=REQUEST_TIMEOUT, state=state,
            kept_as=began_as, resume=not self.is_fresh, keep_rooms=self._display.comes_back,
            retry=self._interactive, trust=self._believed,
        )  # fmt: skip

    def _stay_out(self, why: str) -> None:
        """A person may try another server; a pipe can't."""
        self._part()
        if not self._interactive:
            raise ConnectError(harmless(why)) from None
        self._display.show(why, "trouble")
        self._display.show("Type /connect to try again, /connect HOST[:PORT] for another server, or /quit.")
        self._changed()  # nothing else happens now that would have it painted

    def _part(self) -> None:
        self._display.part()
        self._display.client = None

    def _ask_name(self) -> str | None:
        """None: a person quits, which is the next line that the source gives. Raises ConnectError."""
        if self.offered is None:
            self.offered = self._login
            with contextlib.suppress(ValueError):
                self.offered = last_name(user_state_path("roomchat"), parse_address(self._address)) or self._login
        offered = self.offered if self._interactive else ""
        question = f"Your name [{offered}]: " if offered else "Your name: "
        while (name := self._ask(question, offered)) is not None:
            if not name.startswith("/"):
                return name
            with contextlib.suppress(TypingError):
                if isinstance(parse(name, self._display.roster), Bye):
                    self._source.put_back(name)
                    return None
            self._display.show(NO_NAME, "trouble")
        raise ConnectError("No name was given. Use --name to give one.")

    def _is_to_trust(self, server: UnknownServer) -> bool:
        """Whether a person knows the key of a server that nobody else vouches for."""
        self._part()
        if not self._interactive:
            raise ConnectError(harmless(str(server)))
        trusted = None
        self._display.show(introduced(server.address, server.fingerprint), "")
        with self._source.anew():  # a word that was typed before is no answer
            while trusted is None:
                answer = self._ask(QUESTION)
                if answer is not None and answer.startswith("/"):  # that is a no, and is done
                    self._source.put_back(answer)
                    answer = None
                trusted = answer is not None and is_trusted(answer, server.fingerprint)
                if trusted is None:
                    self._display.show(NO_ANSWER, "trouble")
        if trusted:
            self._believed = server.fingerprint  # and no other, should it have changed meanwhile
            if not self.kept:  # else it is among the known servers, where its person may change it
                self.trust = server.fingerprint
        else:
            self._stay_out(NOT_TRUSTED)
        return trusted

    def ask_hidden(self, question: str, look: Callable[[Input], object] = id) -> str | None:
        """As ``_ask``, but what is typed is not shown, and is no line. What else comes is looked at meanwhile."""
        answer = None
        # Who types has not meant as an answer what was typed before; in a pipe it stands there already.
        anew = self._source.anew() if self._interactive else contextlib.nullcontext([])
        with anew as late, self._source.asking(question, is_hidden=True):
            self._tell(question)
            for one in self._source:
                if isinstance(one, Hidden):
                    answer = one.text
                    break
                if isinstance(one, Typed) and one.text:  # before its person saw the question
                    late.append(one)
                else:
                    look(one)
        self._changed()
        return answer

    def _ask(self, question: str, default: str = "") -> str | None:
        """What a person answers; None: there is nobody any more."""
        is_tagged = self._display.focus.is_tagged  # there is no line that is typed on, with a prompt before it
        typed = None
        with self._source.asking(question):
            self._tell(question)
            for typed in self._source.typed():
                if typed.room is None:
                    break
                self.held.append(typed)  # meant for a room, before anybody asked
                typed = None
        if typed is None:
            return None
        answer = typed.text.strip() or default
        if not is_tagged:
            self._display.show(question + answer)
        return answer
