"""The servers that were met encrypted, and by what each is known again: a file like ssh's ``known_hosts``."""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from platformdirs import user_state_path

from roomchat.client.address import Address, parse_address
from roomchat.client.same import spellings
from roomchat.errors import StateError
from roomchat.key_fingerprint import read_fingerprint

AUTHORITY = "authority"  # in the place of a fingerprint: its certificate is one that an authority vouches for


def users_folder() -> Path:
    """Where the servers are kept that this person knows: beside the sessions."""
    return user_state_path("roomchat")


class KnownServers:
    """A line for each server: its address, and the fingerprint of its key or ``authority``. Several processes may
    use the file at a time; any thread may call its methods.

    Args:
        folder: where the file is; None: it is in memory.
        keep: whether what is new is written there; else it is in memory, while what was known before still holds.
    """

    def __init__(self, folder: Path | None, *, keep: bool = True) -> None:
        self.path = None if folder is None else folder / "known_servers"
        self._keep = keep and folder is not None
        self._lines: list[str] | None = [] if folder is None else None  # in the place of those of the file

    def get(self, address: Address) -> str | None:
        """By what a server is known: a fingerprint, or ``AUTHORITY``; None: it is not.

        Raises:
            StateError: the file can't be read, or what it says of that server.
        """
        try:
            lines = self._read()
        except OSError as error:
            raise StateError(f"Can't read {self.path}, which says what servers are trusted ({error}).") from None
        known = None
        for line in lines:
            if _is_of(line, address):
                known = self._key(line)
        return known

    def put(self, address: Address, key: str) -> None:
        """A server is known by this from here on. Raises StateError."""
        self._change(address, [f"{_name(address)} {key}"])

    def forget(self, address: Address) -> bool:
        """A server is not known any more; whether it was. Raises StateError."""
        return self._change(address, [])

    def _key(self, line: str) -> str:
        key = "".join(line.split(None, 1)[1:]).strip()
        if key == AUTHORITY:
            return key
        try:
            return read_fingerprint(key)
        except ValueError:
            raise StateError(
                f"A line of {self.path} can't be read: {line!r}; put it right or remove it."
            ) from None

    def _read(self) -> list[str]:
        if self.path is None or self._lines is not None:
            return self._lines or []
        try:
            self._check(self.path.stat())
            return self.path.read_text(encoding="utf-8", errors="replace").splitlines()
        except (FileNotFoundError, NotADirectoryError):
            return []
        except PermissionError:
            if self._keep:
                raise
            return []  # it is not this person's: a service whose home is another's, say

    def _check(self, found: os.stat_result) -> None:
        """Raise StateError if somebody else may have written what is in the file."""
        if not stat.S_ISREG(found.st_mode):
            raise StateError(f"{self.path} is no file; it should say what servers are trusted. Remove it.")
        if found.st_mode & 0o022:
            raise StateError(
                f"Others may write to {self.path}, so what it says of servers can't be trusted. Look at what is "
                f"in it, then: chmod 600 {self.path}"
            )
        if found.st_uid not in {os.geteuid(), 0}:
            raise StateError(
                f"{self.path} belongs to somebody else, so what it says of servers can't be trusted. Remove it."
            )

    def _change(self, address: Address, new: list[str]) -> bool:
        """Put these lines in the place of those of a server; whether it had any."""
        try:
            if not new and not any(_is_of(line, address) for line in self._read()):
                return False  # there may be no place to write to
            with self._locked():
                lines = self._read()
                kept = [line for line in lines if not _is_of(line, address)]
                self._write(kept + new)
        except OSError as error:
            raise StateError(f"Can't write {self.path}, which says what servers are trusted ({error}).") from None
        return len(kept) < len(lines)

    def _write(self, lines: list[str]) -> None:
        if self.path is None or not self._keep:
            self._lines = lines
            return
        path = os.path.realpath(self.path)  # a link stays one: it may lead to where the person keeps such files
        new = Path(f"{path}.new")
        new.unlink(missing_ok=True)
        with open(new, "x", encoding="utf-8", opener=_private) as file:
            file.writelines(f"{line}\n" for line in lines)
            file.flush()
            os.fsync(file.fileno())
        new.rename(path)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        if self.path is None or not self._keep:
            yield
            return
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with open(f"{self.path}.lock", "a", opener=_private) as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _name(address: Address) -> str:
    """One name for all spellings of an address."""
    return str(spellings(address)[0])


def _is_of(line: str, address: Address) -> bool:
    """Whether a line is of that server, also in another spelling: somebody may have written it by hand."""
    words = line.split(None, 1)
    try:
        return bool(words) and _name(parse_address(words[0])) == _name(address)
    except ValueError:  # it is no line of ours
        return False


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
