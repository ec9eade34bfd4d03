"""What a person is told and may overlook, as sentences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from roomchat.client.client_events import ClientEvent, ConnectionBack
from roomchat.entries import deed
from roomchat.protocol import (
    Away,
    Blocked,
    Invitation,
    Invited,
    Joined,
    Left,
    MemberJoined,
    MemberLeft,
    Presence,
    PresenceSummary,
    Renamed,
    Restrained,
    RoomsPage,
    RoomSummary,
    RulesPage,
    StatsPage,
    Unblocked,
    Welcome,
    WhoPage,
    is_pair,
)
from roomchat.terminal.shown.focus import RoomFocus
from roomchat.terminal.shown.lines import cell
from roomchat.terminal.shown.roster import Roster
from roomchat.terminal.shown.words import (
    counted,
    listed,
    person_name,
    room_name,
    uid_name,
    whispers_told,
    whose,
    will_see_later,
)
from roomchat.times import local

Told = (
    Welcome
    | Joined
    | Left
    | WhoPage
    | RoomsPage
    | RulesPage
    | StatsPage
    | Invited
    | Invitation
    | Renamed
    | ConnectionBack
    | Blocked
    | Unblocked
)
DEEDS = {"kicked", "banned"}  # why somebody went, where an entry of the room tells it
_EXITED = {
    "left": "left",
    "bye": "said goodbye",
    "lost": "has left: the connection was lost",
    "shut_out": "was banned from the server",
}


def told(event: ClientEvent, roster: Roster, focus: RoomFocus) -> Iterator[str]:
    """What one may overlook."""
    match event:
        case ConnectionBack():
            yield (
                f"The connection is back, by way of {event.server}." if event.server else "The connection is back."
            )
        case Welcome():
            yield from _welcome(event)
        case Joined():
            yield from _joined(event, roster)
        case Left():
            room = focus.room
            yield _left(event, roster)
            yield f"You are in {cell(room_name(room, roster))} now." if room else "You are not in a room now."
        case Renamed():
            mine, name = event.uid == roster.uid, cell(event.name)
            yield f"You are now called {name}." if mine else f"{cell(event.old)} is now called {name}."
        case Blocked():
            yield f"You have blocked {uid_name(event.uid, roster)}."
        case Unblocked():
            yield f"You hear from {uid_name(event.uid, roster)} again."
        case WhoPage():
            where = f"in {room_name(event.room, roster)}" if event.room else "here"
            yield listed(f"{event.clients_total} {where}", map(person_name, event.clients), event.clients_total)
        case RoomsPage():
            yield _rooms(event.rooms, event.rooms_total)
        case RulesPage():
            yield from _rules(event)
        case Invited():
            yield from _invited(event, roster)
        case Invitation():
            yield f"Whoever types this comes in, {_uses(event)}, until {cell(local(event.until))}:"
            yield f"/join {cell(event.room)} {cell(event.token)}"
            yield f"/uninvite #{event.number} takes it back."
        case StatsPage():
            yield (
                f"{cell(event.server)}: {counted(event.clients, 'person', 'people')} ({event.away} away), "
                f"{counted(event.rooms, 'room')}, {counted(event.messages, 'message')} "
                f"and {event.deliveries} deliveries in {event.uptime:.0f} s."
            )


def coming(event: Presence | PresenceSummary) -> str:
    """Somebody comes, goes, or is away."""
    match event:
        case PresenceSummary():
            return f"{event.joined} joined, {event.left} left; {event.members_total} are here now."
        case MemberJoined():
            return f"{whose(event)} came in."
        case MemberLeft():
            return f"{whose(event)} {_EXITED.get(event.reason, cell(event.reason))}."
        case Away():
            return f"{whose(event)} is away: the connection was lost."
        case _:
            return f"{whose(event)} is back."


def _left(event: Left, roster: Roster) -> str:
    why = roster.put_out
    if event.reason is not None and why is not None and why.room == event.room:
        return cell(f"{why.name} ({why.uid}) {deed(msgspec.structs.replace(why, whom_name='you'), local)}")
    return f"You {'left' if event.reason is None else 'were put out of'} {cell(event.room)}."


def _welcome(event: Welcome) -> Iterable[str]:
    yield f"You are {event.uid}: others reach you with /dial {event.uid}."
    if event.motd:
        yield from event.motd.split("\n")
    others = [person for person in event.clients if person.uid != event.uid]
    if event.clients_total > 1:
        yield listed("Here", map(person_name, others), event.clients_total - 1)
    else:
        yield "Nobody else is here yet."
    if event.rooms_total:
        yield _rooms(event.rooms, event.rooms_total)
    other = "another" if event.lobby else "a"
    speak = "Type a message for your room, dial" if event.lobby else "Dial"
    yield f"{speak} someone with /dial UID, or go into {other} room with /join ROOM. /help shows more."


def _joined(event: Joined, roster: Roster) -> Iterable[str]:
    if is_pair(event.room):
        if event.by is None:  # we were in it before
            return
        other = roster.whisperer(event.room)
        yield whispers_told(other)
        if event.by == roster.uid and event.members_total == 1:
            yield will_see_later(cell(other))
        return
    room = cell(event.room)
    if event.by == roster.uid:
        yield f"You started {room}."
    elif event.device is not None:
        yield f"You went into {room} on another device."
    elif event.by is not None:
        yield f"{_caller(event, roster)} dialled you: you are in {room}."
    if event.topic:
        yield f"{room} is about: {cell(event.topic)}"
    others = [person for person in event.members if person.uid != roster.uid]
    if event.members_total > 1:
        yield listed(f"You are in {room} with", map(person_name, others), event.members_total - 1)
    else:
        yield f"You are in {room}, alone for now."


def _caller(event: Joined, roster: Roster) -> str:
    return f"{cell(roster.names.get(event.by or 0, 'Someone'))} ({event.by})"


def dialled_elsewhere(event: Joined, roster: Roster) -> str:
    """What someone is told who was dialled, and still looks at the room before."""
    room = cell(event.room)
    return f"{_caller(event, roster)} dialled you: you are in {room}, too. Type /room {room} to talk there."


def whispered_elsewhere(room: str, number: int, roster: Roster) -> str:
    """What someone is told who whispers, and looks at another window than that of the two."""
    where = f"Alt-{number % 10}" if number <= 10 else f"/room {number}"
    return f"Whispered to {roster.whisperer(room)}: see {where}."


def _rooms(rooms: list[RoomSummary], total: int) -> str:
    if not total:
        return "There are no rooms yet."
    return listed("Rooms", map(_room, rooms), total)


def _room(room: RoomSummary) -> str:
    said = f", last said {cell(local(room.last_said))}" if room.last_said and not room.members_total else ""
    return f"{cell(room.room)} ({room.members_total}{said})"


def _rules(event: RulesPage) -> Iterator[str]:
    room = cell(event.room)
    yield f"{room} is about: {cell(event.topic)}" if event.topic else f"{room} has no topic."
    yield f"It is {person_name(event.owner)}'s." if event.owner else "It is nobody's."
    for what, people in (("Moderators", event.moderators),):
        if people:
            yield listed(what, map(person_name, people), len(people))
    for what, restrained in (("Banned", event.banned), ("Muted", event.muted)):
        if restrained:
            yield listed(what, map(_restrained, restrained), len(restrained))
    if event.invited:
        yield listed("Invited, and not here yet", map(person_name, event.invited), len(event.invited))
    for one in event.invitations:
        yield f"Invitation #{one.number}: {one.uses} more can use it, until {cell(local(one.until))}."


def _invited(event: Invited, roster: Roster) -> Iterator[str]:
    room = cell(event.room)
    if event.uid == roster.uid:
        yield f"{cell(event.whom_name)} ({event.whom}) is invited into {room}."
    else:
        yield f"{cell(event.name)} ({event.uid}) invites you into {room}. To go there: /join {room}"


def _uses(event: Invitation) -> str:
    return "once" if event.uses == 1 else f"{event.uses} times in all"


def _restrained(one: Restrained) -> str:
    until = f" until {cell(local(one.until))}" if one.until else ""
    return f"{cell(one.name)} ({one.uid}){until}{f': {cell(one.reason)}' if one.reason else ''}"
