"""Events as lines of plain text. Whatever others wrote is made harmless here, and only here."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from roomchat.client.seat import ConnectionLost, Shown
from roomchat.client.session import is_private
from roomchat.client.view import View
from roomchat.harmless import harmless
from roomchat.protocol import (
    Away,
    Back,
    Crowd,
    Entered,
    Error,
    Exited,
    Gap,
    HistoryPage,
    Joined,
    Left,
    Message,
    Notice,
    Person,
    Renamed,
    RoomsPage,
    RoomSummary,
    StatsPage,
    Welcome,
    WhoPage,
)

_EXITED = {"left": "left", "bye": "said goodbye", "lost": "is gone, the connection was lost"}


def render(event: Shown, view: View, room: str | None = None) -> list[str]:
    """The lines that a person sees of an event; none for those that are for programs.

    Args:
        event: as it came.
        view: updated with it already.
        room: the current one.
    """
    return [harmless(line) for line in _lines(event, view, room)]


def _lines(event: Shown, view: View, room: str | None) -> Iterable[str]:
    match event:
        case ConnectionLost():
            yield f"{event.reason} Trying again; what you type is kept."
        case Message():
            yield from _message(event, view)
        case Welcome():
            yield from _welcome(event)
        case Joined():
            yield from _joined(event, view)
        case Left():
            yield f"You left {event.room}."
            yield f"You are in {room} now." if room else "You are in no room now."
        case Entered():
            yield f"[{event.room}] {_who(event)} came in."
        case Exited():
            yield f"[{_room(event.room, view)}] {_who(event)} {_EXITED.get(event.reason, event.reason)}."
        case Away():
            yield f"[{_room(event.room, view)}] {_who(event)} is away, the connection was lost."
        case Back():
            yield f"[{_room(event.room, view)}] {_who(event)} is back."
        case Renamed():
            mine = event.uid == view.uid
            yield f"You are called {event.name} now." if mine else f"{event.old} is called {event.name} now."
        case WhoPage():
            where = _room(event.room, view) if event.room else "here"
            yield _list(f"{event.clients_total} {where}", map(_person, event.clients), event.clients_total)
        case RoomsPage():
            yield _rooms(event.rooms, event.rooms_total)
        case HistoryPage():
            for message in event.messages:
                yield from _message(message, view)
            yield f"[{_room(event.room, view)}] {_count(len(event.messages), 'message')} of its history."
        case StatsPage():
            yield (
                f"{event.server}: {_count(event.clients, 'client')} ({event.away} away), "
                f"{_count(event.rooms, 'room')}, {_count(event.messages, 'message')} "
                f"and {event.deliveries} deliveries in {event.uptime:.0f} s."
            )
        case Crowd():
            yield (
                f"[{event.room}] {event.entered} came in, {event.exited} went, "
                f"{event.members_total} are here now."
            )  # fmt: skip
        case Gap():
            yield (
                f"[{_room(event.room, view)}] Messages after {event.after} and before {event.before} are missing: "
                "the server no longer keeps them."
            )
        case Notice():
            yield f"Notice: {event.text}"
        case Error():
            yield f"Refused: {event.message}"


def _message(message: Message, view: View) -> Iterable[str]:
    first, *rest = message.text.split("\n")
    head = f"{_clock(message.ts)} [{_room(message.room, view)}] {message.name}: "
    yield head + first
    for line in rest:
        yield " " * len(head) + line


def _welcome(event: Welcome) -> Iterable[str]:
    yield f"You are {event.uid}: others reach you with /dial {event.uid}."
    if event.motd:
        yield from event.motd.split("\n")
    others = [person for person in event.clients if person.uid != event.uid]
    if event.clients_total > 1:
        yield _list("Here", map(_person, others), event.clients_total - 1)
    else:
        yield "Nobody else is here yet."
    yield _rooms(event.rooms, event.rooms_total)
    yield "Dial someone with /dial UID, go into a room with /join ROOM, or wait to be dialled. /help shows more."


def _joined(event: Joined, view: View) -> Iterable[str]:
    if is_private(event.room):
        yield f"What {view.whisperer(event.room)} and you whisper, nobody else sees."
        return
    if event.by == view.uid:
        yield f"You started {event.room}."
    elif event.by is not None:
        yield f"{view.names.get(event.by, event.by)} ({event.by}) dialled you: you are in {event.room}."
    others = [person for person in event.members if person.uid != view.uid]
    if event.members_total > 1:
        yield _list(f"You are in {event.room} with", map(_person, others), event.members_total - 1)
    else:
        yield f"You are in {event.room}, alone for now."


def _rooms(rooms: list[RoomSummary], total: int) -> str:
    if not total:
        return "There are no rooms yet."
    return _list("Rooms", (f"{room.room} ({room.members_total})" for room in rooms), total)


def _list(title: str, entries: Iterable[str], total: int) -> str:
    shown = list(entries)
    more = f" and {total - len(shown)} more" if total > len(shown) else ""
    return f"{title}: {', '.join(shown)}{more}."


def _person(person: Person) -> str:
    return f"{person.name} ({person.uid})" + (" [away]" if person.away else "")


def _who(event: Entered | Exited | Away | Back) -> str:
    return f"{event.name} ({event.uid})"


def _room(room: str, view: View) -> str:
    return f"whisper with {view.whisperer(room)}" if is_private(room) else room


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _clock(timestamp: str) -> str:
    """The time of day here; a server that sends something else has it shown as it is."""
    try:
        return datetime.fromisoformat(timestamp).astimezone().strftime("%H:%M")
    except (ValueError, OverflowError):
        return timestamp
