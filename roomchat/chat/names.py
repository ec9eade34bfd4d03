"""What may be a name, and when two names are the same.

Names of clients and rooms are identifiers by RFC 8265 (PRECIS): letters, digits and ASCII signs of any script,
no spaces, symbols or controls. They are shown as ``UsernameCasePreserved`` and compared as
``UsernameCaseMapped``, so that "Ann", "ann" and full-width "ａｎｎ" are one. Letters of different scripts that
merely look alike are not told apart by it.
"""

from __future__ import annotations

from functools import lru_cache

from precis_i18n import get_profile

from roomchat.errors import BadName
from roomchat.protocol import PAIR, is_pair, like_private, private_of, private_room
from roomchat.speaker import name_fault

_shown = get_profile("UsernameCasePreserved")
_compared = get_profile("UsernameCaseMapped")

_REASONS = {
    "spaces": "it has a space in it",
    "symbols": "it has a symbol in it",
    "controls": "it has a control character in it",
    "empty": "it is empty",
    "bidi_rule": "it mixes both reading directions",
}

MAX_PAIR = 40  # characters of the name of a room of two: two UIDs at the most


@lru_cache(maxsize=8192)  # an entry is some 300 bytes; a busy chat looks the same few names up all the time
def normal(name: str, max_name: int, what: str) -> tuple[str, str]:
    """The form of a name that is shown, and the form that is compared.

    Args:
        name: as a client sent it.
        max_name: characters it may have.
        what: "name" or "room name", for the refusal.
    Raises:
        BadName: with the reason.
    Source: RFC 8264, RFC 8265.
    """
    if len(name) > max_name:
        raise BadName(name=_cut(name, max_name), what=what, why=f"it has more than {max_name} characters")
    if name.isascii() and name.isprintable() and name and " " not in name:
        return name, name.lower()  # as the profiles have it, at a twentieth of what they take
    try:
        shown, compared = _shown.enforce(name), _compared.enforce(name)
    except UnicodeEncodeError as error:
        # One from the right, with a space, breaks another rule first; but the space is what is to be said.
        reason = "spaces" if " " in name.strip() else error.reason.rpartition("/")[2]
        why = _REASONS.get(reason, "it has a character in it that names can't have")
        raise BadName(name=name, what=what, why=why) from None
    if len(shown) > max_name:  # some letters have no composed form
        raise BadName(name=name, what=what, why=f"it has more than {max_name} characters")
    return shown, compared


def normal_person(name: str, max_name: int) -> tuple[str, str]:
    """As ``normal``, for the name of a person: one that nobody can take for anything else."""
    shown, key = normal(name, max_name, "name")
    if (why := name_fault(shown)) is not None:
        raise BadName(name=name, what="name", why=why)
    return shown, key


def normal_room(name: str, max_name: int) -> tuple[str, str]:
    """As ``normal``, for the name of a room that anyone may join."""
    shown, key = normal(name, max_name, "room name")
    if is_pair(key):  # looked for last: there is a full-width one, too
        raise BadName(name=name, what="room name", why=f"{PAIR} is kept for rooms of two")
    if like_private(key):
        raise BadName(name=name, what="room name", why="+, a number and / are kept for private rooms")
    return shown, key


def normal_private(name: str, max_name: int) -> tuple[str, str]:
    """As ``normal``, for the name of a private room, ``+7/plans``."""
    founder, own = private_of(name) or (0, name)
    shown, key = normal(own, max_name, "room name")
    return private_room(founder, shown), private_room(founder, key)


def pair_key(name: str) -> str:
    """The name of a room of two as it is compared: as it is. Raises BadName if it is too long for one."""
    if len(name) > MAX_PAIR:
        raise BadName(name=_cut(name, MAX_PAIR), what="room name", why="it is too long")
    return name


def _cut(name: str, length: int) -> str:
    """As much of a name as a refusal repeats of it."""
    return name if len(name) <= length else name[:length] + "..."
