"""The options that all client commands share: the server, the name, the timeout."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from typing import Any

import click

from roomchat.cli.addresses import ServerAddress
from roomchat.cli.passwords import password_option
from roomchat.cli.trusting import trust_options
from roomchat.cli.user_settings import UserSettings
from roomchat.client.interrupt import run_interruptible
from roomchat.errors import ConnectError, Denied, ExportError, StateError
from roomchat.harmless import harmless

Command = Callable[..., Any]

MAX_MADE_UP = (
    28  # characters of a name that is made up: with a number behind it, it is still one (Settings.max_name)
)


def client_options(command: Command) -> Command:
    """``--server``, ``--name``, ``--timeout``, whom to believe, and ``--password-file``."""
    for option in (
        trust_options,
        password_option,
        click.option(
            "--timeout",
            type=click.FloatRange(0, min_open=True),
            default=30.0,
            metavar="SECONDS",
            help="How long to wait for the server's answer.",
        ),
        click.option(
            "--name",
            "-n",
            help="The name to use.",
            show_default="your login name with -send, -tail, -who or -rooms",
        ),
        click.option(
            "--server",
            "-s",
            metavar="HOST[:PORT]",
            default="localhost",
            type=ServerAddress(),
            help="The address of the server.",
        ),
    ):
        command = option(command)
    return command


def name_of(context: click.Context, name: str | None, password: str | None) -> tuple[str, bool]:
    """How a command is called in the chat, and whether a number may be added if somebody has that name.

    It is not the person's own name, because that is taken while they are in the chat, and a background job would
    then fail unnoticed. A name that the person gives is used exactly, or the command fails. With a password it is
    the person, on one more device.
    """
    person = context.obj.name if isinstance(context.obj, UserSettings) else None
    if name is not None:
        return name, False
    if password is not None:
        return person or login_name(), False
    return made_up(person, str(context.info_name)), True


def made_up(person: str | None, command: str) -> str:
    """``ann-send``, of the name in the settings or that of the login."""
    person = person or login_name() or "roomchat"
    return f"{person[: MAX_MADE_UP - len(command) - 1]}-{command}"


def login_name() -> str:
    """The name of who is logged in; empty for a user id without a name, as in some containers."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return ""


def run(work: Callable[[], None], interrupt: Callable[[], None]) -> bool:
    """Do the work so that Ctrl-C ends it in good order; returns whether it did. Errors are one sentence."""
    try:
        return run_interruptible(work, interrupt)
    except (ConnectError, Denied, ExportError, StateError) as error:
        raise click.ClickException(harmless(str(error))) from None
