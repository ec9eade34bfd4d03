"""Copying a log while a server writes to it."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from msgspec import Struct

from roomchat.errors import LogError
from roomchat.store.archive import Archive

PAGES = 256  # of 4 KiB, copied at a time: between two of them Ctrl-C is heard


class BackedUp(Struct):
    """What a copy has."""

    epoch: str
    clients: int
    rooms: int
    segments: int
    bytes: int


def back_up(source: Path, target: Path) -> BackedUp:
    """Copy a log to a new file, which has its name only when it is whole.

    The copy is made within one read transaction: without it SQLite would begin again each time when something is
    written. The server writes on meanwhile, into its write-ahead log, which keeps growing until then.

    Raises:
        LogError: with a sentence; no file is left.
    """
    part = target.with_name(f".{target.name[:100]}.{os.urandom(4).hex()}.part")
    with closing(Archive(source)) as archive:
        try:
            os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))  # whispers are in it
            with archive.looking() as connection:
                expected = _look(connection)
                _copy(connection, part)
            found = _read_back(part)
            if found != expected:
                raise LogError(f"The copy {target} is not what the log was, so it was removed; try again.")
            _put(part, target)
        except OSError as error:
            raise LogError(f"Can't write to {target} ({error.strerror}).") from None
        except sqlite3.Error as error:
            raise LogError(f"The copy of the log can't be read back ({error}), so it was removed.") from None
        finally:
            for ending in ("", "-journal", "-wal", "-shm"):
                Path(f"{part}{ending}").unlink(missing_ok=True)
    epoch, clients, rooms, segments = found
    return BackedUp(epoch, clients, rooms, segments, target.stat().st_size)


def _copy(connection: sqlite3.Connection, part: Path) -> None:
    try:
        with closing(sqlite3.connect(part, isolation_level=None)) as copy:
            connection.backup(copy, pages=PAGES, progress=_progress)
    except sqlite3.Error as error:
        raise LogError(f"The log can't be copied to {part.parent} ({error}).") from None


def _progress(*_: int) -> None:
    """Between two steps: a signal is heard here, and a test does what others would do meanwhile."""


def _look(connection: sqlite3.Connection) -> tuple[str, int, int, int]:
    counts = ", ".join(f"(SELECT count(*) FROM {table})" for table in ("clients", "rooms", "segments"))
    row = connection.execute(f"SELECT (SELECT value FROM meta WHERE key = 'epoch'), {counts}").fetchone()
    return str(row[0]), *row[1:]


def _read_back(part: Path) -> tuple[str, int, int, int]:
    """What is in the copy. Raises LogError if it is broken."""
    name = f"{part.absolute().as_uri()}?immutable=1"  # so that no helper files are made
    with closing(sqlite3.connect(name, uri=True, isolation_level=None)) as copy:
        (fault,) = copy.execute("PRAGMA integrity_check(1)").fetchone()
        if fault != "ok":
            raise LogError(f"The copy of the log is broken ({fault}), so it was removed; perhaps the log is.")
        return _look(copy)


def _put(part: Path, target: Path) -> None:
    """Under its name, and on the disk. Raises OSError."""
    try:
        os.link(part, target)  # which takes the place of nothing, also if it came there just now
    except FileExistsError:
        raise LogError(f"{target} exists; name another file.") from None
    except OSError:  # not every file system has links
        if target.exists():
            raise LogError(f"{target} exists; name another file.") from None
        os.replace(part, target)
    for path in (target, target.parent):
        opened = os.open(path, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)
