"""A session on disk, so that it survives its own program: token, cursors, and what was said and not yet seen."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import IO
from urllib.parse import quote

import msgspec
from platformdirs import user_state_path

from roomchat.client.address import Address
from roomchat.client.session import Session
from roomchat.errors import ConnectError, StateError
from roomchat.protocol import Say, Whisper

SLOTS = 100  # programs of one person with one name on one server at a time

_SCHEMA = """
    CREATE TABLE IF NOT EXISTS identity (key TEXT PRIMARY KEY, value);
    CREATE TABLE IF NOT EXISTS rooms (room TEXT PRIMARY KEY, start INTEGER NOT NULL, cursor INTEGER);
    CREATE TABLE IF NOT EXISTS unseen (n INTEGER PRIMARY KEY, command BLOB NOT NULL);
"""
_FIELDS = ("name", "uid", "token", "epoch", "n", "room")

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Say | Whisper] = msgspec.json.Decoder(Say | Whisper)


class State:
    """The file of one session, claimed for this process. Not thread-safe: its owner has a lock.

    Private to the user (mode 0600). Written to the system at each change, so it survives the end of the program
    in any way; after a power cut it may be a moment old.
    """

    def __init__(self, address: Address, name: str, folder: Path | None = None) -> None:
        """Take the first seat of that name on that server that no other process has.

        Args:
            address: of the server.
            name: asked for first; the session may have been renamed since.
            folder: the user's state folder, if not given.
        Raises:
            ConnectError: the folder can't be written to.
        """
        folder = (user_state_path("roomchat") if folder is None else folder) / quote(str(address), safe="")
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._lock, self.path = _claim(folder, _file_name(name))
            self._connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = NORMAL")
            self._connection.executescript(_SCHEMA)
        except (OSError, sqlite3.Error) as error:
            raise ConnectError(f"Can't keep the session in {folder} ({error}).") from None
        self._identity: tuple[object, ...] = ()
        self.closed = False

    def load(self, session: Session) -> None:
        """Put what was kept into a new session. Raises ConnectError if it can't be read."""
        try:
            self._load(session)
        except (sqlite3.Error, msgspec.MsgspecError, ValueError) as error:
            raise ConnectError(
                f"The session kept in {self.path} can't be read ({error}); remove the file."
            ) from None

    def _load(self, session: Session) -> None:
        kept = dict(self._connection.execute("SELECT key, value FROM identity"))
        for field in _FIELDS:
            if field in kept:
                setattr(session, field, kept[field])
        for room, start, cursor in self._connection.execute(
            "SELECT room, start, cursor FROM rooms ORDER BY rowid"
        ):
            session.rooms[room] = start
            if cursor is not None:
                session.cursors[room] = cursor
        for n, command in self._connection.execute("SELECT n, command FROM unseen ORDER BY n"):
            session.unseen[n] = _decoder.decode(command)

    def save(self, session: Session) -> None:
        """Keep who the session is, where it is, and what was said and not seen; not its cursors."""
        identity = tuple(getattr(session, field) for field in _FIELDS)
        with _Transaction(self._connection):
            if identity != self._identity:
                self._connection.executemany(
                    "INSERT OR REPLACE INTO identity VALUES (?, ?)", zip(_FIELDS, identity, strict=True)
                )
            self._forget("rooms", "room", session.rooms)
            self._connection.executemany(
                "INSERT OR IGNORE INTO rooms (room, start) VALUES (?, ?)", session.rooms.items()
            )
            self._forget("unseen", "n", session.unseen)
            self._connection.executemany(
                "INSERT OR REPLACE INTO unseen VALUES (?, ?)",
                [(n, _encoder.encode(command)) for n, command in session.unseen.items()],
            )
        self._identity = identity

    def said(self, n: int, command: Say | Whisper) -> None:
        """Keep one more message that is about to be sent."""
        with _Transaction(self._connection):
            self._connection.execute("INSERT OR REPLACE INTO unseen VALUES (?, ?)", (n, _encoder.encode(command)))
            self._connection.execute("INSERT OR REPLACE INTO identity VALUES ('n', ?)", (n,))

    def seen(self, n: int) -> None:
        """A message has come back."""
        with _Transaction(self._connection):
            self._connection.execute("DELETE FROM unseen WHERE n = ?", (n,))

    def reached(self, room: str, seq: int) -> None:
        """Everything of a room up to there has been shown, or handled by the program."""
        with _Transaction(self._connection):
            self._connection.execute("UPDATE rooms SET cursor = ? WHERE room = ?", (seq, room))

    def close(self) -> None:
        """Give the seat back."""
        self.closed = True
        self._connection.close()
        self._lock.close()

    def _forget(self, table: str, column: str, kept: Iterable[object]) -> None:
        rows = self._connection.execute(f"SELECT {column} FROM {table}").fetchall()
        gone = {row[0] for row in rows} - set(kept)
        self._connection.executemany(f"DELETE FROM {table} WHERE {column} = ?", [(key,) for key in gone])


class _Transaction:
    """All or nothing of what is done inside. Raises StateError when the disk does not take it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        self._connection.execute("BEGIN")

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        try:
            self._connection.execute("COMMIT" if kind is None else "ROLLBACK")
        except sqlite3.Error as failed:
            error = error or failed
        if isinstance(error, sqlite3.Error):
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise StateError(f"The session can't be kept on this machine's disk ({error}).") from error


def _file_name(name: str) -> str:
    """A person's name as that of a file: any script, any case, and never too long for one."""
    quoted = quote(name.casefold(), safe="")
    return quoted if len(quoted) <= 200 else f"{quoted[:100]}+{sha256(quoted.encode()).hexdigest()}"


def _claim(folder: Path, name: str) -> tuple[IO[str], Path]:
    """The first file that no other process has, and the lock on it. The system frees it when a process ends."""
    for slot in range(1, SLOTS + 1):
        path = folder / (f"{name}.db" if slot == 1 else f"{name}+{slot}.db")
        # Made before SQLite opens it, which takes the mode for its other files from this one.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        lock = open(f"{path}.lock", "w", opener=_private)  # noqa: SIM115 - held until close()
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
        else:
            return lock, path
    raise OSError(f"more than {SLOTS} programs use the name {name}")


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
