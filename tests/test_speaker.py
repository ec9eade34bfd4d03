"""Who speaks, where text becomes lines: nobody puts words into the mouths of others."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from roomchat.harmless import harmless
from roomchat.protocol import Action, Message
from roomchat.settings import Settings
from roomchat.speaker import speaker
from roomchat.terminal.shown.render import render
from roomchat.terminal.shown.roster import Roster
from roomchat.wires.native import encode_entries
from roomchat.wires.table import Dialects

NOW = "2026-03-01T12:00:00.000Z"
TEXTS = st.text(st.characters() | st.sampled_from("\n\r\x1b\x07\x9b\u2028\u202e:"), max_size=60).map(
    lambda text: text.encode(errors="replace").decode()
)
LEGACY = ("ktn", "ktn-2014", "channels", "plain")


def printed(dialect: str, name: str, text: str, kind: type[Message | Action] = Message) -> list[str]:
    """What a client of that dialect prints of an entry, as its programs do: the name and what was said."""
    wire = Dialects(Settings(), lambda: NOW).make(dialect)
    data = wire.encode_log(encode_entries([kind("tea", 1, 7, name, NOW, text)]))
    if dialect == "plain":
        return data.decode().split("\n")[:-1]
    (line,) = data.decode().split("\n")[:-1]
    found: dict[str, Any] = json.loads(line)
    if dialect == "ktn-2014":
        return str(found["message"]).split("\n")
    if dialect == "ktn":
        return f"{found['sender']}: {found['content']}".split("\n")
    return f"{found['user']}: {found['message']}".split("\n")


@pytest.mark.parametrize("dialect", LEGACY)
@examples(max_examples=100, deadline=None)
@given(text=TEXTS)
def test_each_line_stands_behind_its_speaker_and_moves_no_terminal(dialect: str, text: str) -> None:
    """In every dialect whose clients print what they get: no line begins with what others chose."""
    head = {"plain": "<7 eve> ", "ktn-2014": "12:00:00 eve: "}.get(dialect, "eve: ")
    if dialect == "plain" and text.startswith("/me "):
        head = "* <7 eve> "
    lines = printed(dialect, "eve", text)
    assert len(lines) == text.count("\n") + 1
    assert all(line.startswith(head) for line in lines)
    assert all(harmless(line) == line for line in lines)


@examples(max_examples=100, deadline=None)
@given(text=TEXTS, private=st.booleans())
def test_plain_mode_shows_each_line_behind_its_speaker(text: str, private: bool) -> None:
    """To a screen reader an indent is nothing, and grep looks for a name."""
    roster = Roster()
    roster.uid, roster.names = 1, {7: "eve"}
    message = Message("@1-7" if private else "tea", 1, 7, "eve", NOW, text)
    lines = render(message, roster)
    assert len(lines) == text.count("\n") + 1
    behind = "[whisper with eve] " if private else "[tea] "
    action = text.startswith("/me ")
    assert all(line[5:].startswith(f" {behind}{'* eve ' if action else 'eve: '}") for line in lines)


@pytest.mark.parametrize("dialect", LEGACY)
@pytest.mark.parametrize("name", ["7", "@ann", "server", "Server"])
def test_a_name_of_an_old_log_is_shown_with_its_uid(dialect: str, name: str) -> None:
    """Nobody can have it any more, but what was said under it stays."""
    (line,) = printed(dialect, name, "hi")
    assert "7" in line.replace(f"{name}:", "", 1)
    assert not line.startswith(f"{name}:")
    assert speaker(7, name) == f"{name} (7)"


def test_what_someone_does_is_shown_as_that_in_plain_text() -> None:
    """``/me`` is for programs; people at a bare line see a star."""
    assert printed("plain", "ann", "/me waves") == ["* <7 ann> waves"]


@pytest.mark.parametrize("dialect", LEGACY)
@examples(max_examples=50, deadline=None)
@given(text=TEXTS)
def test_an_action_is_printed_as_a_message_that_says_so(dialect: str, text: str) -> None:
    """Clients of other dialects have always got ``/me`` as a text, and people at a bare line a star."""
    assert printed(dialect, "eve", text, Action) == printed(dialect, "eve", f"/me {text}")


@pytest.mark.parametrize("dialect", LEGACY)
def test_an_entry_of_a_later_version_is_passed_over(dialect: str) -> None:
    """A log may have been written in by one; what else is in it is shown as ever."""
    wire = Dialects(Settings(), lambda: NOW).make(dialect)
    said = encode_entries([Message("tea", seq, 7, "ann", NOW, "hi") for seq in (1, 3)])
    first, second = said.splitlines(keepends=True)
    later = b'{"type":"reacted","room":"tea","seq":2,"target":1,"emoji":"+1"}\n'
    assert wire.encode_log(first + later + second) == wire.encode_log(said)
    assert wire.encode_log(later) == b""
