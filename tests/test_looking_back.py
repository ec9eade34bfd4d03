"""Who looks back in a room: what is told of what is below, above and not here, and what it costs."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace
from prompt_toolkit.layout.mouse_handlers import MouseHandlers
from prompt_toolkit.layout.screen import Screen, WritePosition
from prompt_toolkit.output import ColorDepth

from roomchat.client.client_events import ConnectionBack, ConnectionLost
from roomchat.protocol import Message
from roomchat.terminal.device.pace import Pace
from roomchat.terminal.screen.messages import MessagesPane
from roomchat.terminal.shown.lines import Line
from roomchat.terminal.windows.timeline import Item
from tests.windows import BOB, Desk


def pane_of(desk: Desk) -> MessagesPane:
    pane = MessagesPane(desk.windows, ColorDepth.DEPTH_8_BIT, Pace())
    place = WritePosition(0, 0, desk.width, desk.height)
    pane.write_to_screen(Screen(), MouseHandlers(), place, "", False, None)
    return pane


def test_only_messages_are_counted_below() -> None:
    """Not what was told among them, and nothing of people who are ignored."""
    desk = Desk()
    desk.join("tea")
    for number in range(20):
        desk.say("tea", f"old {number}")
    pane = pane_of(desk)
    assert pane.below == 0
    pane.scroll(-15)
    shown = pane.below
    assert 0 < shown < 20
    for text in ("one", "two\nthree"):
        desk.windows.show(text)
    desk.windows.focus.blocked = {3}
    desk.say("tea", "hidden", uid=3)
    desk.say("tea", "seen")
    assert pane.below == shown + 1


def test_what_is_new_above_is_told_until_one_was_there() -> None:
    """Then Home goes further back; the next time it is told again."""
    desk = Desk()
    desk.log("tea", 5)
    desk.join("ops")
    desk.join("tea", 5)
    pane = pane_of(desk)
    for _ in range(2):
        desk.turn_to("ops")
        for number in range(54):
            desk.say("tea", f"new {number}")
        desk.turn_to("tea")
        desk.look()
        assert pane.new_above > 30
        desk.windows.go_to(desk.window, desk.window.mark + 1)
        desk.look()
        assert pane.new_above == 0
        desk.window.to_newest()
        desk.look()
        assert pane.new_above == 0


def test_who_looks_further_back_than_what_is_here_is_told_when_the_rest_comes() -> None:
    """While the server is away; and nothing of that when it is there."""
    desk = Desk()
    desk.log("tea", 100)
    desk.join("tea", 20)
    desk.asked.clear()
    desk.windows.take(ConnectionLost("lost"))
    desk.windows.go_to_first(desk.window)
    assert desk.look()[0] == "--- older messages come when the server is back ---"
    desk.windows.take(ConnectionBack())
    assert desk.look_until_quiet()[0] != "--- older messages come when the server is back ---"
    desk.windows.go_to_first(desk.window)
    assert desk.look_until_quiet()[0] == "--- the beginning ---"


@pytest.mark.parametrize("is_ignored", [True, False])
def test_looking_back_makes_each_line_once(monkeypatch: pytest.MonkeyPatch, is_ignored: bool) -> None:
    """Also through thousands of messages that are hidden, where page after page brings nothing to see."""
    made = 0
    desk = Desk()
    of_item = desk.windows.lines_of

    def lines_of(item: Item) -> list[Line]:
        nonlocal made
        made += 1
        return of_item(item)

    def of_one_day(*arguments: Any) -> Message:
        return replace(entry_of(*arguments), ts="2026-01-01T12:00:00.000Z")

    monkeypatch.setattr(desk.windows, "lines_of", lines_of)
    entry_of = Desk._entry
    monkeypatch.setattr(Desk, "_entry", staticmethod(of_one_day))  # else each day would have a row
    entries = 4_000 if is_ignored else 1_000
    desk.log("tea", entries)
    desk.join("tea", 20)
    desk.windows.focus.blocked = {BOB} if is_ignored else set()
    while not desk.window.timeline.is_whole:
        desk.scroll(-desk.height)
        desk.look_until_quiet()
    assert desk.window.timeline.is_whole
    assert entries * 0.9 <= made < entries * 1.5
