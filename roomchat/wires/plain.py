"""The plain-text wire: for a person with nothing but ``nc`` or ``telnet``. Lines are typed, lines are shown.

Source: docs/seed-systems.md, row U8.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from roomchat.dialect import Answer, Malformed, Terms
from roomchat.entries import Table, deed, deeds, said, shown, spoken
from roomchat.errors import (
    AlreadyRegistered,
    BadCommand,
    BadName,
    LineTooLong,
    NameOwned,
    NotInRoom,
    NotRegistered,
    Refused,
    WireOff,
    refusals,
)
from roomchat.protocol import (
    VERSION,
    Bye,
    Command,
    Deed,
    Dial,
    Error,
    Event,
    Goodbye,
    Hello,
    History,
    HistoryPage,
    Invited,
    Join,
    Joined,
    Leave,
    Left,
    Name,
    Rooms,
    RoomsPage,
    Say,
    Spoken,
    Statement,
    Welcome,
    Whisper,
    Who,
    WhoPage,
    is_pair,
)
from roomchat.settings import Settings
from roomchat.wires import plain_order
from roomchat.wires.lines import LineSplitter
from roomchat.wires.plain_login import PlainLogin
from roomchat.wires.plain_text import (
    ASK_NAME,
    ASK_UID,
    GREETING,
    HELP,
    OF_CLIENT,
    as_line,
    joined,
    listing,
    person_line,
    room_list,
    state,
    welcome,
)  # fmt: skip
from roomchat.wires.telnet import TelnetFilter
from roomchat.wires.wire import encode_log

# The ids of our own commands: they come back as `re`, and tell what an answer is to.
HELLO_ID, EARLY_ID, DIAL_ID, JOIN_ID, WHO_ID = "hello", "early", "dial", "join", "who"

EXITS = {".exit", "/exit", "/quit", "/bye"}
MAX_DIGITS = 15  # of a number that is typed; the largest UID has 16

_CLOSING = {kind.code for kind in refusals() if kind.closes}
# HTTP that its first bytes did not tell: after DNS rebinding a page may use any word as its method. Where the
# request's own line was too long, "Host:" is what a browser sends behind it. None of it can be a name.
_ANOTHER_PROTOCOL = re.compile(r"\S+ .* HTTP/|Host: ", re.IGNORECASE)


class TypedWrong(Refused):
    """The typed line is not a valid command."""

    code = BadCommand.code
    sentence = "{why} /help lists the commands."


class NoName(Refused):
    """The line typed at the prompt for a name is not a name."""

    code = BadName.code
    sentence = "Choose a username first; /help lists the commands."


class NotForHere(Refused):
    """The bytes were not typed by a person."""

    code = WireOff.code
    sentence = "This is a chat, not a web server."
    closes = True


class PlainWire:
    """See ``Wire``."""

    dialect = "plain"
    terms = Terms(resume=False, lobby=True)
    pace = 0.0
    greeting = GREETING.encode()
    farewell = b""
    counted = None
    no_echo = 0

    def __init__(self, settings: Settings) -> None:
        self._telnet = TelnetFilter()
        self._lines = LineSplitter(settings.max_line)
        self._lobby = settings.lobby.casefold()
        self._asked = 0  # names sent that are not answered yet
        self._uid = 0
        self._rooms: dict[str, None] = {}  # that we are in; what is typed goes to the last one
        self._entering = 0  # dials and joins under way
        self.login = PlainLogin(self._hello, lambda why: Malformed.of(TypedWrong(why=why)))
        self._shown: Table[str] = spoken(self._spoken) | deeds(_deed)

    # ------------------------------------------------------------ what is typed

    def receive_data(self, data: bytes) -> Sequence[Command | Malformed | Answer]:
        """Feed bytes as they came from the peer; return the commands they complete."""
        lines, too_long = self._lines.feed(self._telnet.feed(data))
        commands = [command for line in lines.split(b"\n")[:-1] for command in self._typed(line)]
        if too_long:
            commands.append(self._too_long())
        return commands

    def _typed(self, line: bytes) -> Iterable[Command | Malformed | Answer]:
        if len(line) > self._lines.max_line:
            return [self._too_long()]
        text = line.decode(errors="replace")
        if self.login.asks:
            return self.login.take(text)
        word = text.strip()
        first = word.lower().partition(" ")[0]
        if word.lower() in EXITS or (first in EXITS and first != ".exit"):
            return [Bye()]
        if first == "/help":
            return [Answer(data=(HELP if self._uid else HELP + ASK_NAME).encode())]
        if self._uid:
            return self._command(text, word)
        if first == "/login" and not self._asked:
            return self.login.begin(word.split()[1:])
        if not self._asked:
            if _ANOTHER_PROTOCOL.match(text):
                return [Malformed.of(NotForHere())]
            if not word or word.startswith("/"):
                return [Malformed.of(NoName())]
            return [self._hello(word)]
        if not word or word.startswith("/"):
            return self._command(text, word)
        # The answer to the first name is not here yet. So this line is sent as a message and as a second name: the
        # server refuses the one that does not apply, and that refusal is hidden.
        return [*self._command(text, word, EARLY_ID), self._hello(word)]

    def _hello(self, name: str, password: str | None = None) -> Command:
        self._asked += 1
        return Hello(id=HELLO_ID, protocol=VERSION, name=name, password=password)

    def _command(self, text: str, word: str, say_id: str | None = None) -> list[Command | Malformed | Answer]:
        if not word:
            return []
        if _is_number(word) and not (self._is_elsewhere() or self._entering):
            return [self._enter(Dial(id=DIAL_ID, uid=int(word)))]
        if text.startswith("//"):
            return [Say(text=text[1:])]
        if text.startswith("/"):
            return [self._slash(text)]
        return [Say(id=say_id, text=text)]

    def _slash(self, text: str) -> Command | Malformed | Answer:
        command, *words = text.split()
        rest = text.split(maxsplit=2)[2:]
        match command.lower(), words:
            case "/dial", [uid] if _is_number(uid):
                return self._enter(Dial(id=DIAL_ID, uid=int(uid)))
            case "/join", [room]:
                return self._enter(Join(id=JOIN_ID, room=room))
            case "/leave", [] | [_]:
                return Leave(room=words[0] if words else None)
            case "/who", [] | [_]:
                return Who(id=WHO_ID, room=words[0] if words else None)
            case "/rooms", []:
                return Rooms()
            case "/name", [name]:
                return Name(name=name)
            case "/whisper", [uid, _, *_] if _is_number(uid):
                return Whisper(uid=int(uid), text=rest[0])
            case "/history", []:
                return History()
            case "/history", [count] if _is_number(count):
                return History(limit=int(count))
            case "/login", [_]:
                return Malformed.of(TypedWrong(why="You are in already; to be somebody else, /quit first."))
        behind = "".join(text.split(maxsplit=1)[1:])
        if (order := plain_order.made(command.lower(), words, behind, JOIN_ID)) is not None:
            return self._enter(order) if isinstance(order, Join) else order
        forms = [line[:20].strip() for line in HELP.splitlines() if line.startswith(command.lower() + " ")]
        if forms:
            return Malformed.of(TypedWrong(why=f"Usage: {forms[0]}."))
        if command.lower() in OF_CLIENT:
            return Malformed.of(TypedWrong(why=f"{command} takes roomchat's own client, as roomchat join."))
        return Malformed.of(TypedWrong(why=f"There is no command {command[:40]}."))

    def end_data(self) -> Sequence[Command | Malformed | Answer]:
        """The peer sends no more: its last line may lack the end."""
        return self.receive_data(b"\n") if self._lines.inside else []

    def _is_elsewhere(self) -> bool:
        """Whether we are in a room that we chose: then a number is a message, otherwise a UID to dial."""
        return any(room.casefold() != self._lobby for room in self._rooms)

    def _enter(self, command: Command) -> Command:
        self._entering += 1
        return command

    def _too_long(self) -> Malformed:
        return Malformed.of(LineTooLong(limit=self._lines.max_line))

    # ------------------------------------------------------------ what is shown to this one alone

    def reply(self, event: Statement) -> bytes:
        """The bytes for this connection alone; the wire also learns from the event."""
        if not isinstance(event, Event):
            return b""  # never: it gets its own messages with all others
        if event.re in (DIAL_ID, JOIN_ID):
            self._entering -= 1
        if event.re == HELLO_ID:
            self._asked -= 1
        match event:
            case Welcome():
                self._uid = event.uid
            case Joined() if is_pair(event.room):
                return b""  # to whisper is not to go into a room: a number is still dialled
            case Joined():
                self._rooms.pop(event.room, None)
                first = {event.room: None} if event.device is not None else {}
                self._rooms = first | self._rooms | {event.room: None}
            case Left():
                self._rooms.pop(event.room, None)
            case Error() if _is_other_meaning(event):
                return b""
        return self._reply(event).encode()

    def _reply(self, event: Event) -> str:
        match event:
            case Welcome():
                return welcome(event)
            case Error():
                return self._error(event)
            case Joined():
                return joined(event, self._uid)
            case Left():
                current = next(reversed(self._rooms), None)
                still = f" What you type now goes to {current}." if current else ""
                went = "left" if event.reason is None else "were put out of"
                return as_line(f"You {went} {event.room}.{still}")
            case WhoPage(re=None):
                return ""  # not asked for
            case WhoPage():
                return listing(
                    f"In {event.room}:" if event.room else "Here:",
                    map(person_line, event.clients),
                    event.clients_total,
                )
            case RoomsPage():
                return room_list(event)
            case HistoryPage():
                return "".join(shown(self._shown, event.entries)) or as_line("There are no earlier messages here.")
            case Goodbye():
                return as_line("Goodbye.")
            case Invited() if event.uid == self._uid:
                return as_line(f"{event.whom} {event.whom_name} is invited into {event.room}.")
        return state(event)

    def _error(self, event: Error) -> str:
        text = as_line(NoName.sentence if event.code == NotRegistered.code else event.message)
        if event.code in _CLOSING:
            return text
        if not self._uid:
            hint = as_line("To log in, type /login NAME.") if event.code == NameOwned.code else ""
            return text + hint + ASK_NAME
        ask = (event.re == DIAL_ID or event.code == NotInRoom.code) and not self._is_elsewhere()
        return text + (ASK_UID if ask else "")

    # ------------------------------------------------------------ what everyone in a room is shown

    def encode(self, event: Event) -> bytes:
        """A state event as everyone in the room gets it."""
        return state(event).encode()

    def encode_log(self, lines: bytes) -> bytes:
        """Messages, as ``<7 ann> hello``."""
        return encode_log(lines, self._shown, str.encode)

    def _spoken(self, entry: Spoken) -> str:
        """Each line of a text behind its speaker: so nobody can make up what others seem to say. What is said in
        the lobby, where everyone is all the time, is told from what is said in the room that one went into."""
        star, text = said(entry)
        head = f"<{entry.uid} {entry.name}>"
        if entry.room.casefold() == self._lobby:
            head = f"[{entry.room}] {head}"
        if is_pair(entry.room):
            head = f"(whispered) {head}"
        return "".join(as_line(f"{star}{head} {line}") for line in text.split("\n"))


def _deed(entry: Deed) -> str:
    return as_line(f"* {entry.uid} {entry.name} {deed(entry)}")


def _is_other_meaning(error: Error) -> bool:
    """Whether it refuses the wrong one of the two commands that a line was sent as."""
    if error.code == NotRegistered.code:
        return error.re in (EARLY_ID, DIAL_ID)
    return error.code == AlreadyRegistered.code and error.re == HELLO_ID


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS and int(text) > 0
