"""``roomchat admin account``."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

from roomchat.chat import looks
from roomchat.cli.admin.ask import Admin, admin_options, json_line, line
from roomchat.cli.admin.values import password_of, password_option, whom_of
from roomchat.cli.output import write_stdout
from roomchat.protocol.admin_answers import AccountAnswer, AccountRow, AccountsAnswer
from roomchat.protocol.administration import AddAccount, ListAccounts, RemoveAccount, RenameAccount, SetPassword
from roomchat.settings import Settings
from roomchat.times import local


@click.group()
def account() -> None:
    """List the people whom the server knows; add, rename and remove accounts."""


@account.command("list")
@click.option("--collisions", is_flag=True, help="Only those whose names look like one another's.")
@admin_options
def list_accounts(db: Path | None, json: bool, collisions: bool) -> None:
    """List everyone: UID, name, here or not, devices, from where.

    For those who are not here: when they were last seen, where that is known.
    """

    with Admin(db) as admin:
        pages = admin.pages(lambda after: ListAccounts(after=after), AccountsAnswer, 0)
        found: Iterable[AccountRow] = (one for page in pages for one in page.accounts)
        if collisions:
            known = {one.uid: one for one in found}
            groups = looks.collisions(((one.uid, one.name) for one in known.values()), Settings.max_name)
            found = [known[uid] for group in groups for uid in group]
        write_stdout(json_line(one) if json else _line(one) for one in found)


@account.command()
@click.argument("name")
@password_option
@admin_options
def add(name: str, password_file: str | None, db: Path | None, json: bool) -> None:
    """Make an account called NAME, which logs in with the password."""
    with Admin(db) as admin:
        _print(admin.ask(AddAccount(name=name, password=password_of(password_file)), AccountAnswer), json)


@account.command()
@click.argument("whom")
@password_option
@click.option("--logout", is_flag=True, help="Also log out all devices.")
@admin_options
def password(whom: str, password_file: str | None, logout: bool, db: Path | None, json: bool) -> None:
    """Give the account WHOM, a UID or a name, another password."""
    with Admin(db) as admin:
        command = SetPassword(**whom_of(whom), password=password_of(password_file), logout=logout)
        _print(admin.ask(command, AccountAnswer), json)


@account.command()
@click.argument("whom")
@click.argument("name")
@admin_options
def rename(whom: str, name: str, db: Path | None, json: bool) -> None:
    """Call the account WHOM, a UID or a name, NAME from now on."""
    with Admin(db) as admin:
        _print(admin.ask(RenameAccount(**whom_of(whom), to=name), AccountAnswer), json)


@account.command()
@click.argument("whom")
@admin_options
def remove(whom: str, db: Path | None, json: bool) -> None:
    """End the account WHOM, a UID or a name: nobody comes back as it, and its name is free.

    What it said stays; nobody else gets its UID.
    """
    with Admin(db) as admin:
        _print(admin.ask(RemoveAccount(**whom_of(whom)), AccountAnswer), json)


def _print(answer: AccountAnswer, json: bool) -> None:
    fields = {"uid": answer.uid, "name": answer.name}
    write_stdout([json_line(fields) if json else line(answer.uid, answer.name)])


def _line(row: AccountRow) -> bytes:
    devices = f"{row.devices} device{'' if row.devices == 1 else 's'}"
    seen = row.last_seen and f"last seen {local(row.last_seen)}"
    return line(
        row.uid, row.name, "account" if row.account else "guest", row.presence, devices, *row.addresses, seen
    )
