"""Many connections of one process that come in: connect, say hello, join a room."""

from __future__ import annotations

import errno
import os
import select
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection as Pipe

from dialects import Dialect
from servers import BenchError

READ_SIZE = 256 * 1024  # bytes read at a time: stays in the processor's cache
PATIENCE = 60.0  # seconds until something that does not come is given up
CONNECTING, GREETING, JOINING, IN = range(4)  # the steps on the way in
READ, WRITE = select.EPOLLIN, select.EPOLLOUT


@dataclass(frozen=True)
class Seat:
    """One client to be: its name, its room ("": it is in none), and the number it talks under."""

    name: str
    room: str = ""
    sender: int = -1  # -1: it only listens
    timed: bool = False  # it looks at the times in what it gets, when latency is measured
    watcher: bool = False  # by what it gets, the senders of its room know what was delivered


class Member:
    """One connection of a crowd."""

    __slots__ = ("fd", "said", "seat", "socket", "step", "tail")

    def __init__(self, seat: Seat, address: tuple[str, int]) -> None:
        self.seat = seat
        self.socket = socket.socket()
        self.socket.setblocking(False)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        failure = self.socket.connect_ex(address)
        if failure not in (0, errno.EINPROGRESS):
            raise BenchError(f"{seat.name} can't connect: {os.strerror(failure)}")
        self.fd = self.socket.fileno()
        self.step = CONNECTING
        self.said = 0  # messages, in all talks
        self.tail = b""  # the end of what came while it waits


class Crowd:
    """Members in one epoll. One thread."""

    def __init__(self, address: tuple[str, int], dialect: Dialect, at_once: int) -> None:
        self.poll = select.epoll()
        self.members: dict[int, Member] = {}  # by file descriptor
        self.buffer = bytearray(READ_SIZE)
        self._address = address
        self._dialect = dialect
        self.at_once = at_once  # how many may be on their way in at a time

    def gather(self, seats: Sequence[Seat]) -> None:
        """Bring all of them in; those who are in are read meanwhile, so that they hold nobody up."""
        waiting = iter(seats)
        missing = len(seats)
        for _ in range(min(self.at_once, missing)):
            self._begin(waiting)
        give_up = time.monotonic() + PATIENCE
        while missing:
            if time.monotonic() > give_up:
                raise BenchError(f"{missing} of {len(seats)} did not get in")
            for fd, _ in self.poll.poll(1.0):
                member = self.members[fd]
                if member.step == IN:
                    self.skip(member)
                elif self._advance(member):
                    missing -= 1
                    self._begin(waiting)

    def read_until(self, done: Callable[[], bool]) -> None:
        """Throw away what comes, until ``done`` holds."""
        while not done():
            for fd, _ in self.poll.poll(0.02):
                self.skip(self.members[fd])

    def read_until_told(self, pipe: Pipe) -> object:
        """Throw away what comes until something comes through a pipe: that."""
        self.read_until(pipe.poll)
        return pipe.recv()

    def skip(self, member: Member) -> None:
        """Throw away what has come for one."""
        if not member.socket.recv_into(self.buffer):
            raise BenchError(f"the server hung up on {member.seat.name}")

    def keep(self, member: Member, data: bytes) -> None:
        """What came for one on its way in."""

    def hang_up(self) -> None:
        """All leave, without a goodbye."""
        for member in list(self.members.values()):
            self._drop(member)

    def close(self) -> None:
        """Free what it holds."""
        self.hang_up()
        self.poll.close()

    def _drop(self, member: Member) -> None:
        del self.members[member.fd]
        member.socket.close()

    def _begin(self, waiting: Iterator[Seat]) -> None:
        seat = next(waiting, None)
        if seat is None:
            return
        member = Member(seat, self._address)
        self.members[member.fd] = member
        self.poll.register(member.fd, WRITE)

    def _advance(self, member: Member) -> bool:
        """Its next step in; True if it is in."""
        seat, dialect = member.seat, self._dialect
        if member.step == CONNECTING:
            failure = member.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if failure:
                raise BenchError(f"{seat.name} can't connect: {os.strerror(failure)}")
            member.socket.send(dialect.hello(seat.name))
            member.step = GREETING
            self.poll.modify(member.fd, READ)
            return False
        got = member.socket.recv(READ_SIZE)
        if not got:
            raise BenchError(f"the server hung up on {seat.name}: {member.tail!r}")
        self.keep(member, got)
        data = member.tail + got
        markers = dialect.welcomed if member.step == GREETING else dialect.joined
        if not any(marker in data for marker in markers):
            member.tail = data[-100:]  # bytes; longer than any marker
            return False
        member.tail = b""
        if member.step == GREETING and seat.room:
            member.socket.send(dialect.join(seat.room))
            member.step = JOINING
            return False
        member.step = IN
        return True
