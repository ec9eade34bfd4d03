"""How ``roomchat`` ends after Ctrl-C, or when its output can't be written, also that of click itself."""

from __future__ import annotations

import contextlib
import errno
import sys
from collections.abc import Iterator
from typing import Any

import click

from roomchat.cli.output import no_more_output, not_written

INTERRUPTED = 130  # exit code, as shells have it: 128 and the number of the signal

# Why standard output takes nothing more. Any other failure of the system is a fault, and is shown as one.
OUTPUT_FAILURES = {errno.EPIPE, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF}


class Group(click.Group):
    """Commands that end in good order: click would end with a traceback, or with 1 after Ctrl-C."""

    def main(self, *arguments: Any, **options: Any) -> Any:
        """As click's. Completion is printed in here."""
        with _in_good_order():
            return super().main(*arguments, **options)

    def make_context(self, *arguments: Any, **options: Any) -> click.Context:
        """As click's. ``--help`` and ``--version`` are printed in here."""
        with _in_good_order():
            return super().make_context(*arguments, **options)

    def invoke(self, context: click.Context) -> Any:
        """As click's. A command runs in here."""
        with _in_good_order():
            return super().invoke(context)


@contextlib.contextmanager
def _in_good_order() -> Iterator[None]:
    """Ends the program: silently with 0 when a reader has had enough, with a sentence when output is lost."""
    try:
        yield
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except OSError as error:
        if error.errno not in OUTPUT_FAILURES or error.filename is not None:
            raise
        no_more_output()
        if isinstance(error, BrokenPipeError):
            sys.exit(0)
        not_written(error).show()
        sys.exit(1)
