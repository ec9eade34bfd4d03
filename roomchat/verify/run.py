"""A run: a server, clients that talk, faults by a schedule, and in the end the checker."""

from __future__ import annotations

import heapq
import itertools
import secrets
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from roomchat.client.address import Address
from roomchat.verify import log as final_log
from roomchat.verify import records
from roomchat.verify.check import check, check_newcomer, check_traces
from roomchat.verify.check_people import check_people
from roomchat.verify.cluster import ClusterHosts
from roomchat.verify.faults import ENCRYPTED, HOSTS, LONG, SHARED, Fault, Kind, schedule
from roomchat.verify.hosts import Hosts, choose, start_again
from roomchat.verify.options import Options
from roomchat.verify.order import ORDER, check_order, count_order, order_rooms
from roomchat.verify.processes import Process, VerifyError
from roomchat.verify.proxy import Link, cut_all, heal_all
from roomchat.verify.records import AnyRecord, Tail
from roomchat.verify.report import Result, count, progress

DEVICES = 3  # of each person, whose account is of the server that is started for the run
CLIENTS_PER_WORKER = DEVICES  # clients in one process
MAX_RATE = 6.0  # messages a second and client, at the most
MAX_DELIVERIES = 1000.0  # a second, of all clients together: what their processes take on a small machine
# Long messages at once, 6.4 MB: a slow reader's part of them is more than what the system keeps for it, 4 MB on
# Linux, and the server's outbox, 1 MiB.
FLOOD_MESSAGES = 200
ONE_IN = 3  # one connection of so many meets a fault that several meet at once
SLACK = 10.0  # seconds for a step in which clients wait themselves, on top of what they wait
MAX_LATE = 20.0  # seconds after the end in which faults are done that could not be done in time
POLL_INTERVAL = 0.05  # seconds between two looks at the records while waiting
TICK = 0.01  # seconds between two looks whether a fault is due
PROGRESS_INTERVAL = 3.0  # seconds between two lines for the person
MIN_RATE = 2  # messages a second, by all clients; fewer prove nothing

_ON_ONE = {Kind.CUT: Link.cut, Kind.STALL: Link.stall, Kind.TEAR: Link.tear, Kind.CHANGE: Link.change}

T = TypeVar("T")


