"""A line for a person: pieces of text, each with a style, and how it is folded to a width.

The plain terminal prints the text of a line; the screen gives each style its colours (``theme.py``). A style never
says something that the text does not.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from roomchat.harmless import harmless
from roomchat.terminal.shown.clusters import clusters
from roomchat.terminal.shown.links import LINK

# A bell rings for lines whose ``ring`` is at least this.
BELL_LEVELS = {"never": 3, "mentions": 2, "all": 1}


class StyledText(NamedTuple):
    """Some text of a line, and its style: ``""``, ``time``, ``dim``, ``trouble``, ``name:7``, ..."""

    style: str
    text: str


@dataclass(frozen=True)
class Line:
    """What is shown as one line if the screen is wide enough. Nothing in it moves the cursor.

    ``indent``: where its text begins, in characters of its own; when it is folded, the rest stands under that.
    ``ring``: 0 no news that needs a bell, 1 somebody has said something, 2 it is for this person.
    """

    pieces: tuple[StyledText, ...]
    indent: int = 0
    ring: int = 0

    @property
    def plain(self) -> str:
        """Its text."""
        return "".join(piece.text for piece in self.pieces)


def line(*pieces: tuple[str, str], indent: int = 0, ring: int = 0) -> Line:
    """A line of pieces, made harmless."""
    return Line(tuple(StyledText(style, harmless(text)) for style, text in pieces), indent, ring)


def cell(text: str) -> str:
    """Text from others as a part of a line: a mark at its start must not change the cell before it."""
    return f"\u25cc{text}" if text and unicodedata.category(text[0]) in {"Mn", "Me"} else text


def fold(one: Line, width: int, measure: Callable[[str], int]) -> list[list[StyledText]]:
    """The rows of a line on a screen.

    A link that is longer than a row goes on from edge to edge, without blanks in it, as a terminal would fold it.

    Args:
        one: the line.
        width: columns of the screen.
        measure: columns that a text takes.
    """
    text = one.plain
    if text.isascii() and len(text) <= width:
        return [list(one.pieces)]
    indent = _indent(one, width, measure)
    long_links = {style for style, text in one.pieces if LINK in style and measure(text) > width - indent}
    rows: list[list[tuple[str, str]]] = [[]]  # style and character; a mark belongs to the character before it
    indents = [0]  # columns before each row
    used, space = 0, 0  # columns of the row; behind which character of it there was a space, 0: nowhere
    for style, character, columns in _cells(one.pieces, measure):
        if used + columns > width and rows[-1] and used > indents[-1]:
            row = rows[-1]
            rest = row[space:] if space and character != " " and style not in long_links else []
            before = 0 if style in long_links else indent
            used, space = before + measure("".join(text for _, text in rest)), 0
            if used + columns > width:  # an emoji may be so wide that it has no room behind the last word
                rest, used = [], before
            del row[len(row) - len(rest) :]
            rows.append(rest)
            indents.append(before)
            if character == " ":
                continue
        rows[-1].append((style, character))
        used += columns
        if character == " " and used > indent + 1:
            space = len(rows[-1])
    return [_row(row, before) for row, before in zip(rows, indents, strict=True) if row or row is rows[0]]


def _indent(one: Line, width: int, measure: Callable[[str], int]) -> int:
    """Columns before the text; less where they would leave it no room."""
    columns = measure(one.plain[: one.indent])
    return columns if columns <= width // 2 else min(2, width // 4)


def _cells(pieces: Iterable[StyledText], measure: Callable[[str], int]) -> Iterable[tuple[str, str, int]]:
    for style, text in pieces:
        for cluster in clusters(text):
            yield style, cluster, measure(cluster)


def _row(characters: list[tuple[str, str]], indent: int) -> list[StyledText]:
    row: list[StyledText] = [StyledText("", " " * indent)] if indent else []
    for style, character in characters:
        if row and row[-1].style == style:
            row[-1] = StyledText(style, row[-1].text + character)
        else:
            row.append(StyledText(style, character))
    return row
