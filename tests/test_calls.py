"""Calling a person: the bell, the title, the notice, and the command of their own."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from roomchat.terminal.device import mention_command
from roomchat.terminal.device.calls import RING_EVERY, RINGS, Call, Caller, split_command
from roomchat.terminal.device.mention_command import MAX_WAITING, MentionCommand
from roomchat.verify.processes import PATIENCE

CALL = Call("tea", "bob", "ann: are you there?")
NEVER, MENTIONS, ALL = 3, 2, 1


class Told:
    """A terminal that remembers."""

    def __init__(self) -> None:
        self.rings = 0
        self.notices: list[tuple[str, str]] = []
        self.titles: list[str] = []

    def ring(self) -> None:
        self.rings += 1

    def notify(self, title: str, body: str) -> None:
        self.notices.append((title, body))

    def set_title(self, title: str) -> None:
        self.titles.append(title)


class Clock:
    """Goes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def until(holds: Callable[[], object]) -> None:
    """Wait for what another process does; there is no event of it."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline
        os.sched_yield()


def test_a_call_rings_and_is_told_and_runs_the_command() -> None:
    """All with who called, where, and in which words."""
    terminal, run = Told(), list[Call]()
    Caller(terminal, MENTIONS, run.append).call(CALL)
    assert terminal.rings == 1
    assert terminal.notices == [("roomchat", "[tea] bob: ann: are you there?")]
    assert run == [CALL]


def test_a_flood_of_mentions_is_no_alarm() -> None:
    """Three rings, then one in ten seconds; the command is given all of them."""
    terminal, clock, run = Told(), Clock(), list[Call]()
    caller = Caller(terminal, MENTIONS, run.append, clock=clock)
    for _ in range(400):
        caller.call(CALL)
    assert terminal.rings == len(terminal.notices) == RINGS
    for _ in range(10):
        clock.now += RING_EVERY / 2
        caller.call(CALL)
    assert terminal.rings == RINGS + 5
    assert len(run) == 410
    clock.now += 1000
    for _ in range(400):
        caller.call(CALL)
    assert terminal.rings == 2 * RINGS + 5


@pytest.mark.parametrize(
    ("level", "loudness", "rings"),
    [(NEVER, 2, 0), (NEVER, 1, 0), (MENTIONS, 2, 1), (MENTIONS, 1, 0), (ALL, 1, 1), (ALL, 2, 1), (ALL, 0, 0)],
)
def test_the_bell_rings_for_what_was_chosen(level: int, loudness: int, rings: int) -> None:
    """As ``--bell`` says."""
    terminal = Told()
    Caller(terminal, level).ring(loudness)
    assert terminal.rings == rings


def test_without_a_bell_a_call_is_told_still() -> None:
    """``--bell never`` is about the bell."""
    terminal = Told()
    Caller(terminal, NEVER).call(CALL)
    assert not terminal.rings
    assert terminal.notices


def test_the_title_tells_the_room_and_what_waits() -> None:
    """Mentions before messages; and only when it has changed."""
    terminal = Told()
    caller = Caller(terminal, MENTIONS)
    for arguments in [("tea", 0, 0), ("tea", 0, 3), ("tea", 2, 3), ("tea", 2, 5), ("", 0, 0), ("a\x1b]b", 0, 0)]:
        caller.show_title(*arguments)
    assert terminal.titles == [
        "roomchat: tea", "roomchat: tea (3)", "roomchat: tea (2!)", "roomchat", "roomchat: a\u241b]b"
    ]  # fmt: skip


# ------------------------------------------------------------ the command


def python(code: str, *arguments: object) -> list[str]:
    return [sys.executable, "-c", code, *map(str, arguments)]


def test_the_command_learns_who_called_and_nothing_of_it_is_code(tmp_path: Path) -> None:
    """No shell, no arguments: what others write stands in variables, and harms no terminal."""
    told, out = list[str](), tmp_path / "out"
    code = (
        "import os, sys; v = [os.environ['ROOMCHAT_' + k] for k in ('ROOM', 'FROM', 'TEXT')];"
        "v += [str(len(sys.argv)), sys.stdin.read()]; print('heard by nobody');"
        "open(sys.argv[1] + '~', 'w').write('\\n'.join(v)); os.rename(sys.argv[1] + '~', sys.argv[1])"
    )
    command = MentionCommand(python(code, out), told.append)
    command.run(Call("tea", "$(id)", "-h; touch /nowhere \x1b]0;x\x07 \x00`id`"))
    until(out.exists)
    command.close()
    assert out.read_text() == "tea\n$(id)\n-h; touch /nowhere \u241b]0;x\u2407 \u2400`id`\n2\n"
    assert not told


def test_what_the_locale_lacks_keeps_no_command_from_running(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    """It is replaced."""
    monkeypatch.setattr(mention_command, "_ENCODING", "ascii")
    told, out = list[str](), tmp_path / "out"
    code = (
        "import os, sys; open(sys.argv[1] + '~', 'w').write(os.environ['ROOMCHAT_TEXT']);"
        "os.rename(sys.argv[1] + '~', sys.argv[1])"
    )
    command = MentionCommand(python(code, out), told.append)
    command.run(Call("tea", "bob", "caf\u00e9 \u2192 ann"))
    until(out.exists)
    command.close()
    assert out.read_text() == "caf? ? ann"
    assert not told


def test_commands_run_one_after_the_other_and_not_too_many_wait(tmp_path: Path) -> None:
    """In the order of the calls; those that come while twenty wait are passed over."""
    gate, out = tmp_path / "gate", tmp_path / "out"
    os.mkfifo(gate)
    code = (
        "import os, sys; open(sys.argv[1]).read();"
        "open(sys.argv[2], 'a').write(os.environ['ROOMCHAT_TEXT'] + '\\n')"
    )
    command = MentionCommand(python(code, gate, out), lambda text: None)
    command.run(Call("tea", "bob", "0"))
    until(lambda: command._process)
    for number in range(1, 400):
        command.run(Call("tea", "bob", str(number)))
    for number in range(MAX_WAITING + 1):
        gate.open("w").close()
        until(lambda number=number: out.exists() and len(out.read_text().split()) > number)
    until(lambda: not command._process)
    command.close()
    assert out.read_text().split() == [str(number) for number in range(MAX_WAITING + 1)]


def test_what_takes_too_long_is_ended_with_all_that_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With all that it started, also if it does not listen; nothing stays behind, not even as a zombie."""
    monkeypatch.setattr(mention_command, "GRACE", 0.1)
    pids = tmp_path / "pids"
    code = (
        "import os, signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); child = os.fork();"
        "child and open(sys.argv[1], 'w').write(f'{os.getpid()} {child} ');"
        "time.sleep(600)"
    )
    monkeypatch.setattr(mention_command, "TIME_LIMIT", 1.0)
    command = MentionCommand(python(code, pids), lambda text: None)
    command.run(CALL)
    until(lambda: pids.exists() and pids.read_text().endswith(" "))
    parent, child = map(int, pids.read_text().split())
    until(lambda: is_gone(parent) and not command._process)  # that alone may mean: not told yet
    with pytest.raises(ProcessLookupError):  # waited for
        os.kill(parent, 0)
    until(lambda: is_gone(child))
    command.close()


