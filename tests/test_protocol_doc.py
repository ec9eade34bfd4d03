"""Every example of docs/protocol.md happens as it says, and nothing of the protocol is missing there."""

from __future__ import annotations

import contextlib
import io
import json
import re
import socket
import threading
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import NODEFAULT
from msgspec.structs import fields

from roomchat import errors, protocol
from roomchat.errors import refusals
from roomchat.server import Server
from roomchat.settings import Settings
from roomchat.wires import plain
from roomchat.wires.detect import FIRST_LINE

DOC = (Path(__file__).parent.parent / "docs" / "protocol.md").read_text(encoding="utf-8")
DEADLINE = 10.0  # seconds until what should have come will not come

# Values that differ each time, and what they look like. The doc's value must look so, too.
VARYING = {
    "token": r"[\w-]{32}",
    "epoch": r"[0-9a-f]{16}",
    "ts": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z",
    "seen": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z",
    "last_said": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z",
    "server": r"roomchat \d+\.\d+\S*",
    "uptime": r"\d+(\.\d+)?",
    "batches": r"\d+",
    "largest_batch": r"\d+",
}
SAME = ("token", "epoch")  # of these, the same in the doc is the same in life
BAD_COMMAND = "This is not a command the server knows: "  # the reason behind it is the decoder's


def examples() -> Iterator[Any]:
    """The lines of each example, with continuations joined; its name is the heading above it."""
    heading, count = "", 0
    for part in re.finditer(r"^#+ (.+)$|^```chat\n((?:(?!```).*\n)*)```$", DOC, re.MULTILINE):
        if part[1]:
            heading, count = re.sub(r"\W+", "-", part[1]).strip("-").lower(), 0
        else:
            count += 1
            yield pytest.param(re.sub(r"\n +", " ", part[2]).splitlines(), id=f"{heading}-{count}")


