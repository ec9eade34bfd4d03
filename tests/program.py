"""Real ``roomchat`` processes for tests, in a terminal of their own or behind pipes."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from types import TracebackType

from click.testing import CliRunner

ROOMCHAT = [sys.executable, "-m", "roomchat"]
# Runs what follows as it is, in the terminal of its standard input: the first one that a new session opens is the
# one whose Ctrl-C it gets.
IN_TERMINAL = [
    sys.executable,
    "-c",
    "import os, sys; os.close(os.open(os.ttyname(0), os.O_RDWR)); os.execv(sys.argv[1], sys.argv[1:])",
]
PATIENCE = 20.0  # seconds


def runner() -> CliRunner:
    """Keeps what goes to standard error apart; before click 8.2 that had to be asked for."""
    try:
        return CliRunner(mix_stderr=False)
    except TypeError:
        return CliRunner()


class Program:
    """A process whose output is collected; every wait has a deadline. ``terminal`` gives it a pseudo-terminal."""

    def __init__(self, *arguments: str, terminal: bool = False, env: dict[str, str] | None = None) -> None:
        self.output = ""
        if terminal:
            self._master, slave = pty.openpty()
            stdin = stdout = slave
        else:
            stdin, writer = os.pipe()
            self._master, stdout = os.pipe()
        self._process = subprocess.Popen(
            [*(IN_TERMINAL if terminal else []), *ROOMCHAT, *arguments],
            stdin=stdin,
            stdout=stdout,
            stderr=stdout,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **(env or {})},
            start_new_session=terminal,
        )
        os.close(stdin)
        if not terminal:
            os.close(stdout)
        self._writer: int | None = self._master if terminal else writer

    @property
    def terminal(self) -> int:
        """The file descriptor of its pseudo-terminal, if it has one."""
        return self._master

    def type(self, text: str) -> None:
        """Write to its standard input."""
        assert self._writer is not None
        os.write(self._writer, text.encode())

    def end_input(self) -> None:
        """Nothing more will be typed."""
        if self._writer is not None and self._writer != self._master:
            os.close(self._writer)
        self._writer = None

    def expect(self, pattern: str) -> re.Match[str]:
        """Wait until its output has the pattern."""
        deadline = time.monotonic() + PATIENCE
        while not (match := re.search(pattern, self.output, re.MULTILINE)):
            if not self._read(deadline):
                raise AssertionError(f"never printed {pattern!r}, but:\n{self.output}")
        return match

    def wait(self) -> int:
        """Wait until it ends; its exit code. All of its output is there then."""
        deadline = time.monotonic() + PATIENCE
        while self._read(deadline):
            pass
        return self._process.wait(max(0.1, deadline - time.monotonic()))

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self._process.send_signal(number)

    def _read(self, deadline: float) -> bool:
        """Collect some output; False at its end, or at the deadline."""
        if not select.select([self._master], [], [], max(0, deadline - time.monotonic()))[0]:
            return False
        try:
            data = os.read(self._master, 65536)
        except OSError:  # how a pseudo-terminal says that nobody holds its other side any more
            return False
        self.output += data.decode().replace("\r\n", "\n")
        return bool(data)

    def __enter__(self) -> Program:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        self.end_input()
        os.close(self._master)


def serve(*arguments: str, db: object = ":memory:", env: dict[str, str] | None = None) -> Program:
    """A server, on a free port unless the arguments name one."""
    return Program("serve", "--port", "0", "--db", str(db), *arguments, env=env)


def address_of(server: Program) -> str:
    """Where a server says that it listens."""
    return server.expect(r"listens on (\S+)\.$")[1]
