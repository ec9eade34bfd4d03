"""Waking a thread that waits in a selector."""

from __future__ import annotations

import contextlib
import os


class Wakeup:
    """A file descriptor that becomes readable. Any thread may call ``set``; only its waiter calls ``clear``."""

    def __init__(self) -> None:
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._reader, False)
        os.set_blocking(self._writer, False)

    def fileno(self) -> int:
        """What to select on."""
        return self._reader

    def set(self) -> None:
        """Wake the waiter; more often than once before it wakes does no harm."""
        with contextlib.suppress(BlockingIOError):  # full: it will wake anyway
            os.write(self._writer, b"\0")

    def clear(self) -> None:
        """Wait again. Call it before looking at what the wake-up was for, so that none is missed."""
        with contextlib.suppress(BlockingIOError):
            while len(os.read(self._reader, 4096)) == 4096:
                pass

    def close(self) -> None:
        """End it; nobody may call ``set`` any more."""
        os.close(self._reader)
        os.close(self._writer)
