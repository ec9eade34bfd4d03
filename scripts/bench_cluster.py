"""One server alone, one over a stream, three over a stream that three NATS servers keep: ``make bench-cluster``.

All processes, and what measures them, share this machine, so the ratios say something and the figures little.
"""

from __future__ import annotations

import json
import selectors
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import quantiles

from roomchat.verify.cluster import nats_servers
from roomchat.verify.processes import Process

SAYS = 400  # of one person, one after the other
TALKERS = 8
WINDOW = 50  # messages of each on their way
SECONDS = 4.0
ROUNDS = 3
SETUPS = {"alone": (1, 0), "one over one": (1, 1), "three over three": (3, 3)}  # servers, NATS servers


class Member:
    """A raw connection that counts what it is told."""

    def __init__(self, address: tuple[str, int], name: str) -> None:
        self.socket = socket.create_connection(address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.lines = 0
        self.said = 0
        self._rest = b""
        self.send(type="hello", protocol=1, name=name, features=["action"])
        self.send(type="join", room="tea", history=0)
        self.send(type="ping", id="in")
        while b'"in"' not in self._rest:
            self._rest += self.socket.recv(65536)
        self._rest = b""

    def send(self, **command: object) -> None:
        self.socket.sendall(json.dumps(command).encode() + b"\n")

    def say(self) -> None:
        self.said += 1
        self.socket.sendall(b'{"type":"say","room":"tea","text":"hello there"}\n')

    def take(self) -> None:
        """Read what is there."""
        self.lines += self.socket.recv(1 << 20).count(b'{"type":"message"')


@contextmanager
def running(servers: int, nats: int) -> Iterator[tuple[list[tuple[str, int]], list[Process], list[Process]]]:
    """Addresses of the servers, the servers, and the NATS servers."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        nodes = nats_servers(folder, nats) if nats else []
        for node, _ in nodes:
            node.spawn()
            stack.callback(node.kill)
        urls = ",".join(f"nats://127.0.0.1:{port}" for _, port in nodes)
        started = []
        for number in range(servers):
            more = (
                ["--cluster", urls, "--cluster-replicas", str(nats), "--server-name", f"s{number}"] if nats else []
            )
            db = str(folder / f"{number}.db")
            command = [sys.executable, "-m", "roomchat", "serve", "--port", "0", "--rate", "0", "--db", db, *more]
            started.append(Process(command, folder / f"{number}.log"))
            started[-1].spawn()
            stack.callback(started[-1].kill)
        found = [one.expect(r"listens on (\S+):(\d+)\.$") for one in started]
        yield [(one[1], int(one[2])) for one in found], started, [node for node, _ in nodes]


def echoes(members: list[Member]) -> tuple[float, float]:
    """How long a message takes to come back while nothing else happens: the middle and the 99th of 100, in ms."""
    times = []
    with selectors.DefaultSelector() as selector:
        for member in members:
            selector.register(member.socket, selectors.EVENT_READ, member)
        for _ in range(SAYS):
            begun = time.perf_counter()
            members[0].say()
            before = members[0].lines
            while members[0].lines == before:
                for key, _ in selector.select():
                    key.data.take()
            times.append((time.perf_counter() - begun) * 1000)
            time.sleep(0.002)
    cuts = quantiles(times, n=100)
    return cuts[49], cuts[98]


def talk(members: list[Member]) -> tuple[float, float]:
    """Messages and deliveries a second, while some talk as fast as theirs come back."""
    speakers = members[:TALKERS]
    with selectors.DefaultSelector() as selector:
        for member in members:
            selector.register(member.socket, selectors.EVENT_READ, member)
            member.lines = member.said = 0
        begun = time.monotonic()
        while (now := time.monotonic()) < begun + SECONDS:
            for member in speakers:  # each hears all of them: as many of its own as of any other
                while member.said < member.lines / len(speakers) + WINDOW:
                    member.say()
            for key, _ in selector.select(0.1):
                key.data.take()
    total = sum(member.lines for member in members)
    return total / len(members) / (now - begun), total / (now - begun)


def main() -> None:
    """Print a table of the middle of the rounds."""
    rows: dict[tuple[str, int], list[list[float]]] = {}
    for _ in range(ROUNDS):
        for name, (servers, nats) in SETUPS.items():
            for count in (6, 100):
                with running(servers, nats) as (addresses, processes, nodes), ExitStack() as stack:
                    members = [Member(addresses[at % servers], f"p{at}") for at in range(count)]
                    for member in members:
                        stack.callback(member.socket.close)
                    p50, p99 = echoes(members)
                    before = [one.cpu() for one in (*processes, *nodes)]
                    says, deliveries = talk(members)
                    spent = [one.cpu() - was for one, was in zip((*processes, *nodes), before, strict=True)]
                    ours, theirs = sum(spent[: len(processes)]), sum(spent[len(processes) :])
                    rows.setdefault((name, count), []).append([p50, p99, says, deliveries, ours, theirs])
    print("| servers | members | echo p50 ms | p99 ms | messages/s | deliveries/s | CPU s | of NATS |")
    print("|---|---|---|---|---|---|---|---|")
    for (name, count), rounds in rows.items():
        middle = [sorted(values)[len(values) // 2] for values in zip(*rounds, strict=True)]
        p50, p99, says, deliveries, ours, theirs = middle
        figures = f"{p50:.2f} | {p99:.2f} | {says:,.0f} | {deliveries:,.0f} | {ours:.1f} | {theirs:.1f}"
        print(f"| {name} | {count} | {figures} |")


if __name__ == "__main__":
    main()
