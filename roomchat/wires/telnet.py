"""Lines as telnet sends them: its option bytes taken out, its ends of lines made plain."""

from __future__ import annotations

import re

_MARK = re.compile(rb"[\xff\r]")
# RFC 854: a command begins with IAC (255). SB (250) goes on to IAC SE (255 240); WILL, WONT, DO and DONT (251 to
# 254) name an option in a third byte; two IACs are the byte 255 itself; all else is two bytes long. A line ends
# with CR LF or CR NUL.
_TOKEN = re.compile(
    rb"\xff\xfa(?:[^\xff]|\xff[^\xf0])*\xff\xf0|\xff[\xfb-\xfe].|\xff[^\xfa-\xfe]|\r[\n\0]|\r(?=.)", re.DOTALL
)
_MEANING = {b"\xff\xff": b"\xff", b"\r\n": b"\n", b"\r\0": b"\n", b"\r": b"\n"}  # all else means nothing here

MAX_OPTION = 1024  # bytes of a command that are kept until its end comes; none of those in use is as long


class TelnetFilter:
    """Takes telnet out of a stream; one that has none of it, such as netcat's, passes as it is."""

    def __init__(self) -> None:
        self._rest = b""  # the beginning of a command or of a line's end

    def feed(self, data: bytes) -> bytes:
        """The typed text in the next bytes of the stream, with every line ended by a line feed."""
        data, self._rest = self._rest + data, b""
        typed, position = [], 0
        while mark := _MARK.search(data, position):
            typed.append(data[position : mark.start()])
            position = mark.start()
            token = _TOKEN.match(data, position)
            if token is None:
                self._rest = data[position:] if len(data) - position <= MAX_OPTION else b""
                return b"".join(typed)
            typed.append(_MEANING.get(token[0], b""))
            position = token.end()
        return b"".join(typed) + data[position:]
