"""The processes of a run: the server and the workers. Only the run's thread calls them."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from roomchat.errors import RoomchatError

START = 20.0  # seconds that a server has to listen; a worker's start is not waited for
STOP = 10.0  # seconds that one has to end by itself
IDLE = 60  # seconds without a client after which a server ends, should the run be killed
LOOK = 0.02  # seconds between two looks whether it listens


class VerifyError(RoomchatError):
    """The run can't go on; the sentence says why."""


class Process:
    """A process that is killed and started again. What it prints is appended to a file.

    In a session of its own, so that a Ctrl-C for the run is not one for it.
    """

    def __init__(self, command: Sequence[str], output: Path) -> None:
        self.command = list(command)
        self.output = output
        self._process: subprocess.Popen[bytes] | None = None

    def spawn(self) -> None:
        """Start it; it must not run."""
        with open(self.output, "ab") as output:
            self._process = subprocess.Popen(
                self.command,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
                start_new_session=True,
            )

    @property
    def exit_code(self) -> int | None:
        """None while it runs, and if it was not started or was ended by us."""
        return self._process.poll() if self._process else None

    @property
    def runs(self) -> bool:
        """Whether it was started, and neither killed by us nor ended by itself."""
        return self._process is not None and self.exit_code is None

    def kill(self) -> None:
        """End it at once (SIGKILL), if it runs."""
        self._end(signal.SIGKILL, None)

    def stop(self) -> None:
        """Have it end (SIGTERM)."""
        self._end(signal.SIGTERM, STOP)

    def tell(self, line: str) -> None:
        """A line for its standard input; none if it has ended."""
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):  # that it has ended is seen elsewhere
                self._process.stdin.write(line.encode() + b"\n")
                self._process.stdin.flush()

    def _end(self, number: signal.Signals, patience: float | None) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(number)
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):  # it never read its last line
                process.stdin.close()


class ServerProcess(Process):
    """``roomchat serve`` on a file; the port stays the same from start to start."""

    def __init__(self, command: Sequence[str], folder: Path) -> None:
        self.db = folder / "chat.db"
        self.address = ("127.0.0.1", 0)  # the port is known when it listens for the first time
        self._start = [*command, "serve", "--db", str(self.db), "--idle-exit", str(IDLE)]
        self._printed = 0  # bytes of its output that were there before it was started
        super().__init__(self._start, folder / "server.log")

    def spawn(self) -> None:
        """Start it; see ``wait``."""
        self.command = [*self._start, "--port", str(self.address[1])]
        self._printed = self.output.stat().st_size if self.output.exists() else 0
        super().spawn()

    def wait(self) -> None:
        """Until it listens.

        Raises:
            VerifyError: it does not.
        """
        deadline = time.monotonic() + START
        while True:
            printed = self.output.read_bytes()[self._printed :].decode(errors="replace")
            match = re.search(r"listens on (\S+):(\d+)\.$", printed, re.MULTILINE)
            if match:
                self.address = (match[1], int(match[2]))
                return
            if self.exit_code is not None or time.monotonic() > deadline:
                raise VerifyError(f"The server does not start; it printed:\n{printed}")
            time.sleep(LOOK)
