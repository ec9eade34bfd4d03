"""The person's settings file: TOML whose values become defaults of the commands that ask a server.

A key at the top holds for every one of these commands that has such an option, one in a table for that command:

    server = "chat.example.org"
    name = "ann"

    [tail]
    history = 50

Nothing here knows which options there are: it asks click. So each option is a setting, and each setting an option.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import click

from roomchat.errors import SettingsError

Commands = Mapping[str, click.Command]

NAME, SERVER, PASSWORD = "name", "server", "password"


@dataclass
class UserSettings:
    """What the file says. ``defaults`` is click's ``default_map``; ``name`` the person's name in the chat, and
    ``password`` that of their account: no option, for it would be seen."""

    path: Path
    commands: Commands
    exists: bool = False
    name: str | None = None
    password: str | None = field(default=None, repr=False)
    defaults: dict[str, dict[str, Any]] = field(default_factory=dict)


def load(path: Path, commands: Commands, *, must_exist: bool) -> UserSettings:
    """Read and check the file.

    Args:
        path: of the file.
        commands: those that it is for, by their names.
        must_exist: whether it was asked for.
    Raises:
        SettingsError: it can't be read, or something in it is no setting; the sentence says which.
    """
    settings = UserSettings(path, commands)
    table = read_toml(path)
    if table is None:
        if must_exist:
            raise SettingsError(f"There is no file {path}.")
        return settings
    settings.exists = True
    settings.defaults = {name: {} for name in commands}
    _take(settings, table)
    return settings


def read_toml(path: Path) -> dict[str, Any] | None:
    """What a file says; None: there is no such file. Raises SettingsError."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise SettingsError(f"Can't read {path}: {reason}.") from None


def _take(settings: UserSettings, table: dict[str, Any]) -> None:
    commands = settings.commands
    tables = {key: value for key, value in table.items() if isinstance(value, dict)}
    common = {key: value for key, value in table.items() if key not in tables}
    if PASSWORD in common:
        settings.password = common.pop(PASSWORD)
        if not isinstance(settings.password, str):
            raise SettingsError(f"{settings.path}: 'password' must be a text in quotes.")
    for key, value in common.items():
        for name, option in _common(settings, key):
            checked = _checked(settings, repr(key), value, option)
            # Only `join` is the person: the others make a name of it, see name_of().
            if key != NAME or name == "join":
                settings.defaults[name][str(option.name)] = checked
        if key == NAME:
            settings.name = value
    for name, values in tables.items():
        if name not in commands:
            raise _unknown(settings, f"[{name}]", "a table of this file", [f"[{one}]" for one in commands])
        options = options_of(commands[name])
        for key, value in values.items():
            if key not in options:
                raise _unknown(settings, f"{key!r} in [{name}]", "a setting", list(options))
            settings.defaults[name][str(options[key].name)] = _checked(
                settings, f"{key!r} in [{name}]", value, options[key]
            )


def _common(settings: UserSettings, key: str) -> list[tuple[str, click.Parameter]]:
    """The options that a key at the top sets."""
    options = {name: options_of(command) for name, command in settings.commands.items()}
    found = [(name, keys[key]) for name, keys in options.items() if key in keys]
    if not found:
        raise _unknown(
            settings, repr(key), "a setting", sorted({key for keys in options.values() for key in keys})
        )
    return found


def options_of(command: click.Command) -> dict[str, click.Parameter]:
    """The settings of a command, by their keys: its options, and the server's address."""
    options: dict[str, click.Parameter] = {}
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            key = max(parameter.opts, key=len).lstrip("-")
            options[key] = parameter
        elif parameter.name == "address":  # of `join`, where it is no option
            options[SERVER] = parameter
    return options


def _checked(settings: UserSettings, where: str, value: Any, parameter: click.Parameter) -> Any:
    """The value, if it is one that the option takes; of one that may be given several times, a list."""
    kind, wanted = _kind(parameter)
    if getattr(parameter, "multiple", False):
        if isinstance(value, str):  # one of them needs no brackets
            value = [value]
        if not isinstance(value, list) or not all(isinstance(one, kind) for one in value):
            raise SettingsError(
                f"{settings.path}: {where} must be {wanted}, or a list of them, not {_shown(value)}."
            )
    elif not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise SettingsError(f"{settings.path}: {where} must be {wanted}, not {_shown(value)}.")
    try:
        parameter.type_cast_value(click.Context(click.Command("")), value)
    except click.BadParameter as error:
        raise SettingsError(f"{settings.path}: {where} is not valid: {error.message}") from None
    return value


def _kind(parameter: click.Parameter) -> tuple[type | tuple[type, ...], str]:
    """The type that a value of the file must have."""
    if isinstance(parameter, click.Option) and parameter.is_flag:
        return bool, "true or false"
    if isinstance(parameter.type, click.types.IntParamType):
        return int, "a whole number"
    if isinstance(parameter.type, click.types.FloatParamType):
        return (int, float), "a number"
    return str, "a text in quotes"


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)


def _unknown(settings: UserSettings, what: str, kind: str, known: list[str]) -> SettingsError:
    near = get_close_matches(what.split()[0].strip("'"), known, 1)
    if what == "[serve]":
        instead = "give a server's settings to `roomchat serve --config`."
    else:
        instead = f"did you mean {near[0]}?" if near else f"the choices are {', '.join(known)}."
    return SettingsError(f"{settings.path}: {what} is not {kind}; {instead}")
