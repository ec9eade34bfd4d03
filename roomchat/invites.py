"""An invite to a server, as it is handed around: one word, which also says by what key the server is known."""

from __future__ import annotations

import base64
import binascii
import secrets

from roomchat.key_fingerprint import read_fingerprint

TOKEN = 16  # random bytes
FINGERPRINT = 32  # bytes, of SHA-256


def new_token() -> str:
    """What proves an invite."""
    return _word(secrets.token_bytes(TOKEN))


def invite_code(token: str, fingerprint: str | None) -> str:
    """What is handed around.

    Args:
        token: from ``new_token``.
        fingerprint: of the server's key; None: an authority vouches for it.
    """
    key = b"" if fingerprint is None else bytes.fromhex(read_fingerprint(fingerprint).replace("-", ""))
    return _word(_bytes(token) + key)


def invite_line(address: str, token: str, fingerprint: str | None) -> str:
    """What a newcomer pastes."""
    return f"roomchat join {address} --invite {invite_code(token, fingerprint)}"


def invite_link(url: str, token: str) -> str:
    """What a newcomer opens in a browser, which sends nothing of what is behind the ``#``. No fingerprint stands
    there: a browser has its own way to know a server.

    Args:
        url: of the server, without a path.
    """
    return f"{url}/#invite={token}"


def read_invite(code: str) -> tuple[str, str | None]:
    """The token of an invite, and the fingerprint in it, if it has one.

    Raises:
        ValueError: with a sentence.
    """
    wrong = ValueError("This is not an invite; check that it was copied whole.")
    try:
        data = _bytes(code.strip())
    except (binascii.Error, ValueError):
        raise wrong from None
    if len(data) not in {TOKEN, TOKEN + FINGERPRINT}:
        raise wrong
    key = data[TOKEN:]
    return _word(data[:TOKEN]), read_fingerprint(key.hex()) if key else None


def _word(data: bytes) -> str:
    """Letters and digits that are not easily taken for one another; none of them begins an option."""
    return base64.b32encode(data).decode().rstrip("=").lower()


def _bytes(word: str) -> bytes:
    return base64.b32decode(word.upper() + "=" * (-len(word) % 8))
