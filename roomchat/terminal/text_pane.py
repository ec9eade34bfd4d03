"""A pane of text that stands as it is made."""

from __future__ import annotations

from prompt_toolkit.layout import FormattedTextControl
from prompt_toolkit.layout.controls import UIContent

from roomchat.terminal.clusters import Clustered
from roomchat.terminal.status import Fragments


class TextPane(FormattedTextControl):
    """Each cluster stands in cells of its own; the library would take emoji apart."""

    def create_content(self, width: int, height: int | None) -> UIContent:
        """Its lines."""
        content = super().create_content(width, height)

        def line(number: int) -> Fragments:
            return [(style, Clustered(text)) for style, text, *_ in content.get_line(number)]

        return UIContent(line, line_count=content.line_count, show_cursor=False)
