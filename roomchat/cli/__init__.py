"""The ``roomchat`` command: starts things and prints; decides nothing. One file a command."""

from __future__ import annotations

from pathlib import Path

import click

from roomchat.cli.config import config
from roomchat.cli.export import export
from roomchat.cli.join import join
from roomchat.cli.lists import list_rooms, who
from roomchat.cli.send import send
from roomchat.cli.serve import serve
from roomchat.cli.settings_file import default_path, load
from roomchat.cli.tail import tail
from roomchat.cli.text import refuse_other_bytes
from roomchat.cli.verify import verify
from roomchat.errors import SettingsError
from roomchat.version import __version__

CONTEXT = {
    "help_option_names": ["-h", "--help"],
    "max_content_width": 100,
    "auto_envvar_prefix": "ROOMCHAT",
    "show_default": True,
}


# Those that ask a server: what the settings file is for.
CLIENTS: dict[str, click.Command] = {str(one.name): one for one in (join, send, tail, who, list_rooms)}


@click.group(context_settings=CONTEXT)
@click.version_option(__version__, message="roomchat %(version)s")
@click.option(
    "--config",
    "path",
    envvar="ROOMCHAT_CONFIG",
    type=click.Path(dir_okay=False, path_type=Path),
    show_default="in the user's config folder",
    help="Another settings file; see `roomchat config`.",
)
@click.pass_context
def main(context: click.Context, path: Path | None) -> None:
    """Room chat in one command, with nothing lost.

    `roomchat serve` runs a server, `roomchat join` puts you into a room. Everyone gets a UID, a short number that
    works like a phone number: whoever dials it lands in the room you are in, or in a new one with you.
    """
    # Not for the others: a mistake in a person's settings must not keep a server from starting.
    if context.invoked_subcommand in {*CLIENTS, "config"}:
        try:
            context.obj = load(path or default_path(), CLIENTS, must_exist=path is not None)
        except SettingsError as error:
            raise click.ClickException(str(error)) from None
        context.default_map = context.obj.defaults


for command in (serve, *CLIENTS.values(), export, config, verify):
    main.add_command(refuse_other_bytes(command))
