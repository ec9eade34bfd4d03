"""HTTP on the one port: what is answered, refused, and bounded. In memory, but for the last few."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from roomchat.settings import Settings
from roomchat.wires.forwarded import Asker, asker
from roomchat.wires.gate import Gate, Place
from roomchat.wires.http import MAX_HEAD, MAX_HEADERS, MAX_PIPELINED, Conversation, Turn
from roomchat.wires.site import Request, Response

HERE = Asker("127.0.0.1", local=True, secure=False)
ELSEWHERE = Asker("192.0.2.7", local=False, secure=False)
ENCRYPTED = Asker("192.0.2.7", local=False, secure=True)
PROXY = "192.0.2.99"

KEY = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"  # of RFC 6455, section 1.3
ACCEPTED = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
UPGRADE = f"Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n{KEY}"


class Pages:
    """One page. It remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Request] = []
        self.page = b"the page"

    def answer(self, request: Request) -> Response:
        self.asked.append(request)
        if request.path == "/":
            return Response(200, [("Content-Type", "text/plain")], self.page)
        return Response(304, []) if request.path == "/known" else self.say(404, "There is no such page.")

    def say(
        self, status: int, sentence: str, headers: Sequence[tuple[str, str]] = (), *, secure: bool = False
    ) -> Response:
        return Response(status, [*headers], sentence.encode())


def conversation(peer: Asker = HERE, **settings: Any) -> Conversation:
    """One with somebody, on a server with these settings."""
    gate = Gate(Settings(**settings))
    return Conversation(peer, gate, Pages(), lambda address: address == PROXY, lambda: "now")


def get(path: str = "/", *headers: str, host: str = "localhost:5050", method: str = "GET") -> bytes:
    """A request."""
    lines = [f"{method} {path} HTTP/1.1", *([f"Host: {host}"] if host else []), *headers, "", ""]
    return "\r\n".join(lines).encode("latin-1")


def sent(turn: Turn) -> bytes:
    """What is sent for some bytes."""
    return b"".join(turn.pieces)


def status(data: bytes, peer: Asker = HERE, **settings: Any) -> int:
    """Of the answer to a request, which is one."""
    answer = sent(conversation(peer, **settings).feed(data))
    assert answer.count(b"HTTP/1.1 ") == 1, answer
    return int(answer[9:12])


# ---------------------------------------------------------------- what is answered


def test_a_page_is_answered() -> None:
    """With its size, and the connection stays; a HEAD gets the same without the page."""
    one = conversation()
    turn = one.feed(get())
    head, _, body = sent(turn).partition(b"\r\n\r\n")
    assert head.split(b"\r\n")[0] == b"HTTP/1.1 200 OK"
    assert b"Content-Length: 8" in head
    assert b"Date: now" in head
    assert body == b"the page"
    assert not turn.ends
    assert sent(one.feed(get(method="HEAD"))) == head + b"\r\n\r\n"
    assert sent(one.feed(get("/known"))) == b"HTTP/1.1 304 Not Modified\r\nDate: now\r\n\r\n"
    pages = one._site
    assert isinstance(pages, Pages)
    assert turn.pieces[1] is pages.page, "all who get it share it"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (get("/nothing"), 404),
        (get("/../../etc/passwd"), 404),
        (get("/%2e%2e/%00"), 404),
        (get(method="POST"), 405),
        (get(method="DELETE"), 405),
        (get("*", method="OPTIONS"), 405),
        (get("localhost:22", method="CONNECT"), 405),
        (get(method="BREW"), 501),
        (get(method="get"), 501),
        (get("http://localhost/"), 200),
        (get("HTTP://127.0.0.1:5050?x", host="else.example"), 200),
        (get("http://else.example/"), 421),
        (get(host=""), 400),
        (get("/", "Host: localhost"), 400),
        (get(host="a b"), 400),
        (get(host="localhost:99999"), 400),
        (get(host="evil.example/@localhost"), 400),
        (get("/", "Content-Length: 0"), 200),
        (get("/", "Content-Length: 3") + b"abc", 413),
        (get("/", "Content-Length: 3", "Content-Length: 4") + b"abc", 400),
        (get("/", "Content-Length: 3", "Transfer-Encoding: chunked") + b"0\r\n\r\n", 400),
        (get("/", "Content-Length: -1"), 400),
        (get("/", "Transfer-Encoding: chunked") + b"0\r\n\r\n", 413),
        (get("/", "Transfer-Encoding: gzip"), 501),
        (get("/", "Content-Length: 9", "Expect: 100-continue", method="POST"), 413),
        (get("/", "Expect: 100-continue"), 200),
        (get("/", "Space : before"), 400),
        (get("/", "Nul: \0"), 400),
        (get("/", "Ret: a\rb: c"), 400),
        (get("/", *["Many: x"] * MAX_HEADERS), 431),
        (get("/", "Long: " + "x" * MAX_HEAD), 431),
        (get("/" + "x" * MAX_HEAD), 431),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        (get().replace(b"1.1", b"2.0"), 505),
        (get().replace(b"1.1", b"1.0"), 200),
        (b"GET / HTTP/1.0\r\n\r\n", 200),
        (b"GET /\r\n\r\n", 400),
        (b"\r\n\n" + get(), 200),
        (get().replace(b"\r", b""), 200),
        (get("/ws"), 426),
        (get("/ws", method="HEAD"), 405),
        (get("/ws", *UPGRADE.split("\r\n")[:2]), 400),
        (get("/ws", UPGRADE.strip().replace("13", "8")), 400),
        (get("/ws", UPGRADE + "Content-Length: 1") + b"x", 413),
        (get("/ws", UPGRADE.strip(), method="POST"), 405),
        (get("/ws", UPGRADE + "Any: a\x01b"), 400),
        (get("/ws", UPGRADE.replace("Key: d", "Key: \xff")[:-2]), 400),
        (get("/ws", UPGRADE.replace("Upgrade:", "Upgrade: ,;")[:-2]), 400),
        (get("/", UPGRADE.strip()), 200),
        (get("/", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: x"), 200),
    ],
)  # fmt: skip
def test_what_is_asked_is_answered_or_refused(data: bytes, expected: int) -> None:
    """Whatever it is, it is answered once; behind what was not understood nothing is looked at."""
    assert status(data) == expected
    turn = conversation().feed(data + get("/nothing"))
    if expected in (400, 413, 431, 505) and b"/ws" not in data[:9]:
        assert turn.ends
        assert sent(turn).count(b"HTTP/1.1 ") == 1
        assert b"Connection: close" in sent(turn)


