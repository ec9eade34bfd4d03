"""What people see as one character: code points that belong together. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import lru_cache

JOINER = "\u200d"
MAX_PARTS = 16  # code points; the longest emoji has ten. More are no character, but a way to fill the screen
TONES = "\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff"  # of skin


@lru_cache(maxsize=4096)
def kind_of(character: str) -> str:
    """What the rules for clusters need to know: Mark, Joiner, Letter (of a flag), Symbol, Control, or Korean."""
    if "\u1100" <= character <= "\u11ff" or "\ua960" <= character <= "\ua97c" or "\uac00" <= character <= "\ud7fb":
        return _korean(character)
    if character == JOINER:
        return "Joiner"
    if character < " ":
        return "Control"
    if character == "\u200c" or character in TONES or unicodedata.category(character)[0] == "M":
        return "Mark"
    if "\U0001f1e6" <= character <= "\U0001f1ff":
        return "Letter"
    return "Symbol" if unicodedata.category(character) in {"So", "Sm"} else ""


def _korean(character: str) -> str:
    if "\uac00" <= character <= "\ud7a3":
        return "Syllable"
    if character <= "\u115f" or "\ua960" <= character <= "\ua97c":
        return "First"
    return "Vowel" if character <= "\u11a7" or "\ud7b0" <= character <= "\ud7c6" else "Final"


# Korean syllables that are written as their parts: behind what each part goes on.
_GOES_ON = {
    "First": {"First"},
    "Vowel": {"First", "Vowel", "Syllable"},
    "Final": {"Vowel", "Final", "Syllable"},
}


def clusters(text: str) -> list[str]:
    """The text in pieces, each of them one character to a person. None is empty.

    Source: Unicode Standard Annex 29, extended grapheme clusters, but for Indic conjuncts (rule GB9c), which are
    edited in parts, and for what is longer than ``MAX_PARTS``.
    """
    if text.isascii():
        return list(text)
    found: list[str] = []
    start, first, before = 0, "", ""
    for at, character in enumerate(text):
        kind = "" if " " <= character <= "~" else kind_of(character)
        length = at - start
        if length and not (length < MAX_PARTS and _joins(kind, before, first, length)):
            found.append(text[start:at])
            start, first = at, kind
        elif at == start:
            first = kind
        before = kind
    if text:
        found.append(text[start:])
    return found


def _joins(kind: str, before: str, first: str, length: int) -> bool:
    if kind in {"Mark", "Joiner"}:
        return before != "Control"
    if kind == "Symbol":
        return before == "Joiner" and first == "Symbol"
    if kind == "Letter":
        return before == "Letter" and length == 1
    return before in _GOES_ON.get(kind, ())


class Clustered(str):
    """A text that is taken apart by clusters: prompt_toolkit puts each piece that it gets into a cell."""

    __slots__ = ()

    def __iter__(self) -> Iterator[str]:
        """Its clusters."""
        return iter(clusters(str(self)))
