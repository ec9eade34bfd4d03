"""Where the panes of the screen stand."""

from __future__ import annotations

from typing import Protocol

from prompt_toolkit.filters import Condition
from prompt_toolkit.layout import (
    ConditionalContainer,
    Container,
    Dimension,
    HSplit,
    VSplit,
)
from prompt_toolkit.layout import Window as Pane

from roomchat.terminal.screen import status
from roomchat.terminal.screen.input_pane import InputPane
from roomchat.terminal.screen.messages import MessagesPane
from roomchat.terminal.screen.panes import people_list, room_list
from roomchat.terminal.screen.text_pane import TextPane
from roomchat.terminal.terminal import Terminal
from roomchat.terminal.windows.windows import Windows

LIST_WIDTH = 18  # columns of the rooms, and of the people
WIDE = 72  # columns from which on the rooms are listed
MAX_INPUT_ROWS = 10  # rows of what is typed; more scroll
ROOMY = 8  # rows from which on there is a title


class Painted(Protocol):
    """What the panes show."""

    terminal: Terminal
    windows: Windows
    messages: MessagesPane
    typed: InputPane
    pending: status.Fragments
    shows_people: bool

    def size(self) -> tuple[int, int]: ...
    def is_wide(self) -> bool: ...
    def bottom(self) -> status.Fragments: ...


def layout(screen: Painted) -> Container:
    """The rooms on the left if there is width for them, the people on the right if they are asked for.

    Between them are the title, the messages, what is on its way, the line that is typed, and how things stand.
    """
    windows = screen.windows
    title = TextPane(lambda: status.title(screen.terminal, windows))
    rooms = TextPane(lambda: room_list(windows, LIST_WIDTH, screen.size()[1]))
    people = TextPane(lambda: people_list(windows, people_width(), screen.size()[1]))

    def people_width() -> int:
        return min(LIST_WIDTH, max(0, screen.size()[0] // 2 - 2))  # most of a narrow screen is for the messages

    def input_rows() -> Dimension:
        return Dimension(min=1, max=max(1, min(MAX_INPUT_ROWS, screen.size()[1] // 2 - 1)))

    line = Pane(width=1, char="│", style="class:line")
    middle = HSplit(
        [
            ConditionalContainer(
                Pane(title, height=1, style="class:title"), filter=Condition(lambda: screen.size()[1] >= ROOMY)
            ),
            screen.messages,
            ConditionalContainer(
                # Blanks of its own, here and below: the renderer would take those that it finds missing for what
                # stood there before, and leave the rest of a message that was longer.
                Pane(TextPane(lambda: screen.pending), dont_extend_height=True, char=" "),
                filter=Condition(lambda: bool(screen.pending)),
            ),
            Pane(
                screen.typed,
                height=input_rows,
                dont_extend_height=True,
                char=" ",
                # Where it was scrolled to on a screen too narrow for it means nothing on the next one.
                get_horizontal_scroll=lambda pane: 0,
                get_vertical_scroll=lambda pane: 0,
            ),
            Pane(TextPane(screen.bottom), height=1, dont_extend_height=True, char=" "),
        ]
    )
    return VSplit(
        [
            ConditionalContainer(VSplit([Pane(rooms, width=LIST_WIDTH), line]), filter=Condition(screen.is_wide)),
            middle,
            ConditionalContainer(
                VSplit([line, Pane(people, width=people_width)]), filter=Condition(lambda: screen.shows_people)
            ),
        ]
    )
