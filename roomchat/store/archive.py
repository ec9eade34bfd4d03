"""Reading the log as someone who runs no server: whether or not one runs beside it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from roomchat.errors import LogError
from roomchat.store.partitions import PARTITION, partitions_behind, partitions_up_to
from roomchat.store.reader import Reading
from roomchat.store.schema import APPLICATION_ID, MIGRATIONS

READ_BYTES = 1024 * 1024  # bytes read at a time: bounds the memory, and how long one look at the log lasts
BEGINNING, END = -(2**62), 2**62  # milliseconds: before and after all that was ever said


class Room(Struct, gc=False):
    """A room of the log. ``key`` is its name as names are compared, ``name`` as it is shown."""

    number: int
    key: str
    name: str


class TimeRange(Struct):
    """What to take out of a room, and what of it turned out to be there no more.

    ``since`` and ``until`` are milliseconds since 1970; the first is inside, the second outside. ``lost`` is the
    seq up to which messages that were asked for are no longer kept; 0: none are missing.
    """

    since: int = BEGINNING
    until: int = END
    lost: int = 0


class Archive:
    """The log in a file, for one thread. Everything raises ``LogError`` with a sentence.

    The file is opened for reading only. Nothing waits for it: a look at the log is a short read transaction of its
    own, and SQLite's WAL lets a server write beside that. After a server that has ended, SQLite leaves its two
    helper files (``-wal``, ``-shm``) beside the log, empty; the next server takes them over.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.is_file():
            raise LogError(f"There is no database {path}; name the server's with --db.")
        try:
            self._connection = self._open()
        except sqlite3.DatabaseError as error:
            raise LogError(self._why_not(error)) from None

    def close(self) -> None:
        """End it."""
        self._connection.close()

    def looking(self) -> Reading:
        """A look at the log as of one moment, for queries of one's own."""
        return Reading(self._connection, self._why_not)

    def epoch(self) -> str:
        """The random name of this log."""
        with self.looking():
            return str(self._connection.execute("SELECT value FROM meta WHERE key = 'epoch'").fetchone()[0])

    def rooms(self) -> list[Room]:
        """Every room that has or had messages, the oldest first."""
        with self.looking():
            return [Room(*row) for row in self._connection.execute("SELECT id, key, name FROM rooms ORDER BY id")]

    def lines(self, room: Room, wanted: TimeRange) -> Iterator[bytes]:
        """The room's messages up to now, oldest first, as native lines: some at a time, never all at once.

        What is said after the first look is not among them, so that it ends in a busy room, too.
        """
        with self.looking():
            upto = self._last_seq(room)
        after = 0
        while after < upto:
            with self.looking():
                self._note_lost(room, after, wanted)
                found, after = self._next(room, after, upto, wanted)
            yield from found

    # ------------------------------------------------------------ inside

    def _next(self, room: Room, after: int, upto: int, wanted: TimeRange) -> tuple[list[bytes], int]:
        """About ``READ_BYTES`` of what is behind ``after``, and the seq to go on behind."""
        found: list[bytes] = []
        size = 0
        for partition in partitions_behind(self._connection, room.number, after):
            rows = self._connection.execute(
                f"SELECT last_seq, lines FROM segments WHERE {PARTITION} = ?"
                " AND room = ? AND last_seq > ? AND last_seq <= ? AND time >= ? AND time < ? ORDER BY last_seq",
                (partition, room.number, after, upto, wanted.since, wanted.until),
            )
            for last_seq, lines in rows:
                found.append(lines)
                size += len(lines)
                if size >= READ_BYTES:
                    rows.close()
                    return found, last_seq
        return found, upto

    def _note_lost(self, room: Room, after: int, wanted: TimeRange) -> None:
        """Whether retention has removed something behind ``after``, before or while we read."""
        (trimmed_upto,) = self._connection.execute(
            "SELECT removed_seq FROM rooms WHERE id = ?", (room.number,)
        ).fetchone()
        if trimmed_upto <= after:
            return
        oldest = None
        for partition in partitions_behind(self._connection, room.number, trimmed_upto)[:1]:
            (oldest,) = self._connection.execute(
                f"SELECT time FROM segments WHERE {PARTITION} = ? AND room = ? AND last_seq > ?"
                " ORDER BY last_seq LIMIT 1",
                (partition, room.number, trimmed_upto),
            ).fetchone()
        # If something is kept from before what is asked for, nothing that is asked for was removed.
        if oldest is None or oldest >= wanted.since:
            wanted.lost = trimmed_upto

    def _last_seq(self, room: Room) -> int:
        """Of the room's newest message that is kept; 0 if there is none."""
        for partition in partitions_up_to(self._connection, room.number, END):
            query = f"SELECT max(last_seq) FROM segments WHERE {PARTITION} = ? AND room = ?"
            (last_seq,) = self._connection.execute(query, (partition, room.number)).fetchone()
            return int(last_seq)
        return 0

    def _open(self) -> sqlite3.Connection:
        try:
            return self._connect("mode=ro")
        except sqlite3.OperationalError:
            # In a folder where nothing can be written, a log that no server has open can't get its helper files.
            if Path(f"{self.path}-wal").exists():
                raise
            return self._connect("immutable=1")

    def _connect(self, how: str) -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?{how}", uri=True, isolation_level=None, timeout=5.0
        )
        try:
            self._check(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _check(self, connection: sqlite3.Connection) -> None:
        (application_id,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if application_id != APPLICATION_ID:
            raise LogError(f"{self.path} is not a roomchat database; name the server's with --db.")
        if version > len(MIGRATIONS):
            raise LogError(f"{self.path} was written by a newer roomchat; update this one.")
        if version < len(MIGRATIONS):
            raise LogError(
                f"{self.path} was written by an older roomchat; start `roomchat serve` with it once, and it is "
                "brought up to date."
            )

    def _why_not(self, error: Exception) -> str:
        """A sentence for what SQLite, or a line that is no message, says."""
        if isinstance(error, sqlite3.OperationalError):
            return f"Can't read the database {self.path} ({error})."
        with suppress(OSError), open(self.path, "rb") as file:
            if not file.read(16).startswith(b"SQLite format 3"):
                return f"{self.path} is not a roomchat database; name the server's with --db."
        return f"The database {self.path} is broken ({error}); export from a backup."