def test_who_asks_to_end_is_let_go() -> None:
    """With ``Connection: close``, and in HTTP/1.0, the first answer is the last."""
    assert sent(conversation().feed(get("/", "Connection: close") + get())).count(b"the page") == 1
    assert conversation().feed(get().replace(b"1.1", b"1.0") + get()).ends


def test_requests_may_come_together() -> None:
    """Some are answered in a row, in their order; the last one that is says that it is."""
    turn = conversation().feed(get() + get("/nothing") + get())
    assert re.findall(rb"HTTP/1.1 (\d+)", sent(turn)) == [b"200", b"404", b"200"]
    turn = conversation().feed(get() * 100)
    assert turn.ends
    assert sent(turn).count(b"the page") == MAX_PIPELINED
    assert sent(turn).count(b"Connection: close") == 1


# ---------------------------------------------------------------- becoming a WebSocket


def test_it_becomes_a_websocket() -> None:
    """The example of RFC 6455; what comes behind it is the WebSocket's. Nothing is compressed."""
    asked = get("/ws?x", UPGRADE + "Sec-WebSocket-Extensions: permessage-deflate")
    turn = conversation().feed(asked + b"\x81\x80")
    assert sent(turn).startswith(b"HTTP/1.1 101 ")
    assert ACCEPTED.encode() in sent(turn)
    assert b"xtensions" not in sent(turn)
    assert turn.upgraded == HERE
    assert turn.rest == b"\x81\x80"


