"""Processes that are started, watched and ended: those of a run, of the tests, the demo and the benchmark.

One thread calls them.
"""

from __future__ import annotations

import codecs
import contextlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGSTOP, SIGTERM, Signals
from typing import IO, Self

from roomchat.errors import RoomchatError

PATIENCE = 20.0  # seconds that a process has to print or do what is waited for
STOP_TIMEOUT = 10.0  # seconds that one has to end by itself
IDLE_EXIT = 60  # seconds without a client after which a server ends, should the run be killed
POLL_INTERVAL = 0.01  # seconds between two looks at what one has printed


def module(name: str) -> tuple[str, ...]:
    """The command that runs a module of ours, with our own path: a plain -m would import from the folder in which
    this was started, where others may put something."""
    program = f"import runpy, sys; sys.path[:] = {sys.path!r}; runpy.run_module({name!r}, None, '__main__', True)"
    return sys.executable, "-P", "-c", program


class VerifyError(RoomchatError):
    """The run can't go on; the sentence says why."""


class Process:
    """A process that is killed and started again. What it prints is appended to a file.

    In a session of its own, so that a Ctrl-C for us is not one for it. A context manager; its end kills.
    """

    def __init__(self, command: Sequence[str], log: Path, env: Mapping[str, str] | None = None) -> None:
        """``env`` is added to our own environment."""
        self.command = list(command)
        self.log = log
        self.output = ""  # what it has printed since it was started, when it was looked at last
        self.stands = False  # whether we have had it stop, and not go on yet
        self._env = {**os.environ, "PYTHONUNBUFFERED": "1", **(env or {})}
        self._looked = 0  # bytes of the file, up to which we have looked
        self._process: subprocess.Popen[bytes] | None = None

    def spawn(self) -> None:
        """Start it; it must not run."""
        with open(self.log, "ab") as log:
            self._looked = log.tell()
            self._begin(self.command, subprocess.PIPE, log)

    def _begin(self, command: Sequence[str], stdin: int, output: int | IO[bytes]) -> None:
        self.output = ""
        self.stands = False
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._process = self._execute(command, stdin, output)

    def _execute(self, command: Sequence[str], stdin: int, output: int | IO[bytes]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command, stdin=stdin, stdout=output, stderr=output, env=self._env, start_new_session=True
        )

    @property
    def pid(self) -> int:
        """Its number in the system; it must have been started."""
        assert self._process is not None
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs, and if it was not started or was ended by us."""
        return self._process.poll() if self._process else None

    @property
    def runs(self) -> bool:
        """Whether it was started, and neither killed by us nor ended by itself."""
        return self._process is not None and self.exit_code is None

    def cpu(self) -> float:
        """Seconds of processor time that its threads, those that have ended too, have used. On Linux.

        From the CPU clock of the process (clock_getcpuclockid(3)): what /proc/PID/stat shows in steps of 10 ms.
        """
        return time.clock_gettime((~self.pid << 3) | 2)

    def memory(self, *, peak: bool = False) -> float:
        """MiB of it that are in memory, or were at the most; without what the system keeps for its sockets. On
        Linux."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        found = re.search(rf"{'VmHWM' if peak else 'VmRSS'}:\s+(\d+) kB", status)
        assert found is not None
        return int(found[1]) / 1024

    def expect(self, pattern: str, patience: float = PATIENCE) -> re.Match[str]:
        """Wait until its output has the pattern; ``^`` and ``$`` are those of a line.

        Raises:
            VerifyError: it ended, or ``patience`` did, in seconds.
        """
        deadline = time.monotonic() + patience
        while not (match := re.search(pattern, self.output, re.MULTILINE)):
            if not self._look(deadline):
                raise VerifyError(f"{self.command} never printed {pattern!r}, but:\n{self.output}")
        return match

    def wait(self) -> int:
        """Wait until it ends by itself; its exit code. ``output`` has all of its output then.

        Raises:
            subprocess.TimeoutExpired: it does not end.
        """
        assert self._process is not None
        deadline = time.monotonic() + PATIENCE
        while self._look(deadline):
            pass
        return self._process.wait(max(0.1, deadline - time.monotonic()))

    def type(self, text: str) -> None:
        """Write to its standard input; in vain if it has ended."""
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):  # that it has ended is seen elsewhere
                self._process.stdin.write(text.encode())
                self._process.stdin.flush()

    def end_input(self) -> None:
        """Nothing more will be typed."""
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):  # it never read its last line
                self._process.stdin.close()

    def signal(self, number: Signals) -> None:
        """Send it a signal; one that stops it is waited for, since it may run on a moment on another processor."""
        assert self._process is not None
        if number in (SIGSTOP, SIGCONT):
            self.stands = number == SIGSTOP
        self._process.send_signal(number)
        if number == SIGSTOP:
            os.waitid(os.P_PID, self._process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def kill(self) -> None:
        """End it at once (SIGKILL), if it runs."""
        self._end(SIGKILL, None)

    def stop(self) -> None:
        """Have it end (SIGTERM)."""
        self._end(SIGTERM, STOP_TIMEOUT)

    def _end(self, number: Signals, patience: float | None) -> None:
        process = self._process
        if process is None:
            return
        process.send_signal(number)
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self.end_input()
        while self._look(0.0):
            pass
        self._process = None

    def _look(self, deadline: float) -> bool:
        """Take some more of its output; False at its end, or at the deadline."""
        data = self._receive(deadline)
        self.output = (self.output + self._decoder.decode(data)).replace("\r\n", "\n")  # as a terminal has it
        return bool(data)

    def _receive(self, deadline: float) -> bytes:
        with open(self.log, "rb") as log:
            log.seek(self._looked)
            while True:
                late = not self.runs or time.monotonic() > deadline  # before we look, so that we miss nothing
                data = log.read()
                self._looked += len(data)
                if data or late:
                    return data
                time.sleep(POLL_INTERVAL)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()


class ServerProcess(Process):
    """``roomchat serve`` on a file; the port stays the same from start to start."""

    def __init__(
        self, command: Sequence[str], folder: Path, name: str = "chat", cluster: Sequence[str] = ()
    ) -> None:
        """``name``: of its log; ``cluster``: options of a server that is not alone."""
        self.db = folder / f"{name}.db"
        self.address = ("127.0.0.1", 0)  # the port is known when it listens for the first time
        self._start = [
            *command,
            "serve",
            "--db",
            str(self.db),
            *(cluster or ("--idle-exit", str(IDLE_EXIT))),
            "--password-cost",
            "cheapest",
        ]
        super().__init__(self._start, folder / ("server.log" if name == "chat" else f"{name}.log"))

    def files(self) -> bytes:
        """All that is in the files of its log."""
        paths = [Path(f"{self.db}{end}") for end in ("", "-wal")]
        return b"".join(path.read_bytes() for path in paths if path.exists())

    def spawn(self) -> None:
        """Start it; see ``listens``."""
        self.command = [*self._start, "--port", str(self.address[1])]
        super().spawn()

    def renew_certificate(self) -> None:
        """Another file with it, as who renews one puts it there; the key stays. It must have listened once."""
        path = f"{self.db}.pem"
        shutil.copy(path, f"{path}.renewed")
        os.replace(f"{path}.renewed", path)

    def listens(self, patience: float = PATIENCE) -> None:
        """Wait until it listens, for so many seconds.

        Raises:
            VerifyError: it does not.
        """
        match = self.expect(r"listens on (\S+):(\d+)\.$", patience)
        self.address = (match[1], int(match[2]))
