"""Real ``roomchat`` processes for tests, in a terminal of their own or without one."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import sys
import tempfile
import termios
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from click.testing import CliRunner

from roomchat.verify.processes import Process
from tests import warm

ROOMCHAT = [sys.executable, "-m", "roomchat"]
RUN = "import roomchat.__main__; roomchat.__main__.run()"
# What a person is told when the server is away. A screen has it in its status, too: there no line is folded.
AWAY = "[Tt]rying again"
# Runs what follows as it is, in the terminal of its standard input: the first one that a new session opens is the
# one whose Ctrl-C it gets.
IN_TERMINAL = [
    sys.executable,
    "-c",
    "import os, sys; os.close(os.open(os.ttyname(0), os.O_RDWR)); os.execv(sys.argv[1], sys.argv[1:])",
]


def having(*changes: str) -> list[str]:
    """The program with times that a test would have to wait for made shorter: ``client.interrupt.GRACE = 0.2``."""
    modules = sorted({change.partition(" = ")[0].rpartition(".")[0] for change in changes})
    lines = [*(f"import roomchat.{module}" for module in modules), *(f"roomchat.{change}" for change in changes)]
    return [sys.executable, "-c", "\n".join([*lines, RUN])]


def runner() -> CliRunner:
    """Keeps what goes to standard error apart; before click 8.2 that had to be asked for."""
    try:
        return CliRunner(mix_stderr=False)
    except TypeError:
        return CliRunner()


class _Roomchat(Process):
    """One that is not executed where nothing can show that; see `warm`."""

    before: Sequence[str] = ()  # the words before its own, if it is executed

    def _execute(self, command: Sequence[str], stdin: int, output: int | IO[bytes]) -> Any:
        if command[: len(ROOMCHAT)] == ROOMCHAT and warm.can_start(self._env):
            return warm.Copy(command[len(ROOMCHAT) :], stdin, output, self._env)
        if command[1] == "-c" and command[2].endswith(RUN) and warm.can_start(self._env):
            return warm.Copy(command[2:], stdin, output, self._env, "-c")
        return super()._execute([*self.before, *command], stdin, output)


class Program(_Roomchat):
    """One whose standard input is a pipe."""

    def __init__(
        self, *arguments: str, program: Sequence[str] = ROOMCHAT, env: dict[str, str] | None = None
    ) -> None:
        self._folder = tempfile.TemporaryDirectory()
        super().__init__([*program, *arguments], Path(self._folder.name, "output"), env)
        self.spawn()

    def __exit__(self, *_: object) -> None:
        super().__exit__()
        self._folder.cleanup()


class Terminal(_Roomchat):
    """One in a pseudo-terminal; ``master`` is its file descriptor."""

    before = IN_TERMINAL

    def __init__(
        self, *arguments: str, program: Sequence[str] = ROOMCHAT, env: dict[str, str] | None = None,
        size: tuple[int, int] | None = None, baud: int | None = None,
    ) -> None:  # fmt: skip
        """``size`` is in rows and columns, ``baud`` a speed as termios has it."""
        super().__init__([*program, *arguments], Path(os.devnull), env)
        self.master, slave = pty.openpty()
        if baud is not None:
            modes = termios.tcgetattr(slave)
            modes[4:6] = baud, baud
            termios.tcsetattr(slave, termios.TCSANOW, modes)
        self.found = termios.tcgetattr(slave)  # how it was set before
        if size:
            self._set_size(*size)
        self._begin(self.command, slave, slave)
        os.close(slave)

    def type(self, text: str) -> None:
        """Press keys."""
        os.write(self.master, text.encode())

    def _receive(self, deadline: float) -> bytes:
        if not select.select([self.master], [], [], max(0, deadline - time.monotonic()))[0]:
            return b""
        try:
            return os.read(self.master, 65536)
        except OSError:  # how a pseudo-terminal says that nobody holds its other side any more
            return b""

    def _set_size(self, rows: int, columns: int) -> None:
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def __exit__(self, *_: object) -> None:
        super().__exit__()
        os.close(self.master)


def serve(*arguments: str, db: object = ":memory:", env: dict[str, str] | None = None) -> Program:
    """A server, on a free port unless the arguments name one."""
    return Program("serve", "--port", "0", "--db", str(db), *arguments, env=env)


def address_of(server: Program) -> str:
    """Where a server says that it listens."""
    return server.expect(r"listens on (\S+)\.$")[1]
