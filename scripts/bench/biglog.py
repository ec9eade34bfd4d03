"""What a long log costs: roomchat started on it, joins with history, pages, and appending to it."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from contextlib import closing
from pathlib import Path

from crew import Figures, Pace
from dialects import text
from servers import BenchError, Kind, Process

from roomchat.store.api import Changes, SegmentRow
from roomchat.store.log import Log
from tests.peer import Peer

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


def append(log: Log, batches: int) -> float:
    """So many batches that look like those of a busy server: the seconds that appending took, without the making
    of them."""
    spent, turn = 0.0, 0
    last_seqs = [0] * ROOMS
    for key, _, last_seq in log.rooms():
        last_seqs[int(key[1:])] = last_seq
    rest = f',"uid":1,"name":"m1","ts":"2026-09-21T12:00:00.000Z","text":"{text(1).decode()}","n":'
    for _ in range(batches):
        rows = []
        for room in range(turn, turn + BATCH):
            first = last_seqs[room] + 1
            head = f'{{"type":"message","room":"r{room}","seq":'
            lines = "".join([f"{head}{seq}{rest}{seq}}}\n" for seq in range(first, first + SEGMENT)])
            last_seqs[room] += SEGMENT
            rows.append(SegmentRow(f"r{room}", f"r{room}", first, first + SEGMENT - 1, lines.encode()))
        turn = (turn + BATCH) % ROOMS
        begun = time.perf_counter()
        log.append(NOW, Changes(rows))
        spent += time.perf_counter() - begun
    return spent


def fill(path: Path, messages: int) -> None:
    """A log of so many messages."""
    with closing(Log(str(path), "normal")) as log:
        append(log, messages // (SEGMENT * BATCH))
    with open(path, "rb") as file:
        os.fsync(file.fileno())  # or the first checkpoint of what follows would have to wait for all of it


def append_rate(path: Path) -> float:
    """Messages a second that can be appended to a log, each batch waited for by the disk; not for long."""
    with closing(Log(str(path), "full")) as log:
        append(log, 20)
        return APPENDS * BATCH * SEGMENT / append(log, APPENDS)


def read_pages(address: tuple[str, int], name: str, room: str, seconds: float) -> int:
    """Ask for one page of 100 messages after another for so long: how many came."""
    end, before, pages = time.monotonic() + seconds, LAST, 0
    with Peer(address) as peer:
        peer.hello(name)
        peer.join(room, history=0)
        while time.monotonic() < end:
            peer.send("history", room=room, before=before, limit=100)
            page = peer.until("history")
            before = page["entries"][0]["seq"] if page["more"] else LAST
            pages += 1
    return pages


def _timed(peer: Peer, command: bytes, marker: bytes) -> tuple[float, bytes]:
    """Milliseconds until the answer, up to a line with the marker, was there; and the answer."""
    begun = time.perf_counter()
    peer.send_bytes(command)
    got = b""
    while marker not in got or not got.endswith(b"\n"):
        got += peer.socket.recv(2**20)
    return (time.perf_counter() - begun) * 1e3, got


def _serve(kind: Kind, path: Path) -> Figures:
    """Start on a log, join rooms with history, read pages."""
    joins, pages = [], []
    with Process(kind, path) as server, Peer(server.address) as peer:
        memory = server.memory()
        peer.hello("b0")
        for room in range(JOINS):
            command = b'{"type":"join","room":"r%d","history":50}\n{"type":"ping"}\n' % room
            took, got = _timed(peer, command, b'"type":"pong"')
            joins.append(took)
            if got.count(b'"type":"message"') != 50:
                raise BenchError(f"a join brought {got.count(b'message')} messages instead of 50")
        for room in range(PAGES):
            command = b'{"type":"history","room":"r%d","before":%d,"limit":100}\n' % (room % JOINS, LAST)
            pages.append(_timed(peer, command, b'"type":"history"')[0])
    medians = {"join_ms": statistics.median(joins), "page_ms": statistics.median(pages)}
    return {"start_s": server.started_in, **medians, "memory_mib": memory}


def measure_log(kind: Kind, pace: Pace) -> Figures:
    """The same on a long log and on a short one; and appending to an empty one."""
    figures: Figures = {}
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        for name, messages in (("short", SHORT), ("long", MESSAGES)):
            path = Path(folder, f"{name}.db")
            fill(path, messages)
            figures[f"{name}_mib"] = os.path.getsize(path) / 2**20
            figures |= {f"{name}_{key}": value for key, value in _serve(kind, path).items()}
            # The empty one beside the last: what has been filled before slows both alike.
            figures["empty_appends"] = append_rate(Path(folder, f"empty-{name}.db"))
            figures[f"{name}_appends"] = append_rate(path)
    return figures
