"""What a long log costs: roomchat started on it, joins with history, pages, and appending to it."""

from __future__ import annotations

import json
import os
import socket
import statistics
import tempfile
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any

from crew import Pace
from dialects import NATIVE, text
from servers import BenchError, Kind, Process

from roomchat.store.api import SegmentRow
from roomchat.store.log import Log

MESSAGES = 5_000_000
SHORT = 200_000  # messages: as much as joins and pages can read
ROOMS = 1000
SEGMENT = 4  # messages: what a busy room has in one batch
BATCH = 100  # segments of a batch, each of another room
JOINS = 50  # each into another room
PAGES = 200
APPENDS = 300  # batches
LAST = 2**53 - 1  # above every seq
NOW = 1_790_000_000_000  # milliseconds since 1970: when all of it was said


class Filler:
    """Appends batches that look like those of a busy server. One thread."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._last_seqs = [0] * ROOMS
        self._turn = 0

    def resume(self) -> None:
        """Go on where a log that was filled before ends."""
        for key, _, last_seq in self._log.rooms():
            self._last_seqs[int(key[1:])] = last_seq

    def append(self, batches: int) -> float:
        """So many batches: the seconds that appending took, without the making of them."""
        spent = 0.0
        body = text(1).decode()
        for _ in range(batches):
            rows = []
            for room in range(self._turn, self._turn + BATCH):
                room %= ROOMS
                first = self._last_seqs[room] + 1
                head = f'{{"type":"message","room":"r{room}","seq":'
                rest = f',"uid":1,"name":"m1","ts":"2026-09-21T12:00:00.000Z","text":"{body}","n":'
                lines = "".join([f"{head}{seq}{rest}{seq}}}\n" for seq in range(first, first + SEGMENT)])
                self._last_seqs[room] += SEGMENT
                rows.append(SegmentRow(f"r{room}", f"r{room}", first, first + SEGMENT - 1, lines.encode()))
            self._turn = (self._turn + BATCH) % ROOMS
            begun = time.perf_counter()
            self._log.append(NOW, rows)
            spent += time.perf_counter() - begun
        return spent


def fill(path: Path, messages: int) -> None:
    """A log of so many messages."""
    log = Log(str(path), "normal")
    Filler(log).append(messages // (SEGMENT * BATCH))
    log.close()
    with open(path, "rb") as file:
        os.fsync(file.fileno())  # or the first checkpoint of what follows would have to wait for all of it


def append_rate(path: Path) -> float:
    """Messages a second that can be appended to a log, each batch waited for by the disk; not for long."""
    log = Log(str(path), "full")
    filler = Filler(log)
    filler.resume()
    filler.append(20)
    seconds = filler.append(APPENDS)
    log.close()
    return APPENDS * BATCH * SEGMENT / seconds


class Asker:
    """A client that asks and waits for the answer. One thread."""

    def __init__(self, address: tuple[str, int], name: str, receive_buffer: int = 0) -> None:
        """Come in. ``receive_buffer`` is in bytes; 0 leaves it to the system."""
        self._socket = socket.socket()
        if receive_buffer:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.settimeout(30)
        self._socket.connect(address)
        self._lines = self._socket.makefile("rb")
        self.ask(NATIVE.hello(name), b'"type":"welcome"')

    def ask(self, command: bytes, marker: bytes) -> bytes:
        """Send, and read up to the line with the marker: all of it."""
        self._socket.sendall(command)
        got = []
        for line in self._lines:
            got.append(line)
            if marker in line and not line.startswith(b'{"type":"message"'):
                return b"".join(got)
            if line.startswith(b'{"type":"error"'):
                raise BenchError(f"the server refused: {line!r}")
        raise BenchError("the server hung up")

    def close(self) -> None:
        """Hang up."""
        self._lines.close()
        self._socket.close()


class Pagers:
    """Threads that ask for one page of 100 messages after another, until they are stopped."""

    def __init__(self, address: tuple[str, int], room: str, count: int) -> None:
        self._stopped = threading.Event()
        self._pages = 0
        self._failed: list[Exception] = []
        self._askers = [Asker(address, f"p{i}") for i in range(count)]
        for asker in self._askers:
            asker.ask(NATIVE.join(room), b'"type":"joined"')
        self._threads = [threading.Thread(target=self._run, args=(asker, room)) for asker in self._askers]
        for thread in self._threads:
            thread.start()
        self._begun = time.monotonic()

    def stop(self) -> float:
        """Pages a second that they got."""
        self._stopped.set()
        seconds = time.monotonic() - self._begun
        for thread in self._threads:
            thread.join()
        if self._failed:
            raise BenchError(f"history could not be read: {self._failed[0]}")
        return self._pages / seconds

    def _run(self, asker: Asker, room: str) -> None:
        try:
            self._read(asker, room)
        except (BenchError, OSError, ValueError) as error:
            self._failed.append(error)

    def _read(self, asker: Asker, room: str) -> None:
        before = LAST
        while not self._stopped.is_set():
            command = {"type": "history", "room": room, "before": before, "limit": 100}
            lines = asker.ask(json.dumps(command).encode() + b"\n", b'"type":"history"').splitlines()
            page: dict[str, Any] = json.loads(lines[-1])
            before = page["entries"][0]["seq"] if page["more"] else LAST
            self._pages += 1

    def __enter__(self) -> Pagers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join()
        for asker in self._askers:
            asker.close()


def _serve(kind: Kind, path: Path) -> dict[str, float]:
    """Start on a log, join rooms with history, read pages."""
    with Process(kind, path) as server:
        started_in = server.started_in
        memory = server.memory()
        asker = Asker(server.address, "b0")
        joins, pages = [], []
        for room in range(JOINS):
            begun = time.perf_counter()
            got = asker.ask(
                b'{"type":"join","room":"r%d","history":50}\n{"type":"ping"}\n' % room, b'"type":"pong"'
            )  # fmt: skip
            joins.append(time.perf_counter() - begun)
            if got.count(b'"type":"message"') != 50:
                raise BenchError(f"a join brought {got.count(b'message')} messages instead of 50")
        before = LAST
        for i in range(PAGES):
            command = b'{"type":"history","room":"r%d","before":%d,"limit":100}\n' % (i % JOINS, before)
            begun = time.perf_counter()
            asker.ask(command, b'"type":"history"')
            pages.append(time.perf_counter() - begun)
        asker.close()
    return {
        "start_s": started_in,
        "join_ms": statistics.median(joins) * 1e3,
        "page_ms": statistics.median(pages) * 1e3,
        "memory_mib": memory / 2**20,
    }


def measure_log(kind: Kind, pace: Pace) -> dict[str, float]:
    """The same on a long log and on a short one; and appending to an empty one."""
    figures = {}
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        for name, messages in (("short", SHORT), ("long", int(MESSAGES * pace.scale))):
            path = Path(folder, f"{name}.db")
            fill(path, messages)
            figures[f"{name}_mib"] = os.path.getsize(path) / 2**20
            for key, value in _serve(kind, path).items():
                figures[f"{name}_{key}"] = value
            # The empty one beside the last: what has been filled before slows both alike.
            figures["empty_appends"] = append_rate(Path(folder, f"empty-{name}.db"))
            figures[f"{name}_appends"] = append_rate(path)
    return figures
