"""Which wire a connection speaks, told from its first bytes: any bytes, however split, lead to one wire, to one
refusal, or to more waiting; always within bounds, and while others talk."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from roomchat.chat.inputs import Connected, Disconnected, Inputs
from roomchat.client.client import Client
from roomchat.dialect import Terms
from roomchat.net.inbox import Inbox
from roomchat.net.loop import Loop
from roomchat.net.readers import Readers
from roomchat.net.routes import Routes
from roomchat.protocol import Welcome
from roomchat.server import Server
from roomchat.settings import WIRES, Settings
from roomchat.store.reader import SqliteReader
from roomchat.wires import channels, ktn
from roomchat.wires.detect import (
    FIRST_LINE,
    HTTP_REFUSAL,
    IRC_REFUSAL,
    TLS_REFUSAL,
    Asks,
    Chosen,
    Detector,
    Dialects,
    Encrypted,
    Refused,
)
from roomchat.wires.native import NativeWire
from roomchat.wires.plain_text import ASK_NAME, GREETING
from tests.bare import Bare
from tests.framed import CLOSE, HANDSHAKE, PING, frame
from tests.inside import connections, dialects, no_passwords, no_site, registry_of
from tests.memory import Chat
from tests.peer import DEADLINE, Peer
from tests.test_bad_input import Pair

Serve = Callable[..., Server]
Connect = Callable[..., Peer]

MAX_LINE = 4096  # bytes; small, so that what passes it is quick to send
SOON = 0.05  # seconds of silence until a peer is greeted

HELLO = {  # what somebody called kim begins with, on each wire
    "native": b'{"type":"hello","protocol":1,"name":"kim"}\n',
    "ktn": b'{"request":"login","content":"kim"}',
    "ktn-2014": b'{"request":"login","username":"kim"}',
    "channels": b'{"type":"command","command":"nick","args":["kim"]}\n',
    "plain": b"kim\n",
}
ANSWER = {  # what tells that it has worked
    "native": b'"type":"welcome"',
    "ktn": b"Login successful!",
    "ktn-2014": b'"username":"kim"',
    "channels": b"Welcome, kim.",
    "plain": b"Your uid is: ",
}

NO_BROWSERS = tuple(wire for wire in WIRES if wire != "websocket")
LONG_URL = b"/" + b"x" * 3000
COMMANDS = (
    HELLO["native"]
    + b'{"type":"join","room":"health"}\n{"type":"say","room":"health","text":"gotcha"}\n'
    + b"kim\n/join health\ngotcha\n"
)
TLS_HELLO = b"\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03" + bytes(range(32)) + b"\n{\x00" * 60
REFUSED = {
    "GET": (b"GET / HTTP/1.1\r\nHost: localhost:5050\r\n\r\n", HTTP_REFUSAL),
    "GET, long": (b"GET " + LONG_URL + b" HTTP/1.1\r\nHost: localhost:5050\r\n\r\n", HTTP_REFUSAL),
    "POST, long": (b"POST " + LONG_URL + b" HTTP/1.1\r\n\r\n" + COMMANDS, HTTP_REFUSAL),
    "POST": (b"POST / HTTP/1.1\r\nContent-Length: 999\r\n\r\n" + COMMANDS * 20, HTTP_REFUSAL),
    "POST, blank lines first": (b"\r\n \r\nPOST / HTTP/1.1\r\n\r\n" + COMMANDS, HTTP_REFUSAL),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0" * 9, HTTP_REFUSAL),
    "TLS behind blanks": (b"\r\n" + TLS_HELLO, TLS_REFUSAL),
    "IRC": (b"NICK kim\r\nUSER kim 0 * :Kim\r\n", IRC_REFUSAL),
    "IRC, caps": (b"CAP LS 302\r\nNICK kim\r\n", IRC_REFUSAL),
    "IRC, small": (b"user kim 0 * :Kim\r\n", IRC_REFUSAL),
    "IRC, tags": (b"@a=b;c=d :kim PASS secret\r\n", IRC_REFUSAL),
}


# ---------------------------------------------------------------- the detector alone, in memory


def detector(**settings: Any) -> Detector:
    """One as a server with these settings has it."""
    return Detector(Dialects(Settings(**{"max_line": MAX_LINE} | settings), lambda: "2026-01-01T00:00:00.000Z"))


def told(found: Any) -> str | bytes | None:
    """What a detector returned, comparable: a dialect, a refusal, or None."""
    if isinstance(found, Chosen):
        return found.wire.dialect
    if isinstance(found, Encrypted | Asks):
        return "tls" if isinstance(found, Encrypted) else "http"
    return found.data if isinstance(found, Refused) else found and found.dialect


def fed(data: bytes, cuts: list[int], **settings: Any) -> str | bytes | None:
    """What a detector makes of bytes that come in pieces: until it knows, as an I/O thread does."""
    one = detector(**settings)
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    for start, end in pairwise(edges):
        if (found := one.feed(data[start:end])) is not None:
            return told(found)
        assert len(one.data) <= one._dialects.settings.max_line + FIRST_LINE
        assert bytes(one.data) == data[:end], "what the wire is to get is all there"
        assert told(one.guess()) in WIRES
    return None


BACKSLASHES = b'{"a":"\\\\\\"{}\n'
DEEP = b'{"type":"ping","x":' + b"[" * 1500 + b"]" * 1500 + b"}"
NUMBER = b'{"type":"hello","protocol":' + b"9" * 5000 + b"}"


@pytest.mark.parametrize(
    ("data", "dialect"),
    [
        *((hello, dialect) for dialect, hello in HELLO.items()),
        (b"", None),
        (b" \r\n\t\n", None),
        (b"kim", None),
        (b"{", None),
        (b'{"type":"hello"', None),
        (b'{"request":"{}', None),
        (b"\x16", "tls"),
        (b" \x16", TLS_REFUSAL),
        (b"GET", None),
        (b"NICK", None),
        (b"\xff\xfb\x18", None),  # telnet's options
        (b"\n\n" + HELLO["native"], "native"),
        (b"{}", "native"),
        (b'{"type":5}', "native"),
        (b'{"type":["command"]}', "native"),
        (b'{"type":"ping","x":NaN}', "native"),
        (b'{"type":"hello","protocol":1,"name":"\\ud800"}', "native"),
        (b'{"type":\n"ping"}', "native"),
        (b'{"x":{"request":"login"},"type":"hello"}', "native"),
        (b'{"type":"message","message":"hi"}', "channels"),
        (b'{"type":"command","request":"login"}', "ktn"),
        (b'{"request":null}', "ktn"),
        (b'{"request":"msg","message":"hi"}', "ktn-2014"),
        (b'{"request":"login","content":"a"}{"request":"names"}', "ktn"),
        (b'{"type":"ping" "id":1}', "plain"),
        (b'{"type":"hello","name":"\xff"}', "plain"),
        (b"{kim}\n", "plain"),
        (b"[]\n", "plain"),
        (b'"ping"\n', "plain"),
        (b":-)\n", "plain"),
        (b"\xef\xbb\xbf{}\n", "plain"),  # a byte order mark
        (b"\xff\xfe\0\n", "plain"),
        (b"GET\n", "plain"),
        (b"gets /\n", "plain"),
        (b"get / HTTP/1.1\n", "plain"),
        (b"\x16\x02\n", "tls"),
        (b"nickname \n", "plain"),
        (b"hello\nGET / HTTP/1.1\r\n", "plain"),
        (b"x" * FIRST_LINE, None),
        (b"x" * (FIRST_LINE + 1), "plain"),
        (b"\n" * (FIRST_LINE + 1), "plain"),
        (b"{" + b" " * (MAX_LINE - 1), None),
        (b"{" + b" " * MAX_LINE, "native"),
        (b'{"request":"login","content":"' + b"x" * MAX_LINE + b'"}', "native"),
    ],
    ids=lambda value: repr(value[:30]) if isinstance(value, bytes) else value,
)  # fmt: skip
def test_what_the_first_bytes_tell(data: bytes, dialect: str | None) -> None:
    """Each wire is known by how it begins, as early as that can be told, and never earlier."""
    assert fed(data, []) == dialect
    assert fed(data, list(range(len(data)))) == dialect


@pytest.mark.parametrize("data", [NUMBER, DEEP], ids=["number", "deep"])
def test_a_json_object_is_no_person(data: bytes) -> None:
    """An object with a number of 5000 digits in it, or nested too deeply, is native, where it gets its error."""
    assert fed(data, [], max_line=64 * 1024) == "native"


@pytest.mark.parametrize("data", [b"{kim\n", b"{ :-)\n/help\n", b" {[x]\n"])
def test_a_brace_alone_is_no_object(data: bytes) -> None:
    """What can't become a JSON object is a person's line: nobody waits for its other brace."""
    assert fed(data, []) == fed(data, [1, 2, 3]) == "plain"
    one = detector()
    assert one.feed(data.partition(b"\n")[0]) is None
    assert told(one.paused()) == "plain"


@pytest.mark.parametrize(("data", "refusal"), REFUSED.values(), ids=REFUSED)
def test_other_protocols_are_refused(data: bytes, refusal: bytes) -> None:
    """HTTP, TLS and IRC are told from their beginnings, at whatever byte these are cut. HTTP is refused where no
    browser is served."""
    outcome = "http" if refusal is HTTP_REFUSAL else refusal
    assert fed(data, []) == outcome
    assert fed(data, [], wires=NO_BROWSERS) == refusal
    for cut in range(1, 40):
        assert fed(data, [cut]) == outcome
        assert fed(data, [cut], wires=NO_BROWSERS) == refusal


pieces = st.one_of(
    st.binary(max_size=30),
    st.sampled_from([*HELLO.values(), *(data[:40] for data, _ in REFUSED.values())]),
    st.sampled_from([HANDSHAKE, HANDSHAKE + frame(HELLO["native"]), frame(b"x", CLOSE), frame(b"x", PING)]),
    st.sampled_from(
        [b"\n", b"\r\n", b" ", b"{", b"}", b'"', b"\\", b":", b",", b"[", b"]", b'{"request":', b'"login"',
         b'"type":', b'"command"', b'"username"', b"GET ", b"PRI ", b"NICK ", b":x ", b"@x ", b"\x16", b"\x16\x03",
         b"\xff\xf1", b"\xff\xfa", b"\xef\xbb\xbf", b"kim", b"\0", b"{\0", b" " * 1023, b"x" * 1020, b"y" * 4000,
         b"9" * 4400, BACKSLASHES]
    ),
)  # fmt: skip
first_bytes = st.lists(pieces, max_size=12).map(b"".join)


@examples(deadline=None, max_examples=500, suppress_health_check=[HealthCheck.too_slow])
@given(first_bytes, st.lists(st.integers(0, 6000), max_size=6) | st.just(list(range(0, 6000, 3))))
@example(b"\r\n" * 511 + b"  {}", list(range(1100)))
@example(b"@" + b"x" * 1019 + b" NICK x\n", list(range(1000, 1040)))
@example(b'{"a" {"request":"login"}', list(range(30)))
def test_no_split_changes_the_outcome(data: bytes, cuts: list[int]) -> None:
    """Any bytes in any pieces are told apart as they are in one piece, or while less of them is there."""
    outcome = fed(data, cuts)
    assert outcome == fed(data, [])
    assert outcome is None or outcome in {"http", IRC_REFUSAL, TLS_REFUSAL, "tls", *HELLO}
    if outcome is not None:
        assert fed(data + b'\n{"request":1}\nGET / ', cuts) == outcome, "more bytes change nothing"


@pytest.mark.parametrize(
    ("data", "limit"),
    [(b"x", FIRST_LINE), (b" ", FIRST_LINE), (b"\n", FIRST_LINE), (b"@", FIRST_LINE), (b'{"a":', MAX_LINE),
     (b'{"a":"', MAX_LINE), (b'{"\\', MAX_LINE), (b"{ ", MAX_LINE), (b" {[", MAX_LINE + FIRST_LINE)],
)  # fmt: skip
def test_undecided_bytes_are_few(data: bytes, limit: int) -> None:
    """However something endless begins, it is decided on, and little is kept until then."""
    one, count = detector(), 0
    found = one.feed(data)
    while found is None:
        assert len(one.data) + len(one._objects._piece) <= 2 * (limit + 10)
        found = one.feed(data[-1:] * 10)
        count += 1
        assert count <= limit
    assert told(found) in ("plain", "native")


@pytest.mark.parametrize(
    ("data", "settings", "guess"),
    [
        (b"", {}, "plain"),
        (b"\r\n ", {}, "plain"),
        (b'{"ty', {}, "native"),
        (b'\n{"ty', {"greet_after": 0.0}, "native"),
        (b"", {"greet_after": 0.0}, "ktn"),
        (b"", {"greet_after": 0.0, "wires": ("native", "plain")}, "plain"),
        (b"", {"wires": ("native", "channels")}, "channels"),
        (b"", {"wires": ("native", "ktn")}, "ktn"),
        (b"", {"wires": ("native",)}, "native"),
        (b'{"ty', {"wires": ("plain",)}, "plain"),
    ],
)  # fmt: skip
def test_what_is_guessed(data: bytes, settings: dict[str, Any], guess: str) -> None:
    """Who pauses is taken for the likeliest of the wires that are on; half an object is no person's."""
    one = detector(**settings)
    assert one.feed(data) is None
    assert one.paused() is None
    assert one.guess().dialect == guess


