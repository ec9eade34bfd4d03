"""Many connections of one process: they come in (connect, say hello, join a room), talk, and count what comes."""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle

from dialects import MARK, OPENED, Dialect, tag, text
from servers import BenchError

from roomchat.tls import Buffers, TlsStream

READ_SIZE = 256 * 1024  # bytes read at a time: stays in the processor's cache
EDGE = len(MARK) - 1
PATIENCE = 60.0  # seconds until something that does not come is given up
CONNECTING, ENCRYPTING, OPENING, GREETING, JOINING, IN = range(6)  # the steps on the way in
READ, WRITE = select.EPOLLIN, select.EPOLLOUT
ANY_SERVER = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
ANY_SERVER.check_hostname, ANY_SERVER.verify_mode = False, ssl.CERT_NONE


@dataclass(frozen=True)
class Seat:
    """One client to be: its name, its room ("": it is in none), and the number it talks under."""

    name: str
    room: str = ""
    sender: int = -1  # -1: it only listens
    timed: bool = False  # it looks at the times in what it gets, when latency is measured
    watcher: bool = False  # by what it gets, the senders of its room know what was delivered
    hello: bytes = b""  # what it says first, in place of the dialect's; then all that comes is kept


class Member:
    """One connection of a crowd. What the system does not take at once is kept, and sent when there is room."""

    def __init__(self, seat: Seat, address: tuple[str, int], dialect: Dialect, tls: Buffers | None) -> None:
        """``tls``: those of the crowd, to come encrypted."""
        self.seat = seat
        self.tag = tag(seat.sender)
        self.step = CONNECTING
        self.looks = bool(seat.hello)  # at the lines that come; else they are only counted
        self.got = bytearray()  # if all is kept
        self.came_in = 0  # when, in ns of the monotonic clock
        self.count = 0  # messages that came in this talk
        self.edge = bytes(EDGE)  # the last bytes in which marks were counted: one may stand across
        self.rest = b""  # the end of what came: while it comes in, or a line that is not whole yet
        self.said = self.said_before = 0  # messages, in all talks, and until this one
        self.due = 0.0  # when the next is to be sent, at a fixed rate
        self._dialect = dialect
        self._unsent = b""
        self.tls = TlsStream(ANY_SERVER, server_side=False, buffers=tls) if tls else None
        self.socket = socket.socket()
        self.socket.setblocking(False)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.suppress(BlockingIOError):
            self.socket.connect(address)
        self.fd = self.socket.fileno()

    @property
    def sent(self) -> int:
        """Messages, in this talk."""
        return self.said - self.said_before

    def count_in(self, data: bytes) -> None:
        """What has come."""
        data = self.edge + data
        self.edge = data[-EDGE:]
        self.count += data.count(MARK)

    def say(self, count: int, stamp: int = 0) -> None:
        """That many messages."""
        numbers = range(self.said + 1, self.said + 1 + count)
        self.said += count
        self.send(self._dialect.say(self.seat.room, numbers, text(self.seat.sender, stamp)))

    def send(self, data: bytes) -> None:
        """Some bytes, encrypted if the rest is."""
        self._unsent += self.tls.seal(data) if self.tls else data
        self.flush()

    def flush(self) -> bool:
        """Send what waits; True if nothing is left."""
        if self._unsent:
            with contextlib.suppress(BlockingIOError):
                self._unsent = self._unsent[self.socket.send(self._unsent) :]
        return not self._unsent


