"""What a client says to each kind of server, and how it sees what the server says.

The text of a message holds ``MARK`` once, and nothing else that a server sends does, so the messages in a stream
are counted without looking for their borders.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

MARK = b"^^^"  # more than a length in the head of a frame can be: that may have any two bytes
TEXT = 100  # bytes of each message
STAMP = rb"\^\d{4} (\d{18})"  # the time of sending in the text of a message: nanoseconds of the monotonic clock


def tag(sender: int) -> bytes:
    """What is in every message of one sender, and in no other's."""
    return MARK + b"%04d " % sender


def text(sender: int, stamp: int = 0) -> bytes:
    """A message."""
    return (tag(sender) + b"%018d " % stamp).ljust(TEXT, b".")


@dataclass(frozen=True)
class Dialect:
    """One way to talk: the commands, with places for what is in them, and what is in their answers."""

    hello_form: bytes
    welcomed: tuple[bytes, ...]  # one of them is in the answer to hello
    join_form: bytes  # a room that is not there is made
    joined: bytes
    say_form: bytes  # a NUL is where the number of the message goes, if it has one
    echo: bool = True  # whether a sender gets its own messages
    opcode: int = 0  # of the frames in which all of this goes, over a WebSocket; 0: in none

    @property
    def opening(self) -> bytes:
        """What a connection sends before all else."""
        return OPENING if self.opcode else b""

    def frame(self, data: bytes) -> bytes:
        """As it is sent. The mask is zero, so that it is not our time that is measured."""
        if not self.opcode:
            return data
        size = len(data)
        head = size.to_bytes() if size < 126 else b"\x7e" + size.to_bytes(2)  # the mask's bit is added
        return bytes([self.opcode, head[0] | 0x80]) + head[1:] + bytes(4) + data

    def hello(self, name: str) -> bytes:
        """Who it is."""
        return self.frame(self.hello_form % name.encode())

    def join(self, room: str) -> bytes:
        """Into a room."""
        return self.frame(self.join_form % room.encode())

    def say(self, room: str, numbers: range, body: bytes) -> bytes:
        """The same text several times. ``numbers`` are those of the messages of this client, from 1."""
        said = self.say_form % {b"room": room.encode(), b"text": body, b"size": len(body)}
        head, number, end = said.partition(b"\0")
        if not number:
            return self.frame(said) * len(numbers)
        return b"".join([self.frame(head + b"%d" % n + end) for n in numbers])


# RFC 6455, section 1.2; all servers answer with a line that ends the head.
OPENING = (
    b"GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
OPENED = b"\r\n\r\n"

# Every message is numbered, so that it is covered by the promise of exactly once.
NATIVE = Dialect(
    b'{"type":"hello","protocol":1,"name":"%s"}\n', (b'"type":"welcome"',),
    b'{"type":"join","room":"%s","history":0}\n', b'"type":"joined"',
    b'{"type":"say","room":"%(room)s","text":"%(text)s","n":\0}\n',
)  # fmt: skip
# RFC 2812. A hello ends with the end of the message of the day, or with that there is none; a join with the names.
IRC = Dialect(
    b"NICK %s\r\nUSER bench 0 * :bench\r\n", (b" 376 ", b" 422 "),
    b"JOIN #%s\r\n", b" 366 ",
    b"PRIVMSG #%(room)s :%(text)s\r\n", echo=False,
)  # fmt: skip
# A room is a subject. Echo is on: there, too, a sender's own message shows it that it was handled.
NATS = Dialect(
    b'CONNECT {"verbose":false,"pedantic":false,"echo":true,"name":"%s"}\r\nPING\r\n', (b"PONG\r\n",),
    b"SUB %s 1\r\nPING\r\n", b"PONG\r\n",
    b"PUB %(room)s %(size)d\r\n%(text)s\r\n",
)  # fmt: skip
NATIVE_WEBSOCKET = replace(NATIVE, opcode=0x81)  # of text
NATS_WEBSOCKET = replace(NATS, opcode=0x82)  # of bytes
