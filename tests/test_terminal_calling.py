"""How the chat calls a person, and what it sends to which terminal: bells, titles, notices, links, a clipboard."""

from __future__ import annotations

import os
import re
import select
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from roomchat.server import Server
from roomchat.terminal.device.calls import RINGS
from roomchat.verify.processes import PATIENCE
from tests.emulator import CTRL_D, ENTER, alt
from tests.tearoom import COMMAND, Tea, bells, is_left_as_found, tearoom

LINK = "https://example.org/" + "a/rather/long/way/" * 6


@pytest.fixture
def tea(serve: Callable[..., Server], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tea]:
    with tearoom(serve, tmp_path, monkeypatch) as tea:
        yield tea


# ------------------------------------------------------------ calling


def test_a_mention_elsewhere_calls(tea: Tea) -> None:
    """It rings at once, not when one goes there; the screen says who and what, the title and a notice, too."""
    ann = tea.ann()
    ann.until(lambda screen: b"\x1b]2;roomchat: tea\x1b\\" in screen.raw)
    assert bells(ann) == 0
    tea.bob.say("not for anybody", "ops")
    ann.until(lambda screen: b"\x1b]2;roomchat: tea (1)\x1b\\" in screen.raw)
    assert bells(ann) == 0
    tea.bob.say("ann: are you there?", "ops")
    ann.until("Alt-A: [ops] bob: ann: are you there?")
    ann.until(lambda screen: b"\x1b]2;roomchat: tea (1!)\x1b\\" in screen.raw)
    assert bells(ann) == 1
    assert ann.raw.count(b"\x1b]777;notify;roomchat;[ops] bob: ann: are you there?\x1b\\") == 1
    ann.type(alt("a"))
    ann.until("[ops]")
    ann.until(lambda screen: screen.raw.rfind(b"\x1b]2;roomchat: ops\x1b\\") > screen.raw.rfind(b"(1!)"))
    assert bells(ann) == 1
    tea.bob.whisper(2, "psst")
    ann.until("[@bob] bob: psst")
    assert bells(ann) == 2
    ann.type(alt("3"))
    ann.until(lambda screen: b"\x1b]2;roomchat: @bob\x1b\\" in screen.raw)


def test_a_flood_of_mentions_rings_a_few_times(tea: Tea) -> None:
    """And not once for each."""
    ann = tea.ann()
    for number in range(200):
        tea.bob.say(f"ann {number}", "ops")
    tea.bob.say("the end", "tea")
    ann.until("the end")
    ann.until(lambda screen: b"roomchat: tea (200!)" in screen.raw)
    assert 1 <= bells(ann) <= RINGS + 1
    assert ann.raw.count(b"\x1b]777;") <= RINGS + 1


def test_nobody_is_called_who_does_not_want_it(tea: Tea) -> None:
    """Neither bell nor notice."""
    ann = tea.ann("--bell", "never", "--no-notify")
    tea.bob.say("ann: hello", "ops")
    ann.until(lambda screen: b"roomchat: tea (1!)" in screen.raw)
    assert bells(ann) == 0
    assert b"\x1b]777" not in ann.raw


def test_a_mention_runs_the_command(tea: Tea, tmp_path: Path) -> None:
    """With what was said, which is no code; one that is not there is told."""
    out = tmp_path / "out"
    os.mkfifo(out)
    script = tmp_path / "called.sh"
    script.write_text(f'#!/bin/sh\nprintf "%s|" "$ROOMCHAT_ROOM" "$ROOMCHAT_FROM" "$ROOMCHAT_TEXT" > {out}\n')
    ann = tea.ann("--on-mention", f"sh '{script}'")
    with open(os.open(out, os.O_RDWR), "rb", 0) as called:
        tea.bob.say("ann: $(touch /nowhere) \x1b[2J", "ops")
        told = b""
        while told.count(b"|") < 3:
            assert select.select([called], [], [], PATIENCE)[0], "the command never ran"
            told += called.read(999)
        assert told.decode() == "ops|bob|ann: $(touch /nowhere) \u241b[2J|"
    ann.type(CTRL_D)
    assert ann.wait() == 0
    ann = tea.ann("--on-mention", "no-such-command", room="tea")
    tea.bob.say("ann: again", "ops")
    ann.until("The command of --on-mention can't be run")


