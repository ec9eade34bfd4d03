"""``roomchat who`` and ``roomchat rooms``."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import click

from roomchat.cli.addresses import RoomName
from roomchat.cli.client_options import client_options, name_of, run
from roomchat.cli.group import INTERRUPTED
from roomchat.cli.output import write_stdout
from roomchat.client.client import Client
from roomchat.client.oneshot import connect_once
from roomchat.programs.lists import people, person_line, room_line, rooms


@click.command()
@click.argument("room", type=RoomName(), required=False)
@client_options
@click.option("--json", is_flag=True, help="Print one JSON object a line.")
@click.pass_context
def who(
    context: click.Context,
    room: str | None,
    server: str,
    name: str | None,
    timeout: float,
    trust: bool | str,
    password: str | None,
    json: bool,
) -> None:
    """List the people on the server, or in ROOM: UID and name."""

    def lines(client: Client) -> Iterator[bytes]:
        return (person_line(person, as_json=json) for person in people(client, room))

    _print(context, server, name, timeout, trust, password, lines)


@click.command("rooms")
@client_options
@click.option("--json", is_flag=True, help="Print one JSON object a line.")
@click.pass_context
def list_rooms(
    context: click.Context,
    server: str,
    name: str | None,
    timeout: float,
    trust: bool | str,
    password: str | None,
    json: bool,
) -> None:
    """List the rooms: name and number of people, and when something was last said in an empty one."""

    def lines(client: Client) -> Iterator[bytes]:
        return (room_line(room, as_json=json) for room in rooms(client))

    _print(context, server, name, timeout, trust, password, lines)


def _print(
    context: click.Context,
    server: str,
    name: str | None,
    timeout: float,
    trust: bool | str,
    password: str | None,
    lines: Callable[[Client], Iterator[bytes]],
) -> None:
    name, others = name_of(context, name, password)
    client: Client | None = None

    def work() -> None:
        nonlocal client
        client = connect_once(server, name, others=others, request_timeout=timeout, trust=trust, password=password)
        try:
            write_stdout(lines(client))
        finally:
            client.close(timeout=0.5)

    def interrupt() -> None:
        if client is not None:
            client.close(timeout=0)

    if run(work, interrupt):
        context.exit(INTERRUPTED)
