"""Who speaks, where text becomes lines: a name that nobody can take for anything else, and each line behind it."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from roomchat.harmless import harmless

RESERVED = frozenset({"server"})  # what some dialects call the server itself; compared in lower case


def name_fault(name: str) -> str | None:
    """Why a name could be taken for something else, to end a sentence; None: it can't.

    "7" is a UID, "@ann" a way to write "ann", "/quit" a command, and "ann:" the beginning of a line of ann's.
    """
    if not any(unicodedata.category(character)[0] == "L" for character in name):
        return "it has no letter in it, so it could be taken for a UID or a sign"
    if not (name[0].isalnum() or name[0] == "_"):
        return f"it begins with {name[0]}; a name begins with a letter or a digit"
    if name[-1] in ":,":
        return f"it ends with {name[-1]}, as if something were said to its owner"
    if name.lower() in RESERVED:
        return "it is kept for the server itself"
    return None


@lru_cache(maxsize=1024)
def speaker(uid: int, name: str) -> str:
    """A name as it stands before what was said. A log may have names that nobody can have now: with the UID."""
    return name if name_fault(name) is None else f"{name} ({uid})"


def behind(uid: int, name: str, text: str) -> str:
    """A text for a client that prints it behind the name: further lines are behind it, too, so that nobody can
    make up what others seem to say."""
    return f"\n{speaker(uid, name)}: ".join(map(harmless, text.split("\n")))
