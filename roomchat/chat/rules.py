"""What is laid down for a room: who has a role in it, who is kept out, what it is about.

All of these are values that never change. A deed puts another one in the place of the room's, so that it can be
taken back with the batch, and the store keeps it as a whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from roomchat.protocol import Role

MAX_LISTED = 1000  # in each list of a room
MAX_KICKED = 200  # who was put out and has not come back: the latest
MAX_BYTES = 256 * 1024  # of a room's rules in the store: each deed writes them anew, while all wait


class Restraint(Struct, frozen=True, omit_defaults=True):
    """Somebody is banned, or muted."""

    name: str  # what they were called then
    until: int | None = None  # milliseconds since 1970; None: for good
    reason: str = ""
    address: str | None = None  # of a guest: the place (``bans``), if all that come from there are meant

    def stands(self, time: int) -> bool:
        """Whether it is not over yet. ``time``: milliseconds since 1970."""
        return self.until is None or time < self.until


class InvitedBy(Struct, frozen=True):
    """Somebody is asked into a private room, and has not come yet."""

    name: str  # of whoever is asked
    by: int
    by_name: str


class Link(Struct, frozen=True):
    """Whoever has the token may come into a private room."""

    number: int  # among those of the room, from 1
    by: int
    uses: int  # that are left
    until: int  # milliseconds since 1970

    def used(self) -> Link:
        """After one more has used it."""
        return replace(self, uses=self.uses - 1)


class Rules(Struct, frozen=True, omit_defaults=True):
    """Of one room. People are UIDs; the order in the lists is that in which they came into them."""

    owner: int | None = None
    owner_name: str = ""  # what they were called then
    topic: str = ""
    moderators: dict[int, str] = {}  # to what they were called then
    bans: dict[int, Restraint] = {}
    mutes: dict[int, Restraint] = {}
    private: bool = False  # in no list; only those who are ``invited`` come in
    invited: dict[int, InvitedBy | None] = {}  # None: has come, and may come again
    links: dict[str, Link] = {}  # by the hash of the token, in hexadecimal
    next_link: int = 1
    kicked: dict[int, str] = {}  # who was put out, and has not come back of their own accord: to the reason

    def role(self, uid: int) -> Role | None:
        """None: a member, or somebody else."""
        if uid == self.owner:
            return "owner"
        return "moderator" if uid in self.moderators else None

    def rank(self, uid: int) -> int:
        """To compare: nobody may do anything to those of their own rank, or above."""
        return 2 if uid == self.owner else int(uid in self.moderators)


T = TypeVar("T")


def with_one(listed: Mapping[int, T], uid: int, value: T) -> dict[int, T]:
    """The list with one more, as the last."""
    return {**without_one(listed, uid), uid: value}


def without_one(listed: Mapping[int, T], uid: int) -> dict[int, T]:
    """The list with one less."""
    return {one: value for one, value in listed.items() if one != uid}
