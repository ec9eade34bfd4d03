"""The ``roomchat`` command: starts things and prints; decides nothing. One file a command."""

from __future__ import annotations

from pathlib import Path

import click

from roomchat.cli.group import Group
from roomchat.cli.lazy import Commands
from roomchat.errors import SettingsError
from roomchat.version import __version__

CONTEXT = {
    "help_option_names": ["-h", "--help"],
    "max_content_width": 100,
    "auto_envvar_prefix": "ROOMCHAT",
    "show_default": True,
}


# Those that ask a server: what the settings file is for.
_ASK = {
    "join": "roomchat.cli.join:join",
    "send": "roomchat.cli.send:send",
    "tail": "roomchat.cli.tail:tail",
    "who": "roomchat.cli.lists:who",
    "rooms": "roomchat.cli.lists:list_rooms",
}
_OTHERS = {
    "serve": "roomchat.cli.serve:serve",
    "admin": "roomchat.cli.admin:admin",
    "export": "roomchat.cli.export:export",
    "trust": "roomchat.cli.trust:trust",
    "config": "roomchat.cli.config:config",
    "verify": "roomchat.cli.verify:verify",
}
CLIENTS = Commands(_ASK)


@click.group(cls=Group, commands=Commands(_ASK | _OTHERS), context_settings=CONTEXT)
@click.version_option(__version__, message="roomchat %(version)s")
@click.option(
    "--config",
    "path",
    envvar="ROOMCHAT_CONFIG",
    type=click.Path(dir_okay=False, path_type=Path),
    show_default="in the user's config folder",
    help="Use another settings file; see `roomchat config`.",
)
@click.pass_context
def main(context: click.Context, path: Path | None) -> None:
    """Room chat in one command, with nothing lost.

    `roomchat serve` runs a server, `roomchat join` takes you into a room. Everyone gets a UID, a short number that
    works like a phone number: people who dial it come into your room, or into a new one with you.
    """
    # Not for the others: a mistake in a person's settings must not keep a server from starting.
    if context.invoked_subcommand in {*CLIENTS, "config"}:
        from roomchat.cli.paths import default_settings
        from roomchat.cli.user_settings import load

        try:
            context.obj = load(path or default_settings(), CLIENTS, must_exist=path is not None)
        except SettingsError as error:
            raise click.ClickException(str(error)) from None
        context.default_map = context.obj.defaults
