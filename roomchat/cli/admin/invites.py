"""``roomchat admin invite``, ``invites`` and ``revoke``."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from roomchat.cli.admin.ask import Admin, admin_options, json_line, line
from roomchat.cli.admin.values import Duration
from roomchat.cli.output import note, write_stdout
from roomchat.cli.text import Whole
from roomchat.client.address import Address, parse_address, parse_host
from roomchat.client.same import is_encrypted
from roomchat.invites import invite_line, invite_link
from roomchat.protocol.admin_answers import InviteAnswer, InviteRow, InvitesAnswer
from roomchat.protocol.administration import ListInvites, MakeInvite, RevokeInvite
from roomchat.settings import Settings
from roomchat.times import local


@click.command()
@click.option("--uses", type=Whole(1, 100_000), default=1, help="How many may register with it.")
@click.option("--for", "seconds", type=Duration(), default="7d", help="How long it holds: 90s, 15m, 2h, 7d, 4w.")
@click.option(
    "--host", metavar="HOST[:PORT]", show_default="as the server sees itself", help="The address in the line."
)
@click.option("--link", is_flag=True, help="Print a link for browsers in place of the line.")
@admin_options
def invite(uses: int, seconds: int, host: str | None, link: bool, db: Path | None, json: bool) -> None:
    """Make an invite, for servers where nobody registers without (--accounts invite).

    It is printed as a line to paste, which carries the fingerprint of the server's key, too: send it only to whom
    it is for. It is not kept, and can't be shown again.
    """
    if host is not None:
        _where(host, Settings.port)
    with Admin(db) as admin:
        answer = admin.ask(MakeInvite(uses=uses, seconds=seconds), InviteAnswer)
    words = (_link if link else _words)(answer, host or answer.host)
    if json:
        write_stdout([json_line(msgspec.structs.asdict(answer.invite) | {"token": answer.token, "line": words})])
        return
    write_stdout([f"{words}\n".encode()])
    note(f"Its id is {answer.invite.id}; it holds until {local(answer.invite.until)}.")


@click.command()
@admin_options
def invites(db: Path | None, json: bool) -> None:
    """List the invites that hold: id, how often they can be used, until when."""
    with Admin(db) as admin:
        _print(admin.ask(ListInvites(), InvitesAnswer), json)


@click.command()
@click.argument("id")
@admin_options
def revoke(id: str, db: Path | None, json: bool) -> None:
    """Take the invite ID back: nobody registers with it any more."""
    with Admin(db) as admin:
        _print(admin.ask(RevokeInvite(id=id), InvitesAnswer), json)


def _words(answer: InviteAnswer, host: str) -> str:
    where = _where(host, answer.port)
    shown = where.host if where.port == Settings.port and where.tls is None else str(where)
    return invite_line(shown, answer.token, answer.fingerprint or None)


def _link(answer: InviteAnswer, host: str) -> str:
    where = _where(host, answer.port)
    return invite_link(f"{'https' if is_encrypted(where) else 'http'}://{where.where}", answer.token)


def _where(host: str, port: int) -> Address:
    """Raises click.UsageError."""
    try:
        return Address(parse_host(host), port)
    except ValueError:
        pass  # it may name another port, that of a machine before this one
    try:
        return parse_address(host)
    except ValueError as error:
        raise click.UsageError(str(error)) from None


def _print(answer: InvitesAnswer, json: bool) -> None:
    write_stdout([json_line(one) if json else _line(one) for one in answer.invites])


def _line(row: InviteRow) -> bytes:
    return line(row.id, f"{row.uses} use{'' if row.uses == 1 else 's'}", f"until {local(row.until)}")
