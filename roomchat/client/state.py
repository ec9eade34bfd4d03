"""A session on disk, so that it survives its own program: token, cursors, and what was said and not yet seen."""

from __future__ import annotations

import fcntl
import sqlite3
import threading
from collections.abc import Iterable
from pathlib import Path

import msgspec
from platformdirs import user_state_path

from roomchat.client.address import Address
from roomchat.client.fork import keep_for_ever
from roomchat.client.session import Session
from roomchat.client.session_files import claim, server_folder
from roomchat.errors import ConnectError, StateError
from roomchat.protocol import (
    Blocked,
    Count,
    Error,
    Joined,
    Left,
    LoggedOut,
    Pong,
    Registered,
    Renamed,
    Say,
    Unblocked,
    Unregistered,
    Welcome,
    Whisper,
)

_SCHEMA = """
    CREATE TABLE IF NOT EXISTS identity (key TEXT PRIMARY KEY, value);
    CREATE TABLE IF NOT EXISTS rooms (room TEXT PRIMARY KEY, start INTEGER NOT NULL, cursor INTEGER);
    CREATE TABLE IF NOT EXISTS kept_rooms (room TEXT PRIMARY KEY, start INTEGER NOT NULL, cursor INTEGER);
    CREATE TABLE IF NOT EXISTS ignored (uid INTEGER PRIMARY KEY);  -- who is blocked, in the word of 0.1.0
    CREATE TABLE IF NOT EXISTS names (uid INTEGER PRIMARY KEY, name TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS pending (n INTEGER PRIMARY KEY, command BLOB NOT NULL);
"""
_BLOCKS_KEPT = "blocks_kept"  # by the server
_FIELDS = ("name", "uid", "token", "n", "server_key", "account", "servers", "attempt")
_PLACE = ("epoch", "room")  # where it is, and in which log

CHANGING = (
    Welcome | Joined | Left | Renamed | Registered | LoggedOut | Unregistered | Blocked | Unblocked | Error | Pong
)  # what is saved

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Say | Whisper] = msgspec.json.Decoder(Say | Whisper)


class Unkept(ConnectError):
    """There is no place to keep a session in."""


class _Identity(msgspec.Struct):
    """Who a session is, as it is kept."""

    name: str = ""
    uid: Count = 0
    token: str | None = None
    n: Count = 0
    server_key: str | None = None
    account: Count = 0  # 1: the token is an account's
    servers: str = ""
    attempt: Count = 0


