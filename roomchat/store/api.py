"""What a log is to the rest of the server: one writer, and readers beside it.

Everything raises ``LogError`` when the disk fails.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Protocol

from msgspec import Struct

from roomchat.account import Account, Invite
from roomchat.store.clients import StoredClient, StoredPassword


class SegmentRow(Struct, gc=False):
    """What one batch said in one room, one line a message."""

    key: str  # of the room
    name: str
    first_seq: int
    last_seq: int
    lines: bytes


class AccountRow(Struct, gc=False):
    """What is kept of an account; with ``password_hash`` None that stays what it is."""

    uid: int
    key: str  # of its name
    looks: Sequence[str]  # of its name
    account: Account
    password_hash: str | None


class Changes(Struct):
    """All that a batch leaves behind.

    segments: in the order in which they were said.
    clients: (UID, name) of those that are new or renamed, if somebody can come back as them.
    sessions: (UID, device, token hash) of new ones.
    counters: (UID, device, last n).
    next_uid, next_room: the new number, if it changed.
    purges: (room key, seq) of rooms of which nothing up to there is kept.
    rules: (room key, what is laid down for it as JSON) of those where it changed.
    seats: (UID, key of its name) of those who took a seat, or took another name; (UID, None) of those who gave it
        up.
    accounts: those that are new or changed.
    visits: (UID, device, when in milliseconds since 1970, address) of sessions of accounts.
    ended: (UID, device) of sessions that are over for good.
    forgotten: UIDs of accounts that are no more.
    invites: (hash of the token, what is left of it; None: nothing).
    guests: (UID, True) of those who are or were here now, and never said anything; (UID, False) of those who did.
    reads: (UID, room key, seq) of read markers; without seq: it is forgotten.
    members: (UID, room key, its name) of accounts in rooms; without name: it is in there no more.
    bans: (UID or place, (until, reason)) of bans of the server; None: it is over. ``until`` in milliseconds since
        1970.
    audit: (who, what) an admin changed, the latter in JSON.
    blocks: (UID, whom, True) of those who block someone from now on; (UID, whom, False) of those who do no longer.
    deletions: (key of the room, seq, line) of entries of before, with the line that comes in their place.
    position: of a server that shares its chat: where in the stream this stands; 0: it does not.
    epoch: the name that the log has from now on, if it is a new one.
    """

    segments: Sequence[SegmentRow] = ()
    clients: Collection[tuple[int, str]] = ()
    sessions: Collection[tuple[int, int, bytes]] = ()
    counters: Collection[tuple[int, int, int]] = ()
    next_uid: int | None = None
    next_room: int | None = None
    purges: Collection[tuple[str, int]] = ()
    rules: Collection[tuple[str, bytes]] = ()
    seats: Collection[tuple[int, str | None]] = ()
    guests: Collection[tuple[int, bool]] = ()
    reads: Collection[tuple[int, str, int | None]] = ()
    members: Collection[tuple[int, str, str | None]] = ()
    bans: Collection[tuple[int | str, tuple[int | None, str] | None]] = ()
    audit: Collection[tuple[str, bytes]] = ()
    blocks: Collection[tuple[int, int, bool]] = ()
    deletions: Collection[tuple[str, int, bytes]] = ()
    accounts: Collection[AccountRow] = ()
    visits: Collection[tuple[int, int, int, str]] = ()
    ended: Collection[tuple[int, int]] = ()
    position: int = 0
    epoch: str | None = None
    forgotten: Collection[int] = ()
    invites: Collection[tuple[bytes, Invite | None]] = ()


class SegmentSlice(Struct, gc=False):
    """Messages from ``first_seq`` to ``last_seq`` as native lines."""

    first_seq: int
    last_seq: int
    lines: bytes


class ReadResult(Struct):
    """Some of what was asked: slices of segments in order, and how far they reach.

    ``gap`` is (after, before) when messages between these two are no longer in the log. ``reached`` is the cursor
    to go on from; what was asked up to it is complete. ``room_name`` is the room's as it is shown.
    """

    room_name: str
    slices: list[SegmentSlice]
    reached: int
    gap: tuple[int, int] | None = None


class LogState(Struct):
    """What a log knows when a server starts. Times are in milliseconds since 1970."""

    epoch: str  # its name
    last_time: int  # of the last message; 0: there is none
    next_uid: int
    next_room: int
    rooms: list[tuple[str, str, int]]  # key, name, last seq
    last_said: dict[str, int]  # when, by room key, where that is known
    rules: dict[str, bytes]  # what is laid down for rooms, as JSON, by key
    bans: list[tuple[int | str, int | None, str]]  # of the server: a UID or a place, until, reason
    seats: list[tuple[str, StoredClient]]  # the key of the name, and whose it is
    accounts: int  # how many there are
    invites: list[tuple[bytes, Invite]]  # by the hashes of their tokens


class Snapshot(Struct):
    """All that the hub of a server knew, which shares its chat."""

    position: int  # in the stream, behind which this was
    stream: str  # when that stream was made: another one has other positions
    marks: bytes  # what had been accepted of each server
    state: bytes  # of the hub


class Kept(Struct):
    """What such a server goes on from."""

    position: int  # up to where the log has what follows from the stream
    snapshot: Snapshot  # the newest


class StoredAccount(Struct, gc=False):
    """A client in a list."""

    uid: int
    name: str
    devices: int  # how many sessions it has
    seen: int | None  # when it was last known to be here, milliseconds since 1970, where that is kept
    account: bool  # whether it has a password


class StoredChange(Struct, gc=False):
    """What an admin has changed."""

    number: int
    time: int  # milliseconds since 1970
    who: str
    what: str  # JSON


class LogWriter(Protocol):
    """The only one that writes; for one thread."""

    def state(self) -> LogState:
        """At the start."""

    def check(self) -> None:
        """Raise LogError if it can't be written any more, also when nothing is written."""

    def size(self) -> int:
        """Bytes that it takes on the disk."""

    def probe(self) -> None:
        """Raise LogError if the disk takes nothing: write something, and remove it again."""

    def append(self, now: int, changes: Changes) -> None:
        """Store all that a batch leaves behind, or nothing. ``now``: milliseconds since 1970."""

    def append_all(self, batches: Sequence[tuple[int, Changes]]) -> None:
        """The same of several, or nothing of any."""

    def kept(self) -> Kept | None:
        """What a server that shares its chat goes on from; None: this one never did."""

    def keep(self, snapshot: Snapshot) -> None:
        """Have it go on from there the next time."""

    def forget(self) -> None:
        """Have nothing go on from here: this log is not what the other servers' are."""

    def wipe(self) -> bool:
        """Leave nothing of what was deleted beside the log; False: somebody reads, so it is to be tried again."""

    def expire(self, before: int, limit: int) -> int:
        """Remove some of what was said before a time; how many segments."""

    def forget_guests(self, before: int, now: int, limit: int, needed: Callable[[int], bool]) -> tuple[int, int]:
        """Remove some of those who never said anything; how many were looked at, and how many removed."""

    def close(self) -> None:
        """End it."""


