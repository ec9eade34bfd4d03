"""Bytes into JSON objects that nothing separates, with a bound on what a peer can make us keep."""

from __future__ import annotations

import re

_MARKS = re.compile(rb'["{}\n\\]')
# What decides nothing: whole strings, and all between them but braces. Not the half string at an end.
_PASSED_OVER = re.compile(rb'(?:[^"{}]++|"(?:[^"\\\n]++|\\[^\n])*+")*+')
_IN_STRING = re.compile(rb'(?:[^"\\\n]++|\\[^\n])*+')  # what does not end it
_JUNK_END = re.compile(rb"[{\n]")
_BLANK = b" \t\r\n"
_NO_BLANK = re.compile(rb"[^ \t\r\n]")
_BEFORE_VALUE = b":,["  # what stands before an object within another one

MAX_DEPTH = 100  # of objects within objects: no request has more than two, and each takes time

QUOTE, BACKSLASH, OPEN, CLOSE, LINE_FEED = b'"\\{}\n'


class ObjectSplitter:
    """Cuts a stream into JSON objects: back to back, on lines of their own or over several lines.

    It only finds where they end; what is inside is for a decoder. What can't be an object is cut off at the end
    of its line, or where an object plainly begins, so that something broken costs nothing behind it. Keeps at most
    ``max_object`` bytes between two calls, and looks at each byte once.
    """

    def __init__(self, max_object: int) -> None:
        self.max_object = max_object
        self._piece = bytearray()  # what is not complete yet, from its first byte that is no blank
        self._begin()

    def _begin(self) -> None:
        """At the first byte of a piece."""
        self._looked = 0  # bytes of it that were looked at
        self._depth = 0  # of objects within objects
        self._in_string = False
        self._escaped = False  # the next byte stands behind a backslash
        self._dropping = False  # it has passed the limit, and was reported then

    @property
    def inside(self) -> bool:
        """Whether something has begun and is not complete."""
        return bool(self._piece)

    def feed(self, data: bytes, most: int | None = None) -> list[bytes]:
        """Take the next bytes of the stream.

        Args:
            most: pieces that are of interest; when so many are found the rest is not looked at.
        Returns:
            The pieces that are complete: objects, and what is none. One of more than ``max_object`` bytes is too
            long: it stands for all of it, also where only its beginning is here.
        """
        pieces: list[bytes] = []
        self._piece += data
        while (end := self._end()) is not None:
            if not self._dropping:
                pieces.append(bytes(self._piece[:end]))
            del self._piece[:end]
            self._begin()
            if len(pieces) == most:
                return pieces
        if len(self._piece) > self.max_object:
            if not self._dropping:
                pieces.append(bytes(self._piece))
                self._dropping = True
            # Its last byte that is no blank stays: what comes behind it depends on that.
            self._piece[:] = self._piece.rstrip(_BLANK)[-1:]
            self._looked = 1
        return pieces

    def _end(self) -> int | None:
        """The end of the first piece; None if it has not come yet."""
        piece = self._piece
        if not self._looked:
            first = _NO_BLANK.search(piece)  # not lstrip(): that copies all that follows, for each object
            del piece[: first.start() if first else len(piece)]
        if self._depth == 0 and piece[:1] != b"{":
            junk_end = _JUNK_END.search(piece, self._looked or 1)
            self._looked = len(piece)
            return junk_end.start() if junk_end else None
        position = self._looked
        while True:
            if self._escaped and position < len(piece):
                self._escaped = False
                position += piece[position] != LINE_FEED  # that ends it, escaped or not
            passed = (_IN_STRING if self._in_string else _PASSED_OVER).match(piece, position)
            if passed:
                position = passed.end()
            mark = _MARKS.search(piece, position)
            if mark is None:
                self._looked = len(piece)
                return None
            position = mark.end()
            if self._ends_at(mark.start()):
                return position if piece[mark.start()] != OPEN else mark.start()

    def _ends_at(self, at: int) -> bool:
        """Take note of a mark; whether the piece ends there."""
        sign = self._piece[at]
        if self._in_string:
            if sign == BACKSLASH:
                self._escaped = True
            elif sign == QUOTE:
                self._in_string = False
            return sign == LINE_FEED  # no string goes over the end of a line
        if sign == QUOTE:
            self._in_string = True
        elif sign == OPEN:
            if self._depth and (self._depth == MAX_DEPTH or not self._value_may_begin(at)):
                return True
            self._depth += 1
        elif sign == CLOSE:
            self._depth -= 1
        return sign == CLOSE and not self._depth

    def _value_may_begin(self, at: int) -> bool:
        """Whether an object may begin here, within another one."""
        at -= 1
        while at and self._piece[at] in _BLANK:
            at -= 1
        return self._piece[at] in _BEFORE_VALUE
