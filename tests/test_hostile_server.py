"""Whatever a server sends: a client ends with a sentence, in time, and never with a traceback."""

from __future__ import annotations

import contextlib
import json
import logging
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from roomchat.client.client import Client
from roomchat.client.looks import Looks
from roomchat.dialect import Malformed
from roomchat.errors import ConnectError, RoomchatError
from roomchat.programs.lists import people, rooms
from roomchat.programs.send import Sender
from roomchat.programs.tail import Start, Tail
from roomchat.protocol import History, HistoryPage, Message, Unknown
from roomchat.wires.native import NativeClientWire
from tests.program import Program, Terminal

TIMEOUT = 0.2  # seconds that each client has
PERSON = {"uid": 1, "name": "ann"}
WELCOME = {
    "type": "welcome", "uid": 1, "name": "ann", "token": "t", "epoch": "e", "last_n": 0, "server": "s",
    "clients": [], "clients_total": 0, "rooms": [], "rooms_total": 0, "re": 1,
    "limits": {"text": 8192, "name": 32, "line": 65536, "rooms": 100},
}  # fmt: skip
EVENTS: list[dict[str, object]] = [
    WELCOME,
    {"type": "joined", "room": "tea", "members": [PERSON], "members_total": 1, "last_seq": 5, "re": 1},
    {"type": "message", "room": "tea", "seq": 6, "uid": 1, "name": "ann", "ts": "2026-01-01T00:00:00Z",
     "text": "x", "n": 1},
    {"type": "gap", "room": "tea", "after": 1, "before": 4},
    {"type": "error", "code": "unknown_token", "message": "m"},
    {"type": "error", "code": "storage_unavailable", "message": "m", "n": 1},
    {"type": "error", "code": "not_in_room", "message": "m", "n": 1, "re": 1},
    {"type": "who", "clients": [PERSON] * 100, "clients_total": 100, "re": 1},
    {"type": "rooms", "rooms": [{"room": "tea", "members_total": 1, "last_seq": 1}] * 100,
     "rooms_total": 9, "re": 1},
    {"type": "history", "room": "tea", "entries": [], "more": True, "re": "look:0"},
    {"type": "left", "room": "tea"},
    {"type": "renamed", "uid": 1, "old": "ann", "name": "eve"},
    {"type": "pong", "re": "caught-up"},
    {"type": "pong", "re": 2},
    {"type": "bye"},
    {"type": "sparkle"},
    {"type": "reaction", "room": "tea", "seq": 7, "uid": 2, "to": 6},
    {"type": "history", "room": "tea", "entries": [{"type": "reaction", "room": "tea", "seq": 7}], "more": True,
     "re": "look:0"},
]  # fmt: skip
VALUES = st.sampled_from(
    [0, -1, 1, 2, 2**53, 2**63, 2**70, 1.5, None, True, "", "x", "\x1b[2J", [], {}, [{}], "look:0"]
)


@st.composite
def lines(draw: st.DrawFn) -> bytes:
    """Events as they should be, with a field of another kind, or no events at all."""
    if draw(st.integers(0, 9)) == 0:
        return draw(st.binary(max_size=50))
    event = dict(draw(st.sampled_from(EVENTS)))
    if draw(st.booleans()):
        event[draw(st.sampled_from(sorted(event)))] = draw(VALUES)
    return json.dumps(event).encode() + b"\n"


@contextlib.contextmanager
def fake(answer: bytes, *, ends: bool = False) -> Iterator[tuple[str, list[float]]]:
    """A server that sends these bytes to everyone; its address, and when each connection came."""
    came: list[float] = []
    held: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    peer, _ = listener.accept()
                    came.append(time.monotonic())
                    with contextlib.suppress(OSError):
                        peer.recv(65536)
                        peer.sendall(answer)
                    if ends:
                        peer.close()
                    else:
                        held.append(peer)

        server = threading.Thread(target=serve, daemon=True)
        server.start()
        yield f"127.0.0.1:{listener.getsockname()[1]}", came
        listener.shutdown(socket.SHUT_RDWR)
        server.join()
    for peer in held:
        peer.close()


