"""The native lines over a WebSocket.

Source: RFC 6455; docs/protocol.md, "Over a WebSocket".
"""

from __future__ import annotations

import codecs
from collections.abc import Sequence

from websockets.frames import Close, CloseCode, Frame, Opcode
from websockets.protocol import State
from websockets.server import ServerProtocol

from roomchat.dialect import Answer, Malformed, Terms
from roomchat.protocol import Command, Event, Statement
from roomchat.wires.native import NativeWire, encode

_SMALL, _MIDDLE = 126, 1 << 16  # bytes from which on a frame's length takes 2 or 8 more


class WebSocketWire:
    """See ``Wire``: the native one, in frames of text. An unmasked frame has no state: all browsers share it."""

    dialect = "websocket"
    terms = Terms()
    pace = 0.0
    greeting = b""
    farewell = Frame(Opcode.CLOSE, Close(CloseCode.NORMAL_CLOSURE, "").serialize()).serialize(mask=False)
    no_echo = 0

    def __init__(self, max_line: int) -> None:
        self._native = NativeWire(max_line)
        self._protocol = ServerProtocol(state=State.OPEN, max_size=max_line + 1)
        self._utf8 = codecs.getincrementaldecoder("utf-8")()

    def receive_data(self, data: bytes) -> Sequence[Command | Malformed | Answer]:
        """Feed bytes as they came from the peer; return the commands they complete."""
        protocol = self._protocol
        commands: list[Command | Malformed | Answer] = []
        if protocol.state is not State.OPEN:
            return commands
        protocol.receive_data(data)
        for frame in protocol.events_received():
            if isinstance(frame, Frame):
                commands += self._take(frame)
        if answer := b"".join(protocol.data_to_send()):
            closes = protocol.close_expected()
            if closes:
                self.farewell = b""
            commands.append(Answer(data=answer, closes=closes))
        return commands

    def _take(self, frame: Frame) -> Sequence[Command | Malformed]:
        if frame.opcode is Opcode.BINARY:
            self._protocol.fail(CloseCode.UNSUPPORTED_DATA, "text only")
        elif frame.opcode in {Opcode.TEXT, Opcode.CONT} and self._protocol.state is State.OPEN:
            try:
                self._utf8.decode(frame.data, frame.fin)
            except UnicodeDecodeError:
                self._protocol.fail(CloseCode.INVALID_DATA)
                return []
            return self._native.receive_data(bytes(frame.data) + (b"\n" if frame.fin else b""))
        return []

    def end_data(self) -> Sequence[Command | Malformed]:
        return []

    def reply(self, event: Statement) -> bytes:
        return framed(encode(event))

    def encode(self, event: Event) -> bytes:
        return framed(encode(event))

    def encode_log(self, lines: bytes) -> bytes:
        return framed(lines)


def framed(lines: bytes) -> bytes:
    """Lines as one frame of text."""
    size = len(lines)
    if size < _SMALL:
        return b"\x81" + size.to_bytes(1) + lines
    if size < _MIDDLE:
        return b"\x81\x7e" + size.to_bytes(2) + lines
    return b"\x81\x7f" + size.to_bytes(8) + lines
