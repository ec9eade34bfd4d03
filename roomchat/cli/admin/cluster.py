"""``roomchat admin cluster``."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from roomchat.cli.admin.ask import Admin, admin_options, json_line, line
from roomchat.cli.output import write_stdout
from roomchat.protocol.admin_answers import ClusterAnswer, ServerRow
from roomchat.protocol.administration import ShowCluster


@click.command()
@admin_options
def cluster(db: Path | None, json: bool) -> None:
    """Show the servers that share this chat, and how far each is behind what is in their stream."""
    with Admin(db) as admin:
        answer = admin.ask(ShowCluster(), ClusterAnswer)
    if json:
        write_stdout([json_line(msgspec.to_builtins(one) | {"at": answer.position}) for one in answer.servers])
    elif not answer.servers:
        write_stdout([line("This server is alone: it was not started with --cluster.")])
    else:
        write_stdout([_line(one, answer.position) for one in answer.servers])


def _line(row: ServerRow, position: int) -> bytes:
    behind = max(0, position - row.position)
    return line(
        row.name, ", ".join(row.addresses), f"at {row.position}", f"{behind} behind", f"kept {row.snapshot}"
    )
