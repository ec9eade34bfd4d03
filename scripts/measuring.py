"""What the measuring scripts share: a server in a process of its own, plain sockets, and figures. Linux only."""

from __future__ import annotations

import json
import os
import resource
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

from msgspec import Struct
from msgspec.json import Decoder

MIB = 1024 * 1024  # bytes
PATIENCE = 120.0  # seconds until something that does not come is given up
READ_SIZE = 256 * 1024  # bytes


class MeasuringError(Exception):
    """What was measured is wrong, or did not come in time."""


class Event(Struct):
    """As much of an event as is looked at here."""

    type: str
    room: str = ""
    seq: int = 0
    text: str = ""
    token: str = ""
    epoch: str = ""
    code: str = ""


_decoder = Decoder(Event)


class Peer:
    """A connection to a server, for one thread; it blocks neither in sending nor in receiving."""

    def __init__(self, address: tuple[str, int], receive_buffer: int = 0) -> None:
        """Begin to connect. ``receive_buffer`` is in bytes; 0 leaves it to the system."""
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.socket.connect_ex(address)
        self._rest = b""

    def send(self, *commands: Mapping[str, object]) -> None:
        """Commands, few and small enough for the system to take them at once."""
        data = b"".join(json.dumps(command).encode() + b"\n" for command in commands)
        if self.socket.send(data) != len(data):
            raise MeasuringError("the system did not take a command")

    def receive(self) -> list[Event]:
        """What has come since the last time."""
        try:
            data = self.socket.recv(READ_SIZE)
        except BlockingIOError:
            return []
        if not data:
            raise ConnectionResetError("the server hung up")
        lines, feed, rest = data.rpartition(b"\n")
        if not feed:
            self._rest += rest
            return []
        lines, self._rest = self._rest + lines, rest
        return _decoder.decode_lines(lines)

    def ask(self, *commands: Mapping[str, object]) -> list[Event]:
        """Send commands and a ping, and wait for its pong: all that came until then."""
        with selectors.DefaultSelector() as selector:
            selector.register(self.socket, selectors.EVENT_WRITE)
            selector.select(PATIENCE)
            self.send(*commands, {"type": "ping"})
            selector.modify(self.socket, selectors.EVENT_READ)
            events: list[Event] = []
            give_up = time.monotonic() + PATIENCE
            while not any(event.type == "pong" for event in events):
                if not selector.select(give_up - time.monotonic()):
                    raise MeasuringError(f"no pong came, but {events[-3:]}")
                events += self.receive()
        if refusals := [event.code for event in events if event.type == "error"]:
            raise MeasuringError(f"the server refused: {refusals}")
        return events

    def close(self) -> None:
        """Hang up."""
        self.socket.close()


class ServerProcess:
    """``roomchat serve`` on a free port, or the one given, without a limit on how fast one may send."""

    def __init__(self, db: Path, port: int = 0) -> None:
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed in close()
        begun = time.monotonic()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "roomchat", "serve", "--port", str(port), "--db", str(db), "--rate", "0"],
            stdout=subprocess.PIPE,
            stderr=self._log,
        )
        assert self._process.stdout is not None
        greeting = self._process.stdout.readline().decode()
        if " listens on " not in greeting:
            self.close()
            raise MeasuringError(f"the server did not start: {self.logged()}")
        self.started_in = time.monotonic() - begun  # seconds until it could be connected to
        host, _, number = greeting.rsplit(maxsplit=1)[1].rstrip(".").rpartition(":")
        self.address = (host, int(number))

    @property
    def rss(self) -> int:
        """Bytes of it that are in memory. What the system keeps for its sockets is not among them."""
        pages = Path(f"/proc/{self._process.pid}/statm").read_text().split()[1]
        return int(pages) * resource.getpagesize()

    @property
    def cpu(self) -> float:
        """Seconds of processor time that it has used."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def logged(self) -> str:
        """What it has written to its log."""
        self._log.seek(0)
        return self._log.read().decode()

    def kill(self) -> None:
        """As a crash would: kill -9."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def close(self) -> None:
        """Nothing of it is left. What it has logged can still be read."""
        self.kill()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def __enter__(self) -> ServerProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def percentile(values: Sequence[float], percent: float) -> float:
    """The value that so many percent of them do not pass."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def allow_many_connections() -> None:
    """As many file descriptors as the system lets this process, and the servers that it starts, have."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def report(measure: Callable[[], None]) -> None:
    """Run a measurement; the exit code is 1 if what it saw is wrong."""
    try:
        measure()
    except MeasuringError as error:
        sys.exit(f"Failed: {error}.")
