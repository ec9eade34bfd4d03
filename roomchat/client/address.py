"""Where a server is."""

from __future__ import annotations

from typing import NamedTuple

from roomchat.settings import Settings


class Address(NamedTuple):
    """A host, by name or number, and a port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_address(text: str) -> Address:
    """``HOST``, ``HOST:PORT``, ``[IPV6]:PORT`` or a bare IPv6 address; the default port where none is named.

    Raises:
        ValueError: with a sentence.
    """
    host, colon, port = text.rpartition(":")
    if not colon or (host.count(":") and not host.startswith("[")) or host.startswith("[") != host.endswith("]"):
        host, port = text, str(Settings.port)
    host = host.removeprefix("[").removesuffix("]")
    if not host:
        raise ValueError(f"{text!r} does not name a host; write HOST or HOST:PORT.")
    if not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        raise ValueError(f"{port!r} is not a port; a port is a number from 1 to 65535.")
    return Address(host, int(port))
