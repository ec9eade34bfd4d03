"""The PROXY protocol: where a connection really comes from, as a load balancer in front of the server says it.

Source: the specification of HAProxy, "The PROXY protocol", versions 1 and 2 (sections 2.1 and 2.2).
"""

from __future__ import annotations

from ipaddress import ip_address

from msgspec import Struct

SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"  # of version 2
FIRST = b"PROXY "  # of version 1
MAX_LINE = 107  # bytes of version 1, with its end
FIXED = 16  # bytes of version 2 before the addresses
MAX_REST = 4096  # bytes of version 2 behind them; the specification says that 536 always do
_SIZES = {1: 4, 2: 16}  # bytes of an address, by its family: IPv4, IPv6


class Header(Struct):
    """A whole header."""

    address: str | None  # of who connects; None: the load balancer itself, or it does not know
    size: int  # bytes of the header


def read_header(data: bytes) -> Header | None:
    """The header that these bytes begin with; None: its end has not come.

    Raises:
        ValueError: they do not begin with one.
    """
    if data[: len(SIGNATURE)] == SIGNATURE[: len(data)]:
        return _second(data)
    if data[: len(FIRST)] == FIRST[: len(data)]:
        return _first(data)
    raise ValueError("there is no PROXY header")


def _first(data: bytes) -> Header | None:
    line, end, _ = data[:MAX_LINE].partition(b"\r\n")
    if not end:
        if len(data) >= MAX_LINE:
            raise ValueError("the line does not end")
        return None
    size = len(line) + len(end)
    match line.decode("ascii", "replace").split(" "):
        case ["PROXY", "UNKNOWN", *_]:
            return Header(None, size)
        case ["PROXY", "TCP4" | "TCP6" as family, source, _, port, _] if port.isdigit():
            address = ip_address(source)
            if address.version == int(family[-1]) and "%" not in source:  # behind it anything could stand
                return Header(str(address), size)
    raise ValueError("the line is not as it should be")


def _second(data: bytes) -> Header | None:
    if len(data) < FIXED:
        return None
    version, command = data[12] >> 4, data[12] & 15
    family, protocol = data[13] >> 4, data[13] & 15
    length = int.from_bytes(data[14:FIXED])
    if version != 2 or command > 1 or length > MAX_REST:
        raise ValueError("version 2 is not as it should be")
    if len(data) < FIXED + length:
        return None
    size = _SIZES.get(family)
    if command == 0 or protocol != 1 or size is None:  # LOCAL, no TCP, or no address of a network
        return Header(None, FIXED + length)
    if length < 2 * size + 4:
        raise ValueError("the addresses are cut off")
    return Header(str(ip_address(data[FIXED : FIXED + size])), FIXED + length)
