"""Which file a session is kept in: by the server's address and the person's name."""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import IO
from urllib.parse import quote, unquote

from roomchat.client.address import Address
from roomchat.client.same import compared, spellings
from roomchat.errors import StateError

MAX_SLOTS = 100  # programs of one person with one name on one server at a time
_SESSION = ".db"  # how their files end
SETTLED = "settled"  # in the lock file of a session that is known to be in its place


def server_folder(folder: Path, address: Address, name: str) -> Path:
    """Where sessions on a server are kept, however its address is spelled: the first place that has one of that
    name, or else the first."""
    folders = [_folder(folder, one) for one in spellings(address)]
    for one in folders:
        _settle(one, name.casefold())
    return next((one for one in folders if next(_slots(one, compared(name))).exists()), folders[0])


def last_name(folder: Path, address: Address) -> str | None:
    """By which name a person was last at a screen on a server; None: never, or nobody can say."""
    for path in _of_screens(folder, address):
        key, name = unquote(path.name.removesuffix(_SESSION)), _called(path)
        # One that was taken on since leads to this session, unless there is another one that began with it.
        leads_here = name is not None and key in {compared(name), kept_as(folder, address, name)}
        return name if leads_here else key
    return None


def kept_as(folder: Path, address: Address, name: str) -> str:
    """The name that the session of a person is kept under, at a screen: the one that it began with."""
    with contextlib.suppress(OSError):  # who claims a session there hears of it
        of_name = server_folder(folder, address, name)
        if not next(_slots(of_name, compared(name))).exists():
            for path in _of_screens(folder, address):
                if compared(_called(path) or "") == compared(name):
                    return unquote(path.name.removesuffix(_SESSION))
    return name


def _of_screens(folder: Path, address: Address) -> list[Path]:
    """The sessions on a server, the one that was last at a screen first.

    Only what stands beside a session tells that a screen had it, not a program (``Client.kept_beside``).
    """
    with contextlib.suppress(OSError):
        folders = [_folder(folder, one) for one in spellings(address)]
        kept = [path for one in folders for path in one.glob(f"*{_SESSION}.kept*") if "+" not in path.name]
        kept.sort(key=lambda path: path.stat().st_mtime, reverse=True)
        names = [path.with_name(f"{path.name.rpartition(f'{_SESSION}.kept')[0]}{_SESSION}") for path in kept]
        return [*dict.fromkeys(names)]
    return []


def _called(path: Path) -> str | None:
    """The name that a session has now; None: nobody can say."""
    with contextlib.suppress(sqlite3.Error):
        with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as session:
            row = session.execute("SELECT value FROM identity WHERE key = 'name'").fetchone()
        return str(row[0]) if row else None
    return None


def forget_keys(folder: Path, address: Address) -> bool:
    """The sessions on a server belong to no key any more, as if it had not been met; whether one did. One that is
    in use keeps its own, and writes it down again. Raises StateError."""
    found = 0
    for path in (path for one in spellings(address) for path in _folder(folder, one).glob(f"*{_SESSION}")):
        try:
            uri = f"{path.absolute().as_uri()}?mode=rw"
            with contextlib.closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as session:
                found += session.execute(
                    "UPDATE identity SET value = NULL WHERE key = 'server_key' AND value IS NOT NULL"
                ).rowcount
        except sqlite3.Error as error:
            raise StateError(f"Can't change the session in {path} ({error}).") from None
    return found > 0


def _folder(folder: Path, address: Address) -> Path:
    return folder / quote(str(address), safe="")


def claim(folder: Path, name: str) -> tuple[IO[str], Path]:
    """The first file of a name that no other process has, and the lock on it. The system frees it when a process
    ends. Raises OSError."""
    for path in _slots(folder, compared(name)):
        lock = _lock(path)
        if lock is None:
            continue
        # Made before SQLite opens it, which takes the mode for its other files from this one. Not without
        # our lock: opening and closing a file that SQLite uses in this process would give up its locks.
        if not path.exists():
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            _mark(lock)
        return lock, path
    raise OSError(f"more than {MAX_SLOTS} programs use the name {name}")


def _slots(folder: Path, key: str) -> Iterator[Path]:
    """The files of a name, given as names are compared: any script, and never too long for a file."""
    quoted = quote(key, safe="")
    if len(quoted) > 200:
        quoted = f"{quoted[:100]}+{sha256(quoted.encode()).hexdigest()}"
    yield folder / f"{quoted}.db"
    for slot in range(2, MAX_SLOTS + 1):
        yield folder / f"{quoted}+{slot}.db"


def _lock(path: Path) -> IO[str] | None:
    """The lock on a file; None while another process has it."""
    lock = open(f"{path}.lock", "a", opener=_private)  # noqa: SIM115 - held by whoever asked
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    return lock


def _mark(lock: IO[str]) -> None:
    lock.write(SETTLED)
    lock.flush()


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


# ---------------------------------------------------------------- sessions of version 0.1.0


def _settle(folder: Path, key: str) -> None:
    """Move files to where their own names say, once. Version 0.1.0 compared names by ``casefold``: it kept
    ``straße`` and ``strasse`` in one place, and ``ａｎｎ`` not in that of ``ann``."""
    for path in _slots(folder, key):
        if not path.exists():
            return
        # What is in use, or damaged, is left for another time.
        with contextlib.suppress(OSError, sqlite3.Error):
            if not _is_settled(path) and (lock := _lock(path)) is not None:
                with lock:
                    _settle_one(path, lock, folder, key)


def _is_settled(path: Path) -> bool:
    lock = Path(f"{path}.lock")
    return lock.exists() and lock.stat().st_size > 0


def _settle_one(path: Path, lock: IO[str], folder: Path, key: str) -> None:
    if not path.exists() or _is_settled(path):
        return  # another process was quicker
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        own = connection.execute("SELECT value FROM identity WHERE key = 'name'").fetchone()
        connection.execute("PRAGMA journal_mode = DELETE")  # all of it is in the one file
    # Who took another name since began with this one, or with one that is alike: nobody knows which.
    is_alike = own and str(own[0]).casefold() == compared(key)
    if not _move(path, folder, compared(str(own[0]) if is_alike else key)):
        _mark(lock)


def _move(path: Path, folder: Path, key: str) -> bool:
    """To the first file of a name that is not there yet; False if it is in its place."""
    for place in _slots(folder, key):
        if place == path:
            return False
        lock = _lock(place)
        if lock is None:
            continue
        with lock:
            if not place.exists():
                path.rename(place)
                _mark(lock)
                return True
    return False
