"""A client as the log remembers it, with its sessions."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from operator import itemgetter
from typing import Any

from msgspec import Struct

# What rows with a uid (and a name, from clients) are joined with, for these columns.
COLUMNS = "uid, name, seen IS NOT NULL, device, token_hash, coalesce(last_n, 0)"
JOINS = "JOIN sessions USING (uid) LEFT JOIN counters USING (uid, device) LEFT JOIN guests USING (uid)"


class StoredSession(Struct, gc=False):
    """One device of a client."""

    device: int  # its number among the client's, from 1
    token_hash: bytes
    last_n: int  # of its last message that was handled


class StoredClient(Struct, gc=False):
    """Somebody can come back as it."""

    uid: int
    name: str
    guest: bool  # whether it never said anything
    sessions: list[StoredSession]  # all that it has, by device
    reads: dict[str, int] = {}  # room key to the seq up to which it has read there


def clients_of(rows: Iterable[tuple[Any, ...]]) -> list[StoredClient]:
    """Of rows with ``COLUMNS``, a session each; those of a client stand together."""
    return [
        StoredClient(uid, name, bool(guest), [StoredSession(*row[3:]) for row in sessions])
        for (uid, name, guest), sessions in groupby(rows, itemgetter(0, 1, 2))
    ]
