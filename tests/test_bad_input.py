"""Peers that misbehave, over real sockets, while others keep talking and notice nothing."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from roomchat.server import Server
from roomchat.settings import Settings
from tests.inside import connection_of, keep_little, registry_of
from tests.peer import DEADLINE, Peer

Serve = Callable[..., Server]
Connect = Callable[..., Peer]

MAX_LINE = 8192  # bytes; small, so that what passes it is quick to send
PAUSE = 0.005  # seconds between two messages of those who talk all the time


class Pair:
    """Two who talk all the time, each message answered by the next, and who must notice nothing."""

    def __init__(self, server: Server) -> None:
        self._peers = [Peer(server.address), Peer(server.address)]
        for number, peer in enumerate(self._peers):
            peer.hello(f"healthy-{number}")
            peer.join("health")
        self._peers[0].expect("member_joined")
        self._over = threading.Event()
        self._talked = threading.Condition()
        self._rounds = self._goal = 0
        self._problem: BaseException | None = None
        self._thread = threading.Thread(target=self._talk)
        self._thread.start()

    def check(self) -> None:
        """Wait until a message that is said from now on has reached both."""
        with self._talked:
            self._goal = self._rounds + 2  # the first may have begun before
            assert self._talked.wait_for(lambda: self._problem or self._rounds >= self._goal, DEADLINE)
        self._raise()

    def close(self) -> None:
        """The end of it."""
        self._over.set()
        self._thread.join()
        for peer in self._peers:
            peer.close()
        self._raise()

    def _raise(self) -> None:
        if self._problem is not None:
            raise AssertionError("the healthy pair noticed something") from self._problem

    def _talk(self) -> None:
        try:
            while not self._over.is_set():
                seq = self._rounds + 1
                self._peers[seq % 2].send("say", text=f"text {seq}")
                for peer in self._peers:
                    peer.expect("message", seq=seq, text=f"text {seq}")
                with self._talked:
                    self._rounds = seq
                    self._talked.notify_all()
                if seq >= self._goal:  # nobody waits for more
                    self._over.wait(PAUSE)
        except BaseException as problem:  # noqa: BLE001 - told by check() and close()
            self._problem = problem
            with self._talked:
                self._talked.notify_all()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """One server that goes through all of this."""
    with Server(Settings(port=0, rate=0, max_line=MAX_LINE, resume_window=0, drain=0.2)) as server:
        yield server
    assert not server.failed


@pytest.fixture(scope="module")
def healthy(server: Server) -> Iterator[Pair]:
    """The pair that talks all the while."""
    pair = Pair(server)
    yield pair
    pair.close()


@pytest.fixture
def peer(server: Server, connect: Connect, healthy: Pair) -> Iterator[Peer]:
    """Somebody who will misbehave, on the native wire; in the end the healthy pair still talks."""
    yield speaks_native(connect(server))
    healthy.check()


def speaks_native(peer: Peer) -> Peer:
    """A peer whose first line has told which wire it speaks: from then on every line is held to be native."""
    peer.send("ping", id="first")
    peer.expect("error", code="not_registered", re="first")
    return peer


# ---------------------------------------------------------------- what is no command


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"hello", "bad_json"),
        (b'{"type":"ping"', "bad_json"),
        (b'{"type":"ping"} {"type":"ping"}', "bad_json"),
        (b"\xff\xfe\x00", "bad_json"),
        (b'{"type":"hello","protocol":1,"name":"\xff"}', "bad_json"),
        (b'{"type":"hello","protocol":1,"name":"\\ud800"}', "bad_json"),
        (b"\x00" * 100, "bad_json"),
        (b"[" * 3000, "bad_command"),
        (b'{"type":"ping","x":' + b'{"a":' * 700 + b"1" + b"}" * 700 + b"}", "not_registered"),
        (b'{"type":"ping","id":' + b'{"a":' * 700 + b"1" + b"}" * 700 + b"}", "bad_command"),
        (b"[]", "bad_command"),
        (b"null", "bad_command"),
        (b"1", "bad_command"),
        (b'"ping"', "bad_command"),
        (b"{}", "bad_command"),
        (b'{"type":null}', "bad_command"),
        (b'{"type":"shout"}', "bad_command"),
        (b'{"type":["ping"]}', "bad_command"),
        (b'{"type":"say"}', "bad_command"),
        (b'{"type":"say","text":5}', "bad_command"),
        (b'{"type":"dial","uid":"1"}', "bad_command"),
        (b'{"type":"dial","uid":0}', "bad_command"),
        (b'{"type":"dial","uid":-1}', "bad_command"),
        (b'{"type":"dial","uid":1.5}', "bad_command"),
        (b'{"type":"dial","uid":9007199254740992}', "bad_command"),
        (b'{"type":"dial","uid":1e400}', "bad_command"),
        (b'{"type":"dial","uid":' + b"9" * 4000 + b"}", "bad_command"),
        (b'{"type":"ping","id":' + b"9" * 400 + b"}", "bad_command"),
        (b'{"type":"ping","id":"' + b"9" * 65 + b'"}', "bad_command"),
        (b'{"type":"hello","protocol":1,"rooms":{"tea":-1}}', "bad_command"),
        (b'{"type":"hello","protocol":' + b"9" * 5000 + b"}", "bad_command"),
        (b'{"type":"hello","protocol":2,"name":"ann"}', "unsupported_protocol"),
        (b'{"type":"hello","protocol":1}', "bad_name"),
        (b'{"type":"say","text":"' + b"x" * MAX_LINE + b'"}', "too_long"),
        (b"x" * 10_000_000, "too_long"),
    ],
    ids=lambda value: value if isinstance(value, str) else repr(value[:40]),
)  # fmt: skip
def test_a_line_that_is_no_command_is_refused(peer: Peer, line: bytes, code: str) -> None:
    """It gets one error with its code, and the next line works."""
    peer.send_bytes(line + b'\n{"type":"ping","id":1}\n{"type":"hello","protocol":1,"name":"mallory"}\n')
    peer.expect("error", code=code)
    peer.expect("error", code="not_registered", re=1)
    peer.expect("welcome", name="mallory")


def test_a_deep_nesting_harms_nobody(peer: Peer) -> None:
    """Deeper than the reader goes it is no JSON, and the next line works; how deep that is depends on Python."""
    peer.send_bytes(b'{"type":"ping","x":' + b"[" * 4000 + b"]" * 4000 + b"}\n")
    assert peer.expect("error")["code"] in ("bad_json", "not_registered")
    peer.hello("mallory")


def test_a_refusal_names_its_command(peer: Peer) -> None:
    """The id of a line that is an object but no command comes back in the error."""
    peer.send_bytes(b'{"type":"shout","id":"seven"}\n{"type":"say","id":8}\n')
    peer.expect("error", code="bad_command", re="seven")
    peer.expect("error", code="bad_command", re=8)


def test_a_line_without_an_end_costs_one_error_and_little_memory(server: Server, peer: Peer) -> None:
    """It is refused when it passes the limit, skipped as it comes, and never kept."""
    peer.hello("mallory")
    for _ in range(100):
        peer.send_bytes(b"x" * 100_000)
    peer.expect("error", code="too_long")
    peer.send_bytes(b"\n")
    assert peer.sync() == []
    connection = connection_of(server, peer.uid)
    assert len(connection.wire._commands._lines._rest) <= MAX_LINE


def test_many_tiny_lines_are_answered_one_by_one(peer: Peer) -> None:
    """100,000 lines of one byte in one write get as many errors; empty ones get none."""
    peer.hello("mallory")
    writer = threading.Thread(target=peer.send_bytes, args=(b"x\n\n" * 100_000 + b'{"type":"ping","id":"end"}\n',))
    writer.start()
    events = peer.collect("pong", re="end")
    writer.join()
    assert [event.get("code") for event in events] == ["bad_json"] * 100_000 + [None]


def test_however_a_line_is_split_it_is_one(server: Server, connect: Connect, healthy: Pair) -> None:
    """Half a line waits for its other half; bytes may come one at a time, those of the first line too."""
    peer = connect(server)
    line = '{"type":"hello","protocol":1,"name":"zoë"}\n'.encode()
    for i in range(len(line)):
        peer.send_bytes(line[i : i + 1])
    peer.expect("welcome", name="zoë")
    peer.send_bytes(b'{"type":"pi')
    peer.send_bytes(b'ng","id":1}\n{"type":"ping","id":2}\n{"type"')
    peer.expect("pong", re=1)
    peer.expect("pong", re=2)
    peer.send_bytes(b':"ping","id":3}\n')
    peer.expect("pong", re=3)
    healthy.check()


# ---------------------------------------------------------------- connections that end badly


def test_commands_before_a_half_close_are_answered(peer: Peer) -> None:
    """A peer that ends its own half still gets all replies, and then the end."""
    peer.hello("mallory")
    peer.join("den")
    peer.send("say", text="last words")
    peer.send("history", room="den", id="h")
    peer.send_bytes(b'{"type":"who","id":"w"}\n{"type":"ping","id":"p"}\n{"type":"pi')
    peer.half_close()
    events = peer.ended()
    assert [event["type"] for event in events] == ["message", "history", "who", "pong"]
    assert [message["text"] for message in events[1]["entries"]] == ["last words"]


def test_who_comes_and_goes_five_hundred_times(server: Server, peer: Peer) -> None:
    """Peers that hang up or reset, before or after a hello, or in the middle of a line, leave nothing behind."""
    hello = b'{"type":"hello","protocol":1,"name":"guest-%d"}\n{"type":"join","room":"hall"}\n{"type":"who"}\n'
    for number in range(500):
        guest = Peer(server.address)
        if number % 3:
            guest.send_bytes(hello % number if number % 3 == 1 else (hello % number)[:-10])
        if number % 2:
            guest.reset()
        else:
            guest.close()
    peer.hello("mallory")
    give_up = time.monotonic() + DEADLINE
    while True:  # until the server has noticed all
        peer.send("stats")
        stats = peer.until("stats")
        here = (stats["clients"], stats["away"], stats["rooms"], len(registry_of(server).peers))
        if here == (3, 0, 1, 3):
            break
        assert time.monotonic() < give_up, here


def test_resets_in_the_middle_of_a_conversation(server: Server, peer: Peer) -> None:
    """A member that is reset while messages are on their way to it is seen going, and the rest go on."""
    peer.hello("mallory")
    peer.join("den")
    for number in range(20):
        guest = Peer(server.address)
        guest.hello(f"guest-{number}")
        guest.join("den", history=0)
        peer.until("member_joined", name=f"guest-{number}")
        peer.send_bytes(b'{"type":"say","text":"hi"}\n' * 50)
        guest.reset()
        peer.until("member_left", name=f"guest-{number}", reason="lost")
    peer.sync()


def test_who_never_says_hello_is_let_go(serve: Serve, connect: Connect) -> None:
    """Who has begun a line only, and who only talks nonsense, are closed after hello_timeout with the reason."""
    server = serve(hello_timeout=1.0, greet_after=0.05)
    healthy = connect(server, "ann")
    slow, babbler, late = connect(server), connect(server), connect(server)
    slow.send_bytes(b'{"type":"hello"')
    babbler.send_bytes(b'{"type":"nonsense"}\nnonsense\nhel')
    late.hello("late")
    assert [event["code"] for event in slow.ended()] == ["hello_timeout"]
    assert [event["code"] for event in babbler.ended()] == ["bad_command", "bad_json", "hello_timeout"]
    for peer in (healthy, late):
        assert peer.sync() == []


# ---------------------------------------------------------------- too many


def test_too_many_connections_from_an_address(serve: Serve, connect: Connect) -> None:
    """One more than allowed is told so and closed; when one ends there is room again."""
    server = serve(max_connections=3)
    peers = [connect(server, f"peer-{number}") for number in range(3)]
    extra = connect(server)
    extra.send("ping")
    assert [event["code"] for event in extra.ended()] == ["too_many_connections"]
    peers[0].send("bye")
    peers[0].expect("bye")
    connect(server, "another")


def test_a_full_server(serve: Serve, connect: Connect) -> None:
    """Who finds all seats taken is told so and closed; a seat that is given up can be had."""
    server = serve(max_clients=2)
    ann, _ = connect(server, "ann"), connect(server, "bob")
    extra = connect(server)
    extra.send("hello", protocol=1, name="cid")
    assert [event["code"] for event in extra.ended()] == ["server_full"]
    ann.send("bye")
    ann.expect("bye")
    connect(server, "cid")


def test_a_fast_sender_is_slowed_not_refused(serve: Serve, connect: Connect) -> None:
    """Commands beyond the burst are answered at the rate, all of them in order."""
    rate, burst, pings = 50, 10, 60
    fast = connect(serve(rate=rate, burst=burst), "fast")
    begun = time.monotonic()
    fast.send_bytes(b"".join(b'{"type":"ping","id":%d}\n' % number for number in range(pings)))
    assert [fast.expect("pong")["re"] for _ in range(pings)] == list(range(pings))
    assert time.monotonic() - begun >= (pings - burst) / rate - 0.01  # seconds; for rounding


def test_a_fast_sender_slows_nobody_else(serve: Serve, connect: Connect) -> None:
    """The commands of one would take much longer than another one waits for its own."""
    burst = 10
    server = serve(rate=0.02, burst=burst)
    fast, other = connect(server, "fast"), connect(server, "other")
    fast.send_bytes(b'{"type":"ping"}\n' * 60)
    other.join("tea")
    for number in range(burst - 3):  # hello and join took a token each
        other.send("ping", id=number)
        other.expect("pong", re=number)
    fast.expect("pong")


def test_a_full_inbox_loses_nothing(serve: Serve) -> None:
    """With room for ten commands only, all that several flooding clients say arrives, in each one's order."""
    server = serve(inbox_limit=10, io_threads=2)
    clients, each = 5, 600
    peers = [Peer(server.address) for _ in range(clients)]
    for number, peer in enumerate(peers):
        peer.hello(f"peer-{number}")
        peer.join("flood")
    for number in range(clients - 1):
        peers[number].sync()  # all have entered
    seen: list[list[tuple[int, str]]] = [[] for _ in peers]

    def read(number: int) -> None:
        seen[number] += ((event["uid"], event["text"]) for event in peers[number].messages(clients * each))

    threads = [threading.Thread(target=read, args=(number,)) for number in range(clients)]
    for peer in peers:
        lines = b"".join(b'{"type":"say","n":%d,"text":"%d"}\n' % (n, n) for n in range(1, each + 1))
        threads.append(threading.Thread(target=peer.send_bytes, args=(lines,)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(one == seen[0] for one in seen)
    for peer in peers:
        assert [text for uid, text in seen[0] if uid == peer.uid] == [str(n) for n in range(1, each + 1)]
        peer.close()


@pytest.mark.parametrize("command", ["who", "history"])
def test_who_asks_a_lot_and_reads_nothing_is_not_read(serve: Serve, connect: Connect, command: str) -> None:
    """What waits for it stays bounded, others notice nothing, and when it reads it gets every reply."""
    limit, inbox_limit, questions = 64 * 1024, 100, 6000
    server = serve(outbox_limit=limit, inbox_limit=inbox_limit)
    keep_little(server)
    ann = connect(server, "ann")
    ann.join("den")
    ann.send("say", text="x" * 100)
    ann.messages(1)
    greedy = connect(server, "greedy", receive_buffer=4096)
    greedy.join("den", history=0)
    padding = "x" * 300  # so that what is read at a time is not too many commands
    line = json.dumps({"type": command, "room": "den", "padding": padding}).encode() + b"\n"
    connection = connection_of(server, greedy.uid)
    writer = threading.Thread(target=greedy.send_bytes, args=(line * questions,))
    writer.start()
    give_up = time.monotonic() + DEADLINE
    while connection.outbox.size == 0:
        ann.sync()
        assert time.monotonic() < give_up
    for _ in range(50):  # now and then, while more is asked
        ann.sync()
        # What is on its way when it becomes congested is answered still: what the connection, the inbox, the hub
        # and its deliveries hold.
        asked = 3 * inbox_limit + 5 * 64 * 1024 // len(line)
        assert connection.outbox.size <= limit + asked * 150
        assert len(connection.outbox._items) <= asked + limit // 100
    for _ in range(questions):
        greedy.until(command)
    writer.join()
    assert greedy.sync() == []


# ---------------------------------------------------------------- anything at all

quickly = examples(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

pieces = st.one_of(
    st.binary(max_size=200),
    st.sampled_from([b"\n", b"{", b"}", b'{"type":', b'"say"', b'{"type":"ping"}', b"}\n{", b"\r\n", b"\xf0\x9f"]),
)


@quickly
@given(st.lists(pieces, max_size=20).map(b"".join))
def test_no_bytes_make_the_server_fall(server: Server, healthy: Pair, data: bytes) -> None:
    """Whatever comes on the native wire before a hello gets errors, if anything, until the peer ends."""
    with Peer(server.address) as peer:
        speaks_native(peer)
        peer.send_bytes(data)
        peer.half_close()
        assert {event["type"] for event in peer.ended()} <= {"error", "bye"}
    healthy.check()


names = st.one_of(st.sampled_from(["ann", "den", "@1-2", "@", "@1-", "r1", "health"]), st.text(max_size=40))
numbers = st.one_of(st.integers(-1, 5), st.sampled_from([2**31, 2**53 - 1, 2**53, 2**63, 2**64]))
objects = st.dictionaries(names, numbers, max_size=3)
values = st.one_of(names, numbers, st.none(), st.booleans(), st.floats(), objects)
FIELDS: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "hello": {"protocol": numbers, "name": names, "token": names, "rooms": objects},
    "dial": {"uid": numbers},
    "join": {"room": names, "after": numbers, "history": numbers},
    "leave": {"room": names},
    "say": {"text": st.text(), "room": names, "n": numbers},
    "whisper": {"uid": numbers, "text": st.text(), "n": numbers},
    "name": {"name": names},
    "who": {"room": names, "after": numbers},
    "rooms": {"after": names},
    "history": {"room": names, "before": numbers, "after": numbers, "limit": numbers},
    "stats": {},
    "ping": {"id": values},
    "bye": {},
}


def command(type: str) -> st.SearchStrategy[dict[str, Any]]:
    """A command with some of its fields, mostly of the right type."""
    fields = {field: st.one_of(value, value, value, values) for field, value in FIELDS[type].items()}
    return st.fixed_dictionaries({"type": st.just(type)}, optional=fields)


@quickly
@given(names, st.lists(st.sampled_from(sorted(FIELDS)).flatmap(command), max_size=12))
def test_no_commands_make_the_server_fall(
    server: Server, healthy: Pair, name: str, commands: list[dict[str, Any]]
) -> None:
    """Whatever a client asks is answered or refused, and the connection ends when the client ends it."""
    # The healthy pair would notice who comes into its room, or whispers to one of the two.
    commands = [one for one in commands if one.get("room") != "health" and one.get("uid") not in (1, 2)]
    commands = [one for one in commands if "rooms" not in one]
    with Peer(server.address) as peer:
        peer.send("hello", protocol=1, name=name)
        peer.send("join", room="den")
        for one in commands:
            peer.send(**one)
        peer.half_close()
        events = peer.ended()
    if events[0]["type"] == "welcome" and not any(one["type"] in ("bye", "dial") for one in commands):
        assert len(events) >= 1 + sum(one["type"] not in ("say", "whisper") for one in commands)
    healthy.check()
