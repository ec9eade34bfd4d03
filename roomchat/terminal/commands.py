"""What can be typed: text, and commands that begin with a slash."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from inspect import cleandoc

from roomchat import protocol
from roomchat.errors import RoomchatError
from roomchat.harmless import harmless
from roomchat.protocol import Command
from roomchat.terminal.roster import MAX_DIGITS, Roster


class TypingError(RoomchatError):
    """What was typed can't be sent; the sentence says what to type."""


class NobodyCalled(TypingError):
    """A name is typed that we have not heard of; the server may know more."""


class NotSaid(TypingError):
    """What was to be said is refused before it leaves this machine."""

    def __init__(self, refusal: Exception, text: str) -> None:
        super().__init__(f"Refused: {refusal}")
        self.text = text


@dataclass(frozen=True)
class Connect:
    """To a server, or again to the same one."""

    address: str | None


@dataclass(frozen=True)
class SwitchRoom:
    """To another room; ``None``: tell which there are. ``text`` is said there at once."""

    room: str | None
    text: str | None = None


@dataclass(frozen=True)
class Ignore:
    """Show nothing of someone, or show it again; ``None``: tell who is ignored."""

    uid: int | None


@dataclass(frozen=True)
class SetAway:
    """Tell the room, and who whispers; without a text while away: be back."""

    text: str | None


# What the client does by itself; everything else is the server's.
Local = Connect | SwitchRoom | Ignore | SetAway
Make = Callable[[Roster, list[str]], Command | Local]


@dataclass(frozen=True)
class SlashCommand:
    """One command: how it is typed, what it does, and how it becomes one of the protocol's or of the client's own.

    ``make`` gets the roster and the arguments: at most as many as ``form`` names, the last one with its spaces.
    """

    form: str
    help: str
    make: Make
    example: str = ""
    aliases: tuple[str, ...] = ()
    spare: bool = False  # words behind the arguments are passed over: on IRC they are a goodbye

    @property
    def name(self) -> str:
        """``/dial``."""
        return self.form.split()[0]

    @property
    def arguments(self) -> list[str]:
        """``["UID"]``; those in brackets may be left out."""
        return self.form.split()[1:]


def uid_of(roster: Roster, who: str) -> int:
    """Whom a typed UID or name means; every command that takes one reads it here. Raises TypingError."""
    found = roster.meant(who)
    if len(found) > 1:
        choices = " or ".join(f"{harmless(roster.names.get(uid, 'the UID'))} ({uid})" for uid in found)
        raise NobodyCalled(f"Nothing was sent: {who} could be {choices}. Type the UID.")
    if not found:
        raise NobodyCalled(
            f"No one here is called {who}; /who lists everyone. To reach someone who is offline, type their UID."
        )
    if found == [0]:
        raise TypingError("0 is not a valid UID. /who lists everyone.")
    return found[0]


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS):
        raise TypingError(f"{text} is not a number.")
    return int(text)


def _optional(arguments: list[str]) -> str | None:
    return arguments[0] if arguments else None


def _room(name: str) -> str:
    """A room's name as it is typed: people from IRC write ``#tea``."""
    return name.removeprefix("#")


def _optional_room(arguments: list[str]) -> str | None:
    return _room(arguments[0]) if arguments else None


def _private(roster: Roster, arguments: list[str]) -> SwitchRoom:
    return SwitchRoom(roster.private(uid_of(roster, arguments[0])), arguments[1] if len(arguments) > 1 else None)


