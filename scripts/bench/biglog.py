"""What is in the log and not in use: many messages, or accounts that are away. roomchat is started on it, and what
comes back is timed; see docs/performance.md and docs/measurements.md."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from contextlib import ExitStack, closing
from hashlib import sha256
from pathlib import Path

from crew import Figures, Pace
from dialects import text
from servers import BenchError, Kind, Process

from roomchat.account import Account
from roomchat.store.api import AccountRow, Changes, SegmentRow
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

ACCOUNTS = 100_000
MEMBERSHIPS = 10  # rooms of each account
SAID = 40  # messages of each of these rooms: fewer than a newcomer is shown
STORED = 1000  # accounts that are stored at once
BACK = 500  # that come back
HASH = "$argon2id$v=19$m=65536,t=3,p=4$" + "A" * 22 + "$" + "B" * 43  # nobody logs in by it


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


def fill(path: Path, messages: int, accounts: int = 0) -> float:
    """A log of so many messages and so many accounts, that have read half of the first ``SAID``: its MiB."""
    with closing(Log(str(path), "normal")) as log:
        append(log, messages // (SEGMENT * BATCH))
        for first in range(1, accounts + 1, STORED):
            log.append(NOW, _accounts(range(first, min(first + STORED, accounts + 1))))
    with open(path, "rb") as file:
        os.fsync(file.fileno())  # or the first checkpoint of what follows would have to wait for all of it
    return path.stat().st_size / 2**20


def _accounts(uids: range) -> Changes:
    """They are spread evenly, so that each room has as many members."""
    names = {uid: f"person{uid}" for uid in uids}
    members = [(uid, f"r{(uid * 7 + number * 101) % ROOMS}") for uid in uids for number in range(MEMBERSHIPS)]
    return Changes(
        clients=list(names.items()),
        sessions=[(uid, 1, sha256(_token(uid)).digest()) for uid in uids],
        accounts=[AccountRow(uid, name, (name,), Account(1, 2), HASH) for uid, name in names.items()],
        visits=[(uid, 1, NOW, "192.0.2.7") for uid in uids],
        members=[(uid, room, room) for uid, room in members],
        reads=[(uid, room, SAID // 2) for uid, room in members],
        next_uid=uids.stop,
    )


def _token(uid: int) -> bytes:
    """Of the one device of an account."""
    return b"token-%026d" % uid


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


def _timed(peer: Peer, command: bytes, messages: int) -> float:
    """Milliseconds until all that the command asks for was there. Raises BenchError if it is not so much."""
    begun = time.perf_counter()
    peer.send_bytes(command + b'\n{"type":"ping"}\n')
    got = b""
    while b'"type":"pong"' not in got:
        got += peer.socket.recv(2**20)
    if got.count(b'"type":"message"') != messages:
        raise BenchError(f"{command!r} brought {got.count(b'message')} messages instead of {messages}")
    return (time.perf_counter() - begun) * 1e3


def _serve(kind: Kind, path: Path) -> Figures:
    """Start on a log, join rooms with history, read pages."""
    with Process(kind, path) as server, Peer(server.address) as peer:
        memory = server.memory()
        peer.hello("b0")
        join = b'{"type":"join","room":"r%d","history":50}'
        page = b'{"type":"history","room":"r%d","before":%d,"limit":100}'
        joins = [_timed(peer, join % room, 50) for room in range(JOINS)]
        pages = [_timed(peer, page % (room % JOINS, LAST), 100) for room in range(PAGES)]
    medians = {"join_ms": statistics.median(joins), "page_ms": statistics.median(pages)}
    return {"start_s": server.started_in, **medians, "memory_mib": memory}


def _come_back(kind: Kind, path: Path, back: int) -> Figures:
    """Start on a log; some of its accounts say hello one by one, without cursors, as on a new device, and go."""
    with Process(kind, path) as server, ExitStack() as stack:
        figures, spent, peers = {"start_s": server.started_in, "memory_mib": server.memory()}, [], []
        for number in range(back):
            peers.append(stack.enter_context(Peer(server.address)))
            hello = b'{"type":"hello","protocol":1,"token":"%s"}' % _token(1 + number * ACCOUNTS // BACK)
            spent.append(_timed(peers[-1], hello, MEMBERSHIPS * SAID))
        if not peers:
            return figures
        parts = statistics.quantiles(spent, n=100)
        figures |= {"back_p50_ms": parts[49], "back_p99_ms": parts[98], "back_memory_mib": server.memory()}
        for peer in peers:
            peer.send("bye")
            peer.ended()
        return figures | {"gone_memory_mib": server.memory()}


def measure_accounts(kind: Kind, pace: Pace) -> Figures:
    """A log of 40 messages in each room, without accounts and with them."""
    figures: Figures = {}
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        for name, accounts, back in (("none", 0, 0), ("many", ACCOUNTS, BACK)):
            path = Path(folder, f"{name}.db")
            figures[f"{name}_mib"] = fill(path, SAID * ROOMS, accounts)
            figures |= {f"{name}_{key}": value for key, value in _come_back(kind, path, back).items()}
    return figures


def measure_log(kind: Kind, pace: Pace) -> Figures:
    """Start, joins and pages on a long log and on a short one; and appending to an empty one."""
    figures: Figures = {}
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        for name, messages in (("short", SHORT), ("long", MESSAGES)):
            path = Path(folder, f"{name}.db")
            figures[f"{name}_mib"] = fill(path, messages)
            figures |= {f"{name}_{key}": value for key, value in _serve(kind, path).items()}
            # The empty one beside the last: what has been filled before slows both alike.
            figures["empty_appends"] = append_rate(Path(folder, f"empty-{name}.db"))
            figures[f"{name}_appends"] = append_rate(path)
    return figures
