"""Read markers: up to where each person has read, in each room."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable

from roomchat.store.clients import StoredClient

_OF = "SELECT uid, rooms.key, seq FROM reads JOIN rooms ON rooms.id = reads.room"


def of_one(connection: sqlite3.Connection, uid: int) -> dict[str, int]:
    """Those of a client: room key to seq."""
    return {key: seq for _, key, seq in connection.execute(f"{_OF} WHERE uid = ?", (uid,))}


def of_seated(connection: sqlite3.Connection, clients: Iterable[StoredClient]) -> None:
    """Give those who have a seat theirs."""
    found: dict[int, dict[str, int]] = defaultdict(dict)
    for uid, key, seq in connection.execute(f"{_OF} JOIN seats USING (uid) ORDER BY uid, room"):
        found[uid][key] = seq
    for client in clients:
        if client.uid in found:
            client.reads = found[client.uid]
