"""Writes roomchat/web/model/command_table.js from the terminal's commands: how each is typed, and what it does.

So the page and the terminal have the same words; a test fails when the two differ.
"""

from __future__ import annotations

import itertools
import json
from pathlib import Path

from roomchat.terminal.typed.commands import COMMANDS, MISSING
from roomchat.terminal.typed.slash import SlashCommand

# In a page these are something else than in a terminal.
HERE = {
    "/connect": ("/connect", "try to come back now, where the connection is lost"),
    "/quit": ("/quit", "how to leave: close the page, or log out"),
}

PATH = Path(__file__).parent.parent / "roomchat" / "web" / "model" / "command_table.js"

HEAD = """\
// How commands are typed, and what they do. Written by `make docs` from roomchat/terminal/typed: change it there.

/** @type {[group: string, commands: [form: string, help: string, ...aliases: string[]][]][]} */
export const TABLE = [
"""
TAIL = """\
];

/** What people know from other chats, and what there is instead. @type {Record<string, string>} */
export const MISSING = %s;

/** Words behind their arguments are passed over. */
export const SPARE = %s;
"""


def text() -> str:
    """The whole module."""
    parts = [HEAD]
    for group, commands in itertools.groupby(COMMANDS, key=lambda command: command.group):
        parts += [f"  [{_js(group)}, [\n", *map(_row, commands), "  ]],\n"]
    spare = [command.name for command in COMMANDS if command.spare]
    return "".join([*parts, TAIL % (_js(MISSING), _js(spare))])


def _row(command: SlashCommand) -> str:
    typed, does = HERE.get(command.name, (command.form, command.help))
    return f"    {_js([typed, does, *command.aliases])},\n"


def _js(value: object) -> str:
    return json.dumps(value)


if __name__ == "__main__":
    PATH.write_text(text())
