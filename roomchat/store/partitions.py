"""Where in the log the segments of a room are.

The index of the segments is kept in partitions of 16,384 row ids, oldest to newest, and by room within each. So
appending changes a few pages at the end of the index, however long the log is and however many rooms take turns.
With one index by room alone it changed a page for every room of a batch, and in a log of five million messages in
1,000 rooms it was 3.4 times slower than in an empty one. The price: finding a room's segments asks each newer
partition once, about 1 us each, so 0.1 ms for a room that was quiet that long.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

PARTITION = "id >> 14"  # as the index has it, or it is not used; see schema.py

# From the newest one down; nothing older is asked for once a partition has segments at or below ``?2``.
_BEHIND = f"""
    WITH RECURSIVE partition(number) AS (
        SELECT max(id) >> 14 FROM segments
        UNION ALL
        SELECT number - 1 FROM partition WHERE number > (SELECT min(id) >> 14 FROM segments) AND NOT EXISTS (
            SELECT 1 FROM segments WHERE {PARTITION} = number AND room = ?1 AND last_seq <= ?2)
    )
    SELECT number FROM partition
    WHERE EXISTS (SELECT 1 FROM segments WHERE {PARTITION} = number AND room = ?1 AND last_seq > ?2)
"""
_UP_TO = f"""
    WITH RECURSIVE partition(number) AS (
        SELECT max(id) >> 14 FROM segments
        UNION ALL
        SELECT number - 1 FROM partition WHERE number > (SELECT min(id) >> 14 FROM segments)
    )
    SELECT number FROM partition
    WHERE EXISTS (SELECT 1 FROM segments WHERE {PARTITION} = number AND room = ?1 AND last_seq <= ?2)
"""


def partitions_behind(connection: sqlite3.Connection, room: int, after: int) -> list[int]:
    """Those with segments of a room that end behind ``after``, the oldest first."""
    return [number for (number,) in connection.execute(_BEHIND, (room, after))][::-1]


def partitions_up_to(connection: sqlite3.Connection, room: int, upto: int) -> Iterator[int]:
    """Those with segments of a room that end at or before ``upto``, the newest first, found one by one."""
    for (number,) in connection.execute(_UP_TO, (room, upto)):
        yield number


def last_segments(connection: sqlite3.Connection, rooms: set[int]) -> dict[int, int]:
    """The id of each room's last segment, if it has any: from the newest partition down, until all are found."""
    found: dict[int, int] = {}
    # One query each: SQLite finds the least or the greatest at once, but for both together it reads all rows.
    (oldest,) = connection.execute("SELECT coalesce(min(id), 0) >> 14 FROM segments").fetchone()
    (newest,) = connection.execute("SELECT coalesce(max(id), -1) >> 14 FROM segments").fetchone()
    for number in range(newest, oldest - 1, -1):
        for room, segment in connection.execute(
            f"SELECT room, max(id) FROM segments WHERE {PARTITION} = ? GROUP BY room", (number,)
        ):
            found.setdefault(room, segment)
        if len(found) >= len(rooms):
            break
    return found
