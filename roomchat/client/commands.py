"""What can be typed: text, and commands that begin with a slash."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches

from roomchat import protocol
from roomchat.client.view import MAX_DIGITS, View
from roomchat.errors import RoomchatError
from roomchat.protocol import Command


class TypingError(RoomchatError):
    """What was typed can't be sent; the sentence says what to type."""


@dataclass(frozen=True)
class SlashCommand:
    """One command: how it is typed, what it does, and how it becomes one of the protocol's.

    ``make`` gets the view and the arguments: exactly as many as ``form`` names, the last one with its spaces.
    """

    form: str
    help: str
    make: Callable[[View, list[str]], Command]

    @property
    def name(self) -> str:
        """``/dial``."""
        return self.form.split()[0]

    @property
    def arguments(self) -> list[str]:
        """``["UID"]``; those in brackets may be left out."""
        return self.form.split()[1:]


def _uid(view: View, who: str) -> int:
    uid = view.uid_of(who)
    if uid == 0:
        raise TypingError("0 is no UID; /who shows the UIDs of all who are here.")
    if uid is None:
        raise TypingError(f"I know nobody called {who}; /who shows the UIDs of all who are here.")
    return uid


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS):
        raise TypingError(f"{text} is no number.")
    return int(text)


def _optional(arguments: list[str]) -> str | None:
    return arguments[0] if arguments else None


COMMANDS = [
    SlashCommand("/dial UID", "chat with someone, in the room they are in or in a new one",
                 lambda view, args: protocol.Dial(uid=_uid(view, args[0]))),
    SlashCommand("/join ROOM", "go into a room; it is made if there is none",
                 lambda view, args: protocol.Join(room=args[0])),
    SlashCommand("/leave [ROOM]", "leave a room, or the current one",
                 lambda view, args: protocol.Leave(room=_optional(args))),
    SlashCommand("/rooms", "which rooms there are",
                 lambda view, args: protocol.Rooms()),
    SlashCommand("/who [ROOM]", "who is here, or in a room",
                 lambda view, args: protocol.Who(room=_optional(args))),
    SlashCommand("/name NAME", "call yourself something else",
                 lambda view, args: protocol.Name(name=args[0])),
    SlashCommand("/whisper UID TEXT", "say something to one person only",
                 lambda view, args: protocol.Whisper(uid=_uid(view, args[0]), text=args[1])),
    SlashCommand("/history [N]", "the last messages of the current room",
                 lambda view, args: protocol.History(limit=_number(args[0]) if args else None)),
    SlashCommand("/stats", "what the server has done",
                 lambda view, args: protocol.Stats()),
    SlashCommand("/quit", "leave",
                 lambda view, args: protocol.Bye()),
]  # fmt: skip
_BY_NAME = {command.name: command for command in COMMANDS}

HELP = "\n".join(
    [
        *(f"{command.form:<19}{command.help}" for command in COMMANDS),
        f"{'/help':<19}this list",
        "Anything else goes to everyone in the current room; begin with // to say something that starts with /.",
        "In place of a UID, the name of someone you have seen will do.",
    ]
)


def parse(line: str, view: View) -> Command | str | None:
    """What to do with a typed line: a command to send, a text to show, or nothing.

    Raises:
        TypingError: it can't be sent.
    """
    if not line.strip():
        return None
    if line.startswith("//"):
        return protocol.Say(text=line[1:])
    if not line.startswith("/"):
        return protocol.Say(text=line)
    name, _, rest = line.strip().partition(" ")
    if name == "/help":
        return HELP
    command = _BY_NAME.get(name)
    if command is None:
        near = get_close_matches(name, [*_BY_NAME, "/help"], n=1)
        hint = f"Did you mean {near[0]}? " if near else ""
        raise TypingError(f"There is no command {name}. {hint}/help lists all.")
    forms = command.arguments
    arguments = rest.split(maxsplit=max(len(forms) - 1, 0)) if rest.strip() else []
    required = sum(not form.startswith("[") for form in forms)
    if not required <= len(arguments) <= len(forms):
        raise TypingError(f"It is typed like this: {command.form}")
    return command.make(view, [argument.strip() for argument in arguments])
