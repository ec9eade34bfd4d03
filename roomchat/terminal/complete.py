"""What Tab offers: commands, people, rooms. Pure: a text in, candidates out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from roomchat.client.same import compared
from roomchat.harmless import harmless
from roomchat.protocol import is_private
from roomchat.terminal.commands import COMMANDS, TypingError, find
from roomchat.terminal.roster import Roster

MAX_CANDIDATES = 50  # that Tab offers


class Candidate(NamedTuple):
    """What may take the place of the word before the cursor, and what it is."""

    text: str
    meaning: str


def candidates(before: str, roster: Roster, rooms: Iterable[str], room: str | None) -> tuple[str, list[Candidate]]:
    """The word before the cursor, and what it may become.

    Args:
        before: the text before the cursor.
        roster: who and what is known.
        rooms: where the person is.
        room: where they look.
    """
    word = before[max(before.rfind(" "), before.rfind("\n")) + 1 :]
    found: Iterable[Candidate]
    if before.startswith("/") and not before.startswith("//") and " " not in before:
        found = _commands(word)
    elif before.startswith("/") and not before.startswith("//"):
        found = _arguments(before, word, roster, rooms, room)
    else:
        found = _names(word, roster, room, ": " if before == word else " ")
    # What others chose as their name gets into the line, so it must be harmless as it stands.
    return word, [one for one in found if harmless(one.text) == one.text][:MAX_CANDIDATES]


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


def _arguments(
    before: str, word: str, roster: Roster, rooms: Iterable[str], room: str | None
) -> Iterable[Candidate]:  # fmt: skip
    """Of the argument that the cursor is in, by its name in the command's form."""
    name, *typed = before.split(" ")
    if name.lower() == "/help":
        return [
            Candidate(one.name.removeprefix("/"), one.help)
            for one in COMMANDS
            if one.name[1:].startswith(word.lower().removeprefix("/"))
        ]
    try:
        forms = find(name.lower()).arguments
    except TypingError:
        return []
    place = len([argument for argument in typed[:-1] if argument])
    form = forms[min(place, len(forms) - 1)].strip("[]") if forms else ""
    if form == "UID" and place < len(forms):
        return _people(word, roster, room, " " if len(forms) > place + 1 else "")
    if form == "ROOM" and place < len(forms):
        known = [*rooms, *sorted(roster.rooms)] if name.lower() in {"/join", "/j", "/who"} else [*rooms]
        return _rooms(word, known, roster)
    return _names(word, roster, room, " ") if form == "TEXT" else []


def _people(word: str, roster: Roster, room: str | None, end: str) -> Iterable[Candidate]:
    """By UID or name; who shares the name with others is meant by UID."""
    wanted = word.removeprefix("@").casefold()
    for uid, name in roster.people(room):
        if str(uid).startswith(wanted) or name.casefold().startswith(wanted):
            yield Candidate((name if roster.uid_of(name) == uid else str(uid)) + end, f"{uid} {name}")


def _names(word: str, roster: Roster, room: str | None, end: str) -> Iterable[Candidate]:
    """In a text, with or without an @ before it."""
    at = "@" if word.startswith("@") else ""
    wanted = word.removeprefix("@").casefold()
    if not wanted and not at:
        return []
    return [
        Candidate(f"{at}{name}{' ' if at else end}", f"{uid} {name}")
        for uid, name in roster.people(room)
        if name.casefold().startswith(wanted)
    ]


def _rooms(word: str, known: Iterable[str], roster: Roster) -> Iterable[Candidate]:
    """Of a list of rooms the last one is completed; who writes ``#tea`` goes on to do so."""
    listed, comma, last = word.rpartition(",")
    sign, wanted = "#" if last.startswith("#") else "", compared(last.removeprefix("#"))
    for room in dict.fromkeys(known):
        name = roster.typed(room) if is_private(room) else room
        if is_private(room) and sign:
            continue
        if compared(name).startswith(wanted) or compared(name) == f"@{wanted}":
            yield Candidate(f"{listed}{comma}{sign}{name}", "whispers" if is_private(room) else "room")
