"""The one writer of the log."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Callable, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from roomchat.account import Invite
from roomchat.errors import LogError, StartError
from roomchat.store import blocks, markers, shared
from roomchat.store.api import Changes, Kept, LogState, Snapshot
from roomchat.store.changes import insert, write
from roomchat.store.claim import Claim
from roomchat.store.clients import COLUMNS, JOINS, StoredClient, clients_of
from roomchat.store.deletions import empty_wal, forbid_traces
from roomchat.store.partitions import last_segments
from roomchat.store.schema import prepare
from roomchat.store.temporary import make_temporary

T = TypeVar("T")

_SYNC = {"full": "FULL", "normal": "NORMAL"}

PROBE = 64 * 1024  # bytes
_PROBE = "INSERT OR REPLACE INTO meta VALUES ('probe', zeroblob(?))"


class Log:
    """The log of one server: opened by it alone, written by one thread.

    Any number of ``SqliteReader`` may read beside it (SQLite's WAL). Everything raises ``LogError`` when the disk
    fails; nothing of that call is stored then, and the next call may succeed.
    """

    def __init__(self, path: str, sync: str) -> None:
        """Open, make or migrate the log.

        Args:
            path: a file, or ":memory:" for one that is removed at the end.
            sync: "full" or "normal", as in ``Settings.sync``.
        Raises:
            StartError: the file can't be used; the sentence says what to do.
        """
        self._temporary = make_temporary() if path == ":memory:" else None
        # Not SQLite's own memory database: there a reader and the writer lock each other out. Absolute, because
        # SQLite may take a name like "file:x.db" for something else; and one name for one file, links followed.
        self.path = Path(os.path.realpath(Path(self._temporary.name, "log.db") if self._temporary else path))
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if not os.access(self.path.parent, os.W_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        except OSError as error:
            raise StartError(
                f"Can't write to the folder of the database, {self.path.parent} ({error.strerror}); "
                "name a file in another folder with --db."
            ) from None
        self._claim = Claim(self.path)
        try:
            self._connection = self._open("OFF" if self._temporary else _SYNC[sync])
        except BaseException:
            self._claim.close()
            raise

    def close(self) -> None:
        """End it; the file is free again."""
        self._connection.close()
        self._claim.close()
        if self._temporary:
            self._temporary.cleanup()

    def check(self) -> None:
        """Raises LogError if what is written no longer reaches the file: it was moved, removed, or replaced."""
        self._claim.check()

    def size(self) -> int:
        """Bytes of the file and its journal; of what is gone, none."""
        return sum(map(_size, (str(self.path), f"{self.path}-wal")))

    def probe(self) -> None:
        """See whether the disk takes something again, as much as a busy second leaves behind. Raises LogError."""
        self._transaction(lambda connection: connection.execute(_PROBE, (PROBE,)))
        self._transaction(lambda connection: connection.execute("DELETE FROM meta WHERE key = 'probe'"))

    # ------------------------------------------------------------ what was there before

    def state(self) -> LogState:
        """What it knows at a start."""
        return LogState(
            self.epoch(),
            self.last_time(),
            self.next_uid(),
            self.next_room(),
            self.rooms(),
            self.last_said(),
            self.rules(),
            self.bans(),
            self.seats(),
            int(self._value("SELECT count(*) FROM accounts")),
            self.invites(),
        )

    def epoch(self) -> str:
        """The random name of this log."""
        return str(self._value("SELECT value FROM meta WHERE key = 'epoch'"))

    def next_room(self) -> int:
        """The number of the next room that is made by dialling."""
        return int(self._value("SELECT value FROM meta WHERE key = 'next_room'"))

    def next_uid(self) -> int:
        """A UID above all that were ever given away."""
        return int(self._value("SELECT value FROM meta WHERE key = 'next_uid'"))

    def rooms(self) -> list[tuple[str, str, int]]:
        """(key, name, last seq) of every room that has or had messages."""

        def read(connection: sqlite3.Connection) -> list[tuple[str, str, int]]:
            rooms = connection.execute("SELECT id, key, name, removed_seq FROM rooms").fetchall()
            last = last_segments(connection, {room for room, *_ in rooms})
            found = []
            for room, key, name, seq in rooms:
                if room in last:
                    query = "SELECT last_seq FROM segments WHERE id = ?"
                    (seq,) = connection.execute(query, (last[room],)).fetchone()
                found.append((key, name, seq))
            return found

        return self._try(read)

    def last_said(self) -> dict[str, int]:
        """When the newest message of each room was said, in milliseconds since 1970, by key. Not of rooms that
        retention has emptied."""

        def read(connection: sqlite3.Connection) -> dict[str, int]:
            rooms = dict(connection.execute("SELECT id, key FROM rooms").fetchall())
            query = "SELECT time FROM segments WHERE id = ?"
            last = last_segments(connection, set(rooms))
            return {rooms[room]: connection.execute(query, (one,)).fetchone()[0] for room, one in last.items()}

        return self._try(read)

    def rules(self) -> dict[str, bytes]:
        """What is laid down for rooms, as JSON, by key."""
        return self._try(lambda connection: dict(connection.execute("SELECT room, rules FROM rules").fetchall()))

    def last_time(self) -> int:
        """When the last message was said, in milliseconds since 1970; 0 in an empty log."""
        return int(self._value("SELECT coalesce((SELECT time FROM segments ORDER BY id DESC LIMIT 1), 0)"))

    def bans(self) -> list[tuple[int | str, int | None, str]]:
        """Of the server, in the order in which they were made: (UID or place, until, reason)."""
        query = "SELECT who, until, reason FROM server_bans ORDER BY rowid"
        return self._try(lambda connection: connection.execute(query).fetchall())

    def seats(self) -> list[tuple[str, StoredClient]]:
        """All who had a seat when the server ended and could come back to it: (their name as it is compared, what
        is known of them)."""

        def read(connection: sqlite3.Connection) -> list[tuple[str, StoredClient]]:
            query = f"""
                SELECT {COLUMNS} FROM seats JOIN clients ON clients.uid = seats.uid {JOINS}
                ORDER BY clients.uid, sessions.device
            """
            keys = dict(connection.execute("SELECT uid, key FROM seats"))
            clients = [one for one in clients_of(connection.execute(query)) if one.sessions or one.account]
            markers.of_seated(connection, clients)
            blocks.of_seated(connection, clients)
            return [(keys[one.uid], one) for one in clients]

        return self._try(read)

    def invites(self) -> list[tuple[bytes, Invite]]:
        """All, by the hashes of their tokens."""
        rows = self._try(lambda connection: connection.execute("SELECT * FROM invites").fetchall())
        return [(token_hash, Invite(uses, ends)) for token_hash, uses, ends in rows]

    # ------------------------------------------------------------ writing

    def append(self, now: int, changes: Changes) -> None:
        """Store all that a batch leaves behind, in one transaction; see ``append_all``."""
        self.append_all([(now, changes)])

    def append_all(self, batches: Sequence[tuple[int, Changes]]) -> None:
        """Store all that batches leave behind, in one transaction.

        Args:
            batches: (milliseconds since 1970, what it is) of each.
        Raises:
            LogError: nothing was stored.
        """

        def append(connection: sqlite3.Connection) -> None:
            for now, changes in batches:
                write(connection, now, changes, self._room_id)

        known = len(self._room_ids)
        try:
            self._transaction(append)
        except LogError:
            for key in list(self._room_ids)[known:]:
                del self._room_ids[key]
            raise

    def wipe(self) -> bool:
        """Leave nothing of what was deleted beside the log; False: somebody reads, so it is to be tried again."""
        return self._try(empty_wal)

    def expire(self, before: int, limit: int) -> int:
        """Remove the oldest segments, those from before a time, and remember up to where.

        Args:
            before: milliseconds since 1970.
            limit: segments at the most: some 10 us each, and the chat waits for it.
        Returns:
            How many were removed.
        """

        def remove(connection: sqlite3.Connection) -> int:
            oldest = connection.execute(
                "SELECT id, room, last_seq, time FROM segments ORDER BY id LIMIT ?", (limit,)
            ).fetchall()
            # Only the first in a row: were the clock put back once, a hole would be left that no gap tells of.
            expired = list(takewhile(lambda row: row[3] < before, oldest))
            trimmed_upto: dict[int, int] = {}
            for _, room, last_seq, _ in expired:
                trimmed_upto[room] = max(last_seq, trimmed_upto.get(room, 0))
            for room, last_seq in trimmed_upto.items():
                connection.execute("UPDATE rooms SET removed_seq = ? WHERE id = ?", (last_seq, room))
            if expired:  # one statement: see changes.CHUNKS
                connection.execute("DELETE FROM segments WHERE id <= ?", (expired[-1][0],))
            return len(expired)

        return self._transaction(remove)

    def forget_guests(self, before: int, now: int, limit: int, needed: Callable[[int], bool]) -> tuple[int, int]:
        """Remove those who never said anything and were not here since a time.

        Args:
            before, now: milliseconds since 1970.
            limit: how many are looked at: some 50 us each, and the chat waits for it.
            needed: whether somebody is to be kept; then it counts as seen now.
        Returns:
            How many were looked at, and how many were removed.
        """

        def forget(connection: sqlite3.Connection) -> tuple[int, int]:
            query = "SELECT uid FROM guests WHERE seen < ? ORDER BY seen LIMIT ?"
            found = [uid for (uid,) in connection.execute(query, (before, limit))]
            kept = {uid for uid in found if needed(uid)}
            gone = [uid for uid in found if uid not in kept]
            insert(connection, "INSERT OR REPLACE INTO guests VALUES", 2, [(uid, now) for uid in kept])
            for table in ("clients", "sessions", "counters", "seats", "guests", "reads", "blocks"):
                connection.execute(f"DELETE FROM {table} WHERE uid IN ({','.join('?' * len(gone))})", gone)
            return len(found), len(gone)

        return self._transaction(forget)

    # ------------------------------------------------------------ of several servers

    def kept(self) -> Kept | None:
        """What a server that shares its chat goes on from; None: this one never did."""
        return self._try(shared.read)

    def keep(self, snapshot: Snapshot) -> None:
        """Have it go on from there the next time."""
        self._transaction(lambda connection: shared.keep(connection, snapshot))

    def forget(self) -> None:
        """Have nothing go on from here: this log is not what the other servers' are."""
        self._transaction(shared.forget)

    # ------------------------------------------------------------ inside

    def _open(self, sync: str) -> sqlite3.Connection:
        try:
            # The thread that opens it is not the one that writes; they never meet.
            connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=1.0)
        except sqlite3.Error as error:
            raise StartError(f"Can't open {self.path} ({error}); name another file with --db.") from None
        try:
            forbid_traces(connection)
            prepare(connection, self.path)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(f"PRAGMA synchronous = {sync}")
            # A broken file often shows here.
            self._room_ids: dict[str, int] = dict(connection.execute("SELECT key, id FROM rooms"))
            connection.execute("SELECT max(id) FROM segments").fetchone()
        except sqlite3.OperationalError as error:
            connection.close()
            raise StartError(
                f"Can't write to the database {self.path} ({error}); name another file with --db."
            ) from None
        except sqlite3.DatabaseError as error:
            connection.close()
            raise StartError(
                f"{self.path} is not a roomchat database, or a broken one ({error}); restore it from a backup, "
                "or name another file with --db."
            ) from None
        except StartError:
            connection.close()
            raise
        return connection

    def _room_id(self, key: str, name: str) -> int:
        """The number of a room, given when it has its first messages. Inside a transaction."""
        room_id = self._room_ids.get(key)
        if room_id is None:
            cursor = self._connection.execute("INSERT INTO rooms (key, name) VALUES (?, ?)", (key, name))
            room_id = self._room_ids[key] = cursor.lastrowid or 0
        return room_id

    def _transaction(self, work: Callable[[sqlite3.Connection], T]) -> T:
        def run(connection: sqlite3.Connection) -> T:
            connection.execute("BEGIN IMMEDIATE")
            try:
                result = work(connection)
                self.check()  # or what is acknowledged would go with the file
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:  # some failures have rolled back already
                    connection.execute("ROLLBACK")
                raise
            return result

        return self._try(run)

    def _try(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            return work(self._connection)
        except (sqlite3.Error, msgspec.MsgspecError) as error:  # the second: a line is no entry
            raise LogError(f"{self.path}: {error}") from error

    def _value(self, query: str) -> Any:
        return self._try(lambda connection: connection.execute(query).fetchone())[0]


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0
