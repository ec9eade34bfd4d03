"""From where a connection comes, and by what names this machine is reached."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from contextlib import closing
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

# Addresses for documentation: nothing is sent there, the system only says from where it would be.
_SOMEWHERE = [(socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")]


def is_local(address: str) -> bool:
    """Whether that is this machine itself: the loopback, or no address of a network at all."""
    try:
        return plain(address).is_loopback
    except ValueError:
        return True


def is_in(address: str, networks: Sequence[IPv4Network | IPv6Network]) -> bool:
    """Whether it is in one of these networks."""
    if not networks:
        return False
    try:
        found = plain(address)
    except ValueError:
        return False
    return any(found in network for network in networks)


def plain(address: str) -> IPv4Address | IPv6Address:
    """An address, of IPv4 also where a socket of IPv6 shows it in its own form.

    Raises:
        ValueError: it is none.
    """
    found = ip_address(address)
    return (isinstance(found, IPv6Address) and found.ipv4_mapped) or found


def names_of_host(host: str) -> list[str]:
    """The names and addresses by which this machine may be reached, as far as it knows without asking others.

    Args:
        host: that the server listens on.
    """
    names = ["localhost", "127.0.0.1", "::1", host, socket.gethostname(), *addresses_of_host()]
    return [name for name in dict.fromkeys(names) if name.isascii() and name not in {"0.0.0.0", "::"}]


def addresses_of_host() -> list[str]:
    """The addresses from which this machine would talk to others: at most one of IPv4, then one of IPv6."""
    found = []
    for family, address in _SOMEWHERE:
        try:
            with closing(socket.socket(family, socket.SOCK_DGRAM)) as sock:
                sock.connect((address, 9))
                found.append(str(sock.getsockname()[0]))
        except OSError:  # no way out
            continue
    return found
