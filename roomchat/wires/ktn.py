"""The KTN wire: JSON objects without framing, ``{"request", "content"}`` there, ``{"timestamp", "sender",
"response", "content"}`` back. Its two forms: of 2016, and of 2014.

Source: docs/seed-systems.md, rows K1 to K15.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from roomchat.dialect import Answer, Malformed, Terms
from roomchat.entries import Table, as_text, deed, deeds, shown, spoken
from roomchat.errors import AlreadyRegistered, BadCommand, BadJson, BadName, LineTooLong, NameTaken, NotRegistered
from roomchat.harmless import harmless
from roomchat.protocol import (
    VERSION,
    Bye,
    Command,
    Deed,
    Entry,
    Error,
    Event,
    Gap,
    Goodbye,
    Hello,
    HistoryPage,
    Notice,
    Say,
    Spoken,
    Statement,
    Welcome,
    Who,
    WhoPage,
    is_pair,
)
from roomchat.settings import Settings
from roomchat.speaker import behind, speaker
from roomchat.wires.objects import ObjectSplitter
from roomchat.wires.wire import encode_log

PACE = 0.1  # seconds; clients parse what one recv() brings as one object, and 50 ms were too few for some

HELP = """\
These requests are understood:
login <username> - log in; letters and digits only
logout - log out
msg <message> - say something to everyone in the room
names - who is in the room
help - this text"""

ALREADY = "You are already logged in."
NO_REQUEST = "This is no request: not a JSON object in UTF-8."
MISSING = "Some messages are missing here: they are no longer kept."


class Re:
    """The ids of our own commands: they come back as ``re``, and tell what an answer is to."""

    LOGIN = "login"
    NAMES = "names"
    LOGOUT = "logout"


_USERNAME = re.compile(r"[A-Za-z0-9]+")
_EMPTY = (None, "", "None")  # the ways in which clients say that there is no content

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder()


class _Ktn:
    """The common part of both forms. ``now`` gives the time in the form of messages."""

    dialect: str
    terms: Terms
    pace = PACE
    greeting = b""
    farewell = b""
    counted = None

    def __init__(self, settings: Settings, now: Callable[[], str]) -> None:
        self._lobby = settings.only_room
        self._now = now
        self._objects = ObjectSplitter(settings.max_line)
        self.no_echo = 0

    def receive_data(self, data: bytes) -> Sequence[Command | Malformed | Answer]:
        """Feed bytes as they came from the peer; return the commands they complete. See ``Wire``."""
        commands: list[Command | Malformed | Answer] = []
        for piece in self._objects.feed(data):
            commands += self._commands(piece)
        return commands

    def end_data(self) -> Sequence[Command | Malformed | Answer]:
        return []

    def _commands(self, piece: bytes) -> list[Command | Malformed | Answer]:
        if len(piece) > self._objects.max_object:
            return [Malformed.of(LineTooLong(limit=self._objects.max_object))]
        try:
            request = _decoder.decode(piece)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return [Malformed.of(BadJson())]
        if not isinstance(request, dict):
            return [Malformed.of(BadJson())]
        match request.get("request"):
            case "login":
                return self._login(_text(request, "content", "username").strip())
            case "logout":
                return [Bye(id=Re.LOGOUT)]
            case "msg" | "message":
                return [Say(text=_text(request, "content", "message"), room=self._lobby)]
            case "names":
                return [Who(id=Re.NAMES, room=self._lobby)]
            case "help":
                return [Answer(data=self._help())]
            case other:
                return [Malformed.of(BadCommand(why=f"the request {str(other)[:40]!r}"))]

    def _login(self, name: str) -> list[Command | Malformed | Answer]:
        if not _USERNAME.fullmatch(name):
            why = "letters and digits only"
            return [Malformed.of(BadName(name=name[:40], what="username", why=why), id=Re.LOGIN)]
        return [Hello(id=Re.LOGIN, protocol=VERSION, name=name)]

    def _help(self) -> bytes:
        raise NotImplementedError

    @staticmethod
    def _whisper_mark(entry: Entry) -> str:
        """KTN knows one room only: what was whispered must be told from what everyone heard."""
        return "(whispered) " if is_pair(entry.room) else ""


class KtnWire(_Ktn):
    """The form of 2016. What is sent is one object a line; the line feed harms nobody."""

    dialect = "ktn"

    def __init__(self, settings: Settings, now: Callable[[], str]) -> None:
        super().__init__(settings, now)
        self._history = settings.ktn_history
        self._shown: Table[dict[str, str]] = spoken(self._message) | deeds(self._deed)
        self.terms = Terms(
            resume=False,
            one_room=True,
            lobby=True,
            echo=settings.ktn_echo,
            pages=self._history != "messages",
            early_bye=False,
        )

    def reply(self, event: Statement) -> bytes:
        """The bytes for this connection alone. See ``Wire``."""
        if not isinstance(event, Event):
            return self._response("info", "Message sent.")
        match event:
            case Welcome():
                self.no_echo = 0 if self.terms.echo else event.uid
                return self._response("info", "\n".join(filter(None, ("Login successful!", event.motd))))
            case Error(re=Re.LOGIN, code=AlreadyRegistered.code):
                return self._response("error", ALREADY)
            case Error(code=NotRegistered.code):
                return self._response("error", "You are not logged in. Log in with: login <username>")
            case Error(code=BadJson.code):
                return self._response("error", NO_REQUEST)
            case Error():
                return self._response("error", event.message)
            case WhoPage(re=Re.NAMES):
                return self._response("info", _names(event))
            case HistoryPage():
                return self._page(event)
            case Goodbye():
                return self._response("info", "You are logged out.")
        return self.encode(event)

    def _help(self) -> bytes:
        return self._response("info", HELP)

    def encode(self, event: Event) -> bytes:
        """A state event. Comings and goings are not told: these clients ask for names."""
        match event:
            case Notice():
                return self._response("info", event.text)
            case Gap():
                return self._response("info", MISSING)
        return b""

    def encode_log(self, lines: bytes) -> bytes:
        """Messages, each an object on a line of its own."""
        return encode_log(lines, self._shown, _object)

    def _message(self, entry: Spoken) -> dict[str, str]:
        mark = self._whisper_mark(entry)
        lines = [mark + line for line in as_text(entry).split("\n")]
        return {
            "timestamp": entry.ts,
            "sender": speaker(entry.uid, entry.name),
            "response": "message",
            "content": behind(entry.uid, entry.name, "\n".join(lines)),
        }

    @staticmethod
    def _deed(entry: Deed) -> dict[str, str]:
        content = harmless(f"{entry.name} {deed(entry)}")  # the server speaks, in one line
        return {"timestamp": entry.ts, "sender": "server", "response": "info", "content": content}

    def _page(self, page: HistoryPage) -> bytes:
        messages: list[Any] = list(shown(self._shown, page.entries))
        if self._history == "strings":
            messages = [_encoder.encode(one).decode() for one in messages]
        return self._response("history", messages)

    def _response(self, response: str, content: object) -> bytes:
        answer = {"timestamp": self._now(), "sender": "server", "response": response, "content": content}
        return _encoder.encode(answer) + b"\n"


class Ktn2014Wire(_Ktn):
    """The form of 2014: ``{"request": "login", "username"}``, what was said before within the answer to it."""

    dialect = "ktn-2014"

    def __init__(self, settings: Settings, now: Callable[[], str]) -> None:
        super().__init__(settings, now)
        self.terms = Terms(resume=False, one_room=True, lobby=True, pages=True, early_bye=False)
        self._name = ""
        self._shown: Table[str] = spoken(self._text) | deeds(self._deed)

    def reply(self, event: Statement) -> bytes:
        """The bytes for this connection alone. See ``Wire``."""
        if not isinstance(event, Event):
            return b""  # never an entry: it gets its own messages with all others
        match event:
            case Welcome():
                self._name = event.name  # told with the page that follows
                return b""
            case HistoryPage():
                messages = list(shown(self._shown, event.entries))
                return _line(response="login", username=self._name, messages=messages)
            case Error():
                return self._error(event)
            case WhoPage(re=Re.NAMES):
                return _line(response="message", message=_names(event))
            case Goodbye():
                return _line(response="logout", username=self._name)
        return self.encode(event)

    def _help(self) -> bytes:
        return _line(response="message", message=HELP)

    def _error(self, error: Error) -> bytes:
        if error.re == Re.LOGOUT:
            return _line(response="logout", error="Not logged in!", username="")
        if error.code == NotRegistered.code:
            return _line(response="message", error="You are not logged in!")
        if error.re == Re.LOGIN:
            told = {
                BadName.code: "Invalid username!",
                NameTaken.code: "Name already taken!",
                AlreadyRegistered.code: ALREADY,
            }
            return _line(response="login", error=told.get(error.code, error.message), username=self._name)
        return _line(response="message", error=error.message)

    def encode(self, event: Event) -> bytes:
        """A state event; as in the other form."""
        match event:
            case Notice():
                return _line(response="message", message=event.text)
            case Gap():
                return _line(response="message", message=MISSING)
        return b""

    def encode_log(self, lines: bytes) -> bytes:
        """Messages, each an object on a line of its own."""
        return encode_log(lines, self._shown, lambda text: _line(response="message", message=text))

    def _text(self, entry: Spoken) -> str:
        head = f"{entry.ts[11:19]} {speaker(entry.uid, entry.name)}: {self._whisper_mark(entry)}"
        return "\n".join(head + harmless(line) for line in as_text(entry).split("\n"))

    @staticmethod
    def _deed(entry: Deed) -> str:
        return harmless(f"{entry.ts[11:19]} * {entry.name} {deed(entry)}")


def _text(request: dict[str, Any], *fields: str) -> str:
    """The content of a request; "" for the ways to have none."""
    for field in fields:
        if (content := request.get(field)) not in _EMPTY:
            return content if isinstance(content, str) else _encoder.encode(content).decode()
    return ""


def _names(page: WhoPage) -> str:
    names = ", ".join(person.name for person in page.clients)
    more = page.clients_total - len(page.clients)
    return f"{names} and {more} more" if more else names


def _line(**fields: object) -> bytes:
    return _object(fields)


def _object(fields: Mapping[str, object]) -> bytes:
    return _encoder.encode(fields) + b"\n"