class Stage:
    """A server, and those who talk to it: what an example says is done and checked here."""

    def __init__(self, db: Path) -> None:
        # No example waits for the three seconds that the text tells of.
        self.settings: dict[str, Any] = {"port": 0, "db": str(db), "drain": 1.0, "away_after": 0.0}
        self.server: Server | None = None
        self.stopping: threading.Thread | None = None
        self.connections: dict[str, tuple[socket.socket, Any]] = {}
        self.known: dict[tuple[str, str], str] = {}  # (field, the doc's value) to the real one
        self.sent_last = ""

    def play(self, lines: list[str]) -> None:
        """Carry an example out, line by line; at the end nobody may have received more."""
        for line in lines:
            if line.startswith("#"):
                self.direct(line[1:].strip())
                continue
            who, direction, what = re.fullmatch(r"(\w+)([<>]) (.+)", line).groups()
            if direction == ">":
                # Whoever sends next must not do so before it is known that the one before was handled.
                assert self.sent_last in ("", who), f"nothing is received between {self.sent_last}> and {line}"
                self.sent_last = who
                self.send(who, what)
            else:
                self.sent_last = ""
                self.receive(who, what)
        for _ in range(2):  # what the first round may still have under way, the second one finds
            for who in list(self.connections):
                assert self.next_after_ping(who) == [], f"{who} receives more than the example says"

    def direct(self, words: str) -> None:
        """What stands behind a number sign."""
        verb, _, values = words.partition(":")
        if verb == "server":
            self.settings |= self.read_settings(values)
        elif verb == "the server stops":
            self.stop()
        elif verb == "the server starts again":
            self.stop()
            self.settings |= self.read_settings(values)
            self.start()
        else:
            room = re.fullmatch(r"here|in (\w+)", verb)[1]
            for who in values.split(","):
                self.enter(who.strip(), room)
            for who in self.connections:
                self.next_after_ping(who)

    def read_settings(self, text: str) -> dict[str, Any]:
        """``large_room=2, resume_window=0.2`` as values of the right types."""
        pairs = (pair.strip().split("=") for pair in text.split(","))
        return {name: type(getattr(Settings, name))(value) for name, value in pairs}

    def start(self) -> None:
        self.server = Server(Settings(**self.settings))
        self.server.start()
        self.exchange("scout", {"type": "ping"})
        self.exchange("scout", {"type": "ping"})  # by now the server has done all that it does at its start
        self.close("scout")

    def stop(self) -> None:
        """Begin to stop the server; it waits for its clients to hang up."""
        if self.stopping is None and self.server is not None:
            self.stopping = threading.Thread(target=self.server.stop)
            self.stopping.start()
        if self.stopping is not None and not self.connections:
            self.stopping.join()
            self.stopping = self.server = None

    def connect(self, who: str) -> None:
        if self.server is None:
            self.start()
        assert self.server is not None
        peer = socket.create_connection(self.server.address, timeout=DEADLINE)
        self.connections[who] = peer, peer.makefile("rb")

    def close(self, who: str) -> None:
        peer, stream = self.connections.pop(who)
        stream.close()
        peer.close()

    def close_all(self) -> None:
        for who in list(self.connections):
            self.close(who)
        self.stop()

    def enter(self, who: str, room: str | None) -> None:
        """A new client, in a room perhaps."""
        self.connect(who)
        self.exchange(who, {"type": "hello", "protocol": protocol.VERSION, "name": who})
        if room:
            self.exchange(who, {"type": "join", "room": room})

    def exchange(self, who: str, command: dict[str, Any]) -> dict[str, Any]:
        """A command and the event that comes next."""
        if who not in self.connections:
            self.connect(who)
        peer, stream = self.connections[who]
        peer.sendall(json.dumps(command).encode() + b"\n")
        return json.loads(stream.readline())

    def next_after_ping(self, who: str) -> list[dict[str, Any]]:
        """Everything that comes before the answer to a ping."""
        event = self.exchange(who, {"type": "ping", "id": "mark"})
        events = []
        while event.get("re") != "mark":
            events.append(event)
            event = json.loads(self.connections[who][1].readline())
        return events

    def send(self, who: str, what: str) -> None:
        if what == "(closed)":
            self.close(who)
            return
        if who not in self.connections:
            self.connect(who)
        if what != "(connected)":
            for (_, written), real in self.known.items():
                what = what.replace(f'"{written}"', f'"{real}"')
            self.connections[who][0].sendall(what.encode() + b"\n")

    def receive(self, who: str, what: str) -> None:
        line = self.connections[who][1].readline()
        if what == "(closed)":
            assert line == b"", f"{who} receives {line!r} instead of the end"
            self.close(who)
            return
        assert line, f"{who}'s connection ends instead of: {what}"
        expected, event = json.loads(what), json.loads(line)
        # As text, so that 1 and true, or 1 and 1.0, are not the same.
        assert self.plain(event, None) == self.plain(expected, event), f"{who} receives {line.decode()}"

    def plain(self, event: Any, real: Any) -> str:
        """An event as text, with the same in the place of all that varies.

        Args:
            event: one from the server, or one from the doc.
            real: for one from the doc, what the server sent for it: the doc's tokens are learnt from it.
        """

        def look(key: str, value: Any) -> Any:
            if key not in VARYING or isinstance(value, dict):
                return value
            text = value if isinstance(value, str) else json.dumps(value)
            assert re.fullmatch(VARYING[key], text), f"{value!r} does not look like a {key}"
            if key not in SAME:
                return "..."
            if real is not None and isinstance(real.get(key), str):
                return self.known.setdefault((key, value), real[key])
            return value

        def walk(value: Any) -> Any:
            if isinstance(value, dict):
                value = {key: look(key, walk(one)) for key, one in value.items()}
                if value.get("code") == "bad_command" and value["message"].startswith(BAD_COMMAND):
                    value["message"] = BAD_COMMAND
            elif isinstance(value, list):
                value = [walk(one) for one in value]
            return value

        return json.dumps(walk(event), sort_keys=True, indent=1)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(tmp_path / "log.db")
    yield stage
    stage.close_all()


@pytest.mark.parametrize("lines", list(examples()))
def test_example(lines: list[str], stage: Stage) -> None:
    """What the doc says is sent and received is sent and received: in order, field for field, nothing else."""
    stage.play(lines)


@pytest.mark.parametrize(
    "lines",
    [
        ['ann> {"type": "ping"}', 'ann< {"type": "pong"}'],
        ["# here: ann", 'ann> {"type": "ping"}', 'ann< {"type": "pong", "re": 1}'],
        ["# here: ann", 'ann> {"type": "ping"}'],
        ["# here: ann, bob", 'ann> {"type": "dial", "uid": 2}'],
        ["# here: ann", 'ann> {"type": "bye"}', 'ann< {"type": "bye"}', 'ann< {"type": "pong"}'],
        ["# here: ann", 'ann> {"type": "ping"}', "ann< (closed)"],
    ],
)
def test_a_wrong_example_is_noticed(lines: list[str], stage: Stage) -> None:
    """The test above would fail if the doc said something else than what happens."""
    with pytest.raises(AssertionError):
        stage.play(lines)


