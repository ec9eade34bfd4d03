"""Conversations between people on different wires as transcripts, one a file in wire_transcripts/:

    # Anything behind a number sign at the start of a line is a remark.
    settings: ktn_history="objects"    the server's settings, where they are not the default ones

    here: ann (ktn), bob (plain)       each connects and says who it is; $bob is the UID that bob was told
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
    ann hangs up
    ann is closed                      by the server, and has received all that it sent

The wire is named where someone comes in first: native, ktn, channels or plain. What is sent ends the way programs
of that wire end it: KTN's with nothing at all, all others with a line feed. What is seen is, on the plain wire, a
line of text, or the prompt without one; on the others an object, which has these fields at least, and ``null``
is a field that is not there.

``$word`` gets the value that stands in its place the first time, and stands for that value from then on, whatever
wire it is seen on. At the end the server is stopped: everyone who is still connected sees that, and has seen
nothing else that the transcript does not say.

A transcript knows nothing of how it is carried out, or where its bytes are split: that is a backend's part.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from roomchat.harmless import harmless
from roomchat.wires.plain import ASK_NAME
from tests.transcript import _BARE, _NAME, _differs, _fields

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
    "native": ('{"type": "hello", "protocol": 1, "name": "NAME"}', "welcome"),
}

_UID = re.compile(r"(?:uid is:|UID is|\"uid\":) ?(\d+)")
_STEP = re.compile(
    r"([\w, ]+?)(?: \(([\w-]+)\))? (says nothing|sends?|sees?|hangs? up|(?:is|are) closed)\b(.*)", re.S
)


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


@dataclass
class WireTranscript:
    """One file, parsed as far as its header."""

    path: Path
    settings: dict[str, Any]
    steps: list[tuple[int, str]]  # line number and text; indented lines are on lines of their own

    def run(self, backend: Backend) -> None:
        """Carry it out. Raises AssertionError that names the line."""
        talk = _Talk(backend)
        for number, step in self.steps:
            try:
                talk.carry_out(step)
            except AssertionError as error:
                raise AssertionError(f"{self.path.name}, line {number}: {error}") from None
        try:
            talk.end()
        except AssertionError as error:
            raise AssertionError(f"{self.path.name}, at the end: {error}") from None


def load(path: Path) -> WireTranscript:
    """Read a transcript; lines that are indented belong to the one before them."""
    transcript = WireTranscript(path, {}, [])
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("settings:"):
            transcript.settings = _fields(line.removeprefix("settings:"), {})
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
    seen: list[str] = field(default_factory=list)


class _Talk:
    """A transcript while it is carried out."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._values: dict[str, Any] = {}
        self._people: dict[str, _Person] = {}
        self._dialects: dict[str, str] = {}  # of everyone who ever came

    def carry_out(self, step: str) -> None:
        if step.startswith("here: "):
            for who, dialect in re.findall(r"(\w+) \(([\w-]+)\)", step):
                self._come(who, dialect)
            return
        match = _STEP.fullmatch(step)
        assert match, f"can't be understood: {step}"
        verb = match[3].removesuffix("s")
        for who in match[1].split(", "):
            self._do(who, match[2], verb, match[4].removeprefix(" "))

    def end(self) -> None:
        """Nobody has more to see than that the server stops."""
        self._backend.stop()
        for who, person in self._people.items():
            self._expect(who, SAW_THE_STOP[person.dialect])
            self._expect_end(who)

    def _come(self, who: str, dialect: str) -> None:
        """Say who one is; what is seen is passed over up to its last line, but for the UID."""
        first, last = HELLOS[dialect]
        self._do(who, dialect, "send", first.replace("NAME", who))
        while True:
            piece = self._next(who)
            assert piece is not None, f"{who} was not welcome"
            if uid := _UID.search(piece):
                self._values[who] = int(uid[1])
            if last in piece:
                return

    def _do(self, who: str, dialect: str | None, verb: str, what: str) -> None:
        if who not in self._people and verb in ("says nothing", "send"):
            self._dialects[who] = dialect or self._dialects.get(who, "")
            assert self._dialects[who], f"which wire does {who} come by?"
            self._people[who] = _Person(self._dialects[who])
            self._backend.connect(who)
        assert who in self._people, f"{who} is not connected"
        if verb == "says nothing":
            self._backend.pause(who)
        elif verb == "send" and what == "no more":
            self._backend.half_close(who)
        elif verb == "send":
            self._backend.send(who, b"".join(self._to_send(self._people[who].dialect, what)))
        elif verb == "see":
            for pattern in what.removeprefix("\n").split("\n"):
                self._expect(who, pattern)
        elif verb.endswith("up"):
            self._backend.hang_up(who)
            del self._people[who]
        else:
            self._expect_end(who)
            self._backend.hang_up(who)
            del self._people[who]

    def _to_send(self, dialect: str, what: str) -> Iterator[bytes]:
        if what.startswith("the bytes "):
            yield json.loads(what.removeprefix("the bytes ")).encode("latin-1")
            return
        end = b"" if dialect.startswith("ktn") else b"\n"
        for line in what.removeprefix("at once\n").split("\n"):
            yield _NAME.sub(lambda match: str(self._values.get(match[1], match[0])), line).encode() + end

    def _expect(self, who: str, pattern: str) -> None:
        dialect = self._people[who].dialect
        piece = self._next(who)
        assert piece is not None, f"{who} received nothing, expected {pattern}"
        _check_form(dialect, piece)
        if dialect == "plain":
            self._match_text(who, pattern.rstrip(), piece)
        else:
            wanted = json.loads(_BARE.sub(lambda match: match[1] or json.dumps(match[2]), pattern))
            why = _differs(wanted, json.loads(piece), self._values)
            assert not why, f"{who} received {piece}: {why}"

    def _match_text(self, who: str, pattern: str, piece: str) -> None:
        """A line; a value that is not known yet goes as far as the next space."""
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


def _check_form(dialect: str, piece: str) -> None:
    """What holds for everything that is sent on a wire, whatever a transcript says."""
    if dialect == "plain":
        assert harmless(piece) == piece, f"not harmless: {piece!r}"
        return
    event = json.loads(piece)
    if dialect in CODES:
        code = event["type" if dialect == "channels" else "response"]
        assert code in CODES[dialect], f"no code of {dialect}: {piece}"
    if dialect == "ktn":
        assert set(event) == KTN_FIELDS, f"not the fields of KTN: {piece}"
        assert isinstance(event["content"], list if event["response"] == "history" else str), piece
        assert (event["sender"] == "server") == (event["response"] != "message"), piece
