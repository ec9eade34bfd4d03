"""What the log of a server that shares its chat has beside the chat: where it stands in the stream, and all that
its hub knew at some point before."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from roomchat.store.api import Kept, Snapshot

ASTRAY = "astray"  # in meta: the log is not what the others' are


def read(connection: sqlite3.Connection) -> Kept | None:
    """None: this server was never one of several."""
    query = "SELECT position, stream, marks, state FROM snapshots ORDER BY position DESC LIMIT 1"
    row = connection.execute(query).fetchone()  # there were two in a log, once
    if row is None:
        return None
    position = connection.execute("SELECT value FROM meta WHERE key = 'position'").fetchone()
    return Kept(position[0] if position else 0, Snapshot(*row))


def forget(connection: sqlite3.Connection) -> None:
    """Inside a transaction: nothing goes on from this log, only a copy of another one helps."""
    connection.execute("DELETE FROM snapshots")
    connection.execute("INSERT OR REPLACE INTO meta VALUES (?, 1)", (ASTRAY,))


def is_wanting(path: Path) -> tuple[bool, bool]:
    """Whether a server with this log, which nobody has open, would do well to take a copy of another one's, and
    whether it has to. What can't be read is for others to say."""
    if not path.exists() or not path.stat().st_size:
        return True, False
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            astray = connection.execute("SELECT count(*) FROM meta WHERE key = ?", (ASTRAY,)).fetchone()[0]
            counts = [connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
                      for table in ("snapshots", "clients", "rooms")]  # fmt: skip
    except sqlite3.Error:
        return False, False
    return bool(astray) or not any(counts), bool(astray)


def keep(connection: sqlite3.Connection, snapshot: Snapshot) -> None:
    """In the place of the one before; inside a transaction."""
    values = (snapshot.position, snapshot.stream, snapshot.marks, snapshot.state)
    connection.execute("DELETE FROM snapshots")
    connection.execute("INSERT INTO snapshots VALUES (?, ?, ?, ?)", values)