class LogReader(Protocol):
    """One of those that read beside the writer; for one thread."""

    def client(self, key: bytes | int) -> StoredClient | None:
        """The client with that token, by its hash, or with that UID; None: nobody can come back as it."""

    def accounts(self, after: int, limit: int) -> list[StoredAccount]:
        """The first clients with a UID above ``after``, by UID, of those as whom somebody can come back."""

    def audit(self, before: int, limit: int) -> list[StoredChange]:
        """The last changes with a number below ``before``, the newest first."""

    def entry(self, key: str, seq: int) -> bytes | None:
        """An entry of a room, as a line; None: it is not there."""

    def owner(self, looks: Sequence[str]) -> int:
        """The UID of the account whose name has one of these looks; 0: there is none."""

    def password(self, key: str | int) -> StoredPassword | None:
        """What a password of an account is checked by, by its name as it is compared, or by its UID."""

    def after(self, key: str, after: int, upto: int, max_bytes: int) -> ReadResult:
        """Messages of a room with ``after < seq <= upto``, oldest first, about ``max_bytes`` of them."""

    def start_of_last(self, key: str, count: int, upto: int) -> int:
        """The cursor behind which the last ``count`` messages up to ``upto`` begin, as far as they are kept."""

    def page(
        self, key: str, before: int, after: int | None, limit: int, max_bytes: int
    ) -> tuple[list[bytes], bool]:
        """Messages of a room, oldest first, as lines; and whether there are more in that direction."""

    def close(self) -> None:
        """End it."""
