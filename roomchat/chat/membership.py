"""Coming into rooms and going out of them: what is the same whichever command leads to it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable
from heapq import nsmallest
from itertools import islice

from msgspec.structs import replace

from roomchat.chat.batch import Batch
from roomchat.chat.inputs import Link
from roomchat.chat.looks import looks
from roomchat.chat.names import normal_private, normal_room, pair_key
from roomchat.chat.ownership import owner_gone
from roomchat.chat.registry import Registry
from roomchat.chat.state import Client, Room
from roomchat.errors import NameOwned, NameTaken, NoSuchRoom, NotInRoom, TooManyRooms
from roomchat.protocol import (
    PAGE,
    Away,
    Back,
    Joined,
    MemberJoined,
    MemberLeft,
    Person,
    Presence,
    PresenceSummary,
    Renamed,
    RoomSummary,
    WhoPage,
    is_pair,
    pair_room,
    private_of,
)


def person(client: Client) -> Person:
    """A client as lists show it."""
    return Person(client.uid, client.name, client.is_away)


def summary(registry: Registry, room: Room) -> RoomSummary:
    """A room as lists show it."""
    members = registry.rooms_to_clients.get(room.key, ())
    return RoomSummary(room.name, len(members), room.last_seq, room.last_said)


def everyone(registry: Registry, after: int) -> WhoPage:
    """Those who have a seat, with a UID above ``after``: a page of them."""
    begin = bisect_right(registry.uids, after)
    page = [person(registry.clients[uid]) for uid in registry.uids[begin : begin + PAGE]]
    return WhoPage(clients=page, clients_total=len(registry.clients), room=None)


def who_page(registry: Registry, room: Room, after: int = 0) -> WhoPage:
    """The members of a room with a UID above ``after``: a page of them."""
    members = registry.rooms_to_clients.get(room.key, {})
    page = nsmallest(PAGE, (uid for uid in members if uid > after))
    answer = WhoPage(clients=[person(members[uid]) for uid in page], clients_total=len(members), room=room.name)
    if room.rules is not None:
        answer.owner, answer.moderators = room.rules.owner, [*room.rules.moderators]
    return answer


def joined(registry: Registry, client: Client, room: Room, by: int | None = None) -> Joined:
    """What a client is told that is in a room now."""
    members = registry.rooms_to_clients[room.key]
    rules = room.rules
    return Joined(
        room=room.name,
        members=[person(member) for member in islice(members.values(), PAGE)],
        members_total=len(members),
        last_seq=room.last_seq,
        by=by,
        read=client.reads.get(room.key),
        role=rules.role(client.uid) if rules is not None else None,
        topic=rules.topic if rules is not None else "",
    )


def find_room(batch: Batch, client: Client, name: str) -> Room:
    """A room by its name as a client sees it: rooms of two others, and private ones that it is
    not in, do not exist for it.

    Raises:
        NoSuchRoom, BadName
    """
    room = batch.registry.rooms.get(room_key(batch, name))
    members = batch.registry.rooms_to_clients
    if room is None or not (room.is_open or client.uid in (room.pair or members.get(room.key, {}))):
        raise NoSuchRoom(room=name)
    return room


def own_room(batch: Batch, client: Client, name: str | None) -> Room:
    """The room with this name, or the current one; the client is in it.

    Raises:
        NotInRoom, BadName
    """
    if name is None:
        peer = batch.registry.peers.get(batch.link)
        current = (peer.session.current if peer and peer.session else None) or client.current
        if current is None:
            raise NotInRoom(room="a room; join one, or dial someone")
        return current
    rooms = batch.registry.clients_to_rooms[client.uid]
    room = rooms.get(name)  # nearly always named as it is compared: 0.15 us instead of 0.4
    if room is None:
        room = rooms.get(room_key(batch, name))
    if room is None:
        raise NotInRoom(room=name)
    return room


def room_key(batch: Batch, name: str) -> str:
    """How a room's name is compared. Raises BadName."""
    if is_pair(name):
        return pair_key(name)
    normal = normal_room if private_of(name) is None else normal_private
    return normal(name, batch.settings.max_name)[1]


def enter(batch: Batch, client: Client, room: Room) -> None:
    """A client comes into a room that it is not in; the others are told."""
    _tell_presence(batch, room, client, MemberJoined(room=room.name, uid=client.uid, name=client.name))
    batch.registry.enter(client, room)
    batch.keep_member(client, room.key, None if room.pair else room.name)
    batch.log(f"client {client.uid} entered {room.name}")


def tell_devices(batch: Batch, client: Client, room: Room) -> None:
    """The asker's other devices are in that room as well now; none of them need look there."""
    for session in client.sessions if len(client.links) > 1 else ():
        if session.link == batch.link:
            told = joined(batch.registry, client, room)
            told.device = session.device
            for link in client.links:
                if link != batch.link:
                    batch.send(link, replace(told))


def check_room_for_one_more(batch: Batch, client: Client) -> None:
    """Rooms of two do not count: strangers who whisper could use a client's rooms up.

    Raises:
        TooManyRooms
    """
    rooms = batch.registry.clients_to_rooms[client.uid]
    limit = batch.settings.max_rooms
    if len(rooms) >= limit and sum(room.pair is None for room in rooms.values()) >= limit:
        raise TooManyRooms(limit=limit)


