"""Whether a text speaks of somebody by name."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

# Scripts that are written without spaces: a name beside one of their signs ends there.
_UNSPACED = re.compile(
    "[\u0e00-\u0e7f\u0e80-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Myanmar, Khmer
    "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff"  # signs of repetition, kana
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"  # Han
)
_HANGUL = re.compile("[\uac00-\ud7af]")
_WORD = re.compile(r"\S+")
_LINK = re.compile(r"://|\bwww\.")  # what a word has in it that is one


@lru_cache(maxsize=64)  # asked again when the message is kept, counted and painted; one may take 20 ms
def is_mentioned(name: str, text: str) -> bool:
    """Whether the name stands in the text by itself: not as a part of a longer name, a host, or a link.

    They are compared as the server compares names: without case, width, and ways to compose a letter.
    """
    wanted, where = folded(name), folded(text)
    if not wanted or wanted not in where:  # as of nearly all that is said
        return False
    where = _WORD.sub(_no_link, where)
    start = where.find(wanted)
    while start >= 0:
        if _begins(where, start) and _ends(where, start + len(wanted)):
            return True
        start = where.find(wanted, start + 1)
    return False


def _no_link(word: re.Match[str]) -> str:
    return " " if _LINK.search(word[0]) else word[0]


def folded(text: str) -> str:
    """A text as it is compared: without case, width, and ways to compose a letter."""
    return unicodedata.normalize("NFKC", text).lower() if not text.isascii() else text.lower()


def _begins(text: str, start: int) -> bool:
    """Whether a name may begin there."""
    before = text[start - 1 : start]
    if not before or _UNSPACED.match(before):
        return True
    if before in "-.@" and start > 1:  # "not-ann", "x.ann", "x@ann"; but "@ann" and "- ann"
        return not _is_word(text[start - 2])
    return not _is_word(before)


def _ends(text: str, end: int) -> bool:
    """Whether a name may end there."""
    after = text[end : end + 1]
    if not after or _UNSPACED.match(after):
        return not unicodedata.combining(after or " ")
    if _HANGUL.match(after):  # what Korean puts behind a name, it writes to it
        return bool(_HANGUL.match(text[end - 1]) or text[end - 1].isascii())
    if after in "-.@":  # "ann-send", "ann.example.org"; but "ann." and "ann - yes"
        return not _is_word(text[end + 1 : end + 2] or " ")
    return not _is_word(after)


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_" or unicodedata.category(character)[0] == "M"
