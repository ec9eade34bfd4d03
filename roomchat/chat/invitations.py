"""Asking people into private rooms: by their UID, or with a token that anybody may use."""

from __future__ import annotations

from roomchat.chat import membership
from roomchat.chat.batch import Batch, Handler
from roomchat.chat.inputs import Offer
from roomchat.chat.lookup import whom
from roomchat.chat.moderation import show
from roomchat.chat.roles import check_role
from roomchat.chat.rules import MAX_LISTED, InvitedBy, Link, with_one, without_one
from roomchat.chat.state import Client, Room, Session
from roomchat.errors import ListFull, OpenRoom, Unchanged
from roomchat.protocol import PAGE, Invitation, Invited, InviteTo, TakeBack
from roomchat.times import rfc3339


def invite(batch: Batch, session: Session, command: InviteTo) -> None:
    """Somebody may come into a private room, and is told so, now or when they are back."""
    client = session.client
    assert command.uid is not None, "without one it is an Offer"
    batch.look_for(command.uid)
    room = _private_room(batch, client, command.room)
    rules = check_role(room, client)
    peer, name = whom(batch, client, command.uid)
    ban = rules.bans.get(command.uid)
    if ban is not None and ban.stands(batch.time):
        raise Unchanged(who=name, what=f"is banned from {room.name}; lift the ban first")
    if command.uid in batch.registry.rooms_to_clients[room.key]:
        raise Unchanged(who=name, what=f"is in {room.name} already")
    asked = InvitedBy(name, client.uid, client.name)
    invited = with_one(rules.invited, command.uid, asked)
    if len(invited) > MAX_LISTED:
        raise ListFull(limit=MAX_LISTED)
    batch.must_store()
    batch.list_one_more(room, invited=invited)
    batch.reply(_told(room, command.uid, asked))
    if peer is not None and client.uid not in peer.blocked:
        batch.send_to(peer, _told(room, command.uid, asked))


def offer(batch: Batch, session: Session, offer: Offer) -> None:
    """Whoever has the token may come into a private room."""
    client, command = session.client, offer.invite
    room = _private_room(batch, client, command.room)
    rules = check_role(room, client)
    until = batch.time + command.seconds * 1000
    links = {key: link for key, link in rules.links.items() if batch.time < link.until}
    if len(links) >= MAX_LISTED:
        raise ListFull(limit=MAX_LISTED)
    batch.must_store()
    key = offer.token_hash.hex()
    links[key] = Link(rules.next_link, client.uid, command.uses, until)
    batch.list_one_more(room, links=links, next_link=rules.next_link + 1)
    batch.reply(
        Invitation(
            room=room.name,
            token=key,  # the connection puts the token itself in its place
            number=rules.next_link,
            uses=command.uses,
            until=rfc3339(until),
        )
    )


def take_back(batch: Batch, session: Session, command: TakeBack) -> None:
    """An invitation does not hold any more."""
    client = session.client
    room = _private_room(batch, client, command.room)
    rules = check_role(room, client)
    links = {key: link for key, link in rules.links.items() if link.number != command.number}
    invited = rules.invited
    if command.uid is not None and command.uid not in batch.registry.rooms_to_clients[room.key]:
        invited = without_one(invited, command.uid)
    if len(links) == len(rules.links) and len(invited) == len(rules.invited):
        raise Unchanged(who="That invitation", what="is none, or was used; /kick puts out who is in")
    batch.must_store()
    batch.lay_down(room, links=links, invited=invited)
    show(batch, client, room)


def tell_asked(batch: Batch, client: Client) -> None:
    """A client is here: into which private rooms it is asked, the latest ones; not by whom it has blocked."""
    rooms = batch.registry.asked.get(client.uid, {}).values()
    asked = [(room, room.rules.invited.get(client.uid)) for room in rooms if room.rules is not None]
    for room, by in [(room, by) for room, by in asked if by is not None and by.by not in client.blocked][-PAGE:]:
        batch.send(batch.link, _told(room, client.uid, by))


def _told(room: Room, uid: int, asked: InvitedBy) -> Invited:
    return Invited(room=room.name, uid=asked.by, name=asked.by_name, whom=uid, whom_name=asked.name)


def _private_room(batch: Batch, client: Client, name: str | None) -> Room:
    room = membership.own_room(batch, client, name)
    if not room.private:
        raise OpenRoom(room=room.name)
    return room


TABLE: dict[type, Handler] = {InviteTo: invite, Offer: offer, TakeBack: take_back}