def enter_pair(batch: Batch, client: Client, uid: int, peer: Client | None) -> Room:
    """Both into the room in which they whisper, and those who were not in it are told. Without a peer the other is
    offline: its next hello brings it into the room."""
    name = pair_room(client.uid, uid)
    room = batch.registry.room(name, name)
    newcomers = [
        one for one in (client, peer) if one and room.key not in batch.registry.clients_to_rooms[one.uid]
    ]  # fmt: skip
    for newcomer in newcomers:
        batch.registry.enter(newcomer, room)
    for newcomer in newcomers:
        batch.send_to(newcomer, joined(batch.registry, newcomer, room, by=client.uid))
    return room


def leave(batch: Batch, client: Client, room: Room, reason: str) -> None:
    """A client goes out of a room for good; the others are told why."""
    batch.keep_member(client, room.key, None)
    _go_out(batch, client, room, reason)


def _go_out(batch: Batch, client: Client, room: Room, reason: str) -> None:
    batch.registry.leave(client, room)
    _tell_presence(
        batch, room, client, MemberLeft(room=room.name, uid=client.uid, name=client.name, reason=reason)
    )
    batch.log(f"client {client.uid} left {room.name}: {reason}")


def leave_all(batch: Batch, client: Client, reason: str) -> None:
    """A client gives its seat up. An account stays in its rooms, but is not among those who are there."""
    for room in list(batch.registry.clients_to_rooms[client.uid].values()):
        _go_out(batch, client, room, reason)
    owner_gone(batch, client)
    batch.registry.remove_client(client)
    batch.keep_seat(client, False)
    for session in client.sessions:
        batch.keep_gone(session)


def tell_away(batch: Batch, client: Client) -> None:
    """A client's last connection is lost; its rooms are told."""
    batch.registry.save(client)
    client.is_away = True
    for room in batch.registry.clients_to_rooms[client.uid].values():
        _tell_presence(batch, room, client, Away(room=room.name, uid=client.uid, name=client.name))


def tell_back(batch: Batch, client: Client, rooms: Iterable[Room]) -> None:
    """A client that was away is here again; its rooms are told. What they have not heard of is over."""
    if not client.is_away:
        return
    batch.registry.save(client)
    client.is_away = False
    for room in rooms:
        _tell_presence(batch, room, client, Back(room=room.name, uid=client.uid, name=client.name))


def rename(batch: Batch, client: Client, name: str, besides: Collection[Link]) -> Renamed:
    """A client gets another name; whoever shares a room with it is told, once. Not in large rooms: there it
    is seen when the client says something. ``besides``: connections that learn it in another way.

    Raises:
        BadName, NameTaken, StorageUnavailable
    """
    registry = batch.registry
    name, key = batch.name(name)
    check_free(batch, name, key, client.uid)
    batch.must_store()
    event = Renamed(uid=client.uid, old=client.name, name=name)
    registry.rename(client, name, key)
    if client.resumes:
        batch.keep_name(client)
        batch.keep_seat(client, True)
    if client.account:
        batch.keep_account(client)
    rooms = registry.clients_to_rooms[client.uid].values()
    if client.announced:
        batch.broadcast_once([room for room in rooms if not _is_large(batch, room)], event, besides=client.links)
    for link in client.links:
        if link not in besides:
            batch.send(link, event)
    batch.log(f"client {client.uid} {event.old} is called {name} now")
    return event


def check_free(batch: Batch, name: str, key: str, uid: int = 0) -> None:
    """Before anything is changed: whether the client with that UID, or a newcomer, may go by this name.

    Raises:
        NameOwned: it belongs to somebody else's account, or looks as if it did.
        NameTaken: someone else who has a seat goes by it, or by one that looks like it.
    """
    if batch.owner(looks(name, key)) not in (0, uid):
        raise NameOwned(name=name)
    if (holder := batch.registry.alike(name, key, uid)) is not None:
        raise NameTaken(name=holder.name)


def _tell_presence(batch: Batch, room: Room, client: Client, event: Presence) -> None:
    """One by one in a room of people who can be known; in a large one only counted, and told at times.

    Otherwise ten thousand people who enter one room would cost fifty million lines.
    Nothing is told of a client that asked for that, a job that says one line, say; lists show it nevertheless.
    """
    if not client.announced:
        return
    if not _is_large(batch, room):
        batch.broadcast(room, event)
        return
    batch.registry.save(room)
    room.joined += isinstance(event, MemberJoined)
    room.left += isinstance(event, MemberLeft)
    batch.deadlines.large_rooms.setdefault(room.key, batch.now + batch.settings.large_room_interval)


def _is_large(batch: Batch, room: Room) -> bool:
    return len(batch.registry.rooms_to_clients.get(room.key, ())) > batch.settings.large_room


def tell_summary(batch: Batch, room: Room) -> None:
    """How many came and went since the last time."""
    if room.joined or room.left:
        members_total = len(batch.registry.rooms_to_clients.get(room.key, ()))
        event = PresenceSummary(
            room=room.name, joined=room.joined, left=room.left, members_total=members_total
        )  # fmt: skip
        batch.registry.save(room)
        room.joined = room.left = 0
        batch.broadcast(room, event)
