"""``roomchat admin backup``."""

from __future__ import annotations

import os
from pathlib import Path

import click
import msgspec

from roomchat.cli.admin.ask import Admin, admin_options, json_line, line
from roomchat.cli.output import check_no_part_of, check_target, end_in_good_order, write_stdout
from roomchat.errors import LogError
from roomchat.harmless import harmless
from roomchat.protocol.admin_answers import Done
from roomchat.protocol.administration import Backup
from roomchat.store.backup import back_up


@click.command()
@click.argument("file", type=click.Path(path_type=str))
@admin_options
def backup(file: str, db: Path | None, json: bool) -> None:
    """Copy the log into FILE, a new one, while the server runs.

    The copy is as the log was at one moment. It is read back and compared before it gets its name, and is for its
    owner alone. Nobody waits for it.
    """
    end_in_good_order()
    check_target(file, force=None)
    target = Path(os.path.abspath(file))
    with Admin(db) as admin:
        check_no_part_of(admin.log, target)
        admin.ask(Backup(file=str(target).encode(errors="replace").decode()), Done)
    try:
        made = back_up(admin.log, target)
    except LogError as error:
        raise click.ClickException(harmless(str(error))) from None
    if json:
        write_stdout([json_line({"file": str(target), **msgspec.structs.asdict(made)})])
    else:
        counts = f"{made.clients} people, {made.rooms} rooms, {made.segments} pieces of what was said"
        write_stdout([line(f"{target} is whole: {counts}, {made.bytes / 1e6:.1f} MB.")])
