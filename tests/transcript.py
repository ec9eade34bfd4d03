"""Conversations as transcripts, one a file in transcripts/ or, between people on several wires, wire_transcripts/:

    # Anything behind a number sign at the start of a line is a remark.
    settings: ktn_history="objects"    the server's settings, where they are not the default ones
    memory only                        it can't run over sockets, since time passes or the disk fails in it

    here: ann bob, cyd (plain)         each connects and says who it is; $cyd is the UID that cyd was told
    cyd (plain) says nothing           connects, and is silent for as long as it takes to be greeted
    ann (ktn) sends {"request": "login", "content": "ann"}
                                       what she types or her program sends; connects her if she is not connected
    bob sends at once                  several in one go, each indented on a line of its own
        /join lobby
        hello
    bob sends the bytes "a\\u00ff"      a JSON string of Latin-1, sent as it is
    bob sends no more                  he has ended his half of the connection
    bob sees <$ann ann> hi             the next that he receives; several, each indented on a line of its own
    ann sees {"response": "message", "content": "hi"}
    ann hangs up                       without a word
    ann is closed                      by the server, and has received all that it sent
    5 seconds pass
    the disk fails
    the disk works again

The wire is named where someone comes in first: ktn, ktn-2014, channels or plain; who comes without one is native.
What is sent ends the way programs of that wire end it: KTN's with nothing at all, all others with a line feed.
What is seen is, on the plain wire, a line of text, or the prompt without one; on the others an object, which has
these fields at least, and ``null`` is a field that is not there.

Those on the native wire have a shorter notation. What they send was handled when the next line is carried out.

    ann sends say text="hi" n=1        a command
    ann sends the line "{}"            a line as it is, written as a JSON string
    ann receives left room="r1"        her next event is this, and has these fields at least; ``re`` must be named
    ann, bob receive message text="hi"
    bob receives nothing more

``$word`` gets the value that stands in its place the first time, and stands for that value from then on, whatever
wire it is seen on, also within strings: ``"@$ann-$bob"``. ``$ann.token`` is the one that a native ann got with her
welcome. At the end the server is stopped: everyone who is still connected sees that, and has seen nothing else
that the transcript does not say.

A transcript knows nothing of how it is carried out, or where its bytes are split: that is a backend's part.
"""

from __future__ import annotations

import itertools
import json
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from roomchat.harmless import harmless
from roomchat.protocol import VERSION
from roomchat.wires.plain_text import ASK_NAME

STOPPING = "The server is stopping."
SAW_THE_STOP = {
    "plain": f"* {STOPPING}",
    "ktn": json.dumps({"response": "info", "content": STOPPING}),
    "ktn-2014": json.dumps({"response": "message", "message": STOPPING}),
    "channels": json.dumps({"type": "info", "info": STOPPING}),
    "native": json.dumps({"type": "notice", "text": STOPPING}),
}
KTN_FIELDS = {"timestamp", "sender", "response", "content"}
CODES = {
    "ktn": {"error", "info", "message", "history"},
    "ktn-2014": {"login", "message", "logout"},
    "channels": {"error", "info", "event", "message"},
}
# What a newcomer sends, and what stands in the last line of the answer.
HELLOS = {
    "plain": ("NAME", "/help"),
    "ktn": ('{"request": "login", "content": "NAME"}', "Login successful!"),
    "ktn-2014": ('{"request": "login", "username": "NAME"}', "messages"),
    "channels": ('{"type": "command", "command": "nick", "args": ["NAME"]}', "Welcome"),
    "native": (f'hello protocol={VERSION} name="NAME"', "welcome"),
}

_UID = re.compile(r"(?:uid is:|UID is|\"uid\":) ?(\d+)")
_TOKEN = re.compile(r'"token":"([^"]+)')
_STEP = re.compile(
    r"([\w, ]+?)(?: \(([\w-]+)\))? (says nothing|sends?|sees?|receives?|hangs? up|(?:is|are) closed)\b(.*)", re.S
)
_BARE = re.compile(r'("(?:[^"\\]|\\.)*")|(\$[\w.]+)')  # a string, or a value's name outside of any
_NAME = re.compile(r"\$(\w+(?:\.\w+)?)")
_FIELD = re.compile(r"\s*(\w+)=")
_JSON = json.JSONDecoder()


