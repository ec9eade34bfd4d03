"""The terminal around the screen: how it is set, stopped, resized, and left, whatever happens."""

from __future__ import annotations

import contextlib
import os
import re
import select
import signal
import termios
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from roomchat.protocol import MemberLeft
from roomchat.server import Server
from roomchat.verify.processes import PATIENCE
from tests.emulator import CTRL_D, ENTER, Emulated
from tests.program import having
from tests.tearoom import Tea, is_left_as_found, tearoom

CTRL_L, CTRL_Z = "\x0c", "\x1a"


@pytest.fixture
def tea(serve: Callable[..., Server], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tea]:
    with tearoom(serve, tmp_path, monkeypatch) as tea:
        yield tea


# ------------------------------------------------------------ leaving


@pytest.mark.parametrize("number", [None, signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_the_terminal_is_left_as_it_was_found(tea: Tea, number: signal.Signals | None) -> None:
    """However one leaves."""
    ann = tea.ann()
    if number is None:
        ann.type(CTRL_D)
    else:
        ann.signal(number)
    assert ann.wait() == 0
    assert is_left_as_found(ann)
    assert ann.shown[-1] == "Goodbye."
    assert not any("tea" in row for row in ann.shown)


@pytest.mark.parametrize(
    "where", ["screen.status.bottom", "windows.folded_rows.fold", "windows.windows.Windows.place"]
)
def test_a_fault_leaves_the_terminal_as_it_was_found(tea: Tea, tmp_path: Path, where: str) -> None:
    """In what is painted, and in what is received: one sentence; the traceback is in a file."""
    (tmp_path / "sitecustomize.py").write_text(
        f"import roomchat.terminal.{'.'.join(where.split('.')[:2])}\n"
        f"was = roomchat.terminal.{where}\n"
        "def fails(*a, **k):\n"
        "    if 'boom' in str(a): raise ZeroDivisionError('a fault\\x1b[2J')\n"
        "    return was(*a, **k)\n"
        f"roomchat.terminal.{where} = fails\n"
    )
    ann = tea.ann(env={"PYTHONPATH": str(tmp_path)})
    ann.type("boom")
    ann.until(lambda screen: "boom" in "".join(screen.shown) or not screen.screen.is_alternate)
    ann.type(ENTER)
    assert ann.wait() == 1
    assert is_left_as_found(ann)
    told = " ".join(ann.shown)
    assert "This is a fault of roomchat: ZeroDivisionError: a fault" in told
    assert "Traceback" not in told
    details = tmp_path / "state" / "roomchat" / "fault.txt"
    assert "ZeroDivisionError" in details.read_text()
    assert details.stat().st_mode & 0o077 == 0


def test_a_terminal_that_is_gone_ends_the_chat(tea: Tea) -> None:
    """Whoever closes the window has left; the others see it."""
    ann = tea.ann()
    other = os.open(os.devnull, os.O_RDWR)
    os.dup2(other, ann.master)
    os.close(other)
    assert ann._process is not None
    ann._process.wait(PATIENCE)
    assert next(event for event in tea.bob.events(PATIENCE) if isinstance(event, MemberLeft)).reason == "bye"


def test_a_terminal_that_takes_nothing_holds_nobody_up(tea: Tea) -> None:
    """SIGTERM ends the program though it waits for the terminal to take what is painted."""
    ann = tea.ann(program=having("terminal.device.modes.ENDS_WITHIN = 0.5"))
    full = os.open(f"/proc/{ann.pid}/fd/1", os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
    while select.select([], [full], [], 0.3)[1]:  # the system passes some of it on, and takes more
        with contextlib.suppress(BlockingIOError):
            os.write(full, b"x")
    ann.signal(signal.SIGTERM)
    assert ann._process is not None
    assert ann._process.wait(PATIENCE) == 128 + signal.SIGTERM
    os.close(full)
    assert termios.tcgetattr(ann.master) == ann.found


# ------------------------------------------------------------ stopping and going on


def modes_of(screen: Emulated) -> tuple[bool, bool]:
    """Whether the terminal echoes, and whether it waits for whole lines."""
    flags = termios.tcgetattr(screen.master)[3]
    return bool(flags & termios.ECHO), bool(flags & termios.ICANON)


def is_at_prompt(shell: Emulated) -> bool:
    """Whether the shell has told that the chat is stopped, and reads the next command."""
    return re.search(r"Stopped.*\nsh>", "\n".join(shell.shown), re.DOTALL) is not None


@pytest.mark.parametrize("number", [None, signal.SIGTSTP])
def test_ctrl_z_goes_to_the_shell_and_back(tea: Tea, number: signal.Signals | None) -> None:
    """Nothing is lost, and nothing of the chat stays on the shell's screen."""
    shell = tea.shell()
    shell.type("half a")
    shell.until("[tea] half a")
    if number is None:
        shell.type(CTRL_Z)
    else:
        os.kill(os.tcgetpgrp(shell.master), number)
    shell.until(is_at_prompt)
    assert not shell.screen.is_alternate
    assert shell.raw.count(b"\x1b[22;0t") == shell.raw.count(b"\x1b[23;0t") == 1
    tea.bob.say("while it is stopped", "tea")
    shell.type("bg; wait %1; echo not painted over" + ENTER)
    shell.until(lambda screen: "not painted over" in screen.shown)
    assert not shell.screen.is_alternate
    shell.type("fg" + ENTER)
    shell.until("[tea] half a")
    shell.until("while it is stopped")
    assert shell.screen.is_alternate
    assert modes_of(shell) == (False, False)
    shell.type(" line" + ENTER)
    shell.until("ann: half a line")
    shell.type(CTRL_D)
    shell.until(lambda screen: "Goodbye." in screen.shown and screen.shown[-1].startswith("sh>"))
    assert "before" in shell.shown


def test_stopped_by_hand_it_goes_on_as_if_nothing_had_happened(tea: Tea) -> None:
    """Keys are not echoed by the terminal; what the shell has written is painted over; one fg is enough."""
    shell = tea.shell()
    shell.type("half a")
    shell.until("[tea] half a")
    pid = os.tcgetpgrp(shell.master)
    for turn in range(2):
        os.kill(pid, signal.SIGSTOP)
        shell.until(is_at_prompt)
        # First in the background, where it may not paint, and is stopped; bash can't tell an old stop from a new
        # one, and hears of it when the last thread has stopped.
        runs = f"$(grep ^voluntary /proc/{pid}/status)"
        again = f'! grep -qs "State:.[^T]" /proc/{pid}/task/*/status && [ "{runs}" != "$before" ]'
        shell.type(f'before="{runs}"; kill -CONT %1; until {again}; do :; done; fg' + ENTER)
        shell.until("[tea] half a")
        shell.until(lambda screen: "Stopped" not in "\n".join(screen.shown))
        shell.until(lambda screen: modes_of(screen) == (False, False))
        shell.type("a")
        shell.until(f"[tea] half {'a' * (2 + turn)}")
    shell.type(" line" + ENTER)
    shell.until("ann: half aaa line")
    assert not any("^[" in row for row in shell.shown)
    shell.type(CTRL_D)
    shell.until(lambda screen: "Goodbye." in screen.shown)


def test_without_a_shell_it_goes_on_too(tea: Tea) -> None:
    """SIGSTOP and SIGCONT; and Ctrl-Z, where nobody could bring it back, does nothing."""
    ann = tea.ann()
    ann.type("half a")
    ann.until("[tea] half a")
    ann.signal(signal.SIGSTOP)
    painted = len(ann.raw)
    ann.signal(signal.SIGCONT)
    ann.until(lambda screen: b"\x1b[?1049h" in screen.raw[painted:])
    ann.until("[tea] half a")
    painted = len(ann.raw)
    ann.type(CTRL_Z)
    ann.until(lambda screen: b"\x1b[?1049h" in screen.raw[painted:])
    ann.type(" line" + ENTER)
    ann.until("ann: half a line")
    ann.type(CTRL_D)
    assert ann.wait() == 0
    assert is_left_as_found(ann)


def test_ctrl_l_paints_over_whatever_was_written(tea: Tea) -> None:
    """All of it, without touching what the screen covers."""
    ann = tea.ann()
    ann.until("--- the beginning ---")
    ann.until("You are in tea with: bob (1).")
    before = ann.shown
    ann._stream.feed(b"\x1b[1;1Hrubbish\x1b[9;30Hrubbish\x1b[24;80H")
    assert "rubbish" in "".join(ann.shown)
    ann.type(CTRL_L)
    ann.until(lambda screen: screen.shown == before)
    assert ann.raw.count(b"\x1b[?1049h") == 1


@pytest.mark.parametrize("cursor", [b"\x1b[1;1H", b"\x1b[10;40H", b"\x1b[99;1H"])
def test_a_resize_paints_all_from_the_corner(tea: Tea, cursor: bytes) -> None:
    """Wherever the terminal has left the cursor."""
    ann = tea.ann()
    tea.bob.say("hello", "tea")
    ann.until("bob: hello")
    for columns, rows in [(50, 12), (100, 30), (20, 5), (80, 24)]:
        ann.resize(columns, rows)
        ann._stream.feed(b"\x1b[3;3Hrubbish" + cursor)
        ann.until(lambda screen: "[tea]" in "\n".join(screen.shown) and "rubbish" not in "".join(screen.shown))
    ann.until("bob: hello")
    assert ann.screen.display[0].endswith("tea, 2 here" + " " * 49) or "tea, 2 here" in ann.screen.display[0]


@pytest.mark.long
def test_a_slow_line_is_left_to_what_is_typed(tea: Tea) -> None:
    """At 9600 baud 300 messages are a few screens, not three hundred; a key shows at once, without them."""
    ann = tea.ann(baud=termios.B9600)
    painted = len(ann.raw)
    for number in range(300):
        tea.bob.say(f"line {number}.", "tea")
    assert tea.bob.flush(20)
    ann.type("x")
    ann.until("[tea] x")
    assert len(ann.raw) - painted < 3 * 2500  # one painting of what came first, and the key
    ann.until("line 299.")
    assert len(ann.raw) - painted < 6 * 2500
