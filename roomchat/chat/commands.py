"""What a client that has said hello can ask: one small function a command, in a table."""

from __future__ import annotations

from bisect import bisect_right

from msgspec.structs import replace

from roomchat.chat import invitations, membership, moderation, reading
from roomchat.chat.batch import Batch, Handler
from roomchat.chat.blocking import block, unblock
from roomchat.chat.deletion import delete
from roomchat.chat.entering import go_into, go_into_own, let_in
from roomchat.chat.lookup import addressee, listener
from roomchat.chat.names import normal_room, pair_key
from roomchat.chat.roles import check_may_speak
from roomchat.chat.state import Client, Session
from roomchat.errors import (
    EmptyText,
    Offline,
    OutOfOrder,
    PairRoom,
    TextTooLong,
)
from roomchat.protocol import (
    PAGE,
    Block,
    Delete,
    Dial,
    History,
    Join,
    Leave,
    Left,
    Name,
    Ping,
    Pong,
    Read,
    Rooms,
    RoomsPage,
    Say,
    Unblock,
    Whisper,
    Who,
    is_pair,
    other_of,
)


def dial(batch: Batch, session: Session, command: Dial) -> None:
    """Into the room that the peer is in, or into a new one with it. The lobby, where everyone is, is not meant."""
    registry, client = batch.registry, session.client
    batch.look_for(command.uid)
    peer = listener(batch, client, command.uid)
    if peer is None:
        raise Offline(who=batch.offline_name(command.uid))
    room = peer.reached
    if room is not None and not peer.one_room and room.key == batch.lobby:
        room = None
    if room is not None and room.key in registry.clients_to_rooms[client.uid]:
        registry.set_current(client, room)
        registry.look_at(session, room)
        batch.reply(membership.joined(registry, client, room))
        batch.replay(room, None, 0)
        return
    membership.check_room_for_one_more(batch, client)
    if room is not None:
        let_in(batch, client, room)
        registry.look_at(session, room)
        batch.reply(membership.joined(registry, client, room))
        batch.replay(room, None, 0)
        membership.tell_devices(batch, client, room)
        return
    if not peer.links:  # it can't be asked into a room while it is away
        raise Offline(who=peer.name)
    batch.must_store()  # the number of the room, so that no other room ever has it
    room = registry.new_room()
    batch.keep_next_room()
    batch.log(f"client {client.uid} dialled {peer.uid}: made {room.name}")
    for one in (client, peer):
        registry.enter(one, room)
        batch.keep_member(one, room.key, room.name)
    for each in (session, *peer.sessions):
        registry.look_at(each, room)
    batch.reply(membership.joined(registry, client, room, by=client.uid))
    membership.tell_devices(batch, client, room)
    batch.send_to(peer, membership.joined(registry, peer, room, by=client.uid))


def join(batch: Batch, session: Session, command: Join) -> None:
    """Into a room by its name; it is made if there is none. Joining again makes it the current one."""
    if is_pair(command.room):
        raise PairRoom(room=pair_key(command.room))
    client = session.client
    if command.private:
        room, was_in = go_into_own(batch, client, command.room)
    else:
        room, was_in = go_into(batch, client, command.room, invitation=command.invitation)
    history = batch.settings.history if command.history is None else command.history
    if was_in:
        batch.registry.set_current(client, room)
        history = 0  # what is new since it came is on its way, or has come
    batch.registry.look_at(session, room)
    batch.reply(membership.joined(batch.registry, client, room))
    if not was_in:
        membership.tell_devices(batch, client, room)
    if was_in and session.terms.pages:
        return  # nothing is new to it, and an empty page would say that nothing was ever said
    batch.replay(room, command.after, min(history, batch.settings.max_history))


def leave(batch: Batch, session: Session, command: Leave) -> None:
    """Out of a room."""
    client = session.client
    room = membership.own_room(batch, client, command.room)
    if room.pair:
        raise PairRoom(room=room.name)
    batch.reply(Left(room=room.name))
    for link in client.links:
        if link != batch.link:
            batch.send(link, Left(room=room.name))
    membership.leave(batch, client, room, "left")