class _Faults(logging.Handler):
    """What is logged with a traceback."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.faults: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.faults.append(self.format(record))


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(answer=st.lists(lines(), max_size=6).map(b"".join), ends=st.booleans(), is_welcome=st.booleans())
def test_any_bytes_end_in_a_sentence_in_time(answer: bytes, ends: bool, is_welcome: bool) -> None:
    """Of the library and of the programs that are made with it."""
    watch = _Faults()
    logging.getLogger("roomchat").addHandler(watch)
    if is_welcome:
        answer = json.dumps(WELCOME).encode() + b"\n" + answer
    try:
        with fake(answer, ends=ends) as (address, _):
            with contextlib.suppress(RoomchatError):
                Sender(address, "ann", others=False, timeout=TIMEOUT).run("tea", ["one", "two"])
            for ask in (lambda client: [*people(client, None)], lambda client: [*rooms(client)]):
                client = Client(address, "ann", request_timeout=TIMEOUT)
                with contextlib.suppress(RoomchatError):
                    client.open()
                    ask(client)
                client.close(timeout=0)
    finally:
        logging.getLogger("roomchat").removeHandler(watch)
    assert not watch.faults


@pytest.mark.parametrize("program", [["join"], ["send", "tea", "x"], ["who"], ["tail", "tea"]])
@pytest.mark.parametrize(
    "answer",
    [
        json.dumps(WELCOME | {"uid": 2**70}).encode() + b"\n",
        json.dumps(WELCOME).encode() + b"\n" + json.dumps(EVENTS[1] | {"last_seq": 2**70}).encode() + b"\n",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
    ],
    ids=["uid", "seq", "http"],
)
def test_a_program_says_that_it_is_no_server(program: list[str], answer: bytes) -> None:
    """One sentence."""
    with fake(answer) as (address, _):
        server = [address, "--name", "x"] if program == ["join"] else ["--server", address, "--timeout", "1"]
        if program[0] == "tail":
            server = ["--server", address]
        with Program(*program, *server) as ran:
            if program[0] in {"join", "tail"}:
                ran.expect("not a roomchat server")
            else:
                assert ran.wait() == 1
    assert "Traceback" not in ran.output


def test_unknown_token_to_one_who_has_none_is_the_end() -> None:
    """It can't be true, and asking again would be a circle."""
    with fake(json.dumps(EVENTS[4]).encode() + b"\n") as (address, came):
        with pytest.raises(ConnectError, match="not a roomchat server"):
            Client(address, "ann", state=False).open()
        assert len(came) == 1


def test_an_unknown_entry_in_a_page_costs_only_itself() -> None:
    """A later server may keep more than messages; one that sends a bad message is not a server."""
    wire = NativeClientWire()
    message = json.dumps(EVENTS[2])
    page = '{"type":"history","re":1,"room":"tea","more":false,"entries":[%s,%s,%s]}\n'
    for other, seqs in [
        ('{"type":"reaction","room":"tea","seq":7,"to":6}', [6, 7, 6]),
        ('{"type":"reaction","room":"tea","seq":1e9}', [6, 6]),  # no place, no entry
        ('{"type":"reaction","to":6}', [6, 6]),
    ]:
        (event,) = wire.receive_data((page % (message, other, message)).encode())
        assert isinstance(event, HistoryPage)
        assert [one.seq for one in event.entries] == seqs
        assert [one.seq for one in event.messages] == [6, 6]
    for bad in ('{"type":"message"}', '{"type":"message","room":"tea","seq":7}', '{"room":"tea","seq":7}', "7"):
        (event,) = wire.receive_data((page % (message, bad, message)).encode())
        assert isinstance(event, Malformed)


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_an_unknown_entry_keeps_its_place_among_what_comes(size: int) -> None:
    """However the bytes are split. What is of an unknown type and no entry is passed over."""
    wire = NativeClientWire()
    lines = [
        EVENTS[2],
        {"type": "reaction", "room": "tea", "seq": 7, "uid": 2, "to": 6},
        {"type": "typing", "room": "tea", "uid": 2},
        {"type": "typing", "seq": 7},
        {"type": "reaction", "room": "tea", "seq": "8"},
        EVENTS[2] | {"seq": 9},
        {"type": "unknown", "room": "tea", "seq": 10},
    ]
    data = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    events = [event for at in range(0, len(data), size) for event in wire.receive_data(data[at : at + size])]
    assert events[1::2] == [Unknown("tea", 7), Unknown("tea", 10)]
    assert [(type(event), event.seq) for event in events[::2]] == [(Message, 6), (Message, 9)]


