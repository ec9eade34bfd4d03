"""What can be typed: text, and commands that begin with a slash."""

from __future__ import annotations

from difflib import get_close_matches

from roomchat import protocol
from roomchat.client.same import room_name, room_names
from roomchat.protocol import Command
from roomchat.terminal.shown.roster import Roster
from roomchat.terminal.typed.local import (
    BlockPerson,
    Clear,
    CloseWindow,
    Connect,
    Copy,
    DeleteMessage,
    EndAccount,
    Help,
    ListDevices,
    Local,
    LogIn,
    LogOut,
    Mentions,
    Names,
    NewPassword,
    RegisterHere,
    ScrollBack,
    Search,
    SetAway,
    Several,
    SwitchRoom,
    UnblockPerson,
    Whois,
)
from roomchat.terminal.typed.room_commands import ORDER
from roomchat.terminal.typed.slash import SlashCommand, TypingError, number, uid_of


def _optional(arguments: list[str]) -> str | None:
    return arguments[0] if arguments else None


def _optional_room(arguments: list[str]) -> str | None:
    return room_name(arguments[0]) if arguments else None


def _optional_number(arguments: list[str]) -> int | None:
    return number(arguments[0]) if arguments else None


def _join(arguments: list[str]) -> Command | Several:
    if len(arguments) > 1 and protocol.private_of(arguments[0]) is not None:
        return protocol.Join(room=arguments[0], invitation=arguments[1])
    joins = [protocol.Join(room=room) for room in room_names(" ".join(arguments))]
    return joins[0] if len(joins) == 1 else Several(tuple(joins))


def _switch(roster: Roster, arguments: list[str]) -> SwitchRoom:
    """Digits are the number of a window, as they are the UID of a person; ``#2`` is the room of that name."""
    typed = _optional(arguments)
    if typed is not None and typed.isascii() and typed.isdigit():
        return SwitchRoom(number=number(typed))
    return SwitchRoom(_window(roster, typed) if typed else None)


def _window(roster: Roster, typed: str) -> str:
    """The room of a window: ``@bob`` is that of the whispers with bob."""
    if not typed.startswith("@"):
        return room_name(typed)
    if typed == roster.pair(roster.other(typed)):  # a program may have it from us
        return typed
    return roster.pair(uid_of(roster, typed))


def _query(roster: Roster, arguments: list[str]) -> SwitchRoom:
    return SwitchRoom(roster.pair(uid_of(roster, arguments[0])), arguments[1] if len(arguments) > 1 else None)


def _reply(roster: Roster, arguments: list[str]) -> Command:
    if roster.last_whisperer is None:
        raise TypingError("Nobody has whispered to you yet. To whisper to someone: /whisper UID TEXT")
    return protocol.Whisper(uid=roster.last_whisperer, text=arguments[0])


def _search(arguments: list[str]) -> Search:
    words = arguments[0] if arguments else ""
    first, _, rest = words.partition(" ")
    return Search(rest.strip(), everywhere=True) if first.lower() in {"-all", "--all"} else Search(words)


def _login(arguments: list[str]) -> LogIn:
    if arguments and " " in arguments[0]:
        raise TypingError("Usage: /login NAME. The password is asked for then, and not shown.")
    return LogIn(_optional(arguments))


def _logout(arguments: list[str]) -> LogOut:
    if arguments and arguments[0].lower() in {"others", "other"}:
        return LogOut(others=True)
    return LogOut(number(arguments[0]) if arguments else None)


def _help(arguments: list[str]) -> Help:
    topic = arguments[0].lower().removeprefix("/") if arguments else ""
    return Help(find(f"/{topic}").name.removeprefix("/") if topic else "")


MAX_ECHOED = 40  # characters of what was typed that an answer repeats

TALKING, ROOMS, PEOPLE, READING, SELF, PROGRAM = (
    "Talking", "Rooms", "People", "Reading", "About you", "The program",
)  # fmt: skip

