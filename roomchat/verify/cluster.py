"""Three servers that share one chat, and three NATS servers that have their stream: the hosts of ``--cluster``."""

from __future__ import annotations

import re
import sqlite3
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from functools import partial
from hashlib import sha256
from pathlib import Path
from random import Random
from signal import SIGCONT, SIGSTOP
from typing import Any

from roomchat.store import shared
from roomchat.verify.faults import Fault, Kind
from roomchat.verify.hosts import Hosts, start_again
from roomchat.verify.nats import COUNT, NatsServers, free_ports
from roomchat.verify.options import Options
from roomchat.verify.processes import Process, ServerProcess
from roomchat.verify.proxy import Proxy, cut_all
from roomchat.verify.slow_disk import SlowDisk

SETTLED = 60.0  # seconds that all have to come to know the same
POLL = 0.5  # seconds between two looks whether they do
KEPT = 90.0  # seconds within which all keep their state at the same position: they do each minute
# One that is slow stands still again and again, for so long, and runs for so long in between.
STANDS = (0.05, 0.3)  # seconds
RUNS = (0.05, 0.2)  # seconds
GIVEN_UP = "the other servers did not hear of this one for too long, and go on without it"

_KILLS = {Kind.SERVER_KILL, Kind.NATS_KILL}
_SLOW = {Kind.SERVER_SLOW, Kind.NATS_SLOW}
_NATS = {Kind.NATS_KILL, Kind.NATS_HANG, Kind.NATS_SLOW, Kind.NATS_SPLIT, Kind.MACHINE_SPLIT}
_TAKING = _KILLS | _SLOW | {Kind.SERVER_HANG, Kind.NATS_HANG, Kind.DISK_SLOW}  # the faults of a process


