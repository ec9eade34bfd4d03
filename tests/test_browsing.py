"""HTTP and WebSockets on a whole server, beside everybody else: who is answered, bounded, and let go."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosedOK
from websockets.sync.client import ClientConnection
from websockets.sync.client import connect as connect_by_web

from roomchat.server import Server
from roomchat.settings import Settings
from roomchat.wires.detect import HTTP_REFUSAL
from tests.bare import Bare
from tests.framed import BINARY, CLOSE, HANDSHAKE, MORE, PING, PONG, Framed, frame
from tests.inside import connection_of, connections, greeting_soon_inside, keep_little, registry_of
from tests.peer import Peer
from tests.test_detect import wait_until
from tests.trust import trusting

Serve = Callable[..., Server]
Connect = Callable[..., Peer]

GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
FAR = "198.51.100.7"


@pytest.fixture
def bare() -> Iterator[Callable[..., Bare]]:
    """Connect to a server, and say something at once perhaps; at the end all are closed."""
    opened: list[Bare] = []

    def start(server: Server, data: bytes = b"", kind: type[Bare] = Bare, **options: Any) -> Bare:
        opened.append(kind(server.address, data, **options))
        return opened[-1]

    yield start
    for one in opened:
        one.socket.close()


@pytest.fixture
def browse() -> Iterator[Callable[..., Framed]]:
    """Open a WebSocket; at the end all are closed."""
    opened: list[Framed] = []

    def start(server: Server, *args: Any) -> Framed:
        opened.append(Framed(server.address, *args))
        return opened[-1]

    yield start
    for one in opened:
        one.socket.close()


Open = Callable[..., Bare]
Browse = Callable[..., Framed]


# ---------------------------------------------------------------- a foreign client


@contextmanager
def by_websockets(server: Server, name: str, **options: Any) -> Iterator[ClientConnection]:
    """Somebody who is welcomed, by another's client."""
    host, port = server.address
    scheme = "wss" if "ssl" in options else "ws"
    with connect_by_web(f"{scheme}://{host}:{port}/ws", **options) as one:
        one.send(json.dumps({"type": "hello", "protocol": 1, "name": name}))
        assert told(one)["type"] == "welcome"
        yield one


def told(one: ClientConnection) -> dict[str, Any]:
    """The next event."""
    return json.loads(one.recv(20))


def test_a_foreign_client_chats(serve: Serve) -> None:
    """It sends lines, several to a frame perhaps, is answered, pinged back, and told the end."""
    with by_websockets(serve(), "kim", compression="deflate") as one:
        assert not one.response.headers.get("Sec-WebSocket-Extensions")
        one.send('{"type":"join","room":"tea"}\n{"type":"say","room":"tea","text":"hi"}')
        assert told(one)["type"] == "joined"
        assert told(one)["text"] == "hi"
        one.send(iter(['{"type":"say","room":"tea",', '"text":"in pieces"}']))
        assert told(one)["text"] == "in pieces"
        assert one.ping().wait(20)
        one.send('{"type":"bye"}')
        assert told(one)["type"] == "bye"
        with pytest.raises(ConnectionClosedOK):
            one.recv(20)


def test_inside_tls_nobody_is_greeted(serve: Serve) -> None:
    """Who says in the handshake that it will speak HTTP may be silent; and chats there as in clear."""
    server = serve()
    context = trusting()
    context.set_alpn_protocols(["h2", "http/1.1"])
    with greeting_soon_inside(), Peer(server.address, tls=context) as silent:
        silent.socket.settimeout(0.3)
        with pytest.raises(TimeoutError):
            silent.socket.recv(1)
        silent.socket.settimeout(20)
        silent.send_bytes(GET.replace(b"localhost", b"any.example"))
        assert silent.socket.recv(15) == b"HTTP/1.1 200 OK"
    with by_websockets(server, "kim", ssl=context) as one:
        one.send('{"type":"ping","id":1}')
        assert told(one) == {"type": "pong", "re": 1}


