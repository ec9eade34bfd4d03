"""Words that are deleted: what stands in the log in their place, and that nothing of them is left in a file."""

from __future__ import annotations

import sqlite3

import msgspec
from msgspec import Struct

from roomchat.store.partitions import PARTITION, partitions_behind

PATIENCE = 5  # milliseconds that readers get to end: more than one of their looks takes


class _OnlySeq(Struct):
    """As much of an entry as finding it needs."""

    seq: int


_seqs = msgspec.json.Decoder(_OnlySeq)


def erase(connection: sqlite3.Connection, key: str, seq: int, line: bytes) -> None:
    """Write another line in the place of an entry; nothing, if retention has removed it. Inside a transaction.

    SQLite overwrites the row of before with zeros (``forbid_traces``).

    Args:
        key: of the room.
        seq: of the entry.
        line: with its line feed.
    Raises:
        sqlite3.Error, MsgspecError
    """
    number, lines, place = _find(connection, key, seq)
    if place is not None:
        lines[place] = line
        connection.execute("UPDATE segments SET lines = ? WHERE id = ?", (b"".join(lines), number))


def purge(connection: sqlite3.Connection, key: str, upto: int) -> None:
    """Keep nothing of a room up to a seq. Inside a transaction; 100,000 segments were measured to take 0.2 s."""
    connection.execute(
        "DELETE FROM segments WHERE room = (SELECT id FROM rooms WHERE key = ?) AND last_seq <= ?", (key, upto)
    )
    connection.execute("UPDATE rooms SET removed_seq = max(removed_seq, ?) WHERE key = ?", (upto, key))


def line_of(connection: sqlite3.Connection, key: str, seq: int) -> bytes | None:
    """An entry as a line; None: there is none. Inside a transaction. Raises sqlite3.Error, MsgspecError."""
    _, lines, place = _find(connection, key, seq)
    return None if place is None else lines[place]


def _find(connection: sqlite3.Connection, key: str, seq: int) -> tuple[int, list[bytes], int | None]:
    """The segment in which an entry would be: its id, its lines, and which of them is the entry; None: none is."""
    (room,) = connection.execute("SELECT id FROM rooms WHERE key = ?", (key,)).fetchone() or (0,)
    for partition in partitions_behind(connection, room, seq - 1)[:1]:
        number, joined = connection.execute(
            f"SELECT id, lines FROM segments WHERE {PARTITION} = ? AND room = ? AND last_seq >= ?"
            " ORDER BY last_seq LIMIT 1",
            (partition, room, seq),
        ).fetchone()
        lines = joined.splitlines(keepends=True)
        return number, lines, next((i for i, one in enumerate(lines) if _seqs.decode(one).seq == seq), None)
    return 0, [], None


def forbid_traces(connection: sqlite3.Connection) -> None:
    """From now on SQLite overwrites with zeros what it removes. Nothing of a message is then left in a page, also
    where rows have been moved from page to page; without it, some is."""
    connection.execute("PRAGMA secure_delete = ON")


def empty_wal(connection: sqlite3.Connection) -> bool:
    """Write all that is in the journal (``-wal``) into the database, and make it a file of 0 bytes: it holds pages
    of before a deletion. False if another connection has not ended its reading by then.

    Takes as long as SQLite's own checkpoints: the journal has some 4 MB at the most.

    Raises:
        sqlite3.Error
    """
    (before,) = connection.execute("PRAGMA busy_timeout").fetchone()
    connection.execute(f"PRAGMA busy_timeout = {PATIENCE}")
    try:
        (busy, _, _) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        connection.execute(f"PRAGMA busy_timeout = {before}")
    return not busy
