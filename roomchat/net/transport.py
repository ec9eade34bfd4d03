"""What is between a socket and the wire: nothing yet, or what makes it secret."""

from __future__ import annotations

import socket
from typing import Protocol


class Transport(Protocol):
    """The bytes of one connection. It never blocks: it raises ``BlockingIOError`` where it would, and ``OSError``
    when the connection is broken."""

    secure: bool  # whether nobody on the way can read it

    def recv(self, size: int, /) -> bytes:
        """At most ``size`` bytes that came; none: the peer sends no more."""

    def send(self, data: bytes | memoryview, /) -> int:
        """Send some bytes; how many of them were taken."""

    def sendmsg(self, buffers: list[bytes | memoryview], /) -> int:
        """As ``send``, of several in a row."""

    def end(self) -> None:
        """Nothing more will be sent; the peer is told."""


class Clear:
    """Bytes as they are: the socket's own methods, so that it costs nothing."""

    __slots__ = ("_socket", "recv", "send", "sendmsg")

    secure = False

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self.recv = sock.recv
        self.send = sock.send
        self.sendmsg = sock.sendmsg

    def end(self) -> None:
        """Nothing more will be sent; the peer is told."""
        self._socket.shutdown(socket.SHUT_WR)
