"""The bytes of a client's connection in a WebSocket, for the way through a proxy that passes on HTTP only.

Source: RFC 6455; docs/protocol.md, "Over a WebSocket".
"""

from __future__ import annotations

import contextlib
import threading

from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.uri import parse_uri

from roomchat.client.link import Link, timekeeper
from roomchat.errors import ConnectError
from roomchat.wires.site import CHAT

MAX_FRAME = 2 * 1024 * 1024  # bytes, for one who means well sends half of that
READ = 16 * 1024  # bytes

_TEXT = {Opcode.TEXT, Opcode.CONT}


class WebSocketLink:
    """See ``Link``: around another one, whose socket has the time for the handshake."""

    def __init__(self, link: Link, where: str, *, secure: bool) -> None:
        """Shake hands.

        Args:
            link: to the server, or to a proxy before it; nobody else uses it.
            where: HOST:PORT, as people write it.
        Raises:
            ConnectError: what answers there does not speak it.
            OSError: the connection broke.
        """
        self.socket = link.socket
        self.early = b""
        self._link = link
        self._protocol = ClientProtocol(
            parse_uri(f"{'wss' if secure else 'ws'}://{where}{CHAT}"), max_size=MAX_FRAME
        )
        # What the protocol keeps of a connection is for one thread at a time; what it answers goes in its order.
        self._using = threading.Lock()
        keep_time = timekeeper(link.socket)
        self._protocol.send_request(self._protocol.connect())
        self._write()
        while self._protocol.state is State.CONNECTING and self._protocol.handshake_exc is None:
            keep_time()
            with contextlib.suppress(BlockingIOError):
                self.early += self._read()
        if (error := self._protocol.handshake_exc) is not None:
            raise ConnectError(f"The program at {where} is not a roomchat server ({error}).")

    def sendall(self, data: bytes, /) -> None:
        """Send all of it; waits while it is not taken. Raises OSError."""
        with self._using:
            self._protocol.send_text(data)
            self._write()

    def recv(self, size: int, /) -> bytes:
        """What came; none: the server sends no more.

        Raises:
            BlockingIOError: something came, but nothing whole.
            OSError: the connection broke, or was cut.
        """
        if self.early:
            early, self.early = self.early, b""
            return early
        data = b"" if self._is_over else self._read()
        if not (data or self._is_over):
            raise BlockingIOError
        return data

    def _read(self) -> bytes:
        """What comes next has of text; perhaps none."""
        data = self._link.recv(READ)
        if not data:
            raise ConnectionAbortedError("it was cut off")
        with self._using:
            protocol = self._protocol
            protocol.receive_data(data)
            events = protocol.events_received()
            self._write()
        if protocol.parser_exc is not None:
            raise ConnectionAbortedError(str(protocol.parser_exc))
        return b"".join(
            bytes(event.data) for event in events if isinstance(event, Frame) and event.opcode in _TEXT
        )

    @property
    def _is_over(self) -> bool:
        """Whether the server has said that it says no more."""
        return self._protocol.close_rcvd is not None

    def _write(self) -> None:
        """Send what the protocol has to say."""
        if data := b"".join(self._protocol.data_to_send()):
            self._link.sendall(data)
