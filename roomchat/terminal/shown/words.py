"""Parts of sentences that are the same wherever they stand."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from roomchat.protocol import ACTION, Person, Presence, is_pair
from roomchat.terminal.shown.focus import RoomFocus
from roomchat.terminal.shown.lines import Line, cell, line
from roomchat.terminal.shown.roster import Roster


def whispers_told(name: str) -> str:
    """What someone is told who begins to whisper with a person."""
    return f"Whispers go only to you and {cell(name)} (the server's operator can read them)."


def will_see_later(name: str) -> str:
    """What someone is told who whispers to a person that is not connected."""
    return f"{name} is offline and will see your whispers later."


def not_said(text: str) -> list[str]:
    """What a person wrote and gets back."""
    first, *rest = text.removeprefix(ACTION).split("\n")
    return [f"You wrote: {cell(first)}", *(f"           {more}" for more in rest)]


def listed(title: str, entries: Iterable[str], total: int) -> str:
    """Several, in one sentence; of those that are not there, the number."""
    shown = list(entries)
    more = f" and {total - len(shown)} more" if total > len(shown) else ""
    return f"{title}: {', '.join(shown)}{more}."


def uid_name(uid: int, roster: Roster) -> str:
    """Who has that UID, as far as we know."""
    name = roster.names.get(uid)
    return f"UID {uid}" if name is None else f"{cell(name)} ({uid})"


def person_name(person: Person) -> str:
    """A person in a list."""
    return f"{cell(person.name)} ({person.uid})" + (" [away]" if person.away else "")


def whose(event: Presence) -> str:
    """Whom an event is about."""
    return f"{cell(event.name)} ({event.uid})"


def tag(room: str, roster: Roster, focus: RoomFocus) -> str:
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
