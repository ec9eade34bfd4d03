"""Servers in processes of their own: started with all limits off, measured from outside, and ended."""

from __future__ import annotations

import os
import platform
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import configs
from dialects import IRC, NATIVE, NATIVE_WEBSOCKET, NATS, NATS_WEBSOCKET, Dialect

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))  # what is measured, and what measures, is this checkout
from roomchat.net.self_signed import make_file  # noqa: E402
from roomchat.verify import processes  # noqa: E402
from roomchat.verify.nats import nats_servers  # noqa: E402

os.environ["PATH"] += f"{os.pathsep}{Path(sys.executable).parent}"  # what extras have brought
PATIENCE = 30.0  # seconds until a server that does not listen is given up


class BenchError(Exception):
    """Something could not be measured."""


@dataclass(frozen=True)
class Kind:
    """A server that can be measured; its command and its configuration are formatted with a folder and a port."""

    name: str
    dialect: Dialect
    command: str
    config: str = ""
    at_once: int = 1000  # of one process that may be on their way in: bounded by the backlog of its socket
    tls: bool = False  # its clients come encrypted
    words: int = 1  # of the command, that are the program
    cluster: int = 0  # so many of them as one chat, over as many NATS servers

    @property
    def absent(self) -> str:
        """A sentence about what is missing; empty if nothing is."""
        programs = [self.command.split()[0], *["nats-server"] * (self.cluster > 0)]
        missing = [program for program in programs if not shutil.which(program)]
        return f"{self.name} is left out, because the PATH has no program called {missing[0]}." if missing else ""

    def find_version(self) -> str:
        """As it says itself."""
        command = self.command.split()[: self.words]
        done = subprocess.run([*command, "--version"], capture_output=True, text=True, check=False, cwd=ROOT)
        found = re.search(r"\d+\.\d+[.\d]*", done.stdout + done.stderr)
        return found.group() if found else "unknown"


SERVE = f"{sys.executable} -m roomchat serve --port {{port}} --db {{folder}}/log.db"
ROOMCHAT = Kind("roomchat", NATIVE, f"{SERVE} --rate 0", words=3)  # python -m roomchat
ROOMCHAT_NORMAL = replace(ROOMCHAT, name="roomchat, sync normal", command=f"{SERVE} --rate 0 --sync normal")
# Of one address, 256 that are not welcomed yet stay however long it takes; and these have one step more to go.
ROOMCHAT_WEBSOCKET = replace(ROOMCHAT, name="roomchat, WebSocket", dialect=NATIVE_WEBSOCKET, at_once=200)
BALANCER = "127.0.0.2"  # who says from where the others come
ROOMCHAT_LIMITS = replace(
    ROOMCHAT, name="roomchat, limits", command=f"{SERVE} --proxy-from {BALANCER}"
)  # its own rates
# Nobody comes in clear: whose first word is late on a busy machine is not taken for a person, and greeted. Of one
# address 256 handshakes are under way.
ENCRYPTED = f"{SERVE} --rate 0 --plaintext none"
ROOMCHAT_TLS = replace(ROOMCHAT, name="roomchat, TLS", command=ENCRYPTED, at_once=100, tls=True)
ONE_OVER_ONE = replace(ROOMCHAT, name="roomchat, one over one NATS", cluster=1)
THREE_OVER_THREE = replace(ROOMCHAT, name="roomchat, three over three NATS", cluster=3)
INSPIRCD = Kind("InspIRCd", IRC, "inspircd --nofork --runasroot --config {folder}/config", configs.INSPIRCD)
INSPIRCD_TLS = replace(INSPIRCD, name="InspIRCd, TLS", config=configs.INSPIRCD_TLS, tls=True)
NGIRCD = Kind("ngircd", IRC, "ngircd --nodaemon --config {folder}/config", configs.NGIRCD, at_once=4)
NATS_CORE = Kind("NATS core", NATS, "nats-server --config {folder}/config", configs.NATS)
NATS_WS = replace(NATS_CORE, name="NATS core, WebSocket", dialect=NATS_WEBSOCKET, config=configs.NATS_WEBSOCKET)
BROADCASTING = f"{sys.executable} {Path(__file__).with_name('broadcast.py')} {{port}}"
BROADCAST = Kind("websockets", NATIVE_WEBSOCKET, BROADCASTING, words=2)

PEERS = (INSPIRCD, INSPIRCD_TLS, NGIRCD, NATS_CORE)
BROWSERS = (ROOMCHAT_WEBSOCKET, BROADCAST, NATS_WS)
CLUSTERS = (ONE_OVER_ONE, THREE_OVER_THREE)
OURS = (ROOMCHAT, ROOMCHAT_NORMAL, ROOMCHAT_LIMITS, ROOMCHAT_TLS, *CLUSTERS)
KINDS = {kind.name: kind for kind in (*OURS, *PEERS, *BROWSERS)}


