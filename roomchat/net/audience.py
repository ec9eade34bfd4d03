"""The connections that get the same bytes."""

from __future__ import annotations

from collections.abc import Sequence

from roomchat.net.connection import Connection, Owner
from roomchat.wires.wire import Wire


class Audience:
    """Connections in groups of one I/O thread and one dialect. Made once each time a room's members change."""

    __slots__ = ("_size", "groups")

    def __init__(self, connections: Sequence[Connection]) -> None:
        grouped: dict[tuple[Owner, str], list[Connection]] = {}
        for connection in connections:
            grouped.setdefault((connection.owner, connection.wire.dialect), []).append(connection)
        self.groups: list[tuple[Owner, Wire, list[Connection]]] = [
            (owner, members[0].wire, members) for (owner, _), members in grouped.items()
        ]
        self._size = len(connections)

    def __len__(self) -> int:
        return self._size
