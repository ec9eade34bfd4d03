"""What the log of a server that shares its chat has beside the chat: where it stands in the stream, and all that
its hub knew at some point before."""

from __future__ import annotations

import sqlite3

from roomchat.store.api import Kept, Snapshot

KEPT = 2  # snapshots: a broken one is not the end


def read(connection: sqlite3.Connection) -> Kept | None:
    """None: this server was never one of several."""
    query = "SELECT position, stream, marks, state FROM snapshots ORDER BY position DESC LIMIT 1"
    row = connection.execute(query).fetchone()
    if row is None:
        return None
    position = connection.execute("SELECT value FROM meta WHERE key = 'position'").fetchone()
    return Kept(position[0] if position else 0, Snapshot(*row))


def keep(connection: sqlite3.Connection, snapshot: Snapshot) -> None:
    """Inside a transaction."""
    values = (snapshot.position, snapshot.stream, snapshot.marks, snapshot.state)
    connection.execute("INSERT OR REPLACE INTO snapshots VALUES (?, ?, ?, ?)", values)
    newest = "SELECT position FROM snapshots ORDER BY position DESC LIMIT ?"
    connection.execute(f"DELETE FROM snapshots WHERE position NOT IN ({newest})", (KEPT,))
