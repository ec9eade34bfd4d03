"""Writing what was asked for: whole files or none, and pipes that may end early."""

from __future__ import annotations

import contextlib
import os
import secrets
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import click


def write_file(path: Path, pieces: Iterable[bytes]) -> None:
    """Write a file that is there only when it is complete: under another name first, then in place of the old one.

    What is no plain file, such as ``/dev/stdout`` or a named pipe, is written to as it is.

    Raises:
        click.ClickException: it can't be written.
    """
    try:
        if path.exists() and not path.is_file():
            with open(path, "wb") as file:
                file.writelines(pieces)
        else:
            with _replacing(Path(os.path.realpath(path))) as file:  # a link stays one
                file.writelines(pieces)
    except BrokenPipeError:  # a named pipe whose reader has had enough
        return
    except OSError as error:
        raise click.ClickException(f"Can't write to {path} ({error.strerror}).") from None


@contextlib.contextmanager
def _replacing(path: Path) -> Iterator[BinaryIO]:
    """In the same folder, because renaming is all or nothing only within one file system."""
    part = path.with_name(f".{path.name[:100]}.{secrets.token_hex(4)}.part")
    try:
        with open(part, "xb") as file:  # not tempfile's: the person's own umask says who may read it
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def write_stdout(pieces: Iterable[bytes], *, at_once: bool = False) -> bool:
    """Write everything; False if nobody reads any more (``| head``), which is no error.

    Args:
        pieces: what is written.
        at_once: whether each is on its way before the next one is asked for.
    Raises:
        click.ClickException: it can't be written.
    """
    if sys.stdout is None:
        raise click.ClickException("There is no standard output to write to.")
    out = sys.stdout.buffer
    try:
        for piece in pieces:
            out.write(piece)
            if at_once:
                out.flush()
        out.flush()
    except BrokenPipeError:
        no_more_output()
        return False
    except OSError as error:
        no_more_output()
        raise click.ClickException(f"Can't write to standard output ({error.strerror}).") from None
    return True


def no_more_output() -> None:
    """Let what Python writes at its end go nowhere, instead of failing once more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
