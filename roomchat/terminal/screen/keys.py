"""Which key of the screen does what; those of the line that is typed come first (``editing_keys.py``)."""

from __future__ import annotations

from typing import Protocol

from prompt_toolkit.application import get_app
from prompt_toolkit.filters import Condition
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.keys import Keys

from roomchat.terminal.screen.messages import MessagesPane
from roomchat.terminal.windows.windows import Windows


class Keyed(Protocol):
    """What keys are for."""

    messages: MessagesPane
    windows: Windows

    def switch_window(self, number: int) -> None: ...
    def switch_beside(self, by: int) -> None: ...
    def switch_wanting(self) -> None: ...
    def first(self) -> None: ...
    def newest(self) -> None: ...
    def find(self, by: int) -> None: ...
    def help(self) -> None: ...
    def toggle_people(self) -> None: ...
    def told_place(self, report: str) -> None: ...
    def suspend(self) -> None: ...
    def repaint(self) -> None: ...
    def show_bare(self) -> None: ...


def key_bindings(screen: Keyed) -> KeyBindings:
    """The keys of a screen."""
    keys = KeyBindings()
    keys.add("c-z")(lambda event: screen.suspend())
    keys.add("c-l")(lambda event: screen.repaint())
    keys.add("escape", "l")(lambda event: screen.show_bare())
    for number in range(1, 11):
        _add_number(keys, screen, number)
    keys.add("c-n")(lambda event: screen.switch_beside(1))
    keys.add("c-p")(lambda event: screen.switch_beside(-1))
    keys.add("escape", "a")(lambda event: screen.switch_wanting())
    keys.add("pageup")(lambda event: screen.messages.scroll_page(-1))
    keys.add("pagedown")(lambda event: screen.messages.scroll_page(1))
    keys.add("f1")(lambda event: screen.help())
    leaves_page = Condition(lambda: screen.windows.page is not None and not get_app().key_processor.input_queue)
    # Alt and a key come as Escape with the key right behind it.
    keys.add("escape", filter=leaves_page, eager=True)(lambda event: screen.windows.close_page())
    keys.add("f3")(lambda event: screen.find(1))
    keys.add("f4")(lambda event: screen.find(-1))
    keys.add(Keys.CPRResponse)(lambda event: screen.told_place(event.data))
    keys.add("f2")(lambda event: screen.toggle_people())
    keys.add("home")(lambda event: screen.first())
    keys.add("end")(lambda event: screen.newest())
    return keys


def _add_number(keys: KeyBindings, screen: Keyed, number: int) -> None:
    keys.add("escape", str(number % 10))(lambda event: screen.switch_window(number))
