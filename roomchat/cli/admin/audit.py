"""``roomchat admin audit``."""

from __future__ import annotations

from pathlib import Path

import click

from roomchat.cli.admin.ask import Admin, admin_options, json_line, line
from roomchat.cli.output import write_stdout
from roomchat.protocol.admin_answers import AuditAnswer, AuditRow
from roomchat.protocol.administration import ListAudit
from roomchat.times import local


@click.command()
@admin_options
def audit(db: Path | None, json: bool) -> None:
    """List what admins have changed, the newest first: when, who, what."""

    with Admin(db) as admin:
        pages = admin.pages(lambda before: ListAudit(before=before), AuditAnswer)
        write_stdout(json_line(one) if json else _line(one) for page in pages for one in page.changes)


def _line(row: AuditRow) -> bytes:
    fields = [f"{name}={value}" for name, value in row.what.items() if name != "type"]
    return line(local(row.time), row.who, row.what.get("type"), *fields)
