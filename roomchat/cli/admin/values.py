"""What is given to the commands of an admin: whom, for how long, and passwords."""

from __future__ import annotations

import sys
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import click

from roomchat.cli.addresses import WrongValue
from roomchat.cli.passwords import asked, read_password
from roomchat.times import seconds_of

MAX_PASSWORD = 1024  # characters; so a file that is none is not read to its end


class Duration(click.ParamType):  # type: ignore[type-arg]  # click 8.1 knows no parameter here
    """As 90s, 15m, 2h, 7d, 4w. Its value is in seconds."""

    name = "DURATION"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        seconds = value if isinstance(value, int) else seconds_of(str(value).strip())
        if seconds is None:
            raise WrongValue(f"{value!r} is not a time to last; write 90s, 15m, 2h, 7d or 4w.")
        return seconds


def whom_of(text: str, *, addresses: bool = False) -> dict[str, Any]:
    """As the commands have it: digits alone are a UID, all else is a name, or an address where that may be."""
    if text.isascii() and text.isdecimal():
        return {"uid": int(text)}
    if addresses:
        address = text.partition("/")[0]  # a network of IPv6 is told by any address in it
        try:
            ip_address(address)
        except ValueError:
            pass
        else:
            return {"address": address}
    return {"name": text}


def password_option(command: Callable[..., None]) -> Callable[..., None]:
    """With --password-file."""
    return click.option(
        "--password-file",
        type=click.Path(allow_dash=True, dir_okay=False),
        metavar="FILE",
        show_default="it is asked for",
        help="A file whose first line is the password; -: standard input.",
    )(command)


def password_of(file: str | None) -> str:
    """From a file, or from whoever sits at the terminal, who sees nothing of it. Not from the command line, which
    others see in a list of processes.

    Raises:
        click.ClickException: there is none.
    """
    if file is None:
        if not sys.stdin.isatty():
            raise click.ClickException("There is nobody to ask for the password; give --password-file.")
        return asked("The password", hide_input=True, confirmation_prompt="Once more", err=True)
    if file != "-":
        return read_password(Path(file))
    try:
        line = sys.stdin.readline(MAX_PASSWORD + 2)
        line.encode()
    except UnicodeError:
        raise click.ClickException("The password is not UTF-8.") from None
    return line.removesuffix("\n").removesuffix("\r")
