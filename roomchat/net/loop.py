"""An I/O thread: all reading and writing of the connections that it owns."""

from __future__ import annotations

import logging
import socket
import time
from functools import partial

from roomchat.net.connection import CLOSED, ENDED, NEW, Deliveries
from roomchat.net.connections import Connections, ToHub
from roomchat.net.identity import Identity
from roomchat.net.inbox import Inbox
from roomchat.net.intake import Intake
from roomchat.net.newcomers import Newcomers
from roomchat.net.output import Output
from roomchat.net.passwords import Passwords
from roomchat.net.reactor import READ, WRITE, Reactor
from roomchat.net.readers import Readers
from roomchat.net.routes import Routes
from roomchat.settings import Settings
from roomchat.wires.site import Site
from roomchat.wires.table import Dialects

logger = logging.getLogger("roomchat")

TOTAL_INTERVAL = 1.0  # seconds between two sums of what waits for all


class Loop:
    """The work of one I/O thread: it waits for sockets, and has the parts do what is to be done.

    ``Newcomers`` finds out what a connection speaks, ``Intake`` reads and hands on to the hub, ``Output`` writes,
    and ``Connections`` holds and ends them. Any thread may call ``add``, ``deliver``, ``give_way`` and ``stop``;
    all else runs on the I/O thread, which is in ``run``.
    """

    def __init__(
        self,
        settings: Settings,
        inbox: Inbox[ToHub],
        readers: Readers,
        dialects: Dialects,
        routes: Routes,
        passwords: Passwords,
        site: Site,
        identity: Identity | None = None,
    ) -> None:
        """``identity``: for TLS; None: that is not spoken."""
        self._settings = settings
        self._reactor = reactor = Reactor()
        self.connections = connections = Connections(settings, inbox, reactor, routes)
        self.intake = Intake(connections, inbox, reactor, passwords)
        self.output = Output(connections, self.intake, readers, reactor, settings.read_piece)
        self.newcomers = Newcomers(
            settings, dialects, connections, self.intake, self.output, inbox, reactor, self, identity, site
        )  # fmt: skip
        self._next_look = 0.0  # when what waits in all outboxes together is added up next
        self._stop_by: float | None = None  # when a stopping loop gives up on what is still to be written

    # ------------------------------------------------------------ from any thread

    def add(self, number: int, sock: socket.socket, address: str) -> None:
        """A new connection for this loop."""
        self.newcomers.expect(sock)
        self._reactor.post(partial(self.newcomers.add, number, sock, address))

    def give_way(self) -> None:
        """There are no file descriptors left: who has not been welcomed makes room."""
        self._reactor.post(self.newcomers.give_way)

    def deliver(self, deliveries: Deliveries) -> None:
        """Items for outboxes, in order."""
        self._reactor.post(partial(self.output.deliver, deliveries))

    def stop(self, drain: float) -> None:
        """End when all outboxes are empty, at the latest after ``drain`` seconds."""
        self._reactor.post(partial(self._stop, drain))

    def close(self) -> None:
        """Free what it holds: after its thread has ended, and when no other calls it any more."""
        for connection in list(self.connections):
            self.connections.close(connection)
        self.newcomers.close()
        self._reactor.close()

    # ------------------------------------------------------------ the loop

    def run(self) -> None:
        """Read and write until the thread is stopped."""
        connections, intake, output, newcomers = self.connections, self.intake, self.output, self.newcomers
        while self._stop_by is None or (connections and time.monotonic() < self._stop_by):
            for connection, mask in self._reactor.wait(self._wait_until()):
                if mask & WRITE:
                    output.go_on(connection)
                if mask & READ and connection.phase is not CLOSED:
                    if connection.phase is NEW:
                        newcomers.let_wait(connection)
                    else:
                        intake.receive(connection)
            self._reactor.run_due()
            newcomers.serve()
            output.flush_dirty()
            connections.hand_over()
            self._bound_memory()

    def _wait_until(self) -> float | None:
        until = self.newcomers.wait_until()
        return self._stop_by if until is None else until

    def _bound_memory(self) -> None:
        """Each connection has its own bound. Where very many use all of theirs, those that hold most are let go; a
        client that can come back misses nothing."""
        now = time.monotonic()
        if now < self._next_look:
            return
        self._next_look = now + TOTAL_INTERVAL
        total = sum(connection.unsent for connection in self.connections)
        limit = self._settings.outbox_total // self._settings.io_threads
        if total <= limit:
            return
        for connection in sorted(self.connections, key=lambda one: one.unsent, reverse=True):
            logger.warning("%s takes nothing, and memory is short: it is let go", connection)
            total -= connection.unsent
            self.connections.let_go(connection)
            if total <= limit:
                return

    def _stop(self, drain: float) -> None:
        self._stop_by = time.monotonic() + drain
        self.output.stopping = True
        for connection in list(self.connections):
            if not (connection.outbox or connection.phase is ENDED):
                self.connections.close(connection)  # the hub had ended: nothing will ever be sent to it