def test_half_an_object_is_not_greeted() -> None:
    """Without the native wire, who has sent half an object is one of those that send objects."""
    one = detector(wires=("ktn", "channels", "plain"))
    one.feed(b'{"requ')
    assert one.guess().dialect == "ktn"


@pytest.mark.parametrize("off", HELLO)
def test_a_wire_that_is_off_is_refused_in_its_own_words(off: str) -> None:
    """Who speaks a wire that is off is told which are on; all others are told apart as ever."""
    wires = tuple(wire for wire in WIRES if not off.startswith(wire))
    refusal = fed(HELLO[off], [], wires=wires)
    assert isinstance(refusal, bytes)
    assert b"only: " + ", ".join(wires).encode() in refusal
    if off == "plain":
        assert refusal.endswith(b".\n")  # and asks for no name
    else:
        assert json.loads(refusal)
    for dialect, hello in HELLO.items():
        if dialect.partition("-")[0] in wires:
            assert fed(hello, [], wires=wires) == dialect
    assert fed(b"GET / ", [], wires=wires) == "http"


# ---------------------------------------------------------------- over real sockets


@pytest.fixture
def bare() -> Iterator[Callable[..., Bare]]:
    """Connect to a server, and say something at once perhaps; at the end all are closed."""
    opened: list[Bare] = []

    def start(server: Server, data: bytes = b"") -> Bare:
        opened.append(Bare(server.address, data))
        return opened[-1]

    yield start
    for one in opened:
        one.socket.close()


