"""``roomchat tail``."""

from __future__ import annotations

import os
import select
import sys
import threading
from collections.abc import Callable

import click

from roomchat.cli.addresses import RoomName
from roomchat.cli.client_options import client_options, name_of, run
from roomchat.cli.group import INTERRUPTED
from roomchat.cli.output import check_stdout, note, write_stdout
from roomchat.cli.text import Whole
from roomchat.programs.tail import Start, Tail
from roomchat.times import beginning


@click.command()
@click.argument("room", type=RoomName())
@client_options
@click.option("--json", is_flag=True, help="Print one JSON object a line.")
@click.option("--history", type=Whole(0, 1000), default=10, help="Begin with that many of the last messages.")
@click.option("--since", metavar="TIME", help="Begin with all messages since then: RFC 3339, or a date.")
@click.option("--after", type=Whole(0), metavar="SEQ", help="Begin with all messages after that number.")
@click.pass_context
def tail(
    context: click.Context,
    room: str,
    server: str,
    name: str | None,
    timeout: float,
    trust: bool | str,
    password: str | None,
    json: bool,
    history: int,
    since: str | None,
    after: int | None,
) -> None:
    """Print the messages of ROOM as they come, one a line.

    It runs until Ctrl-C, or until nobody reads its output. If the connection is lost, it connects again by
    itself, says so on standard error, and misses nothing.

    \b
        roomchat tail ops --json | jq -r --unbuffered .text
    """
    if since is not None and after is not None:
        raise click.UsageError("--since and --after both say where to begin; leave one out.")
    check_stdout()
    name, others = name_of(context, name, password)
    tail = Tail(
        server,
        name,
        others=others,
        write=lambda line: write_stdout([line], at_once=True),
        status=note,
        timeout=timeout,
        trust=trust,
        password=password,
    )
    start = Start(history, after, None if since is None else _since(since))
    _when_nobody_reads(tail.end)
    if run(lambda: tail.run(room, start, as_json=json), tail.end) and not tail.began:
        context.exit(INTERRUPTED)


def _since(text: str) -> int:
    try:
        return beginning(text, None)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--since") from None


def _when_nobody_reads(end: Callable[[], None]) -> None:
    """Notice that a pipe's reader is gone also while nothing is said: `tail | grep -m1` must come to its end."""
    if sys.stdout is None:
        return

    def watch() -> None:
        poller = select.poll()
        poller.register(sys.stdout.fileno(), 0)  # nothing but its end, which is always told
        if any(event & (select.POLLERR | select.POLLHUP) for _, event in poller.poll()):
            end()

    if not os.isatty(sys.stdout.fileno()):
        threading.Thread(target=watch, name="roomchat-watch", daemon=True).start()
