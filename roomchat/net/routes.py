"""From the numbers by which the hub knows connections to the connections."""

from __future__ import annotations

from collections.abc import Iterable

from roomchat.chat.inputs import Link
from roomchat.chat.state import Audience
from roomchat.net.connection import Connection, Owner
from roomchat.wires.wire import Wire

# Connections of one I/O thread and one dialect.
Group = tuple[Owner, Wire, list[Connection]]


class Routes(dict[Link, Connection]):
    """All connections that are not closed, by number. I/O threads put them in and out; the hub's thread looks."""

    def groups(self, audience: Audience) -> list[Group]:
        """Those of an audience; made once for each."""
        if audience.routes is None:
            audience.routes = self._grouped(audience.links)
        routes: list[Group] = audience.routes
        return routes

    def _grouped(self, links: Iterable[Link]) -> list[Group]:
        grouped: dict[tuple[Owner, str], list[Connection]] = {}
        for link in links:
            if (connection := self.get(link)) is not None:
                grouped.setdefault((connection.owner, connection.wire.dialect), []).append(connection)
        return [(owner, members[0].wire, members) for (owner, _), members in grouped.items()]
