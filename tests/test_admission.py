"""What one peer, or one address, can make the server do: work is paid for, and nobody is shut out."""

from __future__ import annotations

import gc
import resource
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomchat.net import cost
from roomchat.net.admission import MIN_TOKENS, Admission
from roomchat.net.bucket import TokenBucket
from roomchat.net.connection import Connection, Phase
from roomchat.net.outbox import Outbox
from roomchat.protocol import Hello, Rooms, Say, Who
from roomchat.server import Server
from roomchat.settings import Settings
from roomchat.wires.detect import Detector
from roomchat.wires.table import Dialects
from tests.inside import connection_of, connections, registry_of
from tests.peer import Peer
from tests.trust import trusting

Serve = Callable[..., Server]
Connect = Callable[..., Peer]

SLOW = {"rate": 1.0, "burst": 20}


def backlogged(server: Server) -> list[Connection]:
    """Connections that are not read because they have used up what they may do."""
    return [one for one in connections(server) if one.starved]


# ---------------------------------------------------------------- what costs how much


def surplus(data: bytes, commands: Sequence[Any]) -> float:
    return cost.surplus(data, commands, cost.has_dear(commands))


@pytest.mark.parametrize("sign", [b"\n", b"\r", b"\xff", b"\xff\xf1", b" \n", b"\r\n"])
def test_whatever_makes_work_is_paid_for(sign: bytes) -> None:
    """Blank lines, telnet's options: as many tokens as if they were commands."""
    assert surplus(sign * 1000, ()) >= 1000


def test_commands_pay_once() -> None:
    """A command with its line feed is one token in all, also with the longest text, and also behind a CR."""
    assert surplus(b'{"type":"say"}\n' * 10, [Say(text="x")] * 10) == 0
    assert surplus(b'{"type":"say"}\r\n' * 10, [Say(text="x")] * 10) == 0
    assert surplus(b"x" * 9000 + b"\n", [Say(text="x" * 8192)]) == 0


def test_what_is_never_completed_is_paid_by_its_bytes() -> None:
    """So is what a line has too much of."""
    assert surplus(b"x" * 10 * cost.BYTES_PER_TOKEN, ()) == 10


def test_dear_commands_cost_more() -> None:
    """Lists, and a hello by the rooms that it names."""
    assert surplus(b"", [Who(), Rooms()]) > 2
    many = Hello(protocol=1, rooms={str(i): 0 for i in range(200)})
    assert surplus(b"", [many]) >= surplus(b"", [Hello(protocol=1)]) + 5


@given(st.lists(st.tuples(st.integers(0, 500), st.floats(0, 5), st.booleans()), max_size=30))
def test_a_debt_is_never_more_than_a_burst(steps: list[tuple[int, float, bool]]) -> None:
    """However much is spent, there is a token again after as long as a burst takes."""
    now, bucket = 0.0, TokenBucket(10.0, 50, 0.0)
    for tokens, seconds, spend in steps:
        now += seconds
        if spend:
            bucket.spend(tokens, now)
        else:
            assert 0 <= bucket.take(tokens, now) <= tokens
        assert bucket.next(now) <= now + 5.1 + 1e-6


@pytest.mark.parametrize("garbage", [b"\n", b"\xff\xf1", b'{"a":', b"{}", b"\r"])
@pytest.mark.parametrize("first", [b'{"type":"ping"}\n', b"ann\n", b'{"type":"command","command":"help"}\n', b""])
def test_a_flood_of_nothing_is_not_read_on(serve: Serve, connect: Connect, garbage: bytes, first: bytes) -> None:
    """In every dialect, and before one is known, a peer that has used up its burst is not read any more."""
    server = serve(**SLOW, greet_after=0.05)
    ann = connect(server, "ann")
    with socket.create_connection(server.address) as flood:
        flood.settimeout(0.05)
        flood.sendall(first)
        sent = 0
        while sent < 64 * 2**20:
            try:
                sent += flood.send(garbage * 30_000)
            except (TimeoutError, ConnectionError):
                break
        assert sent < 64 * 2**20, "all of it was read"
    ann.sync()


# ---------------------------------------------------------------- replies


