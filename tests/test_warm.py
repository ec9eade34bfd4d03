"""A program that was not executed is as one that was."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from pathlib import Path
from signal import SIGINT, SIGKILL, SIGTERM, Signals

import pytest

from tests.emulator import Emulated
from tests.program import Program, Terminal, address_of, serve

IS_COLD = sys.platform != "linux" or "ROOMCHAT_COLD" in os.environ
pytestmark = pytest.mark.skipif(IS_COLD, reason="all are executed")

COLD = {"PYTHONNOUSERSITE": "1"}  # a variable of Python, so it is executed; here it does nothing else
VARIES = r"\d{5}|[0-9a-f]{4}(-[0-9a-f]{4})+"  # ports and fingerprints
Facts = dict[str, object]


def facts(program: Program | Terminal) -> Facts:
    """What the system knows of it that it could notice."""
    folder = Path("/proc", str(program.pid))
    status = re.findall(r"^(Umask|Threads|SigBlk|SigIgn|SigCgt):\s*(.*)$", (folder / "status").read_text(), re.M)
    state = (folder / "stat").read_text().rpartition(")")[2].split()
    parent, group, session, terminal = map(int, state[1:5])
    temporary = re.escape(tempfile.gettempdir())
    files = {re.sub(rf"\d+|{temporary}\S*", "N", os.readlink(file)) for file in (folder / "fd").iterdir()}
    return {
        **dict(status), "files": files, "folder": os.readlink(folder / "cwd"), "parent": parent == os.getpid(),
        "group": group == program.pid, "session": session == program.pid, "terminal": terminal != 0,
    }  # fmt: skip


def started(cold: bool) -> tuple[Facts, Facts, Facts]:
    """What is true of a server, of a client in a pipe and of one in a terminal, each as soon as it waits."""
    env = COLD if cold else None
    with serve(env=env) as server:
        assert (b"tests.warm" in Path(f"/proc/{server.pid}/cmdline").read_bytes()) is not cold
        address = address_of(server)
        with (
            Program("tail", "tea", "--server", address, env=env) as tail,
            Emulated("join", address, "--name", "ann", "--room", "tea", env=env) as ann,
        ):
            ann.until("[tea]")
            ann.type("hi\r")
            tail.expect("hi$")
            return facts(server), facts(tail), facts(ann)


def test_the_system_knows_no_difference(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Of files, signals, threads, the session and the terminal. It is our child, and where we are."""
    monkeypatch.chdir(tmp_path)
    assert started(cold=False) == started(cold=True)


@pytest.mark.parametrize("words", ["--version", "nonsense", "tail tea --server 127.0.0.1:1", "config"])
def test_a_person_sees_no_difference(words: str) -> None:
    """What is printed, in its order, and the exit code."""
    ends = []
    for env in ({}, COLD):
        with Program(*words.split(), env=env) as program:
            ends.append((program.wait(), program.output))
    assert ends[0] == ends[1]


@pytest.mark.parametrize("number", [SIGINT, SIGTERM, SIGKILL])
def test_signals_make_no_difference(number: Signals) -> None:
    """How it ends."""
    ends = []
    for env in ({}, COLD):
        with serve(env=env) as server:
            address_of(server)
            server.expect("Press Ctrl-C")
            server.signal(number)
            ends.append((server.wait(), re.sub(VARIES, "...", server.output)))
    assert ends[0] == ends[1]
