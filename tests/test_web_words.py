"""The sentences and commands of the page are those of the terminal: one list of examples for both."""

from __future__ import annotations

import importlib.util
import json
import time
from dataclasses import fields as fields_of
from pathlib import Path
from typing import Any

import msgspec
import pytest

from roomchat.protocol import AnyEvent, Command, Deed, Kicked
from roomchat.terminal.shown.focus import RoomFocus
from roomchat.terminal.shown.render import lines
from roomchat.terminal.shown.roster import Roster
from roomchat.terminal.typed.commands import parse
from roomchat.terminal.typed.local import Local
from roomchat.terminal.typed.slash import TypingError

UNIT = Path(__file__).parent / "web" / "unit"
SCRIPTS = Path(__file__).parent.parent / "scripts"


@pytest.fixture
def utc(monkeypatch):
    """A machine whose zone is UTC."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def tearoom() -> Roster:
    """What is known in the examples."""
    roster = Roster()
    roster.uid = 1
    roster.names = {1: "ann", 2: "bob", 3: "eve"}
    roster.put_out = Kicked("cake", 9, 2, "bob", "2024-05-01T08:30:00.000Z", 1, "ann", reason="Enough.")
    return roster


@pytest.mark.usefixtures("utc")
def test_sentences_that_the_page_shares():
    """tests/web/unit/told.test.mjs holds the page's against the same file."""
    for example in json.loads((UNIT / "told.json").read_text()):
        roster, event = tearoom(), msgspec.convert(example["event"], AnyEvent)
        focus = RoomFocus(roster, is_tagged=False)
        focus.room = "tea"
        plain = [one.plain for one in lines(event, roster, focus)]
        if isinstance(event, Deed):  # the page has the time and the sign elsewhere
            plain = [text.partition("-- ")[2] for text in plain]
        assert plain == example["sentences"], event


def meant(line: str) -> dict[str, Any]:
    """What a typed line means in the tearoom, as the page writes it: fields that say nothing are left out."""
    roster = tearoom()
    roster.names |= {4: "twin", 5: "Twin", 6: "\u202eevil"}
    roster.last_whisperer = 2
    try:
        what = parse(line, roster)
    except TypingError as error:
        return {"line": line, "error": str(error)}
    return {"line": line, "meant": None if what is None else _plain(what)}


def _plain(what: Command | Local) -> dict[str, Any]:
    if isinstance(what, Command):
        fields = msgspec.to_builtins(what)
    else:
        name = type(what).__name__
        fields = {"local": name[0].lower() + name[1:]} | {
            one.name: getattr(what, one.name) for one in fields_of(what)
        }
    if commands := fields.get("commands"):
        fields["commands"] = list(map(_plain, commands))
    return {name: value for name, value in fields.items() if value not in (None, "", False)}


def test_commands_that_the_page_shares():
    """tests/web/unit/commands.test.mjs holds the page's against the same file."""
    for example in json.loads((UNIT / "typed.json").read_text()):
        assert meant(example["line"]) == example


def test_the_page_has_the_terminal_s_commands():
    """Forms, help, examples and other names of all commands: made by `make docs`."""
    spec = importlib.util.spec_from_file_location("write_web_commands", SCRIPTS / "write_web_commands.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    assert script.PATH.read_text() == script.text(), "run `make docs`"