Open = Callable[..., Bare]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """One server that goes through all sorts of bytes; what it answers comes without pauses, to save time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ktn._Ktn, "pace", 0.0)
        patch.setattr(channels.ChannelsWire, "pace", 0.0)
        settings = Settings(
            port=0, rate=0, max_line=MAX_LINE, resume_window=0, lobby="", drain=0.2, greet_after=SOON
        )
        with Server(settings) as server:
            yield server
        assert not server.failed


@pytest.fixture(scope="module")
def healthy(server: Server) -> Iterator[Pair]:
    """Two who talk all the while, and would notice anyone in their room."""
    pair = Pair(server)
    yield pair
    pair.close()


def wait_until(watcher: Peer, condition: Callable[[], bool]) -> None:
    """Until something is so, while a peer that is a client asks the server for echoes."""
    give_up = time.monotonic() + DEADLINE
    while not condition():
        watcher.sync()
        assert time.monotonic() < give_up


def is_sensible(answer: bytes) -> bool:
    """Whether it is nothing, one refusal, JSON objects on lines, or text that is fit for a terminal."""
    if re.fullmatch(rb"\x15\x03.\x00\x02\x02.", answer, re.DOTALL):
        return True  # of TLS: a fatal alert
    if answer.removeprefix(GREETING.encode()) in (b"", HTTP_REFUSAL, IRC_REFUSAL, TLS_REFUSAL):
        return True  # behind the greeting on a loaded machine, where the first bytes came late
    if re.match(rb"HTTP/1.1 [1-5]\d\d .*\r\n\r\n", answer, re.DOTALL):
        return True
    if answer.startswith(b"{"):
        return all(isinstance(json.loads(line), dict) for line in answer.splitlines())
    text = answer.decode()
    return text.startswith(GREETING) and re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", text) is None


@examples(
    deadline=None,
    max_examples=250,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(first_bytes, st.integers(0, 6000), st.booleans())
def test_no_first_bytes_make_the_server_fall(
    server: Server, healthy: Pair, data: bytes, cut: int, reset: bool
) -> None:
    """Whatever a peer begins with, in two pieces, it gets one wire's words or one refusal, and others talk on."""
    one = Bare(server.address, data[:cut])
    try:
        one.send(data[cut:])
        if reset:
            one.reset()
        else:
            one.half_close()
            assert is_sensible(answer := one.to_the_end()), answer
    except OSError:
        pass  # the first piece was refused, and more came all the same
    finally:
        one.socket.close()
    healthy.check()
    assert not server.failed


