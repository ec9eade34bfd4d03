"""Handshakes of TLS: how many an address has under way at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from roomchat.net.connection import Connection
from roomchat.net.reactor import Reactor

MIN_AGE = 2.0  # seconds that a handshake has in any case; longer if nobody waits for it


class Handshakes:
    """Of one I/O thread, which alone calls it.

    One that has begun takes some 15 KiB, five times a connection that waits to begin: whoever begins very many and
    goes no further must not fill the memory. So an address has so many at a time, and others of it wait. When
    others wait, those that get nowhere are let go.

    Args:
        most: of one address at a time.
        let_go: ends a connection.
    """

    def __init__(self, most: int, reactor: Reactor, let_go: Callable[[Connection], None]) -> None:
        self._most = most
        self._reactor = reactor
        self._let_go = let_go
        self._going: dict[str, dict[Connection, float]] = {}  # by address: since when
        self._waiting: dict[str, dict[Connection, Callable[[], None]]] = {}  # by address: the call that begins it
        self._watched: set[str] = set()  # addresses for which a timer is set

    def may_begin(self, connection: Connection, begin: Callable[[], None]) -> bool:
        """Whether a connection may begin now; else ``begin`` is called when it may. It is ``over`` in any case."""
        address = connection.address
        going = self._going.setdefault(address, {})
        if len(going) < self._most:
            going[connection] = time.monotonic()
            return True
        self._waiting.setdefault(address, {})[connection] = begin
        self._watch(address)
        return False

    def waits(self, connection: Connection) -> bool:
        """Whether it may not begin yet."""
        return connection in self._waiting.get(connection.address, ())

    def over(self, connection: Connection) -> None:
        """It is done, or will never be; nothing, if it was over before, or never was."""
        address = connection.address
        waiting, going = self._waiting.get(address, {}), self._going.get(address, {})
        waiting.pop(connection, None)
        if going.pop(connection, None) is not None and waiting:
            following = next(iter(waiting))
            going[following] = time.monotonic()
            waiting.pop(following)()
        if not going:
            self._going.pop(address, None)
        if not waiting:
            self._waiting.pop(address, None)

    def _watch(self, address: str) -> None:
        if address in self._waiting and address not in self._watched:
            self._watched.add(address)
            self._reactor.at(time.monotonic() + MIN_AGE, partial(self._make_way, address))

    def _make_way(self, address: str) -> None:
        """Those that get nowhere, though it is not we who let them wait, are let go for those that wait."""
        self._watched.discard(address)
        until = time.monotonic() - MIN_AGE
        waiting, going = self._waiting.get(address, {}), self._going.get(address, {})
        stuck = [one for one, since in going.items() if since <= until and not one.starved]
        for connection in stuck[: len(waiting)]:
            self._let_go(connection)
        self._watch(address)
