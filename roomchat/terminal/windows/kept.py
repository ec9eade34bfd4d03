"""What a person's terminal keeps of one server: the last messages of each room, and how the windows stood."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from roomchat.protocol import AnyEntry, Entry, Spoken, Tombstone, Unknown, is_pair
from roomchat.terminal.windows.kept_file import KeptFile

KEPT = 5_000  # entries of a room
SLACK = 100  # more of them until the oldest are removed: that takes some 4 ms

_ADD = "INSERT INTO entries (room, seq, ts, mentions, entry) VALUES (?, ?, ?, ?, ?)"
_ERASE = "UPDATE entries SET entry = ?, mentions = 0 WHERE room = ? AND seq = ?"
_OLDER = "SELECT seq FROM entries WHERE room = ?1 ORDER BY seq DESC LIMIT 1 OFFSET ?2"  # the newest not to be kept

# From room to room in the index: to read all of its entries takes a tenth of a second.
_LAST = """
    WITH RECURSIVE rooms (room) AS (
        SELECT min(room) FROM entries
        UNION ALL
        SELECT (SELECT min(room) FROM entries WHERE room > rooms.room) FROM rooms WHERE rooms.room IS NOT NULL
    )
    SELECT room, (SELECT max(seq) FROM entries WHERE entries.room = rooms.room) FROM rooms WHERE room IS NOT NULL
