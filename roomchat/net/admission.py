"""How many may come from one address, and how fast each person is taken, over all of their connections."""

from __future__ import annotations

from collections.abc import Iterator

from roomchat.net.bucket import TokenBucket, forget_full
from roomchat.net.connection import Connection
from roomchat.settings import Settings

STRANGER_TOKENS = 50  # tokens of a connection until it is welcomed: a hello, and what it may ask
TOKENS_PER_CONNECT = 5  # tokens that a stranger's work costs, for one connection that its address may open
MAX_WAIT = 10.0  # seconds that a new connection waits at the longest
MIN_TOKENS = 20  # tokens that a newcomer has, however many came from its address
MIN_AGE = 2.0  # seconds in which a connection need not have been welcomed


class Admission:
    """Of one I/O thread, which alone calls it. Times are seconds of the monotonic clock.

    A person's bucket outlives the connection: who comes back finds it as it was. What a newcomer may say at once
    comes from its address: those who come again and again as somebody new share what the address has.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._connects: dict[str, TokenBucket] = {}  # by address
        self._bursts: dict[str, TokenBucket] = {}  # by address: tokens for newcomers
        self._waiting: dict[str, int] = {}  # by address: connections that are not read yet
        self._people: dict[int, TokenBucket] = {}  # by UID
        self._strangers: dict[str, dict[Connection, float]] = {}  # by address: not welcomed yet, and since when

    def may_connect_at(self, address: str, now: float) -> float:
        """When a new connection from there may be read: now, but for an address from which very many come."""
        settings = self._settings
        bucket = self._connects.get(address)
        if bucket is None:
            forget_full(self._connects, now)
            rate = settings.connect_rate
            # All may come back at once after a restart, each with a hello that names a few rooms.
            bucket = TokenBucket(rate, 2 * settings.max_connections, now, debt=rate * MAX_WAIT)
            self._connects[address] = bucket
        when = bucket.next(now)
        bucket.spend(1, now)
        return when

    def worked(self, connection: Connection, tokens: float, now: float) -> None:
        """A connection has cost so much beyond its commands. Until it is welcomed its address pays, too: it may
        be gone with its debt."""
        connection.bucket.spend(tokens, now)
        if connection in self._strangers.get(connection.address, ()) and connection.address in self._connects:
            self._connects[connection.address].spend(tokens / TOKENS_PER_CONNECT, now)

    def waits(self, address: str, more: int) -> bool:
        """One more connection from there waits to be read, or one less; whether there may be that many."""
        self._waiting[address] = waiting = self._waiting.get(address, 0) + more
        if not waiting:
            del self._waiting[address]
        return waiting <= self._settings.max_strangers

    def first_bucket(self, now: float) -> TokenBucket:
        """Of a connection that has not been welcomed."""
        settings = self._settings
        return TokenBucket(settings.rate, settings.burst, now, min(STRANGER_TOKENS, settings.burst))

    def shared_bucket(self, now: float) -> TokenBucket:
        """Of a connection on which a proxy brings the requests of many."""
        settings = self._settings
        return TokenBucket(settings.rate * settings.address_share, settings.burst * settings.address_share, now)

    def came(self, connection: Connection, now: float) -> Connection | None:
        """There is a new connection; another one, which gives way to it: of its address one that a browser keeps
        without need, or the oldest, unless that waits for us."""
        strangers = self._strangers.setdefault(connection.address, {})
        strangers[connection] = now
        if len(strangers) <= self._settings.max_strangers:
            return None
        if (idle := next((one for one in strangers if one.idle), None)) is not None:
            return idle
        oldest, since = next(iter(strangers.items()))
        if now - since <= MIN_AGE:
            return None
        if oldest.starved or oldest.awaited:  # very many may come at once: it is looked at again
            del strangers[oldest]
            strangers[oldest] = now
            return None
        return oldest

    def welcomed(self, connection: Connection, uid: int, now: float) -> None:
        """A connection is this person's from here on."""
        self.gone(connection)
        bucket = self._people.get(uid)
        if bucket is None:
            forget_full(self._people, now)
            bucket = self._people[uid] = self._new_bucket(connection.address, now)
        connection.bucket = bucket

    def gone(self, connection: Connection) -> None:
        """A connection is welcome, or is over."""
        strangers = self._strangers.get(connection.address)
        if strangers is not None and strangers.pop(connection, None) is not None and not strangers:
            del self._strangers[connection.address]

    def strangers(self) -> Iterator[Connection]:
        """Those who are not welcomed yet, in the order in which they give way: the address with the most of them
        first, and of each those that browsers keep without need, then the oldest first."""
        for strangers in sorted(self._strangers.values(), key=len, reverse=True):
            yield from sorted(strangers, key=lambda one: not one.idle)

    def _new_bucket(self, address: str, now: float) -> TokenBucket:
        settings = self._settings
        bursts = self._bursts.get(address)
        if bursts is None:
            forget_full(self._bursts, now)
            share = settings.address_share
            bursts = self._bursts[address] = TokenBucket(settings.rate * share, settings.burst * share, now)
        tokens = max(min(MIN_TOKENS, settings.burst), bursts.take(settings.burst, now))
        return TokenBucket(settings.rate, settings.burst, now, tokens)
