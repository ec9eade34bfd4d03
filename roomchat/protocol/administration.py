"""What whoever runs a server asks of it over the admin socket, and what it answers: docs/admin.md.

JSON lines, as on the native wire, but none of its words: an admin has no UID and is in no room.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct
from msgspec.structs import replace

from roomchat.protocol.values import Count, Uid, tag

LIST_PAGE = 500  # rows of a list in one answer: some 50 KiB; whoever wants more asks for the next page
ENDING = ".admin"  # of the name of the socket, behind that of the log
MAX_LINE = 64 * 1024  # bytes of a command

Seconds = Annotated[int, Meta(ge=1, le=10**9)]
Uses = Annotated[int, Meta(ge=1, le=100_000)]
Password = Annotated[str, Meta(max_length=1024)]


class AdminCommand(
    Struct, tag_field="type", tag=tag, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """What an admin asks. What is not known is refused, not passed over: it might matter."""


class Change(AdminCommand):
    """A command that is written into the audit log."""

    def noted(self) -> Change:
        """What of it is written there: nothing that proves anything."""
        return self


class ServerStats(AdminCommand):
    """Counters, and what is there now."""


class ShowCluster(AdminCommand):
    """The servers that share this chat."""


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

    seconds: Seconds | None = None
    reason: Annotated[str, Meta(max_length=200)] = ""
    newcomers: bool = True


class Unban(Whom):
    """To be let in again."""


class AddAccount(AdminCommand):
    """A new client with this name and password, to log in with."""

    name: str
    password: Password


class SetPassword(AdminCommand, kw_only=True):
    """Another password for an account. ``logout`` ends its sessions, too."""

    uid: Uid | None = None
    name: str | None = None
    password: Password
    logout: bool = False


class MakeAccount(Change, tag="add_account"):
    """``AddAccount`` as the hub gets it."""

    name: str
    password_hash: str = ""

    def noted(self) -> MakeAccount:
        """Without the hash."""
        return replace(self, password_hash="")


class PutPassword(Whom, tag="set_password"):
    """``SetPassword`` as the hub gets it."""

    password_hash: str = ""
    logout: bool = False

    def noted(self) -> PutPassword:
        """Without the hash."""
        return replace(self, password_hash="")


class RenameAccount(Whom, kw_only=True):
    """An account gets the name ``to``, which nobody else may have."""

    to: str


class RemoveAccount(Whom):
    """The end of an account: nobody comes back as it, and its name is free."""


class MakeInvite(AdminCommand):
    """Leave to register for so many, within so many seconds."""

    uses: Uses = 1
    seconds: Seconds = 604_800


class OfferInvite(Change, tag="make_invite", kw_only=True):
    """``MakeInvite`` as the hub gets it: the token stays with whoever asked."""

    token_hash: bytes = b""
    uses: Uses
    seconds: Seconds

    def noted(self) -> OfferInvite:
        """Without the hash."""
        return replace(self, token_hash=b"")


class ListInvites(AdminCommand):
    """The invites that hold."""


class RevokeInvite(Change):
    """The invite with that ``id`` does not hold any more."""

    id: str


class GiveRoom(Whom, kw_only=True):
    """``room`` is to be that client's."""

    room: str


class RemoveRoom(Change):
    """All are put out of ``room``; nothing that was said in it, and nothing that was laid down for it, is kept."""

    room: str


class DeleteMessage(Change):
    """What was said in ``room`` under that number is to be nowhere any more."""

    room: str
    seq: Uid


class ListBans(AdminCommand):
    """All bans of the server."""


_Both = (
    ServerStats | ShowCluster | ListRooms | ShowRoom | ListPresent | ListBans | Ban | Unban | ListInvites
    | RevokeInvite | RenameAccount | RemoveAccount | GiveRoom | RemoveRoom | DeleteMessage | Backup
)  # fmt: skip
HubCommands = _Both | MakeAccount | PutPassword | OfferInvite  # those that the hub carries out
Commands = _Both | ListAccounts | ListAudit | AddAccount | SetPassword | MakeInvite  # those that are asked
