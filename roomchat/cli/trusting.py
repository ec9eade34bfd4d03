"""The options that say whom to believe."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import click
from click.core import ParameterSource

from roomchat.cli.addresses import WrongValue
from roomchat.cli.text import Text
from roomchat.client.address import Address, parse_address
from roomchat.client.same import spellings
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
        if not _is_of_that_server(click.get_current_context()):
            fingerprint = None
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


def _is_of_that_server(context: click.Context) -> bool:
    """Whether the fingerprint is of the server that is asked: one in the settings file is of the server that is
    named there, and a command line may name another one."""
    if context.get_parameter_source("fingerprint") is not ParameterSource.DEFAULT_MAP:
        return True
    where = "address" if "address" in context.params else "server"
    named = (context.default_map or {}).get(where)
    return named is None or place(named) == place(context.params[where])


def place(address: str) -> Address:
    """One spelling for all of a server's address."""
    return spellings(parse_address(address))[0]
