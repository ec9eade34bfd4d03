"""Talking in one process of the load generator: its senders talk, its members count what comes, in bulk."""

from __future__ import annotations

import re
import time
from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field

from crowd import IN, PATIENCE, Crowd, Member
from dialects import STAMP
from servers import BenchError

SURPLUS = 0.1  # seconds that are waited for messages too many, when all that should come have come
PAUSE = 0.05  # seconds until those who are silent are looked after again
_stamps = re.compile(STAMP)


@dataclass(frozen=True)
class Schedule:
    """When to talk, and how. Times are of the monotonic clock, which all processes of a machine share."""

    start: float
    begin: float  # of what is measured
    end: float
    window: int = 0  # messages of each sender on their way at a time; 0: at the rate
    rate: float = 0.0  # messages a second of each sender
    timed: bool = False  # whether the timed members look at the times in what they get


@dataclass
class Heard:
    """What one process measured."""

    deliveries: int = 0
    behind: int = 0  # deliveries that were still on their way when the measuring ended
    seconds: float = 0.0
    cpu: float = 0.0  # seconds of its own processor time
    latencies: array[int] = field(default_factory=lambda: array("q"))  # nanoseconds
    wrong: list[str] = field(default_factory=list)  # sentences


class Talkers(Crowd):
    """A crowd that talks: ``run``, then ``finish``. Meanwhile ``read`` counts what comes."""

    _window = 0
    _timing = False  # whether the times in what comes are of interest now

    def run(self, schedule: Schedule) -> dict[str, int]:
        """Talk as scheduled: how many messages this process said in each room."""
        self._heard = heard = Heard()
        self._start(schedule)
        begun: tuple[float, float, int] | None = None
        while (now := time.monotonic()) < schedule.end:
            if begun is None and now >= schedule.begin:
                begun = (now, time.process_time(), self._total())
                self._timing = schedule.timed
            pause = self._say_what_is_due(now, schedule.rate) if schedule.rate else PAUSE
            if sum(not sender.flush() for sender in self._senders):
                pause = 0.001  # they have not been taken by the system
            self.read(min(pause, schedule.end - now))
        if begun is None:
            raise BenchError("a talk ended before it was measured: a process of the load generator was stuck")
        self._timing, self._window = False, 0  # no more is said
        heard.seconds = now - begun[0]
        heard.cpu = time.process_time() - begun[1]
        heard.deliveries = self._total() - begun[2]
        heard.behind = -self._total()  # ``finish`` knows of how many
        return {room: sum(sender.sent for sender in senders) for room, senders in self._by_room.items()}

    def finish(self, said: Mapping[str, int]) -> Heard:
        """Read until every member has what was said in its room, once, and check that it is so."""
        expected = {
            member: said.get(member.seat.room, 0) - (0 if self.dialect.echo else member.sent)
            for member in self.members.values()
        }
        self._heard.behind += sum(expected.values())
        give_up = time.monotonic() + PATIENCE
        while any(member.count != count for member, count in expected.items()) and time.monotonic() < give_up:
            for sender in self._senders:
                sender.flush()
            self.read(0.01)
        self._read_until(time.monotonic() + SURPLUS)
        self._heard.wrong = [
            f"{member.seat.name} got {member.count} messages instead of {count}"
            for member, count in expected.items()
            if member.count != count
        ]
        return self._heard

    def _start(self, schedule: Schedule) -> None:
        """Wait for the start; with a window, fill it."""
        self._window = schedule.window
        self._by_room: dict[str, list[Member]] = {}
        for member in self.members.values():
            seat = member.seat
            member.looks = (schedule.timed and seat.timed) or (schedule.window > 0 and seat.watcher)
            member.count, member.rest, member.said_before = 0, b"", member.said
            if seat.sender >= 0:
                self._by_room.setdefault(seat.room, []).append(member)
        self._senders = [sender for senders in self._by_room.values() for sender in senders]
        self._read_until(schedule.start)
        for i, sender in enumerate(self._senders):
            if schedule.window:
                sender.say(schedule.window)
            else:
                sender.due = schedule.start + i / len(self._senders) / schedule.rate

    def _say_what_is_due(self, now: float, rate: float) -> float:
        """At a fixed rate; the seconds until more is due. The time in a message is the one at which it is really
        sent: that this process was busy is not the server's fault."""
        next_due = now + PAUSE
        for sender in self._senders:
            while sender.due <= now:
                sender.due += 1 / rate
                sender.say(1, time.monotonic_ns())
            next_due = min(next_due, sender.due)
        return max(0.0, next_due - time.monotonic())

    def look_at(self, member: Member, data: bytes, when: int) -> None:
        """The times in the lines of one who is in, and how many came of each sender."""
        if member.step != IN:
            super().look_at(member, data, when)
            return
        member.count_in(data)
        lines, _, member.rest = (member.rest + data).rpartition(b"\n")
        if self._timing:
            self._heard.latencies.extend([when - int(stamp) for stamp in _stamps.findall(lines)])
        if self._window and member.seat.watcher:
            for sender in self._by_room[member.seat.room]:
                if count := lines.count(sender.tag):
                    sender.say(count)

    def _read_until(self, when: float) -> None:
        while (left := when - time.monotonic()) > 0:
            self.read(left)

    def _total(self) -> int:
        return sum(member.count for member in self.members.values())
