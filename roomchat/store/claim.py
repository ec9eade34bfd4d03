"""The file of a log, claimed for one server: by its name, and by itself whatever its name."""

from __future__ import annotations

import contextlib
import fcntl
import os
import sys
import threading
from pathlib import Path

from roomchat.errors import LogError, StartError

# (device, inode) of the files that servers of this process have. To open and close one once more would drop
# the POSIX locks that SQLite has on it.
_claimed: set[tuple[int, int]] = set()
_guard = threading.Lock()


class Claim:
    """Held from before SQLite opens the file until after it has closed it. One thread at a time.

    Two locks: one beside the path, which also keeps a second server from a new file of that name while the first
    one still writes to the old, and one on the file itself, which holds under each of its names. They are flock's
    (SQLite's are fcntl's, and never meet them on Linux; elsewhere they may, so there is only the first one).
    """

    def __init__(self, path: Path) -> None:
        """Make the file if there is none, for its owner alone: whispers are in it.

        Args:
            path: absolute, without symbolic links.
        Raises:
            StartError: another server has it, or it can't be used; the sentence says what to do.
        """
        self.path = path
        self._names = str(path), f"{path}-wal"  # made once: each commit looks at them
        if path.exists() and not path.is_file():
            raise StartError(f"{path} is not a file; name another file with --db.")
        with contextlib.ExitStack() as undo:
            beside = _open(Path(f"{path}.lock"))
            undo.callback(os.close, beside)
            _lock(beside, path)
            self._identity = self._claim_file(undo)
            self._wal: tuple[int, int] | None = None
            self._undo = undo.pop_all()

    def close(self) -> None:
        """Give it back."""
        self._undo.close()

    def check(self) -> None:
        """Look whether what is written still reaches the file of that name: two calls of the system, some 3 us.

        Raises:
            LogError: it was moved, removed, or replaced.
        """
        name, wal_name = self._names
        if _identity(name) != self._identity:
            raise LogError(
                f"the database {self.path} was moved, removed, or replaced while the server was using it; put it "
                "back, or restart the server"
            )
        wal = _identity(wal_name)
        if self._wal is None:
            self._wal = wal
        elif wal != self._wal:
            raise LogError(
                f"{wal_name} was moved, removed, or replaced while the server was using it; put it back, or "
                "stop the server, which saves what it has"
            )

    def _claim_file(self, undo: contextlib.ExitStack) -> tuple[int, int]:
        with _guard:
            if _identity(self.path) in _claimed:
                raise _in_use(self.path)
            file = _open(self.path)
            undo.callback(os.close, file)
            if sys.platform == "linux":
                _lock(file, self.path)
            status = os.fstat(file)
            if status.st_nlink > 1:
                raise StartError(
                    f"{self.path} has {status.st_nlink} names (hard links), and SQLite would keep a journal for "
                    "each of them; remove the other names, or make a copy with cp."
                )
            identity = status.st_dev, status.st_ino
            _claimed.add(identity)
            undo.callback(_claimed.discard, identity)
            return identity


def _identity(path: Path | str) -> tuple[int, int] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StartError(
            f"Can't write to the database {path} ({error.strerror}); name another file with --db."
        ) from None


def _lock(file: int, path: Path) -> None:
    """The system frees the lock when the process ends, in whatever way."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise _in_use(path) from None


def _in_use(path: Path) -> StartError:
    return StartError(f"Another roomchat server is using {path}; stop it, or name another file with --db.")
