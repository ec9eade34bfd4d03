"""Who asks, as the proxies in front of the server say it in the headers of a request.

Source: RFC 7239 for ``Forwarded``; ``X-Forwarded-For`` and ``X-Forwarded-Proto`` are what proxies send mostly.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from ipaddress import ip_address

from msgspec import Struct
from msgspec.structs import replace

_PAIR = re.compile(r'(?:^|;)\s*(for|proto)=(?:"([^"]*)"|([^";\s]*))\s*(?=;|$)', re.IGNORECASE)


class Asker(Struct, frozen=True):
    """Who asks."""

    address: str
    local: bool  # whether that is this machine
    secure: bool  # whether nobody on the way can read it
    named: bool = True  # False: a proxy does not say who it is


def asker(peer: Asker, headers: Mapping[str, str], is_proxy: Callable[[str], bool]) -> Asker:
    """Who asks through a proxy that is trusted.

    Of several proxies in a row each adds where its request came from; the nearest one's word is the last. It is
    whoever the first of them names, from behind, that is no such proxy: before it there may stand anything.
    Where ``X-Forwarded-For`` is, ``Forwarded`` is not looked at: a proxy that sends the one passes on the other.

    Args:
        peer: the proxy.
        headers: of the request, by small names.
        is_proxy: whether an address is that of a proxy that is trusted.
    """
    address, proto = None, ""
    for named, proto_there in _named(headers):
        proto = proto or proto_there
        if named is None:
            break
        address = named
        if not is_proxy(named):
            break
    if address is None:
        return replace(peer, local=False, secure=proto == "https", named=False)  # it may be anybody
    return Asker(address, peer.local and ip_address(address).is_loopback, proto == "https")


def _named(headers: Mapping[str, str]) -> Iterator[tuple[str | None, str]]:
    """Addresses and protocols, from the nearest one on; None: it is not said, or not as an address."""
    if (listed := headers.get("x-forwarded-for")) is not None or "forwarded" not in headers:
        proto = headers.get("x-forwarded-proto", "").rpartition(",")[2].strip().lower()
        for one in reversed((listed or "").split(",")):
            yield _address(one), proto
        return
    for element in reversed(headers["forwarded"].split(",")):
        pairs = {name.lower(): quoted or bare for name, quoted, bare in _PAIR.findall(element)}
        yield _address(pairs.get("for", "")), pairs.get("proto", "").lower()


def _address(text: str) -> str | None:
    """``1.2.3.4``, ``1.2.3.4:80``, ``2001:db8::1``, ``[2001:db8::1]:80``."""
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return None if "%" in text else str(getattr(found, "ipv4_mapped", None) or found)