def describe(kinds: Sequence[Kind]) -> dict[str, object]:
    """Machine, system and the versions of all servers."""
    processor = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    git = ["git", "rev-parse", "--short", "HEAD"]
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "processor": processor[1] if processor else platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "commit": subprocess.run(git, capture_output=True, text=True, check=False, cwd=ROOT).stdout.strip(),
        "load_before": os.getloadavg()[0],
        "versions": {kind.name: kind.find_version() for kind in kinds},
    }


class Process(processes.Process):
    """A running server, with a folder of its own."""

    def __init__(self, kind: Kind, database: Path | None = None) -> None:
        """Start it, and return when it can be connected to.

        Args:
            database: a log that roomchat is to begin with; it is used itself, not a copy.
        Raises:
            BenchError: it did not start; with the end of what it said.
        """
        self.kind = kind
        self._folder = tempfile.TemporaryDirectory(prefix="bench-")
        folder = Path(self._folder.name)
        folder.chmod(0o755)  # some servers change to another user when started by root
        if database is not None:
            (folder / "log.db").symlink_to(database)
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.address: tuple[str, int] = free.getsockname()
        places = {"folder": folder, "port": self.address[1]}
        (folder / "config").write_text(kind.config.format(**places))
        if kind is INSPIRCD_TLS:
            make_file(folder / "key.pem", ["localhost"])  # as roomchat makes for itself
        super().__init__(kind.command.format(**places).split(), folder / "output", {"PYTHONPATH": str(ROOT)})
        try:
            self.started_in = self.start()
        except BaseException:
            self.__exit__()
            raise

    def start(self) -> float:
        """Start it, again if it was killed: the seconds until it could be connected to. Raises BenchError."""
        begun = time.monotonic()
        self.spawn()
        while time.monotonic() < begun + PATIENCE and self.runs:
            with socket.socket() as sock:
                if sock.connect_ex(self.address) == 0:
                    return time.monotonic() - begun
            time.sleep(0.002)
        raise BenchError(f"{self.kind.name} did not start: {self.said()}")

    @property
    def addresses(self) -> list[tuple[str, int]]:
        """Where members come in, in turns."""
        return [self.address]

    def spent(self) -> dict[str, float]:
        """Seconds of processor time, so far."""
        return {"cpu": self.cpu()}

    def said(self) -> str:
        """The end of what it has printed."""
        return " | ".join(self.log.read_text(errors="replace").splitlines()[-5:])

    def check_silent(self) -> None:
        """Raises BenchError if roomchat has printed anything behind its greeting."""
        complaints = self.log.read_text().rpartition("Press Ctrl-C to stop the server.\n")[2]
        if complaints:
            raise BenchError(f"{self.kind.name} complains: {complaints}")

    def __exit__(self, *_: object) -> None:
        super().__exit__()  # as a crash would: nothing is measured any more
        self._folder.cleanup()


class Cluster:
    """Several servers that are one chat, and the NATS servers below them: what a talk needs of a ``Process``."""

    def __init__(self, servers: Sequence[Process], nodes: Sequence[processes.Process]) -> None:
        self.kind = servers[0].kind
        self.address, *_ = self.addresses = [one.address for one in servers]
        self._servers, self._nodes = servers, nodes

    def spent(self) -> dict[str, float]:
        """See ``Process``; ``nats`` is of the NATS servers."""
        return {"cpu": sum(one.cpu() for one in self._servers), "nats": sum(one.cpu() for one in self._nodes)}

    def memory(self) -> float:
        """See ``Process``: of all servers together."""
        return sum(one.memory() for one in self._servers)

    def said(self) -> str:
        """See ``Process``."""
        return " / ".join(one.said() for one in self._servers)


@contextmanager
def running(kind: Kind) -> Iterator[Process | Cluster]:
    """A server, or if that is its kind several."""
    with ExitStack() as stack:
        if not kind.cluster:
            yield stack.enter_context(Process(kind))
            return
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-"))
        nodes = nats_servers(Path(folder), kind.cluster)
        for node, _ in nodes:
            stack.enter_context(node).spawn()
        urls = ",".join(f"nats://127.0.0.1:{port}" for _, port in nodes)
        command = f"{kind.command} --cluster {urls} --cluster-replicas {kind.cluster} --server-name s"
        alike = [replace(kind, command=f"{command}{number}") for number in range(kind.cluster)]
        yield Cluster([stack.enter_context(Process(one)) for one in alike], [node for node, _ in nodes])
