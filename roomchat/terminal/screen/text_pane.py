"""A pane of text that stands as it is made."""

from __future__ import annotations

from prompt_toolkit.layout import FormattedTextControl
from prompt_toolkit.layout.controls import UIContent

from roomchat.terminal.screen.status import Fragments
from roomchat.terminal.shown.clusters import Clustered
from roomchat.terminal.shown.widths import fitting
from roomchat.terminal.shown.widths import width as columns_of


class TextPane(FormattedTextControl):
    """Each cluster stands in cells of its own; the library would take emoji apart. Lines that are too long end in
    an ellipsis."""

    def create_content(self, width: int, height: int | None) -> UIContent:
        """Its lines."""
        content = super().create_content(width, height)

        def line(number: int) -> Fragments:
            whole = [(style, text) for style, text, *_ in content.get_line(number)]
            return [(style, Clustered(text)) for style, text in _cut(whole, width)]

        return UIContent(line, line_count=content.line_count, show_cursor=False)


def _cut(line: list[tuple[str, str]], width: int) -> list[tuple[str, str]]:
    """As much of a line as there are columns for."""
    if sum(columns_of(text) for _, text in line) <= width:
        return line
    shown: list[tuple[str, str]] = []
    left = width - 1
    for style, text in line:
        kept = fitting(text, left)
        shown.append((style, kept))
        if kept != text:
            return [*shown, (style, "…")]
        left -= columns_of(text)
    return shown
