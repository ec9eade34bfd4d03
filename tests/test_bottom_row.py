"""The bottom row of the screen, and keys over a page: what a narrow terminal shows and does."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from roomchat import Client
from roomchat.server import Server
from roomchat.terminal.screen.panes import room_list
from roomchat.terminal.screen.status import Fragments
from roomchat.terminal.screen.text_pane import TextPane
from tests.emulator import CALLS_BRIEFLY, CTRL_C, ENTER, Emulated, alt, paste
from tests.program import address_of
from tests.program import serve as serve_program
from tests.windows import Desk

F1 = "\x1bOP"
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What clients keep is for this test."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def test_windows_that_the_list_has_no_room_for_are_counted() -> None:
    """The one that is looked at is always there."""
    desk = Desk()
    for number in range(1, 13):
        desk.join(f"room{number}")
    for height, shown in [
        (13, ["0 server", "11 room11", "12 room12"]),
        (5, ["2 room2", "12 room12", "and 9 more"]),
    ]:
        rows = "".join(text for _, text, *_ in room_list(desk.windows, 18, height)).splitlines()
        assert len(rows) == height
        assert [*map(str.strip, rows)][-len(shown) + 1 :] == shown[1:]
        assert shown[0] in map(str.strip, rows)


@pytest.mark.parametrize(
    ("width", "shown"),
    [(13, "lost  2 below"), (12, "lost  2 bel…"), (6, "lost …"), (5, "lost…"), (4, "los…"), (1, "…")],
)
def test_what_is_too_long_for_its_row_ends_in_an_ellipsis(width: int, shown: str) -> None:
    """It is as wide as the row, and no wider."""
    assert _text([("class:lost", "lost"), ("", "  "), ("", "2 below")], width) == shown


def test_an_emoji_is_not_cut_in_its_middle() -> None:
    """A family is shown whole, or not at all."""
    assert _text([("", f"a{FAMILY}bcdefghijk")], 4) == "a…"
    assert _text([("", f"a{FAMILY}bcdefghijk")], 10) == f"a{FAMILY}bc…"


def _text(fragments: Fragments, width: int) -> str:
    line = TextPane(lambda: fragments).create_content(width, 1).get_line(0)
    return "".join(text for _, text, *_ in line)


def test_a_narrow_row_tells_what_is_not_sent_and_that_it_was_cut(tmp_path: Path) -> None:
    """Lines that wait behind a command are counted, too."""
    with (
        serve_program(db=tmp_path / "chat.db") as server,
        Emulated("join", address_of(server), "--name", "ann", columns=48) as ann,
    ):
        ann.until("[lobby]")
        server.signal(signal.SIGKILL)
        ann.until("connection lost, trying again")
        for line in ("for the lobby", "/join tea", "for tea"):
            ann.type(line + ENTER)
        ann.until("2 not sent")
        ann.resize(40, 10)
        ann.until(lambda screen: screen.shown and screen.shown[-1].endswith("…"))


def test_new_messages_and_mentions_are_one_number(serve: Callable[..., Server]) -> None:
    """As in the list: eleven is not one of which one is for me."""
    server = serve()
    address = f"127.0.0.1:{server.address[1]}"
    with (
        Emulated(
            "join", address, "--name", "ann", "--room", "tea,ops", columns=40, rows=10, program=CALLS_BRIEFLY
        ) as ann,
        Client(address, "bob", state=False, on_event=lambda event: None) as bob,
    ):
        ann.until("[ops]")
        bob.join("tea")
        bob.say("ann: are you there?")
        ann.until("Alt-A:")
        ann.type("a" + CTRL_C)
        ann.until("+1!  ann")
        bob.join("lobby")
        ann.type("/join lobby" + ENTER)
        ann.until("[lobby]")
        ann.type("/room ops" + ENTER)
        ann.until("[ops]")
        bob.say("new here", "lobby")
        ann.until("1 tea +1!, 3 lobby +1")
        ann.type(F1)
        ann.until("Esc: back")
        ann.type(alt("a"))
        ann.until(lambda screen: screen.typed == "[tea]")  # the key is for the chat, also over a page
        ann.type(F1)
        ann.until("Esc: back")
        ann.type("\x1b")
        ann.until("tea, 2 here")
        ann.until(lambda screen: screen.typed == "[tea]")


def test_whoever_whispers_from_another_window_is_told_where_that_went(serve: Callable[..., Server]) -> None:
    """A narrow screen has no list in which a window would appear."""
    server = serve()
    address = f"127.0.0.1:{server.address[1]}"
    with (
        Client(address, "bob", state=False, on_event=lambda event: None),
        Emulated("join", address, "--name", "ann", columns=40, rows=10) as ann,
    ):
        ann.until("[lobby]")
        ann.type("/whisper bob psst" + ENTER)
        ann.until("Whispered to bob: see Alt-2.")
        ann.type(alt("2"))
        ann.until("ann: psst")
        ann.until("[@bob]")
        ann.type("here" + ENTER)
        ann.until("ann: here")
        ann.until(lambda screen: "Whispered to" not in screen.read)


def test_what_is_pasted_right_behind_escape_is_not_lost(serve: Callable[..., Server]) -> None:
    """Nor does Ctrl-C do nothing there."""
    server = serve()
    with Emulated("join", f"127.0.0.1:{server.address[1]}", "--name", "ann") as ann:
        ann.until("[lobby]")
        ann.type("\x1b" + paste("of two\nrows"))
        ann.until("2 lines, one message")
        ann.type("\x1b" + CTRL_C)
        ann.until(lambda screen: screen.typed == "[lobby]")
        ann.type("/copy" + ENTER)
        ann.until("There is no message here to copy.")


def test_the_people_leave_room_for_the_messages_on_the_smallest_screen(serve: Callable[..., Server]) -> None:
    """Half of it."""
    server = serve()
    with Emulated("join", f"127.0.0.1:{server.address[1]}", "--name", "ann", columns=20, rows=5) as ann:
        ann.until("[lobby]")
        ann.type("\x1bOQ")  # F2
        ann.until(lambda screen: screen.shown[0].partition("│")[2].strip() == "ann 1")
        ann.until(lambda screen: len(screen.shown[0].partition("│")[0]) == 11)
