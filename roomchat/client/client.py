"""A client for programs: its session goes on over lost connections and its own crashes."""

from __future__ import annotations

import contextlib
import functools
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

from roomchat.client.address import parse_address
from roomchat.client.client_events import ClientEvent, ConnectionEnded
from roomchat.client.fork import watch
from roomchat.client.given import asking, check, check_special
from roomchat.client.interrupt import LOOKS_UP
from roomchat.client.known_servers import KnownServers, users_folder
from roomchat.client.listening import Listening
from roomchat.client.login import Login
from roomchat.client.reconnecting import ReconnectingConnection
from roomchat.client.session import Session
from roomchat.client.state import State
from roomchat.client.trust import Trust
from roomchat.errors import BadCommand, ConnectError, Denied, StateError
from roomchat.protocol import Command, Error, Event, Join, Leave

MAX_QUEUED = 10_000  # events that wait for the program until no more are received


class Client(Listening):
    """One person or program in the chat. Any thread may call its methods.

    It connects again by itself, with growing pauses, and resumes its session: what was said meanwhile comes, what
    the server did not get is sent again, and nothing comes twice. With ``state`` that also holds for a program
    that was killed: started again with the same server and name, it goes on where it was. Only the event that it
    was handling at that moment comes again.

        with roomchat.Client("localhost:5050", name="bot") as chat:
            chat.join("tea")
            for message in chat.messages():
                if message.text == "ping":
                    chat.say("pong", message.room)
    """

    def __init__(
        self,
        address: str = "localhost",
        name: str = "",
        *,
        state: Path | str | bool = True,
        kept_as: str = "",
        on_event: Callable[[ClientEvent], object] | None = None,
        request_timeout: float = 60.0,
        presence: bool = True,
        resume: bool = True,
        keep_rooms: bool = False,
        retry: bool = False,
        trust: bool | str = False,
        password: str | None = None,
        register: bool = False,
        invite: str | None = None,
    ) -> None:
        """Claim the state; ``open``, or entering it as a context manager, connects.

        Args:
            address: HOST or HOST:PORT; tls:// before it encrypts on this machine, too, tcp:// nowhere. https://, http://:
                likewise, in a WebSocket.
            name: how to be called, and which session to go on with, if there are several.
            state: the folder to keep the session in; True: the user's own; False: it is not kept.
            kept_as: the name that the session is kept under, if it began with another one.
            on_event: called with each event on the receiving thread, in place of ``events``. It may not call
                methods that wait. If it returns False, the program calls ``ack`` when it has handled the event.
            request_timeout: seconds that a method waits for the server's answer, through lost connections as well;
                math.inf: for ever.
            presence: whether rooms are told that it comes and goes; lists show it in any case.
            resume: whether to send again what was pending the last time, and to be in the same rooms; if not, only
                the identity is kept: UID, name and whom the person has blocked.
            keep_rooms: whether the next time begins in the rooms of this one, and gets all that was said there
                since; if not, ``close`` leaves them for good. Both kinds of clients may share a session in turn:
                neither sees the rooms of the other.
            retry: whether ``open`` also returns when nobody answers, after a ``ConnectionLost``, and tries on.
            trust: the fingerprint of the server's key; or whether a server that no authority vouches for is
                believed when it is met for the first time.
            password: of the account that is called ``name``, for a session that is not logged in yet; once it is,
                its token does, and is kept with the state. The password is kept nowhere.
            register: whether to make that account, of the client whose session is kept, or of a new one.
            invite: for ``register``, where the server wants one.
        Raises:
            ValueError: the address is none, or the fingerprint.
            TypeError: an argument has another type, or ``on_event`` is a coroutine function.
            ConnectError: the state can't be kept.
        """
        check(str, address=address, name=name, kept_as=kept_as)
        check_special(request_timeout=request_timeout, on_event=on_event, trust=trust)
        self._address = parse_address(address)
        folder = (users_folder() if state is True else Path(state)) if state else None
        believed = Trust(self._address, KnownServers(folder or users_folder(), keep=bool(state)), trust)
        self._on_event = on_event
        self._calling: int | None = None  # the thread that is in on_event
        self._request_timeout = min(request_timeout, threading.TIMEOUT_MAX)
        self._retry = retry
        self._keep_rooms = keep_rooms
        self._session = Session(name, Login(password, register=register, invite=invite))
        self._session.presence = presence
        self._state: State | None = None
        if folder is not None:
            self._state = State(self._address, kept_as or name, folder, keep_rooms=keep_rooms)
            self._state.load(self._session)
            if not resume:
                self._session.forget()
        self._connection = ReconnectingConnection(
            self._address, self._session, self._state, self._take, request_timeout, believed
        )
        # All below is guarded by it, and told by it: one condition for everything that is waited for.
        self._changed = self._connection.changed
        self._answers = self._connection.answers
        self._waiting = 0  # threads that wait for the server, so that receiving must go on
        self._queue: deque[ClientEvent] = deque()
        self._closed = False
        self._opening = threading.Lock()  # held while it is opened; taken before all but the next
        self._closing = threading.Lock()  # held while it is closed; taken before all others
        watch(self)

    def __repr__(self) -> str:
        """Who it is, where, and how it stands; never what proves it."""
        if self._closed or self._abandoned:
            how = "closed"
        elif self._connection.failure is not None:
            how = "ended"
        else:
            how = "open" if self._connection.is_open() else "not open"
        return f"<roomchat.Client {self.name!r} ({self.uid or 'no UID yet'}) at {self._address}, {how}>"

    # ------------------------------------------------------------ its life

    def open(self) -> Client:
        """Connect and say hello; nothing, if that is done already.

        Raises:
            ConnectError: nobody answers there.
            Denied: the server does not let us in: ``bad_name``, ``name_taken``, ``server_full``, ...
            RuntimeError: ``on_event`` calls it.
        """
        self._check_ours()
        self._check_may_wait()
        with self._opening:
            self._check_not_closed()
            if not self._connection.is_open():
                try:
                    self._connection.open(self._retry)
                except BaseException:
                    self._closed = True
                    self._close_state()
                    raise
        return self

    def _abandon(self) -> None:
        """In a forked child: this client stays the parent's."""
        self._abandoned = True
        self._connection.abandon()
        if self._state is not None:
            self._state.abandon()

    def _check_open(self) -> None:
        """Raise ConnectError unless it can be used."""
        self._check_ours()
        self._check_not_closed()
        if not self._connection.is_open():
            raise ConnectError("This client is not open yet; use `with`, or call open().")

    def _check_may_wait(self) -> None:
        """Raise RuntimeError in on_event: nothing is received until that returns."""
        if self._calling == threading.get_ident():
            raise RuntimeError("on_event can't wait for later events; use send(), or another thread.")

    def _check_not_closed(self) -> None:
        if self._closed:
            raise ConnectError("This client is closed; make another one.")

    def close(self, timeout: float = 5.0) -> None:
        """Wait up to ``timeout`` seconds until all that was said has come back, say goodbye, and end.

        What has not come back by then is kept with the state, and sent the next time. When it returns all is over,
        also where another thread closes it: so the program may end. In a forked child it does nothing.
        Raises RuntimeError where ``on_event`` calls it.
        """
        if self._abandoned:
            return
        self._check_may_wait()
        with self._closing:
            if self._closed:
                return
            if self._connection.is_open():
                self.flush(timeout)
            with self._changed:
                self._closed = True
                self._changed.notify_all()
            self._connection.close(timeout)
            with self._changed:
                if not self._keep_rooms:
                    self._session.go()
                if self._state is not None:
                    with contextlib.suppress(StateError):  # the next time begins where it was, then
                        self._state.save(self._session)
            self._close_state()

    def _close_state(self) -> None:
        if self._state is not None:
            self._state.close()

    def __enter__(self) -> Client:
        return self.open()

    def __exit__(self, *_: object) -> None:
        self.close()

    # ------------------------------------------------------------ what it does

    def flush(self, timeout: float | None = None) -> bool:
        """Wait until all that was said has come back or was refused; False if it took longer than ``timeout``.

        Raises ConnectError before ``open``, RuntimeError where ``on_event`` calls it.
        """
        self._check_ours()
        self._check_may_wait()
        if not self._closed:
            self._check_open()
        return self._wait(lambda: not self._session.pending, timeout)

    def send(self, command: Command) -> None:
        """Ask for something whose answer comes among the events.

        Raises ConnectError while not connected, TypeError as ``request``.
        """
        self._check_open()
        if not self._connection.send(asking(command)):
            raise ConnectError("There is no connection now; try again when it is back.")

    def request(self, command: Command) -> Event:
        """Ask for something and wait for the answer, through lost connections as well. It comes as an event, too.

        Raises:
            Denied: the server refused.
            ConnectError: it did not answer in time.
            RuntimeError: ``on_event`` calls it.
            TypeError: it is no command, or one that has a method of its own, as ``Say`` has.
        """
        self._check_may_wait()
        self._check_open()
        command = asking(command)
        if isinstance(command, Join) and command.private and "private_rooms" not in self.features:
            raise Denied(BadCommand.code, "This server is older, and has no private rooms.")
        if isinstance(command, Leave):
            self._wait(functools.partial(self._session.is_said, command.room), self._request_timeout)
        asked, command = self._answers.ask(command)
        self._connection.send(command)  # if there is no connection, it goes over the next one
        self._wait(lambda: self._answers.has(asked), self._request_timeout)
        answer = self._answers.take(asked)
        if isinstance(answer, Error):
            raise Denied(answer.code, answer.message)
        if answer is None:
            if self._connection.failure is not None:
                raise self._connection.failure
            self._check_not_closed()
            raise ConnectError(f"{self._address} did not answer within {self._request_timeout:g} seconds.")
        return answer

    def events(self, timeout: float | None = None) -> Iterator[ClientEvent]:
        """What happens, in order. Asking for the next event acknowledges the one before.

        Ends after ``timeout`` seconds without an event, when the client is closed, and behind ``ConnectionEnded``.
        Raises ConnectError before ``open``, RuntimeError where ``on_event`` gets the events.
        """
        if self._on_event is not None:
            raise RuntimeError("on_event gets the events of this client; there are none to iterate over.")
        self._check_ours()
        if not self._closed:
            self._check_open()
        return self._events(timeout)

    def _events(self, timeout: float | None) -> Iterator[ClientEvent]:
        while True:
            self._check_ours()
            with self._changed:
                self._wait_for(lambda: self._queue or self._closed or self._connection.failure, timeout)
                if not self._queue:
                    return
                event = self._queue.popleft()
                self._changed.notify_all()
            yield event
            self.ack(event)
            if isinstance(event, ConnectionEnded):
                return

    def ack(self, event: ClientEvent) -> None:
        """Acknowledge an event for which ``on_event`` returned False, and those of its room before it.

        After a crash the program gets what it has not acknowledged again.
        """
        self._check_ours()
        self._connection.ack(event)

    # ------------------------------------------------------------ inside

    def _wait(self, done: Callable[[], object], timeout: float | None) -> bool:
        """Wait until it is done, or can't be any more."""
        with self._changed:
            self._waiting += 1
            try:
                self._changed.notify_all()
                self._wait_for(lambda: done() or self._connection.failure or self._closed, timeout)
            finally:  # a Ctrl-C, too: else the queue would have no bound any more
                self._waiting -= 1
            return bool(done())

    def _wait_for(self, done: Callable[[], object], timeout: float | None) -> None:
        """While ``changed`` is held. Looks up, for a Ctrl-C that goes by another thread."""
        give_up = math.inf if timeout is None else time.monotonic() + timeout
        while not done() and (left := give_up - time.monotonic()) > 0:
            self._changed.wait(min(left, LOOKS_UP))

    def _take(self, event: ClientEvent) -> None:
        """An event has come. On the receiving thread."""
        if self._on_event is not None:
            self._calling = threading.get_ident()
            try:
                is_handled = self._on_event(event) is not False
            finally:
                self._calling = None
            if is_handled:
                self._connection.ack(event)
            self._answers.received(event)  # behind it: who has asked finds it shown
            return
        self._answers.received(event)
        with self._changed:
            # What the program does not take is not received either, unless it waits for something behind it.
            self._changed.wait_for(
                lambda: len(self._queue) < MAX_QUEUED or self._waiting or self._closed or self._connection.failure
            )
            self._queue.append(event)
            self._changed.notify_all()
