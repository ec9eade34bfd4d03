"""Stands in for ``python`` where a shell, or ``subprocess``, starts it: a warm process does the work.

It is a process of its own with the copy beside it, see `warm`: it gives the copy its files and holds none of them,
passes on the signals that end a program, and ends as the copy does. It imports only what is in Python itself: that
there is little to import is what it is for.
"""

from __future__ import annotations

import _signal
import _socket
import marshal
import posix
import sys

ENDS = (_signal.SIGINT, _signal.SIGTERM, _signal.SIGHUP)


def executed(program: str) -> list[str]:
    """How Python is told to run it."""
    return [sys.executable, *([program] if program == "-c" else ["-m", program.removesuffix(".__main__")])]


def is_open(number: int) -> bool:
    """Whether a file has that number."""
    try:
        posix.fstat(number)
    except OSError:
        return False
    return True


def main(place: str, program: str, words: list[str]) -> None:
    """``place`` is where the source takes requests."""
    env = {name.decode(*ENCODING): text.decode(*ENCODING) for name, text in posix.environ.items()}
    numbers = [number for number in range(3) if is_open(number)]
    request = {"program": program, "words": words, "env": env, "cwd": posix.getcwd(), "numbers": numbers}
    source = _socket.socket(_socket.AF_UNIX, _socket.SOCK_SEQPACKET)
    source.connect(place)
    files = b"".join(number.to_bytes(4, sys.byteorder) for number in numbers)
    source.sendmsg([marshal.dumps(request)], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, files)])
    answer = source.recv(64)
    if not answer:  # it can't be what is wanted
        posix.execv(sys.executable, [*executed(program), *words])
    copy = int(answer)
    for number in ENDS:
        _signal.signal(number, lambda number, _: posix.kill(copy, number))
    for number in numbers:
        posix.close(number)
    code = int(source.recv(64))
    if code < 0:
        _signal.signal(-code, _signal.SIG_DFL)
        posix.kill(posix.getpid(), -code)
    posix._exit(code)


ENCODING = sys.getfilesystemencoding(), sys.getfilesystemencodeerrors()
if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
