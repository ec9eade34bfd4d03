"""The sentences and commands of the page are those of the terminal: one list of examples for both."""

from __future__ import annotations

import json
import time
from pathlib import Path

import msgspec
import pytest

from roomchat.protocol import AnyEvent, Deed, Kicked
from roomchat.terminal.shown.focus import RoomFocus
from roomchat.terminal.shown.render import lines
from roomchat.terminal.shown.roster import Roster

UNIT = Path(__file__).parent / "web" / "unit"


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
