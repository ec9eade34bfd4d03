"""``roomchat admin ban``, ``unban`` and ``bans``."""

from __future__ import annotations

from pathlib import Path

import click

from roomchat.cli.admin.ask import Admin, admin_options, json_line, line
from roomchat.cli.admin.values import Duration, whom_of
from roomchat.cli.output import write_stdout
from roomchat.protocol.admin_answers import BanRow, BansAnswer
from roomchat.protocol.administration import Ban, ListBans, Unban
from roomchat.times import local


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
    command = Ban(**whom_of(whom, addresses=True), seconds=seconds, reason=reason, newcomers=newcomers)
    with Admin(db) as admin:
        _print(admin.ask(command, BansAnswer), json)


@click.command()
@click.argument("whom")
@admin_options
def unban(whom: str, db: Path | None, json: bool) -> None:
    """End the ban of WHOM: a UID, or an address.

    A network of IPv6 is named by any address in it.
    """
    with Admin(db) as admin:
        _print(admin.ask(Unban(**whom_of(whom, addresses=True)), BansAnswer), json)


@click.command()
@admin_options
def bans(db: Path | None, json: bool) -> None:
    """List the bans of this server: of whom, until when, why."""
    with Admin(db) as admin:
        _print(admin.ask(ListBans(), BansAnswer), json)


def _print(answer: BansAnswer, json: bool) -> None:
    write_stdout([json_line(one) if json else _line(one) for one in answer.bans])


def _line(row: BanRow) -> bytes:
    until = "for good" if row.until is None else f"until {local(row.until)}"
    return line(row.who, until, row.reason)
