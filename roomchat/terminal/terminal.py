"""A person in the chat: what they type is done, what happens is shown. The same behind pipes and on the screen."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable

from roomchat.client.client import Client
from roomchat.client.client_events import ClientEvent, ConnectionEnded
from roomchat.client.session import Refusal
from roomchat.client.state import Unkept
from roomchat.errors import BadName, ConnectError, Denied, NameTaken, StateError
from roomchat.harmless import harmless
from roomchat.protocol import Bye, Command, Dial, Error, Event, Join, Leave, Message, Who, WhoPage
from roomchat.terminal.commands import Connect, Local, NobodyCalled, NotSaid, TypingError, parse
from roomchat.terminal.deeds import Deeds
from roomchat.terminal.lines import Line
from roomchat.terminal.picture import Picture
from roomchat.terminal.render import CLOCK, not_said
from roomchat.terminal.typed import Typed
from roomchat.terminal.unsent import keep, told

# Commands never time out: lines typed after a /join are meant for that room, so they must wait for it.
NEVER = threading.TIMEOUT_MAX
FAREWELL = 5.0  # seconds that what a person said last has to arrive when they leave
_ASK_AGAIN = {BadName.code, NameTaken.code}


class Terminal:
    """A person in the chat. ``run`` belongs to the thread that sends; any thread may read its public fields.

    Args:
        address: of the server.
        typed: what the person types.
        show: shows a line; called by both threads, one at a time.
        interactive: whether there is someone who looks at the screen and answers.
        everything: show all rooms at once, each line with its room; else one, and the others wait.
        clock: how times are written, as for strftime.
        changed: called when something changed that is not a line: who is here, what is on its way.
    """

    def __init__(
        self, address: str, typed: Typed, show: Callable[[Line], None], *, interactive: bool,
        everything: bool = True, clock: str = CLOCK, changed: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        self.address = address
        self.asking = False  # for a name, with the next line
        self.doing = ""  # the command that is being done; it may wait for the connection to come back
        self._typed = typed
        self._show_line = show
        self._interactive = interactive
        self._everything = everything
        self._clock = clock
        self._changed = changed
        self._name: str | None = None
        self._ended: ConnectionEnded | None = None
        self._interrupted = False
        self._refused = ""  # why a pipe goes no further
        self._asked = False  # whether to leave though something is not sent
        self._left = threading.Lock()  # held while the chat is left; not held, it is not left yet
        self._kept = True  # whether there is a place to keep what is not sent
        self._typed_is_kept = False
        self.complaints: list[str] = []  # of a pipe: what was not done, and why
        self.returned: list[str] = []  # what was typed, not sent, and can't be kept
        self._begin()

    def _begin(self) -> None:
        """Nothing is known of a server."""
        self.picture = Picture(self._show_line, everything=self._everything, clock=self._clock)
        self._deeds = Deeds(self.picture)

    def run(self, name: str | None, first: Iterable[Command]) -> None:
        """Say hello, carry the first commands out, then chat until the person or the server ends it.

        Raises:
            ConnectError: nobody answers, or the server does not want us, and nobody is there to try another one.
        """
        self._name = name
        try:
            if self._come_in():
                for command in first:
                    self._do(command)
            while not self._refused and (typed := self._typed.next()) is not None and self._type(typed):
                pass
            if self.picture.client is not None and self._ended is None:
                # Nobody looks at a pipe: all of it is sent, however long that takes.
                patience = 0.0 if self._asked else FAREWELL
                self.picture.client.flush(patience if self._interactive else None)
        finally:
            self._leave()
        if self._ended is not None and not self._interactive:
            raise ConnectError(harmless(self._ended.reason))
        if self._refused:
            raise ConnectError(f"Stopped there: {harmless(self._refused)}")

    def interrupt(self) -> None:
        """Make ``run`` end soon, whatever it waits for; the others are told. Any other thread may call it."""
        self._interrupted = True
        self._typed.stop()
        self._leave()

    # ------------------------------------------------------------ leaving

    def waits(self) -> str:
        """What the person should know before they leave: how many lines can't be sent now."""
        client = self.picture.client
        if client is None or self.picture.connected:
            return ""
        typed = [line for line in self._typed.waiting() if line.strip() and not line.startswith("/")]
        return told(len(client.pending) + len(typed), kept=self._kept)

    def farewell(self) -> str:
        """When all is over: what was not sent; nothing if all was."""
        unsent = told(len(self.picture.client.pending), kept=self._kept) if self.picture.client is not None else ""
        returned = "\n  ".join(["Not sent, and not kept:", *map(harmless, self.returned)]) if self.returned else ""
        return "\n".join(filter(None, [unsent, returned]))

    def _leave(self) -> None:
        """Give the client what waits for it, and say goodbye. On any thread; the second finds nothing to do."""
        with self._left:
            client, waiting = self.picture.client, self._typed.waiting()
            if client is None or self._typed_is_kept:
                return
            self._typed_is_kept = True
            if self._interrupted and self._interactive:  # else nothing waits that was meant to be said
                doing = [self.doing] if self._is_waited_for(self.doing) else []
                room = self.picture.attention.room or client.room
                self.returned += keep(client, self.picture.view, room, [*doing, *waiting])
            client.close(timeout=0.5)

    def _is_waited_for(self, typed: str) -> bool:
        """Whether what is being done leads elsewhere, so that the lines behind it wait."""
        with contextlib.suppress(TypingError):
            return isinstance(parse(typed, self.picture.view), Join | Dial | Leave)
        return False

    def _may_leave(self) -> bool:
        """Ask once, where somebody can answer."""
        waits = self.waits() if self._interactive and not self._asked else ""
        if waits:
            self._asked = True
            self.picture.show(f"{waits} Quit anyway? Then /quit once more.", "trouble")
        return not waits

    # ------------------------------------------------------------ coming in

    def _come_in(self) -> bool:
        """Introduce ourselves, under another name if the first is refused; whether we are in.

        Raises:
            ConnectError: we are not, and nobody is there to try another server.
        """
        can_ask = self._interactive or self._name is None
        while not self._interrupted:
            if self._name is None:
                self._name = self._ask_name()
            self.picture.client = self._client(self._name)
            self.picture.attention.ignored = set(self.picture.client.ignored)
            try:
                self.picture.client.open()
            except Denied as error:
                self.picture.client = None
                if error.code in _ASK_AGAIN and can_ask:
                    self.picture.show(str(error), "trouble")
                    self._name = None
                    continue
                self._stay_out(error)
                return False
            except ConnectError as error:
                self.picture.client = None
                self._stay_out(error)
                return False
            self.picture.connected = True
            self._changed()
            return True
        return False

    def _client(self, name: str) -> Client:
        self._kept = True
        try:
            try:
                return Client(self.address, name, on_event=self._receive, request_timeout=NEVER)
            except Unkept as error:
                self._kept = False
                self.picture.show(f"{error} What is not sent when you leave is lost.", "trouble")
                return Client(self.address, name, on_event=self._receive, request_timeout=NEVER, state=False)
        except ValueError as error:  # the address is none
            raise ConnectError(str(error)) from None

    def _stay_out(self, error: ConnectError | Denied) -> None:
        """A person may try another server; a pipe can't."""
        if not self._interactive:
            raise ConnectError(harmless(str(error))) from None
        self.picture.show(str(error), "trouble")
        self.picture.show("/connect tries again, /connect HOST[:PORT] another server; /quit leaves.")

    def _ask_name(self) -> str:
        self.asking = True
        self.picture.show("What is your name?")
        self._changed()
        name = self._typed.next()
        self.asking = False
        if name is None:
            raise ConnectError("No name was given; name yourself with --name.")
        return name.strip()

    def _connect(self, address: str | None) -> None:
        """Go to a server, or try the same one again."""
        if self.picture.client is not None and self._ended is None and address in {None, self.address}:
            doing = "You are connected to" if self.picture.connected else "I am trying to reach"
            self.picture.show(f"{doing} {self.address}.")
            return
        if self.picture.client is not None:
            self._name = self.picture.client.name
            self.picture.client.close(timeout=FAREWELL)
            if waits := told(len(self.picture.client.pending), kept=self._kept):
                self.picture.show(f"{self.address}: {waits}", "trouble")
        self._ended = None
        if address is not None:
            self.address = address
        self._begin()
        if self._come_in():
            self.picture.show(f"You are connected to {self.address}.")

    # ------------------------------------------------------------ the receive thread

    def _receive(self, event: ClientEvent) -> bool:
        """Show what comes, or keep it until its room is looked at; whether the person has it."""
        done = self.picture.take(event)
        if isinstance(event, ConnectionEnded):
            self._ended = event
            if self._interactive:
                self.picture.show(f"{event.reason} /connect tries again.", "trouble")
            else:
                self._typed.stop()
        elif isinstance(event, Message):
            self._deeds.answer(event)
        elif isinstance(event, Error) and event.re is None:  # else it is told where it was asked
            self._complain(event.message, event.text if isinstance(event, Refusal) else "")
        self._changed()
        return done

    def _complain(self, why: str, text: str) -> None:
        """Nobody looks at a pipe: what it could not do is told at its end."""
        if not self._interactive:
            self.complaints.append(harmless(f"{why} It was: {text}" if text else why))

    # ------------------------------------------------------------ the send thread

    def _type(self, typed: str) -> bool:
        """Do what a typed line says; False if it says goodbye."""
        self.doing = typed if typed.startswith("/") else ""
        self._changed()
        try:
            what = self._understand(typed)
            if isinstance(what, Bye):
                return not self._may_leave()
            if isinstance(what, str):
                self.picture.show(what, "")
            elif what is not None:
                self._do(what)
        except (TypingError, ConnectError, StateError) as error:
            if isinstance(error, StateError) and not self._interactive:
                self._refused = str(error)
                self.returned.append(typed)
            if self._interrupted and not typed.startswith("/"):
                self.returned.append(typed)
            elif not self._interrupted:
                text = error.text if isinstance(error, NotSaid) else "" if typed.startswith("/") else typed
                self._complain(str(error), text or typed)
                back = not_said(text) if text else []
                self.picture.show("\n".join([str(error), *back]), "trouble")
        self.doing = ""
        self._changed()
        return not self._interrupted

    def _understand(self, typed: str) -> Command | Local | str | None:
        """What a typed line asks for. Nobody tells us of people who came later and are in no room of ours: for a
        name that we have not heard the server is asked."""
        try:
            return parse(typed, self.picture.view)
        except NobodyCalled:
            if self.picture.client is None or not self.picture.connected:
                raise
        return self._look_up(self.picture.client, typed)

    def _look_up(self, client: Client, typed: str) -> Command | Local | str | None:
        """Page through the people on the server until the name is found; the person did not ask for the list."""
        after = 0
        while True:
            page: Event | None = None
            with contextlib.suppress(Denied):
                page = client.request(Who(after=after))
            try:
                return parse(typed, self.picture.view)
            except NobodyCalled:
                last = page.clients[-1].uid if isinstance(page, WhoPage) and page.clients else 0
                if last <= after:  # the list has ended, or the server does not tell
                    raise
                after = last

    def _do(self, what: Command | Local) -> None:
        if isinstance(what, Connect):
            self._connect(what.address)
        elif self.picture.client is None or self._ended is not None:
            raise TypingError("You are not connected; /connect HOST[:PORT] goes to a server.")
        else:
            try:
                self._deeds.do(self.picture.client, what)
            except Denied as error:
                if not self._interactive:  # what follows in a pipe was meant for where this would have led
                    self._refused = str(error)
