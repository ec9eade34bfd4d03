"""Reading the log beside its writer: what a connection missed, and pages of history."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from roomchat.errors import LogError
from roomchat.store import blocks, markers
from roomchat.store.api import ReadResult, SegmentSlice, StoredAccount, StoredChange
from roomchat.store.clients import COLUMNS, JOINS, StoredClient, StoredPassword, clients_of
from roomchat.store.deletions import line_of
from roomchat.store.partitions import PARTITION, partitions_behind, partitions_up_to


class _OnlySeq(Struct):
    """As much of a message as cutting a segment needs."""

    seq: int


_seqs = msgspec.json.Decoder(_OnlySeq)


class SqliteReader:
    """A second connection to the log, for one thread. Everything raises ``LogError`` when the disk fails."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5.0)
        self._connection.execute("PRAGMA query_only = ON")
        # Opened now, not at the first question: by then no file descriptor may be left, or another file be there.
        self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()

    def close(self) -> None:
        """End it."""
        self._connection.close()

    def client(self, key: bytes | int) -> StoredClient | None:
        """The client with that token, by its hash, or with that UID; None: nobody can come back as it. Some
        20 us."""
        uid = "(SELECT uid FROM sessions WHERE token_hash = ?)" if isinstance(key, bytes) else "?"
        with Reading(self._connection):
            rows = self._connection.execute(
                f"SELECT {COLUMNS} FROM clients {JOINS} WHERE clients.uid = {uid} ORDER BY sessions.device", (key,)
            ).fetchall()
            found = next((one for one in clients_of(rows) if one.sessions or one.account), None)
            if found is not None:
                markers.of_one(self._connection, found)
                found.blocked = blocks.of_one(self._connection, found.uid)
            return found

    def accounts(self, after: int, limit: int) -> list[StoredAccount]:
        """See ``LogReader``. Some 5 us each."""
        query = (
            "SELECT uid, name, (SELECT count(*) FROM sessions WHERE sessions.uid = clients.uid),"
            " coalesce(seen, (SELECT max(seen) FROM visits WHERE visits.uid = clients.uid)),"
            " accounts.uid IS NOT NULL"
            " FROM clients LEFT JOIN guests USING (uid) LEFT JOIN accounts USING (uid)"
            " WHERE uid > ? ORDER BY uid LIMIT ?"
        )
        with Reading(self._connection):
            rows = self._connection.execute(query, (after, limit))
            return [StoredAccount(uid, name, devices, seen, bool(kept)) for uid, name, devices, seen, kept in rows]

    def audit(self, before: int, limit: int) -> list[StoredChange]:
        """See ``LogReader``."""
        query = "SELECT id, time, who, what FROM audit WHERE id < ? ORDER BY id DESC LIMIT ?"
        with Reading(self._connection):
            return [StoredChange(*row) for row in self._connection.execute(query, (before, limit))]

    def entry(self, key: str, seq: int) -> bytes | None:
        """An entry of a room, as a line; None: it is not there, or not any more."""
        with Reading(self._connection):
            return line_of(self._connection, key, seq)

    def owner(self, looks: Sequence[str]) -> int:
        """The UID of the account whose name has one of these looks; 0: there is none."""
        with Reading(self._connection):
            row = self._connection.execute(
                f"SELECT uid FROM looks WHERE look IN ({','.join('?' * len(looks))})", looks
            ).fetchone()
        return 0 if row is None else int(row[0])

    def password(self, key: str | int) -> StoredPassword | None:
        """What a password of an account is checked by, by its name as it is compared, or by its UID."""
        column = "key" if isinstance(key, str) else "uid"
        with Reading(self._connection):
            row = self._connection.execute(
                f"SELECT uid, password_hash, changed FROM accounts WHERE {column} = ?", (key,)
            ).fetchone()
            if row is None:
                return None
            seen = self._connection.execute(
                "SELECT DISTINCT address FROM visits WHERE uid = ?", row[:1]
            ).fetchall()
            uid, password_hash, changed = row
            return StoredPassword(uid, password_hash, changed, frozenset(address for (address,) in seen))

    def after(self, key: str, after: int, upto: int, max_bytes: int) -> ReadResult:
        """Messages of a room with ``after < seq <= upto``, oldest first, about ``max_bytes`` of them.

        Args:
            key: of the room.
            after: a cursor: the seq of the last message that was seen.
            upto: a seq that the room has reached.
            max_bytes: after which it stops; at least one segment is read.
        """
        with Reading(self._connection):
            room, trimmed_upto, name = self._room(key)
            result = ReadResult(name, [], max(after, min(trimmed_upto, upto)))
            taken = 0
            for part in self._segments(room, after, upto):
                result.slices.append(part)
                result.reached = part.last_seq
                taken += len(part.lines)
                if taken >= max_bytes:
                    break
            else:
                result.reached = upto
            if trimmed_upto > after and upto > after:
                before = result.slices[0].first_seq if result.slices else upto + 1
                result.gap = (after, before)
            return result

    def start_of_last(self, key: str, count: int, upto: int) -> int:
        """The cursor behind which the last ``count`` messages up to ``upto`` begin, as far as they are kept."""
        with Reading(self._connection):
            room, trimmed_upto, _ = self._room(key)
            for part in self._segments_backwards(room, upto):
                lines = part.lines.count(b"\n")
                if lines >= count:
                    first = part.lines.split(b"\n", lines - count + 1)[lines - count]
                    return _seqs.decode(first).seq - 1
                count -= lines
            return trimmed_upto

    def page(
        self, key: str, before: int, after: int | None, limit: int, max_bytes: int
    ) -> tuple[list[bytes], bool]:
        """Messages of a room, oldest first, as lines without line feeds.

        Args:
            key: of the room.
            before: only messages below this seq.
            after: only messages above this seq; then the first of them, otherwise the last.
            limit: how many.
            max_bytes: of all lines together; at least one message is returned if there is one.
        Returns:
            The lines, and whether there are more in that direction.
        """
        upto = before - 1
        with Reading(self._connection):
            room, _, _ = self._room(key)
            if after is not None:
                found = (line for part in self._segments(room, after, upto) for line in part.lines.splitlines())
                return _take(found, limit, max_bytes)
            latest = (
                line for part in self._segments_backwards(room, upto) for line in reversed(part.lines.splitlines())
            )
            lines, more = _take(latest, limit, max_bytes)
            return lines[::-1], more

    def _room(self, key: str) -> tuple[int, int, str]:
        """(id, trimmed up to, name); a room without messages has no row, and no room has the id 0."""
        row = self._connection.execute("SELECT id, removed_seq, name FROM rooms WHERE key = ?", (key,)).fetchone()
        return row or (0, 0, key)

    def _segments(self, room: int, after: int, upto: int) -> Iterator[SegmentSlice]:
        for partition in partitions_behind(self._connection, room, after):
            rows = self._connection.execute(
                f"SELECT first_seq, last_seq, lines FROM segments WHERE {PARTITION} = ?"
                " AND room = ? AND last_seq > ? ORDER BY last_seq",
                (partition, room, after),
            )
            for row in rows:
                part = SegmentSlice(*row)
                if part.first_seq > upto:
                    return
                if part.first_seq <= after or part.last_seq > upto:
                    part = _cut(part, after, upto)
                yield part

    def _segments_backwards(self, room: int, upto: int) -> Iterator[SegmentSlice]:
        # Only one segment can hold messages on both sides of upto: the first one that ends behind it.
        for partition in partitions_behind(self._connection, room, upto)[:1]:
            edge = self._connection.execute(
                f"SELECT first_seq, last_seq, lines FROM segments WHERE {PARTITION} = ?"
                " AND room = ? AND last_seq > ? ORDER BY last_seq LIMIT 1",
                (partition, room, upto),
            ).fetchone()
            if edge[0] <= upto:
                yield _cut(SegmentSlice(*edge), 0, upto)
        for partition in partitions_up_to(self._connection, room, upto):
            rows = self._connection.execute(
                f"SELECT first_seq, last_seq, lines FROM segments WHERE {PARTITION} = ?"
                " AND room = ? AND last_seq <= ? ORDER BY last_seq DESC",
                (partition, room, upto),
            )
            for row in rows:
                yield SegmentSlice(*row)