class Run:
    """One run; use it once. Only the thread that made it calls its methods."""

    def __init__(self, options: Options, show: Callable[[str], None]) -> None:
        """Nothing happens before ``run``.

        Args:
            options: what to do.
            show: gets the lines that tell how it goes.
        """
        self._options = options
        self._show = show
        self.folder = Path(tempfile.mkdtemp(prefix="roomchat-verify-"))  # removed if all is well
        self._mark = f"verify-{secrets.token_hex(3)}"  # names that nobody has on a server that is not ours
        prefix = f"{self._mark}-" if options.address else ""
        name = "bot-{0}" if options.address else "bot-{1}.{2}"  # accounts would stay on a server that is not ours
        places = [(i + 1, i // DEVICES + 1, i % DEVICES + 1) for i in range(options.clients)]
        self._names = [prefix + name.format(*place) for place in places]
        self._rooms = [f"{prefix}room-{i}" for i in range(1, options.rooms + 1)]
        self._hosts = (ClusterHosts if options.cluster else Hosts)(options, self.folder)
        self._workers: list[Process] = []
        self._tails = {name: Tail(self.folder / f"{name}.jsonl") for name in self._names}
        self._records: dict[str, list[AnyRecord]] = {name: [] for name in self._names}
        self._schedule: list[Fault] = []
        self._started = 0.0  # on the monotonic clock: when the faults began
        self._finishing = False  # the workers may end
        self._due: list[tuple[float, int, Callable[[], None]]] = []  # a heap: seconds from the beginning
        self._order = itertools.count()  # so that no two of them compare equal
        self._long = 0  # faults that lasted for so long that servers give up one that they have met
        self._result = Result()

    def run(self) -> Result:
        """Do it all. Whatever happens, none of its processes is left.

        Raises:
            VerifyError: it could not be carried out; the records are kept.
        """
        result = self._result
        try:
            try:
                self._start()
                self._do_faults()
                self._check()
            finally:
                self._end()
        except KeyboardInterrupt:
            shutil.rmtree(self.folder)
            raise
        if result.passed:
            shutil.rmtree(self.folder)
        return result

    # ------------------------------------------------------------ the beginning and the end

    def _start(self) -> None:
        options = self._options
        self._hosts.start()
        rate = min(MAX_RATE, MAX_DELIVERIES / options.clients**2)
        for i in range(0, options.clients, CLIENTS_PER_WORKER):
            names = self._names[i : i + CLIENTS_PER_WORKER]
            command = [
                *options.worker_command,
                *("--addresses", options.addresses(self._hosts.addresses)),
                *("--folder", str(self.folder)),
                *("--names", ",".join(names)),
                *("--rooms", ",".join(self._rooms)),
                *("--order", ORDER if self._hosts.servers else ""),  # where bans can be left behind
                *("--rate", str(rate)),
                *("--patience", str(options.patience)),
                *("--seed", str(options.seed * 1000 + i)),
            ]
            self._workers.append(Process(command, self.folder / f"worker-{i // CLIENTS_PER_WORKER + 1}.log"))
        for worker in self._workers:
            worker.spawn()
        self._wait(self._has_joined, "come into their rooms")
        self._show(f"{options.clients} clients talk in {options.rooms} rooms; the faults begin.")

    def _end(self) -> None:
        for worker in self._workers:
            worker.kill()
        self._hosts.close()

    # ------------------------------------------------------------ faults

    def _do_faults(self) -> None:
        options = self._options
        kills = max(1, round(options.seconds / options.kill_every)) if options.kills is None else options.kills
        without = set() if self._hosts.servers else HOSTS
        without |= (set() if options.tls else ENCRYPTED) | (set() if options.cluster else SHARED)
        self._schedule = schedule(options.seed, options.seconds, kills, without)
        for fault in self._schedule:
            self._at(fault.at, partial(self._begin, fault))
        self._started = time.monotonic()
        next_line = PROGRESS_INTERVAL
        while (now := self._now()) < options.seconds or (self._due and now < options.seconds + MAX_LATE):
            if self._due and self._due[0][0] <= now:
                heapq.heappop(self._due)[2]()
                continue
            if now >= next_line:
                next_line += PROGRESS_INTERVAL
                self._look()
                self._show(progress(now, self._result))
            self._check_processes()
            self._hosts.tick(now)
            time.sleep(TICK)

    def _now(self) -> float:
        """Seconds from the beginning of the faults."""
        return time.monotonic() - self._started

    def _at(self, when: float, call: Callable[[], None]) -> None:
        heapq.heappush(self._due, (when, next(self._order), call))

    def _begin(self, fault: Fault) -> None:
        """Do it, and set down when it ends."""
        match fault.kind:
            case kind if kind in HOSTS:
                if (end := self._hosts.begin(fault)) is None:
                    self._at(self._now() + POLL_INTERVAL, partial(self._begin, fault))
                    return
                self._at(self._now() + fault.lasts, end)
                self._long += fault.lasts >= LONG[0]
            case Kind.CLIENT_KILL:
                worker = choose(self._workers, fault)
                worker.kill()
                self._at(self._now() + fault.lasts, partial(start_again, worker))
            case _:
                if not self._break_link(fault):
                    self._at(self._now() + POLL_INTERVAL, partial(self._begin, fault))
                    return
        self._result.faults[fault.kind] += 1

    def _break_link(self, fault: Fault) -> bool:
        """Do a fault between a client and the server. False: nobody is connected that it could affect."""
        links = self._hosts.links()
        if not links:
            return False
        link = choose(links, fault)
        some = links[int(fault.choice * ONE_IN) :: ONE_IN] or links
        end: Callable[[], None] = link.heal
        match fault.kind:
            case Kind.CUT_ALL:
                end = partial(cut_all, links)
            case Kind.BLACKHOLE:
                for one in some:
                    one.blackhole()
                self._tell(f"burst {choose(self._rooms, fault)}")  # so that they have something not to hear of
                end = partial(cut_all, some)
            case Kind.SLOW:
                self._tell(f"flood {choose(self._rooms, fault)} {FLOOD_MESSAGES // len(self._workers)}")
                for one in some:
                    one.slow_down()
                end = partial(heal_all, some)
            case _:
                _ON_ONE[fault.kind](link)
        self._at(self._now() + fault.lasts, end)
        return True

    def _tell(self, line: str) -> None:
        """To all workers; one that was killed just now is told nothing."""
        for worker in self._workers:
            worker.type(f"{line}\n")

    # ------------------------------------------------------------ the check

    def _check(self) -> None:
        """No more faults: wait until all is said and seen, and hold it against the log."""
        result, servers = self._result, self._hosts.servers
        self._hosts.heal()
        for worker in self._workers:
            start_again(worker)
        self._tell("quiet")
        self._wait(_is_quiet, "said their last")
        self._hosts.heal()
        found = self._read_log()
        log = found.log
        self._finishing = True
        places = " ".join(f"{room}={entries[-1].seq if entries else 0}" for room, entries in log.items())
        self._tell(f"finish {places}")
        self._wait(_is_finished, "seen the last message")
        if servers:
            newcomer = final_log.from_server(Address(*servers[0].address), f"{self._mark}-new", self._rooms)
            result.violations += self._hosts.stop()
            found = self._read_log()
            result.violations += check_newcomer(newcomer.log, found.log)
            for server in servers:
                result.violations += check_traces(self._records, found.log, server.files())
        self._look()
        log = found.log
        result.counts = count(self._records, log) + self._hosts.counts
        result.counts.update({"passed over": found.passed_over, "long": self._long})
        result.leader_hit = self._hosts.leader_hit
        if servers:
            kept = final_log.all_of(servers[0].db, order_rooms(self._records))
            result.violations += check_order(self._records, kept)
            log = log | {room: final_log.spoken_of(entries) for room, entries in kept.items()}
            result.counts.update(count_order(kept))
        result.violations += [*check(self._records, log), *check_people(self._records, found.log)]
        result.untested += self._untested()

    def _read_log(self) -> final_log.Found:
        if self._hosts.servers:
            return final_log.from_file(self._hosts.servers[0].db, self._rooms)
        assert self._options.address is not None
        return final_log.from_server(self._options.address, f"{self._mark}-log", self._rooms)

    def _untested(self) -> list[str]:
        """Why this run proves less than it should."""
        options, result = self._options, self._result
        why = []
        if result.counts["said"] < MIN_RATE * options.seconds:
            why.append(f"Only {result.counts['said']} messages were said.")
        for kind, planned in Counter(fault.kind for fault in self._schedule).items():
            if result.faults[kind] < planned:
                why.append(f"Too few faults: {kind.value}, {result.faults[kind]} of {planned}.")
        if result.faults[Kind.DISK_SLOW] and not result.counts["slow writes"]:
            why.append("No write of a server met a slow disk.")
        return why

    # ------------------------------------------------------------ the records

    def _look(self) -> None:
        """Read what is new."""
        for name, tail in self._tails.items():
            new = tail.read()
            self._records[name] += new
            for record in new:
                self._result.counts["said"] += isinstance(record, records.Said)
                self._result.counts["seen"] += isinstance(record, records.Seen)

    def _wait(self, done: Callable[[Sequence[AnyRecord]], bool], what: str) -> None:
        """Wait until that is so of the records of all; if it takes too long, it is a violation."""
        deadline = time.monotonic() + self._options.patience + SLACK
        while True:
            self._look()
            late = [name for name, own in self._records.items() if not done(own)]
            if not late:
                return
            if time.monotonic() > deadline:
                self._result.violations.append(f"{', '.join(late)} have not {what} in time.")
                return
            self._check_processes()
            time.sleep(POLL_INTERVAL)

    def _has_joined(self, own: Sequence[AnyRecord]) -> bool:
        return sum(isinstance(record, records.Joined) for record in own) >= len(self._rooms)

    def _check_processes(self) -> None:
        """Raises VerifyError if one has ended that was not killed by us."""
        for process in [*self._workers, *self._hosts.processes]:
            if process.exit_code is not None and not (self._finishing and process.exit_code == 0):
                raise VerifyError(
                    f"A process ended by itself, with exit code {process.exit_code}: {process.log} says more."
                )


def _is_quiet(own: Sequence[AnyRecord]) -> bool:
    """Whether it has become quiet since it started last."""
    marks = (record for record in reversed(own) if isinstance(record, records.Started | records.Quiet))
    return isinstance(next(marks, None), records.Quiet)


def _is_finished(own: Sequence[AnyRecord]) -> bool:
    return bool(own) and isinstance(own[-1], records.Finished)
