"""What is laid down for a room: who has a role in it, who is kept out, what it is about.

All of these are values that never change. A deed puts another one in the place of the room's, so that it can be
taken back with the batch, and the store keeps it as a whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from msgspec import Struct

from roomchat.protocol import Role

MAX_LISTED = 1000  # in each list of a room: bounds its row in the store, which each deed writes anew


class Restraint(Struct, frozen=True, omit_defaults=True):
    """Somebody is banned, or muted."""

    name: str  # what they were called then
    until: int | None = None  # milliseconds since 1970; None: for good
    reason: str = ""
    address: str | None = None  # of a guest, if all that come from there are meant

    def stands(self, time: int) -> bool:
        """Whether it is not over yet. ``time``: milliseconds since 1970."""
        return self.until is None or time < self.until


class Rules(Struct, frozen=True, omit_defaults=True):
    """Of one room. People are UIDs; the order in the lists is that in which they came into them."""

    owner: int | None = None
    owner_name: str = ""  # what they were called then
    topic: str = ""
    moderators: dict[int, str] = {}  # to what they were called then
    bans: dict[int, Restraint] = {}
    mutes: dict[int, Restraint] = {}
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
