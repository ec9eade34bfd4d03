"""What a long log costs: roomchat started on it, joins with history, pages, and appending to it."""

from __future__ import annotations

import json
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

from asker import PING, PONG, Asker
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
        log.append(NOW, rows)
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


@contextmanager
def reading_pages(address: tuple[str, int], room: str, count: int) -> Iterator[Callable[[], float]]:
    """So many threads ask for one page of 100 messages after another, until what is yielded is called: pages a
    second that they got."""
    stopped = threading.Event()

    def read(number: int) -> int:
        with closing(Asker(address, f"p{number}")) as asker:
            asker.ask(NATIVE.join(room), NATIVE.joined)
            before, pages = LAST, 0
            while not stopped.is_set():
                page = json.loads(_ask_page(asker, room, before).splitlines()[-1])
                before = page["entries"][0]["seq"] if page["more"] else LAST
                pages += 1
            return pages

    def stop() -> float:
        seconds = time.monotonic() - begun
        stopped.set()
        return sum(thread.result() for thread in threads) / seconds

    with ThreadPoolExecutor(count) as pool:
        threads = [pool.submit(read, number) for number in range(count)]
        begun = time.monotonic()
        try:
            yield stop
        finally:
            stopped.set()


def _ask_page(asker: Asker, room: str, before: int) -> bytes:
    command = b'{"type":"history","room":"%s","before":%d,"limit":100}\n' % (room.encode(), before)
    return asker.ask(command, b'"type":"history"')


def _serve(kind: Kind, path: Path) -> dict[str, float]:
    """Start on a log, join rooms with history, read pages."""
    joins, pages = [], []
    with Process(kind, path) as server:
        memory = server.memory()
        with closing(Asker(server.address, "b0")) as asker:
            for room in range(JOINS):
                begun = time.perf_counter()
                got = asker.ask(b'{"type":"join","room":"r%d","history":50}\n' % room + PING, PONG)
                joins.append(time.perf_counter() - begun)
                if got.count(b'"type":"message"') != 50:
                    raise BenchError(f"a join brought {got.count(b'message')} messages instead of 50")
            before = LAST
            for i in range(PAGES):
                begun = time.perf_counter()
                _ask_page(asker, f"r{i % JOINS}", before)
                pages.append(time.perf_counter() - begun)
    medians = {"join_ms": statistics.median(joins) * 1e3, "page_ms": statistics.median(pages) * 1e3}
    return {"start_s": server.started_in, **medians, "memory_mib": memory}


def measure_log(kind: Kind, pace: Pace) -> dict[str, float]:
    """The same on a long log and on a short one; and appending to an empty one."""
    figures = {}
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
