"""Lines from any thread, printed above the line that is typed. Many at once: each printing repaints that line."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Iterable

from prompt_toolkit.application import Application
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.output import ColorDepth
from prompt_toolkit.output.vt100 import Vt100_Output
from prompt_toolkit.renderer import print_formatted_text
from prompt_toolkit.utils import get_cwidth

from roomchat.terminal.lines import Line, fold
from roomchat.terminal.theme import STYLE, fragment_style

PRINT_INTERVAL = 0.05  # seconds between two printings: fast enough to seem immediate, slow enough to type in
MAX_BATCH = 400  # lines a printing; half as many type no smoother
BACKLOG = 4000  # lines that wait until the receiving thread has to


class ScreenOutput(Vt100_Output):
    """A terminal that is not asked where its cursor is: an answer that comes late would stand among what is typed.

    Bracketed paste stays on while lines are printed. Else a paste that begins just then would be many messages.
    """

    @property
    def responds_to_cpr(self) -> bool:
        """Not asked."""
        return False

    def disable_bracketed_paste(self) -> None:
        """Only at the end: ``close``."""

    def close(self) -> None:
        """Leave the terminal as it was."""
        super().disable_bracketed_paste()
        self.flush()


class Printer:
    """Any thread may call ``show``; all else belongs to the thread that paints.

    Args:
        output: the terminal.
        colours: how many it has.
        bell_level: the bell rings for lines whose ``ring`` is at least that.
    """

    def __init__(self, output: ScreenOutput, colours: ColorDepth, bell_level: int) -> None:
        self._output = output
        self._colours = colours
        self._bell_level = bell_level
        self._changed = threading.Condition()
        self._lines: deque[Line] = deque()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._app: Application[None] | None = None
        self._due = False  # a printing will come
        self._closed = False
        self._last = 0.0  # when the last one was, in the loop's time

    def show(self, line: Line) -> None:
        """Print it soon, after those before it; waits while too many wait."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._lines) < BACKLOG or self._closed)
            if self._closed:
                return
            self._lines.append(line)
            if self._loop is not None and not self._due:
                self._due = True
                self._loop.call_soon_threadsafe(self._soon)

    def open(self, app: Application[None], loop: asyncio.AbstractEventLoop) -> None:
        """From now on there is something to print above."""
        with self._changed:
            self._app, self._loop = app, loop
            self._due = True
        self._soon()

    def close(self) -> None:
        """Print what is left; what comes later is dropped."""
        with self._changed:
            self._closed, self._loop = True, None
            self._changed.notify_all()
            lines = list(self._lines)
            self._lines.clear()
        self._write(lines)
        self._output.close()

    def _soon(self) -> None:
        if self._loop is not None:
            self._loop.call_later(max(0.0, self._last + PRINT_INTERVAL - self._loop.time()), self._print)

    def _print(self) -> None:
        if self._loop is None or self._app is None:
            return
        with self._changed:
            lines = [self._lines.popleft() for _ in range(min(MAX_BATCH, len(self._lines)))]
            self._due = bool(self._lines)
            self._changed.notify_all()
        if lines:
            self._app.renderer.erase()
            self._write(lines)
            self._app.invalidate()
        self._last = self._loop.time()
        if self._due:
            self._soon()

    def _write(self, lines: Iterable[Line]) -> None:
        width = self._output.get_size().columns
        fragments: StyleAndTextTuples = []
        ring = 0
        for line in lines:
            ring = max(ring, line.ring)
            for row in fold(line, width, get_cwidth):
                fragments += [(fragment_style(style, self._colours), text) for style, text in row]
                fragments.append(("", "\n"))
        if ring >= self._bell_level:
            self._output.bell()
        if fragments:
            print_formatted_text(self._output, fragments, STYLE, color_depth=self._colours)
