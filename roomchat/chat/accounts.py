"""Clients that have a password: how they come to it, their devices, and how they end.

The hub never sees a password. What checks one, or makes a hash of it, comes before; here are the verdicts.
"""

from __future__ import annotations

from msgspec.structs import replace

from roomchat.account import Account
from roomchat.chat import membership
from roomchat.chat.batch import Batch, Handler
from roomchat.chat.inputs import EndOfAccount, NewAccount, NewPassword
from roomchat.chat.looks import looks
from roomchat.chat.state import Client, Session
from roomchat.errors import (
    AccountsClosed,
    HasAccount,
    InviteNeeded,
    NameOwned,
    NoAccount,
    NoSuchDevice,
    SessionEnded,
    WrongPassword,
)
from roomchat.protocol import (
    Device,
    Devices,
    DevicesPage,
    Error,
    LoggedOut,
    Logout,
    PasswordChanged,
    Registered,
    Unregistered,
)
from roomchat.times import timestamp

# ---------------------------------------------------------------- how a client gets an account


def register(batch: Batch, session: Session, command: NewAccount) -> None:
    """The client has an account from here on, with its UID, name and rooms."""
    client = session.client
    if client.account is not None:
        raise HasAccount
    check_may_register(batch, command.invite)
    if batch.owner(looks(client.name, client.key)):
        raise NameOwned(name=client.name)  # it had its name before
    batch.must_store()
    make(batch, client, command.password_hash, command.invite)
    batch.keep_visit(session)
    batch.reply(Registered(uid=client.uid, name=client.name))


def check_may_register(batch: Batch, invite: bytes | None) -> None:
    """Raises AccountsClosed, InviteNeeded."""
    if batch.settings.accounts == "closed":
        raise AccountsClosed
    if batch.settings.accounts == "invite":
        found = batch.registry.invites.get(invite) if invite is not None else None
        if found is None or found.uses < 1 or found.ends <= batch.time:
            raise InviteNeeded


def make(batch: Batch, client: Client, password_hash: str, invite: bytes | None = None) -> None:
    """Make an account of a client whose name is free, and that has none."""
    numbers = [session.device for session in client.sessions]
    batch.registry.set_account(client, Account(changed=1, next_device=max(numbers, default=0) + 1))
    batch.keep_name(client)  # one that could not come back until now can
    batch.keep_account(client, password_hash)
    for room in batch.registry.clients_to_rooms[client.uid].values():
        batch.keep_member(client, room.key, None if room.pair else room.name)
    batch.registry.save(client)
    client.guest = batch.effects.guests[client.uid] = False
    if invite is not None and (found := batch.registry.invites.get(invite)) is not None:
        batch.keep_invite(invite, replace(found, uses=found.uses - 1) if found.uses > 1 else None)
    batch.log(f"client {client.uid} {client.name} has an account")


# ---------------------------------------------------------------- its devices


def open_session(batch: Batch, client: Client, token_hash: bytes) -> Session:
    """One more device of an account; where there are too many, the one that was not seen for longest goes."""
    assert client.account is not None
    session = batch.registry.add_session(client, client.account.next_device, token_hash)
    client.account = replace(client.account, next_device=session.device + 1)  # saved by add_session
    batch.keep_account(client)
    session.terms = batch.registry.peers[batch.link].terms
    if session.terms.resume:
        batch.effects.sessions.append(session)
        kept = [one for one in client.sessions if one.terms.resume and one is not session]
        kept.sort(key=lambda one: (one.link is not None, one.seen, one.device))
        for oldest in kept[: max(0, len(kept) + 1 - batch.settings.max_devices)]:
            end_session(batch, oldest)
    return session


def end_session(batch: Batch, session: Session) -> None:
    """A device is logged out: its token is void, and its connection ends."""
    if session.link is not None:
        if session.link != batch.link:  # else it has asked for that
            refusal = SessionEnded()
            batch.send(session.link, Error(code=refusal.code, message=str(refusal)))
        batch.close(session.link)
    _drop(batch, session)
    batch.log(f"device {session.device} of client {session.client.uid} was logged out")


