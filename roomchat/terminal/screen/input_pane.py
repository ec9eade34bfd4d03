"""The pane of the line that is typed: it grows to several rows, and says what of it is out of sight."""

from __future__ import annotations

from collections.abc import Callable

from prompt_toolkit.data_structures import Point
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.key_binding import KeyBindingsBase
from prompt_toolkit.layout.controls import UIContent, UIControl

from roomchat.terminal.editing.editor import Editor
from roomchat.terminal.editing.typed_rows import Row, row_of
from roomchat.terminal.shown.clusters import Clustered, clusters
from roomchat.terminal.shown.widths import shortened
from roomchat.terminal.shown.widths import width as width_of

MIN_COLUMNS = 12  # beside the prompt, which is cut where there would be fewer: the widest emoji takes 10


class InputPane(UIControl):
    """Belongs to the main thread.

    Args:
        editor: what is typed.
        prompt: where it goes.
        keys: of the line.
    """

    def __init__(self, editor: Editor, prompt: Callable[[], str], keys: KeyBindingsBase) -> None:
        self._editor = editor
        self._prompt = prompt
        self._keys = keys

    def is_focusable(self) -> bool:
        """It has the cursor."""
        return True

    def get_key_bindings(self) -> KeyBindingsBase:
        """Those of the line."""
        return self._keys

    def preferred_height(
        self, width: int, max_available_height: int, wrap_lines: bool, get_line_prefix: object
    ) -> int | None:  # fmt: skip
        """Rows of what is typed."""
        self.fit(width)
        return len(self._editor.rows(self._editor.shown[0]))

    def create_content(self, width: int, height: int) -> UIContent:
        """The rows around the cursor; in the place of the first and the last, what is out of sight there."""
        prompt = self.fit(width)
        text, cursor = self._editor.shown
        rows = self._editor.rows(text)
        row = row_of(rows, cursor)
        start = _first(row, len(rows), height)
        shown = [self._fragments(text, one, prompt, number + start) for number, one in
                 enumerate(rows[start : start + height])]  # fmt: skip
        if start and row > start:
            shown[0] = [("class:prompt", Clustered(prompt)), self._sign(start + 1, "above")]
        below = len(rows) - start - height
        if below > 0 and row < start + height - 1:
            shown[-1] = [("", " " * width_of(prompt)), self._sign(below + 1, "below")]
        cells = len(clusters(prompt)) if row == 0 else width_of(prompt)  # before the text
        cells += len(clusters(text[rows[row].start : cursor]))
        return UIContent(lambda y: shown[y], line_count=len(shown), cursor_position=Point(x=cells, y=row - start))

    def fit(self, columns: int) -> str:
        """Tell the editor how wide its rows are; returns the prompt, or what there is room for."""
        prompt = self._prompt()
        if columns - width_of(prompt) < MIN_COLUMNS:
            prompt = f"{shortened(prompt.rstrip(), columns - MIN_COLUMNS - 1)} " if columns > MIN_COLUMNS else ""
        self._editor.columns = max(2, columns - width_of(prompt))
        return prompt

    def _sign(self, count: int, where: str) -> tuple[str, str]:
        text = f"(+{count} lines {where})"
        return ("class:toolbar", text if len(text) <= self._editor.columns else f"(+{count})")

    def _fragments(self, text: str, row: Row, prompt: str, number: int) -> StyleAndTextTuples:
        before = ("class:prompt", Clustered(prompt)) if number == 0 else ("", " " * width_of(prompt))
        return [before, ("", Clustered(text[row.start : row.end])), ("", " ")]


def _first(row: int, count: int, height: int) -> int:
    """The first row in sight: the one with the cursor is, and so are the rows around it."""
    return max(0, min(row - height // 2, count - height))
