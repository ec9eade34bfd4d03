"""``roomchat join`` in a pseudo-terminal whose screen is emulated, so that tests can look at it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from typing import Any

import pyte

from roomchat.terminal.screen.layout import WIDE
from roomchat.verify.processes import PATIENCE
from tests.program import ROOMCHAT, Terminal, having

# A mention is told in the bottom row for less long: what it covers is waited for.
CALLS_BRIEFLY = having("terminal.device.calls.NOTICE_TIME = 2.0", "terminal.screen.attention.NOTICE_TIME = 2.0")
PAINTED = b"\x1b[?25h"  # the cursor is shown again: how a painting ends
CTRL_C, CTRL_D, UP, TAB, SHIFT_TAB, ENTER = "\x03", "\x04", "\x1b[A", "\t", "\x1b[Z", "\r"
PAGE_UP, PAGE_DOWN, HOME, END = "\x1b[5~", "\x1b[6~", "\x1b[H", "\x1b[F"


def alt(key: str) -> str:
    """A key with Alt held."""
    return f"\x1b{key}"


def paste(text: str) -> str:
    """What a terminal sends for a paste, to a program that has asked for it to be marked."""
    return f"\x1b[200~{text}\x1b[201~"


class Glass(pyte.Screen):
    """A screen with a second one in front of it, for programs that fill the whole of it."""

    MODE = 1049

    def __init__(self, columns: int, rows: int) -> None:
        self.is_alternate = False
        self._covered: tuple[dict[int, dict[int, Any]], int, int] = ({}, 0, 0)  # cells, and where the cursor was
        super().__init__(columns, rows)

    def set_mode(self, *modes: int, private: bool = False) -> None:
        super().set_mode(*modes, private=private)
        if private and self.MODE in modes and not self.is_alternate:
            self.is_alternate = True
            self._covered = ({y: dict(row) for y, row in self.buffer.items()}, self.cursor.x, self.cursor.y)
            self.erase_in_display(2)

    def reset_mode(self, *modes: int, private: bool = False) -> None:
        super().reset_mode(*modes, private=private)
        if private and self.MODE in modes and self.is_alternate:
            self.is_alternate = False
            cells, x, y = self._covered
            self.erase_in_display(2)
            for row in cells:
                self.buffer[row].update(cells[row])
            self.cursor_position(y + 1, x + 1)

    @property
    def display(self) -> list[str]:
        """Its rows, also in the middle of a painting: pyte fails if half a wide character is there."""
        columns = range(self.columns)
        return ["".join(self.buffer[y][x].data for x in columns) for y in range(self.lines)]

    @property
    def is_being_painted(self) -> bool:
        """Whether some of its rows may be old ones still: a full-screen program hides the cursor meanwhile."""
        return self.is_alternate and bool(self.cursor.hidden)

    @property
    def rows(self) -> list[str]:
        """Its rows, down to the last one with something in it."""
        rows = [row.rstrip() for row in self.display]
        while rows and not rows[-1]:
            rows.pop()
        return rows

    @property
    def middle(self) -> list[str]:
        """The rows without the lists beside them: what is said, typed and told."""
        column = int(self.columns >= WIDE)
        return [([*row.split("│"), ""][column] if "│" in row else row).rstrip() for row in self.rows]

    @property
    def typed(self) -> str:
        """What stands behind the prompt: the row of the cursor."""
        return self.middle[self.cursor.y] if self.cursor.y < len(self.rows) else ""


class Emulated(Terminal):
    """A person at a terminal. Every wait looks at the screen, and has a deadline."""

    def __init__(
        self, *arguments: str, columns: int = 80, rows: int = 24, env: dict[str, str] | None = None,
        program: Sequence[str] = ROOMCHAT, baud: int | None = None,
    ) -> None:  # fmt: skip
        self.screen = Glass(columns, rows)
        self.raw = b""  # all that came, for what a screen does not show: bells
        self._rest = b""  # of it, not on the screen yet
        self._stream = pyte.ByteStream(self.screen)
        env = {"TERM": "xterm-256color", "TZ": "UTC", **(env or {})}
        super().__init__(*arguments, program=program, env=env, size=(rows, columns), baud=baud)

    def resize(self, columns: int, rows: int) -> None:
        """Draw the window larger or smaller. The emulator cuts lines off, as xterm does."""
        self.screen.resize(rows, columns)
        self._set_size(rows, columns)

    @property
    def shown(self) -> list[str]:
        """The rows of the screen, down to the last one with something in it."""
        return self.screen.rows

    @property
    def read(self) -> str:
        """What stands in the middle, as a person reads it: over the ends of its rows."""
        return " ".join(" ".join(self.screen.middle).split())

    @property
    def typed(self) -> str:
        """What stands behind the prompt: the row of the cursor."""
        return self.screen.typed

    def listed(self, name: str) -> str | None:
        """What stands behind a room's name in the list of rooms, on a wide screen; None: it is not there."""
        rows = (row.partition("│")[0].split() for row in self.shown)
        return next((" ".join(row[2:]) for row in rows if row[1:2] == [name]), None)

    def expect(self, pattern: str) -> re.Match[str]:
        """Wait until the pattern can be read."""
        self.until(lambda _: re.search(pattern, self.read))
        match = re.search(pattern, self.read)
        assert match is not None
        return match

    def until(self, found: str | Callable[[Emulated], object]) -> None:
        """Wait until the text stands in a row, or is read over several, or it holds."""
        deadline = time.monotonic() + PATIENCE
        while self.screen.is_being_painted or not self._has(found):
            if not self._look(deadline):
                told = found if isinstance(found, str) else "what was waited for"
                raise AssertionError(f"never showed {told!r}, but:\n" + "\n".join(self.shown))

    def _has(self, found: str | Callable[[Emulated], object]) -> bool:
        if isinstance(found, str):
            return found in "\n".join(self.shown) or found in self.read
        return bool(found(self))

    def _look(self, deadline: float) -> bool:
        """Take output up to the end of a painting, if there is one; False at its end, or at the deadline.

        Not more: in a burst the next painting may be under way already, with the line that is typed erased.
        """
        if not self._rest:
            self._rest = self._receive(deadline)
            self.raw += self._rest
        piece, painted, self._rest = self._rest.partition(PAINTED)
        self._stream.feed(piece + painted)
        return bool(piece + painted)
