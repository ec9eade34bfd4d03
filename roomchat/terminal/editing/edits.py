"""What the keys of bash do to a text with a cursor in it. Pure: no key, no screen, no memory of the last one.

A place is an index into the text, between two clusters. The names are those of readline's functions (``man bash``,
READLINE). Where readline means the whole text, this means the line of it that the cursor is in, as Emacs does: a
message may have several.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from roomchat.terminal.shown.clusters import clusters


class Edit(NamedTuple):
    """``text[start:end]`` becomes ``new``, and the cursor stands at ``cursor`` afterwards."""

    start: int
    end: int
    new: str
    cursor: int


def after(text: str, at: int) -> int:
    """The place behind the next cluster."""
    end = at + 1
    while end < len(text) and not text[end].isascii():  # a cluster ends before what is ASCII, at the latest
        end += 1
    return at + len(clusters(text[at:end])[0]) if at < len(text) else at


def before(text: str, at: int) -> int:
    """The place before the cluster that ends there."""
    start = at - 1
    while start > 0 and not text[start].isascii():
        start -= 1
    return at - len(clusters(text[start:at])[-1]) if at > 0 else at


def line_start(text: str, at: int) -> int:
    """The beginning of the line."""
    return text.rfind("\n", 0, at) + 1


def line_end(text: str, at: int) -> int:
    """The end of the line."""
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def word_end(text: str, at: int) -> int:
    """The end of the word that the cursor is in or before: letters and digits, with their marks."""
    while at < len(text) and not text[at].isalnum():
        at += 1
    while at < len(text) and text[at].isalnum():
        at = after(text, at)
    return at


def word_start(text: str, at: int) -> int:
    """The beginning of the word that the cursor is in or behind."""
    while at > 0 and not _is_word(text, at):
        at = before(text, at)
    while at > 0 and _is_word(text, at):
        at = before(text, at)
    return at


def _is_word(text: str, at: int) -> bool:
    """Whether the cluster before that place belongs to a word."""
    return text[before(text, at)].isalnum()


def _blank_word_start(text: str, at: int) -> int:
    """The beginning of what has no blanks in it."""
    return len(text[:at].rstrip()) - len(text[:at].rstrip().rsplit(maxsplit=1)[-1]) if text[:at].strip() else 0


MOVES: dict[str, Callable[[str, int], int]] = {
    "beginning-of-line": line_start,
    "end-of-line": line_end,
    "forward-char": after,
    "backward-char": before,
    "forward-word": word_end,
    "backward-word": word_start,
}

# What is taken out to be put back somewhere else: from the cursor to that place.
KILLS: dict[str, Callable[[str, int], int]] = {
    "kill-line": lambda text, at: line_end(text, at) if at < line_end(text, at) else min(at + 1, len(text)),
    "unix-line-discard": lambda text, at: line_start(text, at) if at > line_start(text, at) else max(at - 1, 0),
    "unix-word-rubout": _blank_word_start,
    "kill-word": word_end,
    "backward-kill-word": word_start,
}


def _delete(text: str, at: int) -> Edit:
    return Edit(at, after(text, at), "", at)


def _delete_backwards(text: str, at: int) -> Edit:
    start = before(text, at)
    return Edit(start, at, "", start)


def _transpose_characters(text: str, at: int) -> Edit:
    """The one before the cursor goes behind the one after it; at the end: the last two change places."""
    end = after(text, at) if at < line_end(text, at) else at
    middle = before(text, end)
    start = before(text, middle)
    if at == 0 or start == middle:
        return Edit(at, at, "", at)
    return Edit(start, end, text[middle:end] + text[start:middle], end)


def _transpose_words(text: str, at: int) -> Edit:
    """The word before the cursor goes behind the one after it."""
    end = word_end(text, at)
    middle = word_start(text, end)
    start = word_start(text, middle)
    first_end = word_end(text, start)
    if start == middle or middle < first_end:
        return Edit(at, at, "", at)
    new = text[middle:end] + text[first_end:middle] + text[start:first_end]
    return Edit(start, end, new, end)


def _changed_word(change: Callable[[str], str]) -> Callable[[str, int], Edit]:
    def edit(text: str, at: int) -> Edit:
        end = word_end(text, at)
        new = change(text[at:end])
        return Edit(at, end, new, at + len(new))

    return edit


def _capitalized(word: str) -> str:
    """Of a word with what stands before it."""
    letters = word.lstrip("".join(character for character in word if not character.isalnum()))
    return word[: len(word) - len(letters)] + letters[:1].upper() + letters[1:].lower()


def _delete_blanks(text: str, at: int) -> Edit:
    start = len(text[:at].rstrip(" "))
    end = len(text) - len(text[at:].lstrip(" "))
    return Edit(start, end, "", start)


CHANGES: dict[str, Callable[[str, int], Edit]] = {
    "delete-char": _delete,
    "backward-delete-char": _delete_backwards,
    "transpose-chars": _transpose_characters,
    "transpose-words": _transpose_words,
    "upcase-word": _changed_word(str.upper),
    "capitalize-word": _changed_word(_capitalized),
    "delete-horizontal-space": _delete_blanks,
}
