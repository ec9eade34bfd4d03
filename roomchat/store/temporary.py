"""A folder for a log that is to keep nothing."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from pathlib import Path

PREFIX = "roomchat-"
MIN_AGE = 60.0  # seconds in which a folder may not have its lock yet


def make_temporary() -> tempfile.TemporaryDirectory[str]:
    """A new folder. Those that servers left when they were killed are removed."""
    with contextlib.suppress(OSError):
        for lock in Path(tempfile.gettempdir()).glob(f"{PREFIX}*/log.db.lock"):
            with contextlib.suppress(OSError):
                _remove_if_left(lock)
    return tempfile.TemporaryDirectory(prefix=PREFIX)


def _remove_if_left(lock: Path) -> None:
    """Remove the folder unless a server holds the lock in it. Raises OSError if it does, or it is not ours."""
    status = lock.lstat()
    if status.st_uid != os.geteuid() or lock.parent.is_symlink() or time.time() - status.st_mtime < MIN_AGE:
        return
    with open(lock, "r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(lock.parent)
