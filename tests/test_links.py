"""Links: which there are in a text, and that the terminal gets each whole, and nothing beside them."""

from __future__ import annotations

import asyncio
import io
import re
from typing import Any

import pyte
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prompt_toolkit.application import Application, create_app_session
from prompt_toolkit.data_structures import Size
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.input import DummyInput
from prompt_toolkit.layout import FormattedTextControl, Layout, Window

from roomchat.harmless import harmless
from roomchat.terminal.device.abilities import abilities
from roomchat.terminal.device.hyperlinks import LinkStyle, link_fragments
from roomchat.terminal.device.output import ScreenOutput
from roomchat.terminal.shown.links import LINK, MAX_URL, find_links, linked, safe_url

COLUMNS, ROWS = 12, 4
URLS = ["https://a.example/x", "https://b.example/y"]
LONG = "https://example.org/" + "long/" * 6


@pytest.mark.parametrize(
    ("text", "urls"),
    [
        ("see https://example.org/a?b=c#d.", ["https://example.org/a?b=c#d"]),
        ("(https://en.example/wiki/Tea_(drink))", ["https://en.example/wiki/Tea_(drink)"]),
        ("<http://a.example>, HTTPS://B.example/!", ["http://a.example", "https://B.example/"]),
        ("mailto:ann@example.org; or ann@example.org", ["mailto:ann@example.org"]),
        ("http://[::1]/x", ["http://%5B::1%5D/x"]),
        ("https://example.org/caf\u00e9\uff0c", ["https://example.org/caf%C3%A9"]),
        ("https://example.org/\x1b]8;;http://evil.example\x07", ["https://example.org/", "http://evil.example"]),
        ("file:///etc/passwd javascript:alert(1) ssh://x https:// http:/// xhttp://y", []),
        ("https://example.org/" + "x" * MAX_URL, []),
    ],
)
def test_links_are_found(text: str, urls: list[str]) -> None:
    """Without the punctuation of the sentence; only what a browser or a mail program opens."""
    assert [link.url for link in find_links(harmless(text))] == urls


@given(
    st.text() | st.lists(st.sampled_from([*URLS, "http://", "(", ")", "[", "]", " ", "\x1b\\", "a"])).map("".join)
)
def test_pieces_are_the_text(text: str) -> None:
    """Whatever is in it; an address is plain ASCII without blanks, brackets or controls."""
    text = harmless(text)
    pieces = list(linked("mention", text))
    assert "".join(piece for _, piece in pieces) == text
    for style, piece in pieces:
        before, _, url = style.partition(LINK)
        assert before == "mention"
        assert not url or (re.fullmatch(r"(https?|mailto):[!-Z\\^-~]+", url) and url == safe_url(piece))


class LinkedScreen(pyte.Screen):
    """A screen that knows where each cell leads: the emulator passes over such commands."""

    _COMMAND = re.compile(r"\x1b\]8;(?:id=(\w+))?;([^\x1b]*)\x1b\\")

    def __init__(self, columns: int, rows: int) -> None:
        self.link = ("", "")
        self.links: dict[tuple[int, int], tuple[str, str]] = {}
        super().__init__(columns, rows)
        self._stream = pyte.Stream(self)

    def write(self, text: str) -> None:
        done = 0
        for match in self._COMMAND.finditer(text):
            self._stream.feed(text[done : match.start()])
            self.link = (match[1] or "", match[2])
            done = match.end()
        self._stream.feed(text[done:])

    def draw(self, data: str) -> None:
        for character in data:
            super().draw(character)
            self.links[self.cursor.y, self.cursor.x - 1] = self.link

    def index(self) -> None:
        assert self.link == ("", "")  # a new row would begin inside of a link
        super().index()

    def erase_in_line(self, how: int = 0, private: bool = False) -> None:
        super().erase_in_line(how)
        self._erased(self.cursor.y, self.cursor.x)

    def erase_in_display(self, how: int = 0, *args: Any, **kwargs: Any) -> None:
        super().erase_in_display(how)
        for y in range(self.cursor.y, self.lines):
            self._erased(y, self.cursor.x if y == self.cursor.y else 0)

    def _erased(self, y: int, start: int) -> None:
        assert self.link == ("", "")
        for x in range(start, self.columns):
            self.links.pop((y, x), None)


CELL = st.tuples(st.sampled_from("ab "), st.sampled_from(["", *URLS]), st.sampled_from(["", "bold", "reverse"]))
PICTURE = st.lists(st.lists(CELL, max_size=COLUMNS), min_size=1, max_size=ROWS)


@settings(max_examples=20, deadline=None)
@given(st.lists(PICTURE, min_size=1, max_size=5))
def test_each_cell_leads_where_it_should_after_any_paintings(
    pictures: list[list[list[tuple[str, str, str]]]],
) -> None:
    """Only what has changed is written; the link of what has not stays, and none goes on beyond its cells."""
    with create_app_session(input=DummyInput()):
        asyncio.run(paint(pictures))


async def paint(pictures: list[list[list[tuple[str, str, str]]]]) -> None:
    screen = LinkedScreen(COLUMNS, ROWS)
    stdout = io.StringIO()
    output = ScreenOutput(stdout, lambda: Size(rows=ROWS, columns=COLUMNS), term="xterm")
    output.can = abilities({"TERM": "xterm"})
    app: Application[None] = Application(Layout(Window()), output=output, full_screen=True)
    app.renderer.style = LinkStyle(app.renderer.style)
    for picture in pictures:
        fragments: StyleAndTextTuples = []
        for row in picture:
            for character, url, style in row:
                fragments += link_fragments(style, character, url)
            fragments.append(("", "\n"))
        app.renderer.render(app, Layout(Window(FormattedTextControl(fragments))))
        screen.write(stdout.getvalue())
        stdout.seek(0)
        stdout.truncate()
        assert screen.link == ("", "")
        for y, row in enumerate(picture):
            for x, (character, url, _) in enumerate(row):
                assert screen.buffer[y][x].data == character
                if character != " ":
                    assert screen.links[y, x][1] == url
            for x in range(len(row), COLUMNS):
                assert screen.links.get((y, x), ("", ""))[1] == ""


@given(st.text(max_size=30))
def test_no_address_is_taken_for_a_style(text: str) -> None:
    """prompt_toolkit writes a cell as it is, escapes and all, if its style says so."""
    for url in (text, f"https://x/{text}", "https://x/[ZeroWidthEscape]", "https://x/] bold"):
        ((style, shown),) = link_fragments("bold", "x", url)[:1]
        assert shown == "x"
        assert re.fullmatch(r"bold( class:link \[link:[!-Z\\^-~]+\])?", style)


def test_terminals_that_print_what_they_do_not_know_get_nothing() -> None:
    """Nor does a person who is told nothing of links lose any text."""
    stdout = io.StringIO()
    output = ScreenOutput(stdout, lambda: Size(rows=ROWS, columns=COLUMNS), term="linux")
    output.can = abilities({"TERM": "linux"})
    with create_app_session(input=DummyInput()):
        window = Window(FormattedTextControl(link_fragments("", "abc", URLS[0])))
        app: Application[None] = Application(Layout(window), output=output, full_screen=True)
        app.renderer.style = LinkStyle(app.renderer.style)
        app.renderer.render(app, app.layout)
    assert "abc" in re.sub(r"\x1b\[[\d;?]*\w", "", stdout.getvalue())
    assert "\x1b]" not in stdout.getvalue()
