"""Order in a room: its topic, who has a role, who is put out, kept out, or may not speak.

Each deed is an entry of the room's log, so that everyone learns of it in its place in what is said, also who was
away; and what it changes of the room's rules is stored with it.
"""

from __future__ import annotations

from collections.abc import Mapping

from roomchat.chat import membership
from roomchat.chat.bans import places_of
from roomchat.chat.batch import Batch, Handler
from roomchat.chat.lookup import whom
from roomchat.chat.ownership import give
from roomchat.chat.roles import check_above, check_role
from roomchat.chat.rules import MAX_KICKED, MAX_LISTED, Restraint, Rules, with_one, without_one
from roomchat.chat.state import Client, Room, Session
from roomchat.errors import ListFull, NotAMember, SelfTarget, Unchanged
from roomchat.protocol import (
    Ban,
    Banned,
    Command,
    Demote,
    Demoted,
    Done,
    Kick,
    Kicked,
    Left,
    Mute,
    Muted,
    OpenInvitation,
    PassOn,
    Person,
    Promote,
    Promoted,
    Restrained,
    RulesPage,
    SetTopic,
    ShowRules,
    TopicChanged,
    Unban,
    Unbanned,
    Unmute,
    Unmuted,
)
from roomchat.times import rfc3339


def set_topic(batch: Batch, session: Session, command: SetTopic) -> None:
    """What a room is about."""
    room = membership.own_room(batch, session.client, command.room)
    check_role(room, session.client)
    batch.must_store()
    batch.lay_down(room, topic=command.topic)
    _done(batch, room, batch.enter(room, session.client, TopicChanged, command.topic))


# ---------------------------------------------------------------- out of a room


def kick(batch: Batch, session: Session, command: Kick) -> None:
    """A member goes out, here or away; it may come back if it asks for that."""
    client = session.client
    batch.look_for(command.uid)
    room = membership.own_room(batch, client, command.room)
    rules = check_role(room, client)
    peer, name = whom(batch, client, command.uid)
    if peer is not None or not _stays(batch, rules, room, command.uid):
        _member(batch, room, command.uid)
    check_above(room, client, command.uid, name)
    batch.must_store()
    if room.private:
        batch.lay_down(room, invited=without_one(rules.invited, command.uid))
    else:
        kicked = with_one(rules.kicked, command.uid, command.reason)
        batch.lay_down(room, kicked=dict([*kicked.items()][-MAX_KICKED:]))
    seq = batch.enter(room, client, Kicked, command.uid, name, reason=command.reason)
    if peer is not None:
        _put_out(batch, room, peer, "kicked")
    _done(batch, room, seq)


def ban(batch: Batch, session: Session, command: Ban) -> None:
    """Somebody goes out, if he is in, and does not get in again."""
    client = session.client
    batch.look_for(command.uid)
    room = membership.own_room(batch, client, command.room)
    rules = check_role(room, client)
    peer, name = whom(batch, client, command.uid)
    check_above(room, client, command.uid, name)
    address = None
    if command.address and peer is not None and not peer.account:
        address = next(iter(places_of(batch, peer)), None)
    batch.must_store()
    restraint = Restraint(name, _until(batch, command.seconds), command.reason, address)
    bans = _restrained(batch, rules.bans, command.uid, restraint)
    batch.list_one_more(
        room,
        bans=bans,
        invited=without_one(rules.invited, command.uid),
        moderators=without_one(rules.moderators, command.uid),
    )
    seq = _limited(batch, room, client, Banned, command.uid, restraint)
    if peer is not None and room.key in batch.registry.clients_to_rooms[peer.uid]:
        _put_out(batch, room, peer, "banned")
    _done(batch, room, seq)


def unban(batch: Batch, session: Session, command: Unban) -> None:
    """A ban is over."""
    room = membership.own_room(batch, session.client, command.room)
    rules = check_role(room, session.client)
    restraint = _restraint(batch, rules.bans, command.uid, f"is not banned from {room.name}")
    batch.must_store()
    batch.lay_down(room, bans=without_one(rules.bans, command.uid))
    _done(batch, room, batch.enter(room, session.client, Unbanned, command.uid, restraint.name))


def _put_out(batch: Batch, room: Room, member: Client, reason: str) -> None:
    """All connections of a member get nothing more of the room."""
    batch.send_to(member, Left(room=room.name, reason=reason))
    membership.leave(batch, member, room, reason)


# ---------------------------------------------------------------- silence


def mute(batch: Batch, session: Session, command: Mute) -> None:
    """What somebody says in the room is refused."""
    client = session.client
    batch.look_for(command.uid)
    room = membership.own_room(batch, client, command.room)
    rules = check_role(room, client)
    _, name = whom(batch, client, command.uid)
    check_above(room, client, command.uid, name)
    batch.must_store()
    restraint = Restraint(name, _until(batch, command.seconds), command.reason)
    batch.list_one_more(room, mutes=_restrained(batch, rules.mutes, command.uid, restraint))
    _done(batch, room, _limited(batch, room, client, Muted, command.uid, restraint))


def unmute(batch: Batch, session: Session, command: Unmute) -> None:
    """Somebody may speak again."""
    room = membership.own_room(batch, session.client, command.room)
    rules = check_role(room, session.client)
    restraint = _restraint(batch, rules.mutes, command.uid, f"is not muted in {room.name}")
    batch.must_store()
    batch.lay_down(room, mutes=without_one(rules.mutes, command.uid))
    _done(batch, room, batch.enter(room, session.client, Unmuted, command.uid, restraint.name))


# ---------------------------------------------------------------- roles


