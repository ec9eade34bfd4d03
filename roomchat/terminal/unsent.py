"""What a person typed that has not left when they leave: it is kept where that is possible, else given back."""

from __future__ import annotations

from collections.abc import Iterable

from roomchat.client.client import Client
from roomchat.client.same import same_room
from roomchat.errors import ConnectError, Denied, StateError
from roomchat.protocol import Dial, Join, Kind, Leave, Say, Whisper, is_pair
from roomchat.terminal.shown.roster import Roster
from roomchat.terminal.typed.commands import parse
from roomchat.terminal.typed.input import Typed
from roomchat.terminal.typed.local import CloseWindow, Several, SwitchRoom
from roomchat.terminal.typed.slash import NobodyCalled, TypingError


def leads(typed: str, roster: Roster) -> bool:
    """Whether a typed line leads elsewhere, or asks the server for a name: what is typed next waits for that."""
    try:
        what = parse(typed, roster)
        return isinstance(what, Join | Dial | Leave | Several | CloseWindow) or (
            isinstance(what, SwitchRoom) and not what.text
        )
    except NobodyCalled:
        return True
    except TypingError:
        return False


def messages(lines: Iterable[Typed]) -> list[Typed]:
    """Those of the typed lines that are to be said."""
    return [line for line in lines if line.text.strip() and not line.text.startswith("/")]


def waiting_lines(count: int, *, kept: bool) -> str:
    """How many lines wait, as a sentence; nothing if none does. ``kept``: whether there is a place for them."""
    if not count:
        return ""
    lines, they = ("1 line is", "it") if count == 1 else (f"{count} lines are", "they")
    return f"{lines} not sent yet; {they} will be {'sent the next time' if kept else 'lost when you leave'}."


def keep(client: Client, roster: Roster, room: str | None, lines: Iterable[Typed]) -> list[str]:
    """Give the client what waits for it, each line for the room that it was typed for; it is sent the next time.

    Args:
        room: where the first line would go that does not say for which it was typed.
        lines: what was typed, and nobody has taken.
    Returns:
        What can't be kept: where it would go only the server could have said.
    """
    returned: list[str] = []
    for typed, where in lines:
        room = where or room
        try:
            what = parse(typed, roster)
            match what:
                case Join():
                    room = what.room
                case Dial() | Leave():
                    room = None
                case Several():
                    last = what.commands[-1]
                    room = last.room if isinstance(last, Join) else None
                case SwitchRoom():
                    room = _room(client, roster, what.room) if what.room else None if what.number else room
                    if what.text:
                        _say(client, roster, room, what.text)
                case Say():
                    _say(client, roster, room, what.text, what.kind)
                case Whisper():
                    client.whisper(what.uid, what.text, kind=what.kind)
        except TypingError:
            returned.append(typed)
            if typed.startswith("/"):  # the next lines were meant for where this leads
                room = None
        except (Denied, ConnectError, StateError):
            returned.append(typed)
    return returned


def _say(client: Client, roster: Roster, room: str | None, text: str, kind: Kind = "message") -> None:
    if room is None:
        raise TypingError("Nobody knows where this was to go.")
    if is_pair(room):
        client.whisper(roster.other(room), text, kind=kind)
    else:
        client.say(text, room, kind=kind)


def _room(client: Client, roster: Roster, name: str) -> str | None:
    return same_room(name, client.rooms) or (
        name if is_pair(name) and name == roster.pair(roster.other(name)) else None
    )
