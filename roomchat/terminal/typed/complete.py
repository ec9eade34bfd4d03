"""What Tab offers: commands, people, rooms. Pure: a text in, candidates out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from roomchat.client.same import compared
from roomchat.harmless import harmless
from roomchat.protocol import is_pair, private_of
from roomchat.terminal.shown.roster import Roster
from roomchat.terminal.typed.commands import COMMANDS, find
from roomchat.terminal.typed.slash import TypingError

MAX_CANDIDATES = 50  # that Tab offers
_ANY_ROOM = {"/join", "/who"}  # not only where one is


class Candidate(NamedTuple):
    """What may take the place of the word before the cursor, and what it is."""

    text: str
    meaning: str


class _Asked(NamedTuple):
    """What the word before the cursor is: the beginning of that word, and what is put behind what it becomes."""

    kind: str  # "command", "topic", "person", "room", "name", or nothing that is completed: ""
    word: str
    end: str = ""


def candidates(before: str, roster: Roster, rooms: Iterable[str], room: str | None) -> tuple[str, list[Candidate]]:
    """The word before the cursor, and what it may become.

    Args:
        before: the text before the cursor.
        roster: who and what is known.
        rooms: where the person is.
        room: where they look.
    """
    kind, word, end = _asked(before)
    found: Iterable[Candidate] = ()
    match kind:
        case "command":
            found = _commands(word)
        case "topic":
            found = [
                Candidate(one.name[1:], one.help) for one in COMMANDS if one.name[1:].startswith(word.lower())
            ]
        case "person":
            found = _people(word, roster, room, end)
        case "room" | "any room":
            found = _rooms(word, [*rooms, *sorted(roster.rooms)] if kind == "any room" else rooms, roster)
        case "name":
            found = _names(word, roster, room, end)
    # What others chose as their name gets into the line, so it must be harmless as it stands.
    return word, [one for one in found if harmless(one.text) == one.text][:MAX_CANDIDATES]


def asks_for_someone(before: str) -> bool:
    """Whether the word before the cursor is the beginning of somebody's name, whom we need not have heard of."""
    kind, word, _ = _asked(before)
    return kind == "person" or (kind == "name" and len(word) > 1)


def _asked(before: str) -> _Asked:
    word = before[max(before.rfind(" "), before.rfind("\n")) + 1 :]
    if not before.startswith("/") or before.startswith("//"):
        return _name(word, ": " if before == word else " ")
    if " " not in before:
        return _Asked("command", word)
    name, *typed = before.split(" ")
    try:
        command = find(name.lower())
    except TypingError:
        return _Asked("", word)
    forms = [form.strip("[]") for form in command.arguments]
    place = len([argument for argument in typed[:-1] if argument])
    is_last = place >= len(forms) - 1
    form = forms[min(place, len(forms) - 1)] if forms else ""
    if form in {"TEXT", "WORDS", "WHY"}:
        return _name(word, " ")
    if place >= len(forms):
        return _Asked("", word)
    if form == "UID":
        return _Asked("person", word, "" if is_last else " ")
    if form == "ROOM":
        return _Asked("any room" if command.name in _ANY_ROOM else "room", word)
    return _Asked("topic", word.removeprefix("/")) if form == "COMMAND" else _Asked("", word)


def _name(word: str, end: str) -> _Asked:
    """Of somebody, in a text: an @ may stand behind anything but a letter, where it would be an address."""
    at = word.rfind("@")
    if at > 0 and not word[at - 1].isalnum():
        return _Asked("name", word[at:], " ")
    return _Asked("name", word, end)


def hint(text: str) -> str:
    """What a begun command does; empty for anything else."""
    if not text.startswith("/") or text.startswith("//"):
        return ""
    name, space, _ = text.partition(" ")
    if space:
        try:
            command = find(name.lower())
        except TypingError:
            return ""
        return f"{command.form}: {command.help}"
    fitting = [command for command in COMMANDS if command.name.startswith(name.lower())]
    if len(fitting) == 1:
        return f"{fitting[0].form}: {fitting[0].help}"
    return "  ".join(command.name for command in fitting)


@dataclass
class Cycle:
    """Tab after Tab: each puts the next candidate in the place of the word."""

    before: str  # the word
    after: str  # the cursor
    offered: list[Candidate]
    chosen: int

    @property
    def text(self) -> str:
        """The line, up to behind the candidate."""
        return self.before + self.offered[self.chosen].text

    def step(self, by: int) -> None:
        """To the next one, or the one before."""
        self.chosen = (self.chosen + by) % len(self.offered)


def _commands(word: str) -> Iterable[Candidate]:
    for command in COMMANDS:
        if command.name.startswith(word.lower()):
            yield Candidate(f"{command.name} ", command.help)
    if len(word) > 1:
        for command in COMMANDS:
            for alias in command.aliases:
                if alias.startswith(word.lower()):
                    yield Candidate(f"{alias} ", command.help)


def _people(word: str, roster: Roster, room: str | None, end: str) -> Iterable[Candidate]:
    """By UID or name; who shares the name with others is meant by UID."""
    at = "@" if word.startswith("@") else ""
    wanted = compared(word.removeprefix("@"))
    for uid, name in roster.people(room):
        if str(uid).startswith(wanted) or compared(name).startswith(wanted):
            who = name if roster.uid_of(name) == uid else str(uid)
            yield Candidate(f"{at}{who}{end}", f"{uid} {name}")


def _names(word: str, roster: Roster, room: str | None, end: str) -> Iterable[Candidate]:
    """In a text, with or without an @ before it."""
    at = "@" if word.startswith("@") else ""
    wanted = compared(word.removeprefix("@"))
    if not wanted and not at:
        return []
    return [
        Candidate(f"{at}{name}{' ' if at else end}", f"{uid} {name}")
        for uid, name in roster.people(room)
        if compared(name).startswith(wanted)
    ]


def _rooms(word: str, known: Iterable[str], roster: Roster) -> Iterable[Candidate]:
    """Of a list of rooms the last one is completed; who writes ``#tea`` goes on to do so."""
    listed, comma, last = word.rpartition(",")
    sign, wanted = "#" if last.startswith("#") else "", compared(last.removeprefix("#"))
    for room in dict.fromkeys(known):
        name = roster.typed(room) if is_pair(room) else room
        if is_pair(room) and sign:
            continue
        own = private_of(room)  # /join plans, where one is asked into +7/plans
        if (
            compared(name).startswith(wanted)
            or compared(name) == f"@{wanted}"
            or (own is not None and wanted and compared(own[1]).startswith(wanted))
        ):
            yield Candidate(f"{listed}{comma}{sign}{name}", "whispers" if is_pair(room) else "room")
