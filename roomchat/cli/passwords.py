"""Where passwords come from: a terminal that does not show them, a file, the settings file.

Never an argument, which everyone on the machine can read.
"""

from __future__ import annotations

import functools
import signal
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from roomchat.cli.addresses import WrongValue
from roomchat.cli.group import INTERRUPTED
from roomchat.cli.trusting import place
from roomchat.cli.user_settings import UserSettings
from roomchat.invites import read_invite
from roomchat.terminal.proof import Proof

MAX_FILE = 4096  # bytes that are read of a file


def password_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--password-file``. The command gets ``password``: what is in the file, or in the settings file for that
    server; None: neither."""

    @functools.wraps(command)
    def call(*arguments: Any, password_file: Path | None, **options: Any) -> Any:
        context = click.get_current_context()
        password = _of_settings(context) if password_file is None else read_password(password_file)
        return command(*arguments, password=password, **options)

    return click.option(
        "--password-file",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help="Log in to the account of that name; its password is the first line of FILE.",
    )(call)


def read_password(path: Path) -> str:
    """The first line of a file that nobody else can read; or of a descriptor, as /dev/fd/3.

    Raises:
        click.ClickException: others can read it, or it has none.
    """
    try:
        with path.open("rb") as file:
            check_private(path, stat.S_IMODE(path.stat().st_mode) if path.is_file() else 0)
            line = file.readline(MAX_FILE)
    except OSError as error:
        raise click.ClickException(f"Can't read {path} ({error.strerror}).") from None
    password = line.decode(errors="replace").rstrip("\r\n")
    if not password:
        raise click.ClickException(f"There is no password in {path}: it is to be the first line.")
    return password


def check_private(path: Path, mode: int) -> None:
    """Raise click.ClickException if others can read a file with a password in it."""
    if mode & 0o077:
        raise click.ClickException(f"Others can read {path}, and a password is in it. Run: chmod 600 {path}")


def _of_settings(context: click.Context) -> str | None:
    """The one in the settings file is of the server that is named there, or of this machine's."""
    settings = context.obj
    if not isinstance(settings, UserSettings) or settings.password is None:
        return None
    check_private(settings.path, stat.S_IMODE(settings.path.stat().st_mode))
    where = "address" if "address" in context.params else "server"
    named = (context.default_map or {}).get(where) or "localhost"
    return settings.password if place(named) == place(context.params[where]) else None


def proof_of(
    name: str | None, trust: bool | str, password: str | None, *, login: bool, register: bool,
    invite: str | None, offered: str,
) -> tuple[str | None, bool | str, Proof | None]:  # fmt: skip
    """Who somebody is that joins, whom to believe, and the password; asked for as far as it is needed.

    Args:
        name, trust, password: as far as they are given.
        login: whether to log in.
        register: whether to make an account; so does an invite.
        offered: the name to offer.
    Raises:
        click.ClickException: there is nobody to ask, or the invite is none.
    """
    token: str | None = None
    if invite is not None:
        try:
            token, key = read_invite(invite)
        except ValueError as error:
            raise WrongValue(str(error)) from None
        trust, register = trust or key or False, True
    typed = password is None
    if login or register:
        if name is None or password is None:
            _check_terminal()
        name = name or asked("Your name", default=offered or None)
        if password is None:
            question = f"A password for {name}" if register else f"Password for {name}"
            password = asked(question, hide_input=True, confirmation_prompt=register)
    return name, trust, Proof(password, register=register, invite=token, typed=typed) if password else None


def asked(question: str, **options: Any) -> str:
    """What somebody answers to click's question. Ctrl-C and Ctrl-D end the program: by an exception, for an end
    as in ``__main__`` would leave a terminal that does not show what is typed."""
    before = signal.getsignal(signal.SIGINT)
    if before is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return str(click.prompt(question, **options))
    except click.Abort:
        sys.exit(INTERRUPTED)
    finally:
        signal.signal(signal.SIGINT, before)


def _check_terminal() -> None:
    if not (sys.stdin is not None and sys.stdin.isatty()):
        raise click.ClickException(
            "A name and a password are asked for at a terminal; elsewhere give --name and --password-file."
        )
