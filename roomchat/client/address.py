"""Where a server is."""

from __future__ import annotations

import socket
from typing import NamedTuple

from roomchat.settings import Settings

LONGEST_PORT = 5  # digits
# Whether it is encrypted, whether in a WebSocket, and the port where none is named. The last two are how a browser
# writes it: a proxy may be there.
SCHEMES = {
    "tls://": (True, False, Settings.port),
    "tcp://": (False, False, Settings.port),
    "wss://": (True, True, 443),
    "ws://": (False, True, 80),
    "https://": (True, True, 443),
    "http://": (False, True, 80),
}
_WAYS = {(tls, websocket): scheme for scheme, (tls, websocket, _) in reversed(SCHEMES.items())}  # the first counts
NOT_IN_NAMES = set(" :/@[]")  # of hosts; who writes one of them means a URL, or an address with a mistake in it


class Address(NamedTuple):
    """A host, by name or number, and a port."""

    host: str
    port: int
    tls: bool | None = None  # whether it is to be encrypted; None: nobody has said so
    websocket: bool = False  # whether it is reached as browsers reach it; then it is said whether encrypted

    def __str__(self) -> str:
        if self.tls is None:
            return self.where
        return f"{_WAYS[self.tls, self.websocket]}{self.where}"

    @property
    def where(self) -> str:
        """``HOST:PORT``."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_address(text: str) -> Address:
    """``HOST``, ``HOST:PORT``, ``[IPV6]:PORT`` or a bare IPv6 address; the default port where none is named.
    Before it may stand ``tls://``, to be encrypted in any case, or ``tcp://``, not to be; ``https://`` or ``wss://``,
    ``http://`` or ``ws://``: likewise, in a WebSocket, and their ports are those of the web.

    Spaces around it are passed over.

    Raises:
        ValueError: with a sentence.
    """
    address = text.strip()
    tls, websocket, default = None, False, Settings.port
    for scheme, meaning in SCHEMES.items():
        if address.lower().startswith(scheme):
            tls, websocket, default = meaning
            address = address[len(scheme) :].removesuffix("/")
            break
    if is_ipv6(address) or ":" not in address or address.endswith("]"):
        return Address(parse_host(address), default, tls, websocket)
    host, _, port = address.rpartition(":")
    if not host:
        raise ValueError(f"{text!r} does not name a host; write HOST or HOST:PORT.")
    if not (port.isascii() and port.isdigit() and len(port) <= LONGEST_PORT and 0 < int(port) < 65536):
        raise ValueError(f"{port!r} is not a port; a port is a number from 1 to 65535.")
    return Address(parse_host(host), int(port), tls, websocket)


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
