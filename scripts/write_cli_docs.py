"""Writes docs/cli.md: the help texts of all commands, as the program prints them."""

from __future__ import annotations

from pathlib import Path

import click

from roomchat.cli import main
from roomchat.client.commands import HELP

PATH = Path(__file__).parent.parent / "docs" / "cli.md"

WIDTH = 100  # columns, whatever the terminal is that this runs in

HEAD = """\
# The commands

Written by `make docs` from the program itself; a test fails when the two differ.
"""


def text() -> str:
    """The whole page."""
    parts = [HEAD]
    root = click.Context(main, info_name="roomchat", terminal_width=WIDTH, **main.context_settings)
    parts += _section(root)
    for name in main.list_commands(root):
        command = main.get_command(root, name)
        assert command is not None
        parts += _section(click.Context(command, parent=root, info_name=name))
    parts.append(f"## In the chat\n\nWhat can be typed in `roomchat join`:\n\n```text\n{HELP}\n```\n")
    return "\n".join(parts)


def _section(context: click.Context) -> list[str]:
    return [f"## {context.command_path}\n\n```text\n{context.command.get_help(context)}\n```\n"]


if __name__ == "__main__":
    PATH.write_text(text())
