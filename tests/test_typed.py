"""Whatever is typed, in whatever window: it is done, or refused with a sentence."""

from __future__ import annotations

import contextlib
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomchat.client.client import Client
from roomchat.errors import ConnectError, Denied, StateError
from roomchat.protocol import Bye, Joined, Message, Person
from roomchat.terminal.editing.editing_keys import editing_keys
from roomchat.terminal.own_account import OwnAccount
from roomchat.terminal.runner import CommandRunner
from roomchat.terminal.screen.keys import key_bindings
from roomchat.terminal.typed.commands import NAMES, parse
from roomchat.terminal.typed.help import KEYS
from roomchat.terminal.typed.local import Connect, Help, LogIn, OfAccount
from roomchat.terminal.typed.slash import TypingError
from roomchat.terminal.windows.display import Display, PlainDisplay
from roomchat.terminal.windows.windows import Windows
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
            elif isinstance(what, OfAccount):
                OwnAccount(display, lambda question: None).run(client, what)
            elif what is not None and not isinstance(what, Bye | Connect | LogIn):
                runner.run(client, what, display.focus.room)


def names(keys: str) -> list[tuple[str, ...]]:
    """Keys as the help has them, as bindings have them: ``Ctrl-X Ctrl-E, Alt-1 ... Alt-9``."""
    found = []
    for one in keys.replace(" ... ", ", ").split(", "):
        sequence: list[str] = []
        for key in one.split():
            held, _, last = key.rpartition("-")
            sequence += {"Ctrl": [f"c-{last}"], "Alt": ["escape", last], "Shift": [f"s-{last}"], "": [last]}[held]
        found.append(tuple(key.lower() for key in sequence))
    return found


@pytest.mark.parametrize(("keys", "meaning"), KEYS)
def test_the_keys_that_help_tells_of_exist(keys: str, meaning: str) -> None:
    """Each of them is bound to something."""
    screen = cast(Any, SimpleNamespace(editor=None, windows=None))
    other = {"enter": "c-m", "tab": "c-i"}  # what a terminal sends for them
    bound = {
        tuple(other.get(key, key) for key in (getattr(one, "value", one) for one in binding.keys))
        for bindings in (key_bindings(screen), editing_keys(screen))
        for binding in bindings.bindings
    }
    for sequence in names(keys):
        assert tuple(other.get(key, key) for key in sequence) in bound, meaning