class Reading:
    """One read transaction: all queries inside see the log as of the same moment."""

    def __init__(self, connection: sqlite3.Connection, sentence: Callable[[Exception], str] = str) -> None:
        """``sentence`` makes what a ``LogError`` says of the reason."""
        self._connection = connection
        self._sentence = sentence

    def __enter__(self) -> sqlite3.Connection:
        try:
            self._connection.execute("BEGIN")
        except sqlite3.Error as error:
            raise LogError(self._sentence(error)) from error
        return self._connection

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")
        if isinstance(error, sqlite3.Error | msgspec.MsgspecError | ValueError):  # these two: a line is no message
            raise LogError(self._sentence(error)) from error


def _cut(part: SegmentSlice, after: int, upto: int) -> SegmentSlice:
    """The part of a segment with ``after < seq <= upto``. Raises ValueError if it is not one message a line."""
    lines = part.lines.splitlines(keepends=True)
    seqs = [message.seq for message in _seqs.decode_lines(part.lines)]
    kept = [(seq, line) for seq, line in zip(seqs, lines, strict=True) if after < seq <= upto]
    if not kept:
        return SegmentSlice(upto, upto, b"")
    return SegmentSlice(kept[0][0], kept[-1][0], b"".join(line for _, line in kept))


def _take(lines: Iterator[bytes], limit: int, max_bytes: int) -> tuple[list[bytes], bool]:
    """As many as the limits allow, and whether any were left."""
    taken: list[bytes] = []
    size = 0
    for line in lines:
        size += len(line)
        if len(taken) == limit or (taken and size > max_bytes):
            return taken, True
        taken.append(line)
    return taken, False
