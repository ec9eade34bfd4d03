"""What an admin asks of the chat: one small function a command, in a table."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping
from typing import Any

from roomchat.chat import admin_people, admin_rooms
from roomchat.chat.batch import Batch
from roomchat.chat.inputs import Administer
from roomchat.chat.registry import Registry
from roomchat.chat.state import Client
from roomchat.errors import Refused
from roomchat.protocol.admin_answers import AccountRow, AccountsAnswer, AdminAnswer, Done, Failure
from roomchat.protocol.administration import (
    LIST_PAGE,
    Backup,
    Ban,
    Change,
    DeleteMessage,
    GiveRoom,
    ListBans,
    ListInvites,
    ListPresent,
    ListRooms,
    MakeAccount,
    OfferInvite,
    PutPassword,
    RemoveAccount,
    RemoveRoom,
    RenameAccount,
    RevokeInvite,
    ShowRoom,
    Unban,
)

Handler = Callable[[Batch, Any], AdminAnswer]  # of a command; raises Refused, and Missing before any change


def carry_out(batch: Batch, asked: Administer, handlers: Mapping[type, Handler]) -> None:
    """Do it, and answer. A change that is carried out stands in the audit log, stored with what it changes.

    Raises:
        Missing
    """
    command, effects = asked.command, batch.effects
    try:
        if isinstance(command, Change):
            batch.must_store()
        answer = handlers[type(command)](batch, command)
    except Refused as refusal:
        effects.answers.append((batch.link, Failure(code=refusal.code, message=str(refusal))))
        return
    effects.answers.append((batch.link, answer))
    if isinstance(command, Change):
        effects.audit.append((asked.who, command.noted()))


def _list_present(batch: Batch, command: ListPresent) -> AccountsAnswer:
    registry = batch.registry
    begin, end = bisect_right(registry.uids, command.after), bisect_right(registry.uids, command.upto)
    uids = registry.uids[begin : min(end, begin + LIST_PAGE)]
    rows = [_account(registry, registry.clients[uid]) for uid in uids]
    return AccountsAnswer(accounts=rows, next=uids[-1] if end > begin + len(uids) else None)


def _account(registry: Registry, client: Client) -> AccountRow:
    addresses = [registry.peers[link].address for link in client.links]
    return AccountRow(
        client.uid,
        client.name,
        admin_rooms.presence(client),
        len(client.sessions),
        [*dict.fromkeys(addresses)],
        account=client.account is not None,
    )


def _backup(batch: Batch, command: Backup) -> Done:
    return Done()  # whoever asks copies; here it is only noted


TABLE: dict[type, Handler] = {
    ListPresent: _list_present,
    ListRooms: admin_rooms.list_rooms,
    ShowRoom: admin_rooms.show_room,
    GiveRoom: admin_rooms.give_room,
    RemoveRoom: admin_rooms.remove_room,
    DeleteMessage: admin_rooms.delete_message,
    MakeAccount: admin_people.make_account,
    PutPassword: admin_people.put_password,
    RenameAccount: admin_people.rename_account,
    RemoveAccount: admin_people.remove_account,
    OfferInvite: admin_people.offer_invite,
    ListInvites: admin_people.list_invites,
    RevokeInvite: admin_people.revoke_invite,
    ListBans: admin_people.list_bans,
    Ban: admin_people.ban,
    Unban: admin_people.unban,
    Backup: _backup,
}
