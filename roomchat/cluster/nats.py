"""One connection to one NATS server: a blocking socket, and a thread that reads it."""

from __future__ import annotations

import secrets
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Mapping
from itertools import count
from queue import Empty, SimpleQueue

from roomchat.cluster import nats_protocol as wire
from roomchat.cluster.nats_address import Address, Login
from roomchat.cluster.nats_protocol import Fault, Info, Message, NatsProtocol, Ping, Pong
from roomchat.errors import NatsProtocolError, StreamError, StreamRefused, StreamUnknown
from roomchat.tls import TlsStream
from roomchat.version import __version__

PATIENCE = 2.0  # seconds until a server must have let us in; one that hangs takes the connection and is silent
SEND_TIME = 1  # seconds that a server may take nothing of what is sent to it; then it is as good as gone
LEFT = 1.0  # seconds after which a thread that should end is left to itself
READ = 256 * 1024  # bytes; a consumer that catches up gets 500 MB/s

Handler = Callable[[Message], None]


class Connection:
    """From its dialling to its end. Nothing is tried again here: what comes after is for its owner to decide.

    Any thread may call its methods. Handlers, ``opened`` and ``ended`` run on the reading thread, must not wait,
    and may not call ``request``. ``ended`` is called once, last of all, whatever happened.
    """

    def __init__(
        self,
        address: Address,
        login: Login | None = None,
        *,
        tls: ssl.SSLContext | None = None,
        opened: Callable[[Connection], None] = lambda connection: None,
        ended: Callable[[StreamError], None] = lambda reason: None,
    ) -> None:
        """Begin to dial. ``tls``: None: the system's certificates, where the address or the server wants TLS."""
        self.address = address
        self.inbox = f"_INBOX.{secrets.token_hex(8)}"  # subjects below it come to this connection only
        self.end: StreamError | None = None  # why it has ended
        self._login = login or Login()
        self._context = tls
        self._opened, self._ended = opened, ended
        self._protocol = NatsProtocol()
        self._sending = threading.Lock()  # around the socket's sending, and all use of TLS
        self._socket: socket.socket | None = None
        self._tls: TlsStream | None = None
        self._closing: StreamError | None = None  # why it will end
        self._settled = threading.Event()  # it is open, or has ended
        self._sids = count(2)
        self._handlers: dict[int, Handler] = {1: self._answered}
        self._questions = count(1)
        self._waiting: dict[str, SimpleQueue[Message | StreamError]] = {}
        self._thread = threading.Thread(target=self._run, name=f"nats {address}", daemon=True)
        self._thread.start()

    def wait_open(self, timeout: float = PATIENCE + SEND_TIME) -> Info:
        """Wait until the server has let us in.

        Raises:
            StreamRefused: it does not.
            StreamUnknown: it can't be reached, or takes too long.
        """
        if not self._settled.wait(timeout):
            raise StreamUnknown(f"{self.address} does not answer.")
        if self.end:
            raise self.end
        assert self._protocol.info
        return self._protocol.info

    @property
    def info(self) -> Info | None:
        """What the server said of itself last."""
        return self._protocol.info

    def publish(
        self, subject: str, body: bytes, reply: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        """Send one message; that it was sent says nothing of where it came.

        Raises:
            StreamRefused: it is too large, or its subject can't be one.
            StreamUnknown: the connection is not open.
        """
        info = self._protocol.info
        self._send(wire.publish(subject, body, reply, headers, info.max_payload if info else wire.DEFAULT_PAYLOAD))

    def subscribe(self, subject: str, handler: Handler) -> int:
        """Have messages to this subject given to ``handler``; returns the number to end that with. Raises as
        ``publish``."""
        sid = next(self._sids)
        self._handlers[sid] = handler
        self._send(wire.subscribe(sid, subject))
        return sid

    def unsubscribe(self, sid: int) -> None:
        """The handler is not called any more. Raises as ``publish``."""
        self._handlers.pop(sid, None)
        self._send(wire.unsubscribe(sid))

    def request(self, subject: str, body: bytes = b"", timeout: float = PATIENCE) -> Message:
        """Ask, and wait ``timeout`` seconds for the answer.

        Raises:
            StreamRefused: as ``publish``.
            StreamUnknown: nobody listens there (503), nobody answers, or the connection ended.
        """
        name = str(next(self._questions))
        answers: SimpleQueue[Message | StreamError] = SimpleQueue()
        self._waiting[name] = answers
        try:
            self.publish(subject, body, f"{self.inbox}.{name}")
            if self.end:  # it may have ended before it knew of us
                raise self.end
            answer = answers.get(timeout=timeout)
        except Empty:
            raise StreamUnknown(f"{self.address} gives no answer to {subject}.") from None
        finally:
            del self._waiting[name]
        if isinstance(answer, StreamError):
            raise StreamUnknown(f"{self.address}: the connection ended before an answer came.") from answer
        if answer.status == 503:
            raise StreamUnknown(f"Nobody answers to {subject} now.")
        return answer

    def close(self, reason: StreamError | None = None) -> None:
        """End it, at once. Any thread."""
        self._closing = self._closing or reason or StreamUnknown("The connection was closed here.")
        if sock := self._socket:
            _shut(sock)

    def join(self, timeout: float | None = None) -> None:
        """Wait for its thread's end; not for long, for looking a name up can't be interrupted."""
        self._thread.join(LEFT if timeout is None else timeout)

    def _send(self, data: bytes) -> None:
        try:
            with self._sending:
                if self._socket is None or self._closing:
                    raise StreamUnknown(f"There is no connection to {self.address}.")
                if self._tls:
                    data = self._tls.answer() + self._tls.seal(data)
                self._socket.sendall(data)
        except OSError as error:
            reason = StreamUnknown(f"{self.address} takes nothing more: {_said(error)}.")
            self.close(reason)
            raise reason from None

    # The reading thread.

    def _run(self) -> None:
        reason: StreamError = StreamError("A fault in roomchat.")
        try:
            self._open()
            self._settled.set()
            self._opened(self)
            self._read()
        except StreamError as error:
            reason = self._closing or error
        except OSError as error:
            reason = self._closing or StreamUnknown(f"{self.address} can't be reached: {_said(error)}.")
        finally:
            self.end = self._closing = reason
            with self._sending:  # whoever sends must not meet another socket under the same number
                if self._socket:
                    self._socket.close()
            for answers in list(self._waiting.values()):
                answers.put(reason)
            self._settled.set()
            self._ended(reason)

    def _open(self) -> None:
        """Dial, agree on TLS, log in, within ``PATIENCE``."""
        until = time.monotonic() + PATIENCE
        address = self.address
        sock = socket.create_connection((address.host, address.port), PATIENCE)
        self._socket = sock
        if self._closing:
            raise self._closing
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while self._protocol.info is None:
            for event in self._receive(until):
                self._take(event)
        info = self._protocol.info
        if address.is_tls or info.tls_required:
            self._encrypt(info, until)
        login = self._login.options(info.nonce)
        hello = wire.connect(
            {"name": f"roomchat {__version__}", "version": __version__, "tls_required": False} | login
        )
        self._send(hello + wire.subscribe(1, f"{self.inbox}.*") + wire.PING)
        is_in = False
        while not is_in:
            for event in self._receive(until):
                is_in = is_in or isinstance(event, Pong)
                self._take(event)
        sock.settimeout(None)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", SEND_TIME, 0))

    def _encrypt(self, info: Info, until: float) -> None:
        """What the server says in clear is believed only as far as that it will speak TLS now: whoever is between
        could tell of a server of theirs, which has a good certificate for its own name and would get our login."""
        assert self._socket
        self._protocol.info = info._replace(connect_urls=())
        if not (info.tls_required or info.tls_available):
            raise StreamRefused(f"{self.address} does not speak TLS.")
        if self._protocol.kept:
            raise NatsProtocolError(f"{self.address} has said more in clear than it may.")
        context = self._context or ssl.create_default_context()
        stream = TlsStream(context, server_side=False, server_name=self.address.certified)
        try:
            stream.begin()
            while not stream.ready:
                self._socket.sendall(stream.answer())
                if early := stream.feed(self._chunk(until)):
                    for event in self._protocol.receive(early):
                        self._take(event)
            self._socket.sendall(stream.answer())
        except ssl.SSLCertVerificationError as error:
            raise StreamRefused(
                f"{self.address}: its certificate is not trusted: {error.verify_message}."
            ) from None
        self._tls = stream

    def _read(self) -> None:
        while True:
            for event in self._receive():
                self._take(event)

    def _receive(self, until: float | None = None) -> list[wire.Event]:
        data = self._chunk(until)
        if self._tls:
            with self._sending:
                data = self._tls.feed(data)
                if answer := self._tls.answer():
                    assert self._socket
                    self._socket.sendall(answer)
        return self._protocol.receive(data)

    def _chunk(self, until: float | None) -> bytes:
        assert self._socket
        if until is not None:
            if (left := until - time.monotonic()) <= 0:  # also of one that is never silent
                raise TimeoutError
            self._socket.settimeout(left)
        if data := self._socket.recv(READ):
            return data
        raise self._closing or StreamUnknown(f"{self.address} has closed the connection.")

    def _take(self, event: wire.Event) -> None:
        match event:
            case Message():
                if handler := self._handlers.get(event.sid):
                    handler(event)
            case Ping():
                self._send(wire.PONG)
            case Info() if event.lame_duck:
                raise StreamUnknown(f"{self.address} is about to stop.")
            case Fault():
                raise _meant(self.address, event.reason)

    def _answered(self, message: Message) -> None:
        if answers := self._waiting.get(message.subject.rpartition(".")[2]):
            answers.put(message)


def _meant(address: Address, fault: str) -> StreamError:
    """What a fault means to us. A subject that may not be used is a server that is set up wrongly: without it
    nothing works, and NATS would drop all that is published there without another word."""
    small = fault.lower()
    is_refused = any(word in small for word in ("authorization", "authentication", "permissions"))
    if is_refused and "timeout" not in small:  # that one is only slow
        return StreamRefused(f"{address} does not let us in: {fault}.")
    return StreamUnknown(f"{address} ends the connection: {fault}.")


def _shut(sock: socket.socket) -> None:
    """The thread that reads it wakes up and sees its end."""
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it has ended already


def _said(error: OSError) -> str:
    return (
        "it took too long" if isinstance(error, TimeoutError | BlockingIOError) else error.strerror or str(error)
    )
