"""What names look like: two that people may take for one another have a look in common.

A look is a skeleton of UTS 39, in which each character is replaced by the one that it looks like. Case counts and
does not: "aIice" with a capital I is no "alice", and looks like one, but nobody sees an I in "alice". So a name
has two looks, of its letters as they are shown, and of the small ones. Often they are the same.

The table is made from Unicode's own, by a script: the packages that have it are years old or load a megabyte.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from roomchat.chat.confusables import CONFUSABLES
from roomchat.chat.names import normal
from roomchat.errors import BadName


def skeleton(text: str) -> str:
    """Source: UTS 39, section 4, without the reordering of right-to-left text: names have one direction."""
    return _apart(_apart(text).translate(_table()))


@lru_cache(maxsize=8192)  # as many as names.normal keeps
def looks(shown: str, key: str) -> tuple[str, ...]:
    """The looks of a name, one or two. No two names of accounts have one in common.

    Args:
        shown: the name as it is shown.
        key: as it is compared.
    """
    return tuple(dict.fromkeys((skeleton(skeleton(shown).lower()), skeleton(key))))


def collisions(names: Iterable[tuple[int, str]], max_name: int) -> list[tuple[int, ...]]:
    """Groups of UIDs whose names look alike: from the time when such names could be had.

    Args:
        names: (UID, name) of all that are known.
        max_name: characters that a name may have now.
    """
    groups: dict[str, list[int]] = {}
    for uid, name in names:
        try:
            shown, key = normal(name, max_name, "name")
        except BadName:
            continue  # it can't be had any more
        for look in looks(shown, key):
            groups.setdefault(look, []).append(uid)
    return list(dict.fromkeys(tuple(uids) for uids in groups.values() if len(uids) > 1))


def _apart(text: str) -> str:
    return unicodedata.normalize("NFD", text)


@lru_cache(maxsize=1)
def _table() -> dict[int, str]:
    """Read when the first name is looked at: 1 ms."""
    table: dict[int, str] = {}
    for word in CONFUSABLES.split():
        like, _, characters = word.partition(":")
        text = "".join(chr(int(code, 16)) for code in like.split("+"))
        table.update((int(code, 16), text) for code in characters.split(","))
    return table
