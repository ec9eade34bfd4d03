"""Handshakes of TLS: how many are under way at once, on the bench and over real sockets."""

from __future__ import annotations

import socket
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomchat.net import handshakes
from roomchat.net.handshakes import Handshakes
from roomchat.net.transport import Tls
from roomchat.server import Server
from roomchat.tls import TlsStream
from tests.inside import connections
from tests.peer import DEADLINE, Peer
from tests.test_detect import ANSWER, HELLO, wait_until
from tests.trust import trusting

Serve = Callable[..., Server]
Connect = Callable[..., Peer]

MOST = 3


class Timers:
    """A reactor of which nothing else is wanted."""

    def __init__(self) -> None:
        self.set: deque[Callable[[], None]] = deque()

    def at(self, when: float, call: Callable[[], None]) -> None:
        self.set.append(call)


class Coming:
    """Somebody who connects; also the connection, as far as it is looked at."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.starved = False


@given(
    steps=st.lists(st.tuples(st.sampled_from(["come", "over", "time"]), st.integers(0, 30)), max_size=60),
    old=st.booleans(),
)
def test_an_address_has_so_many_and_nobody_is_forgotten(steps: list[tuple[str, int]], old: bool) -> None:
    """Whatever comes and goes: never more are under way, all begin in the order in which they came, nobody waits
    while there is room, and nothing is left when all are gone."""
    timers = Timers()
    going: dict[str, list[Coming]] = {"a": [], "b": []}
    waiting: dict[str, list[Coming]] = {"a": [], "b": []}

    def begin(one: Coming) -> None:
        assert waiting[one.address].pop(0) is one
        going[one.address].append(one)

    def end(one: Coming) -> None:
        for kind in (going, waiting):
            if one in kind[one.address]:
                kind[one.address].remove(one)
        those.over(one)  # type: ignore[arg-type]

    those = Handshakes(MOST, timers, end)  # type: ignore[arg-type]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(handshakes, "MIN_AGE", 0.0 if old else 1e9)
        for step, number in steps:
            everyone = [one for kind in (going, waiting) for ones in kind.values() for one in ones]
            if step == "come":
                one: Any = Coming("ab"[number % 2])
                room = len(going[one.address]) < MOST
                waiting[one.address].append(one)
                assert those.may_begin(one, partial(begin, one)) is room
                if room:
                    begin(one)
            elif step == "over" and everyone:
                end(everyone[number % len(everyone)])
            elif step == "time" and timers.set:
                timers.set.popleft()()
            for address in going:
                assert len(going[address]) <= MOST
                assert len(going[address]) == MOST or not waiting[address]
                assert all(those.waits(one) for one in waiting[address])  # type: ignore[arg-type]
                assert not any(those.waits(one) for one in going[address])  # type: ignore[arg-type]
            assert len(timers.set) <= 2  # one an address
        for kind in (waiting, going):
            for ones in kind.values():
                while ones:
                    end(ones[-1])
    assert not those._going
    assert not those._waiting


def begun(server: Server, data: bytes) -> socket.socket:
    """A connection that says this and no more."""
    sock = socket.create_connection(server.address, timeout=DEADLINE)
    sock.sendall(data)
    return sock


def hello() -> tuple[TlsStream, bytes]:
    """A client of TLS, and its first words."""
    stream = TlsStream(trusting(), server_side=False)
    stream.begin()
    return stream, stream.answer()


def test_halves_of_handshakes_take_little(serve: Serve, connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of many that get nowhere few are begun at a time; those who come behind them get in, and who is in clear
    notices nothing."""
    monkeypatch.setattr(handshakes, "MIN_AGE", 0.05)
    server = serve(max_strangers=MOST, greet_after=0)
    ann = connect(server, "ann")
    _, first = hello()
    halves = [begun(server, first[:-1]) for _ in range(20)]
    wait_until(ann, lambda: sum(type(one.transport) is Tls for one in connections(server)) == MOST)
    bob = connect(server, "bob", tls=trusting())
    bob.sync()
    for one in halves:
        one.close()
    wait_until(ann, lambda: len(connections(server)) == 2)


def test_many_whole_handshakes_at_once_all_succeed(serve: Serve) -> None:
    """Each in its turn, however few may go on at a time."""
    server = serve(max_strangers=MOST, greet_after=0)
    coming = [hello() for _ in range(20)]
    socks = [begun(server, first) for _, first in coming]
    for number, ((stream, _), sock) in enumerate(zip(coming, socks, strict=True)):
        with sock:
            while not stream.ready:
                stream.feed(sock.recv(4096))
            sock.sendall(stream.answer() + stream.seal(HELLO["native"].replace(b"kim", b"kim%d" % number)))
            answer = b""
            while ANSWER["native"] not in answer:
                answer += stream.feed(sock.recv(4096))


def test_who_waits_for_a_handshake_has_the_time_of_a_hello(serve: Serve, connect: Connect) -> None:
    """Neither is it greeted in clear meanwhile, nor refused."""
    server = serve(max_strangers=1, hello_timeout=0.2, greet_after=0.01)
    ann = connect(server, "ann")
    _, first = hello()
    begin = time.monotonic()
    for one in [begun(server, first[:-1]), begun(server, first)]:
        with one:
            assert one.recv(1)[:1] in {b"", b"\x16"}
    wait_until(ann, lambda: len(connections(server)) == 1)
    assert time.monotonic() - begin < DEADLINE
