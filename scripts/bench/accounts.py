"""What accounts that are away cost: ``python scripts/bench/accounts.py [ACCOUNTS]``; see docs/measurements.md.

A log of 1,000 rooms, without accounts and with so many, each of which stays in ten of the rooms and has read half
of what was said there. A server is started on each. Then some of the accounts come back one by one, and go.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack, closing
from hashlib import sha256
from pathlib import Path

from biglog import ROOMS, append
from servers import ROOMCHAT, Kind, Process

from roomchat.account import Account
from roomchat.store.api import AccountRow, Changes
from roomchat.store.log import Log
from tests.peer import Peer

MEMBERSHIPS = 10  # rooms of each
BATCH = 1000  # accounts that are stored at once
BACK = 500  # that come back
NOW = 1_790_000_000_000  # milliseconds since 1970
HASH = "$argon2id$v=19$m=65536,t=3,p=4$" + "A" * 22 + "$" + "B" * 43  # nobody logs in by it
KIND = Kind("roomchat", ROOMCHAT.dialect, ROOMCHAT.command)


def token(uid: int) -> str:
    """Of the one device of an account."""
    return f"token-{uid:026}"


def rooms_of(uid: int) -> list[str]:
    """Spread evenly, so that each room has as many members."""
    return [f"r{(uid * 7 + number * 101) % ROOMS}" for number in range(MEMBERSHIPS)]


def fill(path: Path, accounts: int) -> None:
    """40 messages in each room, and so many accounts that have read half of them."""
    with closing(Log(str(path), "normal")) as log:
        append(log, 100)
        for first in range(1, accounts + 1, BATCH):
            uids = range(first, min(first + BATCH, accounts + 1))
            members = [(uid, room) for uid in uids for room in rooms_of(uid)]
            log.append(
                NOW,
                Changes(
                    clients=[(uid, f"person{uid}") for uid in uids],
                    sessions=[(uid, 1, sha256(token(uid).encode()).digest()) for uid in uids],
                    accounts=[
                        AccountRow(uid, f"person{uid}", (f"person{uid}",), Account(1, 2), HASH) for uid in uids
                    ],
                    visits=[(uid, 1, NOW, "192.0.2.7") for uid in uids],
                    members=[(uid, room, room) for uid, room in members],
                    reads=[(uid, room, 20) for uid, room in members],
                    next_uid=accounts + 1,
                ),
            )
    with open(path, "rb") as file:
        os.fsync(file.fileno())


def come_back(peer: Peer, uid: int) -> float:
    """Milliseconds from a hello without cursors, as on a new device, until all rooms and messages have come."""
    begun = time.perf_counter()
    hello = b'{"type":"hello","protocol":1,"token":"%s"}\n{"type":"ping"}\n' % token(uid).encode()
    peer.send_bytes(hello)
    got = b""
    while b'"type":"pong"' not in got:
        got += peer.socket.recv(2**20)
    joined = got.count(b'"type":"joined"')
    assert joined == MEMBERSHIPS, f"it is in {joined} rooms"
    assert got.count(b'"type":"message"') == MEMBERSHIPS * 40, "the last 50, which are all 40"
    return (time.perf_counter() - begun) * 1e3


def measure(path: Path, accounts: int) -> None:
    """Start a server on that log, have some accounts come back, and print what it cost."""
    with Process(KIND, path) as server, ExitStack() as stack:
        print(f"{accounts:7} accounts: log {path.stat().st_size / 2**20:.0f} MiB, ", end="")
        print(f"start {server.started_in:.2f} s, memory {server.memory():.1f} MiB", flush=True)
        if not accounts:
            return
        spent, peers = [], []
        for number in range(BACK):
            peers.append(stack.enter_context(Peer(server.address)))
            spent.append(come_back(peers[-1], 1 + number * accounts // BACK))
        parts = statistics.quantiles(spent, n=100)
        print(f"        {BACK} come back: p50 {parts[49]:.1f} ms, p99 {parts[98]:.1f} ms each; ", end="")
        print(f"memory {server.memory():.1f} MiB")
        for peer in peers:
            peer.send("bye")
            peer.until("bye")
        print(f"        and go: memory {server.memory():.1f} MiB")


def main() -> None:
    """Without accounts, and with them."""
    accounts = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        for count in (0, accounts):
            path = Path(folder, f"{count}.db")
            fill(path, count)
            measure(path, count)


if __name__ == "__main__":
    main()
