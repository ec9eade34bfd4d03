"""Bytes into lines, with a bound on what a peer can make us keep."""

from __future__ import annotations


class LineSplitter:
    """Cuts a stream at line feeds, and skips a line that passes ``max_line`` bytes to its end.

    Keeps at most ``max_line`` bytes between two calls.
    """

    def __init__(self, max_line: int) -> None:
        self.max_line = max_line
        self._rest = b""
        self._skipping = False  # inside a line that was reported when it passed the limit

    @property
    def inside(self) -> bool:
        """Whether a line has begun and is not complete."""
        return bool(self._rest)

    def feed(self, data: bytes) -> tuple[bytes, bool]:
        """Take the next bytes of the stream.

        Returns:
            The lines that are complete now, each with its line feed, and whether the line behind them has passed
            the limit unfinished. A line that came to its end within this call is returned however long it is: the
            caller, who looks at each line anyway, holds it against ``max_line``.
        """
        if self._skipping:
            end = data.find(b"\n") + 1
            if not end:
                return b"", False
            self._skipping = False
            data = data[end:]
        end = data.rfind(b"\n") + 1
        if end:
            lines, self._rest = self._rest + data[:end], data[end:]
        else:
            lines, self._rest = b"", self._rest + data
        if len(self._rest) <= self.max_line:
            return lines, False
        self._rest = b""
        self._skipping = True
        return lines, True