COMMANDS = [
    SlashCommand(TALKING, "/say TEXT", "send a message, also one that begins with /",
                 lambda roster, args: protocol.Say(text=args[0]), "/say /join is a command"),
    SlashCommand(TALKING, "/me TEXT", "describe what you are doing",
                 lambda roster, args: protocol.Say(text=args[0], kind="action"), "/me puts the kettle on"),
    SlashCommand(TALKING, "/whisper UID TEXT", "send a message to one person only",
                 lambda roster, args: protocol.Whisper(uid=uid_of(roster, args[0]), text=args[1]),
                 "/whisper 7 Only you can read this.", ("/msg", "/w", "/tell")),
    SlashCommand(TALKING, "/reply TEXT", "whisper to the person who whispered to you last",
                 _reply, "/reply See you tonight.", ("/r",)),
    SlashCommand(TALKING, "/query UID [TEXT]", "chat privately with one person until you switch rooms",
                 _query, "/query bob", ("/q",)),
    SlashCommand(TALKING, "/delete [WORDS]", "delete your last message here, or the last with WORDS",
                 lambda roster, args: DeleteMessage(args[0] if args else ""), "/delete the wrong number",
                 ("/redact", "/unsend")),
    SlashCommand(ROOMS, "/join ROOM [TOKEN]", "join a room, or create it; /join tea,ops joins both",
                 lambda roster, args: _join(args), "/join tea", ("/j",)),
    SlashCommand(ROOMS, "/leave [ROOM]", "leave a room, or the current one",
                 lambda roster, args: protocol.Leave(room=_optional_room(args)), "/leave tea", ("/part",),
                 spare=True),
    SlashCommand(ROOMS, "/room [ROOM]", "list your rooms, or go to one by name or number",
                 _switch, "/room 2", ("/window", "/win")),
    SlashCommand(ROOMS, "/close [UID]", "close a window of whispers; they are kept",
                 lambda roster, args: CloseWindow(roster.pair(uid_of(roster, args[0])) if args else None),
                 "/close bob"),
    SlashCommand(ROOMS, "/rooms", "list all rooms",
                 lambda roster, args: protocol.Rooms(), "/rooms", ("/list",)),
    SlashCommand(ROOMS, "/dial UID", "chat with someone, in the room they are in or in a new one",
                 lambda roster, args: protocol.Dial(uid=uid_of(roster, args[0])), "/dial 7", ("/call",)),
    *ORDER,
    SlashCommand(PEOPLE, "/names [ROOM]", "list who is in a room, or in the current one",
                 lambda roster, args: Names(_optional_room(args)), "/names"),
    SlashCommand(PEOPLE, "/who [ROOM]", "list everyone on the server, or in a room",
                 lambda roster, args: protocol.Who(room=_optional_room(args)), "/who tea"),
    SlashCommand(PEOPLE, "/whois UID", "show what is known of someone",
                 lambda roster, args: Whois(uid_of(roster, args[0])), "/whois 7"),
    SlashCommand(PEOPLE, "/block [UID]", "hear nothing more from someone; alone: list whom you blocked",
                 lambda roster, args: BlockPerson(uid_of(roster, args[0]) if args else None), "/block 7",
                 ("/blocked", "/ignore")),
    SlashCommand(PEOPLE, "/unblock UID", "hear from someone again",
                 lambda roster, args: UnblockPerson(uid_of(roster, args[0])), "/unblock 7", ("/unignore",)),
    SlashCommand(READING, "/history [N]", "show earlier messages of the current room",
                 lambda roster, args: ScrollBack(_optional_number(args)), "/history 100"),
    SlashCommand(READING, "/search [WORDS]", "find a message here; -all: anywhere; alone: next hit",
                 lambda roster, args: _search(args), "/search -all budget", ("/lastlog", "/find")),
    SlashCommand(READING, "/mentions", "list the messages that mention you, and whispers",
                 lambda roster, args: Mentions(), "/mentions"),
    SlashCommand(READING, "/copy [N]", "copy the last message, or the Nth from the end",
                 lambda roster, args: Copy(number(args[0]) if args else 1), "/copy 2"),
    SlashCommand(READING, "/clear", "empty the window; scroll back to see it again",
                 lambda roster, args: Clear(), "/clear"),
    SlashCommand(SELF, "/name NAME", "change your name",
                 lambda roster, args: protocol.Name(name=args[0]), "/name eve", ("/nick",)),
    SlashCommand(SELF, "/away [TEXT]", "mark yourself as away; repeat when you are back",
                 lambda roster, args: SetAway(_optional(args)), "/away back at four", ("/afk",)),
    SlashCommand(SELF, "/register [INVITE]", "have an account: your name is yours, on all your devices",
                 lambda roster, args: RegisterHere(_optional(args)), "/register"),
    SlashCommand(SELF, "/login [NAME]", "log in to your account, in place of who you are now",
                 lambda roster, args: _login(args), "/login ann"),
    SlashCommand(SELF, "/password", "change your password",
                 lambda roster, args: NewPassword(), "/password", ("/passwd",)),
    SlashCommand(SELF, "/devices", "list where you are logged in",
                 lambda roster, args: ListDevices(), "/devices", ("/sessions",)),
    SlashCommand(SELF, "/logout [N]", "log out here, on device N, or on all others: /logout others",
                 lambda roster, args: _logout(args), "/logout 2"),
    SlashCommand(SELF, "/unregister", "end your account for good",
                 lambda roster, args: EndAccount(), "/unregister"),
    SlashCommand(PROGRAM, "/connect [HOST]", "connect to another HOST or HOST:PORT, or retry",
                 lambda roster, args: Connect(_optional(args)), "/connect chat.example.org:5050", ("/server",)),
    SlashCommand(PROGRAM, "/stats", "show statistics of the server",
                 lambda roster, args: protocol.Stats(), "/stats"),
    SlashCommand(PROGRAM, "/help [COMMAND]", "show this page, or details of one command",
                 lambda roster, args: _help(args), "/help join", ("/?",)),
    SlashCommand(PROGRAM, "/quit", "quit",
                 lambda roster, args: protocol.Bye(), "/quit", ("/exit", "/bye"), spare=True),
]  # fmt: skip
_BY_NAME = {name: command for command in COMMANDS for name in (command.name, *command.aliases)}
NAMES = sorted(_BY_NAME)
LEADING = {"/dial", "/join", "/leave", "/query", "/room"}  # what is typed behind them goes somewhere else

