"""Connections that say bytes and get bytes, for tests of what no client would send."""

from __future__ import annotations

import socket
import struct

from tests.peer import DEADLINE


class Bare:
    """A connection that says bytes and gets bytes, with a deadline on every wait."""

    def __init__(self, address: tuple[str, int], data: bytes = b"") -> None:
        self.socket = socket.create_connection(address, timeout=DEADLINE)
        self.received = b""
        self.send(data)

    def send(self, data: bytes) -> None:
        """All of it."""
        self.socket.sendall(data)

    def until(self, mark: bytes) -> bytes:
        """What comes up to a mark, and that; raises EOFError if the connection ends before."""
        while mark not in self.received:
            self._more()
        before, _, self.received = self.received.partition(mark)
        return before + mark

    def to_the_end(self) -> bytes:
        """All that still comes, until the server ends the connection."""
        while True:
            try:
                self._more()
            except EOFError:
                return self.received

    def half_close(self) -> None:
        """Send no more."""
        self.socket.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """End it the hard way."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def _more(self) -> None:
        data = self.socket.recv(64 * 1024)
        if not data:
            raise EOFError(self.received)
        self.received += data