def say(batch: Batch, session: Session, command: Say) -> None:
    """A message to a room."""
    client = session.client
    if command.room is not None and is_pair(command.room):
        look_for_other(batch, client, command.room)
    if not is_next(batch, session, command.n):
        return
    check_text(batch, command.text)
    room = session.current or client.current if command.room is None else None
    if room is None:
        room = membership.own_room(batch, client, command.room)
    if room.pair:
        addressee(batch, session, other_of(room.key, client.uid), command.n)
    if room.mutes is not None:
        check_may_speak(batch, client, room, room.mutes)
    if room is not client.current:  # nearly always it is: a call less
        batch.registry.set_current(client, room)
    if client.account and session.current is not room:
        batch.registry.look_at(session, room)
    batch.say(room, session, command)


def whisper(batch: Batch, session: Session, command: Whisper) -> None:
    """A message to one other, in the room of the two."""
    batch.look_for(command.uid)
    if not is_next(batch, session, command.n):
        return
    check_text(batch, command.text)
    peer = addressee(batch, session, command.uid, command.n)
    batch.say(membership.enter_pair(batch, session.client, command.uid, peer), session, command)


def look_for_other(batch: Batch, client: Client, name: str) -> None:
    """Before a message to a room of two is said: the other one may be offline. Raises Missing."""
    room = batch.registry.clients_to_rooms[client.uid].get(name)
    if room is not None and room.pair is not None:
        batch.look_for(other_of(room.key, client.uid))


def is_next(batch: Batch, session: Session, n: int | None) -> bool:
    """Whether a message is to be handled: False if it was handled before. From here on it counts as handled.

    Raises:
        OutOfOrder: one before it is missing. StorageUnavailable: it may come again with the same n.
    """
    if n is None:
        batch.must_store()
        return True
    expected = session.last_n + 1
    if n < expected:
        return False
    if n > expected:
        raise OutOfOrder(expected=expected, n=n)
    batch.must_store()
    batch.keep_counter(session, n)
    return True


def check_text(batch: Batch, text: str) -> None:
    """Raises TextTooLong, EmptyText."""
    limit = batch.settings.max_text
    if len(text) > limit:
        raise TextTooLong(limit=limit, length=len(text))
    if not text:
        raise EmptyText


def name(batch: Batch, session: Session, command: Name) -> None:
    """Another name."""
    event = membership.rename(batch, session.client, command.name, besides=[batch.link])
    batch.reply(replace(event))  # its own copy: only this one answers a command


def who(batch: Batch, session: Session, command: Who) -> None:
    """Who is in a room, or here at all."""
    after = command.after or 0
    if command.room is None:
        batch.reply(membership.everyone(batch.registry, after))
    else:
        room = membership.find_room(batch, session.client, command.room)
        batch.reply(membership.who_page(batch.registry, room, after))


def rooms(batch: Batch, session: Session, command: Rooms) -> None:
    """Which rooms there are: also those with nobody in them, if something was ever said there."""
    registry = batch.registry
    after = "" if command.after is None else normal_room(command.after, batch.settings.max_name)[1]
    begin = bisect_right(registry.room_keys, after)
    page = registry.room_keys[begin : begin + PAGE]
    summaries = [membership.summary(registry, registry.rooms[key]) for key in page]
    batch.reply(RoomsPage(rooms=summaries, rooms_total=len(registry.room_keys)))


def history(batch: Batch, session: Session, command: History) -> None:
    """What was said in a room that the client is in."""
    room = membership.own_room(batch, session.client, command.room)
    limit = batch.settings.history if command.limit is None else min(command.limit, PAGE)
    before = room.last_seq + 1  # what is said from now on comes by itself
    if command.before is not None:
        before = min(before, command.before)
    batch.read_page(room, before, command.after, limit)


def ping(batch: Batch, session: Session, command: Ping) -> None:
    """Still here."""
    batch.reply(Pong())


TABLE: dict[type, Handler] = {
    Dial: dial,
    Join: join,
    Leave: leave,
    Say: say,
    Whisper: whisper,
    Delete: delete,
    Block: block,
    Unblock: unblock,
    Name: name,
    Who: who,
    Rooms: rooms,
    History: history,
    Read: reading.read,
    Ping: ping,
    **moderation.TABLE,
    **invitations.TABLE,
}
