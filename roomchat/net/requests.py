"""Connections that ask for pages: the hub never hears of them, and they are bounded as all strangers are."""

from __future__ import annotations

import time
from email.utils import formatdate
from functools import partial

from roomchat.chat.inputs import Disconnected
from roomchat.net.connection import NEW, REFUSED, Connection
from roomchat.net.connections import Connections
from roomchat.net.layers import Layers
from roomchat.net.outbox import End, Packet
from roomchat.net.output import Output
from roomchat.settings import Settings
from roomchat.wires.forwarded import Asker
from roomchat.wires.gate import Gate
from roomchat.wires.site import Site

BYTES_PER_TOKEN = 1024  # of a request, beyond its first token: a browser's has some 700
ANSWER_TIMEOUT = 60.0  # seconds in which a peer has to take an answer
# Seconds without a request after which a proxy's connection ends: it shall be the proxy that ends it, for it takes
# what we end just when it asks for a failure. nginx keeps them for 60, Caddy for 120.
PROXY_IDLE = 180.0


class Requests:
    """Of one I/O thread, which alone calls it."""

    def __init__(
        self, settings: Settings, layers: Layers, connections: Connections, output: Output, site: Site
    ) -> None:
        self._layers = layers
        self._connections = connections
        self._output = output
        self._site = site
        self._gate = Gate(settings)
        self._hello_timeout = settings.hello_timeout

    def begin(self, connection: Connection) -> None:
        """A connection speaks HTTP."""
        from roomchat.wires.http import Conversation  # only here: it takes 0.05 s, and many have no browsers

        peer = Asker(connection.address, connection.local, connection.transport.secure, connection.named)
        date = partial(formatdate, usegmt=True)
        connection.conversation = Conversation(peer, self._gate, self._site, self._layers.is_proxy, date)
        connection.last_asked = time.monotonic()
        if self._layers.speaks_for_others(connection):
            connection.bucket = self._connections.admission.shared_bucket(connection.last_asked)
        connection.pace = 0.0  # whatever it was taken for
        connection.detector.proxied = False
        connection.detector.data.clear()
        self._connections.later(self._patience(connection), self._look, connection)

    def _patience(self, connection: Connection) -> float:
        """Seconds from one whole request to the next."""
        return PROXY_IDLE if self._layers.speaks_for_others(connection) else self._hello_timeout

    def feed(self, connection: Connection, data: bytes) -> tuple[Asker, bytes] | None:
        """Answer what came. If that was the last request, since it is a WebSocket from here on: of whom, and what
        came for that."""
        assert connection.conversation is not None, connection
        turn = connection.conversation.feed(data)
        now = time.monotonic()
        self._connections.admission.worked(connection, turn.requests + len(data) / BYTES_PER_TOKEN, now)
        if turn.requests:
            connection.last_asked = now
        self._say(connection, turn.pieces, ends=turn.ends)
        if turn.upgraded is None or connection.phase is not NEW:
            return None
        connection.conversation = None
        if self._layers.speaks_for_others(connection):
            connection.bucket = self._connections.admission.first_bucket(now)
        return turn.upgraded, turn.rest

    def ended(self, connection: Connection) -> None:
        """The peer asks for no more: it gets what it has asked for."""
        self._say(connection, [], ends=True)

    def _say(self, connection: Connection, pieces: list[bytes], *, ends: bool) -> None:
        for piece in pieces:
            connection.outbox.put(Packet(piece))
        if ends:
            connection.phase = REFUSED
            if connection.introduced:  # it was taken for somebody
                self._connections.tell_hub(connection, Disconnected("it asked for pages"))
            connection.outbox.put(End())
        if pieces or ends:
            self._output.flush(connection)

    def _look(self, connection: Connection) -> None:
        """Whoever asks for nothing, or not to the end, goes; and who does not take the answer."""
        if connection.conversation is None or connection.phase not in {NEW, REFUSED}:
            return
        now = time.monotonic()
        if connection.outbox or connection.starved:
            if now - connection.last_asked > ANSWER_TIMEOUT:
                self._connections.let_go(connection)
                return
        elif now - connection.last_asked >= self._patience(connection):
            if connection.phase is NEW:
                last = [] if connection.conversation.idle else connection.conversation.late()
                self._say(connection, last, ends=True)
            return
        self._connections.later(self._patience(connection), self._look, connection)
