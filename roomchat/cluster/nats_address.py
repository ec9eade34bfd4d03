"""Where the NATS servers are, and how one logs in to them."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from roomchat.errors import StreamRefused

PORT = 4222
_SEED, _USER = 18 << 3, 20 << 3  # what a seed and a user's public key begin with: an S and a U in base 32
_HOST = re.compile(rb"[!-~]+").fullmatch


@dataclass(frozen=True)
class Address:
    """One server."""

    host: str
    port: int
    is_tls: bool  # nothing is said in clear, also when the server would take it
    name: str = ""  # in its certificate, if that is not the host

    @property
    def certified(self) -> str:
        """What its certificate must name."""
        return self.name or self.host

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'tls' if self.is_tls else 'nats'}://{host}:{self.port}"


@dataclass(frozen=True)
class Login:
    """How we prove who we are: one of these, or nothing where the servers take everybody."""

    user: str = ""
    password: str = ""
    token: str = ""
    seed: str = ""  # of an NKEY: SU...; its public half is what the servers know

    def __repr__(self) -> str:
        return "Login(...)"  # never into a log

    def options(self, nonce: str) -> dict[str, str]:
        """What ``CONNECT`` says of it. ``nonce``: the server's, to be signed.

        Raises:
            StreamRefused: the seed can't be one, or the server asks for no signature.
        """
        if self.seed:
            if not nonce:
                raise StreamRefused("The NATS server asks for no NKEY; log in as it is set up.")
            return signed(self.seed, nonce)
        if self.token:
            return {"auth_token": self.token}
        return {"user": self.user, "pass": self.password} if self.user else {}


def parse(text: str) -> tuple[tuple[Address, ...], Login]:
    """``nats://HOST:PORT,...`` or ``tls://...``; before a HOST may stand USER:PASSWORD@ or TOKEN@, the first
    is for all. One without ``nats://`` or ``tls://`` has that of the one before it.

    Raises:
        StreamRefused: it can't be read.
    """
    addresses: list[Address] = []
    login, scheme = Login(), "nats"
    for part in text.split(","):
        whole = part.strip() if "://" in part else f"{scheme}://{part.strip()}"
        try:
            url = urlsplit(whole)
            host, port = url.hostname or "", url.port or PORT
            is_host = _HOST(host.encode("idna"))
        except ValueError:
            is_host = None
        if not is_host or url.scheme not in ("nats", "tls") or url.path.strip("/") or url.query or url.fragment:
            # Not shown where a password may be in it.
            shown = f"{part.strip()!r}" if "@" not in text else f"Number {len(addresses) + 1} of the addresses"
            raise StreamRefused(f"{shown} is no address of a NATS server; it looks like nats://HOST:{PORT}.")
        scheme = url.scheme
        addresses.append(Address(host, port, url.scheme == "tls"))
        if url.username and login == Login():
            user = unquote(url.username)
            login = Login(user=user, password=unquote(url.password)) if url.password else Login(token=user)
    return tuple(addresses), login


def signed(seed: str, nonce: str) -> dict[str, str]:
    """The public half of an NKEY, and the nonce signed by the other.

    Raises:
        StreamRefused: the seed can't be one.
    Source: https://docs.nats.io/reference/protocols/nkeys: Ed25519 (RFC 8032), base 32 with a CRC-16.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # 0.1 s, for who needs it

    try:
        raw = base64.b32decode(seed.strip() + "=" * (-len(seed.strip()) % 8))
        prefix, key, check = raw[:2], raw[2:34], raw[34:]
        if len(check) != 2 or binascii.crc_hqx(raw[:34], 0) != int.from_bytes(check, "little"):
            raise ValueError
        if prefix[0] & 0xF8 != _SEED or (prefix[0] & 7) << 5 | prefix[1] >> 3 != _USER:
            raise ValueError
    except (ValueError, IndexError):
        raise StreamRefused("This is no seed of an NKEY of a user; it begins with SU.") from None
    private = Ed25519PrivateKey.from_private_bytes(key)
    public = bytes([_USER]) + private.public_key().public_bytes_raw()
    public += binascii.crc_hqx(public, 0).to_bytes(2, "little")
    signature = base64.urlsafe_b64encode(private.sign(nonce.encode())).rstrip(b"=")
    return {"nkey": base64.b32encode(public).rstrip(b"=").decode(), "sig": signature.decode()}