COMMANDS = [
    SlashCommand("/dial UID", "chat with someone, in the room they are in or in a new one",
                 lambda roster, args: protocol.Dial(uid=uid_of(roster, args[0])), "/dial 7", ("/call",)),
    SlashCommand("/join ROOM", "join a room, or create it",
                 lambda roster, args: protocol.Join(room=_room(args[0])), "/join tea", ("/j",)),
    SlashCommand("/leave [ROOM]", "leave a room, or the current one",
                 lambda roster, args: protocol.Leave(room=_optional_room(args)), "/leave tea", ("/part",),
                 spare=True),
    SlashCommand("/room [ROOM]", "list your rooms, or switch to one by name or number",
                 lambda roster, args: SwitchRoom(_optional_room(args)), "/room 2", ("/r", "/window")),
    SlashCommand("/rooms", "list all rooms",
                 lambda roster, args: protocol.Rooms(), "/rooms", ("/list",)),
    SlashCommand("/who [ROOM]", "list everyone on the server, or in a room",
                 lambda roster, args: protocol.Who(room=_optional_room(args)), "/who tea", ("/names",)),
    SlashCommand("/name NAME", "change your name",
                 lambda roster, args: protocol.Name(name=args[0]), "/name eve", ("/nick",)),
    SlashCommand("/whisper UID TEXT", "send a message to one person only",
                 lambda roster, args: protocol.Whisper(uid=uid_of(roster, args[0]), text=args[1]),
                 "/whisper 7 Only you can read this.", ("/msg", "/w", "/tell")),
    SlashCommand("/query UID [TEXT]", "chat privately with one person until you switch rooms",
                 _private, "/query bob", ("/q",)),
    SlashCommand("/me TEXT", "describe what you are doing",
                 lambda roster, args: protocol.Say(text=args[0], kind="action"), "/me puts the kettle on"),
    SlashCommand("/away [TEXT]", "mark yourself as away; repeat when you are back",
                 lambda roster, args: SetAway(_optional(args)), "/away back at four", ("/afk",)),
    SlashCommand("/ignore [UID]", "hide everything from someone; repeat to undo",
                 lambda roster, args: Ignore(uid_of(roster, args[0]) if args else None), "/ignore 7",
                 ("/unignore",)),
    SlashCommand("/history [N]", "show the last messages of the current room",
                 lambda roster, args: protocol.History(limit=_number(args[0]) if args else None), "/history 100",
                 ("/lastlog",)),
    SlashCommand("/stats", "show statistics of the server",
                 lambda roster, args: protocol.Stats(), "/stats"),
    SlashCommand("/connect [HOST]", "connect to another server, HOST or HOST:PORT, or retry this one",
                 lambda roster, args: Connect(_optional(args)), "/connect chat.example.org:5050", ("/server",)),
    SlashCommand("/quit", "quit",
                 lambda roster, args: protocol.Bye(), "/quit", ("/exit", "/bye"), spare=True),
]  # fmt: skip
_BY_NAME = {name: command for command in COMMANDS for name in (command.name, *command.aliases)}
NAMES = sorted([*_BY_NAME, "/help"])
LEADING = {"/dial", "/join", "/leave", "/query", "/room"}  # what is typed behind them goes somewhere else

HELP_COLUMN = 19  # where the meanings stand
HELP = "\n".join(
    [
        *(f"{command.form:<{HELP_COLUMN}}{command.help}" for command in COMMANDS),
        f"{'/help [COMMAND]':<{HELP_COLUMN}}show this list, or details of one command",
        "Anything else is sent to the current room. Start with // to send a message that begins with /.",
        "You can use a person's name in place of a UID.",
    ]
)


def parse(line: str, roster: Roster) -> Command | Local | str | None:
    """What to do with a typed line: a command to send, a thing to do here, a text to show, or nothing.

    Raises:
        TypingError: it can't be sent.
    """
    if not line.strip():
        return None
    if line.startswith("//"):
        return protocol.Say(text=line[1:])
    if not line.startswith("/"):
        return protocol.Say(text=line)
    name, *more = line.strip().split(maxsplit=1)
    name, rest = name.lower(), more[0] if more else ""
    if name == "/help":
        return _help(rest)
    command = find(name)
    forms = command.arguments
    arguments = rest.split(maxsplit=max(len(forms) - (not command.spare), 0)) if rest.strip() else []
    required = sum(not form.startswith("[") for form in forms)
    if command.spare:
        arguments = arguments[: len(forms)] if forms else []
    if not required <= len(arguments) <= len(forms):
        raise TypingError(f"Usage: {command.form}")
    return command.make(roster, [argument.strip() for argument in arguments])


def leads_elsewhere(line: str) -> bool:
    """Whether what is typed behind that line is meant for where it leads, also if that can't be understood."""
    command = _BY_NAME.get(line.split(maxsplit=1)[0].lower()) if line.strip() else None
    return command is not None and command.name in LEADING


def find(name: str) -> SlashCommand:
    """The command of that name, or that others know under it. Raises TypingError with the nearest one."""
    command = _BY_NAME.get(name)
    if command is None:
        near = get_close_matches(name, NAMES, n=1)
        hint = f"Did you mean {near[0]}? " if near else ""
        raise TypingError(f"There is no command {name}. {hint}/help lists all.")
    return command


def _help(name: str) -> str:
    """All on one screen, or one command with an example."""
    if not name:
        return HELP
    command = find("/" + name.lower().removeprefix("/"))
    aliases = f" Also: {', '.join(command.aliases)}." if command.aliases else ""
    return cleandoc(f"""
        {command.form}
        {command.help[0].upper()}{command.help[1:]}.{aliases}
        For example: {command.example}
    """)