def _drop(batch: Batch, session: Session) -> None:
    effects = batch.effects
    batch.registry.remove_session(session)
    batch.keep_gone(session)
    effects.counters.pop(session, None)
    effects.visits.pop(session, None)
    if session in effects.sessions:
        effects.sessions.remove(session)
    else:
        effects.ended.append(session)


def drop_passing(batch: Batch, session: Session) -> None:
    """A session of an account on a wire that does not come back ends with its connection."""
    if session.client.account is not None and not session.terms.resume and session.link is None:
        _drop(batch, session)


def devices(batch: Batch, session: Session, command: Devices) -> None:
    """Where one is logged in."""
    client = _account_of(session)
    found = []
    for one in client.sessions:
        here, seen, address = one.link is not None, one.seen, one.address
        if one.link is not None:
            seen, address = batch.time, batch.registry.peers[one.link].address
        found.append(Device(one.device, timestamp(seen / 1000) if seen else "", address, here, one is session))
    batch.reply(DevicesPage(devices=found))


def logout(batch: Batch, session: Session, command: Logout) -> None:
    """The end of one device, or of all others."""
    client = _account_of(session)
    if command.others:
        ended = [one for one in client.sessions if one is not session]
    else:
        number = session.device if command.device is None else command.device
        ended = [one for one in client.sessions if one.device == number]
        if not ended:
            raise NoSuchDevice(device=number)
    batch.must_store()
    batch.reply(LoggedOut(devices=[one.device for one in ended]))
    for one in ended:
        end_session(batch, one)
    if not client.links:
        membership.leave_all(batch, client, "bye")


# ---------------------------------------------------------------- another password, and the end


def change_password(batch: Batch, session: Session, command: NewPassword) -> None:
    """The other devices stay logged in: ``logout`` ends them."""
    client = _account_of(session)
    _check_unchanged(client, command.changed)
    batch.must_store()
    set_password(batch, client, command.password_hash)
    batch.reply(PasswordChanged())


def set_password(batch: Batch, client: Client, password_hash: str) -> None:
    """Whatever was checked by the old one is void from here on."""
    assert client.account is not None
    batch.registry.save(client)
    client.account = replace(client.account, changed=client.account.changed + 1)
    batch.keep_account(client, password_hash)
    batch.log(f"client {client.uid} {client.name} has another password")


def unregister(batch: Batch, session: Session, command: EndOfAccount) -> None:
    """The account ends, on all devices."""
    client = _account_of(session)
    _check_unchanged(client, command.changed)
    batch.must_store()
    batch.reply(Unregistered())
    remove(batch, client)


def remove(batch: Batch, client: Client) -> None:
    """An account whose client has a seat ends: nobody comes back as it, and its name is free. What it said stays,
    and nobody else gets its UID."""
    batch.log(f"client {client.uid} {client.name} has no account any more")
    for session in client.sessions:
        end_session(batch, session)
    batch.registry.set_account(client, None)
    membership.leave_all(batch, client, "bye")
    for key in [key for key in batch.effects.members if key[0] == client.uid]:
        del batch.effects.members[key]
    for kept in (batch.effects.accounts, batch.effects.names, batch.effects.guests, batch.effects.seats):
        kept.pop(client.uid, None)
    batch.effects.forgotten.append(client.uid)


def _account_of(session: Session) -> Client:
    if session.client.account is None:
        raise NoAccount
    return session.client


def _check_unchanged(client: Client, changed: int) -> None:
    """Raises WrongPassword if the password was changed since it was checked."""
    if client.account is None or client.account.changed != changed:
        raise WrongPassword


TABLE: dict[type, Handler] = {
    NewAccount: register,
    NewPassword: change_password,
    EndOfAccount: unregister,
    Devices: devices,
    Logout: logout,
}
