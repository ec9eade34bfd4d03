"""Conversations as transcripts, one a file in transcripts/:

    # Anything behind a number sign at the start of a line is a remark.
    settings: max_rooms=2              the server's settings, where they are not the default ones
    memory only                        it can't run over sockets, since time passes or the disk fails in it

    here: ann bob                      both connect, say hello and are welcome; $ann and $ann.token are known now
    ann sends say text="hi" n=1        a command; connects ann first if she is not connected
    ann sends the line "{}"            a line as it is, written as a JSON string
    ann sends at once:                 several in one go, each indented on a line of its own
    ann receives left room="r1"        her next event is this, and has these fields at least
    ann, bob receive message text="hi"
    bob receives nothing more
    ann hangs up                       without a word
    ann is closed                      by the server, and has received all that it sent
    5 seconds pass
    the disk fails
    the disk works again

Values are JSON. In what is received, ``null`` is a field that is not there, ``re`` must be named where there is
one, and ``$word`` gets the value that stands in its place the first time; from then on it stands for that value,
also within strings: ``"@$ann-$bob"``. At the end nobody may have received more than the transcript says.

A transcript knows nothing of how it is carried out: that is a backend's part.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from roomchat.protocol import VERSION

Event = dict[str, Any]

_BARE = re.compile(r'("(?:[^"\\]|\\.)*")|(\$[\w.]+)')  # a string, or a value's name outside of any
_NAME = re.compile(r"\$(\w+(?:\.\w+)?)")
_FIELD = re.compile(r"\s*(\w+)=")
_JSON = json.JSONDecoder()


class Backend(Protocol):
    """Where a transcript is carried out. People are known by the names that it gives them."""

    def send(self, who: str, data: bytes) -> None:
        """Bytes, from a connection that is made if there is none; returns when the server has handled them."""

    def receive(self, who: str) -> Event | None:
        """The next event; None when there is none to come."""

    def rest(self, who: str) -> list[Event]:
        """All that was sent to someone and not received yet."""

    def hang_up(self, who: str) -> None:
        """End the connection without a word."""

    def ended(self, who: str) -> bool:
        """Whether the server has ended the connection."""

    def wait(self, seconds: float) -> None:
        """Let time pass; in memory only."""

    def disk(self, works: bool) -> None:
        """Let the disk fail, or work again; in memory only."""


@dataclass
class Transcript:
    """One file, parsed as far as its header."""

    path: Path
    settings: dict[str, Any]
    memory_only: bool
    lines: list[tuple[int, str]]  # number and text of those that say something

    def run(self, backend: Backend) -> None:
        """Carry it out. Raises AssertionError that names the line."""
        values: dict[str, Any] = {}
        present: list[str] = []
        for number, line in self.lines:
            try:
                _carry_out(line, backend, values, present)
                if number == self.lines[-1][0]:
                    for who in present:
                        rest = backend.rest(who)
                        assert not rest, f"{who} received more: {rest}"
            except AssertionError as error:
                raise AssertionError(f"{self.path.name}, line {number}: {error}") from None


def load(path: Path) -> Transcript:
    """Read a transcript; a line that is indented goes on with the one before it."""
    transcript = Transcript(path, {}, False, [])
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("settings:"):
            transcript.settings = _fields(line.removeprefix("settings:"), {})
        elif line == "memory only":
            transcript.memory_only = True
        elif line[0] == " ":
            start, text = transcript.lines.pop()
            transcript.lines.append((start, f"{text}\n{line.strip()}"))
        else:
            transcript.lines.append((number, line))
    return transcript


def _carry_out(line: str, backend: Backend, values: dict[str, Any], present: list[str]) -> None:
    if match := re.fullmatch(r"here: ([\w ]+)", line):
        for who in match[1].split():
            present.append(who)
            hello = {"type": "hello", "protocol": VERSION, "name": who}
            backend.send(who, json.dumps(hello).encode() + b"\n")
            _expect(backend, who, {"type": "welcome", "uid": f"${who}", "token": f"${who}.token"}, values)
    elif match := re.fullmatch(r"([\d.]+) seconds pass", line):
        backend.wait(float(match[1]))
    elif match := re.fullmatch(r"the disk (fails|works again)", line):
        backend.disk(match[1] != "fails")
    elif match := re.fullmatch(r"([\w, ]+?) (sends?|receives?|hangs? up|(?:is|are) closed)\b(.*)", line, re.S):
        for who in match[1].split(", "):
            if who not in present:
                present.append(who)
            _carry_out_for(who, match[2].split()[-1].rstrip("s"), match[3].strip(), backend, values)
    else:
        raise AssertionError(f"can't be understood: {line}")


def _carry_out_for(who: str, verb: str, what: str, backend: Backend, values: dict[str, Any]) -> None:
    if verb == "send":
        backend.send(who, b"".join(_lines_to_send(what, values)))
    elif verb == "receive" and what == "nothing more":
        rest = backend.rest(who)
        assert not rest, f"{who} received {rest}"
    elif verb == "receive":
        kind, _, fields = what.partition(" ")
        _expect(backend, who, {"type": kind} | _fields(fields, None), values)
    elif verb == "up":
        backend.hang_up(who)
    else:
        assert backend.ended(who), f"{who} is still connected"


def _lines_to_send(what: str, values: dict[str, Any]) -> Iterator[bytes]:
    """``say text="hi"``, or ``the line "..."`` with a JSON string, or several of these, each on its own line."""
    for line in filter(None, what.removeprefix("at once:").split("\n")):
        kind, _, fields = line.partition(" ")
        if kind == "the":
            yield json.loads(fields.removeprefix("line")).encode() + b"\n"
        else:
            yield json.dumps({"type": kind} | _fields(fields, values)).encode() + b"\n"


def _fields(text: str, values: dict[str, Any] | None) -> dict[str, Any]:
    """``a=1 b="x" c=$ann`` as a dict; the named values put in, unless they are None: then left for later."""
    text = _BARE.sub(lambda match: match[1] or json.dumps(match[2]), text).strip()
    fields: dict[str, Any] = {}
    while text:
        field = _FIELD.match(text)
        assert field, f"no field=value: {text}"
        fields[field[1]], end = _JSON.raw_decode(text, field.end())
        text = text[end:].strip()
    return fields if values is None else _filled(fields, values)


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


def _expect(backend: Backend, who: str, pattern: Event, values: dict[str, Any]) -> None:
    event = backend.receive(who)
    assert event is not None, f"{who} received nothing, expected {_filled(pattern, values)}"
    why = _differs({"re": None} | pattern, event, values)
    assert not why, f"{who} received {event}: {why}"


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
