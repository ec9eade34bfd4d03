"""A fault of the program itself, told to a person: one sentence, and a file for who mends it."""

from __future__ import annotations

import contextlib
import os
import traceback

import click
from platformdirs import user_state_path

from roomchat.cli.output import write_file
from roomchat.harmless import harmless
from roomchat.version import __version__


def fault(error: BaseException) -> click.ClickException:
    """What to tell. Where in the program it was is written into a file that only this person can read."""
    path = user_state_path("roomchat") / "fault.txt"
    where = ""
    with contextlib.suppress(OSError, click.ClickException):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        told = f"roomchat {__version__}\n{''.join(traceback.format_exception(error))}"
        write_file(path, [told.encode(errors="replace")], private=True)
        where = f" The details are in {os.fspath(path)}; please send them to the maintainers."
    return click.ClickException(
        f"This is a fault of roomchat: {type(error).__name__}: {harmless(str(error))[:200]}.{where}"
    )