def test_one_reading_brings_no_more_answers_than_are_owed(serve: Serve, connect: Connect) -> None:
    """Hundreds of lists that are asked for in one write, and not read, wait as commands: not as answers."""
    limit = 64 * 1024
    server = serve(outbox_limit=limit)
    others = [connect(server, f"{'人' * 28}{i:04}") for i in range(100)]
    greedy = Peer(server.address, receive_buffer=4096)
    greedy.hello("greedy")
    greedy.send_bytes(b'{"type":"who"}\n' * 400)
    ann = connect(server, "ann")
    for _ in range(50):
        ann.sync()
    (held,) = [one for one in connections(server) if one.backlog]
    page = 100 * 130  # bytes
    assert held.outbox.size < limit + 16 * page * 2
    assert len(held.backlog) > 100
    events = greedy.sync()  # reads all of it
    assert [event["type"] for event in events if event["type"] != "member_joined"] == ["who"] * 400
    greedy.socket.close()
    assert others


@pytest.mark.parametrize("tls", [None, trusting()], ids=["clear", "tls"])
def test_all_connections_together_have_a_bound(serve: Serve, connect: Connect, tls: ssl.SSLContext | None) -> None:
    """Many that ask for much and read nothing: those that hold most are let go, and nobody else notices."""
    server = serve(outbox_limit=256 * 1024, outbox_total=1024 * 1024)
    others = [connect(server, f"{'人' * 28}{i:04}") for i in range(100)]
    ann = connect(server, "ann")
    greedy = [Peer(server.address, receive_buffer=4096, tls=tls) for _ in range(6)]
    for number, one in enumerate(greedy):
        one.hello(f"greedy-{number}")
        one.send_bytes(b'{"type":"who"}\n' * 400)
    while len(connections(server)) == len(others) + 1 + len(
        greedy
    ):  # the server's own look ends it, once a second
        ann.sync()
    assert sum(one.unsent for one in connections(server)) < 3 * 1024 * 1024
    for one in (*others[:3], ann):
        one.sync()
    for one in greedy:
        one.socket.close()


@pytest.mark.parametrize(
    ("first", "line"),
    [
        (b'{"type":"hello","protocol":1,"name":"ann"}\n', b"x\n"),
        (b'{"request":"login","content":"ann"}', b"{}"),
        (b"ann\n", b"y\n"),
    ],
)
def test_one_reading_brings_few_commands(serve: Serve, connect: Connect, first: bytes, line: bytes) -> None:
    """The shortest ones, a packet full of them: each is far larger in memory, and stays until it is paid for."""
    server = serve(rate=20.0, burst=400)
    peer = connect(server)
    peer.send_bytes(first)
    deadline = time.monotonic() + 20
    while not registry_of(server).clients:
        assert time.monotonic() < deadline
    peer.send_bytes(line * 30_000)
    while not (waiting := [len(one.backlog) for one in connections(server)])[0]:
        assert time.monotonic() < deadline
    assert waiting[0] < 8000


def test_hellos_without_end_leave_nothing(serve: Serve, connect: Connect) -> None:
    """A token waits for the answer to its hello: not one that is none of ours, and none of those who are in."""
    server = serve(rate=0.0)
    peer = connect(server)
    peer.send("hello", protocol=1, token="x" * 10_000)
    peer.expect("error", code="unknown_token")
    assert connections(server)[0].tokens == {}
    peer.hello("ann")
    for number in range(3):
        peer.send("hello", protocol=1, token=f"{number}")
        peer.expect("error", code="already_registered")
    assert connection_of(server, peer.uid).tokens is None


def test_a_timer_keeps_no_connection(serve: Serve, connect: Connect) -> None:
    """Whoever came and went is not in memory until a timer would have looked for it."""
    server = serve()
    ann = connect(server, "ann")
    for number in range(20):
        with Peer(server.address) as peer:
            peer.hello(f"p-{number}")
            peer.send("bye")
            peer.expect("bye")
    loop, deadline = connection_of(server, ann.uid).owner, time.monotonic() + 20

    def held() -> list[Connection]:
        """Those of the loop that are over."""
        gc.collect()
        return [
            one
            for one in gc.get_objects()
            if isinstance(one, Connection) and one.owner is loop and one.phase is Phase.CLOSED
        ]

    while len(held()) > 2:  # the last ones are in the variables of the threads
        ann.sync()
        assert time.monotonic() < deadline


# ---------------------------------------------------------------- over connections


def test_coming_back_brings_no_new_burst(serve: Serve, connect: Connect) -> None:
    """The bucket is the person's: whoever connects again finds it as it was."""
    server = serve(**SLOW)
    ann = connect(server, "ann")
    token = ann.token
    ann.send_bytes(b'{"type":"ping"}\n' * 18)
    for _ in range(18):
        ann.expect("pong")
    for _ in range(3):
        back = connect(server)
        back.resume(token)
        back.send_bytes(b'{"type":"ping"}\n' * 20)
        back.expect("pong")
        (connection,) = backlogged(server)
        assert len(connection.backlog) >= 15
        back.socket.close()


