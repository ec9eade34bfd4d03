"""One client that asks, and waits for the answer: for what is measured by itself."""

from __future__ import annotations

import socket

from dialects import NATIVE
from servers import BenchError

PING, PONG = b'{"type":"ping"}\n', b'"type":"pong"'


class Asker:
    """On roomchat's native wire. One thread."""

    def __init__(self, address: tuple[str, int], name: str, receive_buffer: int = 0) -> None:
        """Come in. ``receive_buffer`` is in bytes; 0 leaves it to the system."""
        self._socket = socket.socket()
        if receive_buffer:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.settimeout(30)
        self._socket.connect(address)
        self._lines = self._socket.makefile("rb")
        self.ask(NATIVE.hello(name), *NATIVE.welcomed)

    def ask(self, command: bytes, marker: bytes) -> bytes:
        """Send, and read up to the line with the marker: all of it."""
        self._socket.sendall(command)
        got = []
        for line in self._lines:
            got.append(line)
            if marker in line and not line.startswith(b'{"type":"message"'):
                return b"".join(got)
            if line.startswith(b'{"type":"error"'):
                raise BenchError(f"the server refused: {line!r}")
        raise BenchError("the server hung up")

    def close(self) -> None:
        """Hang up."""
        self._lines.close()
        self._socket.close()
