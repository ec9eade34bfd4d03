"""Connections that ask for pages: the hub never hears of them, and they are bounded as strangers are."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from roomchat.net.connection import NEW, REFUSED, Connection
from roomchat.net.connections import Connections
from roomchat.net.output import Output
from roomchat.settings import Settings
from roomchat.wires.site import Site
from roomchat.wires.table import Dialects
from roomchat.wires.wire import Wire

if TYPE_CHECKING:
    from roomchat.wires.http import Conversation


class Requests:
    """Of one I/O thread, which alone calls it."""

    def __init__(
        self, settings: Settings, dialects: Dialects, connections: Connections, output: Output, site: Site
    ) -> None:
        self._settings = settings
        self._dialects = dialects
        self._connections = connections
        self._output = output
        self._site = site

    def begin(self, connection: Connection) -> None:
        """A connection speaks HTTP."""
        from roomchat.wires.http import Conversation, Peer  # only here: most servers start without

        peer = Peer(connection.address, connection.local, connection.transport.secure)
        connection.conversation = Conversation(peer, self._site, lambda: self._dialects.make("websocket"))
        self._watch(connection)

    def feed(self, connection: Connection, data: bytes) -> tuple[Wire, bytes] | None:
        """Answer what came; the wire that it speaks from here on, and what came for that."""
        conversation: Conversation | None = connection.conversation
        assert conversation is not None
        turn = conversation.feed(data)
        connection.last_asked = time.monotonic()
        if turn.ends:
            connection.phase = REFUSED
            self._output.say_last(connection, turn.data)
        elif turn.data:
            self._output.say(connection, turn.data)
        if turn.wire is None or connection.phase is not NEW:
            return None
        connection.conversation = None
        return turn.wire, turn.rest

    def _watch(self, connection: Connection) -> None:
        self._connections.later(self._settings.hello_timeout, self._look, connection)

    def _look(self, connection: Connection) -> None:
        if connection.phase is not NEW or connection.conversation is None:
            return
        if time.monotonic() - connection.last_asked >= self._settings.hello_timeout:
            self._connections.let_go(connection)
        else:
            self._watch(connection)
