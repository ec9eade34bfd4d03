"""Where a client goes when its server is gone, and whom it believes there."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from queue import SimpleQueue
from typing import Any, NoReturn

import pytest

from roomchat.client.address import Address, parse_address
from roomchat.client.client_events import ConnectionBack, ConnectionEnded
from roomchat.client.elsewhere import Elsewhere
from roomchat.client.known_servers import KnownServers
from roomchat.client.reconnecting import ReconnectingConnection
from roomchat.client.session import Session
from roomchat.client.state import State
from roomchat.client.trust import Trust
from roomchat.errors import ChangedKey, ConnectError, NoTls, UnknownServer
from tests.test_hostile_server import WELCOME

HOME, OTHER = parse_address("chat1.example.org:5050"), parse_address("chat2.example.org:5050")
KEY, KEY_2 = "-".join(["abcd"] * 16), "-".join(["1234"] * 16)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[ConnectError, list[Address]]]:
    """Opens a client where nobody answers, or who does is not believed: what it says, and whom it tried."""

    def opened(
        home: Address, session: Session, errors: dict[Address, ConnectError]
    ) -> tuple[ConnectError, list[Address]]:
        tried: list[Address] = []

        def fail(trust: Trust, timeout: float, session_key: str | None = None) -> NoReturn:
            tried.append(trust.address)
            raise errors.get(trust.address) or ConnectError(f"No server answers at {trust.address}.")

        monkeypatch.setattr(Trust, "connect", fail)
        with pytest.raises(ConnectError) as raised:
            ReconnectingConnection(home, session, None, lambda event: None, 1.0).open()
        return raised.value, tried

    return opened


def elsewhere(home: str, *servers: str, known: KnownServers | None = None) -> Elsewhere:
    address = parse_address(home)
    made = Elsewhere(address, Trust(address, known or KnownServers(None)))
    made.learn(list(servers))
    return made


@pytest.mark.parametrize(
    ("home", "other", "encrypted"),
    [
        ("chat1.example.org", "chat2.example.org", True),
        ("chat1.example.org", "127.0.0.1:6000", True),
        ("tcp://localhost", "chat2.example.org", True),
        ("ws://localhost", "chat2.example.org", True),
        ("localhost", "chat2.example.org", True),
        ("localhost", "127.0.0.1:6000", False),
        ("tls://localhost", "127.0.0.1:6000", True),
    ],
)
def test_clear_text_stays_within_this_machine(home: str, other: str, encrypted: bool) -> None:
    places = elsewhere(home, other)
    assert places.next()[0] == places.home
    address, trust = places.next()
    assert address.where == parse_address(other).where
    assert trust.encrypts(trust.expected()) is encrypted


def test_who_comes_in_clear_within_this_machine_does_so_to_all() -> None:
    places = elsewhere("tcp://127.0.0.1:5050", f"127.0.0.1:6000 {KEY}")
    places.next()
    address, trust = places.next()
    assert str(address) == "tcp://127.0.0.1:6000"
    assert not trust.encrypts(trust.expected())


def test_what_is_known_of_a_server_counts_for_more_than_what_another_one_says() -> None:
    known = KnownServers(None)
    known.put(OTHER, KEY)
    places = elsewhere(str(HOME), f"{HOME}", f"{OTHER} {KEY_2}", f"chat3.example.org:5050 {KEY_2}", known=known)
    met = dict(places.next() for _ in range(3))
    assert {str(one): trust.expected() for one, trust in met.items()} == {
        str(HOME): None, str(OTHER): KEY, "chat3.example.org:5050": KEY_2,
    }  # fmt: skip


def test_each_is_tried_once_before_one_is_tried_again_and_the_last_one_first() -> None:
    servers = [f"chat{n}.example.org:5050" for n in range(1, 6)]
    places = elsewhere(servers[0], *servers)
    first = [str(places.next()[0]) for _ in servers]
    assert first[0] == servers[0]
    assert sorted(first) == servers
    places.worked()
    assert str(places.next()[0]) == first[-1]


def test_who_hangs_is_left_for_another_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes connections, and answers nothing: its people need not wait until it is dead."""
    monkeypatch.setattr("roomchat.client.reconnecting.OTHERS_AFTER", 0.2)
    back = json.dumps({"type": "pong", "re": "caught-up"}).encode() + b"\n"
    came: SimpleQueue[object] = SimpleQueue()
    with ExitStack() as stack:
        home, other = (stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(2))
        ports = [one.getsockname()[1] for one in (home, other)]
        servers = [f"127.0.0.1:{port}" for port in ports]
        welcome = json.dumps(WELCOME | {"servers": servers}).encode() + b"\n" + back
        address = parse_address(f"tcp://{servers[0]}")

        def answer() -> None:
            first, _ = home.accept()
            first.sendall(welcome)
            with first, first.makefile("rb") as lines:
                assert any(b"caught-up" in line for line in lines)
            stack.callback(home.accept()[0].close)  # and nothing is said there
            again, _ = other.accept()
            stack.callback(again.close)
            again.sendall(welcome)

        server = threading.Thread(target=answer)
        server.start()
        client = ReconnectingConnection(address, Session("ann"), None, came.put, 10.0)
        client.open()
        stack.callback(client.close, 0.0)
        while not isinstance(event := came.get(timeout=20), ConnectionBack):
            assert not isinstance(event, ConnectionEnded)
        server.join()
        assert event.server == f"tcp://{servers[1]}"


def test_who_was_told_of_in_clear_text_is_not_believed_later(opened: Any, tmp_path: Path) -> None:
    session, state = Session("ann"), State(HOME._replace(tls=False), "ann", tmp_path)
    session.servers = f"{HOME}\n{OTHER} {KEY}"
    state.save(session)
    state.close()
    session, state = Session("ann"), State(HOME, "ann", tmp_path)
    state.load(session)
    state.close()
    assert opened(HOME, session, {})[1] == [HOME]


@pytest.mark.parametrize(
    ("errors", "expected", "count"),
    [
        ({HOME: ChangedKey(address=HOME, old=KEY, new=KEY_2)}, ChangedKey, 1),  # nobody may miss that
        ({HOME: NoTls(address=HOME, why="")}, NoTls, 1),
        ({OTHER: UnknownServer(address=OTHER, fingerprint=KEY)}, ConnectError, 2),  # a person is not asked of it
        ({OTHER: NoTls(address=OTHER, why="")}, ConnectError, 2),
    ],
)
def test_a_person_hears_of_the_server_that_they_have_named(
    opened: Any, errors: dict[Address, ConnectError], expected: type[ConnectError], count: int
) -> None:
    session = Session("ann")
    session.servers, session.server_key = f"{HOME}\n{OTHER}", KEY
    error, tried = opened(HOME, session, errors)
    assert type(error) is expected
    assert str(HOME) in str(error)
    assert tried == [HOME, OTHER][:count]
