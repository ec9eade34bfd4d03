"""What is kept of passwords: argon2id, as RFC 9106 recommends it."""

from __future__ import annotations

import secrets

from argon2 import PasswordHasher, profiles
from argon2.exceptions import InvalidHashError, VerificationError
from precis_i18n import get_profile

from roomchat.errors import BadPassword

COSTS = {
    "recommended": profiles.RFC_9106_LOW_MEMORY,  # its second choice: 64 MiB; the first needs 2 GiB
    "cheapest": profiles.CHEAPEST,  # for tests
}

_forms = get_profile("OpaqueString")


def prepared(password: str) -> str:
    """A password in the one form that it has, however it was typed.

    Raises:
        BadPassword: it is none.
    Source: RFC 8265, OpaqueString.
    """
    try:
        return str(_forms.enforce(password))
    except UnicodeEncodeError as error:  # which holds the password
        why = "it is empty" if error.reason.endswith("empty") else "it has a control character in it"
        raise BadPassword(why=why) from None


class Hasher:
    """Any thread may call it; each call takes as long, and as much memory, as its cost says."""

    def __init__(self, cost: str) -> None:
        """``cost``: one of ``COSTS``."""
        self._hasher = PasswordHasher.from_parameters(COSTS[cost])
        # Nobody knows it. It is compared with where there is no account, so that this takes as long.
        self._nobodys = self.hash(secrets.token_urlsafe())

    def hash(self, password: str) -> str:
        """What is kept of a password. Raises BadPassword."""
        return self._hasher.hash(prepared(password))

    def is_right(self, password_hash: str | None, password: str) -> bool:
        """Whether it is that password; None: there is no such account, and it is not."""
        try:
            right = self._hasher.verify(password_hash or self._nobodys, prepared(password))
        except (VerificationError, InvalidHashError, BadPassword):
            return False
        return right and password_hash is not None

    def is_outdated(self, password_hash: str) -> bool:
        """Whether it was made at another cost."""
        return self._hasher.check_needs_rehash(password_hash)
