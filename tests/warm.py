"""``python -m roomchat``, started without its imports: they are most of what a program costs that does little.

The *source*, a process that has imported everything, is asked for a copy of itself, which runs the same
``roomchat.__main__.run`` with the given words, environment, folder and files, in a session of its own. It is a
child of who asked, as if it had been executed; test_warm.py compares the two. A test of the start itself gives
Python an environment of its own, and gets a program that is executed: see `can_start`. So are all with
ROOMCHAT_COLD=1, and elsewhere than on Linux.

What a shell or ``subprocess`` is to start is executed: a small program, `stand_in`, that asks for a copy with its
own files and waits for its end. See `command`.

In the same way it runs the worker of `roomchat verify`, code that is given, and scripts that change something in
what is imported.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import gc
import importlib
import io
import marshal
import os
import pkgutil
import platform
import runpy
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import IO, Self, TextIO

import roomchat.__main__
from roomchat.net.self_signed import make
from roomchat.site.page import Page
from tests import stand_in

ROOMCHAT = roomchat.__main__.__name__
REQUEST = 1 << 17  # bytes; an environment may be some thousands
# The number of clone(2) in the system, and its flag for a child of our parent; os.fork has none.
CLONE = {"x86_64": 56, "aarch64": 220}.get(platform.machine())
CLONE_PARENT = 0x8000
IS_COLD = sys.platform != "linux" or CLONE is None or bool(os.environ.get("ROOMCHAT_COLD"))


def can_start(env: Mapping[str, str]) -> bool:
    """Whether a program with this environment starts as the source has: Python reads these once."""
    return not IS_COLD and _for_python(env) == _source().env


def command(program: str = ROOMCHAT) -> list[str]:
    """What to execute for ``python -m roomchat``, where something else does that than the test: a shell. The words
    of the program follow. With ``-c`` it is that of Python, and the code follows."""
    if IS_COLD:
        return stand_in.executed(program)
    return [sys.executable, "-IS", stand_in.__file__, _source().place, program]


def _for_python(env: Mapping[str, str]) -> dict[str, str]:
    starts = ("PYTHON", "LC_", "LANG")
    return {name: text for name, text in env.items() if name.startswith(starts) and name != "PYTHONUNBUFFERED"}


def start(code: str, *words: str, env: Mapping[str, str] = os.environ) -> Copy | subprocess.Popen[bytes]:
    """Have a child run this code, as ``python -c`` does; what it prints is in ``stdout``."""
    if can_start(env):
        return Copy([code, *words], subprocess.DEVNULL, subprocess.PIPE, env, "-c")
    command, output = [sys.executable, "-c", code, *words], subprocess.PIPE
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, env=env)


class Copy:
    """A running copy. What ``subprocess.Popen`` has, as far as tests use it."""

    def __init__(
        self, words: Sequence[str], stdin: int, output: int | IO[bytes], env: Mapping[str, str],
        program: str = ROOMCHAT,
    ) -> None:  # fmt: skip
        """``words`` follow the program: a module, a script, or ``-c``. The files may be as for ``Popen``."""
        self.stdin: IO[bytes] | None = None
        self.stdout: IO[bytes] | None = None
        self.returncode: int | None = None
        request = {"program": program, "words": list(words), "env": dict(env), "cwd": os.getcwd(),
                   "numbers": [0, 1, 2]}  # fmt: skip
        with contextlib.ExitStack() as theirs, open(os.devnull, "r+b") as nothing:
            if stdin == subprocess.PIPE:
                stdin, ours = os.pipe()
                theirs.callback(os.close, stdin)
                self.stdin = open(ours, "wb")  # noqa: SIM115 - closed by who has it
            if output == subprocess.PIPE:
                ours, output = os.pipe()
                theirs.callback(os.close, output)
                self.stdout = open(ours, "rb")  # noqa: SIM115
            files = [nothing if one == subprocess.DEVNULL else one for one in (stdin, output, output)]
            self.pid = _source().copy(request, [one if isinstance(one, int) else one.fileno() for one in files])
        self._ended = os.pidfd_open(self.pid)

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

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for file in (self.stdin, self.stdout):
            if file is not None:
                file.close()
        self.wait()


class Source:
    """The process that copies are made of, and our side of the line to it."""

    def __init__(self) -> None:
        self.env = _for_python(os.environ)
        self._folder = tempfile.mkdtemp()
        self.place = os.path.join(self._folder, "source")  # where others ask
        self._line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs, socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as others:
            others.bind(self.place)
            others.listen()
            files = theirs.fileno(), others.fileno()
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.warm", *map(str, files)],
                pass_fds=files,
                cwd=Path(__file__).parent.parent,
            )
        atexit.register(self._close)

    def copy(self, request: object, files: Sequence[int]) -> int:
        """Ask for a copy; its number in the system when it is all that it is to be."""
        socket.send_fds(self._line, [marshal.dumps(request)], files)
        return int(self._line.recv(REQUEST))

    def _close(self) -> None:
        self._line.close()
        self._process.wait()
        shutil.rmtree(self._folder)


@cache
def _source() -> Source:
    return Source()


# ---------------------------------------------------------------- in the source


def _import_all() -> None:
    for module in pkgutil.walk_packages(roomchat.__path__, "roomchat."):
        importlib.import_module(module.name)
    Page.of_package()  # servers of the copies have it, too
    make(["localhost"])  # imports what it needs of cryptography
    "localhost".encode("idna")  # as does this, for every name of a host
    gc.collect()
    gc.freeze()


def _answer(line: socket.socket, others: socket.socket) -> str:
    """Make copies until the line is closed. Returns in each copy, at its beginning, what it is to run."""
    env = _for_python(os.environ)
    ends: dict[int, tuple[int, socket.socket]] = {}  # by a file of a copy: its number, and the stand-in
    while True:
        for ready in select.select([line, others, *ends], [], [])[0]:
            if isinstance(ready, int):
                _tell_end(ready, *ends.pop(ready))
                continue
            asks = line if ready is line else others.accept()[0]
            data, files, _, _ = socket.recv_fds(asks, REQUEST, 3)
            if not data and asks is line:
                os._exit(0)
            request = marshal.loads(data)
            pid = None
            if _for_python(request["env"]) == env:
                pid = (_fork_beside if asks is line else os.fork)()
            if pid == 0:
                for other in (line, others, *(stand_in for _, stand_in in ends.values())):
                    if other is not asks:
                        other.close()
                for file in ends:
                    os.close(file)
                _become(files, **request)
                with asks:
                    asks.send(str(os.getpid()).encode())
                return str(request["program"])
            for file in files:
                os.close(file)
            if pid is None:
                asks.close()
            elif asks is not line:
                ends[os.pidfd_open(pid)] = pid, asks


def _fork_beside() -> int:
    """As os.fork, for a child of our parent. The C library takes its first thread for ours; what that shows in
    (pthread_getcpuclockid, the owner of some locks of C) nothing here uses."""
    assert CLONE is not None
    c: Callable[..., int] = ctypes.PyDLL(None).syscall
    ctypes.pythonapi.PyOS_BeforeFork()
    pid = c(CLONE, CLONE_PARENT | signal.SIGCHLD, 0, 0, 0, 0)
    (ctypes.pythonapi.PyOS_AfterFork_Parent if pid else ctypes.pythonapi.PyOS_AfterFork_Child)()
    assert pid >= 0, "clone failed"
    return pid


def _tell_end(file: int, pid: int, stand_in: socket.socket) -> None:
    os.close(file)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    with stand_in, contextlib.suppress(BrokenPipeError):  # it was killed
        stand_in.send(str(code).encode())


def _become(
    files: Sequence[int], program: str, words: list[str], env: dict[str, str], cwd: str, numbers: list[int]
) -> None:
    """Be as if executed: nothing of the source is left but what is imported."""
    os.setsid()
    for number in {0, 1, 2} - {*numbers}:
        os.close(number)
    for number, file in zip(numbers, files, strict=True):
        os.dup2(file, number)
    for file in files:
        os.close(file)
    if 0 in numbers and os.isatty(0):
        os.close(os.open(os.ttyname(0), os.O_RDWR))  # the first one that a session opens is its terminal
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    time.tzset()
    sys.argv = [sys.modules[program].__file__ or "" if program in sys.modules else program, *words]
    signal.signal(signal.SIGINT, signal.default_int_handler)
    unbuffered = bool(env.get("PYTHONUNBUFFERED"))
    sys.stdin = sys.__stdin__ = _stream(sys.stdin, "r", False)
    sys.stdout = sys.__stdout__ = _stream(sys.stdout, "w", unbuffered) if 1 in numbers else None
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
    others, line = (socket.socket(fileno=int(sys.argv.pop())) for _ in range(2))
    program = _answer(line, others)
    try:
        if program == ROOMCHAT:
            roomchat.__main__.run()
        elif program == "-c":
            exec(sys.argv.pop(1), {"__name__": "__main__"})
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
        for stream in filter(None, (sys.stdout, sys.stderr)):
            stream.flush()
    except (OSError, ValueError):
        return
    os._exit((code or 0) & 0xFF)


if __name__ == "__main__":
    _main()