"""


class KeptWindow(msgspec.Struct):
    """How one window stood. ``read`` is the seq of the last entry that was seen, ``read_at`` when (RFC 3339)."""

    room: str
    number: int
    read: int = 0
    read_at: str | None = None
    draft: str = ""
    unread: int = 0
    mentions: int = 0
    current: bool = False


_encoder = msgspec.json.Encoder()
_entries: msgspec.json.Decoder[AnyEntry | Unknown] = msgspec.json.Decoder(AnyEntry | Unknown)
_windows = msgspec.json.Decoder(list[KeptWindow])


@dataclass
class _Room:
    """What is known of a room without asking the file."""

    last: int = 0  # seq
    count: int | None = None  # entries; None: nobody has counted


class Kept:
    """A file beside the session's own. Any thread may call its methods; behind ``close`` they do and find nothing.

    No method raises, for a chat must not end because of its copies. What goes wrong is told in ``trouble``:

    - A damaged file is put aside, under its name with ``.damaged`` behind it, and a new one is begun.
    - If the disk takes no more, later entries are not kept, for there would be holes among them; what is kept can
      still be read. If there can't be a file at all, memory takes its place.

    Private to the user (mode 0600). What was added survives the end of the program in any way; after a power cut
    the last moments may be missing.
    """

    def __init__(self, path: Path | None) -> None:
        """Open the file, or make it. Only the process that has the session may.

        Args:
            path: ``Client.kept_beside``; None: in memory.
        """
        self._using = threading.RLock()  # closing a connection that another thread uses ends the process
        self._has_traces = True  # of erased words, beside the file; a killed process may have left some
        self._stopped = False  # an entry could not be kept, so no later one may be
        self._rooms: dict[str, _Room] = {}
        self._windows: list[KeptWindow] | None = None  # as they are in the file; None: nobody knows
        self._file = KeptFile(path, self._emptied)
        self._look()

    @property
    def trouble(self) -> str:
        """A sentence for the person: what is not kept, and why; nothing if all is well."""
        return self._file.trouble

    # ------------------------------------------------------------ entries

    def begin(self, epoch: str) -> bool:
        """Say whose entries will come: those of the log with that epoch (or whatever tells what is one log).

        If another log's were kept they are forgotten, and it returns True. The windows of rooms keep their number
        and draft; those of whispers are forgotten, because in another log a UID may be someone else's.
        """
        with self._using:
            known = self._state("epoch")
            if known == epoch:
                return False
            if known is not None:
                self.keep_windows(
                    KeptWindow(one.room, one.number, draft=one.draft, current=one.current)
                    for one in self.windows()
                    if not is_pair(one.room)
                )
                self._file.write("DELETE FROM entries")
                self._rooms.clear()
            if not self._file.write("INSERT OR REPLACE INTO state VALUES ('epoch', ?)", epoch):
                self._file.leave()  # better nothing of before than entries of another log
            return known is not None

    def add(self, entry: AnyEntry | Unknown, mentions: bool = False) -> None:
        """Keep a room's newest entry. One that is not newer than the last one is kept already.

        Args:
            mentions: whether it has the person's name in it.
        """
        with self._using:
            if self._stopped or entry.seq <= self.last(entry.room):
                return
            ts = entry.ts if isinstance(entry, Entry) else ""
            if not self._file.write(_ADD, entry.room, entry.seq, ts, mentions, _encoder.encode(entry)):
                self._stopped = True
                return
            room = self._rooms.setdefault(entry.room, _Room())
            room.last, room.count = entry.seq, self._count(entry.room) if room.count is None else room.count + 1
            if room.count > KEPT + SLACK:
                self._file.write(f"DELETE FROM entries WHERE room = ?1 AND seq <= ({_OLDER})", entry.room, KEPT)
                room.count = KEPT

    def erase(self, room: str, seq: int) -> None:
        """Keep a tombstone in the place of words. ``wipe`` removes the last traces of them."""
        with self._using:
            for entry in self._read("WHERE room = ? AND seq = ?", room, seq):
                if isinstance(entry, Spoken):
                    self._file.write(_ERASE, _encoder.encode(Tombstone.of(entry)), room, seq)
                    self._has_traces = True

    def wipe(self) -> None:
        """Leave nothing of what was erased beside the file: some milliseconds, if anything was."""
        with self._using:
            if self._has_traces:
                rows = self._file.rows("PRAGMA wal_checkpoint(TRUNCATE)")
                self._has_traces = not rows or bool(rows[0][0])  # else a look from outside was in the way

    def rooms(self) -> list[str]:
        """The rooms that something is kept of."""
        with self._using:
            return [*self._rooms]

    def last(self, room: str) -> int:
        """The seq of a room's newest kept entry; 0: none is kept."""
        with self._using:
            return self._rooms[room].last if room in self._rooms else 0

    def before(self, room: str, seq: int | None, limit: int) -> list[AnyEntry | Unknown]:
        """The last entries before a seq (None: of all), oldest first; none if there may be a hole up to it."""
        with self._using:
            if self._stopped and seq is not None and seq > self.last(room):
                return []
            where = "WHERE room = ? AND seq < ? ORDER BY seq DESC LIMIT ?"
            return self._read(where, room, 2**53 if seq is None else seq, limit)[::-1]

    def after(self, room: str, seq: int, limit: int) -> list[AnyEntry | Unknown]:
        """The first entries after a seq, oldest first; none if there may be a hole up to them."""
        is_kept = "EXISTS (SELECT 1 FROM entries WHERE room = ?1 AND seq <= ?2)"
        return self._read(f"WHERE room = ?1 AND seq > ?2 AND {is_kept} ORDER BY seq LIMIT ?3", room, seq, limit)

    def mentions(self, limit: int) -> list[Spoken]:
        """The entries that were added as mentions, newest first."""
        found = self._read("WHERE mentions ORDER BY ts DESC, id DESC LIMIT ?", limit)
        return [entry for entry in found if isinstance(entry, Spoken)]

    def forget(self, room: str, after: int = 0) -> None:
        """Forget a room's entries above a seq: those that the server has lost, or all, because it was left."""
        with self._using:
            self._file.write("DELETE FROM entries WHERE room = ? AND seq > ?", room, after)
            self._rooms.pop(room, None)
            self._look()

    # ------------------------------------------------------------ windows

    def windows(self) -> list[KeptWindow]:
        """The windows as they were kept last."""
        try:
            return _windows.decode(self._state("windows") or b"[]")
        except (msgspec.MsgspecError, TypeError):
            return []

    def keep_windows(self, windows: Iterable[KeptWindow]) -> None:
        """Keep these in place of the last ones. If nothing has changed, nothing is written."""
        # What was typed may have bytes in it that are no text.
        kept = [replace(one, draft=one.draft.encode(errors="replace").decode()) for one in windows]
        with self._using:
            statement = "INSERT OR REPLACE INTO state VALUES ('windows', ?)"
            if kept != self._windows and self._file.write(statement, _encoder.encode(kept)):
                self._windows = kept

    # ------------------------------------------------------------ inside

    def close(self) -> None:
        """Give the file back; before the client is closed, which gives the session back."""
        with self._using:
            self._stopped = True
            self._rooms.clear()
            self._file.close()

    def _emptied(self) -> None:
        """There is another file, or none: nothing is in it."""
        self._rooms.clear()
        self._windows = None
        self._stopped = False

    def _look(self) -> None:
        """Which rooms there are, and their last entries; ``add`` must not ask for each entry."""
        for room, last in self._file.rows(_LAST):
            if not isinstance(last, int):  # damage that SQLite does not see
                self._file.write("DELETE FROM entries WHERE room = ?", room)
            elif room not in self._rooms:
                self._rooms[room] = _Room(last)

    def _count(self, room: str) -> int:
        rows = self._file.rows("SELECT count(*) FROM entries WHERE room = ?", room)
        return int(rows[0][0]) if rows else 0

    def _state(self, key: str) -> Any:
        with self._using:
            rows = self._file.rows("SELECT value FROM state WHERE key = ?", key)
        return rows[0][0] if rows else None

    def _read(self, where: str, *values: object) -> list[AnyEntry | Unknown]:
        with self._using:
            rows = self._file.rows(f"SELECT room, seq, entry FROM entries {where}", *values)
        return [_entry(*row) for row in rows]


def _entry(room: str, seq: int, encoded: bytes) -> AnyEntry | Unknown:
    """An entry of a kind that a later version has kept is unknown to this one."""
    try:
        return _entries.decode(encoded)
    except (msgspec.MsgspecError, TypeError):
        return Unknown(room, seq)
