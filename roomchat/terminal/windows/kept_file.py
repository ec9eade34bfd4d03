"""The file in which a terminal keeps messages: it never raises, and is begun anew when it is damaged."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

_APPLICATION_ID = 0x526F6F4B  # "RooK": tells our files from those of other programs
LOCK_TIMEOUT = 0.5  # seconds that a message may wait for another program, which has no business in the file
_VERSION = 1  # of the tables; a file of another version is put aside, for it holds little but copies
_SCHEMA = f"""
    BEGIN IMMEDIATE;
    CREATE TABLE state (key TEXT PRIMARY KEY, value);
    CREATE TABLE entries (
        id INTEGER PRIMARY KEY,
        room TEXT NOT NULL,
        seq INTEGER NOT NULL,
        ts TEXT NOT NULL,
        mentions INTEGER NOT NULL,
        entry BLOB NOT NULL
    );
    CREATE UNIQUE INDEX entries_by_room ON entries (room, seq);
    CREATE INDEX mentions_by_time ON entries (ts) WHERE mentions;
    PRAGMA application_id = {_APPLICATION_ID};
    PRAGMA user_version = {_VERSION};
    COMMIT;
"""
_DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


class _Strange(sqlite3.DatabaseError):
    """The file is not one that this version makes."""


class KeptFile:
    """Not thread-safe: its owner has a lock.

    Args:
        path: of the file, which only this process uses; None: in memory.
        emptied: called when there is nothing any more of what was kept.
    """

    def __init__(self, path: Path | None, emptied: Callable[[], None]) -> None:
        self.trouble = ""  # a sentence for the person
        self._path = path
        self._emptied = emptied
        self._connection: sqlite3.Connection | None = None
        try:
            self._open()
        except (OSError, sqlite3.Error) as error:
            self._recover(error)

    def rows(self, statement: str, *values: object) -> list[Any]:
        """What a question finds; nothing if it can't be answered."""
        return self._do(statement, values) or []

    def write(self, statement: str, *values: object) -> bool:
        """Change something; whether it is changed."""
        return self._do(statement, values) is not None

    def leave(self) -> None:
        """Go on in memory, with nothing."""
        self._close()
        self._path = None
        self._open()
        self._emptied()

    def close(self) -> None:
        """Behind it nothing is found, and nothing changed."""
        self._close()

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> None:
        if self._path is not None and not self._path.exists():
            # SQLite takes the mode for its other files from this one.
            os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
        name = ":memory:" if self._path is None else self._path.absolute()
        self._connection = connection = sqlite3.connect(
            name, isolation_level=None, check_same_thread=False, timeout=LOCK_TIMEOUT
        )
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        (kind,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if not (kind or version or tables):
            connection.executescript(_SCHEMA)
        elif (kind, version) != (_APPLICATION_ID, _VERSION):
            raise _Strange("another program, or another version of this one, has made it")

    def _do(self, statement: str, values: tuple[object, ...]) -> list[Any] | None:
        """The rows; None: it can't be done. Where the file was damaged, it is done in the new one."""
        for _ in range(2):
            if self._connection is None:
                return None
            try:
                return self._connection.execute(statement, values).fetchall()
            except sqlite3.Error as error:
                if not _is_damage(error):
                    self.trouble = f"Messages are not kept on this machine any more ({error})."
                    return None
                self._recover(error)
        return None

    def _recover(self, error: Exception) -> None:
        """A damaged file is put aside, and a new one begun; where there can't be one, memory takes its place."""
        self._close()
        self.trouble = f"Messages can't be kept in {self._path} ({error})."
        if self._path is not None and _is_damage(error):
            aside = f"{self._path}.damaged"
            try:
                os.replace(self._path, aside)
                for beside in ("-wal", "-shm"):
                    Path(f"{self._path}{beside}").unlink(missing_ok=True)
                self._open()
                self._emptied()
            except (OSError, sqlite3.Error):
                self._close()
            else:
                self.trouble = (
                    f"The messages kept on this machine can't be read ({error}). They are in {aside} now."
                )
                return
        self.leave()


def _is_damage(error: Exception) -> bool:
    return isinstance(error, _Strange) or getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGE
