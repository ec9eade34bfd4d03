"""What an admin is answered: docs/admin.md."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

from roomchat.protocol.values import Count, tag

Presence = Literal["here", "away", "offline"]  # offline: without a seat


# ---------------------------------------------------------------- rows


class RoomRow(Struct, omit_defaults=True):
    """A room in a list."""

    room: str
    members: Count
    last_seq: Count
    last_said: str | None = None  # when, RFC 3339
    private: bool = False
    topic: str = ""
    owner: str = ""  # the name
    owner_uid: Count = 0  # 0: it is nobody's


class ServerRow(Struct, omit_defaults=True):
    """One of the servers that share a chat."""

    name: str
    addresses: list[str]  # where clients find it
    position: Count  # up to where it had carried out what is in the stream, when it last said so
    snapshot: Count  # where it goes on from when it is started again


class MemberRow(Struct):
    """A member in a room."""

    uid: Count
    name: str
    presence: Presence


class AccountRow(Struct, omit_defaults=True):
    """A client; ``account``: whether it has a password, or is a guest."""

    uid: Count
    name: str
    presence: Presence
    devices: Count
    addresses: list[str] = []  # from where it is connected
    last_seen: str | None = None  # RFC 3339, where that is known
    account: bool = False


class BanRow(Struct, omit_defaults=True):
    """A ban: of a client, or of newcomers from an address or, of IPv6, a network."""

    who: int | str
    until: str | None = None  # RFC 3339; None: for good
    reason: str = ""


class InviteRow(Struct):
    """Leave to register; ``id`` names it, and proves nothing."""

    id: str
    uses: Count  # that are left
    until: str  # RFC 3339


class AuditRow(Struct):
    """A change: who, as the system calls them, what, and when."""

    number: Count
    time: str  # RFC 3339
    who: str
    what: dict[str, Any]  # the command


# ---------------------------------------------------------------- answers


class AdminAnswer(Struct, tag_field="type", tag=tag, kw_only=True):
    """What is said to a command."""


class Failure(AdminAnswer):
    """It was not carried out: a code that programs can match, and a sentence."""

    code: str
    message: str


class Done(AdminAnswer):
    """It was carried out, and there is nothing else to say."""


class StatsAnswer(AdminAnswer, omit_defaults=True):
    """Counters since the server started, and what is there now."""

    server: str
    uptime: float  # seconds
    clients: Count  # with a seat
    away: Count  # of these
    connections: Count
    rooms: Count  # with members
    messages: Count
    deliveries: Count
    batches: Count
    largest_batch: Count


class ClusterAnswer(AdminAnswer):
    """The servers that share a chat; none, if this one is alone."""

    position: Count  # of the stream, where this server is
    servers: list[ServerRow]


class RoomsAnswer(AdminAnswer):
    """A page of rooms; ``next`` is the ``after`` of the next one."""

    rooms: list[RoomRow]
    next: str | None


class RoomAnswer(AdminAnswer):
    """A room, and a page of its members."""

    room: RoomRow
    members: list[MemberRow]
    next: Count | None


class AccountsAnswer(AdminAnswer):
    """A page of clients."""

    accounts: list[AccountRow]
    next: Count | None


class BansAnswer(AdminAnswer):
    """Those that stand: all, or those that a command has made or ended."""

    bans: list[BanRow]


class AccountAnswer(AdminAnswer):
    """An account that was made or changed."""

    uid: Count
    name: str


class InviteAnswer(AdminAnswer):
    """A new invite, and where one comes in with it."""

    invite: InviteRow
    token: str = ""
    host: str = ""
    port: Count = 0
    fingerprint: str = ""  # of the server's key; "" if an authority vouches for it


class InvitesAnswer(AdminAnswer):
    """All invites that hold, or the one that was revoked."""

    invites: list[InviteRow]


class AuditAnswer(AdminAnswer):
    """A page of changes; ``next`` is the ``before`` of the next one."""

    changes: list[AuditRow]
    next: Count | None


Answers = (
    Failure | Done | StatsAnswer | ClusterAnswer | RoomsAnswer | RoomAnswer | AccountsAnswer | AccountAnswer
    | BansAnswer | InviteAnswer | InvitesAnswer | AuditAnswer
)  # fmt: skip
