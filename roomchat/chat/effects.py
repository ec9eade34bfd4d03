"""What a batch of commands leads to: what is to be stored, and then what is to be delivered, in order."""

from __future__ import annotations

from dataclasses import dataclass, field

from msgspec import Struct

from roomchat.account import Account, Invite
from roomchat.chat.inputs import Key, Link, Place
from roomchat.chat.state import Audience, Room, ServerBan, Session
from roomchat.protocol import AnyEntry, Event, Id, Tombstone
from roomchat.protocol.admin_answers import AdminAnswer
from roomchat.protocol.administration import Change


class Segment(Struct, gc=False):
    """Entries of one room, one after the other while its audience stayed the same: encoded once,
    a row of the log, one bytes object for all."""

    room: Room
    audience: Audience
    entries: list[AnyEntry]
    encoded: bytes = b""  # as native lines, once the batch is over: what is stored and what is sent
    characters: int = 0  # of their texts
    no_echo: dict[Link, int] = {}  # senders with echo off, who get an acknowledgement instead: to their UIDs


class Broadcast(Struct, gc=False):
    """A state event to everyone in a room. Not stored."""

    room: Room
    audience: Audience
    event: Event


class Reply(Struct, gc=False):
    """An event to one connection."""

    link: Link
    event: Event


class Replay(Struct, gc=False):
    """Messages from the log to one connection, in this place of its stream: those after ``after``, or without
    it the last ``history``, up to ``upto``."""

    link: Link
    room: Room
    after: int | None
    history: int
    upto: int


class ReadPage(Struct, gc=False):
    """A page of history to one connection, read from the log."""

    link: Link
    room: Room
    before: int
    after: int | None
    limit: int
    re: Id


class Close(Struct, gc=False):
    """The end of a connection, after all that was sent to it before."""

    link: Link


class AccountRow(Struct, gc=False):
    """What is kept of an account. ``password_hash``: None where it stays what it is."""

    key: str  # its name as it is compared
    looks: tuple[str, ...]
    account: Account
    password_hash: str | None = None


class LookUp(Struct, gc=False):
    """A client's row is to be read from the log; the connection's commands wait for it, as ``Found``."""

    link: Link
    key: Key


Delivery = Segment | Broadcast | Reply | Replay | ReadPage | Close


@dataclass
class Effects:
    """Of one batch. Nothing of ``deliveries`` may be seen by anyone before the rest is stored."""

    deliveries: list[Delivery] = field(default_factory=list)
    segments: list[Segment] = field(default_factory=list)  # those among the deliveries
    names: dict[int, str] = field(default_factory=dict)  # of clients that are new or renamed, by UID
    sessions: list[Session] = field(default_factory=list)  # new ones
    counters: dict[Session, int] = field(default_factory=dict)  # to its new last n
    seats: dict[int, str | None] = field(default_factory=dict)  # UID to the key of its name; None: it has no seat
    guests: dict[int, bool] = field(default_factory=dict)  # UID to whether it never said anything: seen now
    reads: dict[tuple[int, str], int | None] = field(
        default_factory=dict
    )  # UID and room key to the seq read up to; None: forgotten
    blocks: dict[tuple[int, int], bool] = field(default_factory=dict)  # UID and whom it has blocked, or unblocked
    members: dict[tuple[int, str], str | None] = field(
        default_factory=dict
    )  # UID of an account and key of a room that it stays in, to its name; None: it does not
    deletions: dict[Place, Tombstone] = field(default_factory=dict)  # what is stored in the place of words
    accounts: dict[int, AccountRow] = field(default_factory=dict)  # new or changed, by UID
    visits: dict[Session, tuple[int, str]] = field(
        default_factory=dict
    )  # of accounts: when it was last here, from where
    ended: list[Session] = field(default_factory=list)  # whose tokens are void
    forgotten: list[int] = field(default_factory=list)  # UIDs of accounts that are no more
    invites: dict[bytes, Invite | None] = field(default_factory=dict)  # by the hashes of their tokens; None: gone
    purges: dict[str, int] = field(default_factory=dict)  # room key to the seq up to which nothing is kept
    rules: dict[str, Room] = field(default_factory=dict)  # by key: those whose rules changed
    next_uid: int | None = None  # when it changed
    next_room: int | None = None  # likewise
    bans: dict[int | str, ServerBan | None] = field(default_factory=dict)  # by UID or place; None: over
    epoch: str | None = None  # of the log from now on
    audit: list[tuple[str, Change]] = field(default_factory=list)  # who changed what
    answers: list[tuple[Link, AdminAnswer]] = field(default_factory=list)  # to admins, when the rest is stored
    lookups: list[LookUp] = field(default_factory=list)  # when the rest is stored
    log_lines: list[str] = field(
        default_factory=list
    )  # for the server's own log: what happened, not what was said
    refusals: list[str] = field(default_factory=list)  # codes of what was not carried out
    stop: str | None = None  # why the server should be stopped
    over: bool = False  # it was: nothing follows
    closed: list[Link] = field(default_factory=list)  # connections that end here

    @property
    def stored(self) -> bool:
        """Whether there is anything that belongs on disk."""
        kept = (
            self.segments, self.names, self.sessions, self.counters, self.seats, self.guests, self.reads,
            self.members,
            self.accounts, self.visits, self.ended, self.forgotten, self.invites, self.next_uid, self.next_room,
            self.audit, self.deletions, self.blocks, self.rules, self.bans, self.purges, self.epoch,
        )  # fmt: skip
        return any(kept)
