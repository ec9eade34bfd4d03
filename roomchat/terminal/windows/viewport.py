"""Which rows of a timeline stand on the screen. Pure: nothing is drawn here."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeVar

Row = TypeVar("Row")
RowsOf = Callable[[int], list[Row]]  # the rows of an item, by its number; perhaps none


class Place(NamedTuple):
    """What stands in the top row: an item's number, and which of its rows."""

    item: int
    row: int


class Span(NamedTuple):
    """Numbers of items: from ``start`` on, without ``end``."""

    start: int
    end: int


def newest(span: Span, rows_of: RowsOf[Row], height: int) -> Place:
    """The place from which the last rows fill the height."""
    return up(span, rows_of, Place(span.end, 0), height)


def up(span: Span, rows_of: RowsOf[Row], place: Place, by: int) -> Place:
    """The place that many rows above; the first row, if there are fewer."""
    item, row = place
    while row < by:
        if item <= span.start:
            return Place(span.start, 0)
        by -= row
        item -= 1
        row = len(rows_of(item))
    return Place(item, row - by)


def down(span: Span, rows_of: RowsOf[Row], place: Place, by: int) -> Place:
    """The place that many rows below; behind the last row, if there are fewer."""
    item, row = place
    while item < span.end and row + by >= (count := len(rows_of(item))):
        by -= max(count - row, 0)
        item, row = item + 1, 0
    return Place(item, row + by) if item < span.end else Place(span.end, 0)


def visible(span: Span, rows_of: RowsOf[Row], place: Place, height: int) -> list[Row]:
    """The rows from a place on, at most as many as the height."""
    rows: list[Row] = []
    item, skipped = place
    while item < span.end and len(rows) < height:
        rows += rows_of(item)[skipped:]
        item, skipped = item + 1, 0
    return rows[:height]


def scrolled(span: Span, rows_of: RowsOf[Row], place: Place | None, height: int, by: int) -> Place | None:
    """The place after scrolling; None: at the newest, where it stays while more comes.

    Args:
        place: where it was; None: at the newest.
        by: rows; more than 0 is down, to what is newer.
    """
    bottom = newest(span, rows_of, height)
    start = bottom if place is None else place
    moved = down(span, rows_of, start, by) if by > 0 else up(span, rows_of, start, -by)
    # Items without rows are passed over: what stands in the top row is the same.
    return None if down(span, rows_of, moved, 0) >= bottom else moved