def test_a_look_for_what_was_said_goes_on_behind_entries_that_it_does_not_know() -> None:
    """A page without any message leads on as well; where its entries have no seq, it ends the look."""
    looks, wire = Looks(), NativeClientWire()
    (asked,) = looks.begin({"tea": {1}})
    for page, before in (('{"type":"reaction","room":"tea","seq":7}', 7), (json.dumps(EVENTS[2]), None)):
        line = f'{{"type":"history","re":"{asked.id}","room":"tea","more":true,"entries":[{page}]}}\n'
        (event,) = wire.receive_data(line.encode())
        assert isinstance(event, HistoryPage)
        found, missing, _, more = looks.take(event, lambda _: True)
        assert [one.before for one in more] == [before] * bool(before)
    assert ([one.seq for one in found], missing) == ([6], set())
    for page in ('{"type":"reaction"}', ""):
        (asked,) = looks.begin({"tea": {1}})
        line = f'{{"type":"history","re":"{asked.id}","room":"tea","more":true,"entries":[{page}]}}\n'
        (event,) = wire.receive_data(line.encode())
        assert isinstance(event, HistoryPage)
        assert looks.take(event, lambda _: True) == ([], {1}, True, [])


# ---------------------------------------------------------------- a server that keeps more than messages


def _entry(seq: int, kind: str) -> dict[str, Any]:
    """Of a log in which the time is the seq: a minute each, from midnight on."""
    return EVENTS[2] | {"type": kind, "seq": seq, "ts": f"2026-01-01T00:{seq:02}:00Z"}


class Keeper:
    """A server of one room, whose log has a reaction wherever it has no message. A page has ``page`` entries at
    the most."""

    def __init__(self, messages: set[int], upto: int, page: int) -> None:
        self._log = [_entry(seq, "message" if seq in messages else "reaction") for seq in range(1, upto + 1)]
        self._page = page
        self.asked = 0  # pages
        self.hellos: list[dict[str, Any]] = []

    def answer(self, command: dict[str, Any]) -> list[dict[str, Any]]:
        """The events that a command leads to."""
        re, log = {"re": command.get("id")}, self._log
        match command["type"]:
            case "hello":
                self.hellos.append(command)
                return [WELCOME | re]
            case "join":
                after = command.get("after", log[-1]["seq"])
                return [EVENTS[1] | {"last_seq": log[-1]["seq"]} | re, *(one for one in log if one["seq"] > after)]
            case "history":
                self.asked += 1
                before = command.get("before", len(log) + 1)
                found = [one for one in log if one["seq"] < before]
                count = min(command["limit"], self._page)
                return [
                    {"type": "history", "room": "tea", "entries": found[-count:], "more": count < len(found)} | re
                ]
            case "leave":
                return [EVENTS[10] | re]
            case "say":  # someone was quicker
                said = {"text": command["text"], "n": command["n"]}
                log += [_entry(len(log) + 1, "reaction"), _entry(len(log) + 2, "message") | said]
                return log[-2:]
            case "ping":
                return [{"type": "pong"} | re]
            case _:
                return [{"type": "bye"} | re]


