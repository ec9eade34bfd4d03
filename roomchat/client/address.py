"""Where a server is."""

from __future__ import annotations

import socket
from typing import NamedTuple

from roomchat.settings import Settings

LONGEST_PORT = 5  # digits
SCHEMES = {"tls://": True, "tcp://": False}
NOT_IN_NAMES = set(" :/@[]")  # of hosts; who writes one of them means a URL, or an address with a mistake in it


class Address(NamedTuple):
    """A host, by name or number, and a port."""

    host: str
    port: int
    tls: bool | None = None  # whether it is to be encrypted; None: nobody has said so

    def __str__(self) -> str:
        where = f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"
        return where if self.tls is None else f"{'tls' if self.tls else 'tcp'}://{where}"


def parse_address(text: str) -> Address:
    """``HOST``, ``HOST:PORT``, ``[IPV6]:PORT`` or a bare IPv6 address; the default port where none is named.
    Before it may stand ``tls://``, to be encrypted in any case, or ``tcp://``, not to be.

    Spaces around it are passed over.

    Raises:
        ValueError: with a sentence.
    """
    for scheme, tls in SCHEMES.items():
        if text.strip().lower().startswith(scheme):
            return parse_address(text.strip()[len(scheme) :].removesuffix("/"))._replace(tls=tls)
    address = text.strip()
    if is_ipv6(address) or ":" not in address or address.endswith("]"):
        return Address(parse_host(address), Settings.port)
    host, _, port = address.rpartition(":")
    if not host:
        raise ValueError(f"{text!r} does not name a host; write HOST or HOST:PORT.")
    if not (port.isascii() and port.isdigit() and len(port) <= LONGEST_PORT and 0 < int(port) < 65536):
        raise ValueError(f"{port!r} is not a port; a port is a number from 1 to 65535.")
    return Address(parse_host(host), int(port))


def parse_host(text: str) -> str:
    """A host by name or number, without a port; an IPv6 address may stand in brackets.

    Raises:
        ValueError: with a sentence.
    """
    host = text.strip()
    if host.startswith("[") and host.endswith("]") and is_ipv6(host[1:-1]):
        return host[1:-1]
    if not host:
        raise ValueError(f"{text!r} does not name a host; write HOST or HOST:PORT.")
    if not is_ipv6(host) and (not host.isprintable() or set(host) & NOT_IN_NAMES):
        raise ValueError(f"{text!r} can't be a host; write a name such as localhost, or an IP address.")
    return host


def is_ipv6(text: str) -> bool:
    """Whether it is an IPv6 address without brackets; behind a % it may name a network interface."""
    try:
        socket.inet_pton(socket.AF_INET6, text.partition("%")[0])
    except (OSError, ValueError):  # ValueError: there is a NUL in it, or it is not ASCII
        return False
    return True
