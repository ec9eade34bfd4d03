"""A client as the log remembers it, with its sessions."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from operator import itemgetter
from typing import Any

from msgspec import Struct

from roomchat.account import Account

# What rows of clients are joined with, for these columns.
# A client without a session is somebody, too, if it is an account: who knows the password can come back as it.
COLUMNS = """
    clients.uid, name, guests.seen IS NOT NULL, changed, next_device,
    sessions.device, token_hash, coalesce(last_n, 0), coalesce(visits.seen, 0), coalesce(address, '')
"""
JOINS = """
    LEFT JOIN sessions ON sessions.uid = clients.uid
    LEFT JOIN counters ON counters.uid = clients.uid AND counters.device = sessions.device
    LEFT JOIN visits ON visits.uid = clients.uid AND visits.device = sessions.device
    LEFT JOIN guests ON guests.uid = clients.uid
    LEFT JOIN accounts ON accounts.uid = clients.uid
"""


class StoredSession(Struct, gc=False):
    """One device of a client."""

    device: int  # its number among the client's, from 1
    token_hash: bytes
    last_n: int  # of its last message that was handled
    seen: int  # of an account's: when it was last here, in milliseconds since 1970; 0: not known
    address: str  # from where


class StoredClient(Struct, gc=False):
    """Somebody can come back as it."""

    uid: int
    name: str
    guest: bool  # whether it never said anything
    account: Account | None
    sessions: list[StoredSession]  # all that it has, by device
    blocked: frozenset[int] = frozenset()  # UIDs
    reads: dict[str, int] = {}  # room key to the seq up to which it has read there
    rooms: dict[str, str] = {}  # of an account: those that it stays in, by key; each with its name


class StoredPassword(Struct, gc=False):
    """What a password of an account is checked by."""

    uid: int
    password_hash: str
    changed: int  # how often it got one
    addresses: frozenset[str]  # from which its devices were here last

    def __repr__(self) -> str:
        return f"StoredPassword(uid={self.uid})"


def clients_of(rows: Iterable[tuple[Any, ...]]) -> list[StoredClient]:
    """Of rows with ``COLUMNS``, a session each; those of a client stand together."""
    return [
        StoredClient(
            uid,
            name,
            bool(guest),
            None if changed is None else Account(changed, next_device),
            [StoredSession(*row[5:]) for row in sessions if row[5] is not None],
        )
        for (uid, name, guest, changed, next_device), sessions in groupby(rows, itemgetter(0, 1, 2, 3, 4))
    ]
