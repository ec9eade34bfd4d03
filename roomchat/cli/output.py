"""Writing what was asked for: whole files or none, and pipes that may end early."""

from __future__ import annotations

import contextlib
import os
import signal
import stat
import sys
from collections.abc import Iterable
from pathlib import Path

import click

STREAMS = ("/dev", "/dev/fd")  # folders of devices; /dev/shm has files
LOG_FILE_ENDINGS = ("", "-wal", "-shm", "-journal", ".lock", ".admin", ".pem")  # endings of the files of a log


def check_no_part_of(log: Path, target: Path) -> None:
    """Raises click.UsageError if the target is a file of the log, there or not yet, whatever it is called."""
    real = os.path.realpath(target)
    for part in (f"{os.path.realpath(log)}{ending}" for ending in LOG_FILE_ENDINGS):
        if real == part or (os.path.exists(part) and target.exists() and os.path.samefile(target, part)):
            raise click.UsageError(f"{target} belongs to the server's database; name another file.")


def check_target(name: str, *, force: bool | None) -> None:
    """Whether a file of that name may be written.

    Args:
        force: whether it may replace another one, as --force says; None: it never may.
    Raises:
        click.UsageError: there is a file already, and it is not to be replaced; or it is a database, which is more
            than anyone means to replace.
    """
    path = Path(name)
    if name.endswith(os.sep) or path.is_dir():
        raise click.UsageError(f"{path} is a folder; name a file in it.")
    if _is_stream(path) or not path.exists():
        return
    with contextlib.suppress(OSError), open(path, "rb") as file:
        if file.read(16) == b"SQLite format 3\0":
            raise click.UsageError(f"{path} is a database; name another file.")
    if not force:
        way_out = "name another file" if force is None else "add --force to replace it, or name another file"
        raise click.UsageError(f"{path} exists; {way_out}.")


def write_file(path: Path, pieces: Iterable[bytes], *, private: bool = False) -> None:
    """Write a file that is there only when it is complete: under another name first, then in place of the old one.

    What is not a regular file, such as ``/dev/stdout`` or a named pipe, is written to as it is.

    Args:
        path: an existing file keeps its mode.
        pieces: what is written.
        private: a new file is for its owner alone.
    Raises:
        click.ClickException: it can't be written.
    """
    try:
        if _is_stream(path):
            with open(path, "wb") as file:
                file.writelines(pieces)
        else:
            _replace(Path(os.path.realpath(path)), pieces, private=private)  # a link stays one
    except BrokenPipeError:  # a named pipe whose reader has had enough
        return
    except OSError as error:
        raise click.ClickException(f"Can't write to {path} ({error.strerror}).") from None


def _is_stream(path: Path) -> bool:
    """Whether to write to it directly, as to ``/dev/stdout``, even if that leads to a regular file."""
    return (path.exists() and not path.is_file()) or str(path.parent) in STREAMS


def _replace(path: Path, pieces: Iterable[bytes], *, private: bool) -> None:
    """By way of a file in the same folder: renaming is all or nothing only within one file system.

    No context manager of contextlib's: a signal between it and its ``with`` would leave the half of a file.
    """
    part = path.with_name(f".{path.name[:100]}.{os.urandom(4).hex()}.part")
    try:
        kept = stat.S_IMODE(path.stat().st_mode) if path.exists() else None
        # Not tempfile's: the person's own umask says who may read it. An old file's mode holds from the beginning.
        mode = 0o600 if private or kept is not None else 0o666
        with open(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode), "wb") as file:
            if kept is not None:
                os.fchmod(file.fileno(), kept)
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def end_in_good_order() -> None:
    """After a signal the command still removes the half of a file that it has written."""

    def end(number: int, frame: object) -> None:
        sys.exit(128 + number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # by nohup, or in a script's background
            signal.signal(number, end)


def write_stdout(pieces: Iterable[bytes], *, at_once: bool = False) -> bool:
    """Write everything; False if nobody reads any more (``| head``), which is no error.

    Args:
        pieces: what is written.
        at_once: whether each is on its way before the next one is asked for.
    Raises:
        click.ClickException: it can't be written.
    """
    check_stdout()
    assert sys.stdout is not None
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
        raise not_written(error) from None
    return True


def check_stdout() -> None:
    """Raises click.ClickException: it was closed before we began, as by ``>&-``."""
    if sys.stdout is None:
        raise click.ClickException("There is no standard output to write to.")


def not_written(error: OSError) -> click.ClickException:
    """The error when standard output takes nothing, other than a pipe that nobody reads."""
    return click.ClickException(f"Can't write to standard output ({error.strerror}).")


def note(sentence: str) -> None:
    """Say it on standard error; lost if that can't be written, which ends nothing."""
    with contextlib.suppress(OSError):
        click.echo(sentence, err=True)


def no_more_output() -> None:
    """Let what Python writes at its end go nowhere, instead of failing once more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
