"""A text that is being typed in one window: its cursor, what can be undone, where it stands in what was typed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from roomchat.terminal.editing.edits import Edit

MAX_JOINED = 20  # characters that are undone at once, as in readline
MAX_UNDO = 1000  # steps that are kept


class _Undo(NamedTuple):
    """``new`` at ``start`` was ``old`` before."""

    start: int
    old: str
    new: str
    typed: bool  # key by key; the next key may join it


@dataclass
class Line:
    """A text with a cursor, which can be undone."""

    text: str = ""
    cursor: int = 0
    _undo: list[_Undo] = field(default_factory=list)

    @property
    def is_changed(self) -> bool:
        """Whether there is something to undo."""
        return bool(self._undo)

    def edit(self, edit: Edit, *, typed: bool = False) -> str:
        """Change it; returns what was taken out."""
        old = self.text[edit.start : edit.end]
        self.cursor = edit.cursor
        if old == edit.new:
            return old
        self.text = self.text[: edit.start] + edit.new + self.text[edit.end :]
        last = self._undo[-1] if self._undo else None
        if typed and last is not None and last.typed and len(last.new) < MAX_JOINED \
                and edit.start == last.start + len(last.new):  # fmt: skip
            self._undo[-1] = last._replace(new=last.new + edit.new)
        else:
            self._undo = [*self._undo[-MAX_UNDO + 1 :], _Undo(edit.start, old, edit.new, typed)]
        return old

    def pause(self) -> None:
        """What is typed next is undone by itself."""
        if self._undo:
            self._undo[-1] = self._undo[-1]._replace(typed=False)

    def undo(self) -> bool:
        """Take the last change back; whether there was one."""
        if not self._undo:
            return False
        start, old, new, _ = self._undo.pop()
        self.text = self.text[:start] + old + self.text[start + len(new) :]
        self.cursor = start + len(old)
        return True

    def revert(self) -> None:
        """Take all changes back."""
        while self.undo():
            pass


class Draft:
    """The line that is typed, and earlier ones as far as they were gone back to: all of them may be changed.

    Nothing that was typed before changes for good: the next message begins with all of it as it was sent.
    """

    def __init__(self, text: str = "", *, is_hidden: bool = False) -> None:
        """``is_hidden``: nobody may see it, and nothing of it is kept."""
        self.is_hidden = is_hidden
        self._typed = Line(text, len(text))
        self._earlier: dict[int, Line] = {}  # by their place
        self._place: int | None = None  # in what was typed before; None: at what is typed now

    @property
    def line(self) -> Line:
        """What is edited now."""
        return self._typed if self._place is None else self._earlier[self._place]

    @property
    def own_text(self) -> str:
        """What is to be kept if the program ends: what was begun, or an earlier line that was changed."""
        if self.is_hidden:
            return ""
        return self.line.text if self.line.is_changed else self._typed.text

    def clear(self) -> None:
        """Begin anew."""
        self._typed, self._place = Line(), None
        self._earlier.clear()

    def go(self, by: int, earlier: Sequence[str]) -> bool:
        """To a line that was typed before, or after it; whether there is one.

        Args:
            by: -1 the one before, 1 the one after, more: as far as it goes.
            earlier: what was typed before, the oldest first.
        """
        now = len(earlier) if self._place is None else min(self._place, len(earlier))
        there = min(max(now + by, 0), len(earlier))
        if there == now:
            return False
        self._place = None if there == len(earlier) else there
        if self._place is not None and self._place not in self._earlier:
            text = earlier[self._place]
            self._earlier[self._place] = Line(text, len(text))
        self.line.cursor = len(self.line.text)
        return True