class State:
    """The file of one session, claimed for this process. Any thread may call its methods; behind ``close`` they do
    nothing, but ``said`` raises.

    Private to the user (mode 0600). Written to the system at each change, so it survives the end of the program
    in any way; after a power cut it may be a moment old.
    """

    def __init__(
        self, address: Address, name: str, folder: Path | None = None, *, keep_rooms: bool = False
    ) -> None:  # fmt: skip
        """Claim the first session of that name on that server that no other process has.

        Args:
            keep_rooms: for a client that comes back into its rooms after a goodbye. These, and how far it has come
                in each, are apart from those of other clients with this session: a pipe must neither begin in them
                nor pass over what a person at a screen has not seen.
            address: of the server.
            name: asked for first; the session may have been renamed since.
            folder: the user's state folder, if not given.
        Raises:
            Unkept: the folder can't be written to.
            ConnectError: the file is damaged.
        """
        # Closing a connection that another thread uses ends the process.
        self._using = threading.RLock()
        self._rooms = "kept_rooms" if keep_rooms else "rooms"
        self._keys = (*_FIELDS, _BLOCKS_KEPT, *(f"kept_{one}" if keep_rooms else one for one in _PLACE))
        folder = user_state_path("roomchat") if folder is None else folder
        try:
            folder = server_folder(folder, address, name)
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._lock, self.path = claim(folder, name)
            self._connection = sqlite3.connect(self.path.absolute(), isolation_level=None, check_same_thread=False)
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = NORMAL")
            self._connection.executescript(_SCHEMA)
        except (OSError, sqlite3.OperationalError) as error:
            raise Unkept(f"Can't keep the session in {folder} ({error}).") from None
        except sqlite3.Error as error:
            self._lock.close()
            raise self._damaged(error) from None
        self._identity: tuple[object, ...] = ()
        self._names: dict[int, str] | None = None  # as they are written; None: nobody knows
        self.closed = False

    def load(self, session: Session) -> None:
        """Put what was kept into a new session. Raises ConnectError if it can't be read."""
        try:
            self._load(session)
        except (sqlite3.Error, msgspec.MsgspecError, ValueError) as error:
            raise self._damaged(error) from None

    def _damaged(self, error: Exception) -> ConnectError:
        return ConnectError(
            f"The session kept in {self.path} can't be read ({error}). Remove that file to begin anew; what was "
            "not sent yet is lost with it."
        )

    def _load(self, session: Session) -> None:
        kept = dict(self._connection.execute("SELECT key, value FROM identity"))
        identity = msgspec.convert(kept, _Identity)
        for field in kept.keys() & set(_FIELDS):
            setattr(session, field, getattr(identity, field))
        epoch, room = (kept.get(key) for key in self._keys[-2:])
        if epoch is None:  # it was nowhere yet; but whom the person has blocked is known, of the log of the others
            epoch = kept.get("epoch") or kept.get("kept_epoch")
        session.epoch = msgspec.convert(epoch, str | None)
        session.room = msgspec.convert(room, str | None)
        for room, start, cursor in self._connection.execute(
            f"SELECT room, start, cursor FROM {self._rooms} ORDER BY rowid"
        ):
            session.rooms[room] = msgspec.convert(start, Count)
            if cursor is not None:
                session.cursors[room] = msgspec.convert(cursor, Count)
        session.blocks.uids = frozenset(uid for (uid,) in self._connection.execute("SELECT uid FROM ignored"))
        session.blocks.is_kept = bool(kept.get(_BLOCKS_KEPT))
        for uid, name in self._connection.execute("SELECT uid, name FROM names"):
            session.names[msgspec.convert(uid, Count)] = msgspec.convert(name, str)
        for n, command in self._connection.execute("SELECT n, command FROM pending ORDER BY n"):
            session.pending[n] = _decoder.decode(command)

    def save(self, session: Session) -> None:
        """Keep who the session is, where it is, and what was said and not seen; not its cursors."""
        with self._using:
            if not self.closed:
                self._save(session)

    def _save(self, session: Session) -> None:
        who, where = ([getattr(session, field) for field in fields] for fields in (_FIELDS, _PLACE))
        identity = (*who, session.blocks.is_kept, *where)
        pending = session.refused | session.pending
        with _Transaction(self._connection):
            if identity != self._identity:
                self._connection.executemany(
                    "INSERT OR REPLACE INTO identity VALUES (?, ?)",
                    zip(self._keys, identity, strict=True),
                )
            self._forget(self._rooms, "room", session.rooms)
            self._connection.executemany(
                f"INSERT OR IGNORE INTO {self._rooms} (room, start) VALUES (?, ?)", session.rooms.items()
            )
            # Handled is never more than received, unless the log has lost its end, or is another one.
            self._connection.executemany(
                f"UPDATE {self._rooms} SET cursor = ?1 WHERE room = ?2 AND cursor > ?1",
                [(session.cursors.get(room, start), room) for room, start in session.rooms.items()],
            )
            self._forget("ignored", "uid", session.blocks.uids)
            self._connection.executemany(
                "INSERT OR IGNORE INTO ignored VALUES (?)", [(uid,) for uid in session.blocks.uids]
            )
            if session.names != self._names:
                self._forget("names", "uid", session.names)
                self._connection.executemany("INSERT OR REPLACE INTO names VALUES (?, ?)", session.names.items())
            self._forget("pending", "n", pending)
            self._connection.executemany(
                "INSERT OR REPLACE INTO pending VALUES (?, ?)",
                [(n, _encoder.encode(command)) for n, command in pending.items()],
            )
        self._identity, self._names = identity, dict(session.names)

    def said(self, n: int, command: Say | Whisper) -> None:
        """Keep one more message that is about to be sent."""
        with self._using:
            if self.closed:
                raise StateError("The session is closed, so this message can't be kept.")
            with _Transaction(self._connection):
                self._connection.execute(
                    "INSERT OR REPLACE INTO pending VALUES (?, ?)", (n, _encoder.encode(command))
                )
                self._connection.execute("INSERT OR REPLACE INTO identity VALUES ('n', ?)", (n,))

    def seen(self, n: int) -> None:
        """A message has come back, or the program knows that it was refused."""
        self._change("DELETE FROM pending WHERE n = ?", (n,))

    def reached(self, room: str, seq: int) -> None:
        """Everything of a room up to there has been shown, or acknowledged by the program."""
        self._change(f"UPDATE {self._rooms} SET cursor = max(ifnull(cursor, 0), ?) WHERE room = ?", (seq, room))

    def _change(self, statement: str, parameters: tuple[object, ...]) -> None:
        with self._using:
            if not self.closed:
                with _Transaction(self._connection):
                    self._connection.execute(statement, parameters)

    def close(self) -> None:
        """Give the session back: another process may claim it."""
        with self._using:
            if not self.closed:
                self.closed = True
                self._connection.close()
                fcntl.flock(self._lock, fcntl.LOCK_UN)  # a forked child may have it open, too
                self._lock.close()

    def abandon(self) -> None:
        """In a forked child: the file stays the parent's. Closing SQLite's connection would touch it."""
        self.closed = True
        keep_for_ever(self._connection)
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
        if isinstance(error, sqlite3.Error | OverflowError):
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise StateError(f"The session can't be kept on this machine's disk ({error}).") from error