# ---------------------------------------------------------------- completeness


def test_there_are_examples() -> None:
    """None is overlooked: as many are found as there are fences, and all fences are of a kind that is run."""
    fences = re.findall(r"^```(.*)$", DOC, re.MULTILINE)[::2]
    assert fences.count("chat") == len(list(examples())) > 15
    assert set(fences) == {"chat", "python"}


SECTIONS = dict(re.findall(r"^### (.+?)\n(.*?)(?=^##|\Z)", DOC, re.MULTILINE | re.DOTALL))
COMMANDS = typing.get_args(protocol.AnyCommand)
EVENTS = typing.get_args(protocol.AnyEvent)
EVERYWHERE = {"id", "re"}  # described once, under "Order, `id` and `re`"


def tag(kind: type) -> str:
    return str(kind.__struct_config__.tag)  # type: ignore[attr-defined]


def section(kind: type) -> str:
    """Where a command or event is described; an event has "(event)" where a command has the same name."""
    shared = kind in EVENTS and tag(kind) in map(tag, COMMANDS)
    return SECTIONS[f"`{tag(kind)}`" + " (event)" * shared]


@pytest.mark.parametrize("kind", COMMANDS + EVENTS, ids=lambda kind: kind.__name__)
def test_every_field_is_described(kind: type) -> None:
    """The table of each command and event has just its fields, and says which are optional."""
    table = section(kind).partition("\n| code |")[0]
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \|", table, re.MULTILINE)
    written = {name: "optional" in what for name, what in rows}
    optional = {
        field.name: field.default is not NODEFAULT or field.default_factory is not NODEFAULT
        for field in fields(kind)
        if field.name not in EVERYWHERE
    }
    assert written == optional


def test_every_section_is_of_something() -> None:
    """The doc describes no command and no event that does not exist."""
    kinds = {section(kind) for kind in COMMANDS + EVENTS}
    assert {title for title, body in SECTIONS.items() if title.startswith("`") and body not in kinds} == set()


@pytest.mark.parametrize(
    "kind", [protocol.Person, protocol.RoomSummary, protocol.Limits], ids=lambda kind: kind.__name__
)
def test_fields_of_parts_are_mentioned(kind: type) -> None:
    """What stands inside of lists and limits is named where `welcome` is described."""
    missing = {field.name for field in fields(kind) if f"`{field.name}`" not in SECTIONS["`welcome`"]}
    assert missing == set()


def test_every_code_is_in_the_table() -> None:
    """The table of errors has each code once, says which close the connection, and knows no other codes."""
    rows = re.findall(r"^\| `(\w+)` \|[^|]+\| (yes|no) \|", SECTIONS["`error`"], re.MULTILINE)
    assert len(rows) == len(dict(rows))
    # The others are those of other wires.
    ours = [kind for kind in refusals() if kind.__module__.startswith(errors.__name__)]
    assert dict(rows) == {kind.code: "yes" if kind.closes else "no" for kind in ours}


def test_a_code_closes_always_or_never() -> None:
    """What the other wires refuse has codes of the table too, and closes where that says so."""
    closes = {(kind.code, kind.closes) for kind in refusals()}
    assert len(closes) == len(dict(closes))
    assert f"`{plain.NotForHere.code}`" in SECTIONS["`error`"]


def test_the_codes_of_a_command_exist() -> None:
    """Wherever the doc lists the errors of a command, it names codes that there are."""
    codes = {kind.code for kind in refusals()}
    for listed in re.findall(r"Errors: ([^:]*?)\.\s", DOC):
        assert set(re.findall(r"`(\w+)`", listed)) <= codes


def test_usual_numbers_are_the_defaults() -> None:
    """The numbers that the doc gives as the usual ones are those of Settings."""
    usual = Settings()
    assert (usual.port, usual.hello_timeout, usual.resume_window, usual.large_room) == (5050, 10, 120, 200)
    assert usual.away_after == 3
    assert (usual.greet_after, usual.login_timeout, FIRST_LINE) == (0.5, 300, 1024)
    assert (usual.rate, usual.burst, usual.outbox_limit) == (20, 400, 1024 * 1024)
    assert (usual.max_text, usual.max_name, usual.max_line, usual.max_rooms) == (8192, 32, 65536, 100)
    assert (usual.history, usual.max_history, usual.large_room_interval, protocol.PAGE) == (50, 1000, 1, 100)


