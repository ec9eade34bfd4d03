"""The connections of one I/O thread: which there are, what is watched of them, and how they end."""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable, Iterable
from itertools import repeat

from roomchat.chat.inputs import Disconnected, Input, Link
from roomchat.figures import IoFigures
from roomchat.net.admission import Admission
from roomchat.net.connection import CLOSED, ENDED, Connection
from roomchat.net.handshakes import Handshakes
from roomchat.net.inbox import Inbox
from roomchat.net.reactor import READ, WRITE, Reactor
from roomchat.net.routes import Routes
from roomchat.settings import Settings

FLUSH_AFTER = 1000  # commands after which a round does not wait for its end to pass them on
CLOSE_TIMEOUT = 60.0  # seconds that a peer has to take what was sent to it before it was let go
LINGERING_CLOSE = 2.0  # seconds that a peer has to take the last bytes after we ended; see ``end``

ToHub = tuple[Link, Input]


class Connections(set[Connection]):
    """Only the I/O thread touches them, and their sockets and outboxes."""

    def __init__(self, settings: Settings, inbox: Inbox[ToHub], reactor: Reactor, routes: Routes) -> None:
        super().__init__()
        self.figures = IoFigures()
        self.admission = Admission(settings)
        self.handshakes = Handshakes(settings.max_strangers, reactor, self.let_go)
        self._inbox = inbox
        self._reactor = reactor
        self._routes = routes
        self._to_hub: list[ToHub] = []  # what this round brought
        self._leaving: dict[Connection, float] = {}  # those that are to end, and when at the latest; in that order
        self._leaving_watched = False  # a timer is set for the first of them

    # ------------------------------------------------------------ what the hub hears

    def tell_hub(self, connection: Connection, command: Input) -> None:
        """Something that has happened to a connection."""
        self._to_hub.append((connection.number, command))

    def send_to_hub(self, connection: Connection, commands: Iterable[Input]) -> None:
        """Commands of a connection."""
        self._to_hub.extend(zip(repeat(connection.number), commands, strict=False))
        if len(self._to_hub) >= FLUSH_AFTER:
            self.hand_over()

    def hand_over(self) -> None:
        """Give the hub what it has been sent, at once instead of at the end of the round."""
        if self._to_hub:
            self._inbox.put(self._to_hub)
            self._to_hub = []

    # ------------------------------------------------------------ coming

    def put(self, connection: Connection) -> None:
        """One more."""
        self.add(connection)
        self._routes[connection.number] = connection
        self.count(connection)

    def count(self, connection: Connection) -> None:
        """It is one of its address; another one may have to give way to it."""
        if (other := self.admission.came(connection, time.monotonic())) is not None:
            self.let_go(other)

    def watch(self, connection: Connection) -> None:
        """Watch a connection for what is of use now. Not read: one whose commands wait, or whose replies do."""
        if connection.phase is CLOSED:
            return
        busy = connection.phase is not ENDED and (
            connection.backlog or connection.starved or connection.outbox.congested
        )  # fmt: skip
        reading = not (busy or connection.peer_ended)
        wanted = (READ if reading else 0) | (WRITE if connection.blocked else 0)
        if wanted != connection.events:
            self._reactor.watch(connection, connection.events, wanted)
            connection.events = wanted

    def hold(self, number: int) -> None:
        """The transport of a connection has something that the system does not take now."""
        if (connection := self._routes.get(number)) is not None:
            connection.blocked = True
            self.watch(connection)

    def later(self, seconds: float, call: Callable[[Connection], None], connection: Connection) -> None:
        """Do something with a connection if it is still there then: a timer alone keeps none in memory."""
        reference = weakref.ref(connection)

        def due() -> None:
            if (one := reference()) is not None:
                call(one)

        self._reactor.at(time.monotonic() + seconds, due)

    # ------------------------------------------------------------ going

    def end(self, connection: Connection) -> None:
        """Everything is written: say so, and wait for the peer to hang up.

        Closed at once, with bytes of the peer unread, the system would answer those with a reset, which can
        overtake what we have just written: the peer might never see why.
        """
        connection.outbox.clear()
        connection.backlog.clear()
        connection.phase = ENDED
        try:
            connection.transport.end()
        except OSError as error:
            self.lost(connection, error)
            return
        if connection.peer_ended and not connection.blocked:
            self.close(connection)
        else:
            self.later(LINGERING_CLOSE, self.close, connection)

    def let_leave(self, connection: Connection) -> None:
        """It ends when its peer has taken all, or after a while. One timer is for all: one each, for a minute,
        would be the most that a short session leaves behind."""
        if connection.phase is not CLOSED:
            self._leaving.setdefault(connection, time.monotonic() + CLOSE_TIMEOUT)
            self._watch_leaving()

    def _watch_leaving(self) -> None:
        if self._leaving and not self._leaving_watched:
            self._leaving_watched = True
            self._reactor.at(next(iter(self._leaving.values())), self._close_leaving)

    def _close_leaving(self) -> None:
        self._leaving_watched = False
        now = time.monotonic()
        for connection, until in list(self._leaving.items()):
            if until > now:
                break
            self.close(connection)
        self._watch_leaving()

    def let_go(self, connection: Connection) -> None:
        """End a connection for the sake of the others."""
        if connection.introduced and connection.phase is not CLOSED:
            self.tell_hub(connection, Disconnected("it gave way to others"))
        connection.outbox.clear()
        self.close(connection)

    def lost(self, connection: Connection, error: OSError) -> None:
        """The connection broke."""
        self.close(connection)
        self.tell_hub(connection, Disconnected(error.strerror or str(error)))

    def close(self, connection: Connection) -> None:
        """It is over; nothing, if it is already."""
        if connection.phase is CLOSED:
            return
        connection.phase = CLOSED
        if connection.events:
            self._reactor.watch(connection, connection.events, 0)
            connection.events = 0
        connection.socket.close()
        self.discard(connection)
        self._routes.pop(connection.number, None)
        self._leaving.pop(connection, None)
        self.admission.gone(connection)
        self.handshakes.over(connection)