@pytest.mark.parametrize("term", ["linux", "screen", "vt220"])
def test_a_terminal_gets_no_command_that_it_may_print(tea: Tea, term: str) -> None:
    """Links, notices and the clipboard are left out; a bell rings everywhere."""
    ann = tea.ann(env={"TERM": term})
    tea.bob.say(f"ann: {LINK}", "tea")
    ann.until("bob: ann:")
    ann.type("/copy" + ENTER)
    ann.until("no program copy")
    assert bells(ann) == 1
    commands = [match[0] for match in COMMAND.finditer(ann.raw)]
    assert all(command.startswith(b"\x1b]2;") and term == "screen" for command in commands)
    assert b"\x1bP" not in ann.raw


def test_no_color_means_no_colour(tea: Tea) -> None:
    """Bold and reverse remain; no meaning is lost."""
    ann = tea.ann(env={"NO_COLOR": "1"})
    tea.bob.say("ann: hello", "tea")
    ann.until("hello")
    codes = {code for codes in re.findall(rb"\x1b\[([\d;]*)m", ann.raw) for code in codes.split(b";")}
    assert codes <= {b"", b"0", b"1", b"3", b"4", b"7"}


def test_what_the_locale_lacks_is_replaced(tea: Tea) -> None:
    """In the C locale nothing fails, and nothing is out of place."""
    ann = tea.ann(env={"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"})
    tea.bob.say("\u4f60\u597d e\u0301 end", "tea")
    ann.until("bob: ???? e end")
    assert ann.raw.isascii()
    assert any(row[18] == "|" for row in ann.shown)


# ------------------------------------------------------------ links, and the room bare


@pytest.mark.parametrize("columns", [40, 100])
def test_a_long_link_is_one(tea: Tea, columns: int) -> None:
    """Its rows go from edge to edge, and each has the whole address under one id."""
    ann = tea.ann(columns=columns)
    tea.bob.say(f"see {LINK} there", "tea")
    ann.until("there")
    opened = re.findall(rb"\x1b\]8;(id=\w+);([^\x1b]+)\x1b\\", ann.raw)
    assert len(opened) >= 2
    assert {address.decode() for _, address in opened} == {LINK}
    assert len({id for id, _ in opened}) == 1
    assert ann.raw.count(b"\x1b]8;;\x1b\\") == len(opened)
    left = 0 if columns < 72 else 19
    pieces = "".join(row[left:].rstrip().ljust(0) for row in ann.shown if "/" in row)
    assert LINK in pieces.replace("there", "").replace("see ", "")


def test_the_room_is_shown_bare(tea: Tea) -> None:
    """On the ordinary screen, not cut by us; a key, which is no word of the chat, returns to the draft."""
    ann = tea.ann()
    tea.bob.say(f"see {LINK}", "tea")
    ann.until("see ")
    ann.type("a draft" + alt("l"))
    ann.until("--- Press any key to return. ---")
    assert not ann.screen.is_alternate
    assert f"bob: see {LINK}\r".encode() in ann.raw
    tea.bob.say("ann: meanwhile", "ops")
    ann.until(lambda screen: bells(screen) == 1)
    ann.type("x")
    ann.until("[tea] a draft")
    assert ann.screen.is_alternate
    ann.type(ENTER)
    ann.until("ann: a draft")
    ann.type(alt("l"))
    ann.until(lambda screen: not screen.screen.is_alternate)
    ann.signal(signal.SIGTERM)
    assert ann.wait() == 0
    assert is_left_as_found(ann)


def test_the_wheel_scrolls_if_it_is_asked_for(tea: Tea) -> None:
    """Otherwise the mouse is the terminal's."""
    for number in range(60):
        tea.bob.say(f"line {number}.", "tea")
    assert tea.bob.flush(20)
    ann = tea.ann("--mouse")
    ann.until("line 59.")
    for _ in range(5):
        ann.type("\x1b[<64;30;10M")
    ann.until(lambda screen: not any("line 59." in row for row in screen.shown))
    ann.type("\x1b[<65;30;10M" * 20)
    ann.until("line 59.")
    assert b"\x1b[?1003h" not in ann.raw
    ann.type(CTRL_D)
    assert ann.wait() == 0
    assert is_left_as_found(ann)
    quiet = tea.ann()
    assert not re.search(rb"\x1b\[\?100\d", quiet.raw)
