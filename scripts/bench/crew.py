"""The load generator: processes that share the members of a talk, and one that says when."""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection as Pipe
from typing import Any, TypeVar

from crowd import PATIENCE, Seat
from servers import BenchError, Cluster, Kind, Process
from talk import Schedule, Talkers

A = TypeVar("A")
R = TypeVar("R")
Figures = dict[str, float]

WORKERS = 2  # processes that share a talk; those who look at times are in one more
LEAD = 0.2  # seconds from telling the processes to the start
_fork = multiprocessing.get_context("fork")  # they begin in milliseconds


@dataclass(frozen=True)
class Pace:
    """How long to measure, in seconds, after how many of talk before."""

    warm: float = 1.0
    seconds: float = 4.0


@contextmanager
def beside(job: Callable[..., None], *arguments: object) -> Iterator[Pipe]:
    """While a process of its own does a job, with these arguments and one end of a pipe; we get the other.

    Raises:
        BenchError: it failed.
    """
    ours, theirs = _fork.Pipe()
    process = _fork.Process(target=_alone, args=(job, *arguments, theirs), daemon=True)
    process.start()
    theirs.close()
    try:
        yield ours
        if process.exitcode:
            raise BenchError(f"{job.__name__} has failed")
    finally:
        process.kill()
        process.join()
        ours.close()


def _alone(job: Callable[..., None], *arguments: object) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the one in charge ends us
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    job(*arguments)


def _work(addresses: Sequence[tuple[str, int]], kind: Kind, pipe: Pipe) -> None:
    """A process of the load generator: do what it is told until it fails or is ended."""
    crowd = Talkers(addresses, kind.dialect, kind.at_once, kind.tls)
    try:
        while True:
            while not pipe.poll():
                crowd.read(0.01)
            job, argument = pipe.recv()
            pipe.send(job(crowd, argument))
    except (BenchError, OSError) as error:  # of TLS as well
        pipe.send(BenchError(str(error)))


class Crew(ExitStack):
    """Processes with a crowd each, until its context is left."""

    def __init__(self, server: Process | Cluster, shares: Sequence[Sequence[Seat]]) -> None:
        super().__init__()
        self._server = server
        self._shares = shares
        self._pipes = [self.enter_context(beside(_work, server.addresses, server.kind)) for _ in shares]

    def gather(self, parts: int = 1) -> float:
        """Bring all members in: the seconds that it took.

        With more parts than one the processes take turns more evenly: a server may well write to members in the
        order in which they came, and then those of one process must not all be the first.
        """
        return sum(self.begin_gather(part, parts)() for part in range(parts))

    def begin_gather(self, part: int = 0, parts: int = 1) -> Callable[[], float]:
        """The same for one part, without waiting for it; what is returned waits."""
        coming = [seats[len(seats) * part // parts : len(seats) * (part + 1) // parts] for seats in self._shares]
        answers = self._tell(Talkers.gather, coming)
        return lambda: max(answers())

    def talk(
        self, pace: Pace, *, window: int = 0, rate: float = 0, timed: bool = False, storm: Crew | None = None
    ) -> Figures:
        """Talk, measure, and check that all who listen got all that was said.

        Args:
            window, rate, timed: as in ``Schedule``.
            storm: those, if any, who are to come in when the measuring begins.
        Returns:
            ``deliveries`` a second; those on their way at the end (``behind``: the window bounds those of one
            member, not of all); the server's processor time a second (``cpu``) and a delivery (``cpu_us``), of a
            cluster that of all together, and of its NATS servers (``nats``, ``nats_us``); that of the busiest
            process of the load generator a second (``load_cpu``: 1.0 would be its limit); if timed, ``p50_ms`` and
            ``p99_ms`` of a delivery; with a storm, the seconds until it was in (``storm_s``).
        Raises:
            BenchError: a message was lost or came twice, or a connection broke.
        """
        start = time.monotonic() + LEAD
        begin = start + pace.warm
        schedule = Schedule(start, begin, begin + pace.seconds, window, rate, timed)
        talked = self._tell(Talkers.run, [schedule] * len(self._pipes))
        _sleep_until(begin)
        before, begun = self._server.spent(), time.monotonic()
        came_in = storm.begin_gather() if storm and storm._pipes else None
        _sleep_until(schedule.end)
        seconds, after = time.monotonic() - begun, self._server.spent()
        spent = {name: (after[name] - before[name]) / seconds for name in after}
        said = sum(map(Counter, talked()), Counter())
        heard = self._tell(Talkers.finish, [said] * len(self._pipes))()
        if wrong := [sentence for share in heard for sentence in share.wrong]:
            raise BenchError(f"{len(wrong)} members of {self._server.kind.name} are wrong, the first: {wrong[0]}")
        deliveries = sum(share.deliveries / share.seconds for share in heard)
        figures = {
            "deliveries": deliveries,
            "behind": sum(share.behind for share in heard),
            **{f"{name}_us": value / deliveries * 1e6 for name, value in spent.items()},
            **spent,
            "load_cpu": max(share.cpu / share.seconds for share in heard),
        }
        if timed:
            times = sorted(value for share in heard for value in share.latencies)
            if not times:
                raise BenchError("no message came while it was measured")
            figures |= {f"p{part}_ms": times[len(times) * part // 100] / 1e6 for part in (50, 99)}
        return figures | ({"storm_s": came_in()} if came_in else {})

    def _tell(self, job: Callable[[Talkers, A], R], arguments: Sequence[A]) -> Callable[[], list[R]]:
        """Each process does the job with its argument; what is returned waits for the answers."""
        for pipe, argument in zip(self._pipes, arguments, strict=True):
            pipe.send((job, argument))
        return lambda: [self._receive(pipe) for pipe in self._pipes]

    def _receive(self, pipe: Pipe) -> Any:
        got = pipe.recv() if pipe.poll(2 * PATIENCE) else BenchError("the load generator does not answer")
        if isinstance(got, BenchError):
            raise BenchError(f"{self._server.kind.name}: {got}; it says: {self._server.said()}")
        return got


def _sleep_until(when: float) -> None:
    time.sleep(max(0.0, when - time.monotonic()))


def deal(rooms: int, members: int, senders: int, timed: int = 0) -> list[list[Seat]]:
    """The seats of a talk, dealt out to processes: rooms of so many members, of whom so many talk.

    The senders of a room and its watcher are in one process, the others in whichever has the fewest. Those who
    look at times have a process of their own: in a crowd each would wait until the others have been read.
    """
    shares: list[list[Seat]] = [[] for _ in range(WORKERS)]
    timers: list[Seat] = []
    for room in range(rooms):
        share, name = shares[room % WORKERS], f"r{room}"
        share += [Seat(f"s{sender}", name, sender) for sender in range(room * senders, (room + 1) * senders)]
        share.append(Seat(f"w{room}", name, watcher=True))
    for listener in range((members - senders - 1) * rooms):
        seat = Seat(f"l{listener}", f"r{listener % rooms}", timed=listener < timed)
        (timers if seat.timed else min(shares, key=len)).append(seat)
    return [*shares, timers] if timers else shares
