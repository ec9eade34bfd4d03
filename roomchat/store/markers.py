"""Where each person has read up to, in each room; and the rooms that accounts stay in."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from roomchat.store.clients import StoredClient

_READS = "SELECT uid, room, seq FROM reads"
_ROOMS = "SELECT uid, room, name FROM members"


def of_one(connection: sqlite3.Connection, client: StoredClient) -> None:
    """Give a client its own."""
    client.reads = {key: seq for _, key, seq in connection.execute(f"{_READS} WHERE uid = ?", (client.uid,))}
    if client.account:
        client.rooms = {key: name for _, key, name in connection.execute(f"{_ROOMS} WHERE uid = ?", (client.uid,))}


def of_seated(connection: sqlite3.Connection, clients: Iterable[StoredClient]) -> None:
    """Give those who have a seat theirs."""
    by_uid = {client.uid: client for client in clients}
    for uid, key, seq in connection.execute(f"{_READS} WHERE uid IN (SELECT uid FROM seats) ORDER BY uid, room"):
        if uid in by_uid:
            by_uid[uid].reads[key] = seq
    for uid, key, name in connection.execute(f"{_ROOMS} WHERE uid IN (SELECT uid FROM seats) ORDER BY uid, room"):
        if uid in by_uid:
            by_uid[uid].rooms[key] = name
