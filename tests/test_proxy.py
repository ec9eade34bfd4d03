"""Load balancers in front of the server, which say who connects."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable
from ipaddress import ip_address, ip_network
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from roomchat.net.addresses import is_in
from roomchat.server import Server
from roomchat.wires.detect import Detector, Proxied, Refused
from roomchat.wires.proxy import FIRST, SIGNATURE, Header, read_header
from tests.inside import connections
from tests.peer import DEADLINE, Peer
from tests.test_detect import ANSWER, HELLO, detector
from tests.test_plaintext import REFUSAL
from tests.test_tls import client_hello, to_the_end
from tests.trust import trusting

Serve = Callable[..., Server]
Connect = Callable[..., Peer]

FAR = "198.51.100.7"  # who really connects
UPGRADE = (
    b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)


def first(source: str = FAR) -> bytes:
    """Version 1."""
    family = 6 if ":" in source else 4
    return f"PROXY TCP{family} {source} {'::1' if family == 6 else '127.0.0.1'} 56324 5050\r\n".encode()


def second(source: str = FAR, *, command: int = 1, family: int | None = None, more: bytes = b"") -> bytes:
    """Version 2, with more behind the addresses."""
    address = ip_address(source)
    kind = {4: 1, 6: 2}[address.version] if family is None else family
    body = address.packed + ip_address("127.0.0.1" if address.version == 4 else "::1").packed
    body += struct.pack(">HH", 56324, 5050) + more
    return SIGNATURE + bytes([0x20 | command, kind << 4 | 1]) + struct.pack(">H", len(body)) + body


@pytest.mark.parametrize(
    ("data", "address"),
    [
        (first(), FAR),
        (first("2001:db8::7"), "2001:db8::7"),
        (b"PROXY UNKNOWN\r\n", None),
        (b"PROXY UNKNOWN ffff:f...f:ffff 65535 65535\r\n", None),
        (second(), FAR),
        (second("2001:db8::7"), "2001:db8::7"),
        (second(more=b"\x20\x00\x05\x01\x00\x00\x00\x00"), FAR),
        (second(command=0), None),
        (second(family=3), None),
        (SIGNATURE + b"\x20\x00\x00\x00", None),
    ],
)
def test_headers_are_read(data: bytes, address: str | None) -> None:
    """Both versions, also of a load balancer that looks whether we are there; never more than the header."""
    assert read_header(data + b"PROXY and more") == Header(address, len(data))
    for end in range(len(data)):
        assert read_header(data[:end]) is None


@pytest.mark.parametrize(
    "data",
    [
        b"hello\n",
        b"\x16\x03\x01",
        b"PROXY TCP4 198.51.100.7\r\n",
        b"PROXY TCP6 198.51.100.7 127.0.0.1 1 2\r\n",
        b"PROXY TCP4 localhost 127.0.0.1 1 2\r\n",
        b"PROXY TCP6 fe80::1%\nforged ::1 1 2\r\n",
        b"PROXY TCP4 198.51.100.7 127.0.0.1 x 2\r\n",
        b"PROXY " + b"x" * 101,
        SIGNATURE + b"\x11\x11\x00\x0c" + bytes(12),
        SIGNATURE + b"\x22\x11\x00\x0c" + bytes(12),
        SIGNATURE + b"\x21\x11\x00\x04" + bytes(4),
        SIGNATURE + b"\x21\x11\xff\xff",
    ],
)
def test_what_is_no_header_is_refused(data: bytes) -> None:
    """As early as that can be told."""
    with pytest.raises(ValueError, match=r"."):
        read_header(data)


@examples(deadline=None)
@given(st.sampled_from([FIRST, SIGNATURE, first(), second(), b""]), st.binary(max_size=150))
def test_no_bytes_make_it_fall(begin: bytes, data: bytes) -> None:
    """A header, no header, or more to come; that is told from few bytes."""
    try:
        found = read_header(begin + data)
    except ValueError:
        return
    assert found is not None or len(begin + data) < 4200


@given(st.sampled_from([first(), second()]), st.lists(st.integers(0, 200), max_size=6))
def test_no_split_changes_what_is_told(header: bytes, cuts: list[int]) -> None:
    """What comes behind the header is all there."""
    data = header + HELLO["native"]
    edges = [0, *sorted(cut % len(data) for cut in cuts), len(data)]
    one: Detector = detector()
    one.proxied = True
    for start, end in pairwise(edges):
        if (verdict := one.feed(data[start:end])) is not None:
            assert isinstance(verdict, Proxied)
            assert verdict.address == FAR
            assert HELLO["native"].startswith(verdict.data)
            return
    raise AssertionError("nothing was told")


def test_the_load_balancer_must_say_it() -> None:
    """A line of its own is no connection of somebody."""
    one = detector()
    one.proxied = True
    assert one.feed(HELLO["native"]) == Refused(b"")


# ---------------------------------------------------------------- over real sockets


@pytest.mark.parametrize("header", [first(), second()], ids=["1", "2"])
def test_everybody_is_counted_by_the_real_address(serve: Serve, header: bytes) -> None:
    """And let in by it: clear text is for those who come from this machine."""
    server = serve(proxy_from=("127.0.0.0/8",), plaintext="all")
    with through(server, header + HELLO["native"]) as sock:
        assert ANSWER["native"] in sock.recv(4096)
        assert [one.address for one in connections(server)] == [FAR]
    server = serve(proxy_from=("127.0.0.0/8",))
    with through(server, header + HELLO["native"]) as sock:
        assert REFUSAL in to_the_end(sock)
    with through(server, header.replace(FAR.encode(), b"127.0.0.1") + HELLO["native"]) as sock:
        answer = sock.recv(4096)
        assert ANSWER["native"] in answer or REFUSAL in answer


@pytest.mark.parametrize("header", [first(), second()], ids=["1", "2"])
def test_tls_is_spoken_behind_it(serve: Serve, header: bytes) -> None:
    """In one piece with it, or later."""
    server = serve(proxy_from=("127.0.0.1",))
    for data in ([header + client_hello()], [header, client_hello()]):
        with through(server, data[0]) as sock:
            for more in data[1:]:
                sock.sendall(more)
            assert sock.recv(100)[:3] == b"\x16\x03\x03"
    with through(server, header) as sock, trusting().wrap_socket(sock) as tls:
        tls.sendall(HELLO["native"])
        assert ANSWER["native"] in tls.recv(4096)


def test_who_is_no_load_balancer_is_not_believed(serve: Serve, connect: Connect) -> None:
    """A header from elsewhere is a line of text."""
    server = serve(proxy_from=("198.51.100.0/24",))
    with through(server, first() + b"kim\n") as sock:
        assert b"Enter a username" in sock.recv(4096)
    ann = connect(server, "ann")
    assert {one.address for one in connections(server)} <= {"127.0.0.1"}
    assert ann.sync() == []


def test_a_load_balancer_without_a_header_is_closed(serve: Serve, connect: Connect) -> None:
    """At once where it says something else, after the time of a hello where it says nothing; as in a check
    whether the server is there."""
    server = serve(proxy_from=("127.0.0.1",), hello_timeout=0.2)
    for data in (HELLO["native"], b"", b"PROXY TCP4"):
        with through(server, data) as sock:
            assert to_the_end(sock) == b""


@pytest.mark.parametrize("header", [b"PROXY UNKNOWN\r\n", second(command=0)], ids=["1", "2"])
def test_who_is_not_named_is_not_on_this_machine(serve: Serve, header: bytes) -> None:
    """Though the load balancer is: clear text is refused, and TLS spoken."""
    server = serve(proxy_from=("127.0.0.1",))
    with through(server, header + HELLO["native"]) as sock:
        assert REFUSAL in to_the_end(sock)
    with through(server, header + client_hello()) as sock:
        assert sock.recv(100)[:3] == b"\x16\x03\x03"


@pytest.mark.parametrize("header", [b"PROXY UNKNOWN\r\n", second(command=0)], ids=["1", "2"])
def test_who_is_not_named_names_nobody(serve: Serve, header: bytes) -> None:
    """It is the load balancer's address, but what comes behind its header is not its word: who writes that could
    be anybody whom they like, and as if they were encrypted."""
    server = serve(proxy_from=("127.0.0.1",))
    claims = b"X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: https\r\n"
    for upgrade, status in ((b"", b"307"), (UPGRADE, b"403")):
        request = b"GET /ws HTTP/1.1\r\nHost: localhost\r\n" + claims + upgrade + b"\r\n"
        with through(server, header + request) as sock:
            assert sock.recv(4096).startswith(b"HTTP/1.1 " + status)


def test_the_limits_are_those_of_the_address(serve: Serve) -> None:
    """Strangers of one address give way to each other, whatever load balancer they come by."""
    server = serve(proxy_from=("127.0.0.1",), max_connections=1, plaintext="all")
    with through(server, first() + HELLO["native"]) as one:
        assert ANSWER["native"] in one.recv(4096)
        with through(server, first() + HELLO["native"].replace(b"kim", b"bob")) as two:
            assert b"too_many_connections" in to_the_end(two)
        with through(server, first("203.0.113.9") + HELLO["native"].replace(b"kim", b"bob")) as three:
            assert ANSWER["native"] in three.recv(4096)


def through(server: Server, data: bytes) -> socket.socket:
    """A connection of a load balancer on this machine, which sends this."""
    sock = socket.create_connection(server.address, timeout=DEADLINE)
    sock.sendall(data)
    return sock


def test_networks() -> None:
    """IPv4 also where a socket of IPv6 shows it in its own form."""
    networks = [ip_network("10.0.0.0/8"), ip_network("2001:db8::/32")]
    assert is_in("10.1.2.3", networks)
    assert is_in("::ffff:10.1.2.3", networks)
    assert is_in("2001:db8::1", networks)
    assert not is_in("11.0.0.1", networks)
    assert not is_in("here", networks)


def test_a_proxied_connection_ends_as_any(serve: Serve, connect: Connect) -> None:
    """Nothing of it is left."""
    server = serve(proxy_from=("127.0.0.1",), plaintext="all")
    with through(server, first() + HELLO["native"]) as sock:
        assert ANSWER["native"] in sock.recv(4096)
        sock.shutdown(socket.SHUT_WR)
        to_the_end(sock)
    with through(server, first() + HELLO["native"].replace(b"kim", b"bob")) as sock:
        assert ANSWER["native"] in sock.recv(4096)
        give_up = time.monotonic() + DEADLINE
        while len(connections(server)) > 1:
            sock.sendall(b'{"type":"ping"}\n')
            assert b"pong" in sock.recv(4096)
            assert time.monotonic() < give_up
