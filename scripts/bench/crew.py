"""The load generator: processes that share the members of a talk, and one that says when."""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection as Pipe
from types import TracebackType
from typing import TypeVar

from crowd import PATIENCE, Crowd, Seat
from servers import BenchError, Kind, Process
from talk import Heard, Schedule, Talk

T = TypeVar("T")

LEAD = 0.2  # seconds from telling the processes to the start
_fork = multiprocessing.get_context("fork")  # they begin in milliseconds


@dataclass(frozen=True)
class Pace:
    """How long to measure."""

    warm: float = 1.0  # seconds of talk before
    seconds: float = 4.0
    workers: int = 2  # processes of the load generator
    scale: float = 1.0  # of the log that is measured


@dataclass(frozen=True)
class Gather:
    """Tells a process to bring a part of its members in."""

    part: int = 0
    parts: int = 1


@dataclass(frozen=True)
class Said:
    """How many messages were said in each room."""

    by_room: dict[str, int]


@dataclass
class Outcome:
    """What all processes measured together."""

    deliveries: float  # a second
    behind: float  # deliveries on their way at the end; the window bounds those of one member, not of all
    cpu: float  # seconds of the server's processor time a second
    load_cpu: float  # the same of the busiest process of the load generator: 1.0 would be its limit
    latencies: list[int]  # nanoseconds, sorted

    @property
    def cpu_us(self) -> float:
        """The server's processor time a delivery, in microseconds."""
        return self.cpu / self.deliveries * 1e6

    def percentile_ms(self, percent: float) -> float:
        """The milliseconds that so many percent of the deliveries did not pass."""
        if not self.latencies:
            raise BenchError("no message came while it was measured")
        return self.latencies[min(len(self.latencies) - 1, int(len(self.latencies) * percent / 100))] / 1e6


def _work(pipe: Pipe, address: tuple[str, int], kind: Kind, seats: Sequence[Seat]) -> None:
    """A process of the load generator: do what it is told until it is ended."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the one in charge ends us
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    crowd = Crowd(address, kind.dialect, kind.at_once)
    talk: Talk | None = None
    while True:
        told = crowd.read_until_told(pipe)
        try:
            if isinstance(told, Gather):
                begun = time.monotonic()
                first, end = (len(seats) * part // told.parts for part in (told.part, told.part + 1))
                crowd.gather(seats[first:end])
                pipe.send(time.monotonic() - begun)
            elif isinstance(told, Schedule):
                talk = Talk(crowd, kind.dialect, told)
                pipe.send(Said(talk.run()))
                talk.wait(pipe.poll)
            elif isinstance(told, Said) and talk is not None:
                pipe.send(talk.finish(told.by_room))
        except (BenchError, OSError) as error:
            pipe.send(BenchError(str(error)))


class Crew:
    """Processes with a crowd each. As a context manager none of them is left behind."""

    def __init__(self, server: Process, shares: Sequence[Sequence[Seat]]) -> None:
        self._server = server
        self._pipes: list[Pipe] = []
        self._processes = []
        for seats in shares:
            ours, theirs = _fork.Pipe()
            process = _fork.Process(target=_work, args=(theirs, server.address, server.kind, seats), daemon=True)
            process.start()
            theirs.close()
            self._pipes.append(ours)
            self._processes.append(process)

    def gather(self, parts: int = 1) -> float:
        """Bring all members in: the seconds that it took.

        With more parts than one the processes take turns more evenly: a server may well write to members in the
        order in which they came, and then those of one process must not all be the first.
        """
        return sum(max(self._all(Gather(part, parts), float)) for part in range(parts))

    def begin_gather(self) -> None:
        """The same, without waiting for it; ``end_gather`` does."""
        for pipe in self._pipes:
            pipe.send(Gather())

    def end_gather(self) -> float:
        """The seconds that it took."""
        return max(self._receive(pipe, float) for pipe in self._pipes)

    def talk(
        self, pace: Pace, *, window: int = 0, rate: float = 0.0, latency: bool = False, beside: Crew | None = None
    ) -> Outcome:
        """Talk, measure, and check that all who listen got all that was said.

        Args:
            window, rate, latency: as in ``Schedule``.
            beside: those who are to come in when the measuring begins.
        Raises:
            BenchError: a message was lost or came twice, or a connection broke.
        """
        start = time.monotonic() + LEAD
        begin = start + pace.warm
        schedule = Schedule(start, begin, begin + pace.seconds, window, rate, latency)
        for pipe in self._pipes:
            pipe.send(schedule)
        _sleep_until(begin)
        cpu, begun = self._server.cpu(), time.monotonic()
        if beside is not None:
            beside.begin_gather()
        _sleep_until(schedule.end)
        server_cpu = (self._server.cpu() - cpu) / (time.monotonic() - begun)
        said: dict[str, int] = {}
        for pipe in self._pipes:
            for room, count in self._receive(pipe, Said).by_room.items():
                said[room] = said.get(room, 0) + count
        heard = self._all(Said(said), Heard)
        wrong = [sentence for one in heard for sentence in one.wrong]
        if wrong:
            raise BenchError(f"{len(wrong)} members of {self._server.kind.name} are wrong, the first: {wrong[0]}")
        return Outcome(
            deliveries=sum(one.deliveries / one.seconds for one in heard),
            behind=sum(one.behind for one in heard),
            cpu=server_cpu,
            load_cpu=max(one.cpu / one.seconds for one in heard),
            latencies=sorted(value for one in heard for value in one.latencies),
        )

    def close(self) -> None:
        """End the processes."""
        for process in self._processes:
            process.kill()
            process.join()
        for pipe in self._pipes:
            pipe.close()

    def __enter__(self) -> Crew:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _all(self, told: object, answer: type[T]) -> list[T]:
        for pipe in self._pipes:
            pipe.send(told)
        return [self._receive(pipe, answer) for pipe in self._pipes]

    def _receive(self, pipe: Pipe, answer: type[T]) -> T:
        if not pipe.poll(2 * PATIENCE):
            raise BenchError(
                f"the load generator does not answer; {self._server.kind.name}: {self._server.said()}"
            )
        got = pipe.recv()
        if isinstance(got, BenchError):
            raise BenchError(f"{self._server.kind.name}: {got}; it says: {self._server.said()}")
        assert isinstance(got, answer)
        return got


def _sleep_until(when: float) -> None:
    time.sleep(max(0.0, when - time.monotonic()))


def deal(rooms: int, members: int, senders: int, workers: int, timed: int = 0) -> list[list[Seat]]:
    """The seats of a talk, dealt out to processes: rooms of so many members, of whom so many talk.

    The senders of a room and its watcher are in one process, the others in whichever has the fewest. Those who
    look at times have a process of their own: in a crowd each would wait until the others have been read.
    """
    shares: list[list[Seat]] = [[] for _ in range(workers)]
    timers: list[Seat] = []
    numbers = iter(range(rooms * members))
    sender = 0
    for room in range(rooms):
        for _ in range(senders):
            shares[room % workers].append(Seat(f"m{next(numbers)}", f"r{room}", sender))
            sender += 1
        shares[room % workers].append(Seat(f"m{next(numbers)}", f"r{room}", watcher=True))
    for listener in range(members - senders - 1):
        for room in range(rooms):
            if listener * rooms + room < timed:
                timers.append(Seat(f"m{next(numbers)}", f"r{room}", timed=True))
            else:
                min(shares, key=len).append(Seat(f"m{next(numbers)}", f"r{room}"))
    return [*shares, timers] if timers else shares
