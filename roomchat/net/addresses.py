"""From where a connection comes."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address


def is_local(address: str) -> bool:
    """Whether that is this machine itself: the loopback, or no address of a network at all."""
    try:
        return plain(address).is_loopback
    except ValueError:
        return True


def plain(address: str) -> IPv4Address | IPv6Address:
    """An address, of IPv4 also where a socket of IPv6 shows it in its own form.

    Raises:
        ValueError: it is none.
    """
    found = ip_address(address)
    return (isinstance(found, IPv6Address) and found.ipv4_mapped) or found
