"""Who may talk to the server without encryption, and what the others are told."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable

import pytest

from roomchat.net import connection
from roomchat.net.addresses import is_local
from roomchat.server import Server
from roomchat.wires import channels, ktn
from tests.inside import connections
from tests.peer import DEADLINE, Peer
from tests.test_detect import ANSWER, HELLO, SOON, wait_until
from tests.test_tls import client_hello, to_the_end
from tests.trust import BareTls, trusting

Serve = Callable[..., Server]
Connect = Callable[..., Peer]

REFUSAL = b"This server does not talk to you in clear text."


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everyone comes from another machine."""
    monkeypatch.setattr(connection, "is_local", lambda address: False)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ktn._Ktn, "pace", 0.0)
    monkeypatch.setattr(channels.ChannelsWire, "pace", 0.0)


def clear(server: Server, data: bytes) -> socket.socket:
    sock = socket.create_connection(server.address, timeout=DEADLINE)
    sock.sendall(data)
    return sock


def is_taken(server: Server, dialect: str) -> bool:
    """Whether who says hello in clear is answered; else the connection ends behind the refusal in its dialect."""
    with clear(server, HELLO[dialect]) as sock:
        answer = b""
        while ANSWER[dialect] not in answer:
            if not (data := sock.recv(4096)):
                assert answer.count(REFUSAL) == 1
                assert dialect == "plain" or isinstance(json.loads(answer), dict)
                return False
            answer += data
    return True


@pytest.mark.parametrize("dialect", HELLO)
def test_clear_text_is_taken_from_this_machine(serve: Serve, dialect: str) -> None:
    """By itself."""
    assert is_taken(serve(), dialect)


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize("dialect", HELLO)
def test_others_come_encrypted(serve: Serve, dialect: str) -> None:
    """Whatever they speak."""
    server = serve()
    assert not is_taken(server, dialect)
    one = BareTls(server.address, HELLO[dialect])
    assert one.until(ANSWER[dialect])
    one.close()


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize("dialect", HELLO)
def test_all_may_come_in_clear(serve: Serve, dialect: str) -> None:
    """Where the network is trusted."""
    assert is_taken(serve(plaintext="all"), dialect)


@pytest.mark.parametrize("dialect", HELLO)
def test_nobody_may_come_in_clear(serve: Serve, dialect: str) -> None:
    """Not even from this machine."""
    assert not is_taken(serve(plaintext="none"), dialect)


@pytest.mark.usefixtures("elsewhere")
def test_silence_is_not_greeted(serve: Serve, connect: Connect) -> None:
    """Clear words could come before a TLS that is late. Who is still silent after the time for a hello is told."""
    server = serve(greet_after=SOON, hello_timeout=0.3)
    ann = connect(server, "ann", tls=trusting())
    with clear(server, b"") as sock:
        answer = to_the_end(sock)
    assert REFUSAL in answer
    assert b"Welcome" not in answer
    wait_until(ann, lambda: len(connections(server)) == 1)


@pytest.mark.usefixtures("elsewhere")
def test_tls_may_be_late(serve: Serve) -> None:
    """Its first bytes were lost on the way, and come again a second later."""
    server = serve(greet_after=SOON)
    with clear(server, b"") as sock:
        sock.settimeout(3 * SOON)
        with pytest.raises(TimeoutError):
            sock.recv(100)
        sock.settimeout(DEADLINE)
        sock.sendall(client_hello())
        assert sock.recv(100)[:3] == b"\x16\x03\x03"  # a ServerHello


@pytest.mark.usefixtures("elsewhere")
def test_a_beginning_that_pauses_is_told(serve: Serve) -> None:
    """A person who has typed half a name need not wait for the rest."""
    with clear(serve(greet_after=SOON), b"ki") as sock:
        assert REFUSAL in to_the_end(sock)


@pytest.mark.parametrize(
    ("address", "local"),
    [
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("", True),
        ("10.0.0.1", False),
        ("::ffff:10.0.0.1", False),
        ("192.0.2.7", False),
        ("fe80::1%lo", False),
        ("2001:db8::1", False),
        ("0.0.0.0", False),
    ],
)
def test_what_is_this_machine(address: str, local: bool) -> None:
    """The loopback, in whatever form; the addresses that others can have are not."""
    assert is_local(address) == local
