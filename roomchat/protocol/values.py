"""What commands and events are made of: bounds, kinds, and the names of rooms of two."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from msgspec import Meta

VERSION = 1  # of the protocol; `hello` names it
FEATURES: tuple[str, ...] = (
    "action",
    "private_rooms",
    "read",
    "delete",
    "block",
)  # known beyond that, by the names in docs/protocol.md

ACTION = "/me "  # a message that begins so is an action in words of before; docs/protocol.md, "action"
PAGE = 100  # entries in a list; whoever wants more asks for the next page

# 2**53 - 1: the largest integer that every JSON reader keeps exact (RFC 8259, section 6).
Uid = Annotated[int, Meta(ge=1, le=2**53 - 1)]
Seq = Annotated[int, Meta(ge=0, le=2**53 - 1)]
Count = Annotated[int, Meta(ge=0, le=2**53 - 1)]
# Far more, and longer ones, than there will be; a later client says hello to this server as well.
Features = Annotated[list[Annotated[str, Meta(max_length=64)]], Meta(max_length=100)]
# Long enough for a UUID; short, because it is sent back with every reply.
Id = Annotated[str, Meta(max_length=64)] | Annotated[int, Meta(ge=-(2**53) + 1, le=2**53 - 1)] | None
# Longer ones than anybody types; a server hashes all of it.
Password = Annotated[str, Meta(max_length=1024)]
Invite = Annotated[str, Meta(max_length=64)]
NewToken = Annotated[str, Meta(min_length=24, max_length=64)]  # a token that a client has made
Kind = Literal["message", "action"]  # of what is said; see SPOKEN
Role = Literal["owner", "moderator"]  # in a room; whoever else is in it has none
Topic = Annotated[str, Meta(max_length=400)]  # what a room is about
Reason = Annotated[str, Meta(max_length=200)]  # why somebody is put out of a room
Uses = Annotated[int, Meta(ge=1, le=1000)]  # of an invitation
Duration = Annotated[int, Meta(ge=1, le=10 * 366 * 86400)]  # seconds, ten years at the most


def tag(name: str) -> str:
    """``Say`` is ``{"type": "say"}``, ``MemberLeft`` is ``member_left``."""
    return re.sub(r"\B(?=[A-Z])", "_", name).lower()


# ---------------------------------------------------------------- rooms of two

PAIR = "@"  # begins the name of a room of two, so nobody can make or join one by its name
_PAIR = re.compile(r"@([0-9]{1,16})-([0-9]{1,16})")


def is_pair(room: str) -> bool:
    """Whether a room is one of two who whisper, by its name or key."""
    return room.startswith(PAIR)


def pair_room(one: int, other: int) -> str:
    """The room of two in which these UIDs whisper: ``@3-7``, the lower one first."""
    return f"{PAIR}{min(one, other)}-{max(one, other)}"


def pair_of(room: str) -> tuple[int, int] | None:
    """The UIDs of the two that a room belongs to; None for any other room."""
    match = _PAIR.fullmatch(room)
    return None if match is None else (int(match[1]), int(match[2]))


def other_of(room: str, uid: int) -> int:
    """The UID of the other one in a room of two; ``uid`` itself where there is none."""
    return next((one for one in pair_of(room) or () if one != uid), uid)


# ---------------------------------------------------------------- private rooms

_LIKE_PRIVATE = re.compile(r"\+\d+/")
_PRIVATE = re.compile(r"\+([1-9][0-9]{0,15})/(.*)", re.DOTALL)


def like_private(room: str) -> bool:
    """Whether people may take that name for a private room's, also if it is none's: ``+07/plans``, or digits of
    another script."""
    return _LIKE_PRIVATE.match(room) is not None


def private_room(founder: int, name: str) -> str:
    """The name of the private room that a client makes: ``+7/plans``, so that it is in nobody's way."""
    return f"+{founder}/{name}"


def private_of(room: str) -> tuple[int, str] | None:
    """Whose private room that is by its name, and how they have named it; None for any other name."""
    match = _PRIVATE.fullmatch(room)
    return None if match is None else (int(match[1]), match[2])
