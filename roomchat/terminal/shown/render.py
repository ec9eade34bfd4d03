"""Events as lines. Whatever others wrote is made harmless here and in ``lines.py``, and nowhere else."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from datetime import date

from roomchat.client.client_events import ClientEvent, ConnectionBack, ConnectionLost, Refusal
from roomchat.entries import DELETED, Table, deed, deeds, said, shown, spoken
from roomchat.harmless import harmless
from roomchat.protocol import (
    ACTION,
    Away,
    Blocked,
    Deed,
    Deleted,
    Done,
    Entry,
    Error,
    Gap,
    HistoryPage,
    Joined,
    Left,
    MemberJoined,
    MemberLeft,
    Notice,
    Person,
    Presence,
    PresenceSummary,
    Renamed,
    Restrained,
    RoomsPage,
    RoomSummary,
    RulesPage,
    Spoken,
    StatsPage,
    Tombstone,
    Unblocked,
    Unknown,
    Welcome,
    WhoPage,
    is_pair,
)
from roomchat.speaker import speaker
from roomchat.terminal.shown.focus import RoomFocus
from roomchat.terminal.shown.lines import Line, cell, line
from roomchat.terminal.shown.links import linked
from roomchat.terminal.shown.roster import Roster
from roomchat.times import local

_Told = (
    Welcome
    | Joined
    | Left
    | WhoPage
    | RoomsPage
    | RulesPage
    | StatsPage
    | Renamed
    | ConnectionBack
    | Blocked
    | Unblocked
)
_DEEDS = {"kicked", "banned"}  # why somebody went, where an entry of the room tells it
_EXITED = {
    "left": "left",
    "bye": "said goodbye",
    "lost": "has left: the connection was lost",
    "shut_out": "was banned from the server",
}
CLOCK = "%H:%M"


def render(event: ClientEvent, roster: Roster, room: str | None = None) -> list[str]:
    """An event as plain text, each line with the room that it is about."""
    focus = RoomFocus(roster, is_tagged=True)
    focus.room = room
    return [one.plain for one in lines(event, roster, focus)]


def lines(event: ClientEvent, roster: Roster, focus: RoomFocus, clock: str = CLOCK) -> Iterable[Line]:
    """The lines that a person sees of an event; none for those that are for programs.

    Args:
        event: as it came.
        roster: updated with it already.
        focus: what the person looks at.
        clock: how times are written, as for strftime.
    """
    if isinstance(event, Entry):
        return itertools.chain.from_iterable(shown(_SHOWN, [event], roster, focus, clock))
    if isinstance(event, HistoryPage):
        return _history(event, roster, focus, clock)
    if isinstance(event, Done) or (isinstance(event, MemberLeft) and event.reason in _DEEDS):
        return []  # the entry tells it
    if isinstance(event, Presence | PresenceSummary):
        return [line(("dim", f"{_tag(event.room, roster, focus)}{_coming(event)}"))]
    if isinstance(event, _Told):
        return [line(("dim", text)) for text in _told(event, roster, focus)]
    return [line(("trouble", text)) for text in _trouble(event, roster, focus)]


def _trouble(event: ClientEvent, roster: Roster, focus: RoomFocus) -> Iterator[str]:
    """What a person should not overlook."""
    match event:
        case ConnectionLost():
            yield f"{event.reason} Trying again; what you type is kept."
        case Gap():
            yield (
                f"{_tag(event.room, roster, focus)}Messages after {event.after} and before {event.before} are "
                "missing: the server no longer keeps them."
            )
        case Notice():
            yield f"Notice: {cell(event.text)}"
        case Refusal():
            yield f"Refused: {cell(event.message)}"
            yield from not_said(event.text)
        case Error():
            yield f"Refused: {cell(event.message)}"


def not_said(text: str) -> list[str]:
    """What a person wrote and gets back."""
    first, *rest = text.removeprefix(ACTION).split("\n")
    return [f"You wrote: {cell(first)}", *(f"           {more}" for more in rest)]


def _told(event: ClientEvent, roster: Roster, focus: RoomFocus) -> Iterator[str]:
    """What one may overlook."""
    match event:
        case ConnectionBack():
            yield "The connection is back."
        case Welcome():
            yield from _welcome(event)
        case Joined():
            yield from _joined(event, roster)
        case Left():
            room = focus.room
            yield f"You {'left' if event.reason is None else 'were put out of'} {cell(event.room)}."
            yield f"You are in {cell(room_name(room, roster))} now." if room else "You are not in a room now."
        case Renamed():
            mine, name = event.uid == roster.uid, cell(event.name)
            yield f"You are now called {name}." if mine else f"{cell(event.old)} is now called {name}."
        case Blocked():
            yield f"You have blocked {_uid(event.uid, roster)}."
        case Unblocked():
            yield f"You hear from {_uid(event.uid, roster)} again."
        case WhoPage():
            where = f"in {room_name(event.room, roster)}" if event.room else "here"
            yield _list(f"{event.clients_total} {where}", map(_person, event.clients), event.clients_total)
        case RoomsPage():
            yield _rooms(event.rooms, event.rooms_total)
        case RulesPage():
            yield from _rules(event)
        case StatsPage():
            yield (
                f"{cell(event.server)}: {counted(event.clients, 'person', 'people')} ({event.away} away), "
                f"{counted(event.rooms, 'room')}, {counted(event.messages, 'message')} "
                f"and {event.deliveries} deliveries in {event.uptime:.0f} s."
            )


def _coming(event: Presence | PresenceSummary) -> str:
    match event:
        case PresenceSummary():
            return f"{event.joined} joined, {event.left} left; {event.members_total} are here now."
        case MemberJoined():
            return f"{_who(event)} came in."
        case MemberLeft():
            return f"{_who(event)} {_EXITED.get(event.reason, cell(event.reason))}."
        case Away():
            return f"{_who(event)} is away: the connection was lost."
        case _:
            return f"{_who(event)} is back."


def _spoken(entry: Spoken, roster: Roster, focus: RoomFocus, clock: str, ring: bool = True) -> Iterator[Line]:
    mine = entry.uid == roster.uid
    pair, mentioned = is_pair(entry.room), focus.is_mentioned(entry)
    name = cell(speaker(entry.uid, entry.name))
    star, text = said(entry)
    for_me = not mine and (pair or mentioned)
    head = [
        ("now" if for_me else "time", local(entry.ts, clock)),
        ("", " "),
        ("whisper" if pair else "dim", _tag(entry.room, roster, focus)),
        ("dim", star),
        (f"name:{entry.uid}", name),
        ("", " " if star else ": "),
    ]
    first, *rest = text.split("\n")
    indent = len("".join(piece.text for piece in line(*head).pieces))
    style = "mention" if mentioned else "whisper" if for_me else ""
    level = 0 if not ring or mine or focus.is_old(entry) else 1 + for_me
    yield line(*head, *linked(style, harmless(cell(first))), indent=indent, ring=level)
    for more in rest:  # in plain mode behind the speaker again: an indent does not tell them from others' lines
        before = head if focus.is_tagged else [("", " " * indent)]
        yield line(*before, *linked(style, harmless(cell(more))), indent=indent)


def _deed(entry: Deed, roster: Roster, focus: RoomFocus, clock: str, ring: bool = True) -> Iterator[Line]:
    if isinstance(entry, Deleted) and not focus.is_tagged:
        return  # in a window a tombstone stands where the words were
    who = "You" if entry.uid == roster.uid else cell(f"{entry.name} ({entry.uid})")
    told = cell(deed(entry, local))
    yield line(
        ("time", f"{local(entry.ts, clock)} "), ("dim", f"{_tag(entry.room, roster, focus)}-- {who} {told}")
    )


def _tombstone(
    entry: Tombstone, roster: Roster, focus: RoomFocus, clock: str, ring: bool = True
) -> Iterator[Line]:  # fmt: skip
    name = cell(speaker(entry.uid, entry.name))
    tag = _tag(entry.room, roster, focus)
    yield line(("time", f"{local(entry.ts, clock)} "), ("dim", f"{tag}{name}: {DELETED}"))


_SHOWN: Table[Iterator[Line]] = spoken(_spoken) | {Tombstone: _tombstone} | deeds(_deed)


def said_before(
    entries: Iterable[Entry | Unknown], roster: Roster, focus: RoomFocus, clock: str
) -> Iterator[Line]:  # fmt: skip
    """The lines of entries that are no news: they ring no bell."""
    for of_one in shown(_SHOWN, entries, roster, focus, clock, False):
        yield from of_one


def _history(event: HistoryPage, roster: Roster, focus: RoomFocus, clock: str) -> Iterator[Line]:
    room = room_name(event.room, roster)
    if not event.entries:
        yield line(("dim", f"--- nothing has been said in {room} ---"))
        return
    known = sum(not isinstance(entry, Unknown) for entry in event.entries)
    yield line(("dim", f"--- last {counted(known, 'message')} in {room} ---"))
    yield from said_before(event.entries, roster, focus, clock)
    yield line(("dim", "--- end of history ---"))


def _welcome(event: Welcome) -> Iterable[str]:
    yield f"You are {event.uid}: others reach you with /dial {event.uid}."
    if event.motd:
        yield from event.motd.split("\n")
    others = [person for person in event.clients if person.uid != event.uid]
    if event.clients_total > 1:
        yield _list("Here", map(_person, others), event.clients_total - 1)
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
    elif event.by is not None:
        yield f"{_caller(event, roster)} dialled you: you are in {room}."
    others = [person for person in event.members if person.uid != roster.uid]
    if event.members_total > 1:
        yield _list(f"You are in {room} with", map(_person, others), event.members_total - 1)
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
    return _list("Rooms", map(_room, rooms), total)


def _room(room: RoomSummary) -> str:
    said = f", last said {cell(local(room.last_said))}" if room.last_said and not room.members_total else ""
    return f"{cell(room.room)} ({room.members_total}{said})"


def _rules(event: RulesPage) -> Iterator[str]:
    room = cell(event.room)
    yield f"{room} is about: {cell(event.topic)}" if event.topic else f"{room} has no topic."
    yield f"It is {_person(event.owner)}'s." if event.owner else "It is nobody's."
    for what, people in (("Moderators", event.moderators),):
        if people:
            yield _list(what, map(_person, people), len(people))
    for what, restrained in (("Banned", event.banned), ("Muted", event.muted)):
        if restrained:
            yield _list(what, map(_restrained, restrained), len(restrained))


def _restrained(one: Restrained) -> str:
    until = f" until {cell(local(one.until))}" if one.until else ""
    return f"{cell(one.name)} ({one.uid}){until}{f': {cell(one.reason)}' if one.reason else ''}"


def whispers_told(name: str) -> str:
    """What someone is told who begins to whisper with a person."""
    return f"Whispers go only to you and {cell(name)} (the server's operator can read them)."


def will_see_later(name: str) -> str:
    """What someone is told who whispers to a person that is not connected."""
    return f"{name} is offline and will see your whispers later."


def _list(title: str, entries: Iterable[str], total: int) -> str:
    shown = list(entries)
    more = f" and {total - len(shown)} more" if total > len(shown) else ""
    return f"{title}: {', '.join(shown)}{more}."


def _uid(uid: int, roster: Roster) -> str:
    name = roster.names.get(uid)
    return f"UID {uid}" if name is None else f"{cell(name)} ({uid})"


def _person(person: Person) -> str:
    return f"{cell(person.name)} ({person.uid})" + (" [away]" if person.away else "")


def _who(event: Presence) -> str:
    return f"{cell(event.name)} ({event.uid})"


def _tag(room: str, roster: Roster, focus: RoomFocus) -> str:
    """Which room it is about, where that does not go without saying."""
    return f"[{room_name(room, roster)}] " if focus.is_tagged else ""


def room_name(room: str, roster: Roster) -> str:
    """A room as people know it."""
    return f"whisper with {cell(roster.whisperer(room))}" if is_pair(room) else cell(room)


def counted(number: int, thing: str, things: str = "") -> str:
    """A number of things, as people write it."""
    return f"{number} {thing}" if number == 1 else f"{number} {things or thing + 's'}"


def day_line(day: date) -> Line:
    """What stands above what was said on another day than before."""
    return line(("dim", f"--- {day:%A, %d %B %Y} ---"))
