"""Events as lines. Whatever others wrote is made harmless in this folder, and nowhere else."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

from roomchat.client.client_events import ClientEvent, ConnectionLost, Refusal
from roomchat.entries import DELETED, Table, deed, deeds, said, shown, spoken
from roomchat.harmless import harmless
from roomchat.protocol import (
    Deed,
    Deleted,
    Done,
    Entry,
    Error,
    Gap,
    HistoryPage,
    MemberLeft,
    Notice,
    Presence,
    PresenceSummary,
    Spoken,
    Tombstone,
    Unknown,
    is_pair,
)
from roomchat.speaker import speaker
from roomchat.terminal.shown.focus import RoomFocus
from roomchat.terminal.shown.lines import Line, cell, line
from roomchat.terminal.shown.links import linked
from roomchat.terminal.shown.roster import Roster
from roomchat.terminal.shown.told import DEEDS, Told, coming, told
from roomchat.terminal.shown.words import counted, not_said, room_name, tag
from roomchat.times import local

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
    if isinstance(event, Done) or (isinstance(event, MemberLeft) and event.reason in DEEDS):
        return []  # the entry tells it
    if isinstance(event, Presence | PresenceSummary):
        return [line(("dim", f"{tag(event.room, roster, focus)}{coming(event)}"))]
    if isinstance(event, Told):
        return [line(("dim", text)) for text in told(event, roster, focus)]
    return [line(("trouble", text)) for text in _trouble(event, roster, focus)]


def _trouble(event: ClientEvent, roster: Roster, focus: RoomFocus) -> Iterator[str]:
    """What a person should not overlook."""
    match event:
        case ConnectionLost():
            yield f"{event.reason} Trying again; what you type is kept."
        case Gap():
            yield (
                f"{tag(event.room, roster, focus)}Messages after {event.after} and before {event.before} are "
                "missing: the server no longer keeps them."
            )
        case Notice():
            yield f"Notice: {cell(event.text)}"
        case Refusal():
            yield f"Refused: {cell(event.message)}"
            yield from not_said(event.text)
        case Error():
            yield f"Refused: {cell(event.message)}"


def _spoken(entry: Spoken, roster: Roster, focus: RoomFocus, clock: str, ring: bool = True) -> Iterator[Line]:
    mine = entry.uid == roster.uid
    pair, mentioned = is_pair(entry.room), focus.is_mentioned(entry)
    name = cell(speaker(entry.uid, entry.name))
    star, text = said(entry)
    for_me = not mine and (pair or mentioned)
    head = [
        ("now" if for_me else "time", local(entry.ts, clock)),
        ("", " "),
        ("whisper" if pair else "dim", tag(entry.room, roster, focus)),
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
    done = cell(deed(entry, local))
    yield line(("time", f"{local(entry.ts, clock)} "), ("dim", f"{tag(entry.room, roster, focus)}-- {who} {done}"))


def _tombstone(
    entry: Tombstone, roster: Roster, focus: RoomFocus, clock: str, ring: bool = True
) -> Iterator[Line]:  # fmt: skip
    name = cell(speaker(entry.uid, entry.name))
    room = tag(entry.room, roster, focus)
    yield line(("time", f"{local(entry.ts, clock)} "), ("dim", f"{room}{name}: {DELETED}"))


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
