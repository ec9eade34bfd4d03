"""Whether a text has the words in it that somebody looks for."""

from __future__ import annotations

from roomchat.terminal.shown.mentions import folded


def has_words(words: str, text: str) -> bool:
    """Whether each of the words stands somewhere in the text, also as a part of a longer one.

    They are compared without case, width, and ways to compose a letter. No words: nothing is looked for.
    """
    wanted, where = folded(words).split(), folded(text)
    return bool(wanted) and all(word in where for word in wanted)