def connection_from(address: str, settings: Settings, now: float = 0.0) -> Connection:
    detector = Detector(Dialects(settings, lambda: ""))
    owner: Any = None
    return Connection(1, socket.socket(), address, detector, owner, TokenBucket(1, 1, now), Outbox(1))


@pytest.fixture
def people() -> Iterator[Callable[[Settings, str], Connection]]:
    """Connections that no socket stands behind; closed at the end."""
    made: list[Connection] = []

    def make(settings: Settings, address: str) -> Connection:
        made.append(connection_from(address, settings))
        return made[-1]

    yield make
    for one in made:
        one.socket.close()


def test_newcomers_of_one_address_share_what_it_has(people: Callable[[Settings, str], Connection]) -> None:
    """Somebody new each time has little to say at once; another address, and those who are known, have all."""
    settings = Settings(rate=20, burst=400, address_share=2)
    admission = Admission(settings)
    had = []
    for uid in range(1, 6):
        connection = people(settings, "10.0.0.1")
        admission.welcomed(connection, uid, 0.0)
        had.append(connection.bucket.take(1000, 0.0))
    assert had == [400, 400, MIN_TOKENS, MIN_TOKENS, MIN_TOKENS]
    other = people(settings, "10.0.0.2")
    admission.welcomed(other, 9, 0.0)
    assert other.bucket.take(1000, 0.0) == 400


def test_an_address_that_connects_without_end_waits() -> None:
    """Beyond what a laboratory needs at once, connections are read one after the other."""
    admission = Admission(Settings(connect_rate=10, max_connections=100))
    times = [admission.may_connect_at("10.0.0.1", 0.0) for _ in range(220)]
    assert times[:200] == [0.0] * 200
    assert times[200:] == sorted(times[200:])
    assert times[219] == pytest.approx(2.0, abs=0.2)
    assert admission.may_connect_at("10.0.0.2", 0.0) == 0.0


def test_the_oldest_stranger_of_an_address_gives_way(people: Callable[[Settings, str], Connection]) -> None:
    """Not at once: five thousand who come back after a restart are all strangers for a moment."""
    settings = Settings(max_strangers=3)
    admission = Admission(settings)
    first, *others = [people(settings, "10.0.0.1") for _ in range(5)]
    assert [admission.came(one, 0.0) for one in (first, *others)] == [None] * 5
    assert admission.came(people(settings, "10.0.0.1"), 1.0) is None
    assert admission.came(people(settings, "10.0.0.1"), 10.0) is first
    assert admission.came(people(settings, "10.0.0.2"), 10.0) is None
    admission.gone(first)
    assert next(admission.strangers()) is others[0]


def test_who_waits_for_us_does_not_give_way(people: Callable[[Settings, str], Connection]) -> None:
    """Neither who is to be read nor whose hello is with the hub: that we are slow is not the fault of those who
    come. They are looked at again later."""
    settings = Settings(max_strangers=2)
    admission = Admission(settings)
    unread, unanswered, silent = [people(settings, "10.0.0.1") for _ in range(3)]
    unread.starved, unanswered.awaited = True, 1
    assert [admission.came(one, 0.0) for one in (unread, unanswered, silent)] == [None] * 3
    assert [admission.came(people(settings, "10.0.0.1"), 10.0) for _ in range(3)] == [None, None, silent]


def test_strangers_make_room_when_no_descriptors_are_left(
    serve: Serve, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    """Those who are in notice nothing, read the log, and new people come in; it is logged once."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    server = serve(greet_after=0)
    ann = connect(server, "ann")
    ann.join("tea")
    ann.send("say", text="hello")
    ann.until("message")
    bob = connect(server, "bob")
    used = max(one.socket.fileno() for one in connections(server)) + 1
    strangers = []
    resource.setrlimit(resource.RLIMIT_NOFILE, (used + 40, hard))
    try:
        for _ in range(20):  # each takes two: this process is both ends
            strangers.append(socket.create_connection(server.address))
        with pytest.raises(OSError, match="Too many open files"):
            strangers.extend(socket.socket() for _ in range(60))
        strangers.pop().close()
        ann.sync()
        bob.join("tea")
        assert bob.messages(1)[0]["text"] == "hello"
        strangers.append(socket.create_connection(server.address))
        assert "log_unreadable" not in str(ann.sync() + bob.sync())
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for one in strangers:
            one.close()
    connect(server, "cid").sync()
    assert len([message for message in caplog.messages if "can't take more connections" in message]) <= 1