# ---------------------------------------------------------------- beside the others


def both_in_tea(server: Server, connect: Connect, browse: Browse) -> tuple[Peer, Framed]:
    """Ann, who comes by lines, and bob by a browser."""
    ann = connect(server, "ann")
    ann.join("tea")
    bob = browse(server, "bob")
    bob.say(type="join", room="tea")
    bob.event("joined")
    return ann, bob


def test_everyone_is_in_the_same_room(serve: Serve, connect: Connect, browse: Browse) -> None:
    """Who comes by a browser and who by lines hear each other; whose connection is lost is away."""
    ann, bob = both_in_tea(serve(), connect, browse)
    ann.send("say", room="tea", text="hi")
    assert bob.event("message")["text"] == "hi"
    bob.say(type="say", room="tea", text="hé🍵")
    assert bob.event("message")["text"] == ann.until("message", uid=2)["text"] == "hé🍵"
    bob.socket.close()
    assert ann.until("away")["uid"] == 2


@pytest.mark.parametrize(
    ("last", "code"),
    [
        (frame((1001).to_bytes(2), CLOSE), 1001),
        (frame(b"x", BINARY), 1003),
        (b"\x81\x01x", 1002),
        (frame(b'{"type":"bye"}'), 1000),
        (frame(b"half", MORE) + frame(b'{"type":"bye"}'), 1002),
    ],
)
def test_how_it_ends(serve: Serve, connect: Connect, browse: Browse, last: bytes, code: int) -> None:
    """With a Close, whoever ends it; who does not say bye keeps its seat."""
    ann, bob = both_in_tea(serve(), connect, browse)
    bob.send(last + frame(b"behind", PING))
    found, frames = bob.end()
    assert found == code
    assert [json.loads(data)["type"] for _, data in frames] == (["bye"] if code == 1000 else [])
    assert ann.until("member_left" if code == 1000 else "away")["uid"] == 2


def test_whoever_is_put_out_is_told_why(serve: Serve, browse: Browse) -> None:
    """An event, and then the Close: another one takes the session, there is no hello, the server stops."""
    server = serve(hello_timeout=0.5)
    old, silent = browse(server), browse(server)
    old.say(type="hello", protocol=1, name="kim")
    token = old.event("welcome")["token"]
    new = browse(server)
    new.say(type="hello", protocol=1, name="kim", token=token)
    new.event("welcome")
    for one, code in ((old, "replaced"), (silent, "hello_timeout")):
        closed, frames = one.end()
        assert closed == 1000
        assert json.loads(frames[-1][1])["code"] == code


def test_a_stop_is_told(browse: Browse) -> None:
    """By an event and a Close, whoever has said hello by then."""
    with Server(Settings(port=0, drain=0.3)) as server:
        opened = [browse(server), browse(server, "kim")]
        opened[0].say(type="who", id=1)
        assert opened[0].event("error")["code"] == "not_registered"
    for one in opened:
        closed, frames = one.end()
        assert closed == 1000
        assert json.loads(frames[-1][1])["type"] == "notice"


def test_who_sends_no_more_is_answered(serve: Serve, browse: Browse) -> None:
    """A half closed connection gets what it has asked for; half a message was none."""
    one = browse(serve(), "kim")
    one.send(frame(b'{"type":"ping","id":1}') + frame(b"x", PING) + frame(b'{"type":"bye"}', MORE))
    one.half_close()
    assert one.event("pong")["re"] == 1
    assert one.next() == (PONG, b"x")
    assert one.end()[0] == 1000


