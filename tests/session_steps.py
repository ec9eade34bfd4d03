"""Steps of a session, as JSON: what comes, what is said, and what follows. The same in tests/web/steps.mjs.

A step is one of

    {"in": EVENT}            what is shown and sent, and whether to send again in a while ("retry")
    {"say": LINE}            its "n"; or the code of why it is "refused"
    {"hello": true}          the "hello": its rooms as pairs, without what is the same in all
    {"due": true}            what is to be "send"
    {"read": [ROOM, SEQ]}    likewise
    {"answers": CODE}        whether there "is" another hello that may be accepted
    {"state": true}          all that is known
    {"again": true}          it is kept, and goes on in another program

Fields that an event or command does not have are those of transcripts/session/defaults.json.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec

from roomchat.client.login import Login
from roomchat.client.session import Session
from roomchat.errors import Denied
from roomchat.protocol import Command, Error, Hello, Kind, Say, Statement, Unknown, Whisper
from roomchat.wires.native import NativeClientWire

FOLDER = Path(__file__).parent / "transcripts" / "session"
DEFAULTS: dict[str, Any] = json.loads((FOLDER / "defaults.json").read_text(encoding="utf-8"))
SAME = ("protocol", "client", "features", "new_token")  # in every hello, or another one in each

Json = dict[str, Any]


def filled(fields: Json) -> Json:
    """An event with the fields that it is not given; so are the entries of a page."""
    event = {**DEFAULTS["events"].get(fields["type"], {}), **fields}
    if "entries" in event:
        event["entries"] = [filled(entry) for entry in event["entries"]]
    return event


def whole(command: Json) -> Json:
    """A command, likewise."""
    return {**DEFAULTS["commands"].get(command["type"], {}), **command}


def event_of(fields: Json) -> Statement:
    (event,) = NativeClientWire().receive_data(json.dumps(fields).encode() + b"\n")
    assert not isinstance(event, str), fields
    return event  # type: ignore[return-value]


class Steps:
    """A session that takes steps."""

    def __init__(self, login: Json | None = None) -> None:
        self.session = Session("ann", Login(**(login or {})))

    def take(self, step: Json) -> Json:
        """What follows from it."""
        ((kind, value),) = step.items()
        answer: Json = getattr(self, f"_{kind}")(value)
        return answer

    def _in(self, fields: Json) -> Json:
        fields = filled(fields)
        event = event_of(fields)
        outcome = self.session.receive(event)
        self.session.blocks.is_kept = True  # the server that serves the page keeps them
        shown = [fields if one is event else _plain(one) for one in outcome.show]
        return {"show": shown, "send": [_sent(one) for one in outcome.send], "retry": outcome.retry}

    def _say(self, line: Json) -> Json:
        kind: Kind = line.get("kind", "message")
        command = (
            Say(text=line["text"], room=line["room"], kind=kind)
            if "room" in line
            else Whisper(text=line["text"], uid=line["uid"], kind=kind)
        )
        try:
            return {"n": self.session.say(command).n}
        except Denied as denied:
            return {"refused": denied.code}

    def _hello(self, _: bool) -> Json:
        return {"hello": _sent(self.session.hello())}

    def _due(self, _: bool) -> Json:
        return {"send": [_sent(one) for one in self.session.due()]}

    def _read(self, where: tuple[str, int]) -> Json:
        told = self.session.read(*where)
        return {"send": [] if told is None else [_sent(told)]}

    def _answers(self, code: str) -> Json:
        return {"is": self.session.has_answer(Error(code=code, message=""))}

    def _state(self, _: bool) -> Json:
        session = self.session
        return {
            "name": session.name, "uid": session.uid, "device": session.device, "account": bool(session.account),
            "token": session.token, "epoch": session.epoch, "n": session.n, "room": session.room,
            "rooms": [*map(list, session.rooms.items())], "cursors": [*map(list, session.cursors.items())],
            "pending": [*session.pending], "blocked": sorted(session.blocks.uids),
            "names": sorted(map(list, session.names.items())), "over": session.login.over,
            "known": sorted(map(list, session.markers.known.items())),
        }  # fmt: skip

    def _again(self, _: bool) -> Json:
        old, self.session = self.session, Session(self.session.name)
        kept = ("uid", "device", "account", "token", "epoch", "n", "pending", "names", "blocks", "room", "rooms")
        for field in (*kept, "cursors", "markers", "_put_out"):
            setattr(self.session, field, getattr(old, field))
        if old.token is not None:
            self.session._asked = None
        return {}


def _plain(event: Statement) -> Json:
    assert not isinstance(event, Unknown), "it is shown as it came"
    fields: Json = msgspec.to_builtins(event)
    return fields


def _sent(command: Command) -> Json:
    fields: Json = msgspec.to_builtins(command)
    if isinstance(command, Hello):
        fields = {name: value for name, value in fields.items() if name not in SAME}
        if "rooms" in fields:
            fields["rooms"] = [*map(list, fields["rooms"].items())]
    return fields


# ---------------------------------------------------------------- transcripts


def load() -> list[Json]:
    """All transcripts: each has what it is "about", its "steps", and perhaps a "login"."""
    paths = sorted(path for path in FOLDER.glob("*.json") if path.name != "defaults.json")
    return [one for path in paths for one in json.loads(path.read_text(encoding="utf-8"))]


def parted(step: Json) -> tuple[Json, Json]:
    """A step of a transcript, and what follows from it: where nothing is said, an event is shown, and that is all.

    ``hello``, ``due`` and ``state`` have there what is to follow.
    """
    kind, value = next(iter(step.items()))
    rest = {name: value for name, value in step.items() if name != kind}
    if kind == "in":
        expected = {"show": [value], "send": [], "retry": False, **rest}
        return {kind: value}, {
            **expected,
            "show": [*map(filled, expected["show"])],
            "send": [*map(whole, expected["send"])],
        }
    if kind == "hello":
        return {kind: True}, {"hello": {"type": "hello", **value}}
    if kind == "due":
        return {kind: True}, {"send": value}
    if kind == "state":
        return {kind: True}, value
    return {kind: value}, rest


def follows(expected: Json, answer: Json) -> bool:
    """Whether that follows: sentences of a refusal, and what is known, only as far as they are expected."""
    if "show" not in expected:
        return all(answer.get(name) == value for name, value in expected.items())
    shown = [
        {name: value for name, value in one.items() if name != "message" or "message" in wanted}
        for wanted, one in zip(expected["show"], answer["show"], strict=False)
    ]
    return {**answer, "show": shown + answer["show"][len(shown) :]} == expected
