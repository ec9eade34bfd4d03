"""``roomchat admin room``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import msgspec

from roomchat.cli.addresses import RoomName
from roomchat.cli.admin.ask import Admin, admin_options, json_line, line
from roomchat.cli.output import write_stdout
from roomchat.protocol.administration import ListRooms, MemberRow, RoomAnswer, RoomRow, RoomsAnswer, ShowRoom
from roomchat.times import local


@click.group()
def room() -> None:
    """List rooms, and look into them."""


@room.command("list")
@admin_options
def list_rooms(db: Path | None, json: bool) -> None:
    """List the rooms: name, members, when something was last said."""

    def lines() -> Iterator[bytes]:
        after = None
        while True:
            page = admin.ask(ListRooms(after=after), RoomsAnswer)
            yield from (json_line(one) if json else _line(one) for one in page.rooms)
            after = page.next
            if after is None:
                return

    with Admin(db) as admin:
        write_stdout(lines())


@room.command()
@click.argument("room", type=RoomName())
@admin_options
def show(room: str, db: Path | None, json: bool) -> None:
    """Show ROOM, and who is in it."""
    members: list[MemberRow] = []
    with Admin(db) as admin:
        after: int | None = 0
        while after is not None:
            page = admin.ask(ShowRoom(room=room, after=after), RoomAnswer)
            members += page.members
            after = page.next
    if json:
        whole = msgspec.structs.asdict(page.room) | {"members": members}
        write_stdout([json_line(whole)])
    else:
        write_stdout([_line(page.room), *(line(one.uid, one.name, one.presence) for one in members)])


def _line(row: RoomRow) -> bytes:
    return line(row.room, row.members, row.last_said and f"last said {local(row.last_said)}")
