"""When two spellings are one: of a name, and of a server's address."""

from __future__ import annotations

import ipaddress
import socket
import unicodedata
from functools import lru_cache

from roomchat.client.address import Address

_LOCAL = ("localhost", "127.0.0.1", "::1")


@lru_cache(maxsize=1024)
def compared(name: str) -> str:
    """A name of a person or of a room as the server compares it: by case and width.

    Source: RFC 8265, UsernameCaseMapped.
    """
    wide = "".join(map(_narrow, unicodedata.normalize("NFC", name)))
    return unicodedata.normalize("NFC", wide.lower())


def _narrow(character: str) -> str:
    kind = unicodedata.decomposition(character)
    return unicodedata.normalize("NFKC", character) if kind.startswith(("<wide>", "<narrow>")) else character


def spellings(address: Address) -> list[Address]:
    """An address as its state is kept under, then as it may have been kept by an earlier version."""
    host = _host(address.host)
    hosts = _LOCAL if host == "localhost" else (host,)
    return list(dict.fromkeys(Address(one, address.port) for one in (*hosts, address.host)))


def _host(host: str) -> str:
    """One spelling for all of a host; all of this machine's own are ``localhost``."""
    host = host.lower().removesuffix(".") or host
    try:
        number = ipaddress.ip_address(host)
    except ValueError:
        try:
            number = ipaddress.ip_address(socket.inet_aton(host))  # 127.1, say
        except (OSError, UnicodeError):
            return host
    return "localhost" if number.is_loopback else str(number)
