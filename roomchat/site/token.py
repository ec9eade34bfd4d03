"""The secret by which somebody elsewhere may read the figures."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from roomchat.errors import StartError

SHORTEST = 16  # characters: fewer could be guessed
MAX_FILE = 4096  # bytes that are read of it


def read_token(path: str) -> bytes:
    """The first line of a file that only its owner can read.

    A file of root's may be read by the group root as well: systemd hands its credentials over in that way.

    Raises:
        StartError: others can read it, or there is no such secret in it; the sentence says what to do.
    """
    try:
        with Path(path).open("rb") as file:
            status = os.fstat(file.fileno())
            line = file.readline(MAX_FILE).strip()
    except OSError as error:
        raise StartError(
            f"Can't read {path} ({error.strerror}); name another file with --metrics-token-file."
        ) from None
    shared = 0o007 if status.st_uid == status.st_gid == 0 else 0o077
    if stat.S_ISREG(status.st_mode) and status.st_mode & shared:
        raise StartError(f"Others can read {path}, and a secret is in it. Run: chmod 600 {path}")
    if len(line) < SHORTEST:
        raise StartError(
            f"The first line of {path} is to be a secret of {SHORTEST} characters or more: openssl rand -hex 16"
        )
    return line
