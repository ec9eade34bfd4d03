"""The terminal around the screen: how it is set, called by, stopped, resized, and left, whatever happens."""

from __future__ import annotations

import contextlib
import os
import re
import select
import signal
import termios
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from roomchat.client.client import Client
from roomchat.protocol import MemberLeft
from roomchat.server import Server
from roomchat.terminal.calls import RINGS
from roomchat.verify.processes import PATIENCE
from tests.emulator import CTRL_D, ENTER, Emulated, alt
from tests.program import ROOMCHAT

Serve = Callable[..., Server]
CTRL_L, CTRL_Z, PAGE_UP = "\x0c", "\x1a", "\x1b[5~"
COMMAND = re.compile(rb"\x1b\][^\x07\x1b]*(\x07|\x1b\\)")  # an operating system command
LINK = "https://example.org/" + "a/rather/long/way/" * 6


class Tea:
    """A server with bob in tea and ops."""

    def __init__(self, address: str, stack: ExitStack) -> None:
        self.address = address
        self._stack = stack
        self.bob = stack.enter_context(Client(address, "bob", state=False))
        for room in ("ops", "tea"):
            self.bob.join(room)

    def ann(self, *options: str, room: str = "tea", **others: Any) -> Emulated:
        """A person who looks at tea, and is in ops, too."""
        arguments = ["join", self.address, "--name", "ann", "--room", "ops", "--room", room, *options]
        ann = self._stack.enter_context(Emulated(*arguments, **others))
        ann.until("[tea]")
        ann.until("ann (")
        return ann

    def shell(self) -> Emulated:
        """A shell at a terminal."""
        env = {"PS1": "sh> ", "HISTFILE": "/dev/null", "BASH_SILENCE_DEPRECATION_WARNING": "1"}
        shell = Emulated("--norc", "--noprofile", "-i", program=["/bin/bash"], env=env)
        self._stack.enter_context(shell)
        shell.until("sh>")
        command = " ".join([*ROOMCHAT, "join", self.address, "--name", "ann", "--room", "tea"])
        shell.type(f"printf 'before\\n'; {command}" + ENTER)
        shell.until("[tea]")
        shell.until("ann (")
        return shell


@pytest.fixture
def tea(serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tea]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for name in ("TMUX", "STY", "NO_COLOR", "VTE_VERSION", "TERM_PROGRAM", "LC_TERMINAL"):
        monkeypatch.delenv(name, raising=False)
    with ExitStack() as stack:
        host, port = serve().address[:2]
        yield Tea(f"{host}:{port}", stack)


def bells(screen: Emulated) -> int:
    """How often the bell has rung."""
    return COMMAND.sub(b"", screen.raw).count(b"\a")


def is_left_as_found(screen: Emulated) -> bool:
    """Each mode that was set has been set back, and the terminal reads lines again."""
    last: dict[bytes, bytes] = {}
    for modes, state in re.findall(rb"\x1b\[\?([\d;]+)([hl])", screen.raw):
        for mode in modes.split(b";"):
            last[mode] = state
    normal = {b"25": b"h", b"7": b"h"}
    wrong = {mode for mode, state in last.items() if state != normal.get(mode, b"l")}
    titles = screen.raw.count(b"\x1b[22;0t"), screen.raw.count(b"\x1b[23;0t")
    modes = termios.tcgetattr(screen.master)
    return not wrong and titles[0] == titles[1] > 0 and modes == screen.found and not screen.screen.is_alternate


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
    script = tmp_path / "called.sh"
    script.write_text(f'#!/bin/sh\nprintf "%s|" "$ROOMCHAT_ROOM" "$ROOMCHAT_FROM" "$ROOMCHAT_TEXT" > {out}.new\n'
                      f"mv {out}.new {out}\n")  # fmt: skip
    ann = tea.ann("--on-mention", f"sh '{script}'")
    tea.bob.say("ann: $(touch /nowhere) \x1b[2J", "ops")
    ann.until(lambda screen: out.exists() or bells(screen) > 99)
    assert out.read_text() == "ops|bob|ann: $(touch /nowhere) \u241b[2J|"
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


@pytest.mark.parametrize("where", ["status.bottom", "window.fold", "windows.Windows.place"])
def test_a_fault_leaves_the_terminal_as_it_was_found(tea: Tea, tmp_path: Path, where: str) -> None:
    """In what is painted, and in what is received: one sentence; the traceback is in a file."""
    (tmp_path / "sitecustomize.py").write_text(
        f"from roomchat.terminal import {where.partition('.')[0]}\n"
        f"was = {where}\n"
        "def fails(*a, **k):\n"
        "    if 'boom' in str(a): raise ZeroDivisionError('a fault\\x1b[2J')\n"
        "    return was(*a, **k)\n"
        f"{where} = fails\n"
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


def test_a_terminal_that_takes_nothing_holds_nobody_up(tea: Tea, tmp_path: Path) -> None:
    """SIGTERM ends the program though it waits for the terminal to take what is painted."""
    (tmp_path / "sitecustomize.py").write_text("from roomchat.terminal import modes\nmodes.ENDS_WITHIN = 0.5\n")
    ann = tea.ann(env={"PYTHONPATH": str(tmp_path)})
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


def test_ctrl_z_goes_to_the_shell_and_back(tea: Tea) -> None:
    """Nothing is lost, and nothing of the chat stays on the shell's screen."""
    shell = tea.shell()
    shell.type("half a" + CTRL_Z)
    shell.until(is_at_prompt)
    assert not shell.screen.is_alternate
    assert shell.raw.count(b"\x1b[22;0t") == shell.raw.count(b"\x1b[23;0t") == 1
    tea.bob.say("while it is stopped", "tea")
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
    for _ in range(2):
        os.kill(pid, signal.SIGSTOP)
        shell.until(is_at_prompt)
        shell.type("kill -CONT %1; fg" + ENTER)  # first in the background, where it may not paint
        shell.until("[tea] half a")
        shell.until(lambda screen: "Stopped" not in "\n".join(screen.shown))
        shell.until(lambda screen: modes_of(screen) == (False, False))
        shell.type(PAGE_UP)
    shell.type(" line" + ENTER)
    shell.until("ann: half a line")
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
