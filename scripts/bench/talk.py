"""Talking in one process of the load generator: its senders talk, its members count what comes, in bulk."""

from __future__ import annotations

import re
import time
from array import array
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from crowd import PATIENCE, READ_SIZE, Crowd, Member
from dialects import MARK, STAMP, Dialect, tag, text
from servers import BenchError

SURPLUS = 0.1  # seconds that are waited for messages too many, when all that should come have come
_stamps = re.compile(STAMP)


@dataclass(frozen=True)
class Schedule:
    """When to talk, and how. Times are of the monotonic clock, which all processes of a machine share."""

    start: float
    begin: float  # of what is measured
    end: float
    window: int = 0  # messages of each sender on their way at a time; 0: at the rate
    rate: float = 0.0  # messages a second of each sender
    latency: bool = False  # whether the timed members look at the times in what they get


@dataclass
class Heard:
    """What one process measured."""

    deliveries: int = 0
    behind: int = 0  # deliveries that were still on their way when the measuring ended
    seconds: float = 0.0
    cpu: float = 0.0  # seconds of its own processor time
    latencies: array[int] = field(default_factory=lambda: array("q"))  # nanoseconds
    wrong: list[str] = field(default_factory=list)  # sentences


class Sender:
    """A member that talks. What the system does not take at once is kept, and sent when there is room."""

    def __init__(self, member: Member, dialect: Dialect) -> None:
        self.fd = member.fd
        self.number = member.seat.sender
        self.room = member.seat.room
        self.tag = tag(self.number)
        self.sent = 0  # messages, in this talk
        self.due = 0.0  # when the next is to be sent, at a fixed rate
        self._member = member
        self._dialect = dialect
        self._rest = b""

    def say(self, count: int, stamp: int = 0) -> None:
        """That many messages."""
        said = self._member.said
        numbers = range(said + 1, said + 1 + count)
        self._member.said += count
        self.sent += count
        self._rest += self._dialect.say(self.room, numbers, text(self.number, stamp))
        self.flush()

    def flush(self) -> bool:
        """Send what waits; True if nothing is left."""
        if self._rest:
            try:
                self._rest = self._rest[self._member.socket.send(self._rest) :]
            except BlockingIOError:
                return False
        return not self._rest