class ClusterHosts(Hosts):
    """As the server of another run: any of them may be killed, or hang, and so may what is below them, and what is
    between.

    Every way from one to another leads through a proxy of its own, which takes the place of a network that can be
    parted.
    """

    recovers = 60.0  # the NATS servers may have to elect a leader first, twice

    def __init__(self, options: Options, folder: Path) -> None:
        super().__init__(options, folder)
        self._command, self._folder = options.server_command, folder
        self._nats = NatsServers(folder)
        self._ways: list[list[Proxy]] = []  # from each server to each NATS server
        self._met: dict[Process, Callable[[], None]] = {}  # processes that a fault has met, and what ends it
        self._slow: dict[Process, float] = {}  # those that stand still again and again; when they stop or go on
        self._disks: dict[Process, SlowDisk] = {}
        self._choose = Random(options.seed)

    def start(self) -> None:
        """See ``Hosts``."""
        self._nats.connect()
        self._ways = [[Proxy(("127.0.0.1", port)) for port in self._nats.ports] for _ in range(COUNT)]
        self._proxies = [Proxy() for _ in range(COUNT)]
        self.servers = []
        for at, (proxy, port) in enumerate(zip(self._proxies, free_ports(COUNT), strict=True)):
            urls = ",".join(f"nats://{way.address}" for way in self._ways[at])
            name = f"server-{at + 1}"
            server = ServerProcess(
                self._command, self._folder, f"chat-{at + 1}",
                ["--cluster", urls, "--server-name", name, "--advertise", proxy.address],
            )  # fmt: skip
            server.address = ("127.0.0.1", port)
            self.servers.append(server)
        super().start()

    @property
    def processes(self) -> Sequence[Process]:
        """See ``Hosts``."""
        return [*self._nats.processes, *self.servers]

    # ------------------------------------------------------------ faults

    def begin(self, fault: Fault) -> Callable[[], None] | None:
        """See ``Hosts``."""
        if fault.kind is Kind.RENEW:
            return super().begin(fault)
        at = int(fault.choice * COUNT)
        leader = self._nats.leader() if fault.kind in _NATS else None
        if leader is not None:  # every other one goes for it: that is the fault with consequences
            at = leader if fault.choice < 0.5 else int((2 * fault.choice - 1) * COUNT)
        if fault.kind in _TAKING:
            among = self._nats.processes if fault.kind in _NATS else self.servers
            at = next((one % COUNT for one in range(at, at + COUNT) if among[one % COUNT] not in self._met), -1)
            if at < 0:
                return None
            end = self._take(among[at], fault.kind)
        elif fault.kind is Kind.STREAM_CUT:
            end = partial(cut_all, [link for way in self._to(at) for link in way.links()])
        else:
            end = _hold(self._between(at, fault.kind))
        if at == leader:
            self.leader_hit[fault.kind] += 1
        return end

    def _take(self, process: Process, kind: Kind) -> Callable[[], None]:
        """Kill it, have it hang, or be slow; what ends that."""
        end = partial(_wake, process)
        if kind in _KILLS:
            process.kill()
            end = partial(start_again, process)
        elif kind is Kind.DISK_SLOW and isinstance(process, ServerProcess):
            self._disks[process] = SlowDisk(process.db, Random(self._choose.random()))
            end = partial(self._end_disk, process)
        elif kind in _SLOW:
            self._slow[process] = 0.0
        else:
            process.signal(SIGSTOP)
        self._met[process] = end
        return partial(self._let_go, process)

    def _let_go(self, process: Process) -> None:
        """What has met it is over."""
        self._slow.pop(process, None)
        if (end := self._met.pop(process, None)) is not None:
            end()

    def _end_disk(self, process: Process) -> None:
        disk = self._disks.pop(process)
        disk.end()
        self.counts["slow writes"] += disk.writes

    def tick(self, now: float) -> None:
        """See ``Hosts``."""
        for process, when in self._slow.items():
            if now >= when:
                self._slow[process] = now + self._choose.uniform(*(RUNS if process.stands else STANDS))
                process.signal(SIGCONT if process.stands else SIGSTOP)

    def _to(self, node: int) -> list[Proxy]:
        """From all servers to one NATS server."""
        return [ways[node] for ways in self._ways]

    def _between(self, at: int, kind: Kind) -> list[Proxy]:
        """What does not pass in a partition, or where things stall."""
        if kind is Kind.STREAM_STALL:
            return self._to(at)
        if kind is Kind.SERVER_SPLIT:
            return self._ways[at]
        routes = self._nats.routes(at)
        if kind is Kind.NATS_SPLIT:
            return routes
        own = self._ways[at][at]  # within the machine
        return [*routes, *(way for way in [*self._ways[at], *self._to(at)] if way is not own)]

    def heal(self) -> None:
        """See ``Hosts``. Returns when all know the same."""
        for process in [*self._met]:
            self._let_go(process)
        self._nats.heal()
        for way in self._all_ways():
            way.heal()
        super().heal()
        until = time.monotonic() + SETTLED
        while self._differ() and time.monotonic() < until:
            time.sleep(POLL)

    def _all_ways(self) -> Iterable[Proxy]:
        return [way for ways in self._ways for way in ways]

    # ------------------------------------------------------------ the end

    def stop(self) -> list[str]:
        """See ``Hosts``. All states and all logs must be the same, and none may have been different before."""
        found = self._compare_states()
        super().stop()
        return [*found, *self._differ(), *self._went_astray()]

    def close(self) -> None:
        """See ``Hosts``."""
        for process in [*self._disks]:
            self._end_disk(process)
        super().close()
        self._nats.close()
        for way in self._all_ways():
            way.close()

    def _differ(self) -> list[str]:
        """In which rooms the logs are not the same, byte by byte."""
        first, *others = (_rooms(server.db) for server in self.servers)
        return [
            f"The logs of server-1 and server-{number} are not the same in {room}."
            for number, other in enumerate(others, start=2)
            for room in sorted({*first, *other})
            if first.get(room) != other.get(room)
        ]

    def _compare_states(self) -> list[str]:
        """All that the hubs know, at a position of the stream at which all have kept it: that is each minute."""
        begun = max(position for position, _ in map(_state, self.servers))
        digests: dict[int, dict[str, str]] = defaultdict(dict)  # by position, then by server
        until = time.monotonic() + KEPT
        while time.monotonic() < until:
            for number, (position, digest) in enumerate(map(_state, self.servers), start=1):
                digests[position][f"server-{number}"] = digest
            for position, found in digests.items():
                if len({*found.values()}) > 1:
                    return [f"The states of {', '.join(found)} at position {position} are not the same."]
                if len(found) == COUNT and position > begun:
                    self.counts["states compared"] += 1
                    return []
            time.sleep(POLL)
        return [f"The servers have not all kept their states at the same position within {KEPT:g} s."]

    def _went_astray(self) -> Iterable[str]:
        """What the servers say of their own ends, and of errors: only to have been given up is no fault."""
        for number, server in enumerate(self.servers, start=1):
            said = server.log.read_text(encoding="utf-8", errors="replace")
            for stopping, failing in re.findall(r"^Stopping: (.*)\.$|^(.*) Coming back\.$", said, re.MULTILINE):
                if stopping == GIVEN_UP:
                    self.counts["given up"] += 1
                else:
                    yield f"server-{number} has stopped by itself: {stopping or failing}"
            for fault in re.findall(r"^\S+ \S+ (?:ERROR|CRITICAL) (.*)$", said, re.MULTILINE):
                yield f"server-{number} has logged: {fault}"


def _hold(proxies: Sequence[Proxy]) -> Callable[[], None]:
    """Nothing passes; what ends that."""
    for proxy in proxies:
        proxy.hold()
    return partial(_release, proxies)


def _release(proxies: Sequence[Proxy]) -> None:
    for proxy in proxies:
        proxy.release()


def _wake(process: Process) -> None:
    if process.runs:
        process.signal(SIGCONT)


def _state(server: ServerProcess) -> tuple[int, str]:
    """Where in the stream it has kept last what its hub knew, and a digest of that; 0 and nothing: nowhere."""
    with closing(sqlite3.connect(f"{server.db.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        kept = shared.read(connection)
    if kept is None:
        return 0, ""
    return kept.snapshot.position, sha256(kept.snapshot.state).hexdigest()


def _rooms(db: Path) -> dict[str, str]:
    """A digest of all that stands in each room."""
    digests: defaultdict[str, Any] = defaultdict(sha256)
    with closing(sqlite3.connect(f"{db.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        query = "SELECT key, lines FROM segments JOIN rooms ON rooms.id = room ORDER BY segments.id"
        for key, lines in connection.execute(query):
            digests[key].update(lines)
    return {key: digest.hexdigest() for key, digest in digests.items()}
