"""The channels wire: one JSON object a line both ways, commands with their arguments in a list.

Source: docs/seed-systems.md, rows C1 to C13.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from roomchat.dialect import Answer, Malformed, Terms
from roomchat.entries import Table, as_text, deed, deeds, spoken
from roomchat.errors import AlreadyRegistered, BadCommand, BadJson, LineTooLong, NotInRoom, NotRegistered, Refused
from roomchat.harmless import harmless
from roomchat.protocol import (
    VERSION,
    Away,
    Back,
    Bye,
    Command,
    Deed,
    Error,
    Event,
    Gap,
    Goodbye,
    Hello,
    HistoryPage,
    Invited,
    Join,
    Joined,
    Leave,
    Left,
    MemberJoined,
    MemberLeft,
    Name,
    Notice,
    PresenceSummary,
    Renamed,
    Rooms,
    RoomsPage,
    Say,
    Spoken,
    Statement,
    Welcome,
    is_pair,
)
from roomchat.settings import Settings
from roomchat.speaker import behind, speaker
from roomchat.wires.lines import LineSplitter
from roomchat.wires.wire import encode_log

PACE = 0.1  # seconds; a client drops what follows the first line feed in what one recv() brings

HELP = (
    "Commands: /nick NAME, /list, /join CHANNEL, /leave [CHANNEL], /quit, /help; "
    "what else you type goes to everyone in your channel."
)
FORMS = {
    "nick": "/nick NAME",
    "join": "/join CHANNEL",
    "msg": "/msg CHANNEL TEXT",
}

# The ids of our own commands: they come back as `re`, and tell what an answer is to. A join's has its channel.
HELLO_ID, EARLY_ID, SAY_ID, JOIN_ID = "hello", "early", "say", "join "

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder()


class Usage(Refused):
    """A command without its arguments."""

    code = BadCommand.code
    sentence = "This command has the form: {form}"


class UnknownCommand(Refused):
    """A command that there is not."""

    code = BadCommand.code
    sentence = "There is no command /{command}; /help lists them."


class ChannelsWire:
    """See ``Wire``."""

    dialect = "channels"
    terms = Terms(resume=False)
    pace = PACE
    greeting = b""
    farewell = b""
    counted = None
    no_echo = 0

    def __init__(self, settings: Settings) -> None:
        self._lines = LineSplitter(settings.max_line)
        self._uid = 0
        self._asked = 0  # nicks sent as the first one that are not answered yet
        self._channels: dict[str, None] = {}  # that we are in, in the order of joining

    # ------------------------------------------------------------ what comes

    def receive_data(self, data: bytes) -> Sequence[Command | Malformed | Answer]:
        """Feed bytes as they came from the peer; return the commands they complete."""
        lines, too_long = self._lines.feed(data)
        commands: list[Command | Malformed | Answer] = []
        for line in lines.split(b"\n")[:-1]:
            if line.strip():
                commands += self._commands(line)
        if too_long:
            commands.append(Malformed.of(LineTooLong(limit=self._lines.max_line)))
        return commands

    def end_data(self) -> Sequence[Command | Malformed | Answer]:
        return []

    def _commands(self, line: bytes) -> list[Command | Malformed | Answer]:
        if len(line) > self._lines.max_line:
            return [Malformed.of(LineTooLong(limit=self._lines.max_line))]
        try:
            value = _decoder.decode(line)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return [Malformed.of(BadJson())]
        match value:
            case {"type": "command", "command": str(command)}:
                arguments = value.get("args") or []
                if isinstance(arguments, str):
                    arguments = arguments.split()
                if not isinstance(arguments, list):
                    return [Malformed.of(BadCommand(why="args is no list"))]
                return self._command(command.removeprefix("/").lower(), [str(one) for one in arguments])
            case {"type": "message", "message": str(text)}:
                channel = value.get("channel")
                if isinstance(channel, str):
                    return [Say(text=text, room=channel)]
                return [Say(id=SAY_ID, text=text)]
        return [Malformed.of(BadCommand(why="it is neither a command nor a message"))]

    def _command(self, command: str, arguments: list[str]) -> list[Command | Malformed | Answer]:
        match command, arguments:
            case "nick", [name, *_]:
                return self._nick(name)
            case "list", _:
                return [Rooms()]
            case "join", [channel, *_]:
                self._channels[channel] = None
                return [Join(id=JOIN_ID + channel, room=channel, history=0)]
            case "leave" | "part", []:
                # Forgotten at once, not when it is answered: else a few such lines in one packet would become
                # as many commands as lines times channels.
                channels, self._channels = self._channels, {}
                return [Leave(room=channel) for channel in channels] or [Malformed.of(NotInRoom(room="a channel"))]
            case "leave" | "part", [channel, *_]:
                return [Leave(room=channel)]
            case "msg" | "say", [channel, *words] if words:
                return [Say(text=" ".join(words), room=channel)]
            case "quit", _:
                return [Bye()]
            case "help", _:
                return [Answer(data=_line(type="info", info=HELP))]
        if command in FORMS:
            return [Malformed.of(Usage(form=FORMS[command]))]
        return [Malformed.of(UnknownCommand(command=command[:40]))]

    def _nick(self, name: str) -> list[Command | Malformed | Answer]:
        if self._uid:
            return [Name(name=name)]
        # Before the answer to one that came earlier it may be a change of that, or another try.
        change = [Name(id=EARLY_ID, name=name)] if self._asked else []
        self._asked += 1
        return [*change, Hello(id=HELLO_ID, protocol=VERSION, name=name)]

    # ------------------------------------------------------------ what goes

    def reply(self, event: Statement) -> bytes:
        """The bytes for this connection alone; the wire also learns from the event."""
        if not isinstance(event, Event):
            return b""  # never: it gets its own messages with all others
        if event.re == HELLO_ID:
            self._asked -= 1
        match event:
            case Welcome():
                self._uid = event.uid
                text = f"Welcome, {event.name}. Your UID is {event.uid}. /list shows the channels."
                return _line(type="info", info="\n".join(filter(None, (text, event.motd))))
            case Error():
                return self._error(event)
            case Joined() if is_pair(event.room):
                return b""  # whispers are no channel: it need not be left
            case Joined():
                self._forget(event)  # as it was typed: from here on it is as the server writes it
                self._channels[event.room] = None
                users = [person.name for person in event.members]
                return _event("joined_channel", channel=event.room, users=users, count=event.members_total)
            case Left():
                self._channels.pop(event.room, None)
                return _event("left_channel", channel=event.room)
            case RoomsPage():
                channels = [{"channel": one.room, "users": one.members_total} for one in event.rooms]
                return _event("channel_list", channels=channels, count=event.rooms_total)
            case Goodbye():
                return _line(type="info", info="Goodbye.")
            case HistoryPage():
                return b""  # never asked for
        return self.encode(event)

    def _error(self, error: Error) -> bytes:
        self._forget(error)
        if (error.re, error.code) in ((EARLY_ID, NotRegistered.code), (HELLO_ID, AlreadyRegistered.code)):
            return b""
        if error.code == NotRegistered.code:
            return _line(type="error", error="Choose a nickname first: /nick NAME")
        if error.re == SAY_ID and error.code == NotInRoom.code:
            return _line(type="error", error="You are in no channel: see /list, or /join CHANNEL.")
        return _line(type="error", error=error.message)

    def _forget(self, answer: Event) -> None:
        """A join is answered: it is not under way any more."""
        self._channels.pop(str(answer.re).removeprefix(JOIN_ID), None)

    def encode(self, event: Event) -> bytes:
        """A state event as everyone in the room gets it."""
        match event:
            case MemberJoined():
                return _event("user_joined", channel=event.room, user=event.name)
            case MemberLeft():
                return _event("user_left", channel=event.room, user=event.name)
            case Renamed():
                return _event("nick_changed", old=event.old, new=event.name, user=event.name)
            case Away():
                return _info(f"The connection of {event.name} is lost.")
            case Back():
                return _info(f"{event.name} is back.")
            case PresenceSummary():
                return _info(f"{event.room}: {event.joined} came, {event.left} went.")
            case Gap():
                return _info(f"Some messages of {event.room} are missing here: they are no longer kept.")
            case Notice():
                return _info(event.text)
            case Invited():
                return _info(f"{event.name} invites {event.whom_name} into {event.room}: /join {event.room}")
        return b""

    def encode_log(self, lines: bytes) -> bytes:
        """Messages, each on a line."""
        return encode_log(lines, _SHOWN, _object)


def _message(entry: Spoken) -> dict[str, str]:
    return {
        "type": "message",
        "channel": entry.room,
        "user": speaker(entry.uid, entry.name),
        "message": behind(entry.uid, entry.name, as_text(entry)),
    }


def _deed(entry: Deed) -> dict[str, str]:
    return {"type": "info", "info": harmless(f"{entry.name} {deed(entry)}")}  # the server's own words: one line


_SHOWN: Table[dict[str, str]] = spoken(_message) | deeds(_deed)


def _line(**fields: Any) -> bytes:
    return _object(fields)


def _object(fields: Mapping[str, Any]) -> bytes:
    return _encoder.encode(fields) + b"\n"


def _event(event: str, **fields: Any) -> bytes:
    return _line(type="event", event=event, **fields)


def _info(text: str) -> bytes:
    return _line(type="info", info=text)
