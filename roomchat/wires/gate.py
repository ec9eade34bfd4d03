"""Which requests are answered, by how they come, whom they ask for, and whose page makes them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import ip_address

from msgspec import Struct

from roomchat.errors import TlsRequired
from roomchat.settings import Settings
from roomchat.wires.forwarded import Asker

# RFC 3986, section 3.2.2, without what no browser sends; and a port.
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~-]+)(?::(\d{1,5}))?")
_ORIGIN = re.compile(r"(https?)://(.+)", re.IGNORECASE)
_PORTS = {"http": 80, "https": 443}


class Refusal(Struct, frozen=True):
    """An answer in a sentence, to be put into its form by the site."""

    status: int
    sentence: str
    headers: tuple[tuple[str, str], ...] = ()


class Place(Struct, frozen=True):
    """Scheme, host and port of a page: what RFC 6454 calls an origin."""

    scheme: str
    host: str  # in small letters
    port: int

    @classmethod
    def of(cls, scheme: str, host: str) -> Place:
        """From what stands in ``Host``.

        Raises:
            ValueError: it is no host.
        """
        found = _HOST.fullmatch(host)
        if found is None or int(found[2] or 0) > 65535:
            raise ValueError(f"{host[:80]!r} is no host")
        return cls(scheme, found[1].lower().rstrip("."), int(found[2] or _PORTS[scheme]))

    @classmethod
    def of_origin(cls, origin: str) -> Place:
        """From what stands in ``Origin``, and behind ``--origin``.

        Raises:
            ValueError: it is none of a page on the web.
        """
        found = _ORIGIN.fullmatch(origin)
        if found is None:
            raise ValueError(f"{origin[:80]!r} is not like https://chat.example.org")
        return cls.of(found[1].lower(), found[2])

    @property
    def cannot_be_pretended(self) -> bool:
        """Whether no name server decides where it is: else another's page could have it point here."""
        host = self.host.strip("[]")
        try:
            ip_address(host)
        except ValueError:
            return host == "localhost" or host.endswith(".localhost")
        return True


class Gate:
    """One for the whole server; it remembers nothing."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._origins = frozenset(map(Place.of_origin, settings.origin))
        self._names = frozenset(place.host for place in self._origins)

    def refusal(self, asker: Asker, host: str | None, path: str, *, upgrade: bool) -> Refusal | None:
        """The answer to a request that must not come so; None: it may be answered.

        Args:
            host: for which it is; None: that is not said, as no browser does it.
            path: with its query.
            upgrade: whether it asks for a WebSocket.
        """
        clear = not asker.secure
        try:
            place = None if host is None else Place.of("http" if clear else "https", host)
        except ValueError:
            return Refusal(400, "This is no host.")
        if clear and not self._settings.takes_clear(asker.local):
            if upgrade or place is None:
                return Refusal(403, str(TlsRequired()))
            there = f"https://{host}{path}"
            return Refusal(307, f"Come encrypted: {there}", (("Location", there), ("Cache-Control", "no-store")))
        if clear and place is not None and not (place.cannot_be_pretended or place.host in self._names):
            return Refusal(421, f"By that name this server is not known. Start it with: --origin http://{host}")
        return None

    def stranger(self, asker: Asker, host: str | None, headers: Mapping[str, str]) -> Refusal | None:
        """The answer to a page of others that asks for a WebSocket; None: it is ours, or no page at all."""
        origin = headers.get("origin")
        if origin is None:
            return None  # a program: it is let in as on any wire
        try:
            page = Place.of_origin(origin)
            if page in self._origins:
                return None
            if host is not None and page == Place.of("https" if asker.secure else "http", host):
                return None
        except ValueError:
            pass
        return Refusal(
            403, "This page is not one of this server. Who runs the server can let it in with --origin."
        )