class Crowd:
    """Members in one epoll. One thread."""

    def __init__(
        self, addresses: Sequence[tuple[str, int]], dialect: Dialect, at_once: int, tls: bool = False
    ) -> None:
        """``addresses``: those who come in take them in turns."""
        self.members: dict[int, Member] = {}  # by file descriptor
        self.dialect = dialect
        self.at_once = at_once  # how many may be on their way in at a time
        self._addresses = cycle(addresses)
        self._tls = Buffers() if tls else None
        self._poll = select.epoll()
        self._buffer = bytearray(EDGE + READ_SIZE)
        self._space = memoryview(self._buffer)[EDGE:]
        self._waiting: Iterator[Seat] = iter(())
        self._missing = 0

    def gather(self, seats: Sequence[Seat]) -> float:
        """Bring all of them in: the seconds that it took. Those who are in are read meanwhile, so that they hold
        nobody up."""
        begun = time.monotonic()
        self._waiting, self._missing = iter(seats), len(seats)
        for _ in range(self.at_once):
            self.begin(next(self._waiting, None))
        while self._missing:
            if time.monotonic() > begun + PATIENCE:
                raise BenchError(f"{self._missing} of {len(seats)} did not get in")
            self.read(1.0)
        return time.monotonic() - begun

    def begin(self, seat: Seat | None) -> None:
        """The first step of one, if there is one."""
        if seat is not None:
            member = Member(seat, next(self._addresses), self.dialect, self._tls)
            self.members[member.fd] = member
            self._poll.register(member.fd, WRITE)

    def read(self, timeout: float) -> None:
        """What has come, for each member at most one buffer full.

        Whose lines are looked at is read first and looked at when all have been read: who is read last must not
        seem to have got its message late.
        """
        members, buffer, space = self.members, self._buffer, self._space
        came: list[tuple[Member, bytes, int]] = []
        for fd, _ in self._poll.poll(max(0.0, timeout)):
            member = members[fd]
            if member.step != IN or member.looks:
                came.append((member, self.receive(member), time.monotonic_ns()))
            else:
                got = member.socket.recv_into(space)
                if member.tls:
                    member.count_in(member.tls.feed(space[:got]))
                else:
                    buffer[:EDGE] = member.edge
                    member.count += buffer.count(MARK, 0, EDGE + got)
                    member.edge = bytes(buffer[got : EDGE + got])
                if not got:
                    raise BenchError(f"the server hung up on {member.seat.name}")
        for member, data, when in came:
            self.look_at(member, data, when)

    def receive(self, member: Member) -> bytes:
        """What has come for one; who has just been connected says the first word instead."""
        data = b""
        try:
            if member.step == CONNECTING:
                self._poll.modify(member.fd, READ)
                if member.tls:
                    member.tls.begin()
                    member.step = ENCRYPTING
            elif not (data := member.socket.recv(READ_SIZE)):
                raise BenchError(f"the server hung up on {member.seat.name}: {member.rest!r}")
            if member.tls:
                data = member.tls.feed(data) if data else b""
                if answer := member.tls.answer():
                    member.socket.send(answer)
            if member.step == CONNECTING or (member.step == ENCRYPTING and member.tls and member.tls.ready):
                first = member.seat.hello or self.dialect.opening
                member.send(first or self.dialect.hello(member.seat.name))  # raises OSError if refused
                member.step = OPENING if first and not member.seat.hello else GREETING
        except (BenchError, ConnectionError):
            if not member.seat.hello or member.got:
                raise
            self.drop(member)  # the queue of the listener was full
            self.begin(member.seat)
        return data

    def drop(self, *members: Member) -> None:
        """They leave, without a goodbye."""
        for member in members:
            del self.members[member.fd]
            member.socket.close()

    def look_at(self, member: Member, data: bytes, when: int) -> None:
        """What came for one at ``when``, in ns: here its next step in, if that is the answer to the last."""
        if member.seat.hello:
            member.got += data
        if member.step == IN:
            return
        data = member.rest + data
        opening = member.step == OPENING
        markers = (
            (OPENED,) if opening else self.dialect.welcomed if member.step == GREETING else (self.dialect.joined,)
        )
        if not any(marker in data for marker in markers):
            member.rest = data[-100:]  # bytes; longer than any marker
            return
        member.rest = b""
        if opening:
            member.send(self.dialect.hello(member.seat.name))
            member.step = GREETING
        elif member.step == GREETING and member.seat.room:
            member.send(self.dialect.join(member.seat.room))
            member.step = JOINING
        else:
            member.step, member.came_in = IN, when
            self._missing -= 1
            self.begin(next(self._waiting, None))
