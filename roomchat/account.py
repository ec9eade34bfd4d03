"""What the chat, the log and the net tell each other of accounts: values without a password."""

from __future__ import annotations

from msgspec import Struct


class Account(Struct, frozen=True, gc=False):
    """What makes a client an account, so far as the hub needs it."""

    changed: int  # how often it got a password: what was checked by an older one is void
    next_device: int  # the number of its next session: no two ever have the same


class Invite(Struct, frozen=True, gc=False):
    """Leave to register. It is known by the SHA-256 of its token."""

    uses: int  # that are left
    ends: int  # milliseconds since 1970
