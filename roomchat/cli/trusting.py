"""The options that say whom to believe."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import click

from roomchat.cli.addresses import WrongValue
from roomchat.cli.text import Text
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
