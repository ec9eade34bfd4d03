"""What is between a socket and the wire: nothing, or TLS."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Callable
from typing import Protocol

from roomchat.tls import PIECE, Buffers, TlsStream

MAX_ANSWERS = 64 * 1024  # bytes of TLS's own that wait for a peer that goes on sending; a handshake has some 2 KiB


class Transport(Protocol):
    """The bytes of one connection. It never blocks: it raises ``BlockingIOError`` where it would, and ``OSError``
    when the connection is broken."""

    secure: bool  # whether nobody on the way can read it

    @property
    def browses(self) -> bool:
        """Whether the peer has said that it speaks HTTP."""

    @property
    def ready(self) -> bool:
        """Whether bytes can be sent; else it is still being agreed on how."""

    @property
    def size(self) -> int:
        """Bytes that were taken, and that the system does not take."""

    @property
    def cut(self) -> bool:
        """Whether the peer sends no more without having said so."""

    def recv(self, size: int, /) -> bytes:
        """About ``size`` bytes that came; none: the peer sends no more."""

    def send(self, data: bytes | memoryview, /) -> int:
        """Send some bytes; how many of them were taken."""

    def sendmsg(self, buffers: list[bytes | memoryview], /) -> int:
        """As ``send``, of several in a row."""

    def flush(self) -> bool:
        """The system takes bytes again: send what was taken and is not sent; whether that was all."""

    def end(self) -> None:
        """Nothing more will be sent; the peer is told."""


class Clear:
    """Bytes as they are: the socket's own methods, so that it costs nothing."""

    __slots__ = ("_socket", "recv", "send", "sendmsg")

    secure = False
    browses = False
    ready = True
    size = 0
    cut = False

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self.recv = sock.recv
        self.send = sock.send
        self.sendmsg = sock.sendmsg

    def flush(self) -> bool:
        """Nothing is kept here."""
        return True

    def end(self) -> None:
        """Nothing more will be sent; the peer is told."""
        self._socket.shutdown(socket.SHUT_WR)


class Tls:
    """Bytes that are encrypted on their way.

    What the system does not take of what is sealed waits here, ``PIECE`` bytes and their records at the most.
    ``held`` is called each time that something begins to wait, so that ``flush`` is called when the system takes
    bytes again.

    A peer that goes without the goodbye of TLS may have been cut off by somebody on the way: what it has said
    counts, but for what was not whole yet.
    """

    __slots__ = ("_first", "_held", "_sealed", "_socket", "_stream", "_to_end", "cut")

    secure = True

    def __init__(
        self,
        sock: socket.socket,
        context: ssl.SSLContext,
        first: bytes,
        held: Callable[[], None],
        buffers: Buffers | None = None,
    ) -> None:
        """``first``: what was read of it already. ``buffers``: those of the thread."""
        self._socket = sock
        self._first = first
        self._stream = TlsStream(context, server_side=True, buffers=buffers)
        self._held = held
        self._sealed: bytes | memoryview = b""  # what the system has not taken yet
        self.cut = False
        self._to_end = False  # the socket is to be ended when all is sent

    @property
    def ready(self) -> bool:
        """Whether the handshake is done."""
        return self._stream.ready

    @property
    def browses(self) -> bool:
        """Whether the handshake has brought that."""
        return self._stream.protocol == "http/1.1"

    @property
    def size(self) -> int:
        """Bytes that are sealed and not sent."""
        return len(self._sealed)

    def recv(self, size: int, /) -> bytes:
        """All that ``size`` bytes from the socket complete: up to a record (16 KiB) more than that."""
        if self._stream.ended:
            return b""
        if self._first:
            data, self._first = self._first, b""
        elif not (data := self._socket.recv(size)):
            if not self._stream.ready:
                raise ConnectionAbortedError("the connection was cut: TLS had not begun")
            self.cut = True
            return b""
        return self._decrypt(data)

    def _decrypt(self, data: bytes) -> bytes:
        stream = self._stream
        try:
            data = stream.feed(data)
        except ssl.SSLError as error:
            with contextlib.suppress(OSError):
                self._socket.send(stream.answer())  # it says what is wrong
            raise ConnectionAbortedError(f"TLS: {error.reason or error}") from None
        if answer := stream.answer():
            if len(self._sealed) > MAX_ANSWERS:
                raise ConnectionAbortedError("TLS: it takes no answers")
            self._send(answer)
        if stream.ended and data:
            # The goodbye is told by the next recv. The socket may never say any more: it is to say that it ended.
            with contextlib.suppress(OSError):  # it is gone already
                self._socket.shutdown(socket.SHUT_RD)
        if not (data or stream.ended):
            raise BlockingIOError
        return data

    def send(self, data: bytes | memoryview, /) -> int:
        """Seal some bytes, and send what the system takes of that; how many were sealed."""
        if self._sealed or not self._stream.ready:
            raise BlockingIOError
        if len(data) > PIECE:
            data = memoryview(data)[:PIECE]
        self._send(self._stream.seal(data))
        return len(data)

    def sendmsg(self, buffers: list[bytes | memoryview], /) -> int:
        """As ``send``, of several in a row: sealed together, for each piece costs a call and a record."""
        size = 0
        for count, buffer in enumerate(buffers, 1):
            size += len(buffer)
            if size >= PIECE:
                return self.send(b"".join(buffers[:count]))
        return self.send(b"".join(buffers))

    def flush(self) -> bool:
        """Send what is sealed; whether that was all."""
        if self._sealed:
            sealed, self._sealed = self._sealed, b""
            self._send(sealed)
        if not self._sealed and self._to_end:
            self._socket.shutdown(socket.SHUT_WR)
        return not self._sealed

    def end(self) -> None:
        """Say the goodbye of TLS, and that of the socket when all is sent."""
        self._to_end = True
        if self._stream.ready:
            self._stream.end()
            self._send(self._stream.answer())
        self.flush()

    def _send(self, data: bytes | memoryview) -> None:
        """Send what the system takes; the rest waits."""
        if self._sealed:
            self._sealed = bytes(self._sealed) + data
            return
        try:
            count = self._socket.send(data)
        except BlockingIOError:
            count = 0
        if count < len(data):
            self._sealed = memoryview(data)[count:]
            self._held()
