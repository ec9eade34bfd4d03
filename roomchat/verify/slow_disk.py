"""A disk that takes its time: for each write of a server, while all else that the server does goes on."""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import closing, suppress
from pathlib import Path
from random import Random

TAKES = (0.05, 0.5)  # seconds for a write; the server gives up after one (``store/log.py``)
# Seconds that a server which waits has to see that it may write: SQLite looks every 0.1 s.
GIVES = 0.2
LOOK = 0.001  # seconds between two looks at what the server does


class SlowDisk:
    """From now on until ``end`` the server that writes this log waits, again and again.

    What it waits for is SQLite's own lock, which any program may take that uses the file: so no privileges are
    needed, and nothing in the server is made for it. After each wait the server may write until that is seen.
    One thread calls it.
    """

    def __init__(self, db: Path, choose: Random) -> None:
        self._uri = f"{db.absolute().as_uri()}?mode=rw"
        self._choose = choose
        self.writes = 0  # of the server, that have waited
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="slow disk", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """It is as fast as before."""
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        with closing(sqlite3.connect(self._uri, uri=True, isolation_level=None, timeout=0)) as connection:
            while not self._over.wait(LOOK):
                with suppress(sqlite3.OperationalError):  # the server is writing, or starts just now
                    self._hold_up(connection)

    def _hold_up(self, connection: sqlite3.Connection) -> None:
        connection.execute("BEGIN IMMEDIATE")
        before = _version(connection)
        self._over.wait(self._choose.uniform(*TAKES))
        connection.execute("ROLLBACK")
        until = time.monotonic() + GIVES
        while time.monotonic() < until and not self._over.wait(LOOK):
            if _version(connection) != before:
                self.writes += 1
                return


def _version(connection: sqlite3.Connection) -> int:
    """Another one after each write of somebody else."""
    found: int = connection.execute("PRAGMA data_version").fetchone()[0]
    return found
