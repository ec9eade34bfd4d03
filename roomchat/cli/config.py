"""``roomchat config``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import click
from click.core import ParameterSource

from roomchat.cli.client_options import made_up
from roomchat.cli.output import write_stdout
from roomchat.cli.user_settings import UserSettings, options_of

_SOURCES = {ParameterSource.DEFAULT_MAP: "file", ParameterSource.ENVIRONMENT: "environment"}


@click.command()
@click.pass_context
def config(context: click.Context) -> None:
    """Show the settings file's location, the values in effect, and the source of each.

    The output is itself such a file. It can set each option of join, send, tail, who and rooms: at its top for
    all of them, or in a table for one. An environment variable (ROOMCHAT_TAIL_HISTORY) overrides the file, and an
    option on the command line overrides both.
    """
    settings: UserSettings = context.obj
    group = context.parent
    assert group is not None
    write_stdout(f"{line}\n".encode() for line in _lines(settings, group))


def _lines(settings: UserSettings, group: click.Context) -> Iterator[str]:
    yield f"# {settings.path}{'' if settings.exists else ' (there is none yet)'}"
    if settings.password is not None:
        yield "# password is set"
    for name, command in settings.commands.items():
        yield f"\n[{name}]"
        yield from _settings(settings, name, command, group)


def _settings(settings: UserSettings, name: str, command: click.Command, group: click.Context) -> Iterator[str]:
    # Resilient: what must be given on the line is not asked for here.
    with command.make_context(name, [], parent=group, resilient_parsing=True) as context:
        for key, parameter in options_of(command).items():
            value = context.params.get(str(parameter.name))
            source = _SOURCES.get(context.get_parameter_source(str(parameter.name)), "default")  # type: ignore[arg-type]
            if value is not None and value != ():
                yield f"{f'{key} = {_toml(value)}':<40}  # {source}"
            elif key == "name" and name != "join":
                yield f"# name is not set, so it is {made_up(settings.name, name)}"
            else:
                yield f"# {key} is not set"


def _toml(value: Any) -> str:
    """The value in TOML, which for these few types is the same as JSON."""
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value if isinstance(value, bool | int | float) else str(value), ensure_ascii=False)