# ---------------------------------------------------------------- the small client


def until(client: Any, wanted: str, texts: list[str]) -> None:
    """Receive up to a message, over as many connections as it takes; collect the texts of all."""
    while wanted not in texts:
        try:
            event = client.receive()
        except OSError:
            client.close()
            client.connect()
            continue
        if event and event["type"] == "message":
            texts.append(event["text"])


def test_the_small_client_loses_and_doubles_nothing(tmp_path: Path) -> None:
    """Its connection breaks in the middle of what it says and hears, and the server is started again."""
    names: dict[str, Any] = {}
    exec(re.search(r"^```python\n(.*?)^```$", DOC, re.MULTILINE | re.DOTALL)[1], names)
    settings = {"db": str(tmp_path / "log.db"), "rate": 0.0, "drain": 0.0}
    heard: dict[str, list[str]] = {"ann": [], "bob": []}
    with Server(Settings(port=0, **settings)) as server:
        host, port = server.address
        clients = {name: names["Client"](host, port, name) for name in heard}
        for client in clients.values():
            client.connect()
            client.send(type="join", room="lobby")
            while client.receive()["type"] != "joined":
                pass
        ann = clients["ann"]
        for i in range(30):
            if i % 10 == 5:
                for client in clients.values():
                    with contextlib.suppress(OSError):  # bob's is broken already: he hears nothing meanwhile
                        client.socket.shutdown(socket.SHUT_RDWR)
            try:
                ann.say("lobby", str(i))
            except OSError:
                ann.close()
                ann.connect()
        for name, client in clients.items():
            until(client, "29", heard[name])
            client.close()
    with Server(Settings(port=0, **settings)) as server:
        for client in clients.values():
            client.address = server.address
            client.connect()
        for i in range(30, 33):
            ann.say("lobby", str(i))
        for name, client in clients.items():
            until(client, "32", heard[name])
            client.close()
    everything = [str(i) for i in range(33)]
    assert heard == {"ann": everything, "bob": everything}
    assert ann.pending == {}


def test_the_small_client_knows_its_own_messages_by_uid_device_and_n() -> None:
    """Those of another device of the same client have their own numbers."""
    names: dict[str, Any] = {}
    exec(re.search(r"^```python\n(.*?)^```$", DOC, re.MULTILINE | re.DOTALL)[1], names)
    client = names["Client"]("localhost", 5050, "ann")
    client.pending = {1: {"type": "say", "room": "tea", "text": "x", "n": 1}}
    message = {"type": "message", "room": "tea", "uid": 1, "n": 1}
    events = [
        {"type": "welcome", "uid": 1, "device": 2, "token": "t", "epoch": "e", "last_n": 1},
        message | {"seq": 1},
        message | {"seq": 2, "device": 3},
        message | {"seq": 3, "device": 2},
    ]
    client.lines = io.BytesIO(b"".join(json.dumps(event).encode() + b"\n" for event in events))
    assert [client.receive() and len(client.pending) for _ in events] == [1, 1, 1, 0]


def test_the_small_client_moves_its_cursor_past_entries_of_any_type() -> None:
    """What a later server may send; an event that is no entry moves nothing."""
    names: dict[str, Any] = {}
    exec(re.search(r"^```python\n(.*?)^```$", DOC, re.MULTILINE | re.DOTALL)[1], names)
    client = names["Client"]("localhost", 5050, "ann")
    events = [
        {"type": "reaction", "room": "tea", "seq": 7},
        {"type": "reaction", "room": "tea", "seq": 7},
        {"type": "typing", "room": "tea"},
        {"type": "reaction", "room": "tea", "seq": 9, "uid": 2},
    ]
    client.lines = io.BytesIO(b"".join(json.dumps(event).encode() + b"\n" for event in events))
    seen = [(client.receive(), dict(client.cursors)) for _ in events]
    assert seen == [(events[0], {"tea": 7}), (None, {"tea": 7}), (events[2], {"tea": 7}), (events[3], {"tea": 9})]