def test_who_reads_nothing_holds_nobody_up_and_misses_nothing(
    serve: Serve, connect: Connect, browse: Browse
) -> None:
    """A browser's outbox folds as any, and what is read from the log for it comes in frames, too."""
    server = serve(outbox_limit=20_000, read_piece=10_000)
    keep_little(server)
    ann, slow = connect(server, "ann"), browse(server, "slow")
    ann.join("tea")
    slow.say(type="join", room="tea")
    for number in range(800):
        ann.send("say", room="tea", text=f"{number} " + "x" * 8000)
        ann.until("message")
    assert connection_of(server, 2).outbox.size < 100_000
    assert [int(slow.event("message")["text"].split()[0]) for _ in range(800)] == list(range(800))


def test_it_comes_back_to_where_it_was(serve: Serve, browse: Browse, tmp_path: Any) -> None:
    """With its token, to another server on the same log, and sees what it has missed."""
    with Server(Settings(port=0, db=str(tmp_path / "log.db"))) as server:
        one = browse(server)
        one.say(type="hello", protocol=1, name="kim")
        token = one.event("welcome")["token"]
        one.say(type="join", room="tea")
        one.say(type="say", room="tea", text="kept", n=1)
        assert one.event("message")["text"] == "kept"
        one.socket.close()
    again = browse(serve(db=str(tmp_path / "log.db")))
    again.say(type="hello", protocol=1, token=token, rooms={"tea": 0})
    assert again.event("welcome")["last_n"] == 1
    assert again.event("message")["text"] == "kept"


# ---------------------------------------------------------------- requests


def test_who_asks_for_pages_is_nobody(serve: Serve, connect: Connect, bare: Open) -> None:
    """The hub hears of a request no more than of any other byte; the connection may be used again."""
    server = serve()
    ann = connect(server, "ann")
    one = bare(server, GET)
    for _ in range(3):
        assert one.until(b"\r\n\r\n").startswith(b"HTTP/1.1 200 ")
        one.received = b""
        one.send(GET.replace(b"GET", b"HEAD"))
    one.half_close()
    assert one.to_the_end()
    ann.sync()
    assert len(registry_of(server).peers) == 1


def test_who_stays_without_need_is_let_go(serve: Serve, connect: Connect, bare: Open) -> None:
    """A request has the time of a hello, and so has whoever makes none: one is told so, the other is not."""
    server = serve(hello_timeout=0.3)
    ann = connect(server, "ann")
    half, idle = bare(server, GET[:-2]), bare(server, GET)
    assert half.to_the_end().startswith(b"HTTP/1.1 408 ")
    assert idle.to_the_end().count(b"HTTP/1.1") == 1
    for one in (half, idle):
        one.socket.close()
    wait_until(ann, lambda: len(connections(server)) == 1)


def test_browsers_push_nobody_out(serve: Serve, connect: Connect, bare: Open) -> None:
    """Of one address, connections that are kept for later requests give way first."""
    server = serve(max_strangers=4, greet_after=0)
    stranger = connect(server)
    for _ in range(20):
        bare(server, GET).until(b"</html>")
    assert len(connections(server)) <= 5
    stranger.hello("ann")


