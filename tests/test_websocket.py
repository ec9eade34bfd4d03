"""The native lines over a WebSocket: the wire alone, in memory."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from roomchat.dialect import Answer, Malformed
from roomchat.net.cost import surplus
from roomchat.protocol import Notice, Pong, Say
from roomchat.server import Server
from roomchat.wires.native import NativeWire
from roomchat.wires.websocket import MAX_FRAME, WebSocketWire, framed
from tests.framed import BETWEEN, BINARY, CLOSE, LAST, MORE, PING, PONG, TEXT, frame, unframed
from tests.peer import Peer

Serve = Callable[..., Server]
Connect = Callable[..., Peer]

MAX_LINE = 1000
HI = b'{"type":"say","room":"tea","text":"hi"}'
SAID = Say(room="tea", text="hi")


def came(data: bytes, cuts: tuple[int, ...] | list[int] = ()) -> list[Any]:
    """What a wire makes of bytes in these pieces."""
    wire = WebSocketWire(MAX_LINE)
    found: list[Any] = []
    for start, end in pairwise([0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]):
        found += wire.receive_data(data[start:end])
        assert len(wire._rest) <= MAX_LINE + 14
    return [shown(one) for one in found]


def shown(one: Any) -> Any:
    """Of an answer the frame that it is, of what is malformed the code."""
    if isinstance(one, Answer):
        return unframed(one.data)[0][0]
    return one.code if isinstance(one, Malformed) else one


def closed(code: int, data: bytes) -> None:
    """These bytes end the connection with this code, whatever comes behind them, and however they are cut."""
    for cuts in ([], [1], [2], [3, 9], list(range(len(data)))):
        *before, (first, reason) = came(data + frame(HI), cuts)
        assert first == CLOSE
        assert int.from_bytes(reason[:2]) == code
        assert not before


# ---------------------------------------------------------------- what comes


def test_a_frame_has_one_or_more_lines() -> None:
    """A last line feed may be left out; empty lines and empty frames are nothing."""
    assert came(frame(HI)) == came(frame(HI + b"\n")) == [SAID]
    assert came(frame(HI + b"\n" + HI)) == came(frame(HI) * 2) == [SAID, SAID]
    assert came(frame(b"") + frame(b"\n\n") + frame(HI)) == [SAID]


def test_a_line_does_not_go_over_the_end_of_a_message() -> None:
    """What is half in one and half in another is two bad lines."""
    assert came(frame(HI[:9]) + frame(HI[9:])) == ["bad_json", "bad_json"]


def test_a_message_may_come_in_fragments() -> None:
    """Cut anywhere, also within a character, with pings and pongs between."""
    text = '{"type":"say","room":"tea","text":"hé🍵"}'.encode()
    expected = [Say(room="tea", text="hé🍵")]
    for cut in range(len(text)):
        assert came(frame(text[:cut], MORE) + frame(text[cut:], LAST)) == expected
    one_by_one = b"".join(frame(text[at : at + 1], BETWEEN if at else MORE) for at in range(len(text)))
    assert came(one_by_one + frame(b"", LAST)) == expected
    between = frame(text[:9], MORE) + frame(b"x", PING) + frame(b"y", PONG) + frame(text[9:], LAST)
    assert came(between + frame(HI)) == [(PONG, b"x"), *expected, SAID]


def test_a_ping_is_answered_in_its_turn() -> None:
    """With what it brought, behind what was said before it; a pong is not answered."""
    assert came(frame(HI) + frame(b"abc", PING) + frame(HI)) == [SAID, (PONG, b"abc"), SAID]
    assert came(frame(b"", PING) + frame(b"unasked", PONG)) == [(PONG, b"")]


def test_a_close_is_answered() -> None:
    """With its own code; nothing behind it is looked at, and the wire has no more to say."""
    going = (1001).to_bytes(2) + b"going"
    assert came(frame(HI) + frame(going, CLOSE) + frame(HI)) == [SAID, (CLOSE, going)]
    assert came(frame(b"", CLOSE) + frame(HI)) == [(CLOSE, b"")]
    wire = WebSocketWire(MAX_LINE)
    assert wire.farewell
    (answer,) = wire.receive_data(frame(b"", CLOSE))
    assert isinstance(answer, Answer)
    assert answer.closes
    assert not wire.farewell
    assert wire.receive_data(frame(HI)) == []


@pytest.mark.parametrize(
    ("code", "data"),
    [
        (1002, b"\x81\x02hi"),  # no mask
        (1002, frame(b"hi", 0xC1)),  # a reserved bit: nothing is compressed
        (1002, frame(b"hi", 0x83)),  # a kind that there is not
        (1002, frame(b"hi", 0x8B)),
        (1002, frame(b"hi", LAST)),  # the end of nothing
        (1002, frame(b"hi", MORE) + frame(b"hi")),  # a message within another one
        (1002, frame(b"hi", 0x09)),  # a ping in fragments
        (1002, frame(b"x" * 126, PING)),
        (1002, frame(b"x", CLOSE)),
        (1002, frame((999).to_bytes(2), CLOSE)),
        (1002, frame((1005).to_bytes(2), CLOSE)),
        (1002, frame(b"hi", MORE) + frame(b"", CLOSE)),
        (1003, frame(b"hi", BINARY)),
        (1003, frame(b"hi", 0x02)),
        (1007, frame(b"\xff")),
        (1007, frame("é".encode()[:1])),
        (1007, frame(b'{"x":"\xed\xa0\x80"}')),  # half a surrogate pair
        (1007, frame(b"\xc3", MORE) + frame(b"(", LAST)),
        (1007, frame((1000).to_bytes(2) + b"\xff", CLOSE)),
        (1009, frame(b"x" * (MAX_LINE + 2))),
        (1009, frame(b"x" * MAX_LINE, MORE) + frame(b"xx", LAST)),
        (1009, b"\x81\xff" + (1 << 63).to_bytes(8) + b"mask"),
        (1009, b"\x81\xff" + (MAX_LINE + 2).to_bytes(8) + b"mask"),
    ],
)  # fmt: skip
def test_what_is_wrong_ends_it(code: int, data: bytes) -> None:
    """With the code that RFC 6455 has for it."""
    closed(code, data)


def test_what_is_said_before_something_wrong_counts() -> None:
    """Also when all comes at once."""
    assert came(frame(HI) + frame(b"\xff") + frame(HI))[:-1] == [SAID]
    assert came(frame(HI) + b"\x81\x02hi")[:-1] == [SAID]


def test_the_longest_line_is_taken() -> None:
    """With its end; a message is no longer than that."""
    line = HI[:-2] + b"x" * (MAX_LINE - len(HI)) + HI[-2:]
    assert [type(one) for one in came(frame(line + b"\n"))] == [Say]


masks = st.binary(min_size=4, max_size=4)
texts = st.sampled_from([HI, HI + b"\n", b"", b"{}", b"\n", '{"type":"say","text":"🍵"}'.encode(), b"x" * 130])


@st.composite
def frames(draw: st.DrawFn) -> bytes:
    """Of a message, whole or in fragments, with control frames between; now and then something else."""
    kind = draw(st.integers(0, 12))
    mask = draw(masks)
    if kind == 0:
        return draw(st.binary(max_size=30))
    if kind < 7:
        return frame(draw(texts), TEXT, mask)
    if kind < 9:
        return frame(draw(st.binary(max_size=20)), draw(st.sampled_from([PING, PONG])), mask)
    text = draw(texts)
    cut = draw(st.integers(0, len(text)))
    between = frame(b"between", PING, mask) if draw(st.booleans()) else b""
    return frame(text[:cut], MORE, mask) + between + frame(text[cut:], LAST, mask)


@examples(max_examples=300)
@given(st.lists(frames(), max_size=8).map(b"".join), st.lists(st.integers(0, 2000), max_size=6))
@example(frame(HI) + frame(b"\xff") + frame(HI), [5])
def test_no_split_changes_what_comes(data: bytes, cuts: list[int]) -> None:
    """Any bytes in any pieces are the same commands and answers as in one."""
    assert came(data, cuts) == came(data)


@given(st.lists(st.lists(texts, max_size=3).map(b"\n".join), max_size=6), masks)
def test_what_is_said_in_frames_is_what_is_said_in_lines(messages: list[bytes], mask: bytes) -> None:
    """The wire of lines makes the same commands of them."""
    lines = b"".join(one + b"\n" for one in messages)
    assert came(b"".join(frame(one, TEXT, mask) for one in messages)) == [
        shown(one) for one in NativeWire(MAX_LINE).receive_data(lines)
    ]


@pytest.mark.parametrize(
    ("data", "at_least"),
    [
        (frame(b"") * 100, 100),
        (frame(b"x", PONG) * 100, 100),
        (frame(b"x", PING) * 100, 0),  # an answer each costs as much as a command
        (frame(b"x", MORE) + frame(b"x", BETWEEN) * 99, 100),
        (frame(b"\n" * 900), 900),
    ],
)  # fmt: skip
def test_many_small_frames_are_paid_for(data: bytes, at_least: int) -> None:
    """As blank lines are: each costs a token, whatever is in it."""
    wire = WebSocketWire(MAX_LINE)
    commands = wire.receive_data(data)
    assert surplus(wire.counted, commands, False) + len(commands) >= min(100, at_least)
    assert surplus(wire.counted, commands, False) + len(commands) >= at_least - 2


@given(masks)
def test_a_mask_costs_nothing(mask: bytes) -> None:
    """One long line costs one token, however many line feeds its mask makes of it."""
    wire = WebSocketWire(64 * 1024)
    commands = wire.receive_data(frame(HI[:-2] + b"\n".join([b"x" * 8000]) + b'"}', TEXT, mask))
    assert surplus(wire.counted, commands, False) == 0


# ---------------------------------------------------------------- what goes


@pytest.mark.parametrize("size", [0, 125, 126, 65535, 65536, 1 << 20])
def test_what_goes_is_one_frame(size: int) -> None:
    """Of the shortest form that its size allows, and without a mask."""
    assert unframed(framed(b"x" * size)) == ([(TEXT, b"x" * size)], b"")
    assert len(framed(b"x" * size)) - size == (2 if size < 126 else 4 if size < 65536 else 10)


@given(st.lists(st.integers(0, 700_000), max_size=8))
@examples(max_examples=20)
def test_no_frame_is_very_large(sizes: list[int]) -> None:
    """What many have said at once goes in several, of whole lines."""
    lines = b"".join(b"x" * size + b"\n" for size in sizes)
    frames, rest = unframed(framed(lines))
    assert not rest
    assert b"".join(data for _, data in frames) == lines
    assert all(len(data) <= MAX_FRAME and data.endswith(b"\n") for _, data in frames if sizes)


def test_the_lines_are_those_of_the_native_wire() -> None:
    """Of one event, for all, and of the log."""
    wire, native = WebSocketWire(MAX_LINE), NativeWire(MAX_LINE)
    for event in (Notice(text="é"), Pong(re="x")):
        assert wire.reply(event) == wire.encode(event) == framed(native.reply(event))
    assert wire.encode_log(b"{}\n{}\n") == framed(b"{}\n{}\n")
