"""The servers of a run, and the proxies that stand between them and the clients."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from roomchat.verify.faults import Fault, Kind
from roomchat.verify.options import Options
from roomchat.verify.processes import PATIENCE, Process, ServerProcess
from roomchat.verify.proxy import Link, Proxy

T = TypeVar("T")


class Hosts:
    """One server of our own, or one that is somebody else's. Only the thread that made it calls it."""

    recovers = PATIENCE  # seconds that a server may take to listen while there are no faults

    def __init__(self, options: Options, folder: Path) -> None:
        """Nothing runs before ``start``."""
        self.servers = [] if options.address else [ServerProcess(options.server_command, folder)]
        self.counts: Counter[str] = Counter()  # of what has happened to them besides the faults
        self.leader_hit: Counter[Kind] = Counter()  # faults that met the leader of the servers' common stream
        self._address = options.address
        self._proxies: list[Proxy] = []

    @property
    def processes(self) -> Sequence[Process]:
        """All of ours."""
        return self.servers

    @property
    def addresses(self) -> list[str]:
        """Where clients come to."""
        return [proxy.address for proxy in self._proxies]

    def start(self) -> None:
        """Returns when all can be connected to. Raises VerifyError."""
        self._proxies = self._proxies or [Proxy()]
        for process in self.processes:
            process.spawn()
        for server in self.servers:
            server.listens(self.recovers)
        where = [server.address for server in self.servers] if self.servers else [(self._address or ("", 0))[:2]]
        for proxy, address in zip(self._proxies, where, strict=True):
            proxy.server = address

    def links(self) -> list[Link]:
        """Connections of clients."""
        return [link for proxy in self._proxies for link in proxy.links()]

    def begin(self, fault: Fault) -> Callable[[], None] | None:
        """Do what meets a server; what ends it, or None: it can't be done now."""
        if fault.kind is Kind.RENEW:
            choose(self.servers, fault).renew_certificate()
            return _no_end
        server = choose(self.servers, fault)
        start_again(server)  # where the kill before is not over yet
        server.listens()
        server.kill()
        return partial(start_again, server)

    def tick(self, now: float) -> None:
        """Carry on with what takes a while; called every few milliseconds. ``now``: seconds."""

    def heal(self) -> None:
        """No more faults; returns when all can be connected to. Raises VerifyError."""
        for process in self.processes:
            start_again(process)
        for server in self.servers:
            server.listens(self.recovers)
        for proxy in self._proxies:
            proxy.heal()

    def stop(self) -> list[str]:
        """Have all end by themselves; what is wrong with what they leave behind."""
        for server in self.servers:
            server.stop()
        return []

    def close(self) -> None:
        """Whatever has happened, nothing of it is left."""
        for proxy in self._proxies:
            proxy.close()
        for process in self.processes:
            process.kill()


def _no_end() -> None:
    pass


def choose(among: Sequence[T], fault: Fault) -> T:
    """Whom a fault meets."""
    return among[int(fault.choice * len(among))]


def start_again(process: Process) -> None:
    """If it does not run."""
    if not process.runs:
        process.spawn()
