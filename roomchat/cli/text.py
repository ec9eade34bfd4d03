"""Texts from the command line, the environment and the settings file: only what can be sent. And whole numbers."""

from __future__ import annotations

from typing import Any

import click

from roomchat.harmless import harmless

# Texts that may have any bytes in them: what is said gets a replacement character for what is not UTF-8.
ANY_BYTES = {"text", "motd"}


class Text(click.types.StringParamType):
    """As click's own, but without the surrogates that Python puts in the place of bytes that are not UTF-8."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = str(value)
        try:
            text.encode()
        except UnicodeEncodeError:
            what = (param.human_readable_name if param is not None else "it").lower()
            shown = harmless(text.encode(errors="surrogateescape").decode(errors="replace"))
            raise click.ClickException(f"{shown!r} can't be the {what}: it is not UTF-8.") from None
        return text


def refuse_other_bytes(command: click.Command) -> click.Command:
    """Make all texts that a command takes ``Text``. Paths are not: files may have any name."""
    for parameter in command.params:
        if type(parameter.type) is click.types.StringParamType and parameter.name not in ANY_BYTES:
            parameter.type = Text()
    return command


class Whole(click.IntRange):
    """A whole number, with its bounds; what is none is told so, and not that it is no "integer range"."""

    name = "integer"