@contextlib.contextmanager
def keeping(keeper: Keeper) -> Iterator[str]:
    """A server that answers so, one connection after the other; its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    peer, _ = listener.accept()
                    with contextlib.suppress(OSError), peer, peer.makefile("rb") as lines:
                        for line in lines:
                            for event in keeper.answer(json.loads(line)):
                                peer.sendall(json.dumps(event).encode() + b"\n")

        server = threading.Thread(target=serve, daemon=True)
        server.start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
        server.join()


@pytest.mark.parametrize("page", [1, 2, 4, 100])
@pytest.mark.parametrize("since", range(16))
def test_tail_since_passes_over_entries_that_it_does_not_know(page: int, since: int) -> None:
    """Wherever messages stand among them, and however small the pages are: it shows those from then on."""
    shown: list[int] = []

    def write(line: bytes) -> bool:
        shown.append(json.loads(line)["seq"])
        return shown[-1] < 15  # the last one

    with keeping(Keeper({1, 8, 15}, 30, page)) as address:
        tail = Tail(address, "t", others=False, write=write, status=lambda _: None, timeout=5)
        tail.run("tea", Start(since=1_767_225_600_000 + since * 60_000), as_json=True)
    assert shown == [seq for seq in (1, 8, 15) if seq >= since]


def test_tail_since_asks_few_questions() -> None:
    """By halving, also where it does not know what it finds."""
    keeper = Keeper({1, 40}, 59, 100)
    with keeping(keeper) as address:
        tail = Tail(address, "t", others=False, write=lambda _: False, status=lambda _: None, timeout=5)
        tail.run("tea", Start(since=1_767_225_600_000 + 40 * 60_000), as_json=True)
    assert keeper.asked <= 12


def test_a_page_with_entries_that_it_does_not_know_is_an_answer() -> None:
    """The library gives it as it is, over one connection."""
    keeper = Keeper({1, 3}, 4, 100)
    with keeping(keeper) as address, Client(address, "ann", state=False, request_timeout=5) as client:
        client.join("tea")
        page = client.request(History(room="tea", limit=100))
    assert isinstance(page, HistoryPage)
    assert [entry.seq for entry in page.entries] == [1, 2, 3, 4]
    assert [message.seq for message in page.messages] == [1, 3]
    assert (keeper.asked, len(keeper.hellos)) == (1, 1)


def test_the_cursor_moves_past_entries_that_it_does_not_know(tmp_path: Path) -> None:
    """When they are replayed, and when they come live; kept as far as the program has handled them."""
    keeper = Keeper({1, 3}, 4, 100)
    with keeping(keeper) as address:
        with Client(address, "ann", state=tmp_path, request_timeout=5) as client:
            client.join("tea", after=0)
            seqs = []
            for event in client.events(timeout=5):
                if isinstance(event, Message | Unknown):
                    seqs.append(event.seq)
                    if event.seq == 4:
                        client.say("hello", "tea")
                    if event.seq == 6:
                        break  # and killed, before it asked for the next event
            assert client._state is not None
            client._state.close()
        with Client(address, "ann", state=tmp_path, request_timeout=5):
            pass
    assert seqs == [1, 2, 3, 4, 5, 6]
    assert [hello.get("rooms") for hello in keeper.hellos] == [None, {"tea": 5}]


def test_the_terminal_passes_over_entries_that_it_does_not_know() -> None:
    """A replay, what comes live, and a page of them, over one connection."""
    keeper = Keeper({1}, 2, 100)
    with (
        keeping(keeper) as address,
        Terminal("join", address, "--name", "ann", "--room", "tea", "--plain") as ann,
    ):
        ann.type("hello\n")
        ann.expect("ann: hello")
        ann.type("/history 100\n")
        ann.expect("last 2 messages in tea")
        ann.type("/quit\n")
        assert ann.wait() == 0
    assert (keeper.asked, len(keeper.hellos)) == (1, 1)
    assert "lost" not in ann.output


def test_tail_passes_over_entries_that_it_does_not_know() -> None:
    """It shows the messages, over one connection."""
    shown: list[int] = []

    def write(line: bytes) -> bool:
        shown.append(json.loads(line)["seq"])
        return len(shown) < 2

    keeper = Keeper({2, 4}, 5, 100)
    with keeping(keeper) as address:
        tail = Tail(address, "t", others=False, write=write, status=pytest.fail, timeout=5)
        tail.run("tea", Start(after=0), as_json=True)
    assert (shown, len(keeper.hellos)) == ([2, 4], 1)


class OtherDevice(Keeper):
    """What it is told to keep does not come back; another device of the same client says something instead."""

    def answer(self, command: dict[str, Any]) -> list[dict[str, Any]]:
        if command["type"] != "say":
            return super().answer(command)
        return [_entry(3, "message") | {"n": command["n"], "device": 2}]


def test_a_message_of_another_device_takes_nothing_from_what_is_kept(tmp_path: Path) -> None:
    """Neither from what this client waits for, nor from its state."""
    with keeping(OtherDevice({1}, 2, 100)) as address:
        with Client(address, "ann", state=tmp_path, request_timeout=5) as client:
            client.join("tea")
            n = client.say("mine")
            for event in client.events(timeout=5):
                if isinstance(event, Message):
                    break
            assert [*client.pending] == [client._session.pending[n]]
            assert client._state is not None
            client._state.close()  # killed
            client.close(timeout=0)
        again = Client(address, "ann", state=tmp_path)
        assert [said.text for said in again.pending] == ["mine"]
        again.close(timeout=0)
