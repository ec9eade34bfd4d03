"""A program that was not executed is as one that was."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from signal import SIGINT, SIGKILL, SIGTERM, Signals

import pytest

from roomchat.verify.processes import PATIENCE, POLL_INTERVAL
from tests import warm
from tests.emulator import Emulated
from tests.program import ROOMCHAT, Program, Terminal, address_of, serve

pytestmark = pytest.mark.skipif(warm.IS_COLD, reason="all are executed")

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


@contextmanager
def started(cold: bool) -> Iterator[tuple[Program | Terminal, ...]]:
    """A server, a client in a pipe and one in a terminal, that wait."""
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
            yield server, tail, ann


def test_the_system_knows_no_difference(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Of files, signals, threads, the session and the terminal. It is our child, and where we are."""
    monkeypatch.chdir(tmp_path)
    with started(cold=False) as copies, started(cold=True) as executed:
        for copy, other in zip(copies, executed, strict=True):
            deadline = time.monotonic() + PATIENCE
            while facts(copy) != facts(other) and time.monotonic() < deadline:
                time.sleep(POLL_INTERVAL)  # a thread of one of them is just being started, say
            assert facts(copy) == facts(other)


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


def test_a_shell_sees_no_difference() -> None:
    """In pipes, with files that are full or closed: the same output and the same exit codes."""
    script = """
    roomchat --version | cat; echo ${PIPESTATUS[@]}
    roomchat --help | head -1; echo ${PIPESTATUS[@]}
    roomchat --version >/dev/full; echo $?
    roomchat config >&-; echo $?
    echo hi | roomchat send tea --server localhost:1; echo $?
    """
    ends = []
    for command in (warm.command(), ROOMCHAT):
        function = f'roomchat() {{ {shlex.join(command)} "$@"; }}'
        shell = ["bash", "-c", f"exec 2>&1; {function}\n{script}"]
        ends.append(subprocess.run(shell, capture_output=True, text=True, check=True, timeout=60).stdout)
    assert ends[0] == ends[1]
    assert ends[0].count("Error: ") == 3


def test_a_signal_reaches_a_copy_beside() -> None:
    """Whoever is told to end passes it on, and ends as the copy does."""
    words = ["serve", "--port", "0", "--db", ":memory:"]
    with subprocess.Popen([*warm.command(), *words], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        while "Press Ctrl-C" not in server.stdout.readline():
            pass
        server.send_signal(SIGTERM)
        assert "Stopped." in server.stdout.read()
    assert server.returncode == 0
