"""Which key does what. All others are those of Emacs and of every shell."""

from __future__ import annotations

from typing import Protocol

from prompt_toolkit.buffer import Buffer
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.key_binding.key_processor import KeyPressEvent
from prompt_toolkit.keys import Keys

from roomchat.harmless import harmless

TAB = "    "


class Keyed(Protocol):
    """What keys are for."""

    buffer: Buffer

    def accept(self) -> None: ...
    def complete(self, by: int) -> None: ...
    def switch_room(self, number: int) -> None: ...
    def interrupt(self) -> None: ...
    def leave(self) -> None: ...


def key_bindings(screen: Keyed) -> KeyBindings:
    """The keys of a screen."""
    keys = KeyBindings()
    keys.add("enter")(lambda event: screen.accept())
    keys.add("escape", "enter")(lambda event: screen.buffer.insert_text("\n"))
    keys.add("tab")(lambda event: screen.complete(1))
    keys.add("s-tab")(lambda event: screen.complete(-1))
    keys.add("c-c")(lambda event: screen.interrupt())
    keys.add("c-z")(lambda event: event.app.suspend_to_background())
    for number in range(1, 10):
        _add_number(keys, screen, number)

    @keys.add("c-d")
    def _(event: KeyPressEvent) -> None:
        if screen.buffer.text:
            screen.buffer.delete()
        else:
            screen.leave()

    @keys.add(Keys.BracketedPaste)
    def _(event: KeyPressEvent) -> None:
        screen.buffer.insert_text(pasted(event.data))

    return keys


def _add_number(keys: KeyBindings, screen: Keyed, number: int) -> None:
    keys.add("escape", str(number))(lambda event: screen.switch_room(number))


def pasted(text: str) -> str:
    """What was copied elsewhere, as one text of several lines: its author may be another than who pastes it."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", TAB).rstrip("\n").split("\n")
    return "\n".join(map(harmless, lines))