def test_closing_ends_the_one_that_runs() -> None:
    """And returns soon."""
    command = MentionCommand(python("import time; time.sleep(600)"), lambda text: None)
    command.run(CALL)
    command.run(CALL)
    until(lambda: command._process)
    process = command._process
    assert process is not None
    command.close()
    assert process.returncode == -signal.SIGTERM
    assert command._worker is not None
    assert not command._worker.is_alive()
    command.run(CALL)
    assert not command._waiting


def test_a_command_that_is_not_there_is_told_once() -> None:
    """And again only the next time."""
    told = list[str]()
    command = MentionCommand(["no-such-command\x1b[2J"], told.append)
    for _ in range(3):
        command.run(CALL)
    until(lambda: told and not command._waiting)
    command.close()
    assert told == [
        "The command of --on-mention can't be run: no-such-command\u241b[2J: No such file or directory."
    ]


def test_a_command_is_split_as_a_shell_does_it() -> None:
    """Quotations hold words together; one that does not end is refused, as nothing is."""
    assert split_command("notify-send 'a b' c\\ d") == ["notify-send", "a b", "c d"]
    for wrong in ("", "  ", "'a"):
        with pytest.raises(ValueError, match=r"does not end|empty"):
            split_command(wrong)


def is_gone(pid: int) -> bool:
    """Whether a process that is not ours to wait for has ended."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):  # the latter: between the opening and the reading
        return True
