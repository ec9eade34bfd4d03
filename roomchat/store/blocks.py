"""Whom each person has blocked."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable

from roomchat.store.clients import StoredClient


def of_one(connection: sqlite3.Connection, uid: int) -> frozenset[int]:
    """The UIDs of those whom a client has blocked."""
    return frozenset(whom for (whom,) in connection.execute("SELECT whom FROM blocks WHERE uid = ?", (uid,)))


def of_seated(connection: sqlite3.Connection, clients: Iterable[StoredClient]) -> None:
    """Give those who have a seat theirs."""
    found: dict[int, set[int]] = defaultdict(set)
    for uid, whom in connection.execute("SELECT uid, whom FROM blocks JOIN seats USING (uid)"):
        found[uid].add(whom)
    for client in clients:
        if client.uid in found:
            client.blocked = frozenset(found[client.uid])


def write(connection: sqlite3.Connection, blocks: Iterable[tuple[int, int, bool]]) -> None:
    """Inside a transaction: (UID, whom, whether it has blocked that one from now on)."""
    for uid, whom, blocked in blocks:
        if blocked:
            connection.execute("INSERT OR IGNORE INTO blocks VALUES (?, ?)", (uid, whom))
        else:
            connection.execute("DELETE FROM blocks WHERE uid = ? AND whom = ?", (uid, whom))