def test_who_was_silent_before_is_answered(serve: Serve, connect: Connect, bare: Open) -> None:
    """Browsers connect before they ask; where nobody is greeted, whatever they passed for meanwhile is over."""
    server = serve(greet_after=0)
    ann = connect(server, "ann")
    one, two = bare(server), bare(server)
    wait_until(ann, lambda: len(registry_of(server).peers) == 3)
    one.send(GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
    assert one.to_the_end().startswith(b"HTTP/1.1 200 ")
    two.send(HANDSHAKE)
    assert two.until(b"\r\n\r\n").startswith(b"HTTP/1.1 101 ")
    two.send(frame(b'{"type":"hello","protocol":1,"name":"bob"}'))
    two.until(b'"welcome"')
    one.socket.close()
    wait_until(ann, lambda: len(registry_of(server).peers) == 2)


def test_a_request_that_is_refused_ends_it(serve: Serve, connect: Connect, bare: Open) -> None:
    """Whatever comes behind it is not looked at, however much it is."""
    server = serve()
    ann = connect(server, "ann")
    body = b'{"type":"hello","protocol":1,"name":"eve"}\n'
    one = bare(server, b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n" + body * 100)
    assert one.to_the_end().startswith(b"HTTP/1.1 413 ")
    one.socket.close()
    wait_until(ann, lambda: len(connections(server)) == 1)
    assert len(registry_of(server).peers) == 1


def test_who_asks_and_does_not_read_is_bounded(serve: Serve, bare: Open) -> None:
    """Answers wait up to the limit of any outbox; then nothing more is read."""
    server = serve(outbox_limit=10_000)
    keep_little(server)
    one = bare(server)
    one.socket.settimeout(1)
    try:
        for _ in range(3000):
            one.send(GET * 10)
    except (TimeoutError, OSError):
        pass
    assert all(connection.unsent < 200_000 for connection in connections(server))


def test_where_no_browser_is_served_http_is_refused(serve: Serve, bare: Open) -> None:
    """As it was before there was a page."""
    server = serve(wires=("native", "plain"))
    assert bare(server, GET).to_the_end() == HTTP_REFUSAL
    assert bare(server, HANDSHAKE).to_the_end() == HTTP_REFUSAL


# ---------------------------------------------------------------- through a proxy


def forwarded(data: bytes, address: str = FAR, proto: str = "https") -> bytes:
    """As a web server in front sends it."""
    more = f"X-Forwarded-For: {address}\r\nX-Forwarded-Proto: {proto}\r\n\r\n".encode()
    return data.replace(b"localhost", b"chat.example").replace(b"\r\n\r\n", b"\r\n" + more)


def test_a_proxy_says_who_comes(serve: Serve, browse: Browse, bare: Open) -> None:
    """Who comes through it is known by the own address, and may send a password if it came encrypted there."""
    server = serve(proxy_from=("127.0.0.1",), password_cost="cheapest")
    assert bare(server, forwarded(GET)).until(b"\r\n").startswith(b"HTTP/1.1 200 ")
    kim = browse(server, "", forwarded(HANDSHAKE))
    kim.say(type="hello", protocol=1, name="kim", password="long enough", register=True)
    kim.event("welcome")
    assert [peer.address for peer in registry_of(server).peers.values()] == [FAR]
    assert bare(server, forwarded(HANDSHAKE, proto="http")).until(b"\r\n").startswith(b"HTTP/1.1 403 ")
    assert bare(server, HANDSHAKE).until(b"\r\n").startswith(b"HTTP/1.1 403 "), "it may be anybody"


def test_behind_the_header_of_a_load_balancer_there_is_no_other(serve: Serve, bare: Open) -> None:
    """What it passes on is what anybody has written."""
    server = serve(proxy_from=("127.0.0.1",))
    one = bare(server, f"PROXY TCP4 {FAR} 127.0.0.1 1 2\r\n".encode() + forwarded(GET, "127.0.0.1"))
    assert one.until(b"\r\n").startswith(b"HTTP/1.1 307 ")


@pytest.mark.parametrize("cut", [0, 1, 2, 5, 8, 30])
def test_a_proxy_may_begin_in_pieces(serve: Serve, bare: Open, cut: int) -> None:
    """A method of HTTP may begin as the header of a load balancer does."""
    server = serve(proxy_from=("127.0.0.1",))
    one = bare(server)
    for piece in (data := forwarded(GET.replace(b"GET", b"PUT")))[:cut], data[cut:]:
        one.send(piece)
    assert one.until(b"\r\n").startswith(b"HTTP/1.1 405 ")


def test_only_a_proxy_is_believed(serve: Serve, browse: Browse, connect: Connect) -> None:
    """Where none is trusted, such headers say nothing."""
    server = serve()
    browse(server, "kim", HANDSHAKE.replace(b"\r\n\r\n", f"\r\nX-Forwarded-For: {FAR}\r\n\r\n".encode()))
    assert [peer.address for peer in registry_of(server).peers.values()] == ["127.0.0.1"]
