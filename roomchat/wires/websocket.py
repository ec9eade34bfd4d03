"""The native lines over a WebSocket: each text frame carries one or more of them.

Source: RFC 6455; docs/protocol.md, "Over a WebSocket".
"""

from __future__ import annotations

from collections.abc import Sequence

from websockets.frames import Close, CloseCode, Frame, Opcode
from websockets.protocol import State
from websockets.server import ServerProtocol

try:
    from websockets.speedups import apply_mask
except ImportError:  # there is none for this machine; of 8 KiB it takes 0.3 us, and this 30
    from websockets.utils import apply_mask

from roomchat.dialect import Answer, Malformed, Terms
from roomchat.protocol import Command, Event, Statement
from roomchat.wires.native import NativeWire, encode

TEXT = 0x81  # the first byte of a frame that is a whole message of text
MASKED = 0x80  # in the second byte, beside the size
MAX_FRAME = 1024 * 1024  # bytes sent in one; what many say at once may be more, and who gets it has bounds, too
SIZE_IN_2, SIZE_IN_8 = 126, 127  # in the place of a size: it stands in so many bytes behind

FAREWELL = Frame(Opcode.CLOSE, Close(CloseCode.NORMAL_CLOSURE, "").serialize()).serialize(mask=False)

Came = list[Command | Malformed | Answer]


class WebSocketWire:
    """See ``Wire``.

    What is sent is the native wire's, with a header before it that remembers nothing: one bytes object is for all
    browsers of a room. Of what comes, whole messages of text are nearly all, and are taken apart here, in a
    fifth of the time; all other frames, and what is wrong, are for a ``ServerProtocol``, made when it is needed.
    """

    dialect = "websocket"
    terms = Terms()
    pace = 0.0
    greeting = b""
    no_echo = 0

    __slots__ = ("_fragments", "_max_size", "_native", "_over", "_protocol", "_rest", "counted", "farewell")

    def __init__(self, max_line: int) -> None:
        self._max_size = max_line + 1  # bytes of a message: of a line with its end
        self._native = NativeWire(max_line)
        self._rest = b""  # the beginning of a frame
        self._fragments: bytearray | None = None  # of a message whose end has not come
        self._protocol: ServerProtocol | None = None
        self._over = False  # nothing of what comes is looked at any more
        self.farewell = FAREWELL
        self.counted = b""

    # ------------------------------------------------------------ what comes

    def receive_data(self, data: bytes) -> Came:
        """Feed bytes as they came from the peer; return the commands they complete.

        A message is at most as long as a line may be. Pings and the peer's Close are answered in their turn; after
        a Close, whose ever, nothing is looked at. ``counted`` is then what came without its masks, with a line
        feed for each frame: that is what it cost.
        """
        commands: Came = []
        texts: list[bytes] = []
        self.counted = b""
        data = self._rest + data if self._rest else data
        position, there = 0, len(data)
        while position + 2 <= there and not self._over:
            size = data[position + 1] & 127
            start = position + 6
            if size > 125:
                start += 2 if size == SIZE_IN_2 else 8
                if start > there and data[position + 1] >= MASKED:
                    break
                size = int.from_bytes(data[position + 2 : start - 4])
            stop = start + size
            if data[position + 1] < MASKED or size > self._max_size:
                stop = there  # it is refused for what there is of it
            elif stop > there:
                break
            elif data[position] == TEXT and self._fragments is None:
                texts.append(apply_mask(data[start:stop], data[start - 4 : start]))
                position = stop
                continue
            self._take(texts, commands)
            texts.clear()
            self._take_other(data[position:stop], commands)
            position = stop
        self._take(texts, commands)
        self._rest = b"" if self._over else data[position:]
        return commands

    def _take(self, texts: Sequence[bytes], commands: Came) -> None:
        """Messages of text that are whole."""
        if not texts or self._over:
            return
        lines = b"".join([text if text[-1:] == b"\n" else text + b"\n" for text in texts])
        try:
            lines.decode()
        except UnicodeDecodeError:
            if len(texts) > 1:  # one by one: those before the bad one count
                for text in texts:
                    self._take([text], commands)
            else:
                self._fail(CloseCode.INVALID_DATA, commands)
            return
        self.counted += lines
        commands += self._native.receive_data(lines)

    def _take_other(self, frame: bytes, commands: Came) -> None:
        """A frame that is no whole message of text, or nothing good."""
        protocol = self._careful()
        protocol.receive_data(frame)
        self.counted += b"\n"
        for event in protocol.events_received():
            assert isinstance(event, Frame), event
            if event.opcode is Opcode.BINARY:
                self._fail(CloseCode.UNSUPPORTED_DATA, commands)
                return
            if event.opcode in {Opcode.TEXT, Opcode.CONT}:
                fragments = self._fragments or bytearray()
                fragments += event.data
                self._fragments = None if event.fin else fragments
                if event.fin:
                    self._take([bytes(fragments)], commands)
        self._answer(commands)

    def _careful(self) -> ServerProtocol:
        if self._protocol is None:
            self._protocol = ServerProtocol(state=State.OPEN, max_size=self._max_size)
        return self._protocol

    def _fail(self, code: CloseCode, commands: Came) -> None:
        self._careful().fail(code)
        self._answer(commands)

    def _answer(self, commands: Came) -> None:
        """What the protocol has to say by itself."""
        protocol = self._careful()
        if answer := b"".join(protocol.data_to_send()):
            self._over = protocol.close_expected()
            if self._over:
                self.farewell = b""
            commands.append(Answer(data=answer, closes=self._over))

    def end_data(self) -> Came:
        """A message whose end did not come is none."""
        return []

    # ------------------------------------------------------------ what goes

    def reply(self, event: Statement) -> bytes:
        return framed(encode(event))

    def encode(self, event: Event) -> bytes:
        return framed(encode(event))

    def encode_log(self, lines: bytes) -> bytes:
        return framed(lines)


def framed(data: bytes) -> bytes:
    """Lines in one frame of text, unmasked as a server sends it; in several, of whole lines, where it would be
    longer than ``MAX_FRAME``."""
    frames = []
    while len(data) > MAX_FRAME and (end := data.rfind(b"\n", 0, MAX_FRAME) + 1):
        frames.append(_frame(data[:end]))
        data = data[end:]
    return b"".join([*frames, _frame(data)]) if frames else _frame(data)


def _frame(data: bytes) -> bytes:
    size = len(data)
    if size < SIZE_IN_2:
        return bytes((TEXT, size)) + data
    if size < 1 << 16:
        return bytes((TEXT, SIZE_IN_2)) + size.to_bytes(2) + data
    return bytes((TEXT, SIZE_IN_8)) + size.to_bytes(8) + data
