"""When two spellings are one: of a name, of a room that was typed, and of a server's address."""

from __future__ import annotations

import ipaddress
import socket
import unicodedata
from collections.abc import Iterable
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


def room_name(text: str) -> str:
    """The room that is meant by what somebody typed, in the chat or on a command line: ``#tea`` is tea, as on IRC.

    Its case and width are the server's concern; ``same_room`` compares as it does. A room whose name really begins
    with a # (programs can make one) is typed with another before it.
    """
    return text[1:] if text.startswith("#") and len(text) > 1 else text


def room_names(text: str) -> list[str]:
    """The rooms that are meant by a list: commas stand between them, as on IRC. No room is named twice.

    A name may have a comma in it for the server, but people write lists so. What has no room in it is itself: the
    server says what is wrong with it.
    """
    names = [room_name(name.strip()) for name in text.split(",") if name.strip()]
    return list({compared(name): name for name in names}.values()) or [text]


def same_room(name: str, rooms: Iterable[str]) -> str | None:
    """The one of these rooms that the server would take for that name; None: none of them."""
    wanted = compared(name)
    return next((room for room in rooms if compared(room) == wanted), None)


def _narrow(character: str) -> str:
    kind = unicodedata.decomposition(character)
    return unicodedata.normalize("NFKC", character) if kind.startswith(("<wide>", "<narrow>")) else character


def spellings(address: Address) -> list[Address]:
    """An address as its state is kept under, then as it may have been kept by an earlier version."""
    host = _host(address.host)
    hosts = _LOCAL if host == "localhost" else (host,)
    return list(dict.fromkeys(Address(one, address.port) for one in (*hosts, address.host)))


def is_loopback(host: str) -> bool:
    """Whether it is this machine, by whatever spelling."""
    return _host(host) == "localhost"


def is_encrypted(address: Address) -> bool:
    """Whether a server is talked to with TLS of which nothing is known: as the address says, or unless it is this
    machine."""
    return not is_loopback(address.host) if address.tls is None else address.tls


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
