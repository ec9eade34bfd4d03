"""Lines from standard input, for a thread that must also notice when there is nothing left to type for."""

from __future__ import annotations

import os
import select
from collections.abc import Iterator

READ_SIZE = 64 * 1024  # bytes


class TypedLines:
    """Only one thread reads; any thread may call ``stop``, which ends its waiting. Works with terminals, pipes
    and files."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._rest = b""
        self._ended = False
        self._stop_reader, self._stop_writer = os.pipe()

    def __iter__(self) -> Iterator[str]:
        """Lines without their line feeds, until the input ends or ``stop`` is called."""
        while (line := self.next()) is not None:
            yield line

    def next(self) -> str | None:
        """The next line; None at the end."""
        while b"\n" not in self._rest and not self._ended:
            ready, _, _ = select.select([self._fd, self._stop_reader], [], [])
            if self._stop_reader in ready:
                return None
            try:
                data = os.read(self._fd, READ_SIZE)
            except OSError:  # a folder, or a terminal that is gone
                data = b""
            self._ended = not data
            self._rest += data
        if not self._rest:
            return None
        line, _, self._rest = self._rest.partition(b"\n")
        # What can't be read as UTF-8 becomes a replacement character: JSON could not carry it.
        return line.removesuffix(b"\r").decode(errors="replace")

    def stop(self) -> None:
        """End the waiting, now or when it begins."""
        os.write(self._stop_writer, b"\0")

    def close(self) -> None:
        """Free what it holds; not the input itself."""
        os.close(self._stop_reader)
        os.close(self._stop_writer)
