"""What a batch leaves behind, as rows of the log."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

from roomchat.store import blocks
from roomchat.store.account_changes import write_accounts
from roomchat.store.api import Changes
from roomchat.store.deletions import erase, purge

# Rows of one INSERT. sqlite3.executemany gives the interpreter lock up and takes it back for every row, which
# beside a busy thread brought it from 578,000 rows a second down to 900. Few sizes, so that the statements stay
# prepared.
CHUNKS = (256, 64, 16, 4, 1)


def write(
    connection: sqlite3.Connection, now: int, changes: Changes, room_id: Callable[[str, str], int]
) -> None:  # fmt: skip
    """Inside a transaction.

    Args:
        connection: to the log.
        now: milliseconds since 1970.
        changes: what is to be written.
        room_id: tells the number of a room, by its key; one that has none yet gets one, and a name.
    """
    insert(connection, "INSERT OR REPLACE INTO clients VALUES", 2, [*changes.clients])
    insert(connection, "INSERT INTO sessions VALUES", 3, [*changes.sessions])
    insert(connection, "INSERT OR REPLACE INTO counters VALUES", 3, [*changes.counters])
    insert(connection, "INSERT OR REPLACE INTO seats VALUES", 2, [one for one in changes.seats if one[1]])
    for uid, key in changes.seats:
        if key is None:
            connection.execute("DELETE FROM seats WHERE uid = ?", (uid,))
    here = [(uid, now) for uid, silent in changes.guests if silent]
    insert(connection, "INSERT OR REPLACE INTO guests VALUES", 2, here)
    for uid, silent in changes.guests:
        if not silent:
            connection.execute("DELETE FROM guests WHERE uid = ?", (uid,))
    for key, _ in changes.purges:
        connection.execute("DELETE FROM members WHERE room = ?", (key,))
    for uid, key, stays in changes.members:
        if stays is None:
            connection.execute("DELETE FROM members WHERE uid = ? AND room = ?", (uid, key))
    insert(connection, "INSERT OR REPLACE INTO members VALUES", 3, [one for one in changes.members if one[2]])
    write_accounts(connection, now, changes)
    for name, value in (
        ("next_uid", changes.next_uid),
        ("next_room", changes.next_room),
        ("epoch", changes.epoch),
    ):
        if value is not None:
            connection.execute("UPDATE meta SET value = ? WHERE key = ?", (value, name))
    if changes.position:
        connection.execute("INSERT OR REPLACE INTO meta VALUES ('position', ?)", (changes.position,))
    for who, ban in changes.bans:
        if ban is None:
            connection.execute("DELETE FROM server_bans WHERE who = ?", (who,))
        else:
            connection.execute("INSERT OR REPLACE INTO server_bans VALUES (?, ?, ?)", (who, *ban))
    audit = [(now, who, what.decode()) for who, what in changes.audit]
    insert(connection, "INSERT INTO audit (time, who, what) VALUES", 3, audit)
    blocks.write(connection, changes.blocks)
    for key, place, line in changes.deletions:
        erase(connection, key, place, line)
    insert(connection, "INSERT OR REPLACE INTO rules VALUES", 2, [*changes.rules])
    rows = [(room_id(one.key, one.name), one.first_seq, one.last_seq, now, one.lines) for one in changes.segments]
    insert(connection, "INSERT INTO segments (room, first_seq, last_seq, time, lines) VALUES", 5, rows)
    for key, upto in changes.purges:
        purge(connection, key, upto)
    for uid, key, seq in changes.reads:
        if seq is None:
            connection.execute("DELETE FROM reads WHERE uid = ? AND room = ?", (uid, key))
    reads = [one for one in changes.reads if one[2] is not None and one[0] not in changes.forgotten]
    insert(connection, "INSERT OR REPLACE INTO reads VALUES", 3, reads)


def insert(connection: sqlite3.Connection, into: str, width: int, rows: list[tuple[Any, ...]]) -> None:
    """Many rows a statement: see ``CHUNKS``."""
    if not rows:
        return
    row = f"({','.join('?' * width)})"
    start = 0
    for size in CHUNKS:
        while len(rows) - start >= size:
            values = [value for one in rows[start : start + size] for value in one]
            connection.execute(f"{into} {','.join([row] * size)}", values)
            start += size
