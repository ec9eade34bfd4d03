"""What tests look at and do inside a running server: nothing outside says it. No other test file reaches in."""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from roomchat.chat.registry import Registry
from roomchat.clock import Clock
from roomchat.figures import HubFigures
from roomchat.monitoring import Monitoring
from roomchat.net.connection import Connection
from roomchat.net.inbox import Inbox
from roomchat.net.newcomers import Newcomers
from roomchat.net.passwords import Passwords
from roomchat.net.trouble import Trouble
from roomchat.order import EmbeddedOrder
from roomchat.server import Server
from roomchat.settings import Settings
from roomchat.site.page import Page
from roomchat.site.web import Web
from roomchat.store.reader import SqliteReader


def registry_of(server: Server) -> Registry:
    """What the hub knows. It changes all the time: look at single values."""
    return server._hub.registry


def connections(server: Server) -> list[Connection]:
    """All that its I/O threads hold, also those of which nothing is known yet."""
    return [one for loop in server._loops for one in list(loop.connections)]


def connection_of(server: Server, uid: int) -> Connection:
    """The one by which a client is connected."""
    (link,) = registry_of(server).clients[uid].links
    return server._routes[link]


def dialects(server: Server) -> list[str]:
    """What those who have been welcomed speak."""
    peers = list(registry_of(server).peers.values())
    return [server._routes[one.link].wire.dialect for one in peers if one.session is not None]


def keep_little(server: Server) -> None:
    """The system keeps little of what is sent to those who connect from now on, so that not reading is felt."""
    server._listener._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)  # inherited on accept


@contextmanager
def greeting_soon_inside() -> Iterator[None]:
    """Who is silent inside TLS is greeted at once. In clear that has its time: a handshake may be late."""
    watch = Newcomers._watch_for_pause

    def watch_inside(self: Newcomers, connection: Connection) -> None:
        if connection.transport.secure:
            self._connections.later(0.05, self.paused, connection)
        else:
            watch(self, connection)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Newcomers, "_watch_for_pause", watch_inside)
        yield


def cut(server: Server) -> None:
    """Every connection breaks, as when a cable is pulled."""
    for loop in server._loops:
        for connection in list(loop.connections):
            loop._reactor.post(partial(loop.connections.lost, connection, OSError(104, "cut")))


def break_thread(server: Server, name: str) -> None:
    """A fault in a thread of it: ``hub`` or ``io``."""
    if name == "hub":
        server._inbox.put([None])  # type: ignore[list-item]  # not what it takes
    else:
        server._loops[0]._reactor.post(None)  # type: ignore[arg-type]


@contextmanager
def full_disk(server: Server) -> Iterator[None]:
    """The database may not grow: SQLite says that the disk is full."""
    server._log._connection.execute("PRAGMA max_page_count = 1")  # SQLite makes that the number of pages there are
    try:
        yield
    finally:
        server._log._connection.execute("PRAGMA max_page_count = 1000000")


def no_passwords(settings: Settings) -> Passwords:
    """For an I/O thread that is tried alone: none are checked."""
    return Passwords(settings, lambda: SqliteReader(Path("nowhere")))


def no_site() -> Web:
    """Likewise: there is no page."""
    alone = EmbeddedOrder(Inbox(1), Clock(0))
    return Web(Page.of({}), Monitoring(HubFigures(), Registry(), Trouble("", ""), [], (), Counter(), alone))
