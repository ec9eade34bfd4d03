"""What whoever runs a server asks of it over the admin socket, and what it answers: docs/admin.md.

JSON lines, as on the native wire, but none of its words: an admin has no UID and is in no room.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from roomchat.protocol.values import Count, Uid, tag

LIST_PAGE = 500  # rows of a list in one answer: some 50 KiB; whoever wants more asks for the next page
MAX_LINE = 64 * 1024  # bytes of a command

Presence = Literal["here", "away", "offline"]  # offline: without a seat


class AdminCommand(
    Struct, tag_field="type", tag=tag, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """What an admin asks. What is not known is refused, not passed over: it might matter."""


class Change(AdminCommand):
    """A command that is written into the audit log, with all its fields: so none of these may be a secret."""


class ServerStats(AdminCommand):
    """Counters, and what is there now."""


class ListRooms(AdminCommand):
    """The rooms that have members or messages, by name, behind the one with the key ``after``: a page of them."""

    after: str | None = None


class ShowRoom(AdminCommand):
    """A room, and its members with a UID above ``after``: a page of them."""

    room: str
    after: Count = 0


class ListAccounts(AdminCommand):
    """The clients, here or not, with a UID above ``after``: a page of them."""

    after: Count = 0


class ListPresent(AdminCommand):
    """The clients with ``after < uid <= upto`` that have a seat: what the hub is asked for ``ListAccounts``."""

    after: Count
    upto: Count


class ListAudit(AdminCommand):
    """The changes with a number below ``before``, the newest first: a page of them."""

    before: Uid | None = None


class Backup(Change):
    """The log is about to be copied into ``file`` by whoever asks."""

    file: str


class Whom(Change):
    """One of the three: a client by its UID, one by its name, or newcomers from an address."""

    uid: Uid | None = None
    name: str | None = None
    address: str | None = None


class Ban(Whom):
    """Not to be let in any more, for so many ``seconds`` or for good. With a guest, newcomers from where it is
    connected are meant, too, unless that is this machine, or not wanted."""

    seconds: Annotated[int, Meta(ge=1, le=10**9)] | None = None
    reason: Annotated[str, Meta(max_length=200)] = ""
    newcomers: bool = True


class Unban(Whom):
    """To be let in again."""


class ListBans(AdminCommand):
    """All bans of the server."""


# ---------------------------------------------------------------- rows


class RoomRow(Struct, omit_defaults=True):
    """A room in a list."""

    room: str
    members: Count
    last_seq: Count
    last_said: str | None = None  # when, RFC 3339


class MemberRow(Struct):
    """A member in a room."""

    uid: Count
    name: str
    presence: Presence


class AccountRow(Struct, omit_defaults=True):
    """A client."""

    uid: Count
    name: str
    presence: Presence
    devices: Count
    addresses: list[str] = []  # from where it is connected
    last_seen: str | None = None  # RFC 3339, where that is known


class BanRow(Struct, omit_defaults=True):
    """A ban: of a client, or of newcomers from an address or, of IPv6, a network."""

    who: int | str
    until: str | None = None  # RFC 3339; None: for good
    reason: str = ""


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


class AuditAnswer(AdminAnswer):
    """A page of changes; ``next`` is the ``before`` of the next one."""

    changes: list[AuditRow]
    next: Count | None


HubCommands = (
    ServerStats | ListRooms | ShowRoom | ListPresent | ListBans | Ban | Unban | Backup
)  # those that the hub carries out
Commands = HubCommands | ListAccounts | ListAudit
Answers = Failure | Done | StatsAnswer | RoomsAnswer | RoomAnswer | AccountsAnswer | BansAnswer | AuditAnswer
