"""``roomchat admin account``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from roomchat.cli.admin.ask import Admin, admin_options, json_line, line
from roomchat.cli.output import write_stdout
from roomchat.protocol.administration import AccountRow, AccountsAnswer, ListAccounts
from roomchat.times import local


@click.group()
def account() -> None:
    """List the people whom the server knows."""


@account.command("list")
@admin_options
def list_accounts(db: Path | None, json: bool) -> None:
    """List everyone: UID, name, here or not, devices, from where.

    For those who are not here: when they were last seen, where that is known.
    """

    def lines() -> Iterator[bytes]:
        after: int | None = 0
        while after is not None:
            page = admin.ask(ListAccounts(after=after), AccountsAnswer)
            yield from (json_line(one) if json else _line(one) for one in page.accounts)
            after = page.next

    with Admin(db) as admin:
        write_stdout(lines())


def _line(row: AccountRow) -> bytes:
    devices = f"{row.devices} device{'' if row.devices == 1 else 's'}"
    seen = row.last_seen and f"last seen {local(row.last_seen)}"
    return line(row.uid, row.name, row.presence, devices, *row.addresses, seen)
