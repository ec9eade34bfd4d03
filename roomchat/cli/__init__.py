"""The ``roomchat`` command: starts things and prints; decides nothing. One file a command."""

from __future__ import annotations

import click

from roomchat.cli.export import export
from roomchat.cli.join import join
from roomchat.cli.serve import serve
from roomchat.cli.verify import verify
from roomchat.version import __version__

CONTEXT = {
    "help_option_names": ["-h", "--help"],
    "max_content_width": 100,
    "auto_envvar_prefix": "ROOMCHAT",
    "show_default": True,
}


@click.group(context_settings=CONTEXT)
@click.version_option(__version__, message="roomchat %(version)s")
def main() -> None:
    """Room chat in one command, with nothing lost.

    `roomchat serve` runs a server, `roomchat join` puts you into a room. Everyone gets a UID, a short number that
    works like a phone number: whoever dials it lands in the room you are in, or in a new one with you.
    """


for command in (serve, join, export, verify):
    main.add_command(command)
