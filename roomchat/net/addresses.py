"""From where a connection comes."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address


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
