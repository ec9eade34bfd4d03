"""A session kept alive: connecting, coming back, sending again. The receiving thread lives here."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable

from msgspec.structs import replace

from roomchat.client.address import Address
from roomchat.client.answers import Answers
from roomchat.client.backoff import Backoff
from roomchat.client.client_events import ClientEvent, ConnectionBack, ConnectionEnded, ConnectionLost
from roomchat.client.connection import CONNECT_TIMEOUT, Connection
from roomchat.client.elsewhere import Elsewhere
from roomchat.client.kept_session import KeptSession
from roomchat.client.known_servers import KnownServers
from roomchat.client.same import is_loopback
from roomchat.client.session import CAUGHT_UP_ID, Session
from roomchat.client.state import State
from roomchat.client.trust import Trust
from roomchat.client.welcome import check_login, check_welcome
from roomchat.errors import (
    ConnectError,
    Denied,
    Distrusted,
    NoTls,
    ReadTimeout,
    RoomchatError,
    StateError,
    UnknownServer,
)  # fmt: skip
from roomchat.protocol import (
    Bye,
    Command,
    Entry,
    Error,
    Goodbye,
    Ping,
    Pong,
    Say,
    Statement,
    Welcome,
    Whisper,
)  # fmt: skip

HELLO_TIMEOUT = 10.0  # seconds until something that does not answer our hello is given up
# Likewise, when we come back and there are others: a password may wait for its turn, and then for their news.
OTHERS_AFTER = 20.0
HEARTBEAT = 30.0  # seconds of silence until the server is asked whether it is there
HEARTBEAT_TIMEOUT = 15.0  # seconds that it has to answer that
STORAGE_RETRY = 1.0  # seconds until a server whose disk took nothing is asked again

logger = logging.getLogger("roomchat")


class ReconnectingConnection(KeptSession):
    """One session on a server, over as many connections as it takes. Any thread may call its methods.

    Args:
        address: of the server.
        session: what must not be forgotten.
        state: where it is kept; None: nowhere.
        on_event: gets each event, on the receiving thread (those before ``open`` returns: on its caller's).
        request_timeout: seconds that the server has to welcome us the first time.
        trust: what is believed of the server; if not given, what the system's authorities say.
    """

    def __init__(
        self,
        address: Address,
        session: Session,
        state: State | None,
        on_event: Callable[[ClientEvent], None],
        request_timeout: float,
        trust: Trust | None = None,
    ) -> None:
        super().__init__(session, state)
        self.failure: RoomchatError | None = None  # why it does not try any more
        self._elsewhere = Elsewhere(address, trust or Trust(address, KnownServers(None)))
        self._on_event = on_event
        self._request_timeout = request_timeout
        self._connection: Connection | None = None
        self._ready = False  # welcomed, and what the server has not handled is sent again: more may follow
        self._lost = False  # since the last time that all was well
        self._backoff = Backoff()
        self._closing = threading.Event()
        # `changed` guards which connection there is, too; it is not held while sending.
        self.answers = Answers(self.changed)  # what is waited for is asked again over each new connection
        # Held while sending, so that messages leave in the order of their numbers. Taken before the other.
        self._sending = threading.Lock()
        # A daemon, so that a person who has had enough of waiting can go; the state is written at each change.
        self._receiver = threading.Thread(target=self._run_or_fail, name="roomchat-receive", daemon=True)

    # ------------------------------------------------------------ any thread

    def open(self, retry: bool = False) -> None:
        """Connect and say hello. With ``retry`` the receiving thread tries on if nobody answers now.

        Raises:
            ConnectError: nobody answers there.
            Denied: the server does not let us in.
        """
        try:
            self._connect_first()
        except ConnectError as error:
            if not retry or isinstance(error, Distrusted | NoTls):
                raise
            self._lost = True
            self._lose()
            self._on_event(ConnectionLost(str(error)))
        with self.changed:
            if not self._closing.is_set():
                self._receiver.start()
                return
        self._lose()
        raise ConnectError("This client is closed; make another one.")

    def _connect_first(self) -> None:
        elsewhere = self._elsewhere
        # Those that were told in clear text, anybody on the way may have told.
        if self.session.server_key is not None or is_loopback(elsewhere.home.host):
            elsewhere.learn(self.session.servers.splitlines())
        failed: ConnectError | None = None  # at the one that the person has named: no other is known to them
        for _ in range(len(elsewhere)):
            try:
                return self._open_first()
            except ConnectError as error:
                failed = failed or error
                if self._closing.is_set() or isinstance(failed, Distrusted | NoTls):
                    break
        assert failed is not None
        raise failed

    def _open_first(self) -> None:
        until = time.monotonic() + min(HELLO_TIMEOUT, self._request_timeout)
        connection = self._connect()
        try:
            while not self._ready:
                self._take_all(connection, max(0.0, until - time.monotonic()))
        except BaseException as error:
            connection.close()
            if isinstance(error, ReadTimeout):
                where = self._elsewhere.current
                raise ConnectError(f"The program at {where} says nothing; is it roomchat?") from None
            raise

    def is_open(self) -> bool:
        """Whether ``open`` has come to its end."""
        return self._receiver.ident is not None

    def abandon(self) -> None:
        """In a forked child: the connection stays the parent's."""
        if self._connection is not None:
            self._connection.abandon()

    def close(self, timeout: float) -> None:
        """Say goodbye, wait up to ``timeout`` seconds for the answer, and end."""
        with self.changed:
            self._closing.set()
            connection = self._connection
        if self._receiver.ident is None:
            if connection is not None:  # it is just being opened
                connection.close()
            return
        if connection is not None:
            self.send(Bye())
            self._receiver.join(timeout)
            connection.close()
        # Not for ever: a Ctrl-C in a program's main thread may have left a lock of ours held.
        self._receiver.join(max(timeout, 1.0))

    def say(self, command: Say | Whisper) -> int:
        """Number a message, keep it until it comes back, and send it now or when there is a connection again."""
        with self._sending:
            with self.changed:
                n = self._number(command)
                connection = self._connection
                if connection is None or not self._ready:
                    return n
                due = self.session.due()
            for one in due:
                self._send_or_lose(connection, one)
        return n

    def send(self, command: Command) -> bool:
        """Send a command, if there is a connection; False otherwise."""
        with self._sending:
            connection = self._connection if self._ready else None
            if connection is not None:
                self._send_or_lose(connection, command)
        return connection is not None

    @staticmethod
    def _send_or_lose(connection: Connection, command: Command) -> None:
        """If the connection is gone, the receiving thread notices, and sends it again over the next one."""
        try:
            connection.send(command)
        except ConnectError:
            connection.close()

    # ------------------------------------------------------------ the receiving thread

    def _run_or_fail(self) -> None:
        """Whoever waits for this thread must hear if it dies: of the program's own callback, or of a full disk."""
        try:
            self._run()
        except StateError as error:
            self._fail(error)
        except BaseException as error:
            logger.exception("the receiving thread has failed")
            self._fail(ConnectError(f"The client has failed: {error}."))

    def _run(self) -> None:
        """Until it is closed, or there is no use in trying any more."""
        while not self._closing.is_set() and self.failure is None:
            try:
                connection = self._connection or self._connect()
                while self._connection is connection:
                    self._receive(connection)
            except Denied as error:
                self._fail(error)
            except ConnectError as error:
                if isinstance(error, Distrusted) and self._elsewhere.current == self._elsewhere.home:
                    self._fail(error)
                    continue
                first, self._lost = not self._lost, True
                self._lose()
                if first and not self._closing.is_set():
                    self._on_event(ConnectionLost(str(error)))
                self._closing.wait(self._backoff.next() + self._elsewhere.pause())

    def _receive(self, connection: Connection) -> None:
        """What comes next; a server that is silent for long is asked whether it is there. Where it does not even
        answer our hello, another one may."""
        is_choice = not self._ready and len(self._elsewhere) > 1
        try:
            self._take_all(connection, OTHERS_AFTER if is_choice else HEARTBEAT)
        except ReadTimeout:
            if is_choice:
                raise
            with self._sending:
                connection.send(Ping())
            self._take_all(connection, HEARTBEAT_TIMEOUT)

    def _connect(self) -> Connection:
        """A new connection, with the hello on its way."""
        timeout = min(CONNECT_TIMEOUT, max(self._request_timeout, 0.0))
        address, trust = self._elsewhere.next()
        is_home = address == self._elsewhere.home
        connection = Connection(address, timeout, trust, self.session.server_key if is_home else None)
        with self.changed:
            self._connection = connection
            if is_home:
                self.session.server_key = connection.server_key
            self.session.attempt += 1
            hello = replace(self.session.hello(), attempt=self.session.attempt)
            if self._state is not None:  # first: no later one may have a lower number, whatever comes
                self._state.save(self.session)
        connection.send(hello)
        return connection

    def _fail(self, error: RoomchatError) -> None:
        self._lose()
        with self.changed:
            self.failure = error
            self.changed.notify_all()
        with contextlib.suppress(OSError):  # it may be what has failed
            code = error.code if isinstance(error, Denied | UnknownServer) else ""
            self._on_event(ConnectionEnded(str(error), code))

    def _lose(self) -> None:
        with self.changed:
            connection, self._connection, self._ready = self._connection, None, False
        if connection is not None:
            connection.close()

    def _take_all(self, connection: Connection, timeout: float) -> None:
        events = connection.receive(timeout)
        if not events:
            raise ConnectError("The server has closed the connection.")
        retry = False
        for event in events:
            retry |= self._take(event, connection)
        if retry:
            self._closing.wait(STORAGE_RETRY)
        self._send_due(connection)

    def _send_due(self, connection: Connection) -> None:
        """Send what may follow now that more has come back."""
        with self._sending:
            with self.changed:
                due = self.session.due() if self._ready else []
            for command in due:
                connection.send(command)

    def _take(self, event: Statement, connection: Connection) -> bool:
        """Take note of an event, do what follows, and show it; whether to send again what was not handled."""
        if isinstance(event, Error):
            first = self._receiver.ident is None
            check_welcome(event, self._elsewhere.current, self.session, ready=self._ready, first=first)
        # A message that is said just now must either be among those that are sent again, or come behind them.
        with self._sending if isinstance(event, Welcome) else contextlib.nullcontext():
            with self.changed:
                outcome = self.session.receive(event)
                self._keep(event, outcome.found)
                self.changed.notify_all()
            for command in outcome.send:
                connection.send(command)
            if isinstance(event, Welcome):
                self._elsewhere.worked()
                self._elsewhere.learn(event.servers)
                # Behind what was said: a room that is left is left behind the last word in it.
                for command in self.answers.pending():
                    connection.send(command)
                self._ready = True
        if isinstance(event, Entry) and outcome.show:
            self._backoff.reset()  # it was of use, though it may end before all has come that was missed
        for shown in outcome.show:
            # Programs log their events, and nobody should find in a log what proves the session.
            self._on_event(replace(shown, token="") if isinstance(shown, Welcome) else shown)
        check_login(self.session.login)
        if isinstance(event, Goodbye) and self._closing.is_set():
            self._lose()
        elif isinstance(event, Pong) and event.re == CAUGHT_UP_ID:
            self._backoff.reset()
            if self._lost:
                self._lost = False
                self._on_event(ConnectionBack(self._elsewhere.other))
        return outcome.retry
