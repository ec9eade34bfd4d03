"""What the panes of the screen show: the messages of a window, the list of rooms, the people of a room."""

from __future__ import annotations

from collections.abc import Callable

from prompt_toolkit.layout.controls import UIContent, UIControl
from prompt_toolkit.output import ColorDepth
from prompt_toolkit.utils import get_cwidth

from roomchat.harmless import harmless
from roomchat.terminal.lines import cell
from roomchat.terminal.status import Fragments, name_of
from roomchat.terminal.theme import fragment_style
from roomchat.terminal.viewport import RowsOf
from roomchat.terminal.window import FoldedRow, Window
from roomchat.terminal.windows import Windows


class MessagesPane(UIControl):
    """The messages of the window that is looked at, the newest at the bottom. Belongs to the main thread.

    Args:
        windows: the windows.
        colours: how many the terminal has.
    """

    def __init__(self, windows: Windows, colours: ColorDepth) -> None:
        self._windows = windows
        self._colours = colours
        self._width, self._height = 80, 24

    def create_content(self, width: int, height: int) -> UIContent:
        """What stands in so many columns and rows."""
        windows = self._windows
        self._width, self._height = width, height
        with windows.lock:
            window = windows.looked_at
            rows = window.view(self._rows_of(window), height)
            self._fetch(window)
        blank = height - len(rows)
        return UIContent(lambda y: self._fragments(rows[y - blank]) if y >= blank else [], line_count=height)

    @property
    def below(self) -> int:
        """How many messages stand below those that are shown."""
        with self._windows.lock:
            window = self._windows.looked_at
            if window.is_at_newest:
                return 0
            unfetched = max(0, window.live.last_seq - window.past.last_seq) if window.past is not None else 0
            return unfetched + window.below(self._rows_of(window), self._height)

    def scroll(self, by: int) -> None:
        """By that many rows; more than 0 is down."""
        with self._windows.lock:
            window = self._windows.looked_at
            window.scroll(self._rows_of(window), self._height, by)

    def scroll_page(self, by: int) -> None:
        """By so many screens, of which two rows stay in sight."""
        self.scroll(by * max(1, self._height - 2))

    def _rows_of(self, window: Window) -> RowsOf[FoldedRow]:
        windows = self._windows
        version = (*sorted(windows.focus.ignored), windows.roster.uid)
        return window.rows(windows.lines_of, self._width, get_cwidth, version)

    def _fetch(self, window: Window) -> None:
        """Have more of the log fetched, before one gets to the end of what is here."""
        top = window.top(self._rows_of(window), self._height)
        if top.item - window.span.start < self._height:
            self._windows.fetch_older(window)
        if window.past is not None and window.below(self._rows_of(window), self._height) < self._height:
            self._windows.fetch_newer(window)

    def _fragments(self, row: FoldedRow) -> Fragments:
        return [(fragment_style(style, self._colours), text) for style, text in row]


def room_list(windows: Windows, width: int) -> Fragments:
    """The windows with their numbers and what is new in them."""
    rows: Fragments = []
    with windows.lock:
        for window in windows.all():
            style = "class:current" if window is windows.current else _news_style(window)
            new = f" {window.unread}" if window.unread else ""
            mark = "!" if window.mentions else ""
            name = shortened(f"{window.number} {name_of(window, windows)}", width - len(new + mark))
            rows.append((style, f"{name}{' ' * (width - get_cwidth(name) - len(new + mark))}{new}{mark}\n"))
    return rows


def _news_style(window: Window) -> str:
    if window.mentions:
        return "class:alert"
    return "class:unread" if window.unread else "class:toolbar"


def people_list(windows: Windows, width: int, height: int) -> Fragments:
    """Who is in the room that is looked at."""
    with windows.lock:
        roster, room = windows.roster, windows.current.room
        here = sorted(roster.here(room), key=lambda uid: roster.names.get(uid, "").casefold())
        total = max(roster.totals.get(room or "", 0), len(here))
        shown = here[: max(0, height - 1)] if total > height else here
        rows: Fragments = [
            (fragment_style(f"name:{uid}", ColorDepth.DEPTH_8_BIT),
             shortened(f"{harmless(cell(roster.names.get(uid, '')))} {uid}", width) + "\n")
            for uid in shown
        ]  # fmt: skip
    if total > len(shown):
        rows.append(("class:toolbar", f"and {total - len(shown)} more"))
    return rows


def shortened(text: str, width: int, measure: Callable[[str], int] = get_cwidth) -> str:
    """A text that is no wider, with an ellipsis where it was cut."""
    if measure(text) <= width:
        return text
    while text and measure(text) > width - 1:
        text = text[:-1]
    return text + "…" if width > 0 else ""