@pytest.mark.parametrize(
    ("peer", "host", "origin", "settings", "accepted"),
    [
        (HERE, "localhost:5050", "http://localhost:5050", {}, True),
        (HERE, "LOCALHOST:5050", "http://localhost:5050", {}, True),
        (HERE, "localhost", "http://localhost", {}, True),
        (HERE, "localhost:80", "http://localhost", {}, True),
        (HERE, "[::1]:5050", "http://[::1]:5050", {}, True),
        (HERE, "localhost:5050", None, {}, True),
        (HERE, "localhost:5050", "http://localhost:5051", {}, False),
        (HERE, "localhost:5050", "https://localhost:5050", {}, False),
        (HERE, "localhost:5050", "http://127.0.0.1:5050", {}, False),
        (HERE, "localhost:5050", "http://evil.example", {}, False),
        (HERE, "localhost:5050", "http://localhost:5050.evil.example", {}, False),
        (HERE, "localhost:5050", "http://localhost:5050@evil.example", {}, False),
        (HERE, "localhost:5050", "null", {}, False),
        (HERE, "localhost:5050", "file://", {}, False),
        (HERE, "localhost:5050", "", {}, False),
        (HERE, "localhost:5050", "http://localhost:5050, http://evil.example", {}, False),
        (HERE, "localhost:5050", "https://chat.example", {"origin": ("https://chat.example",)}, True),
        (HERE, "localhost:5050", "https://other.example", {"origin": ("https://chat.example",)}, False),
        (HERE, "evil.example:5050", "http://evil.example:5050", {}, False),
        (HERE, "chat.example", "http://chat.example", {"origin": ("http://chat.example",)}, True),
        (ENCRYPTED, "chat.example", "https://chat.example", {}, True),
        (ENCRYPTED, "chat.example:5050", "https://chat.example:5050", {}, True),
        (ENCRYPTED, "chat.example", "http://chat.example", {}, False),
        (ELSEWHERE, "192.0.2.1:5050", "http://192.0.2.1:5050", {}, False),
        (ELSEWHERE, "192.0.2.1:5050", "http://192.0.2.1:5050", {"plaintext": "all"}, True),
        (ELSEWHERE, "chat.example", "http://chat.example", {"plaintext": "all"}, False),
        (HERE, "localhost", "http://localhost", {"plaintext": "none"}, False),
    ],
)  # fmt: skip
def test_whose_page_may_talk(
    peer: Asker, host: str, origin: str | None, settings: dict[str, Any], accepted: bool
) -> None:
    """A page of the server itself, and those that it was told of; and programs, which have none."""
    headers = [UPGRADE.strip(), *([] if origin is None else [f"Origin: {origin}"])]
    turn = conversation(peer, **settings).feed(get("/ws", *headers, host=host))
    assert (turn.upgraded is not None) == accepted
    assert accepted or sent(turn)[9:12] in (b"403", b"421")


@pytest.mark.parametrize(
    "host", ["localhost", "a.localhost", "127.0.0.1:5050", "[::1]", "[2001:db8::1]:80", "10.0.0.1"]
)
def test_a_name_that_nobody_can_turn_is_taken(host: str) -> None:
    """In clear text the page is asked for by an address, or as localhost."""
    assert status(get(host=host)) == 200


@pytest.mark.parametrize(
    "host", ["evil.example:5050", "localhost.evil.example", "127.0.0.1.evil.example", "1.2.3"]
)
def test_a_name_that_anybody_may_have_turned_is_not_taken(host: str) -> None:
    """A page of others that has its own name point here gets nothing, in clear text: TLS tells names apart."""
    assert status(get(host=host)) == 421
    assert status(get("/ws", UPGRADE.strip(), host=host)) == 421
    assert status(get(host=host), ENCRYPTED) == 200
    assert status(get(host=host), origin=(f"http://{host}",)) == 200


def test_clear_text_from_elsewhere_is_sent_where_it_is_encrypted() -> None:
    """A page to the same place with https, a WebSocket nowhere; where clear text is taken both are answered."""
    turn = conversation(ELSEWHERE).feed(get("/a?b", host="chat.example:5050"))
    assert sent(turn).startswith(b"HTTP/1.1 307 ")
    assert b"\r\nLocation: https://chat.example:5050/a?b\r\n" in sent(turn)
    assert status(get("/ws", UPGRADE.strip(), host="192.0.2.1"), ELSEWHERE) == 403
    assert status(b"GET / HTTP/1.0\r\n\r\n", ELSEWHERE) == 403
    assert status(get(host="192.0.2.1"), ELSEWHERE, plaintext="all") == 200
    assert status(get(), HERE, plaintext="none") == 307


# ---------------------------------------------------------------- proxies


@pytest.mark.parametrize(
    ("headers", "address", "secure"),
    [
        ({}, None, False),
        ({"x-forwarded-for": "198.51.100.1"}, "198.51.100.1", False),
        ({"x-forwarded-for": "198.51.100.1", "x-forwarded-proto": "https"}, "198.51.100.1", True),
        ({"x-forwarded-for": "10.9.9.9, 198.51.100.1", "x-forwarded-proto": "https"}, "198.51.100.1", True),
        ({"x-forwarded-for": f"10.9.9.9, 198.51.100.1, {PROXY}"}, "198.51.100.1", False),
        ({"x-forwarded-for": "198.51.100.1:4711"}, "198.51.100.1", False),
        ({"x-forwarded-for": "[2001:db8::1]:80"}, "2001:db8::1", False),
        ({"x-forwarded-for": "2001:db8::1"}, "2001:db8::1", False),
        ({"x-forwarded-for": "::ffff:198.51.100.1"}, "198.51.100.1", False),
        ({"x-forwarded-for": "198.51.100.1, unknown"}, None, False),
        ({"x-forwarded-for": ""}, None, False),
        ({"x-forwarded-for": "fe80::1%eth0"}, None, False),
        ({"x-forwarded-proto": "https"}, None, True),
        ({"forwarded": "for=198.51.100.1;proto=https"}, "198.51.100.1", True),
        ({"forwarded": 'For="[2001:db8::1]:80";by=x'}, "2001:db8::1", False),
        ({"forwarded": "for=10.9.9.9, for=198.51.100.1; proto=HTTPS"}, "198.51.100.1", True),
        ({"forwarded": "for=_hidden"}, None, False),
        ({"forwarded": "for=10.9.9.9", "x-forwarded-for": "198.51.100.1"}, "198.51.100.1", False),
    ],
)
def test_who_asks_through_a_proxy(headers: dict[str, str], address: str | None, secure: bool) -> None:
    """The nearest proxy's word counts, and before it that of others which are trusted; no further back."""
    peer = Asker(PROXY, local=False, secure=False)
    who = asker(peer, headers, lambda one: one == PROXY)
    assert who.address == (address or PROXY)
    assert who.named == (address is not None)
    assert who.secure == secure
    assert not who.local