# What people know from other chats, and what there is instead.
MISSING = {
    "/notice": "There are messages, /me and /whisper UID TEXT, but no notices.",
}


def parse(line: str, roster: Roster) -> Command | Local | None:
    """What to do with a typed line: a command to send, a thing to do here, or nothing.

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
    command, rest = find(name.lower()), more[0] if more else ""
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


def settled(line: str, roster: Roster) -> str:
    """A line that may have to wait, so that it means then what it means now: a reply names whom it is for, since
    somebody else may whisper meanwhile."""
    name, _, text = line.partition(" ")
    command = _BY_NAME.get(name.lower())
    if command is not None and command.name == "/reply" and text.strip() and roster.last_whisperer is not None:
        return f"/whisper {roster.last_whisperer} {text}"
    return line


def is_reading(line: str) -> bool:
    """Whether that line is about what was said before, so that one goes on looking where one looks."""
    command = _BY_NAME.get(line.split(maxsplit=1)[0].lower()) if line.strip() else None
    return command is not None and command.group == READING


def find(name: str) -> SlashCommand:
    """The command of that name, or that others know under it. Raises TypingError with the nearest one."""
    command = _BY_NAME.get(name)
    if command is None:
        raise TypingError(MISSING.get(name) or _unknown(name[:MAX_ECHOED]))
    return command


def _unknown(name: str) -> str:
    if len(name) > 1:
        near = [known for known in NAMES if known.startswith(name)] or get_close_matches(name, NAMES, n=1)
    else:
        near = []
    if near:
        return f"There is no command {name}. Did you mean {near[0]}? /help lists all."
    return f"There is no command {name}. /help lists all. To say it, begin with //."
