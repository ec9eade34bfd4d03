"""The NATS protocol and the reading of a stream, without I/O: any cuts, any garbage, anything missing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomchat.cluster.nats_address import Address, Login, parse, signed
from roomchat.cluster.nats_protocol import (
    MAX_LINE,
    MAX_MESSAGE,
    Event,
    Fault,
    Message,
    NatsProtocol,
    Ping,
    Pong,
    checked,
    publish,
    subscribe,
)
from roomchat.cluster.reading import Delivery, FlowControl, Reading
from roomchat.errors import NatsProtocolError, StreamCut, StreamError, StreamRefused, StreamUnknown

INFO = b'INFO {"server_name":"nats-1","max_payload":1048576,"connect_urls":["10.0.0.2:4222"]}\r\n'

words = st.text("abcXYZ019-_$", min_size=1, max_size=8)
subjects = st.lists(words, min_size=1, max_size=4).map(".".join)
bodies = st.binary(max_size=200) | st.sampled_from([b"", b"\r\n", b"MSG a 1 0\r\n\r\n", b"PING\r\n"])
headers = st.dictionaries(words.map(str.lower), st.text("abc: 1;=", max_size=10).map(str.strip), max_size=3)


def said(message: Message) -> bytes:
    """As a server would send it."""
    reply = f" {message.reply}" if message.reply else ""
    if not (message.headers or message.status):
        return (
            f"MSG {message.subject} {message.sid}{reply} {len(message.body)}\r\n".encode() + message.body + b"\r\n"
        )
    status = f" {message.status} {message.description}".rstrip() if message.status else ""
    lines = [f"NATS/1.0{status}", *(f"{name}: {value}" for name, value in message.headers.items()), "", ""]
    head = "\r\n".join(lines).encode()
    sizes = f"{len(head)} {len(head) + len(message.body)}"
    line = f"HMSG {message.subject} {message.sid}{reply} {sizes}\r\n".encode()
    return line + head + message.body + b"\r\n"


plain = st.builds(
    Message, subjects, st.integers(1, 99), st.just("") | subjects, st.just({}), st.just(0), st.just(""), bodies
)
with_headers = st.builds(
    Message,
    subjects,
    st.integers(1, 99),
    st.just("") | subjects,
    headers,
    st.sampled_from([100, 409, 503]),
    st.sampled_from(["", "Idle Heartbeat", "No Responders"]),
    bodies,
)
others = st.sampled_from([(b"PING\r\n", Ping()), (b"PONG\r\n", Pong()), (b"-ERR 'Slow'\r\n", Fault("Slow"))])
events = others | (plain | with_headers).map(lambda message: (said(message), message))


def cut(data: bytes, places: list[int]) -> list[bytes]:
    ends = sorted({place % (len(data) + 1) for place in places} | {len(data)})
    return [data[start:end] for start, end in zip([0, *ends], ends, strict=False)]


@given(st.lists(events, max_size=8), st.lists(st.integers(0, 10_000), max_size=30))
def test_cuts_do_not_matter(wanted: list[tuple[bytes, Event]], places: list[int]) -> None:
    """However the bytes are split, the same comes out of them, and nothing is kept that is whole."""
    protocol = NatsProtocol()
    got: list[Event] = []
    for piece in cut(INFO + b"".join(data for data, _ in wanted), places):
        got += protocol.receive(piece)
    assert got == [protocol.info, *(event for _, event in wanted)]
    assert protocol.kept == b""
    assert protocol.info
    assert protocol.info.connect_urls == ("10.0.0.2:4222",)


garbage = st.lists(
    st.binary(max_size=40)
    | events.map(lambda pair: pair[0])
    | st.sampled_from(
        [INFO, b"\r\n", b"MSG", b"HMSG a 1 ", b" 5 3\r\n", b"INFO {}\r\n", b"INFO [1]\r\n", b"+OK\r\n"]
    ),
    max_size=12,
)


@given(garbage, st.lists(st.integers(0, 10_000), max_size=10))
def test_garbage_is_refused_with_a_sentence(pieces: list[bytes], places: list[int]) -> None:
    """Whatever comes is read, waited for, or told to be no NATS; cuts do not decide which."""

    def outcome(chunks: list[bytes]) -> tuple[list[Event], str]:
        protocol = NatsProtocol()
        got: list[Event] = []
        for chunk in chunks:
            try:
                got += protocol.receive(chunk)
            except NatsProtocolError as error:
                return [], str(error)
        return got, ""

    data = INFO + b"".join(pieces)
    assert outcome(cut(data, places)) == outcome([data])


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 400 Bad Request\r\n",
        INFO + b"A" * MAX_LINE,
        INFO + b"MSG a 1 %d\r\n" % (MAX_MESSAGE + 1),
        INFO + b"MSG a 1 -1\r\n",
        INFO + b"MSG a 1 2\r\nabc\r\n",
        INFO + b"HMSG a 1 9 4\r\n",
        INFO + b"HMSG a 1 14 14\r\nNATS/1.0 x\r\n\r\n\r\n",
        INFO + b"MSG a b c d e\r\n",
        b"INFO {\r\n",
        b"INFO " + b"[" * 5000 + b"\r\n",
    ],
)
def test_no_nats_server(data: bytes) -> None:
    """What would be waited for without end, or take all the memory, is refused at its beginning."""
    with pytest.raises(NatsProtocolError):
        NatsProtocol().receive(data)


def test_what_is_sent_can_be_no_other_command() -> None:
    """A subject, a header or a size that NATS would take for something else, or close the connection for."""
    for subject in ("", "a b", "a\r\nPUB x 0", ".a", "a.", "a..b", "ä", "a" * 1025):
        with pytest.raises(StreamRefused):
            checked(subject)
        with pytest.raises(StreamRefused):
            subscribe(1, subject)
    for name, value in (("a", "x\r\ny"), ("a:b", "x"), ("", "x"), ("a b", "x")):
        with pytest.raises(StreamRefused):
            publish("a", b"", headers={name: value})
    assert publish("a", b"xy", "r", {"h": "v"}) == b"HPUB a r 18 20\r\nNATS/1.0\r\nh: v\r\n\r\nxy\r\n"
    with pytest.raises(StreamRefused, match="more than the 3"):
        publish("a", b"abcd", limit=3)


# ---------------------------------------------------------------- a consumer's messages


def delivered(position: int, number: int, body: bytes = b"x", domain: bool = False) -> Message:
    more = "_.account." if domain else ""
    reply = f"$JS.ACK.{more}chat.consumer.1.{position}.{number}.1700000000000000000.0"
    return Message("deliver", 2, reply, {}, 0, "", body)


def control(reply: str = "", status: int = 100, **headers: str) -> Message:
    known = {name.replace("_", "-"): value for name, value in headers.items()}
    return Message("deliver", 2, reply, known, status, "Idle Heartbeat", b"")


@given(st.integers(0, 50), st.data())
def test_what_is_delivered_has_no_holes(start: int, data: st.DataObject) -> None:
    """Whatever of a consumer's messages is lost, doubled or out of order: what is taken goes on from the start,
    each position once, or the consumer is given up."""
    reading = Reading(start)
    whole = [(start + 1 + at, at + 1) for at in range(10)]
    got: list[int] = []
    for position, number in data.draw(st.lists(st.sampled_from(whole), max_size=20) | st.just(whole)):
        try:
            delivery = reading.take(delivered(position, number, domain=data.draw(st.booleans())))
        except StreamError:
            break
        assert isinstance(delivery, Delivery)
        got.append(delivery.position)
    assert got == [*range(start + 1, start + 1 + len(got))]
    assert reading.position == start + len(got)


def test_what_a_consumer_says_besides() -> None:
    """Its signs of life tell what is missing; flow control is to be answered; its end is an end."""
    reading = Reading(7)
    assert reading.take(control(nats_last_consumer="0")) is None
    assert isinstance(reading.take(delivered(8, 1)), Delivery)
    assert reading.take(control("flow")) == FlowControl("flow")
    assert reading.take(control(nats_last_consumer="1", nats_consumer_stalled="go on")) == FlowControl("go on")
    for lost, why in (
        (control(nats_last_consumer="2"), "1 came"),
        (control(status=409), "has ended"),
        (control(status=503), "503"),
        (delivered(10, 3), "2 did not come"),
        (delivered(8, 2), "8 is known"),
        (Message("deliver", 2, "", {}, 0, "", b""), "no message of the stream"),
        (Message("deliver", 2, "$JS.ACK.a.b.c.d.e.f.g", {}, 0, "", b""), "no message of the stream"),
    ):
        with pytest.raises(StreamUnknown, match=why):
            reading.take(lost)
    with pytest.raises(StreamCut, match="goes on at 10, but 9"):
        reading.take(delivered(10, 2))


# ---------------------------------------------------------------- addresses and logins


def test_addresses() -> None:
    """Several, with one login for all, and nothing of it where they are shown."""
    addresses, login = parse("nats://us%40er:p%3Aw@a,b:4223,tls://[::1]:1")
    assert addresses == (Address("a", 4222, False), Address("b", 4223, False), Address("::1", 1, True))
    assert [str(one) for one in addresses] == ["nats://a:4222", "nats://b:4223", "tls://[::1]:1"]
    assert login == Login(user="us@er", password="p:w")
    assert "p:w" not in f"{login} {login!r}"
    assert parse("tls://secret@a,b") == (
        (Address("a", 4222, True), Address("b", 4222, True)),
        Login(token="secret"),
    )


@given(st.text(max_size=30) | st.sampled_from(["", "http://a", "nats://", "a:x", "a:70000", "a/b", "a?x", "[::1"]))
def test_no_address(text: str) -> None:
    """Anything else is refused with a sentence."""
    try:
        addresses, _ = parse(text)
    except StreamRefused:
        return
    assert all(one.host for one in addresses)


SEED = "SUAB3XHO54AAAYK6PGB2LFVKZDQXNWZEWGHDKOGYI3KVW3QSWQFCHXHRLQ"


def test_logins() -> None:
    """A user, a token, or the seed of an NKEY; what can't be one is told so."""
    assert Login().options("") == {}
    assert Login(user="u", password="p").options("") == {"user": "u", "pass": "p"}
    assert Login(token="t").options("") == {"auth_token": "t"}
    for seed in ("SU", "SUAB", "x" * 58, "SAAB3XHO54AAAYK6PGB2LFVKZDQXNWZEWGHDKOGYI3KVW3QSWQFCHXHRLQ"):
        with pytest.raises(StreamRefused, match="no seed"):
            signed(seed, "nonce")
    with pytest.raises(StreamRefused, match="asks for no NKEY"):
        Login(seed=SEED).options("")
    assert "SU" not in repr(Login(seed="SU"))