@pytest.mark.parametrize(("data", "refusal"), REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("greeted", [False, True], ids=["at once", "greeted"])
def test_other_protocols_reach_nobody(
    server: Server, healthy: Pair, bare: Open, data: bytes, refusal: bytes, greeted: bool
) -> None:
    """A refusal in their own words and the end, whatever follows the first bytes, and after a silence too."""
    one = bare(server)
    if greeted:
        one.until(GREETING.encode())
    one.send(data)
    if refusal is HTTP_REFUSAL and not greeted:  # a browser, but one that may not send what it has sent
        one.half_close()
        assert re.match(rb"HTTP/1.1 [245]\d\d ", one.to_the_end())
    else:
        assert one.to_the_end() == refusal
    healthy.check()


def test_who_is_refused_in_pieces_is_refused_once(server: Server, healthy: Pair, bare: Open) -> None:
    """Bytes that come behind a refusal are not looked at."""
    one = bare(server, b"NICK kim\r\n")
    assert one.until(IRC_REFUSAL) == IRC_REFUSAL
    one.send(COMMANDS)
    assert one.to_the_end() == b""
    healthy.check()


@pytest.mark.parametrize("dialect", HELLO)
@pytest.mark.parametrize("silent", [False, True], ids=["at once", "after a silence"])
def test_each_wire_is_found(server: Server, bare: Open, dialect: str, silent: bool) -> None:
    """Its first line chooses the wire, also after the greeting, which was a guess."""
    one = bare(server)
    if silent:
        one.until(ASK_NAME.encode())
    one.send(HELLO[dialect])
    before = one.until(ANSWER[dialect])
    # On a loaded machine the greeting may come before what was sent at once.
    assert GREETING.encode() in before or dialect != "plain" or silent
    assert dialects(server).count(dialect) == (3 if dialect == "native" else 1)  # the healthy two are native
    one.half_close()
    one.to_the_end()


@pytest.mark.parametrize("dialect", HELLO)
def test_bytes_may_come_one_by_one(server: Server, bare: Open, dialect: str) -> None:
    """Each wire is found also when its first line comes byte by byte."""
    one = bare(server)
    for position in range(len(HELLO[dialect])):
        one.send(HELLO[dialect][position : position + 1])
    one.until(ANSWER[dialect])
    one.half_close()
    one.to_the_end()


@pytest.fixture(autouse=True)
def _talk_first(request: pytest.FixtureRequest) -> None:
    """The healthy pair comes before all who use its server, so that their UIDs are the first."""
    if "server" in request.fixturenames:
        request.getfixturevalue("healthy")


def test_a_wire_never_changes(serve: Serve, connect: Connect, bare: Open) -> None:
    """What belongs to other wires is text to the plain one, and no command to the native one."""
    server = serve(greet_after=SOON)
    native = connect(server, "kim")
    native.join("den")
    plain = bare(server, b"pia\n/join den\n")
    native.until("member_joined")
    for data in (HELLO["native"], HELLO["channels"], HELLO["ktn"], b"GET / HTTP/1.1\r\n", b"NICK x\r\n"):
        plain.send(data.strip() + b"\r\n")
        assert native.expect("message", uid=2)["text"].strip() == data.decode().strip()
        plain.until(b"<2 pia> " + data.strip() + b"\n")
    for data in (
        HELLO["ktn"] + b"\n",
        HELLO["channels"],
        b"GET / HTTP/1.1\r\n",
        b"NICK x\r\n",
        TLS_HELLO[:64] + b"\n",
    ):
        native.send_bytes(data)
        assert native.expect("error")["code"] in ("bad_json", "bad_command")
    native.send_bytes(b"\n" + HELLO["native"])
    native.until("error", code="already_registered")


@pytest.mark.parametrize("dialect", ["ktn", "ktn-2014", "channels"])
def test_the_other_wires_never_change_either(server: Server, bare: Open, dialect: str) -> None:
    """To a wire of JSON objects what another one sends is an error, and the next line works."""
    one = bare(server, HELLO[dialect])
    one.until(ANSWER[dialect])
    one.until(b"\n")
    others = [hello for other, hello in HELLO.items() if other not in (dialect, "ktn", "ktn-2014")]
    for data in (*others, b"GET / HTTP/1.1\r\n", b"NICK x\r\n"):
        one.send(data)
        assert b"error" in one.until(b"}\n")
    one.send(b'{"type":"command","command":"quit"}\n' if dialect == "channels" else b'{"request":"logout"}')
    assert b"error" not in one.to_the_end()


# ---------------------------------------------------------------- silence


def test_silence_is_greeted_once(serve: Serve, bare: Open) -> None:
    """Who says nothing for greet_after is greeted, and not again when it gives its name."""
    one = bare(serve(greet_after=SOON))
    assert one.until(ASK_NAME.encode()).decode() == GREETING
    one.send(b"kim\n")
    assert one.until(ANSWER["plain"]) == ANSWER["plain"]


def test_a_blank_line_is_no_name(serve: Serve, bare: Open) -> None:
    """Who presses Enter at the greeting, and then gives a name, has it."""
    one = bare(serve(greet_after=SOON))
    one.until(ASK_NAME.encode())
    one.send(b"\r\nkim\r\n")
    one.half_close()
    assert ANSWER["plain"] in one.to_the_end()


def test_half_a_word_and_silence_is_a_person(serve: Serve, bare: Open) -> None:
    """Its line is taken up where it paused; nothing makes that connection anything else."""
    one = bare(serve(greet_after=SOON), b"k")
    assert one.until(ASK_NAME.encode()).decode() == GREETING
    one.send(b"im\n")
    one.until(ANSWER["plain"])


@pytest.mark.parametrize("dialect", ["native", "ktn", "channels"])
def test_a_slow_first_line_is_not_greeted(serve: Serve, connect: Connect, bare: Open, dialect: str) -> None:
    """Who has begun an object when greet_after is over gets no greeting, and is found when it is whole."""
    server = serve(greet_after=SOON)
    ann = connect(server, "ann")
    one = bare(server)
    hello = HELLO[dialect]
    one.send(hello[:5])
    wait_until(ann, lambda: len(registry_of(server).peers) == 2)  # it has paused: a guess was made
    for position in range(5, len(hello)):
        one.send(hello[position : position + 1])
    assert b"Welcome to" not in one.until(ANSWER[dialect])


def test_nobody_is_greeted_where_that_is_off(
    monkeypatch: pytest.MonkeyPatch, serve: Serve, connect: Connect, bare: Open
) -> None:
    """With greet_after 0 silence gets nothing, though the hub knows of it, and a line is still a person's."""
    monkeypatch.setattr("roomchat.net.newcomers.DETECT_TIMEOUT", SOON)
    server = serve(greet_after=0.0)
    ann = connect(server, "ann")
    one, other = bare(server), bare(server)
    wait_until(ann, lambda: len(registry_of(server).peers) == 3)
    one.send(HELLO["ktn"])
    assert one.until(ANSWER["ktn"]).startswith(b'{"timestamp"')
    other.send(b"pia\n")
    assert other.until(ANSWER["plain"]).startswith(GREETING.encode())


def test_silence_ends_after_login_timeout(serve: Serve, bare: Open) -> None:
    """A person has login_timeout for the name; one who has begun an object has hello_timeout."""
    server = serve(greet_after=SOON, login_timeout=0.1, hello_timeout=0.1)
    silent, half = bare(server), bare(server, b'{"type":')
    answer = silent.to_the_end()
    assert answer.startswith(GREETING.encode())
    assert b"within 0.1 seconds" in answer
    answer = half.to_the_end().removeprefix(GREETING.encode())  # its beginning may be late on a loaded machine
    assert json.loads(answer)["code"] == "hello_timeout" or b"within 0.1 seconds" in answer


@pytest.mark.parametrize("first", [b"", b'{"request":"help"}', b'{"type":"command","command":"help"}\n'])
def test_who_waits_too_long_is_told_in_words_of_any_wire(serve: Serve, bare: Open, first: bytes) -> None:
    """Nobody who chooses a name is told of a hello."""
    server = serve(login_timeout=SOON, greet_after=SOON)
    shown = bare(server, first).to_the_end()
    assert b"You did not say who you are" in shown
    assert b"hello" not in shown


def test_a_name_may_take_its_time(serve: Serve, connect: Connect, bare: Open) -> None:
    """hello_timeout is not for people: a greeted peer outlives it."""
    server = serve(greet_after=SOON, hello_timeout=0.1)
    one, native = bare(server), connect(server)
    native.send("ping")
    assert native.ended()[-1]["code"] == "hello_timeout"
    one.until(ASK_NAME.encode())
    one.send(b"kim\n")
    one.until(ANSWER["plain"])


def test_our_own_client_may_be_slow(server: Server, bare: Open) -> None:
    """A hello that is held up for longer than greet_after, by a lost packet say, is answered all the same."""
    held_up = bare(server)

    def carry(there: socket.socket, back: socket.socket) -> None:
        """All bytes of one direction, and its end."""
        with contextlib.suppress(OSError):
            while data := there.recv(64 * 1024):
                back.sendall(data)
            back.shutdown(socket.SHUT_WR)

    def between() -> None:
        """Take the client's connection, and what it says not before the server has greeted."""
        ours, _ = gate.accept()
        with ours:
            ours.settimeout(DEADLINE)
            ours.sendall(held_up.until(ASK_NAME.encode()))
            back = threading.Thread(target=carry, args=(held_up.socket, ours))
            back.start()
            carry(ours, held_up.socket)
            back.join()

    with socket.create_server(("127.0.0.1", 0)) as gate:
        thread = threading.Thread(target=between)
        thread.start()
        try:
            with Client(f"127.0.0.1:{gate.getsockname()[1]}", "slow", state=False, request_timeout=5.0) as client:
                assert client.name == "slow"
        finally:
            thread.join()


# ---------------------------------------------------------------- too many


@pytest.mark.parametrize("dialect", [*HELLO, "silence"])
def test_a_full_server_says_so_in_each_wire(serve: Serve, connect: Connect, bare: Open, dialect: str) -> None:
    """Who finds no seat is told in its own wire and closed; a silent one after greet_after."""
    server = serve(max_clients=1, greet_after=SOON)
    connect(server, "ann")
    answer = bare(server, HELLO.get(dialect, b"")).to_the_end()
    assert answer.count(b"The server is full (limit: 1)") == 1
    if dialect in ("plain", "silence"):
        assert answer.startswith(GREETING.encode())
        assert answer.count(ASK_NAME.encode()) == 1
    else:
        assert len([json.loads(line) for line in answer.splitlines()]) == 1


@pytest.mark.parametrize("dialect", [*HELLO, "silence"])
def test_too_many_connections_are_told_in_each_wire(
    serve: Serve, connect: Connect, bare: Open, dialect: str
) -> None:
    """One more from an address than may be is told so in its own wire, a silent one after greet_after."""
    server = serve(max_connections=1, greet_after=SOON)
    connect(server, "ann")
    answer = bare(server, HELLO.get(dialect, b"")).to_the_end()
    assert b"There are 1 connections from your address already" in answer
    if dialect not in ("plain", "silence"):
        assert len([json.loads(line) for line in answer.splitlines()]) == 1


def test_a_silent_connection_is_no_idleness(serve: Serve, bare: Open) -> None:
    """While a silent peer is connected the server does not exit for idleness; when it goes it does."""
    server = serve(idle_exit=1.0, greet_after=SOON)  # a loaded machine may take half of that to let one in
    one = bare(server)
    one.until(ASK_NAME.encode())
    assert not server.wait(1.2)
    one.socket.close()
    assert server.wait(DEADLINE)
    assert server.why


# ---------------------------------------------------------------- the end, before anything was told

BEGINNINGS = (b"", b"\r\n", b"k", b"{", b'{"type":"hello","pro', b"GE", b"\x16", b"\xff\xfb", b"NICK")


@pytest.mark.parametrize("end", ["closed", "half closed", "reset"])
@pytest.mark.parametrize("greet_after", [SOON, 60.0], ids=["guessed", "undecided"])
def test_an_early_end_leaves_nothing(
    serve: Serve, connect: Connect, bare: Open, end: str, greet_after: float
) -> None:
    """Who ends before its first bytes have told anything is forgotten by the I/O thread and by the hub."""
    server = serve(greet_after=greet_after)
    ann = connect(server, "ann")
    registry = registry_of(server)
    peers = [bare(server, data) for data in BEGINNINGS]
    wait_until(ann, lambda: len(connections(server)) == len(BEGINNINGS) + 1)
    if greet_after == SOON:  # of all but the one that has begun TLS
        wait_until(ann, lambda: len(registry.peers) == len(BEGINNINGS))
    for peer in peers:
        {"closed": peer.socket.close, "half closed": peer.half_close, "reset": peer.reset}[end]()
        if end == "half closed":
            assert is_sensible(answer := peer.to_the_end()), answer
    wait_until(ann, lambda: len(connections(server)) == len(registry.peers) == 1)
    assert sum(registry.addresses.values()) == 1
    assert ann.sync() == []


def test_a_refused_peer_that_stays_is_let_go(
    monkeypatch: pytest.MonkeyPatch, serve: Serve, connect: Connect, bare: Open
) -> None:
    """Who was refused and does not hang up is closed soon; the hub never hears of it."""
    monkeypatch.setattr("roomchat.net.connections.LINGERING_CLOSE", 0.05)
    server = serve(wires=NO_BROWSERS)
    ann = connect(server, "ann")
    for data, refusal in REFUSED.values():
        assert bare(server, data).to_the_end() == refusal
    wait_until(ann, lambda: len(connections(server)) == 1)
    assert len(registry_of(server).peers) == 1


def test_stop_does_not_wait_for_the_undecided(bare: Open) -> None:
    """Peers of which nothing is known are closed at once, without a word."""
    server = Server(Settings(port=0, greet_after=60.0, drain=600.0))
    server.start()
    peers = [bare(server, data) for data in BEGINNINGS]
    with Peer(server.address) as ann:
        ann.hello("ann")
        wait_until(ann, lambda: len(connections(server)) == len(peers) + 1)
        ann.send("bye")
        ann.ended()
    server.stop()
    assert not server.failed
    assert [peer.to_the_end() for peer in peers] == [b""] * len(peers)


def test_who_was_greeted_hears_of_the_stop(monkeypatch: pytest.MonkeyPatch, bare: Open) -> None:
    """A person who has not given a name yet is told in plain text, like everyone."""
    monkeypatch.setattr("roomchat.net.connections.LINGERING_CLOSE", 0.05)
    with Server(Settings(port=0, greet_after=SOON)) as server:
        one = bare(server)
        one.until(ASK_NAME.encode())
    assert one.to_the_end() == b"* The server is stopping.\n"


# ---------------------------------------------------------------- the hub, told twice


def test_a_guess_that_was_wrong_is_put_right() -> None:
    """The hub takes a second word on a connection for the same one: counted once, with the new terms."""
    chat = Chat(max_connections=1, hello_timeout=10, login_timeout=300)
    chat.batch(("a", Connected("10.0.0.1", Terms(resume=False))))
    chat.wait(100)
    chat.batch(("a", Connected("10.0.0.1")))
    assert chat.take("a") == []
    assert chat.registry.addresses == {"10.0.0.1": 1}
    assert chat.registry.peers["a"].terms.resume
    chat.wait(10)
    assert [event["code"] for event in chat.take("a")] == ["hello_timeout"]
    assert not chat.registry.peers
    assert chat.hub.deadline() is None


def test_a_guess_is_an_idle_servers_company() -> None:
    """A silent connection counts until it ends, and the exit comes idle_exit later."""
    chat = Chat(idle_exit=180, login_timeout=10**6)
    chat.batch(("a", Connected("10.0.0.1", Terms(resume=False))))
    chat.wait(1000)
    assert not chat.effects.stop
    chat.batch(("a", Disconnected("it hung up")))
    chat.wait(179)
    assert not chat.effects.stop
    chat.wait(1)
    assert chat.effects.stop


def test_a_closed_connection_does_not_come_back(tmp_path: Path) -> None:
    """Its first line comes while the hub closes it: whoever is let go stays out, and leaves no seat behind."""
    chat = Chat(login_timeout=300)
    inbox: Inbox[Any] = Inbox(100)
    loop = Loop(
        chat.settings,
        inbox,
        Readers(partial(SqliteReader, tmp_path / "log.db")),
        Dialects(chat.settings, lambda: "now"),
        Routes(),
        no_passwords(chat.settings),
        no_site(),
    )
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with theirs:
        loop.newcomers.begin(1, ours, "here")
        (connection,) = loop.connections
        loop.newcomers.paused(connection)
        chat.hub.apply(Inputs(inbox.take(0), chat.now, 0, "now"))
        chat.hub.commit()
        closing = chat.hub.apply(Inputs([], chat.now + 300, 0, "now"))
        chat.hub.commit()
        assert closing.closed == [connection.number]
        theirs.send(HELLO["native"])
        loop.newcomers.let_wait(connection)
        loop.newcomers.serve()
        effects = chat.hub.apply(Inputs(loop.connections._to_hub, chat.now + 300, 0, "now"))
        welcomes = [one for one in effects.deliveries if isinstance(getattr(one, "event", None), Welcome)]
        loop.close()
        assert not welcomes
        assert not chat.registry.peers


def test_a_refusal_is_sent_as_it_is(
    monkeypatch: pytest.MonkeyPatch, serve: Serve, connect: Connect, bare: Open
) -> None:
    """Who was taken for a KTN client, for its silence, and speaks TLS gets the alert and not a byte more."""
    monkeypatch.setattr(ktn._Ktn, "pace", 0.01)
    server = serve(greet_after=SOON, wires=("native", "ktn"))
    ann = connect(server, "ann")
    one = bare(server)
    wait_until(ann, lambda: len(registry_of(server).peers) == 2)
    one.send(TLS_HELLO)
    assert one.to_the_end() == TLS_REFUSAL


def test_native_is_what_a_wire_of_lines_remembers() -> None:
    """A wire gets all the bytes that it was told from, those of a line that is not whole yet too."""
    one = detector()
    data = HELLO["native"] + b'{"type":"pi'
    verdict = one.feed(data)
    assert isinstance(verdict, Chosen)
    wire = verdict.wire
    assert isinstance(wire, NativeWire)
    assert len(wire.receive_data(bytes(one.data))) == 1
    assert len(wire.receive_data(b'ng"}\n')) == 1