class Backend(Protocol):
    """Where a transcript is carried out. People are known by the names that it gives them."""

    def connect(self, who: str) -> None:
        """A new connection."""

    def pause(self, who: str) -> None:
        """It is silent until the server has made up its mind about it."""

    def send(self, who: str, data: bytes) -> None:
        """Bytes, split anywhere."""

    def half_close(self, who: str) -> None:
        """It sends no more."""

    def receive(self, who: str) -> bytes:
        """The next bytes; b"" when there are none to come."""

    def hang_up(self, who: str) -> None:
        """End the connection without a word."""

    def ended(self, who: str) -> bool:
        """Whether the server has ended the connection; asked when there are no bytes to come."""

    def stop(self) -> None:
        """Stop the server, with ``STOPPING``."""

    def wait(self, seconds: float) -> None:
        """Let time pass; in memory only."""

    def disk(self, works: bool) -> None:
        """Let the disk fail, or work again; in memory only."""


@dataclass
class Transcript:
    """One file, parsed as far as its header."""

    path: Path
    settings: dict[str, Any] = field(default_factory=dict)
    memory_only: bool = False
    steps: list[tuple[int, str]] = field(default_factory=list)  # line number and text; indented lines go with it

    def run(self, backend: Backend) -> None:
        """Carry it out. Raises AssertionError that names the line."""
        talk = _Talk(backend)
        where = ""
        try:
            for number, step in self.steps:
                where = f"line {number}"
                talk.carry_out(step)
            where = "at the end"
            talk.end()
        except AssertionError as error:
            raise AssertionError(f"{self.path.name}, {where}: {error}") from None


def load(path: Path) -> Transcript:
    """Read a transcript; lines that are indented belong to the one before them."""
    transcript = Transcript(path)
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("settings:"):
            transcript.settings = _fields(line.removeprefix("settings:"))
        elif line == "memory only":
            transcript.memory_only = True
        elif line[0] == " ":
            start, text = transcript.steps.pop()
            transcript.steps.append((start, f"{text}\n{line[4:]}"))
        else:
            transcript.steps.append((number, line))
    return transcript


@dataclass
class _Person:
    """Someone who is connected."""

    dialect: str
    buffer: bytes = b""  # received, not looked at yet
    early: deque[str] = field(default_factory=deque)  # lines that were read while something else was waited for


