"""The bytes of a client's connection: as they are, or encrypted."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable
from typing import Protocol

from roomchat.key_fingerprint import fingerprint
from roomchat.tls import TlsStream

HANDSHAKE_READ = 16 * 1024  # bytes


class Link(Protocol):
    """One thread at a time calls ``sendall``, and one ``recv``; they may be two."""

    socket: socket.socket
    early: bytes  # what came already; ``recv`` gives it first

    def sendall(self, data: bytes, /) -> None:
        """Send all of it; waits while it is not taken. Raises OSError."""

    def recv(self, size: int, /) -> bytes:
        """What came, about ``size`` bytes at the most; none: the server sends no more.

        Raises:
            BlockingIOError: something came, but nothing whole.
            OSError: the connection broke, or was cut.
        """


def timekeeper(sock: socket.socket) -> Callable[[], None]:
    """The time that a socket has is for all of several steps, also if something comes byte by byte.

    Returns:
        What is to be called before each of them.
    """
    timeout = sock.gettimeout()
    if timeout is None:
        return lambda: None
    until = time.monotonic() + timeout
    return lambda: sock.settimeout(max(until - time.monotonic(), 0.001))


class ClearLink:
    """Bytes as they are."""

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock
        self.early = b""
        self.sendall = sock.sendall
        self.recv = sock.recv


class TlsLink:
    """Bytes that are encrypted on their way. Who is at the other end is for its owner to judge, by the
    fingerprint, before it sends anything."""

    def __init__(self, sock: socket.socket, context: ssl.SSLContext, server_name: str) -> None:
        """Agree on the encryption, within the time that the socket has.

        Raises:
            ssl.SSLCertVerificationError: the context asks for a certificate that can be verified, and this can't.
            OSError: it failed in another way.
        """
        self.socket = sock
        self._stream = stream = TlsStream(context, server_side=False, server_name=server_name)
        # What OpenSSL keeps of a connection is for one thread at a time.
        self._using = threading.Lock()
        self.early = b""
        keep_time = timekeeper(sock)
        stream.begin()
        while not stream.ready:
            keep_time()
            sock.sendall(stream.answer())
            if not (data := sock.recv(HANDSHAKE_READ)):
                raise ConnectionAbortedError("it ended in the middle of the handshake")
            self.early += stream.feed(data)
        sock.sendall(stream.answer())
        assert stream.certificate is not None, "no cipher without a certificate is offered"
        try:
            self.fingerprint = fingerprint(stream.certificate)
        except ValueError as error:
            raise ConnectionAbortedError(str(error)) from None

    def sendall(self, data: bytes, /) -> None:
        """Send all of it; waits while it is not taken. Raises OSError."""
        with self._using:
            sealed = self._stream.answer() + self._stream.seal(data)
        self.socket.sendall(sealed)

    def recv(self, size: int, /) -> bytes:
        """What came. What TLS itself has to answer to it goes with what is sent next."""
        if self.early:
            early, self.early = self.early, b""
            return early
        if self._stream.ended:
            return b""
        data = self.socket.recv(size)
        if not data:
            raise ConnectionAbortedError("it was cut off")
        with self._using:
            data = self._stream.feed(data)
            ended = self._stream.ended
        if not (data or ended):
            raise BlockingIOError
        return data
