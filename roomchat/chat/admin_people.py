"""What an admin does with people: accounts, invites, and bans of the whole server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from roomchat.account import Invite
from roomchat.chat import accounts, bans, membership
from roomchat.chat.batch import Batch
from roomchat.chat.looks import looks
from roomchat.chat.state import Client, ServerBan, Session
from roomchat.errors import BadCommand, NameOwned, NoSuchClient, Refused
from roomchat.protocol.admin_answers import (
    AccountAnswer,
    BanRow,
    BansAnswer,
    InviteAnswer,
    InviteRow,
    InvitesAnswer,
)
from roomchat.protocol.administration import (
    Ban,
    ListBans,
    ListInvites,
    MakeAccount,
    OfferInvite,
    PutPassword,
    RemoveAccount,
    RenameAccount,
    RevokeInvite,
    Unban,
    Whom,
)
from roomchat.times import rfc3339

ID = 8  # characters of the hash of an invite's token that name it


class NobodyCalled(Refused):
    """No account, and no guest who is here or away."""

    code = "no_such_client"
    sentence = "Nobody is called {name}; give the UID of a guest who is not here."


class IsGuest(Refused):
    """It has no password."""

    code = "no_account"
    sentence = "{name} is a guest, not an account."


class NotFree(Refused):
    """Who asks is an admin, and has no use for the name's password."""

    code = NameOwned.code
    sentence = "{name} is an account's name, or looks like one; choose another name, or rename that account first."


class NotBanned(Refused):
    """There is no such ban."""

    code = "unchanged"
    sentence = "{who} is not banned."


class NoSuchInvite(Refused):
    """There is no such invite."""

    code = "invite_needed"
    sentence = "There is no invite {id}, or it is used up or too old."


class NobodyRegisters(Refused):
    """An invite would be of no use."""

    code = "accounts_closed"
    sentence = "The server runs with --accounts closed, so nobody can register; add the account yourself."


# ---------------------------------------------------------------- accounts


def make_account(batch: Batch, command: MakeAccount) -> AccountAnswer:
    """A client that was never here, and can log in."""
    name, key = batch.name(command.name)
    _check_free(batch, name, key)
    client = Client(batch.registry.new_uid(), name, key)
    batch.effects.next_uid = batch.registry.next_uid
    batch.registry.add_client(client, [])
    accounts.make(batch, client, command.password_hash)
    _leave(batch, client)
    return AccountAnswer(uid=client.uid, name=name)


def put_password(batch: Batch, command: PutPassword) -> AccountAnswer:
    """Another password, for someone who has forgotten it, or to keep out who has found it out."""
    with _account(batch, command) as client:
        accounts.set_password(batch, client, command.password_hash)
        if command.logout:
            for session in client.sessions:
                accounts.end_session(batch, session)
            if client.uid in batch.registry.clients and not client.links:
                _leave(batch, client)
        return AccountAnswer(uid=client.uid, name=client.name)


def rename_account(batch: Batch, command: RenameAccount) -> AccountAnswer:
    """Its own devices are told, too."""
    with _account(batch, command) as client:
        _check_free(batch, *batch.name(command.to), client.uid)
        membership.rename(batch, client, command.to, besides=())
        batch.keep_name(client)  # also where it has no session to come back with
        return AccountAnswer(uid=client.uid, name=client.name)


def remove_account(batch: Batch, command: RemoveAccount) -> AccountAnswer:
    """On all devices at once."""
    with _account(batch, command) as client:
        accounts.remove(batch, client)
        return AccountAnswer(uid=client.uid, name=client.name)


def _check_free(batch: Batch, name: str, key: str, uid: int = 0) -> None:
    """As ``membership.check_free``, in words for an admin."""
    try:
        membership.check_free(batch, name, key, uid)
    except NameOwned:
        raise NotFree(name=name) from None


@contextmanager
def _account(batch: Batch, command: Whom) -> Iterator[Client]:
    """An account as it stands; one that has no seat has one in here."""
    uid = uid_of(batch, command)
    registry = batch.registry
    known = batch.known(uid)
    if known is None:
        raise NoSuchClient(uid=uid)
    if known.account is None:
        raise IsGuest(name=known.name)
    client = registry.clients.get(uid)
    if client is not None:
        yield client
        return
    client = Client.of(known, *batch.name(known.name))
    registry.add_client(client, known.sessions)
    try:
        yield client
    finally:
        _leave(batch, client)