@examples(max_examples=200)
@given(
    st.dictionaries(st.sampled_from(["forwarded", "x-forwarded-for", "x-forwarded-proto"]), st.text(max_size=60))
)
def test_whatever_a_proxy_says_names_an_address_or_nobody(headers: dict[str, str]) -> None:
    """Nothing in such a header makes the server fall, or anybody local."""
    who = asker(Asker(PROXY, local=False, secure=False), headers, lambda one: one == PROXY)
    assert not who.local
    assert re.fullmatch(r"[0-9a-f.:]+", who.address)


def test_only_a_proxy_is_believed() -> None:
    """The same headers from anybody else mean nothing."""
    headers = ["X-Forwarded-For: 127.0.0.1", "X-Forwarded-Proto: https", "Forwarded: for=127.0.0.1;proto=https"]
    assert status(get("/", *headers, host="192.0.2.1"), ELSEWHERE) == 307
    proxy = Asker(PROXY, local=False, secure=False)
    assert status(get("/", *headers, host="chat.example"), proxy) == 200
    turn = conversation(proxy).feed(get("/ws", UPGRADE + headers[0], headers[1], host="chat.example"))
    assert turn.upgraded == Asker("127.0.0.1", local=False, secure=True)


# ---------------------------------------------------------------- bounds, and any bytes


def test_half_a_request_is_kept_within_bounds() -> None:
    """However it comes, no more than a whole one may have."""
    one = conversation()
    turn = one.feed(b"GET / HTTP/1.1\r\n")
    while not turn.ends:
        turn = one.feed(b"A: " + b"b" * 500 + b"\r\n")
        assert len(one._came) <= MAX_HEAD
    assert sent(turn).startswith(b"HTTP/1.1 431 ")
    assert one.idle


bits = st.sampled_from(
    [b"GET / HTTP/1.1\r\n", b"Host: localhost\r\n", b"\r\n", b"\n", get(), get("/ws", UPGRADE.strip()), b"\r",
     b"Content-Length: 1\r\n", b"Transfer-Encoding: chunked\r\n", b"Connection: close\r\n", b"x", b"\0", b"\xff",
     b"GET ", b" ", b"POST /x HTTP/1.0\r\n", b"A: b\r\n c\r\n", b"Z" * 5000]
)  # fmt: skip


@examples(max_examples=300, deadline=None)
@given(st.lists(bits, max_size=12).map(b"".join), st.lists(st.integers(0, 9000), max_size=5))
@example(get() + b"\r\n" + get("/ws", UPGRADE.strip()) + b"\r\n", [1, 57])
@example(b"\n" + get(), list(range(60)))
def test_no_split_changes_the_answers(data: bytes, cuts: list[int]) -> None:
    """Any bytes in any pieces get the answers that they get in one, which are only so many."""
    assume(conversation().feed(data).requests < MAX_PIPELINED)

    def answered(edges: list[int]) -> tuple[bytes, bool, bytes | None]:
        one, told = conversation(), b""
        for start, end in pairwise(edges):
            turn = one.feed(data[start:end])
            told += re.sub(rb"Date: .*\r\n", b"", sent(turn))  # a second may have passed
            if turn.ends or turn.upgraded:
                return told, turn.ends, turn.rest + data[end:] if turn.upgraded else None
        return told, False, None

    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    assert answered(edges) == answered([0, len(data)])


@examples(max_examples=300)
@given(st.text(max_size=40) | st.from_regex(r"https?://[^/]{0,20}(:[0-9]{0,6})?", fullmatch=True))
def test_whatever_an_origin_is_it_is_a_place_or_none(origin: str) -> None:
    """What is no origin is told by an error, and nothing else."""
    try:
        place = Place.of_origin(origin)
    except ValueError:
        return
    assert place.host == place.host.lower()
    assert 0 <= place.port <= 65535
