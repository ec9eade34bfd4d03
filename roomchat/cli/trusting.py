"""The options that say whom to believe, and the question to a person who meets a server for the first time."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import click

from roomchat.cli.addresses import WrongValue
from roomchat.cli.text import Text
from roomchat.client.address import parse_address
from roomchat.client.connection import CONNECT_TIMEOUT
from roomchat.client.known_servers import KnownServers, users_folder
from roomchat.client.trust import Trust
from roomchat.errors import ConnectError, Distrusted, UnknownServer
from roomchat.key_fingerprint import read_fingerprint


class Fingerprint(Text):
    """Of a server's key, however it is grouped."""

    name = "fingerprint"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            return read_fingerprint(super().convert(value, param, ctx))
        except ValueError as error:
            raise WrongValue(str(error)) from None


def trust_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--trust`` and ``--fingerprint``. The command gets both as ``trust``: the fingerprint, or whether to
    believe a server that is met for the first time."""

    @functools.wraps(command)
    def call(*arguments: Any, trust: bool, fingerprint: str | None, **options: Any) -> Any:
        return command(*arguments, trust=fingerprint or trust, **options)

    call = click.option(
        "--fingerprint",
        type=Fingerprint(),
        metavar="FINGERPRINT",
        envvar="ROOMCHAT_FINGERPRINT",
        help="The fingerprint of the server's key, as `roomchat serve` prints it.",
    )(call)
    return click.option(
        "--trust", is_flag=True, help="Believe a server that is met for the first time; never one with a new key."
    )(call)


def meet(address: str, trust: bool | str, *, ask: bool) -> None:
    """Before a person comes in: see that the server is believed. Nothing is said where it does not answer; the one
    who comes in tries again.

    Args:
        address: as it was written.
        trust: what the options say.
        ask: whether there is a person to ask.
    Raises:
        click.ClickException: it is not believed.
    """
    where, known = parse_address(address), KnownServers(users_folder())
    believed = Trust(where, known, trust)
    try:
        expected = believed.expected()
        if (expected is not None and not trust) or not believed.encrypts(expected):
            return
        link, _ = believed.connect(CONNECT_TIMEOUT)
        link.socket.close()
    except UnknownServer as error:
        if not ask:
            raise click.ClickException(str(error)) from None
        click.echo(f"{where} is not known yet. The fingerprint of its key is:\n  {error.fingerprint}")
        if not click.confirm("Is that the one that `roomchat serve` prints there?"):
            raise click.ClickException("Nothing was sent.") from None
        known.put(where, error.fingerprint)
    except Distrusted as error:
        raise click.ClickException(str(error)) from None
    except ConnectError:
        return
