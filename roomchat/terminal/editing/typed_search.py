"""Ctrl-R: finds what was typed before while one types what to look for."""

from __future__ import annotations

from collections.abc import Sequence


class TypedSearch:
    """One search. What it finds is shown in the line, but is no part of it until it is accepted.

    Small letters find capitals too; a capital is meant as one.

    Args:
        texts: what was typed before, the oldest first.
        last: what was looked for the last time; Ctrl-R again takes it.
    """

    def __init__(self, texts: Sequence[str], last: str) -> None:
        self.words = ""
        self.found: str | None = None
        self.at = 0  # where in ``found``
        self.failed = False  # whether what is shown was found for less than ``words``
        self._texts = list(dict.fromkeys(reversed(texts)))  # each once, the newest first
        self._last = last
        self._number = -1  # of ``found``

    def type(self, text: str) -> None:
        """More to look for: what is shown may still fit."""
        self.words += text
        self._look(max(self._number, 0), 1)

    def rub_out(self) -> None:
        """Less to look for, from the newest on again."""
        self.words = self.words[:-1]
        self.found, self._number = None, -1
        self._look(0, 1)

    def older(self) -> None:
        """The next older one that fits."""
        self._step(1)

    def newer(self) -> None:
        """The next newer one that fits."""
        self._step(-1)

    def _step(self, by: int) -> None:
        if not self.words:
            self.words = self._last
        self._look(self._number + by, by)

    def _look(self, number: int, by: int) -> None:
        while self.words and 0 <= number < len(self._texts):
            text = self._texts[number]
            at = (text if self.words != self.words.lower() else text.lower()).rfind(self.words)
            if at >= 0:
                # Lowering may lengthen a text, in a few scripts.
                self.found, self.at, self._number, self.failed = text, min(at, len(text)), number, False
                return
            number += by
        self.failed = bool(self.words)
