"""How a typed text stands in rows. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from roomchat.terminal.editing.edits import line_end
from roomchat.terminal.shown.clusters import clusters
from roomchat.terminal.shown.widths import Widths, columns, width


class Row(NamedTuple):
    """A piece of the text: ``text[start:end]``."""

    start: int
    end: int


def rows(text: str, room: int) -> Sequence[Row]:
    """The rows of a text: its lines, folded behind a blank where there is one.

    Each has a column to spare at its end, for the cursor. A cluster that is wider than a row stands in it alone.

    Args:
        room: columns of a row; at least 2.
    """
    return _rows(text, room, columns.widths)


@lru_cache(maxsize=8)
def _rows(text: str, room: int, widths: Widths) -> Sequence[Row]:
    """Remembered, for each painting asks several times, and a text of 20,000 characters takes 4 ms."""
    found: list[Row] = []
    start = 0
    while True:
        end = line_end(text, start)
        found += _folded(text, start, end, room - 1)
        if end == len(text):
            return found
        start = end + 1


def _folded(text: str, start: int, end: int, room: int) -> list[Row]:
    if end - start <= room and text.isascii():
        return [Row(start, end)]
    found: list[Row] = []
    begin = at = blank = start  # of the row; where we are; behind the last blank
    used = 0
    for cluster in clusters(text[start:end]):
        taken = width(cluster)
        while used + taken > room and at > begin:
            cut = blank if blank > begin else at
            found.append(Row(begin, cut))
            begin, used = cut, width(text[cut:at])
        at += len(cluster)
        used += taken
        if cluster == " ":
            blank = at
    return [*found, Row(begin, end)]


def row_of(found: Sequence[Row], cursor: int) -> int:
    """The number of the row that the cursor is in: between two rows of a line, the second."""
    return max(number for number, row in enumerate(found) if row.start <= cursor)


def moved(text: str, found: Sequence[Row], cursor: int, by: int, column: int | None) -> tuple[int, int] | None:
    """One row up or down.

    Args:
        by: -1 or 1.
        column: where it was before several such moves; None: where the cursor is.
    Returns:
        The place of the cursor, and the column to keep; None: there is no such row.
    """
    number = row_of(found, cursor)
    column = width(text[found[number].start : cursor]) if column is None else column
    if not 0 <= number + by < len(found):
        return None
    row = found[number + by]
    at, used = row.start, 0
    for cluster in clusters(text[row.start : row.end]):
        used += width(cluster)
        is_folded_there = at + len(cluster) == row.end and row.end < len(text) and text[row.end] != "\n"
        if used > column or is_folded_there:  # behind it is the next row
            break
        at += len(cluster)
    return at, column
