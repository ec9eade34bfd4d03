"""What an admin asks of the chat: one small function a command, in a table."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping
from heapq import nsmallest
from typing import Any

from roomchat.chat import bans
from roomchat.chat.batch import Batch
from roomchat.chat.inputs import Administer
from roomchat.chat.looks import looks
from roomchat.chat.membership import room_key
from roomchat.chat.registry import Registry
from roomchat.chat.state import Client, Room, ServerBan
from roomchat.errors import BadCommand, NoSuchClient, NoSuchRoom, Refused
from roomchat.protocol.administration import (
    LIST_PAGE,
    AccountRow,
    AccountsAnswer,
    AdminAnswer,
    Backup,
    Ban,
    BanRow,
    BansAnswer,
    Change,
    Done,
    Failure,
    ListBans,
    ListPresent,
    ListRooms,
    MemberRow,
    Presence,
    RoomAnswer,
    RoomRow,
    RoomsAnswer,
    ShowRoom,
    Unban,
    Whom,
)
from roomchat.times import rfc3339


class NobodyCalled(Refused):
    """No account, and no guest who is here or away."""

    code = "no_such_client"
    sentence = "Nobody is called {name}; give the UID of a guest who is not here."


class NotBanned(Refused):
    """There is no such ban."""

    code = "unchanged"
    sentence = "{who} is not banned."


Handler = Callable[[Batch, Any], AdminAnswer]  # of a command; raises Refused


def carry_out(batch: Batch, asked: Administer, handlers: Mapping[type, Handler]) -> None:
    """Do it, and answer. A change that is carried out stands in the audit log, stored with what it changes."""
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
        effects.audit.append((asked.who, command))


def _list_rooms(batch: Batch, command: ListRooms) -> RoomsAnswer:
    registry = batch.registry
    begin = bisect_right(registry.room_keys, command.after) if command.after is not None else 0
    keys = registry.room_keys[begin : begin + LIST_PAGE]
    more = len(registry.room_keys) > begin + len(keys)
    return RoomsAnswer(
        rooms=[_row(registry, registry.rooms[key]) for key in keys], next=keys[-1] if more else None
    )


def _show_room(batch: Batch, command: ShowRoom) -> RoomAnswer:
    registry = batch.registry
    room = registry.rooms.get(room_key(batch, command.room))
    if room is None:
        raise NoSuchRoom(room=command.room)
    members = registry.rooms_to_clients.get(room.key, {})
    page = nsmallest(LIST_PAGE + 1, (uid for uid in members if uid > command.after))
    rows = [MemberRow(uid, members[uid].name, _presence(members[uid])) for uid in page[:LIST_PAGE]]
    return RoomAnswer(
        room=_row(registry, room), members=rows, next=rows[-1].uid if len(page) > LIST_PAGE else None
    )


def _list_present(batch: Batch, command: ListPresent) -> AccountsAnswer:
    registry = batch.registry
    begin, end = bisect_right(registry.uids, command.after), bisect_right(registry.uids, command.upto)
    uids = registry.uids[begin : min(end, begin + LIST_PAGE)]
    rows = [_account(registry, registry.clients[uid]) for uid in uids]
    return AccountsAnswer(accounts=rows, next=uids[-1] if end > begin + len(uids) else None)


def _backup(batch: Batch, command: Backup) -> Done:
    return Done()  # whoever asks copies; here it is only noted


def _ban(batch: Batch, command: Ban) -> BansAnswer:
    until = None if command.seconds is None else batch.time + command.seconds * 1000
    who = _whom(batch, command)
    people: list[int | str] = [who]
    client = batch.registry.clients.get(who) if isinstance(who, int) else None
    if client is not None and client.account is None and command.newcomers:
        people += bans.places_of(batch, client)
    for one in people:
        bans.ban(batch, one, ServerBan(until, command.reason))
    return BansAnswer(bans=[_ban_row(one, batch.registry.bans[one]) for one in people])


def _unban(batch: Batch, command: Unban) -> BansAnswer:
    who = _whom(batch, command)
    ban = batch.registry.bans.get(who)
    if ban is None or not ban.stands(batch.time):
        raise NotBanned(who=f"UID {who}" if isinstance(who, int) else who)
    bans.unban(batch, who)
    return BansAnswer(bans=[_ban_row(who, ban)])


def _list_bans(batch: Batch, command: ListBans) -> BansAnswer:
    found = [_ban_row(who, ban) for who, ban in batch.registry.bans.items() if ban.stands(batch.time)]
    return BansAnswer(bans=found)


def _whom(batch: Batch, command: Whom) -> int | str:
    """A UID, or a place. Raises Refused."""
    registry = batch.registry
    match command:
        case Whom(uid=int(uid), name=None, address=None):
            if uid >= registry.next_uid:
                raise NoSuchClient(uid=uid)
            return uid
        case Whom(uid=None, name=str(name), address=None):
            shown, key = batch.name(name)
            uid = batch.owner(looks(shown, key))  # of an account, here or not
            if not uid and key in registry.names:
                uid = registry.names[key].uid
            if not uid:
                raise NobodyCalled(name=name)
            return uid
        case Whom(uid=None, name=None, address=str(address)):
            try:
                return bans.place_of(address)
            except ValueError:
                raise BadCommand(why=f"{address[:60]!r} is not an address") from None
        case _:
            raise BadCommand(why="it needs one of uid, name and address")


def _ban_row(who: int | str, ban: ServerBan) -> BanRow:
    return BanRow(who, None if ban.until is None else rfc3339(ban.until), ban.reason)


def _row(registry: Registry, room: Room) -> RoomRow:
    return RoomRow(room.name, len(registry.rooms_to_clients.get(room.key, ())), room.last_seq, room.last_said)


def _account(registry: Registry, client: Client) -> AccountRow:
    addresses = [registry.peers[link].address for link in client.links]
    return AccountRow(
        client.uid, client.name, _presence(client), len(client.sessions), [*dict.fromkeys(addresses)]
    )


def _presence(client: Client) -> Presence:
    return "here" if client.links else "away"


TABLE: dict[type, Handler] = {
    ListRooms: _list_rooms,
    ShowRoom: _show_room,
    ListPresent: _list_present,
    ListBans: _list_bans,
    Ban: _ban,
    Unban: _unban,
    Backup: _backup,
}
