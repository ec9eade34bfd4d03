"""Which key of the typed line does what: those of bash, as far as a chat has a use for them."""

from __future__ import annotations

from typing import Protocol

from prompt_toolkit.filters import Condition
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.key_binding.key_processor import KeyPressEvent
from prompt_toolkit.keys import Keys

from roomchat.terminal.editing.editor import Editor

# By the names that prompt_toolkit has for keys; "escape" before another is Alt. Not as in bash: Ctrl-N and Ctrl-P
# go to other windows, Alt-L shows the room bare; Ctrl-V and Ctrl-Q insert nothing that nobody could see.
KEYS: dict[tuple[str, ...], str] = {
    ("c-b",): "backward-char",
    ("left",): "backward-char",
    ("c-f",): "forward-char",
    ("right",): "forward-char",
    ("escape", "b"): "backward-word",
    ("c-left",): "backward-word",
    ("escape", "left"): "backward-word",
    ("escape", "f"): "forward-word",
    ("c-right",): "forward-word",
    ("escape", "right"): "forward-word",
    ("c-a",): "beginning-of-line",
    ("c-e",): "end-of-line",
    ("delete",): "delete-char",
    ("backspace",): "backward-delete-char",
    ("c-k",): "kill-line",
    ("c-u",): "unix-line-discard",
    ("c-w",): "unix-word-rubout",
    ("escape", "d"): "kill-word",
    ("c-delete",): "kill-word",
    ("escape", "backspace"): "backward-kill-word",
    ("escape", "c-h"): "backward-kill-word",
    ("c-y",): "yank",
    ("escape", "y"): "yank-pop",
    ("escape", "."): "yank-last-arg",
    ("escape", "_"): "yank-last-arg",
    ("c-_",): "undo",
    ("c-x", "c-u"): "undo",
    ("escape", "r"): "revert-line",
    ("c-t",): "transpose-chars",
    ("escape", "t"): "transpose-words",
    ("escape", "u"): "upcase-word",
    ("escape", "c"): "capitalize-word",
    ("escape", "\\"): "delete-horizontal-space",
    ("up",): "previous-row",
    ("down",): "next-row",
    ("c-up",): "previous-history",
    ("c-down",): "next-history",
    ("escape", "<"): "beginning-of-history",
    ("escape", ">"): "end-of-history",
    ("c-r",): "reverse-search-history",
    ("c-s",): "forward-search-history",
    ("c-g",): "abort",
    ("escape", "enter"): "new-line",
}
_NOTHING = [("c-o",), ("c-q",), ("c-v",), ("c-x", Keys.Any), ("escape", Keys.Any)]


class Typed(Protocol):
    """What the line is for."""

    editor: Editor

    def accept(self) -> None:
        """The line is done."""

    def interrupt(self) -> None:
        """Ctrl-C on an empty line."""

    def leave(self) -> None:
        """Ctrl-D on an empty line."""

    def edit_outside(self) -> None:
        """Edit the line in another program."""


def editing_keys(screen: Typed) -> KeyBindings:
    """The keys of the line that is typed. Home and End are its own only while there is a text."""
    editor = screen.editor
    keys = KeyBindings()
    is_searching = Condition(lambda: editor.search is not None)
    has_text = Condition(lambda: bool(editor.shown[0]))
    for sequence, command in KEYS.items():
        _add(keys, editor, sequence, command)
    for sequence in _NOTHING:
        keys.add(*sequence)(lambda event: None)
    keys.add("home", filter=has_text)(lambda event: editor.run("beginning-of-line"))
    keys.add("end", filter=has_text)(lambda event: editor.run("end-of-line"))
    # Who presses Esc and then types a command must not say its name to a room because the / was Alt's.
    keys.add("escape", "/")(lambda event: editor.insert("/"))
    keys.add("tab")(lambda event: editor.complete(1))
    keys.add("s-tab")(lambda event: editor.complete(-1))
    keys.add("c-x", "c-e")(lambda event: screen.edit_outside())
    keys.add("c-]", Keys.Any)(lambda event: editor.find_character(event.data, 1))
    keys.add("escape", "c-]", Keys.Any)(lambda event: editor.find_character(event.data, -1))
    keys.add("enter", filter=~is_searching)(lambda event: screen.accept())
    keys.add("enter", filter=is_searching)(lambda event: editor.accept_search())
    keys.add("escape", filter=is_searching)(lambda event: editor.accept_search())
    before: tuple[str, ...]
    for before in [(), ("escape",)]:  # who has pressed Esc in vain means no other thing by these than ever
        keys.add(*before, "c-c", filter=is_searching)(lambda event: editor.give_up_search())
        keys.add(*before, "c-c", filter=~is_searching & has_text)(lambda event: editor.discard())
        keys.add(*before, "c-c", filter=~is_searching & ~has_text)(lambda event: screen.interrupt())
        keys.add(*before, Keys.BracketedPaste)(lambda event: editor.paste(event.data))
    keys.add("c-d", filter=has_text)(lambda event: editor.run("delete-char"))
    keys.add("c-d", filter=~has_text)(lambda event: screen.leave())

    @keys.add(Keys.Any)
    def _(event: KeyPressEvent) -> None:
        if len(event.data) == 1 and (" " <= event.data <= "~" or event.data >= "\xa0"):  # else a key with a name
            editor.insert(event.data)

    return keys


def _add(keys: KeyBindings, editor: Editor, sequence: tuple[str, ...], command: str) -> None:
    keys.add(*sequence)(lambda event: editor.run(command))
