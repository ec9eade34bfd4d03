"""Whatever is typed, in whatever window: it is done, or refused with a sentence."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomchat.client.client import Client
from roomchat.errors import ConnectError, Denied, StateError
from roomchat.protocol import Bye, Joined, Message, Person
from roomchat.terminal.commands import NAMES, TypingError, parse
from roomchat.terminal.display import Display, PlainDisplay
from roomchat.terminal.local import Connect, Help
from roomchat.terminal.runner import CommandRunner
from roomchat.terminal.windows import Windows
from tests.test_client import WELCOME

TIME = "2026-01-01T12:30:00.000Z"
WORDS = st.sampled_from(
    ["tea", "#TEA", "ops", "2", "0", "@bob", "bob", "7", "3", "-all", "hello", "99", "@3-7", ",", "#"]
)
ARGUMENTS = st.one_of(st.text(max_size=30), st.lists(WORDS, max_size=4).map(" ".join))


def come_in(display: Display) -> Client:
    """Ann is in tea and ops, and whispers with bob; the connection is gone since."""
    client = Client("localhost", "ann", state=False)
    display.client = client
    display.take(WELCOME)
    for room in ("tea", "ops", "@3-7"):
        joined = Joined(room=room, members=[Person(3, "bob"), Person(7, "ann")], members_total=2, last_seq=0)
        client._session.receive(joined)
        display.take(joined)
        for seq in range(1, 4):
            display.take(Message(room, seq, 3, "bob", TIME, "ann: hello"))
    return client


def displays() -> list[Display]:
    return [
        Windows(clock="%M", is_begun=lambda: False, ask=lambda request: None),
        PlainDisplay(lambda line: None, clock="%M"),
    ]


@given(st.lists(st.tuples(st.sampled_from(NAMES), ARGUMENTS).map(" ".join), min_size=1, max_size=6))
@pytest.mark.parametrize("kind", [0, 1])
def test_no_line_that_is_typed_is_a_fault(kind: int, lines: list[str]) -> None:
    """In windows and in plain mode, one line behind the other, where there is no connection."""
    display = displays()[kind]
    client = come_in(display)
    runner = CommandRunner(display)
    for line in lines:
        with contextlib.suppress(TypingError, ConnectError, Denied, StateError):
            what = parse(line, display.roster)
            if isinstance(what, Help):
                display.help(what.topic)
            elif what is not None and not isinstance(what, Bye | Connect):
                runner.run(client, what, display.focus.room)
