"""``python -m roomchat``, started without its imports: they are most of what a program costs that does little.

The *source*, a process that has imported everything, is asked for a copy of itself, which runs the same
``roomchat.__main__.run`` with the given words, environment, folder and files, in a session of its own. It is a
child of who asked, as if it had been executed; test_warm.py compares the two. A test of the start itself gives
Python an environment of its own, and gets a program that is executed: see `can_start`. So are all with
ROOMCHAT_COLD=1, and elsewhere than on Linux.

In the same way it runs the worker of `roomchat verify`, and scripts that change something in what is imported.
"""

from __future__ import annotations

import atexit
import ctypes
import gc
import importlib
import io
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import IO, TextIO

import roomchat.__main__
from roomchat.site.page import Page

ROOMCHAT = roomchat.__main__.__name__
REQUEST = 1 << 17  # bytes; an environment may be some thousands
SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER of prctl(2): whose parent ends becomes a child of who is this


def can_start(env: Mapping[str, str]) -> bool:
    """Whether a program with this environment starts as the source has: Python reads these once."""
    if sys.platform != "linux" or os.environ.get("ROOMCHAT_COLD"):
        return False
    return _for_python(env) == _source().env


def _for_python(env: Mapping[str, str]) -> dict[str, str]:
    starts = ("PYTHON", "LC_", "LANG")
    return {name: text for name, text in env.items() if name.startswith(starts) and name != "PYTHONUNBUFFERED"}


class Copy:
    """A running copy. What ``subprocess.Popen`` has, as far as tests use it."""

    def __init__(
        self, words: Sequence[str], stdin: int, output: int | IO[bytes], env: Mapping[str, str],
        program: str = ROOMCHAT,
    ) -> None:  # fmt: skip
        """``words`` follow the program: a module or a script. ``stdin`` is a file or ``subprocess.PIPE``."""
        self.stdin: IO[bytes] | None = None
        self.returncode: int | None = None
        output = output if isinstance(output, int) else output.fileno()
        ours: int | None = None
        if stdin == subprocess.PIPE:
            stdin, ours = os.pipe()
        request = {"program": program, "words": list(words), "env": dict(env), "cwd": os.getcwd()}
        self.pid = _source().copy(request, stdin, output)
        self._ended = os.pidfd_open(self.pid)
        if ours is not None:
            os.close(stdin)
            self.stdin = open(ours, "wb")  # noqa: SIM115 - closed by who has it

    def poll(self) -> int | None:
        if self.returncode is None and os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            self.returncode = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
            os.close(self._ended)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None and not select.select([self._ended], [], [], timeout)[0]:
            raise subprocess.TimeoutExpired(["roomchat"], timeout or 0.0)
        code = self.poll()
        assert code is not None
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class Source:
    """The process that copies are made of, and our side of the line to it."""

    def __init__(self) -> None:
        self.env = _for_python(os.environ)
        self._line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.warm", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                cwd=Path(__file__).parent.parent,
            )
        atexit.register(self._close)

    def copy(self, request: object, stdin: int, output: int) -> int:
        """Ask for a copy; its number in the system when it is all that it is to be."""
        _adopt(True)
        try:
            socket.send_fds(self._line, [json.dumps(request).encode()], [stdin, output])
            return int(self._line.recv(REQUEST))
        finally:
            _adopt(False)

    def _close(self) -> None:
        self._line.close()
        self._process.wait()


@cache
def _source() -> Source:
    return Source()


def _adopt(on: bool) -> None:
    """Whether a process below us whose parent ends becomes ours."""
    assert ctypes.CDLL(None, use_errno=True).prctl(SUBREAPER, int(on), 0, 0, 0) == 0, "prctl failed"


# ---------------------------------------------------------------- in the source


def _import_all() -> None:
    for module in pkgutil.walk_packages(roomchat.__path__, "roomchat."):
        importlib.import_module(module.name)
    Page.of_package()  # servers of the copies have it, too
    gc.collect()
    gc.freeze()


def _answer(line: socket.socket) -> str:
    """Make copies until the line is closed. Returns in each copy, at its beginning, what it is to run."""
    while True:
        data, files, _, _ = socket.recv_fds(line, REQUEST, 2)
        if not data:
            os._exit(0)
        ready, tell = os.pipe()
        between = os.fork()  # a process between us and the copy: with its end, the copy is of who asked
        if between == 0:
            if os.fork() != 0:
                os._exit(0)
            line.close()
            os.close(ready)
            request = json.loads(data)
            _become(files, **request)
            os.write(tell, str(os.getpid()).encode())
            os.close(tell)
            return str(request["program"])
        os.close(tell)
        for file in files:
            os.close(file)
        os.waitpid(between, 0)
        line.send(os.read(ready, 32))
        os.close(ready)


def _become(files: Sequence[int], program: str, words: list[str], env: dict[str, str], cwd: str) -> None:
    """Be as if executed: nothing of the source is left but what is imported."""
    stdin, output = files
    os.setsid()
    for file, number in ((stdin, 0), (output, 1), (output, 2)):
        os.dup2(file, number)
    for file in files:
        os.close(file)
    if os.isatty(0):
        os.close(os.open(os.ttyname(0), os.O_RDWR))  # the first one that a session opens is its terminal
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    time.tzset()
    sys.argv = [sys.modules[program].__file__ or "" if program in sys.modules else program, *words]
    signal.signal(signal.SIGINT, signal.default_int_handler)
    unbuffered = bool(env.get("PYTHONUNBUFFERED"))
    sys.stdin = sys.__stdin__ = _stream(sys.stdin, "r", False)
    sys.stdout = sys.__stdout__ = _stream(sys.stdout, "w", unbuffered)
    sys.stderr = sys.__stderr__ = _stream(sys.stderr, "w", unbuffered)


def _stream(like: TextIO, mode: str, unbuffered: bool) -> TextIO:
    """A standard stream for the file that has its number now, as Python opens it at its start."""
    file = open(like.fileno(), f"{mode}b", 0 if unbuffered else -1, closefd=False)  # noqa: SIM115 - stays open
    by_line = not unbuffered and (file.isatty() or like.fileno() == 2)
    return io.TextIOWrapper(
        file, like.encoding, like.errors, "\n", line_buffering=by_line, write_through=unbuffered
    )


def _main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is for who started us
    _import_all()
    program = _answer(socket.socket(fileno=int(sys.argv.pop())))
    try:
        if program == ROOMCHAT:
            roomchat.__main__.run()
        elif program in sys.modules:
            sys.modules[program].main()
        else:
            runpy.run_path(program, run_name="__main__")
    except SystemExit as ended:
        _leave(ended.code)
        raise
    _leave(0)


def _leave(code: object) -> None:
    """End as Python does, but for taking apart all that is imported: what the source has, too, would be copied for
    that, which takes 30 ms. Returns where Python is to say something at its end."""
    if not isinstance(code, int | None):
        return
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):
        return
    os._exit((code or 0) & 0xFF)


if __name__ == "__main__":
    _main()
