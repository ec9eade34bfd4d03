"""``roomchat join``."""

from __future__ import annotations

import os
import sys

import click

from roomchat.client.interrupt import run_interruptible
from roomchat.client.terminal import Terminal
from roomchat.client.typed import TypedLines
from roomchat.errors import ConnectError, StateError
from roomchat.protocol import Command, Dial, Join


@click.command()
@click.argument("address", metavar="[HOST[:PORT]]", default="localhost")
@click.option("--name", "-n", help="Your name; asked for if not given.")
@click.option("--room", "-r", help="A room to go into.")
@click.option("--dial", type=click.IntRange(1), metavar="UID", help="Someone to chat with.")
def join(address: str, name: str | None, room: str | None, dial: int | None) -> None:
    """Chat in the terminal, on the server at HOST (this machine, port 5050, if not given).

    What you type goes to everyone in your current room; /help lists the commands. Works with a pipe, too:

    \b
        printf '/join tea\\nhello\\n' | roomchat join --name bot
    """
    first: list[Command] = []
    if room is not None:
        first.append(Join(room=room))
    if dial is not None:
        first.append(Dial(uid=dial))
    if sys.stdin is None or sys.stdout is None:
        raise click.ClickException("join needs standard input and output; give it </dev/null or >/dev/null.")
    sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]  # names may be in any script
    typed = TypedLines(sys.stdin.fileno())

    def show(line: str) -> None:
        """A whole line at once: two threads show things. Ends the chat when nobody takes them any more."""
        try:
            sys.stdout.write(line + "\n")
            sys.stdout.flush()
        except OSError:  # a pipe that nobody reads any more, or a full disk
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            typed.stop()

    terminal = Terminal(address, typed, show, interactive=sys.stdin.isatty())
    try:
        if run_interruptible(lambda: terminal.run(name, first), terminal.interrupt):
            show("Goodbye.")
    except (ConnectError, StateError) as error:
        raise click.ClickException(str(error)) from None
