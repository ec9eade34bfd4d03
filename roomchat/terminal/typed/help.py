"""What ``/help`` shows: a page of commands and keys, or one command with an example."""

from __future__ import annotations

import itertools

from roomchat.terminal.shown.lines import Line, line
from roomchat.terminal.typed.commands import COMMANDS, find

COLUMN = 20  # where the meanings stand: on a phone's 40 columns they have the other half

# In the full screen; in plain mode the keys are those of the system.
KEYS = [
    ("Enter, Alt-Enter", "send; start a new line in the message"),
    ("Tab, Shift-Tab", "complete a command, person or room; the one before"),
    ("Up, Down, Ctrl-R", "what you typed before here; search in all of it"),
    ("PageUp, PageDown", "scroll; Home, on an empty line: to what is new, the start"),
    ("End", "go to the newest message"),
    ("Alt-1 ... Alt-9", "go to the window of that number; Alt-0: 10"),
    ("Ctrl-N, Ctrl-P", "go to the next window; to the one before"),
    ("Alt-A", "go to the room that wants you: the newest mention first"),
    ("F2", "show who is here, or hide it"),
    ("F3, F4", "the next hit of a search; the one before; End ends it"),
    ("Alt-L", "show the room bare, to copy with the mouse"),
    ("Ctrl-W, Ctrl-Y", "cut a word, put it back; more keys as in bash"),
    ("Ctrl-X Ctrl-E", "edit the line in $EDITOR"),
    ("Ctrl-C", "clear the line; on an empty line: quit, after asking"),
    ("Ctrl-D", "quit, on an empty line"),
    ("Ctrl-L, Ctrl-Z", "paint the screen anew; back to the shell until fg"),
    ("F1", "show this page; Esc leaves it"),
]

_END = (
    "Anything else is sent to the current room. // at the start sends a message that begins with /.",
    "You can use a person's name in place of a UID, with or without @. A room may be typed as #tea.",
)


def page(topic: str = "", *, keys: bool = True) -> list[Line]:
    """The page of help; each meaning has an indent, under which the rest of it stands when it is folded.

    Args:
        topic: a command, without its slash, for what it does and an example; else all of them.
        keys: whether the keys are told, too.
    Raises:
        TypingError: there is no such command.
    """
    if topic:
        return [line(("", text)) for text in _about(topic)]
    lines = []
    for group, commands in itertools.groupby(COMMANDS, key=lambda command: command.group):
        lines += [_heading(group), *(_row(command.form, command.help) for command in commands), line(("", ""))]
    if keys:
        others = line(("", "All other keys are those of bash: Ctrl-A, Ctrl-W, Ctrl-Y, Alt-B, ..."))
        lines += [_heading("Keys"), *itertools.starmap(_row, KEYS), others, line(("", ""))]
    return [*lines, *(line(("", text)) for text in _END)]


def text() -> str:
    """The whole page as text, without the keys."""
    return "\n".join(one.plain.rstrip() for one in page(keys=False))


def _heading(group: str) -> Line:
    return line(("trouble", group))  # bold


def _row(what: str, meaning: str) -> Line:
    return line(("", f"{what:<{COLUMN - 1}} "), ("", meaning), indent=COLUMN)


def _about(name: str) -> list[str]:
    command = find(f"/{name}")
    aliases = f" Also: {', '.join(command.aliases)}." if command.aliases else ""
    return [
        command.form,
        f"{command.help[0].upper()}{command.help[1:]}.{aliases}",
        f"For example: {command.example}",
    ]
