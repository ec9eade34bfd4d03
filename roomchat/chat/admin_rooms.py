"""What an admin does with rooms: looking, passing one on, deleting what was said."""

from __future__ import annotations

from heapq import nsmallest

from roomchat.chat.admin_people import uid_of
from roomchat.chat.batch import Batch
from roomchat.chat.deletion import erase
from roomchat.chat.inputs import Place
from roomchat.chat.membership import room_key
from roomchat.chat.ownership import give
from roomchat.chat.registry import Registry
from roomchat.chat.rules import Rules, with_one
from roomchat.chat.state import Client, Room
from roomchat.errors import NoSuchMessage, NoSuchRoom, Offline, PairRoom
from roomchat.protocol import Left, Person
from roomchat.protocol.admin_answers import Done, MemberRow, Presence, RoomAnswer, RoomRow, RoomsAnswer
from roomchat.protocol.administration import LIST_PAGE, DeleteMessage, GiveRoom, ListRooms, RemoveRoom, ShowRoom

# Who did it, in the log of a room. No person has the UID, and none a name with a space in it.
THE_ADMIN = Person(0, "the admin")


def list_rooms(batch: Batch, command: ListRooms) -> RoomsAnswer:
    """All but those of two; the private ones, too. Not those of which nothing is kept but the number."""
    registry = batch.registry
    rooms, after = registry.rooms, command.after or ""
    keys = nsmallest(
        LIST_PAGE + 1, (key for key, room in rooms.items() if key > after and _is_listed(registry, room))
    )
    page = keys[:LIST_PAGE]
    rows = [_row(registry, rooms[key]) for key in page]
    return RoomsAnswer(rooms=rows, next=page[-1] if len(keys) > LIST_PAGE else None)


def show_room(batch: Batch, command: ShowRoom) -> RoomAnswer:
    """Who is in it."""
    room = _room(batch, command.room)
    members = batch.registry.rooms_to_clients.get(room.key, {})
    page = nsmallest(LIST_PAGE + 1, (uid for uid in members if uid > command.after))
    rows = [MemberRow(uid, members[uid].name, presence(members[uid])) for uid in page[:LIST_PAGE]]
    return RoomAnswer(
        room=_row(batch.registry, room), members=rows, next=rows[-1].uid if len(page) > LIST_PAGE else None
    )


def give_room(batch: Batch, command: GiveRoom) -> Done:
    """To an account, here or not, or to a guest who has a seat."""
    room = _room(batch, command.room)
    if room.pair is not None:
        raise PairRoom(room=room.name)
    uid = uid_of(batch, command)
    known = batch.known(uid)
    if known is None or (known.account is None and uid not in batch.registry.clients):
        raise Offline(who=f"The person with UID {uid}")
    rules = room.rules or Rules()
    if room.private and uid not in rules.invited:
        batch.lay_down(room, invited=with_one(rules.invited, uid, None))
    give(batch, room, THE_ADMIN, Person(uid, known.name))
    return Done()


def remove_room(batch: Batch, command: RemoveRoom) -> Done:
    """Its numbers go on, or clients that were in it would take what is said in one of the same name for old."""
    room, registry = _room(batch, command.room), batch.registry
    if room.pair is not None:
        raise PairRoom(room=room.name)
    batch.purge(room)
    for member in [*registry.rooms_to_clients.get(room.key, {}).values()]:
        batch.send_to(member, Left(room=room.name, reason="removed"))
        batch.keep_member(member, room.key, None)
        registry.leave(member, room)
    return Done()


def delete_message(batch: Batch, command: DeleteMessage) -> Done:
    """As its author could."""
    room, seq = _room(batch, command.room), command.seq
    if not 0 < seq <= room.last_seq:
        raise NoSuchMessage(seq=seq, room=room.name)
    found = batch.look_up(Place(room.key, seq))
    if found.words is None:
        raise NoSuchMessage(seq=seq, room=room.name)
    erase(batch, room, found, found.words, THE_ADMIN)
    return Done()


def presence(client: Client) -> Presence:
    """Of one that has a seat."""
    return "here" if client.links else "away"


def _is_listed(registry: Registry, room: Room) -> bool:
    return room.pair is None and (room.last_said is not None or room.key in registry.rooms_to_clients)


def _room(batch: Batch, name: str) -> Room:
    room = batch.registry.rooms.get(room_key(batch, name))
    if room is None:
        raise NoSuchRoom(room=name)
    return room


def _row(registry: Registry, room: Room) -> RoomRow:
    rules = room.rules or Rules()
    return RoomRow(
        room.name,
        len(registry.rooms_to_clients.get(room.key, ())),
        room.last_seq,
        room.last_said,
        room.private,
        rules.topic,
        rules.owner_name if rules.owner is not None else "",
        rules.owner or 0,
    )
