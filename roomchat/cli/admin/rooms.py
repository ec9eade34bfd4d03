"""``roomchat admin room``."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from roomchat.cli.addresses import RoomName
from roomchat.cli.admin.ask import Admin, admin_options, json_line, line
from roomchat.cli.admin.values import whom_of
from roomchat.cli.output import write_stdout
from roomchat.cli.text import Whole
from roomchat.protocol.admin_answers import Done, MemberRow, RoomAnswer, RoomRow, RoomsAnswer
from roomchat.protocol.administration import DeleteMessage, GiveRoom, ListRooms, RemoveRoom, ShowRoom
from roomchat.times import local


@click.group()
def room() -> None:
    """List rooms, and look into them."""


@room.command("list")
@admin_options
def list_rooms(db: Path | None, json: bool) -> None:
    """List the rooms: name, members, when something was last said."""

    with Admin(db) as admin:
        pages = admin.pages(lambda after: ListRooms(after=after), RoomsAnswer)
        write_stdout(json_line(one) if json else _line(one) for page in pages for one in page.rooms)


@room.command()
@click.argument("room", type=RoomName())
@admin_options
def show(room: str, db: Path | None, json: bool) -> None:
    """Show ROOM, and who is in it."""
    members: list[MemberRow] = []
    with Admin(db) as admin:
        for page in admin.pages(lambda after: ShowRoom(room=room, after=after), RoomAnswer, 0):
            members += page.members
    if json:
        whole = msgspec.structs.asdict(page.room) | {"members": members}
        write_stdout([json_line(whole)])
    else:
        write_stdout([_line(page.room), *(line(one.uid, one.name, one.presence) for one in members)])


@room.command()
@click.argument("room", type=RoomName())
@click.argument("whom")
@admin_options
def owner(room: str, whom: str, db: Path | None, json: bool) -> None:
    """Make WHOM, a UID or a name, the owner of ROOM: an account, or a guest who is here."""
    with Admin(db) as admin:
        admin.ask(GiveRoom(room=room, **whom_of(whom)), Done)
        answer = admin.ask(ShowRoom(room=room), RoomAnswer)
    write_stdout([json_line(answer.room) if json else _line(answer.room)])


@room.command()
@click.argument("room", type=RoomName())
@admin_options
def remove(room: str, db: Path | None, json: bool) -> None:
    """Put everybody out of ROOM, and keep nothing of it.

    What was said in it is gone from the server's disk, and it has no owner, moderators, bans or topic any more.
    Whoever joins ROOM again is in an empty one.
    """
    with Admin(db) as admin:
        admin.ask(RemoveRoom(room=room), Done)
    if json:
        write_stdout([json_line({"room": room})])


@click.command()
@click.argument("room", type=RoomName())
@click.argument("number", type=Whole(1))
@admin_options
def delete(room: str, number: int, db: Path | None, json: bool) -> None:
    """Delete what was said in ROOM under that NUMBER, the `seq` of `roomchat tail --json`.

    Nothing of the text is left on the server's disk; those who have read it are told that it is deleted.
    """
    with Admin(db) as admin:
        admin.ask(DeleteMessage(room=room, seq=number), Done)
    if json:
        write_stdout([json_line({"room": room, "seq": number})])


def _line(row: RoomRow) -> bytes:
    owner = f"owner {row.owner} ({row.owner_uid})" if row.owner_uid else ""
    said = row.last_said and f"last said {local(row.last_said)}"
    return line(row.room, row.members, "private" if row.private else "", owner, said)