def _leave(batch: Batch, client: Client) -> None:
    """It has no seat; whoever has begun to look it up in the log learns what has changed."""
    if client.uid in batch.registry.clients:
        membership.leave_all(batch, client, "bye")
    if not client.sessions:
        batch.keep_gone(Session(client, 0, b"account %d" % client.uid))  # no token has this hash


# ---------------------------------------------------------------- invites


def offer_invite(batch: Batch, command: OfferInvite) -> InviteAnswer:
    """Leave to register."""
    if batch.settings.accounts == "closed":
        raise NobodyRegisters
    invite = Invite(command.uses, batch.time + command.seconds * 1000)
    batch.keep_invite(command.token_hash, invite)
    return InviteAnswer(invite=_invite_row(command.token_hash, invite))


def list_invites(batch: Batch, command: ListInvites) -> InvitesAnswer:
    """Those that hold."""
    return InvitesAnswer(invites=[_invite_row(key, one) for key, one in _invites(batch)])


def revoke_invite(batch: Batch, command: RevokeInvite) -> InvitesAnswer:
    """It does not hold any more."""
    found = [(key, one) for key, one in _invites(batch) if key.hex()[:ID] == command.id.lower()]
    if not found:
        raise NoSuchInvite(id=command.id)
    for key, _ in found:
        batch.keep_invite(key, None)
    return InvitesAnswer(invites=[_invite_row(key, one) for key, one in found])


def _invites(batch: Batch) -> list[tuple[bytes, Invite]]:
    return [(key, one) for key, one in batch.registry.invites.items() if one.uses and batch.time < one.ends]


def _invite_row(token_hash: bytes, invite: Invite) -> InviteRow:
    return InviteRow(token_hash.hex()[:ID], invite.uses, rfc3339(invite.ends))


# ---------------------------------------------------------------- bans


def ban(batch: Batch, command: Ban) -> BansAnswer:
    """Of a client, and with a guest of newcomers from where it is; or of newcomers from an address."""
    until = None if command.seconds is None else batch.time + command.seconds * 1000
    who = whom(batch, command)
    people: list[int | str] = [who]
    client = batch.registry.clients.get(who) if isinstance(who, int) else None
    if client is not None and client.account is None and command.newcomers:
        people += bans.places_of(batch, client)
    for one in people:
        bans.ban(batch, one, ServerBan(until, command.reason))
    return BansAnswer(bans=[_ban_row(one, batch.registry.bans[one]) for one in people])


def unban(batch: Batch, command: Unban) -> BansAnswer:
    """One of these is over."""
    who = whom(batch, command)
    ban = batch.registry.bans.get(who)
    if ban is None or not ban.stands(batch.time):
        raise NotBanned(who=f"UID {who}" if isinstance(who, int) else who)
    bans.unban(batch, who)
    return BansAnswer(bans=[_ban_row(who, ban)])


def list_bans(batch: Batch, command: ListBans) -> BansAnswer:
    """Those that stand."""
    found = [_ban_row(who, ban) for who, ban in batch.registry.bans.items() if ban.stands(batch.time)]
    return BansAnswer(bans=found)


def _ban_row(who: int | str, ban: ServerBan) -> BanRow:
    return BanRow(who, None if ban.until is None else rfc3339(ban.until), ban.reason)


# ---------------------------------------------------------------- whom


def uid_of(batch: Batch, command: Whom) -> int:
    """Of a client. Raises Refused, Missing."""
    uid = whom(batch, command)
    if not isinstance(uid, int):
        raise BadCommand(why="it needs a uid or a name")
    return uid


def whom(batch: Batch, command: Whom) -> int | str:
    """A UID, or a place. Raises Refused, Missing."""
    registry = batch.registry
    match command:
        case Whom(uid=int(uid), name=None, address=None):
            if uid >= registry.next_uid:
                raise NoSuchClient(uid=uid)
            return uid
        case Whom(uid=None, name=str(name), address=None):
            shown, key = batch.name(name)
            if (client := registry.names.get(key)) is not None:
                return client.uid
            uid = batch.owner(looks(shown, key))  # of an account that is not here
            known = batch.known(uid) if uid else None
            if known is None or batch.name(known.name)[1] != key:  # it only looks like that
                raise NobodyCalled(name=name)
            return uid
        case Whom(uid=None, name=None, address=str(address)):
            try:
                return bans.place_of(address)
            except ValueError:
                raise BadCommand(why=f"{address[:60]!r} is not an address") from None
        case _:
            raise BadCommand(why="it needs one of uid, name and address")
