"""What a client says to each kind of server, and how it sees what the server says.

The text of a message holds ``MARK`` once, and nothing else that a server sends does, so the messages in any piece
of a stream are counted without looking for their borders.
"""

from __future__ import annotations

from collections.abc import Sequence

MARK = b"^"
TEXT = 100  # bytes of each message
STAMP = rb"\^\d{4} (\d{18})"  # the time of sending in the text of a message: nanoseconds of the monotonic clock


def tag(sender: int) -> bytes:
    """What is in every message of one sender, and in no other's."""
    return MARK + b"%04d " % sender


def text(sender: int, stamp: int = 0) -> bytes:
    """A message."""
    return (tag(sender) + b"%018d " % stamp).ljust(TEXT, b".")


class Dialect:
    """One way to talk."""

    echo = True  # whether a sender gets its own messages
    welcomed: Sequence[bytes] = ()  # one of them is in the answer to hello
    joined: Sequence[bytes] = ()  # and in the answer to join

    def hello(self, name: str) -> bytes:
        """The first that a connection sends."""
        raise NotImplementedError

    def join(self, room: str) -> bytes:
        """Into a room; it is made if there is none."""
        raise NotImplementedError

    def say(self, room: str, numbers: range, body: bytes) -> bytes:
        """The same text several times. ``numbers`` are those of the messages of this client, from 1."""
        raise NotImplementedError


class Native(Dialect):
    """roomchat's own. Every message is numbered, so that it is covered by the promise of exactly once."""

    welcomed = (b'"type":"welcome"',)
    joined = (b'"type":"joined"',)

    def hello(self, name: str) -> bytes:
        return b'{"type":"hello","protocol":1,"name":"%s"}\n' % name.encode()

    def join(self, room: str) -> bytes:
        return b'{"type":"join","room":"%s","history":0}\n' % room.encode()

    def say(self, room: str, numbers: range, body: bytes) -> bytes:
        head = b'{"type":"say","room":"%s","text":"%s","n":' % (room.encode(), body)
        return b"".join([head + b"%d}\n" % n for n in numbers])


class Irc(Dialect):
    """RFC 2812."""

    echo = False
    welcomed = (b" 376 ", b" 422 ")  # the end of the message of the day, or there is none
    joined = (b" 366 ",)  # the end of the list of names

    def hello(self, name: str) -> bytes:
        return b"NICK %s\r\nUSER bench 0 * :bench\r\n" % name.encode()

    def join(self, room: str) -> bytes:
        return b"JOIN #%s\r\n" % room.encode()

    def say(self, room: str, numbers: range, body: bytes) -> bytes:
        return b"PRIVMSG #%s :%s\r\n" % (room.encode(), body) * len(numbers)


class Nats(Dialect):
    """A room is a subject. Echo is on: there, too, a sender's own message shows it that it was handled."""

    welcomed = (b"PONG\r\n",)
    joined = (b"PONG\r\n",)

    def hello(self, name: str) -> bytes:
        return b'CONNECT {"verbose":false,"pedantic":false,"echo":true,"name":"%s"}\r\nPING\r\n' % name.encode()

    def join(self, room: str) -> bytes:
        return b"SUB %s 1\r\nPING\r\n" % room.encode()

    def say(self, room: str, numbers: range, body: bytes) -> bytes:
        return b"PUB %s %d\r\n%s\r\n" % (room.encode(), len(body), body) * len(numbers)


NATIVE = Native()
IRC = Irc()
NATS = Nats()
