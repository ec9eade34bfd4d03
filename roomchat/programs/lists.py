"""``roomchat who`` and ``roomchat rooms``: whole lists, page by page."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from roomchat.client.client import Client
from roomchat.client.oneshot import OTHER_ANSWER
from roomchat.errors import ConnectError
from roomchat.harmless import harmless, harmless_json
from roomchat.protocol import PAGE, Person, Rooms, RoomsPage, RoomSummary, Who, WhoPage
from roomchat.times import local


def people(client: Client, room: str | None) -> Iterator[Person]:
    """Everyone on the server, or in a room, but ourselves. Raises Denied, ConnectError."""
    after = 0
    while True:
        page = client.request(Who(room=room, after=after))
        if not isinstance(page, WhoPage):
            raise ConnectError(OTHER_ANSWER)
        yield from (person for person in page.clients if person.uid != client.uid)
        if len(page.clients) < PAGE or page.clients[-1].uid <= after:
            return
        after = page.clients[-1].uid


def rooms(client: Client) -> Iterator[RoomSummary]:
    """All rooms. Raises Denied, ConnectError."""
    after = None
    while True:
        page = client.request(Rooms(after=after))
        if not isinstance(page, RoomsPage):
            raise ConnectError(OTHER_ANSWER)
        yield from page.rooms
        if len(page.rooms) < PAGE or page.rooms[-1].room == after:
            return
        after = page.rooms[-1].room


def person_line(person: Person, *, as_json: bool) -> bytes:
    """``7 ann``, or an object with ``uid``, ``name`` and ``away``, always all three."""
    if as_json:
        return _json({"uid": person.uid, "name": person.name, "away": person.away})
    return f"{person.uid} {harmless(person.name)}{' [away]' if person.away else ''}\n".encode()


def room_line(room: RoomSummary, *, as_json: bool) -> bytes:
    """``tea 3``: how many are in it; of an empty room also when something was last said. Or an object with
    ``room``, ``members_total``, ``last_seq`` and ``last_said``, which may be null."""
    if as_json:
        return _json(
            {
                "room": room.room,
                "members_total": room.members_total,
                "last_seq": room.last_seq,
                "last_said": room.last_said,
            }
        )
    said = f" last said {local(room.last_said)}" if room.last_said and not room.members_total else ""
    return f"{harmless(room.room)} {room.members_total}{harmless(said)}\n".encode()


def _json(fields: dict[str, object]) -> bytes:
    return harmless_json(msgspec.json.encode(fields) + b"\n")
