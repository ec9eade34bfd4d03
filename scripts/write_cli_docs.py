"""Writes docs/cli.md from the commands themselves: what each does, its options, their defaults and variables.

Not from the help texts as they are printed: click lays those out anew now and then.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path

import click

from roomchat.cli import main
from roomchat.terminal.typed import help

PATH = Path(__file__).parent.parent / "docs" / "cli.md"

HEAD = """\
# The commands

`make docs` writes this page from the program itself; a test fails when the two differ. `--help` shows the same.
"""
CHAT = "## In the chat\n\nYou can type these commands in `roomchat join`:\n\n"


def text() -> str:
    """The whole page."""
    parts = [HEAD, _description("roomchat", main)]
    for name, command in _commands(main):
        parts.append(_description(f"roomchat {name}", command))
        if not isinstance(command, click.Group):
            parts.append("\n".join(_table(name, command)) + "\n")
    return "\n".join([*parts, f"{CHAT}```text\n{help.text()}\n```\n"])


def _commands(group: click.Group, prefix: str = "") -> Iterator[tuple[str, click.Command]]:
    """All of them, those within groups behind these; ``admin room list`` is one's name."""
    for name in sorted(group.commands):
        command = group.commands[name]
        yield f"{prefix}{name}", command
        if isinstance(command, click.Group):
            yield from _commands(command, f"{prefix}{name} ")


def _description(title: str, command: click.Command) -> str:
    help_text = inspect.cleandoc(command.help or "").replace("\b\n", "")
    arguments = "".join(f" {_argument(one)}" for one in command.params if isinstance(one, click.Argument))
    return f"## {title}{arguments}\n\n{help_text}\n"


def _argument(argument: click.Argument) -> str:
    """As the usage line has it; click's own way to say so is called otherwise in each version."""
    if argument.metavar:
        return argument.metavar
    name = str(argument.name).upper()
    return f"[{name}]..." if argument.nargs == -1 else name if argument.required else f"[{name}]"


def _table(name: str, command: click.Command) -> Iterator[str]:
    yield "| option | variable | default | |"
    yield "|---|---|---|---|"
    for option in command.params:
        if isinstance(option, click.Option) and not option.hidden:
            names = ", ".join(f"`{one}`" for one in [*sorted(option.opts), *option.secondary_opts])
            variable = option.envvar or f"ROOMCHAT_{name}_{option.name}".replace(" ", "_").upper()
            variable = f"`{variable}`" if option.expose_value else ""
            yield f"| {names}{_values(option)} | {variable} | {_default(option)} | {option.help} |"


def _values(option: click.Option) -> str:
    if option.is_flag:
        return ""
    if isinstance(option.type, click.Choice):
        values = "|".join(option.type.choices)
    else:
        values = option.metavar or option.type.name.split()[0].upper()
    return f" `{values}`".replace("|", "\\|")  # else it would end the cell


def _default(option: click.Option) -> str:
    if option.is_flag and not option.secondary_opts:  # what an older click calls 0 a newer one calls unset
        return ""
    if isinstance(option.show_default, str):
        return option.show_default
    if isinstance(option.default, int | float):
        return f"`{option.default:g}`"
    return f"`{option.default}`" if isinstance(option.default, str) and option.default else ""


if __name__ == "__main__":
    PATH.write_text(text())
