"""Addresses and rooms on the command line, in the environment and in settings files."""

from __future__ import annotations

from typing import IO, Any

import click

from roomchat.cli.text import Text
from roomchat.client.address import Address, parse_address, parse_host
from roomchat.client.same import room_name


class WrongValue(click.BadParameter):
    """A value that can't be, told in a sentence alone, without the usage. Exit code 2, as for any of them."""

    def format_message(self) -> str:
        """The sentence."""
        return self.message

    def show(self, file: IO[Any] | None = None) -> None:
        """Print it."""
        click.ClickException.show(self, file)


class ServerAddress(Text):
    """Where a server is: HOST or HOST:PORT. Its value is what was written, which ``parse_address`` takes."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = super().convert(value, param, ctx)
        try:
            parse_address(text)
        except ValueError as error:
            raise WrongValue(str(error)) from None
        return text


class ListenHost(Text):
    """An address to listen on, without a port. Its value has no brackets."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = super().convert(value, param, ctx)
        if not text.strip():
            raise WrongValue("--host is empty; give an address of this machine, or 0.0.0.0 to let others in.")
        try:
            return parse_host(text)
        except ValueError as error:
            where = _address(text)
            if where is None:
                raise WrongValue(str(error)) from None
            raise WrongValue(f"--host takes no port; write --host {where.host} --port {where.port}.") from None


class RoomName(Text):
    """A room, as people write it: ``#tea`` is tea."""

    name = "room"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        return room_name(super().convert(value, param, ctx))


def _address(text: str) -> Address | None:
    try:
        return parse_address(text)
    except ValueError:
        return None
