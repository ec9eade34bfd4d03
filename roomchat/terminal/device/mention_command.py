"""The command that a person has run when somebody wants them (``--on-mention``)."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Sequence

from roomchat.harmless import harmless
from roomchat.terminal.device.calls import Call

MAX_WAITING = 20  # calls; what comes then is not run
TIME_LIMIT = 10.0  # seconds a command may take
GRACE = 1.0  # seconds that it has to end when it is asked to
_ENCODING = sys.getfilesystemencoding()  # of the environment
MAX_TEXT = 2000  # characters of the message that it gets


class MentionCommand:
    """Runs a command for each call, one at a time. Any thread may call its methods.

    No shell reads what others write: they are in the variables ``ROOMCHAT_ROOM``, ``ROOMCHAT_FROM`` and
    ``ROOMCHAT_TEXT``, made harmless. Nor do arguments hold them, where a text like ``-h`` would be an option. The
    command has no input, and its output goes nowhere, for the screen is the chat's. It is in a session of its own,
    so it neither gets the keys of this terminal nor stops with it; what takes too long is ended with all that it
    started.

    Args:
        words: the command and its arguments.
        tell: is told, once, why it can't be run.
    """

    def __init__(self, words: Sequence[str], tell: Callable[[str], None]) -> None:
        self._words = words
        self._tell = tell
        self._changed = threading.Condition()
        self._waiting: deque[Call] = deque()
        self._process: subprocess.Popen[bytes] | None = None
        self._worker: threading.Thread | None = None
        self._closed = False
        self._has_told = False

    def run(self, call: Call) -> None:
        """Run it soon; not at all if too many wait."""
        with self._changed:
            if self._closed or len(self._waiting) >= MAX_WAITING:
                return
            self._waiting.append(call)
            self._changed.notify()
            if self._worker is None:
                self._worker = threading.Thread(target=self._work, name="roomchat-on-mention", daemon=True)
                self._worker.start()

    def close(self) -> None:
        """Run no other, and end the one that runs. Returns when it has ended, or in two seconds at the latest."""
        with self._changed:
            self._closed = True
            self._waiting.clear()
            self._changed.notify()
            worker = self._worker
        for number in (signal.SIGTERM, signal.SIGKILL):
            with self._changed:
                if self._process is not None:
                    _kill(self._process, number)
            if worker is not None:
                worker.join(GRACE)

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closed)
                if self._closed:
                    return
                call = self._waiting.popleft()
            process = self._start(call)
            if process is None:
                continue
            with self._changed:
                self._process = process
                if self._closed:
                    _kill(process, signal.SIGTERM)
            _wait(process)
            with self._changed:
                self._process = None

    def _start(self, call: Call) -> subprocess.Popen[bytes] | None:
        told = {
            "ROOMCHAT_ROOM": call.room_name,
            "ROOMCHAT_FROM": call.who,
            "ROOMCHAT_TEXT": call.text[:MAX_TEXT],
        }
        # What the locale's encoding lacks is replaced: an accent must not keep the command from running.
        environ: dict[str, str | bytes] = {**os.environ}
        environ.update((name, harmless(text).encode(_ENCODING, "replace")) for name, text in told.items())
        try:
            return subprocess.Popen(
                self._words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                env=environ, start_new_session=True,
            )  # fmt: skip
        except (OSError, ValueError) as error:  # ValueError: a zero byte in the command
            if not self._has_told:
                self._has_told = True
                why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
                self._tell(f"The command of --on-mention can't be run: {harmless(self._words[0])}: {why}.")
            return None


def _wait(process: subprocess.Popen[bytes]) -> None:
    """Until it ends, by itself or not."""
    try:
        process.wait(TIME_LIMIT)
    except subprocess.TimeoutExpired:
        _kill(process, signal.SIGTERM)
        try:
            process.wait(GRACE)
        except subprocess.TimeoutExpired:
            _kill(process, signal.SIGKILL)
            process.wait()


def _kill(process: subprocess.Popen[bytes], number: int) -> None:
    """Send a signal to all that it started."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)
