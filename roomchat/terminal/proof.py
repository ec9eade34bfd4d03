"""How a person proves to be somebody, beside a saved session."""

from __future__ import annotations

from dataclasses import dataclass

from roomchat.errors import BadPassword, NameOwned, SessionEnded, WrongPassword

# Refusals that a password may mend.
ASK_PASSWORD = {BadPassword.code, NameOwned.code, SessionEnded.code, WrongPassword.code}


@dataclass(frozen=True, repr=False)
class Proof:
    """A password, for an account that is there or is to be made. Nothing of it is written down.

    Attributes:
        typed: somebody has typed it just now, and may do so once more.
    """

    password: str | None = None
    register: bool = False
    invite: str | None = None
    typed: bool = False
