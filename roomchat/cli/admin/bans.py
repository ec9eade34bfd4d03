"""``roomchat admin ban``, ``unban`` and ``bans``."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from typing import Any

import click

from roomchat.cli.addresses import WrongValue
from roomchat.cli.admin.ask import Admin, admin_options, json_line, line
from roomchat.cli.output import write_stdout
from roomchat.protocol.administration import Ban, BanRow, BansAnswer, ListBans, Unban
from roomchat.times import local, seconds_of


class Duration(click.ParamType):  # type: ignore[type-arg]  # click 8.1 knows no parameter here
    """As 90s, 15m, 2h, 7d, 4w. Its value is in seconds."""

    name = "DURATION"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        try:
            return seconds_of(str(value))
        except ValueError as error:
            raise WrongValue(str(error)) from None


@click.command()
@click.argument("whom")
@click.option("--for", "seconds", type=Duration(), show_default="for good", help="How long: 90s, 15m, 2h, 7d, 4w.")
@click.option("--reason", metavar="TEXT", default="", help="Why; whoever is banned is told.")
@click.option("--newcomers/--no-newcomers", default=True, help="Also ban newcomers from where they are.")
@admin_options
def ban(whom: str, seconds: int | None, reason: str, newcomers: bool, db: Path | None, json: bool) -> None:
    """Let WHOM not come to this server any more: a UID, the name of somebody who is there, or an address.

    A client that is banned is put out at once, on all its devices, and none of them can come back. A ban of an
    address is one of newcomers from there: people who were here before still come.

    \b
        roomchat admin ban 17 --for 7d --reason 'Be kind.'
    """
    with Admin(db) as admin:
        _print(
            admin.ask(Ban(**_whom(whom), seconds=seconds, reason=reason, newcomers=newcomers), BansAnswer), json
        )


@click.command()
@click.argument("whom")
@admin_options
def unban(whom: str, db: Path | None, json: bool) -> None:
    """End the ban of WHOM: a UID, or an address.

    A network of IPv6 is named by any address in it.
    """
    with Admin(db) as admin:
        _print(admin.ask(Unban(**_whom(whom)), BansAnswer), json)


@click.command()
@admin_options
def bans(db: Path | None, json: bool) -> None:
    """List the bans of this server: of whom, until when, why."""
    with Admin(db) as admin:
        _print(admin.ask(ListBans(), BansAnswer), json)


def _whom(text: str) -> dict[str, Any]:
    """As the commands have it. A name of digits alone is a UID."""
    if text.isascii() and text.isdecimal():
        return {"uid": int(text)}
    address = text.partition("/")[0]
    try:
        ip_address(address)
    except ValueError:
        return {"name": text}
    return {"address": address}


def _print(answer: BansAnswer, json: bool) -> None:
    write_stdout([json_line(one) if json else _line(one) for one in answer.bans])


def _line(row: BanRow) -> bytes:
    until = "for good" if row.until is None else f"until {local(row.until)}"
    return line(row.who, until, row.reason)
