"""How a session proves who it is: by its token, or, where it has none, by the password of an account. No I/O."""

from __future__ import annotations

import secrets
from typing import Any

from roomchat.errors import NameOwned, UnknownToken


class Login:
    """What goes into a hello beside a name, and what is made of the answer. Not thread-safe."""

    def __init__(self, password: str | None = None, *, register: bool = False, invite: str | None = None) -> None:
        """Nothing of it is written down.

        Args:
            password: of the account; it is sent where there is no token, and forgotten with the welcome.
            register: whether the account is still to be made.
            invite: for that, where the server wants one.
        """
        self.over = False  # whether the session has ended for good, by its own wish
        self.is_account_gone = False  # whether it has ended with its account
        self.unheard = False  # whether a server has passed over the password: it is one of before
        self._password = password
        self._register = register
        self._invite = invite
        self._offered = secrets.token_urlsafe(24)  # of a newcomer: to be the token of the session
        self._asked = False  # a hello that registers was sent, and is not answered
        self._asked_before = False  # likewise, over a connection that was lost

    def __repr__(self) -> str:
        return "Login(...)"

    def proof(self, token: str | None, *, is_account: bool) -> dict[str, Any]:
        """The fields of the next hello.

        Args:
            token: of the session, as far as it has one.
            is_account: whose it is; a guest's is of no use to somebody who logs in.
        """
        self._asked_before, self._asked = self._asked, self._register
        if self._register and not is_account:
            fields = {"password": self._password or "", "register": True, "invite": self._invite}
            return fields | ({"token": token} if token is not None else {})
        if token is not None and (is_account or self._password is None):
            return {"token": token}
        return {"new_token": self._offered} if self._password is None else {"password": self._password}

    def has_answer(self, code: str, *, is_account: bool) -> bool:
        """Whether to a refusal of that hello there is another one that may be accepted."""
        self._asked = False
        if code == UnknownToken.code:  # a guest begins anew, an account by its password
            return not is_account or self._password is not None
        if code == NameOwned.code and self._asked_before:  # by ourselves, perhaps: the answer was lost
            self._register = self._asked_before = False
            return True
        return False

    def welcomed(self, *, is_account: bool) -> None:
        """From here on the token does."""
        self.unheard = self._password is not None and not is_account
        self._password = self._invite = None
        self._offered = secrets.token_urlsafe(24)  # no session has that of another
        self._register = self._asked = self._asked_before = False
