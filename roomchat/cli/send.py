"""``roomchat send``."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import click

from roomchat.cli.addresses import RoomName
from roomchat.cli.client_options import client_options, name_of, run
from roomchat.cli.group import INTERRUPTED
from roomchat.cli.output import note
from roomchat.programs.send import Sender
from roomchat.terminal.typed.input import StandardInput

MAX_INPUT = 1024 * 1024  # characters that are read for one message; the server takes far fewer, and says so


@click.command()
@click.argument("room", type=RoomName())
@click.argument("text", nargs=-1)
@client_options
@click.option("--lines", is_flag=True, help="Send each line of the input as a message, as soon as it is read.")
@click.pass_context
def send(
    context: click.Context,
    room: str,
    text: tuple[str, ...],
    server: str,
    name: str | None,
    timeout: float,
    lines: bool,
    trust: bool | str,
    password: str | None,
) -> None:
    """Send TEXT to ROOM; without TEXT, send standard input.

    The exit code is 0 when the server has the message on its disk; otherwise it is 1, with a sentence. Write --
    before a TEXT that may begin with a dash:

    \b
        roomchat send ops -- "$SUBJECT"
        df -h | roomchat send ops
        tail -f errors.log | roomchat send ops --lines
    """
    if text and lines:
        raise click.UsageError("--lines is for standard input; leave out --lines or the TEXT.")
    if not text and sys.stdin is None:
        raise click.ClickException("There is no standard input to read from; write the TEXT after the ROOM.")
    source = None if text else StandardInput(sys.stdin.fileno())
    name, others = name_of(context, name, password)
    sender = Sender(server, name, others=others, timeout=timeout, lines=lines, trust=trust, password=password)

    def interrupt() -> None:
        if source is not None:
            source.stop()
        sender.interrupt()

    texts = iter([_readable(" ".join(text))]) if source is None else _input(source, lines)
    if run(lambda: sender.run(room, texts), interrupt):
        note("Interrupted: the server may or may not have the message.")
        context.exit(INTERRUPTED)


def _readable(text: str) -> str:
    """Bytes from the shell that are not UTF-8 become replacement characters, because JSON could not carry them."""
    return text.encode(errors="surrogateescape").decode(errors="replace")


def _input(source: StandardInput, lines: bool) -> Iterator[str]:
    if lines:
        yield from (line.text for line in source.typed())
        return
    if sys.stdin.isatty():
        note("Type the message; Ctrl-D ends it.")
    text, size = [], 0
    for line in source.typed():
        text.append(line.text)
        size += len(line.text)
        if size > MAX_INPUT:
            break
    yield "\n".join(text).rstrip("\n")
