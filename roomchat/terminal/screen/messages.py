"""The pane in which the messages of a window stand."""

from __future__ import annotations

from prompt_toolkit.layout import Container, Dimension
from prompt_toolkit.layout.mouse_handlers import MouseHandlers
from prompt_toolkit.layout.screen import Char, Screen, WritePosition
from prompt_toolkit.mouse_events import MouseEvent, MouseEventType
from prompt_toolkit.output import ColorDepth

from roomchat.protocol import Entry
from roomchat.terminal.device.pace import Pace
from roomchat.terminal.device.theme import fragment_style
from roomchat.terminal.shown.widths import columns, shortened
from roomchat.terminal.shown.widths import width as width_of
from roomchat.terminal.windows.folded_rows import FoldedRow
from roomchat.terminal.windows.viewport import RowsOf
from roomchat.terminal.windows.window import Window
from roomchat.terminal.windows.windows import Windows

WHEEL = {MouseEventType.SCROLL_UP: -3, MouseEventType.SCROLL_DOWN: 3}  # rows
PLAIN = "fg:ansidefault"  # a style that the renderer heeds: of a blank without one it takes no notice


class MessagesPane(Container):
    """The messages of the window that is looked at, the newest at the bottom. Belongs to the main thread.

    Each piece of text is one wide ``Char`` of the library's screen, not one a cell: that paints three to five
    times as fast (docs/measurements.md), and the width of a piece is ours to say.

    Args:
        windows: the windows.
        colours: how many the terminal has.
        pace: of the line; while it is busy, what comes is not shown yet.
        mouse: whether the wheel scrolls.
    """

    def __init__(self, windows: Windows, colours: ColorDepth, pace: Pace, *, mouse: bool = False) -> None:
        self._windows = windows
        self._colours = colours
        self._pace = pace
        self._mouse = mouse
        self._shown: tuple[object, list[FoldedRow]] = (None, [])  # what is looked at, and its rows
        self._width, self._height = 80, 24

    # ------------------------------------------------------------ as a part of the layout

    def reset(self) -> None:
        """Nothing to forget."""

    def preferred_width(self, max_available_width: int) -> Dimension:
        """All that is left."""
        return Dimension()

    def preferred_height(self, width: int, max_available_height: int) -> Dimension:
        """All that is left."""
        return Dimension()

    def get_children(self) -> list[Container]:
        """None."""
        return []

    def write_to_screen(
        self, screen: Screen, mouse_handlers: MouseHandlers, write_position: WritePosition, parent_style: str,
        erase_bg: bool, z_index: int | None,
    ) -> None:  # fmt: skip
        """Write the visible rows into the library's screen."""
        at = write_position
        self._width, self._height = at.width, at.height
        with self._windows.lock:
            window = self._windows.looked_at
            look = (id(window), window.place, window.past is None, window.hit, at.width, at.height)
            if look != self._shown[0] or not self._pace.wait():
                self._shown = look, window.view(self._rows_of(window), at.height)
                self._fetch(window)
            rows = self._shown[1]
        rows = [[]] * (at.height - len(rows)) + rows
        for y, row in enumerate(rows, start=at.ypos):
            screen.data_buffer[y].update(self._cells(row, at.xpos))
        if self._mouse:
            mouse_handlers.set_mouse_handler_for_range(
                at.xpos, at.xpos + at.width, at.ypos, at.ypos + at.height, self._wheel
            )
        screen.width = max(screen.width, at.xpos + at.width)
        screen.height = max(screen.height, at.ypos + at.height)

    def _cells(self, row: FoldedRow, x: int) -> dict[int, Char]:
        """A row as what stands at which column. It is filled to its end: what stood there before is gone."""
        cells: dict[int, Char] = {}
        end = x + self._width
        for style, text in row:
            if text := shortened(text, end - x):  # an emoji may be wider than the pane
                char = cells[x] = Char(text, fragment_style(style, self._colours))
                x += char.width
        if x < end:
            cells[x] = Char(" " * (end - x), PLAIN)
        if x < end - 1 or end - 1 not in cells:
            cells[end - 1] = Char("")  # so that the renderer does not take the row to end before, and erases there
        return cells

    # ------------------------------------------------------------ where one looks

    @property
    def below(self) -> int:
        """How many messages stand below those that are shown."""
        with self._windows.lock:
            window = self._windows.looked_at
            if window.is_at_newest:
                return 0
            unfetched = max(0, window.live.last_seq - window.past.last_seq) if window.past is not None else 0
            items = map(window.timeline.__getitem__, window.below(self._rows_of(window), self._height))
            hides = self._windows.focus.hides
            return unfetched + sum(isinstance(item, Entry) and not hides(item) for item in items)

    @property
    def new_above(self) -> int:
        """How many messages behind the mark "new since" stand above those that are shown."""
        with self._windows.lock:
            window = self._windows.looked_at
            return window.new_above(self._rows_of(window), self._height)

    def scroll(self, by: int) -> None:
        """By that many rows; more than 0 is down."""
        with self._windows.lock:
            window = self._windows.looked_at
            window.scroll(self._rows_of(window), self._height, by)

    def _wheel(self, event: MouseEvent) -> None:
        if event.event_type in WHEEL:
            self.scroll(WHEEL[event.event_type])

    def scroll_page(self, by: int) -> None:
        """By so many screens, of which two rows stay in sight."""
        self.scroll(by * max(1, self._height - 2))

    def _rows_of(self, window: Window) -> RowsOf[FoldedRow]:
        windows = self._windows
        version = (columns.widths, *sorted(windows.focus.blocked), windows.roster.names.get(windows.roster.uid))
        return window.rows(windows.lines_of, self._width, width_of, version, is_away=not windows.connected)

    def _fetch(self, window: Window) -> None:
        """Have more of the log fetched, before one gets to the end of what is here."""
        rows_of = self._rows_of(window)
        if window.top(rows_of, self._height).item - window.span.start < self._height:
            self._windows.fetch_older(window)
        if window.past is not None and len(window.below(rows_of, self._height)) < self._height:
            self._windows.fetch_newer(window)
