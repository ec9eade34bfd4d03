"""Columns of a text: the cursor is where it seems to be, in terminals that think otherwise of emoji too."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prompt_toolkit import utils
from prompt_toolkit.application import Application
from prompt_toolkit.application.current import set_app
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.layout import Layout, Window
from prompt_toolkit.layout.mouse_handlers import MouseHandlers
from prompt_toolkit.layout.screen import Screen, WritePosition
from prompt_toolkit.output import DummyOutput
from wcwidth import wcwidth

from roomchat.terminal.editing.editor import Editor
from roomchat.terminal.editing.input_history import InputHistory
from roomchat.terminal.screen.input_pane import InputPane
from roomchat.terminal.screen.text_pane import TextPane
from roomchat.terminal.shown.clusters import JOINER, TONES, clusters, kind_of
from roomchat.terminal.shown.lines import fold, line
from roomchat.terminal.shown.widths import QUESTIONS, Columns, Widths, columns, placed, width

# Each is one character to a person.
FAMILY, THUMB, FLAG, HEART = QUESTIONS
PIECES = [
    *"a b", "é", "e\u0301", "ą\u0301\u0302", "日", "ｆ", "한", "\u1112\u1161\u11ab", "नि", "கோ", "\u05d0",
    "\U00020000", FAMILY, THUMB, FLAG, HEART, "\u2764", "1\ufe0f\u20e3", "\U0001f642", "\U0001fae8",
    "\U0001f3f3\ufe0f\u200d\U0001f308", "\U0001f469\U0001f3fd\u200d\u2764\ufe0f\u200d\U0001f468\U0001f3ff",
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(PIECES)).map("".join)


@pytest.fixture(autouse=True)
def _measure() -> Iterator[None]:
    """As the screen does, for the time of a test."""
    before = utils._CHAR_SIZES_CACHE
    columns.measure()
    yield
    columns.learn(Widths())
    utils._CHAR_SIZES_CACHE = before


@dataclass
class Cells:
    """One row of a terminal.

    Args:
        joins: it draws a cluster as one; else each code point by itself.
        letter: columns of a letter of a flag.
        emoji: columns of a heart that is to look like an emoji.
        new: columns of an emoji that is younger than the terminal.
    """

    joins: bool
    letter: int = 1
    emoji: int = 1
    new: int = 2
    column: int = 0
    saved: int = 0
    taken: dict[int, str] = field(default_factory=dict)

    def draw(self, data: str) -> int:
        """Take what a program sends; returns where the cursor is then."""
        for token in re.findall(r"\x1b[78]|\x1b\[\d*[CHK]|\x1b\[6n|[^\x1b]+", data):
            if token == "\x1b7":
                self.saved = self.column
            elif token == "\x1b8":
                self.column = self.saved
            elif token.endswith("C"):
                self.column += int(token[2:-1])
            elif token == "\x1b[H":
                self.column = 0
            elif not token.startswith("\x1b"):
                self._write(token)
        return self.column

    def _write(self, text: str) -> None:
        for piece in clusters(text) if self.joins else text:
            taken = self._columns(piece)
            for x in range(self.column, self.column + taken):
                self.taken[x] = piece
            self.column += taken

    def _columns(self, piece: str) -> int:
        if len(piece) > 1 and kind_of(piece[0]) == "Letter":
            return 2
        if len(piece) > 1 and (JOINER in piece or "\ufe0f" in piece or any(tone in piece for tone in TONES)):
            return 2
        if len(piece) == 1 and kind_of(piece) == "Letter":
            return self.letter
        if piece == "\U0001fae8":
            return self.new
        if piece == "\ufe0f":
            return self.emoji - 1
        if unicodedata.category(piece[-1]) == "Mc":
            return sum(max(0, wcwidth(c)) for c in piece[:-1]) + 1
        return sum(max(0, wcwidth(c)) for c in piece)


TERMINALS = [
    Cells(joins=True), Cells(joins=False), Cells(joins=False, letter=2),
    Cells(joins=False, letter=2, emoji=2, new=1),
]  # fmt: skip


def terminals() -> st.SearchStrategy[Cells]:
    return st.sampled_from(TERMINALS).map(lambda one: Cells(one.joins, one.letter, one.emoji, one.new))


@given(TEXTS, terminals())
def test_what_comes_next_stands_right_in_a_terminal_that_is_not_known(text: str, terminal: Cells) -> None:
    """Nothing is drawn beyond the columns that we think it takes, and the cursor stands behind these."""
    columns.learn(Widths())
    assert terminal.draw(placed(text)) == width(text)
    assert max(terminal.taken, default=-1) < width(text)


@given(TEXTS, terminals())
def test_what_comes_next_stands_right_in_a_terminal_that_has_answered(text: str, terminal: Cells) -> None:
    """The same, with fewer columns left empty."""
    report(columns, terminal)
    assert terminal.draw(f"\x1b[H{placed(text)}") == width(text)
    terminal.taken.clear()
    terminal.draw(f"\x1b[H{placed(text)}")
    assert max(terminal.taken, default=-1) < width(text)


def report(measure: Columns, terminal: Cells) -> bool:
    """Have a terminal answer; whether that changed anything."""
    changed = False
    for question in measure.question().split("\x1b[6n")[:-1]:
        changed = measure.answer(f"\x1b[1;{terminal.draw(question) + 1}R")
    return changed


def test_a_terminal_that_joins_gets_no_gaps() -> None:
    """It is asked once; more answers than questions change nothing."""
    measure = Columns()
    assert measure[FAMILY] == 6
    assert report(measure, Cells(joins=True))
    assert not measure.answer("\x1b[1;9R")
    assert [measure[one] for one in (FAMILY, THUMB, FLAG, HEART, "\u2764", "1\ufe0f\u20e3")] == [2, 2, 2, 2, 1, 2]
    assert not report(measure, Cells(joins=True))
    assert report(measure, Cells(joins=False))
    assert [measure[one] for one in (FAMILY, FLAG, HEART)] == [6, 2, 1]


@given(st.text())
def test_an_answer_is_a_place_or_nothing(answer: str) -> None:
    """Whatever comes in its place."""
    measure = Columns()
    measure.question()
    assert not measure.answer(answer)
    assert measure.widths == Widths()


@given(st.lists(st.sampled_from(PIECES)))
def test_a_text_is_taken_apart_into_what_people_see(pieces: list[str]) -> None:
    """As it was put together."""
    flags = [number for number, piece in enumerate(pieces) if piece == FLAG]
    assert clusters("".join(pieces)) == pieces or flags
    assert "".join(clusters("".join(pieces))) == "".join(pieces)


@given(st.text(), st.text())
def test_clusters_are_all_of_the_text(text: str, more: str) -> None:
    """None is empty; and a line feed, or any other character of ASCII, always stands by itself."""
    assert "".join(clusters(text)) == text
    assert all(clusters(text))
    assert clusters(f"{text}\n{more}")[len(clusters(text))] == "\n"


@given(TEXTS, st.integers(1, 40))
def test_a_folded_message_stays_within_its_columns(text: str, room: int) -> None:
    """No row is wider, but one that has one cluster alone; and no cluster is cut."""
    for row in fold(line(("", text)), room, width):
        found = "".join(piece.text for piece in row)
        assert width(found) <= room or len(clusters(found)) == 1
    rows = fold(line(("", text)), room, width)
    assert "".join(piece.text for row in rows for piece in row).replace(" ", "") == text.replace(" ", "")


@given(
    text=st.lists(st.sampled_from([*PIECES, "\n"])).map("".join),
    room=st.integers(1, 50), height=st.integers(1, 8), back=st.integers(0, 60),
    prompt=st.sampled_from(["", "> ", "[日本] ", "[a room with a name] "]),
    widths=st.sampled_from([Widths(), Widths(joined=True, toned=True, flag=2)]),
)  # fmt: skip
def test_the_cursor_stands_where_the_text_before_it_ends(
    text: str, room: int, height: int, back: int, prompt: str, widths: Widths
) -> None:
    """On the row where it is, however narrow; what is shown is what the text says."""
    columns.learn(widths)
    editor = Editor(InputHistory(Path("/proc/no/such/place")), lambda before: ("", []))
    editor.paste(text)
    for _ in range(back):
        editor.run("backward-char")
    pane = InputPane(editor, lambda: prompt, KeyBindings())
    prompt, window = pane.fit(room), Window(pane)
    app: Application[None] = Application(Layout(window), output=DummyOutput())
    screen = Screen()
    with set_app(app):
        pane_height = min(height, window.preferred_height(room, height).preferred)
        window.write_to_screen(screen, MouseHandlers(), WritePosition(0, 0, room, pane_height), "", False, None)
    if room < 20:  # too narrow for what it is asked to show
        return
    at = screen.get_cursor_position(window)
    rows = [_row(screen, y, room) for y in range(pane_height)]
    found = editor.rows(editor.text)
    row = max(number for number, one in enumerate(found) if one.start <= editor.cursor)
    assert at.x == width(prompt) + width(editor.text[found[row].start : editor.cursor])
    assert rows[at.y].strip().startswith((prompt.strip() + " " if row == 0 else "").strip())
    assert editor.text[found[row].start : found[row].end].rstrip() in rows[at.y]
    assert all(width(one) <= room for one in rows)
    if len(found) > pane_height > 2:
        assert ("(+" in rows[0]) == (at.y > 0 and row - at.y > 0)
        assert ("(+" in rows[-1]) == (row + pane_height - at.y < len(found))


@given(TEXTS, st.sampled_from([Widths(), Widths(joined=True, toned=True, flag=2)]))
def test_what_stands_around_the_messages_has_the_same_columns(text: str, widths: Widths) -> None:
    """Titles, what is on its way, the bottom row."""
    columns.learn(widths)
    screen, pane = Screen(), Window(TextPane([("", f"{text}|")]))
    with set_app(Application(Layout(Window(TextPane(""))), output=DummyOutput())):
        pane.write_to_screen(screen, MouseHandlers(), WritePosition(0, 0, 400, 1), "", False, None)
    assert screen.data_buffer[0][width(text)].char == "|"


def _row(screen: Screen, y: int, room: int) -> str:
    found, x = "", 0
    while x < room:
        char = screen.data_buffer[y][x]
        found, x = found + char.char, x + max(1, char.width)
    return found