class _Talk:
    """A transcript while it is carried out."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._values: dict[str, Any] = {}
        self._people: dict[str, _Person] = {}
        self._dialects: dict[str, str] = {}  # of everyone who ever came by another wire than the native one
        self._numbers = itertools.count(1)

    def carry_out(self, step: str) -> None:
        if step.startswith("here: "):
            for who, dialect in re.findall(r"(\w+)(?: \(([\w-]+)\))?", step.removeprefix("here: ")):
                self._come(who, dialect)
        elif found := re.fullmatch(r"([\d.]+) seconds pass", step):
            self._backend.wait(float(found[1]))
        elif found := re.fullmatch(r"the disk (fails|works again)", step):
            self._backend.disk(found[1] != "fails")
        else:
            found = _STEP.fullmatch(step)
            assert found, f"can't be understood: {step}"
            for who in found[1].split(", "):
                self._do(who, found[2], found[3].removesuffix("s"), found[4].removeprefix(" "))

    def end(self) -> None:
        """Nobody has more to see than that the server stops."""
        self._backend.stop()
        for who, person in self._people.items():
            self._expect(who, SAW_THE_STOP[person.dialect])
            self._expect_end(who)

    def _come(self, who: str, dialect: str) -> None:
        """Say who one is; what is seen is passed over up to its last line, but for the UID and the token."""
        first, last = HELLOS[dialect or "native"]
        self._do(who, dialect, "send", first.replace("NAME", who))
        while True:
            piece = self._next(who)
            assert piece is not None, f"{who} was not welcome"
            if uid := _UID.search(piece):
                self._values[who] = int(uid[1])
            if token := _TOKEN.search(piece):
                self._values[f"{who}.token"] = token[1]
            if last in piece:
                return

    def _do(self, who: str, dialect: str | None, verb: str, what: str) -> None:
        if who not in self._people and verb in ("says nothing", "send"):
            if dialect:
                self._dialects[who] = dialect
            self._people[who] = _Person(self._dialects.get(who, "native"))
            self._backend.connect(who)
        assert who in self._people, f"{who} is not connected"
        if verb == "says nothing":
            self._backend.pause(who)
        elif verb == "send" and what == "no more":
            self._backend.half_close(who)
        elif verb == "send":
            self._send(who, b"".join(self._to_send(self._people[who].dialect, what)))
        elif verb == "see":
            for pattern in what.removeprefix("\n").split("\n"):
                self._expect(who, pattern)
        elif verb == "receive" and what == "nothing more":
            self._send(who, b"")
            rest = self._people[who].early
            assert not rest, f"{who} received {list(rest)}"
        elif verb == "receive":
            kind, _, fields = what.partition(" ")
            self._expect_object(who, {"type": kind, "re": None} | _fields(fields))
        else:
            if not verb.endswith("up"):
                self._expect_end(who)
            self._backend.hang_up(who)
            del self._people[who]

    # ------------------------------------------------------------ what is sent

    def _send(self, who: str, data: bytes) -> None:
        """Bytes; those on the native wire wait until they were handled, which the answer to a ping says."""
        person = self._people[who]
        if person.dialect != "native":
            self._backend.send(who, data)
            return
        handled = f"handled-{next(self._numbers)}"
        self._backend.send(who, data + json.dumps({"type": "ping", "id": handled}).encode() + b"\n")
        come = list(person.early)
        person.early.clear()
        while (piece := self._next(who)) is not None and f'"{handled}"' not in piece:
            come.append(piece)
        person.early.extend(come)

    def _to_send(self, dialect: str, what: str) -> Iterator[bytes]:
        if what.startswith("the bytes "):
            yield json.loads(what.removeprefix("the bytes ")).encode("latin-1")
            return
        for line in what.removeprefix("at once\n").split("\n"):
            if dialect != "native" or line.startswith("{"):
                text = _NAME.sub(lambda match: str(self._values.get(match[1], match[0])), line)
            elif line.startswith("the line "):
                text = json.loads(line.removeprefix("the line "))
            else:
                kind, _, fields = line.partition(" ")
                text = json.dumps({"type": kind} | _filled(_fields(fields), self._values))
            yield text.encode() + (b"" if dialect.startswith("ktn") else b"\n")

    # ------------------------------------------------------------ what is seen

    def _expect(self, who: str, pattern: str) -> None:
        if self._people[who].dialect == "plain":
            self._expect_text(who, pattern.rstrip())
        else:
            self._expect_object(who, json.loads(_quoted(pattern)))

    def _expect_object(self, who: str, wanted: dict[str, Any]) -> None:
        piece = self._next(who)
        assert piece is not None, f"{who} received nothing, expected {_filled(wanted, self._values)}"
        why = _differs(wanted, _checked(self._people[who].dialect, piece), self._values)
        assert not why, f"{who} received {piece}: {why}"

    def _expect_text(self, who: str, pattern: str) -> None:
        """A line; a value that is not known yet goes as far as the next space."""
        piece = self._next(who)
        assert piece is not None, f"{who} received nothing, expected {pattern}"
        assert harmless(piece) == piece, f"not harmless: {piece!r}"
        expression, position = "", 0
        for name in _NAME.finditer(pattern):
            known = self._values.get(name[1])
            value = rf"(?P<{name[1]}>[^\s>]+)" if known is None else re.escape(str(known))
            expression += re.escape(pattern[position : name.start()]) + value
            position = name.end()
        found = re.fullmatch(expression + re.escape(pattern[position:]), piece.rstrip())
        assert found, f"{who} received {piece!r}, expected {pattern!r}"
        self._values |= {key: int(text) if text.isdigit() else text for key, text in found.groupdict().items()}

    def _expect_end(self, who: str) -> None:
        rest = self._next(who)
        assert rest is None, f"{who} received more: {rest}"
        assert self._backend.ended(who), f"{who} is still connected"

    def _next(self, who: str) -> str | None:
        """The next line, or prompt, that someone received."""
        person = self._people[who]
        if person.early:
            return person.early.popleft()
        prompt = ASK_NAME.encode()
        while True:
            if person.dialect == "plain" and person.buffer.startswith(prompt):
                person.buffer = person.buffer.removeprefix(prompt)
                return ASK_NAME
            line, feed, rest = person.buffer.partition(b"\n")
            if feed:
                person.buffer = rest
                return line.decode()
            data = self._backend.receive(who)
            if not data:
                assert not person.buffer, f"{who} received a line without an end: {person.buffer!r}"
                return None
            person.buffer += data


def _checked(dialect: str, piece: str) -> Any:
    """An object that was received; for all on its wire holds this, whatever a transcript says."""
    event = json.loads(piece)
    if dialect in CODES:
        code = event["type" if dialect == "channels" else "response"]
        assert code in CODES[dialect], f"no code of {dialect}: {piece}"
    if dialect == "ktn":
        assert set(event) == KTN_FIELDS, f"not the fields of KTN: {piece}"
        assert isinstance(event["content"], list if event["response"] == "history" else str), piece
        assert (event["sender"] == "server") == (event["response"] != "message"), piece
    return event


# ---------------------------------------------------------------- values


def _quoted(text: str) -> str:
    """JSON, in which the names of values are strings."""
    return _BARE.sub(lambda match: match[1] or json.dumps(match[2]), text)


def _fields(text: str) -> dict[str, Any]:
    """``a=1 b="x" c=$ann`` as a dict."""
    text = _quoted(text).strip()
    fields: dict[str, Any] = {}
    while text:
        found = _FIELD.match(text)
        assert found, f"no field=value: {text}"
        fields[found[1]], end = _JSON.raw_decode(text, found.end())
        text = text[end:].strip()
    return fields


def _filled(value: Any, values: dict[str, Any]) -> Any:
    """A value with the named ones in it put in."""
    if isinstance(value, dict):
        return {_filled(key, values): _filled(one, values) for key, one in value.items()}
    if isinstance(value, list):
        return [_filled(one, values) for one in value]
    if not isinstance(value, str):
        return value
    if (name := _NAME.fullmatch(value)) and name[1] in values:
        return values[name[1]]
    return _NAME.sub(lambda match: str(values.get(match[1], match[0])), value)


def _differs(pattern: Any, value: Any, values: dict[str, Any]) -> str:
    """Why a value is not as the pattern says, or "". An object may have more fields than the pattern; null stands
    for a field that is not there; a name without a value yet gets this one."""
    if isinstance(pattern, dict):
        if not isinstance(value, dict):
            return f"{value!r} is no object"
        found = ((key, _differs(one, value.get(key), values)) for key, one in pattern.items())
        return next((f"{key}: {why}" for key, why in found if why), "")
    if isinstance(pattern, list):
        if not isinstance(value, list) or len(value) != len(pattern):
            return f"{value!r} is no list of {len(pattern)}"
        return next(filter(None, (_differs(*pair, values) for pair in zip(pattern, value, strict=True))), "")
    if isinstance(pattern, str) and (name := _NAME.fullmatch(pattern)) and value is not None:
        values.setdefault(name[1], value)
    pattern = _filled(pattern, values)
    return "" if (type(pattern), pattern) == (type(value), value) else f"expected {pattern!r}"