def promote(batch: Batch, session: Session, command: Promote) -> None:
    """A moderator more."""
    client = session.client
    batch.look_for(command.uid)
    room = membership.own_room(batch, client, command.room)
    rules = check_role(room, client, owner=True)
    _, name = whom(batch, client, command.uid)
    if command.uid in rules.moderators:
        raise Unchanged(who=name, what=f"is a moderator of {room.name} already")
    if len(rules.moderators) >= MAX_LISTED:
        raise ListFull(limit=MAX_LISTED)
    batch.must_store()
    batch.list_one_more(
        room,
        moderators=with_one(rules.moderators, command.uid, name),
        bans=without_one(rules.bans, command.uid),
        mutes=without_one(rules.mutes, command.uid),
    )
    _done(batch, room, batch.enter(room, client, Promoted, command.uid, name))


def demote(batch: Batch, session: Session, command: Demote) -> None:
    """A moderator less."""
    client = session.client
    room = membership.own_room(batch, client, command.room)
    rules = check_role(room, client, owner=client.uid != command.uid)  # a moderator may step down
    name = rules.moderators.get(command.uid)
    if name is None:
        raise Unchanged(who=f"UID {command.uid}", what=f"is no moderator of {room.name}")
    batch.must_store()
    batch.lay_down(room, moderators=without_one(rules.moderators, command.uid))
    _done(batch, room, batch.enter(room, client, Demoted, command.uid, name))


def pass_on(batch: Batch, session: Session, command: PassOn) -> None:
    """The room is another's; who had it is a moderator from now on."""
    client = session.client
    room = membership.own_room(batch, client, command.room)
    check_role(room, client, owner=True)
    if command.uid == client.uid:
        raise SelfTarget(uid=client.uid)
    heir = _member(batch, room, command.uid)
    batch.must_store()
    _done(batch, room, give(batch, room, client, heir))


# ---------------------------------------------------------------- looking


def show_rules(batch: Batch, session: Session, command: ShowRules) -> None:
    """What is laid down for a room."""
    show(batch, session.client, membership.own_room(batch, session.client, command.room))


def show(batch: Batch, client: Client, room: Room) -> None:
    """Answer with what is laid down for a room, as far as that is for this member."""
    rules = room.rules or Rules()
    page = RulesPage(room=room.name, topic=rules.topic)
    if rules.owner is not None:
        page.owner = _person(batch, rules.owner, rules.owner_name)
    page.moderators = [_person(batch, uid, name) for uid, name in rules.moderators.items()]
    if rules.rank(client.uid):
        page.banned = _listed(batch, rules.bans)
        page.muted = _listed(batch, rules.mutes)
        page.invited = [_person(batch, uid, one.name) for uid, one in rules.invited.items() if one is not None]
        page.invitations = [
            OpenInvitation(one.number, one.uses, rfc3339(one.until), one.by)
            for one in rules.links.values()
            if batch.time < one.until
        ]
    batch.reply(page)


def _person(batch: Batch, uid: int, name: str) -> Person:
    client = batch.registry.clients.get(uid)
    return Person(uid, name, away=True) if client is None else membership.person(client)


def _listed(batch: Batch, restraints: Mapping[int, Restraint]) -> list[Restrained]:
    return [
        Restrained(uid, one.name, _time(one.until), one.reason, one.address is not None)
        for uid, one in restraints.items()
        if one.stands(batch.time)
    ]


# ---------------------------------------------------------------- what they have in common


def _member(batch: Batch, room: Room, uid: int) -> Client:
    """Raises NotAMember."""
    member = batch.registry.rooms_to_clients[room.key].get(uid)
    if member is None:
        raise NotAMember(uid=uid, room=room.name)
    return member


def _stays(batch: Batch, rules: Rules, room: Room, uid: int) -> bool:
    """Whether somebody without a seat comes back into the room: as an account, or because he is invited."""
    known = batch.known(uid)
    return uid in rules.invited or (known is not None and room.key in known.rooms)


def _restrained(
    batch: Batch, restraints: Mapping[int, Restraint], uid: int, restraint: Restraint
) -> dict[int, Restraint]:
    """The list with one more, and without those that are over. Raises ListFull."""
    standing = {one: value for one, value in restraints.items() if value.stands(batch.time)}
    listed = with_one(standing, uid, restraint)
    if len(listed) > MAX_LISTED:
        raise ListFull(limit=MAX_LISTED)
    return listed


def _restraint(batch: Batch, restraints: Mapping[int, Restraint], uid: int, isnt: str) -> Restraint:
    found = restraints.get(uid)
    if found is None or not found.stands(batch.time):
        raise Unchanged(who=f"UID {uid}", what=isnt)
    return found


def _limited(
    batch: Batch, room: Room, client: Client, make: type[Banned | Muted], uid: int, restraint: Restraint
) -> int:
    return batch.enter(
        room, client, make, uid, restraint.name, until=_time(restraint.until), reason=restraint.reason
    )


def _until(batch: Batch, seconds: int | None) -> int | None:
    return None if seconds is None else batch.time + seconds * 1000


def _time(milliseconds: int | None) -> str | None:
    return None if milliseconds is None else rfc3339(milliseconds)


def _done(batch: Batch, room: Room, seq: int) -> None:
    batch.reply(Done(room=room.name, entry=seq))


TABLE: dict[type[Command], Handler] = {
    SetTopic: set_topic,
    Kick: kick,
    Ban: ban,
    Unban: unban,
    Mute: mute,
    Unmute: unmute,
    Promote: promote,
    Demote: demote,
    PassOn: pass_on,
    ShowRules: show_rules,
}