class Talk:
    """One talk of a crowd. ``run``, then ``finish``. One thread."""

    def __init__(self, crowd: Crowd, dialect: Dialect, schedule: Schedule) -> None:
        self._crowd = crowd
        self._echo = dialect.echo
        self._schedule = schedule
        self._counts = dict.fromkeys(crowd.members, 0)  # messages by file descriptor
        members = crowd.members.values()
        self.senders = [Sender(member, dialect) for member in members if member.seat.sender >= 0]
        self._by_room: dict[str, list[Sender]] = {}
        for sender in self.senders:
            self._by_room.setdefault(sender.room, []).append(sender)
        self._rests: dict[int, bytes] = {}  # of those whose lines are looked at: the line that is not whole yet
        for member in members:
            if (schedule.latency and member.seat.timed) or (schedule.window and member.seat.watcher):
                self._rests[member.fd] = b""
        self._heard = Heard()
        self._measuring = False
        self._total_at_end = 0

    def run(self) -> dict[str, int]:
        """Talk as scheduled: how many messages this process said in each room."""
        schedule, read = self._schedule, self._read
        self._start()
        pause = 0.05
        begun: tuple[float, float, int] | None = None
        while (now := time.monotonic()) < schedule.end:
            if begun is None and now >= schedule.begin:
                begun = (now, time.process_time(), self._total())
                self._measuring = True
            if schedule.rate:
                pause = self._say_what_is_due(now)
            if sum(not sender.flush() for sender in self.senders):
                pause = 0.001  # they have not been taken by the system
            read(min(pause, schedule.end - now))
        if begun is None:
            raise BenchError("a talk ended before it was measured: a process of the load generator was stuck")
        self._measuring = False
        self._heard.seconds = now - begun[0]
        self._heard.cpu = time.process_time() - begun[1]
        self._total_at_end = self._total()
        self._heard.deliveries = self._total_at_end - begun[2]
        self._schedule = Schedule(0, 0, 0)  # no more is said
        said: dict[str, int] = {}
        for sender in self.senders:
            said[sender.room] = said.get(sender.room, 0) + sender.sent
        return said

    def wait(self, done: Callable[[], bool]) -> None:
        """Count what comes, until ``done`` holds."""
        while not done():
            self._read(0.01)

    def finish(self, said: Mapping[str, int]) -> Heard:
        """Read until every member has what was said in its room, once, and check that it is so."""
        expected = {fd: said.get(one.seat.room, 0) for fd, one in self._crowd.members.items()}
        if not self._echo:
            for sender in self.senders:
                expected[sender.fd] -= sender.sent
        self._heard.behind = sum(expected.values()) - self._total_at_end
        give_up = time.monotonic() + PATIENCE
        while self._counts != expected and time.monotonic() < give_up:
            for sender in self.senders:
                sender.flush()
            self._read(0.01)
        end = time.monotonic() + SURPLUS
        while (left := end - time.monotonic()) > 0:
            self._read(left)
        for fd, count in expected.items():
            if self._counts[fd] != count:
                name = self._crowd.members[fd].seat.name
                self._heard.wrong.append(f"{name} got {self._counts[fd]} messages instead of {count}")
        return self._heard

    # ------------------------------------------------------------ saying

    def _start(self) -> None:
        """Wait for the start; with a window, fill it."""
        schedule = self._schedule
        while (left := schedule.start - time.monotonic()) > 0:
            self._read(left)
        for i, sender in enumerate(self.senders):
            if schedule.window:
                sender.say(schedule.window)
            else:
                sender.due = schedule.start + i / len(self.senders) / schedule.rate

    def _say_what_is_due(self, now: float) -> float:
        """At a fixed rate; the seconds until more is due. The time in a message is the one at which it is really
        sent: that this process was busy is not the server's fault."""
        next_due = now + 0.05
        for sender in self.senders:
            while sender.due <= now:
                sender.due += 1 / self._schedule.rate
                sender.say(1, time.monotonic_ns())
            next_due = min(next_due, sender.due)
        return max(0.0, next_due - time.monotonic())

    # ------------------------------------------------------------ hearing

    def _read(self, timeout: float) -> None:
        """What has come, for each member at most one buffer full.

        Whose lines are looked at is read first and looked at when all have been read: who is read last must not
        seem to have got its message late.
        """
        members, counts, rests, buffer = self._crowd.members, self._counts, self._rests, self._crowd.buffer
        came: list[tuple[int, bytes, int]] = []
        for fd, _ in self._crowd.poll.poll(max(0.0, timeout)):
            if fd in rests:
                data = members[fd].socket.recv(READ_SIZE)
                got = len(data)
                came.append((fd, data, time.monotonic_ns()))
            else:
                got = members[fd].socket.recv_into(buffer)
                counts[fd] += buffer.count(MARK, 0, got)
            if not got:
                raise BenchError(f"the server hung up on {members[fd].seat.name}")
        for fd, data, when in came:
            self._look_at(members[fd], data, when)

    def _look_at(self, member: Member, data: bytes, when: int) -> None:
        """The times in the lines of one, and how many came of each sender. They came at ``when``, in ns."""
        fd = member.fd
        self._counts[fd] += data.count(MARK)
        lines, _, self._rests[fd] = (self._rests[fd] + data).rpartition(b"\n")
        if self._measuring and self._schedule.latency:
            self._heard.latencies.extend([when - int(stamp) for stamp in _stamps.findall(lines)])
        if self._schedule.window and member.seat.watcher:
            for sender in self._by_room[member.seat.room]:
                count = lines.count(sender.tag)
                if count:
                    sender.say(count)

    def _total(self) -> int:
        return sum(self._counts.values())
