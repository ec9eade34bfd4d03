"""Telnet taken out of a stream: option bytes, ends of lines, wherever the stream is cut."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from roomchat.wires.telnet import MAX_OPTION, TelnetFilter

IAC, SB, SE, WILL, DONT = b"\xff", b"\xfa", b"\xf0", b"\xfb", b"\xfe"

# Pieces of telnet, and of what is typed around it: likely to meet each other in odd ways.
STREAMS = st.lists(
    st.sampled_from([IAC, SB, SE, WILL, DONT, b"\r", b"\n", b"\0", b"a", b"\xc3\xa9", b"\x01", b"\xf1", b"text"])
    | st.binary(max_size=4),
    max_size=30,
).map(b"".join)


@pytest.mark.parametrize(
    ("stream", "typed"),
    [
        (b"hello\n", b"hello\n"),
        (b"hello\r\n", b"hello\n"),
        (b"hello\r\0next\r\n", b"hello\nnext\n"),
        (b"hello\rnext\n", b"hello\nnext\n"),
        (b"\r\r\n\r\n", b"\n\n\n"),
        (IAC + WILL + b"\x01ann\n", b"ann\n"),
        (IAC + DONT + IAC + b"ann\n", b"ann\n"),
        (b"a" + IAC + b"\xf1" + b"nn\n", b"ann\n"),
        (b"y" + IAC + IAC + b"z\n", b"y\xffz\n"),
        (b"a" + IAC + SB + b"\x18\x00xterm\r\n" + IAC + SE + b"nn\n", b"ann\n"),
        (b"a" + IAC + SB + b"\x18" + IAC + IAC + SE + b"x" + IAC + SE + b"nn\n", b"ann\n"),
        (IAC + SB + IAC + SE + b"ann\n", b"ann\n"),
        ("dé\n".encode(), "dé\n".encode()),
        (b"", b""),
    ],
)
def test_what_was_typed(stream, typed):
    """Commands of RFC 854 vanish, two IACs are one byte, and each end of a line is a line feed."""
    assert TelnetFilter().feed(stream) == typed


@given(STREAMS, st.lists(st.integers(1, 6), min_size=1, max_size=8))
@example(IAC + IAC + SE, [1])
@example(IAC + SB + IAC + IAC + IAC + SE + b"x", [1])
@example(b"\r\r\n\r\0", [1, 2])
@example(IAC + WILL + b"\r\n", [2, 1])
def test_any_split(stream, sizes):
    """What is typed does not depend on how the stream was cut."""
    split, position, count = TelnetFilter(), 0, 0
    typed = b""
    while position < len(stream):
        size = sizes[count % len(sizes)]
        typed += split.feed(stream[position : position + size])
        position, count = position + size, count + 1
    assert typed == TelnetFilter().feed(stream)


@given(st.binary(max_size=200).filter(lambda data: IAC not in data and b"\r" not in data))
def test_without_telnet_all_passes(data):
    """What netcat sends passes as it is, and at once."""
    assert TelnetFilter().feed(data) == data


@pytest.mark.parametrize("piece", [1, 100, 5000])
def test_a_command_without_an_end_is_not_kept(piece):
    """Of a command that never ends a bounded part is kept, and what comes behind it is heard in the end."""
    telnet = TelnetFilter()
    endless = IAC + SB + b"x" * 20_000
    for at in range(0, len(endless), piece):
        telnet.feed(endless[at : at + piece])
        assert len(telnet._rest) <= MAX_OPTION
    assert telnet.feed(IAC + SE + b"ann\n").endswith(b"ann\n")


def test_a_long_command_is_taken_out():
    """A command as long as one may be is taken out, in whatever pieces it comes."""
    command = IAC + SB + b"x" * (MAX_OPTION - 5) + IAC + SE
    telnet = TelnetFilter()
    typed = b"".join(telnet.feed(command[at : at + 1]) for at in range(len(command)))
    assert typed + telnet.feed(b"ann\n") == b"ann\n"
