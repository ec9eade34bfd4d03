"""``roomchat admin stats``."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from roomchat.cli.admin.ask import Admin, admin_options, json_line, line
from roomchat.cli.output import write_stdout
from roomchat.protocol.admin_answers import StatsAnswer
from roomchat.protocol.administration import ServerStats


@click.command()
@admin_options
def stats(db: Path | None, json: bool) -> None:
    """Show who is there, and what the server has done since it started."""
    with Admin(db) as admin:
        fields = msgspec.structs.asdict(admin.ask(ServerStats(), StatsAnswer))
    write_stdout([json_line(fields)] if json else [line(f"{name}:", value) for name, value in fields.items()])
