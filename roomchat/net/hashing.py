"""What is kept of passwords: argon2id, as RFC 9106 recommends it, made by a process of its own.

One password is 64 MiB and 0.2 s of all processors. In a thread of the server that was felt by whoever talks:
beside a flood of guesses a room's p99 went from 3 ms to 95. A thread of lower priority was worse, for while it
waited for a processor with the interpreter's lock in its hand, all others did. A process of lower priority gives
way at once, and its memory is its own.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import subprocess
import sys
from typing import Protocol

import msgspec
from argon2 import PasswordHasher, profiles
from argon2.exceptions import InvalidHashError, VerificationError
from msgspec import Struct
from precis_i18n import get_profile

from roomchat.errors import BadPassword, Busy

COSTS = {
    "recommended": profiles.RFC_9106_LOW_MEMORY,  # its second choice: 64 MiB; the first needs 2 GiB
    "cheapest": profiles.CHEAPEST,  # for tests
}

NICE = 5  # of the process: a third of what others get; with 19 a busy machine kept people out for seconds

_forms = get_profile("OpaqueString")


def prepared(password: str) -> str:
    """A password in the one form that it has, however it was typed.

    Raises:
        BadPassword: it is none.
    Source: RFC 8265, OpaqueString.
    """
    try:
        return str(_forms.enforce(password))
    except UnicodeEncodeError as error:  # which holds the password
        why = "it is empty" if error.reason.endswith("empty") else "it has a control character in it"
        raise BadPassword(why=why) from None


class Hashing(Protocol):
    """What makes hashes, and looks at them."""

    def hash(self, password: str) -> str:
        """What is kept of a password. Raises BadPassword."""

    def is_right(self, password_hash: str | None, password: str) -> bool:
        """Whether it is that password; None: there is no such account, and it is not."""

    def is_outdated(self, password_hash: str) -> bool:
        """Whether it was made at another cost."""

    def close(self) -> None:
        """Free what it holds."""


def hashing(cost: str) -> Hashing:
    """By that cost; what is cheap need not be done elsewhere."""
    return Hasher(cost) if cost == "cheapest" else HashingProcess(cost)


class Hasher:
    """Any thread may call it; each call takes as long, and as much memory, as its cost says."""

    def __init__(self, cost: str) -> None:
        """``cost``: one of ``COSTS``."""
        self._hasher = PasswordHasher.from_parameters(COSTS[cost])
        # Nobody knows it. It is compared with where there is no account, so that this takes as long.
        self._nobodys = self.hash(secrets.token_urlsafe())

    def hash(self, password: str) -> str:
        """What is kept of a password. Raises BadPassword."""
        return self._hasher.hash(prepared(password))

    def is_right(self, password_hash: str | None, password: str) -> bool:
        """Whether it is that password; None: there is no such account, and it is not."""
        try:
            right = self._hasher.verify(password_hash or self._nobodys, prepared(password))
        except (VerificationError, InvalidHashError, BadPassword):
            return False
        return right and password_hash is not None

    def is_outdated(self, password_hash: str) -> bool:
        """Whether it was made at another cost."""
        return self._hasher.check_needs_rehash(password_hash)

    def close(self) -> None:
        """It holds nothing."""


# ---------------------------------------------------------------- in a process of its own


class _Job(Struct):
    """A password: to be hashed, or, if it ``checks``, to be compared with a hash."""

    password: str
    checks: bool = False
    against: str | None = None

    def __repr__(self) -> str:
        return "_Job(...)"


class _Done(Struct):
    """What came of it."""

    password_hash: str = ""
    right: bool = False


_jobs, _answers = msgspec.json.Decoder(_Job), msgspec.json.Decoder(_Done)


class HashingProcess:
    """Has it done by a process, which begins with the first password. For one thread."""

    def __init__(self, cost: str) -> None:
        """``cost``: one of ``COSTS``."""
        self._cost = cost
        self._looks = PasswordHasher.from_parameters(COSTS[cost])
        self._process: subprocess.Popen[bytes] | None = None

    def hash(self, password: str) -> str:
        """What is kept of a password. Raises BadPassword; Busy: there is no process for it now."""
        return self._ask(_Job(prepared(password))).password_hash

    def is_right(self, password_hash: str | None, password: str) -> bool:
        """Whether it is that password; None: there is no such account, and it is not. Raises Busy."""
        return self._ask(_Job(password, checks=True, against=password_hash)).right

    def is_outdated(self, password_hash: str) -> bool:
        """Whether it was made at another cost."""
        return self._looks.check_needs_rehash(password_hash)

    def close(self) -> None:
        """End the process: its input ends."""
        process, self._process = self._process, None
        if process is not None:
            process.communicate()

    def _ask(self, job: _Job) -> _Done:
        for _ in range(2):  # another one, if somebody has ended the first
            try:
                process = self._process = self._process or self._start()
                assert process.stdin is not None
                assert process.stdout is not None
                process.stdin.write(msgspec.json.encode(job) + b"\n")
                process.stdin.flush()
                if line := process.stdout.readline():
                    return _answers.decode(line)
            except OSError:
                pass
            self._forget()
        raise Busy

    def _forget(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                assert pipe is not None
                with contextlib.suppress(OSError):  # what it did not take
                    pipe.close()

    def _start(self) -> subprocess.Popen[bytes]:
        # With the server's own path: a plain -m would import from the folder in which the server happens to have
        # been started, where others may put something.
        # A session of its own: a Ctrl-C is for the server, which ends it.
        program = f"import sys; sys.path[:] = {sys.path!r}; from {__name__} import serve; serve(sys.argv[1])"
        return subprocess.Popen(
            [sys.executable, "-P", "-c", program, self._cost],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip


def serve(cost: str) -> None:
    """In that process: do what comes, until the server ends."""
    os.nice(NICE)
    hasher = Hasher(cost)
    for line in sys.stdin.buffer:
        job = _jobs.decode(line)
        if job.checks:
            done = _Done(right=hasher.is_right(job.against, job.password))
        else:
            done = _Done(hasher.hash(job.password))
        try:
            os.write(sys.stdout.fileno(), msgspec.json.encode(done) + b"\n")
        except BrokenPipeError:  # the server was killed meanwhile
            return
