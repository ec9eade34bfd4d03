"""How a client comes into a room: an open one, or a private one that it is invited to."""

from __future__ import annotations

from roomchat.chat.batch import Batch
from roomchat.chat.membership import check_room_for_one_more, enter
from roomchat.chat.names import normal_private, normal_room
from roomchat.chat.roles import check_admitted
from roomchat.chat.rules import Rules, with_one, without_one
from roomchat.chat.state import Client, Room
from roomchat.errors import BadName, BannedFrom, NoSuchRoom, TooManyPrivate
from roomchat.protocol import OwnerChanged, private_of, private_room


def go_into(
    batch: Batch, client: Client, name: str, *, asks: bool = True, invitation: str | None = None
) -> tuple[Room, bool]:
    """A client goes into a room by its name. An open one is made if there is none, and is its own then.

    Args:
        asks: it is asked for just now; else somebody who was kicked is not brought back.
        invitation: the hash of a token for a private room, in hexadecimal.
    Returns:
        The room, and whether the client was in it already.
    Raises:
        BadName, TooManyRooms, BannedFrom, WasKicked
        NoSuchRoom: it would be a private one, whether there is one or not.
        StorageUnavailable: an invitation can't be used now.
    """
    if private_of(name) is not None:
        return _go_into_private(batch, client, name, invitation)
    shown, key = normal_room(name, batch.settings.max_name)
    if (room := batch.registry.clients_to_rooms[client.uid].get(key)) is not None:
        return room, True
    check_room_for_one_more(batch, client)
    room = batch.registry.rooms.get(key)
    if room is None:
        batch.log(f"client {client.uid} made {shown}")
        room = batch.registry.room(key, shown)
        if key not in {batch.lobby, batch.settings.only_room}:  # those are everyone's
            batch.lay_down(room, owner=client.uid, owner_name=client.name)
    let_in(batch, client, room, asks=asks)
    return room, False


def let_in(batch: Batch, client: Client, room: Room, *, asks: bool = True) -> None:
    """As ``enter``, if the client may.

    Raises:
        BannedFrom, WasKicked
    """
    rules = room.rules
    if rules is not None:
        check_admitted(batch, client, room, asks=asks)
        if client.uid in rules.kicked and batch.storing:  # else it is not brought back after a break
            batch.lay_down(room, kicked=without_one(rules.kicked, client.uid))
    enter(batch, client, room)


# ---------------------------------------------------------------- private rooms


def go_into_own(batch: Batch, client: Client, name: str) -> tuple[Room, bool]:
    """A client goes into a private room of its own, by the name that it has given it; it is made if there is none.

    Returns:
        The room, and whether the client was in it already.
    Raises:
        BadName, TooManyRooms, StorageUnavailable
        NoSuchRoom: it is another's, or was taken from this one.
    """
    founder, own = private_of(name) or (client.uid, name)
    if founder == client.uid:
        own, _ = normal_room(own, batch.settings.max_name)
    shown, key = normal_private(private_room(founder, own), batch.settings.max_name)
    registry = batch.registry
    if key in registry.rooms and not registry.rooms[key].private:
        raise BadName(name=shown, what="private room", why="there is an open one, of before; choose another name")
    if founder != client.uid or key in registry.rooms:
        return _go_into_private(batch, client, shown, None)
    check_room_for_one_more(batch, client)
    if sum(one.private for one in registry.owned.get(client.uid, {}).values()) >= batch.settings.max_rooms:
        raise TooManyPrivate(limit=batch.settings.max_rooms)  # they stay in memory when everyone has left them
    batch.must_store()
    batch.log(f"client {client.uid} made a private room")
    room = registry.room(key, shown, private=True)
    batch.lay_down(
        room, private=True, owner=client.uid, owner_name=client.name, invited={client.uid: None}
    )  # fmt: skip
    batch.enter(room, client, OwnerChanged, client.uid, client.name)  # so it stays when everyone has left it
    enter(batch, client, room)
    return room, False


def _go_into_private(batch: Batch, client: Client, name: str, invitation: str | None) -> tuple[Room, bool]:
    _, key = normal_private(name, batch.settings.max_name)
    registry = batch.registry
    room = registry.clients_to_rooms[client.uid].get(key)
    if room is not None:
        return room, True
    room = registry.rooms.get(key)
    if room is not None and not room.private:  # of a log of before, when such a name was nothing special
        check_room_for_one_more(batch, client)
        let_in(batch, client, room)
        return room, False
    rules = room.rules if room is not None else None
    if room is None or rules is None or not _is_invited(batch, client, room, rules, invitation):
        raise NoSuchRoom(room=name)
    check_room_for_one_more(batch, client)
    if client.uid not in rules.invited:
        _use(batch, client, room, rules, invitation or "")
    elif rules.invited[client.uid] is not None and batch.storing:
        batch.lay_down(room, invited=with_one(rules.invited, client.uid, None))
    founder, _ = private_of(room.name) or (0, "")
    if rules.owner is None and client.uid == founder and batch.storing:  # its seat had ended
        batch.lay_down(room, owner=founder, owner_name=client.name)
        batch.enter(room, client, OwnerChanged, founder, client.name)
    enter(batch, client, room)
    return room, False


def _is_invited(batch: Batch, client: Client, room: Room, rules: Rules, invitation: str | None) -> bool:
    """Whether a private room is there for a client, which is not in it."""
    if client.uid in rules.invited:
        return True
    link = rules.links.get(invitation) if invitation is not None else None
    if link is None or batch.time >= link.until:
        return False
    try:
        check_admitted(batch, client, room, asks=True)
    except BannedFrom:
        return False
    return True


def _use(batch: Batch, client: Client, room: Room, rules: Rules, invitation: str) -> None:
    """An invitation that anybody may use is used once."""
    batch.must_store()
    link = rules.links[invitation]
    links = {key: one for key, one in rules.links.items() if key != invitation}
    if link.uses > 1:
        links[invitation] = link.used()
    batch.lay_down(room, links=links, invited=with_one(rules.invited, client.uid, None))
