"""Where a chat is to be found: at the server that the person has named, and at the others that share the chat."""

from __future__ import annotations

import random

from roomchat.client.address import Address, parse_address
from roomchat.client.same import is_loopback
from roomchat.client.trust import Trust
from roomchat.errors import StateError
from roomchat.key_fingerprint import read_fingerprint

MOST = 16  # others that are remembered
SPREAD = 2.0  # seconds over which those whom a server has lost come to the others


class Elsewhere:
    """Which server to try next. Not thread-safe: the receiving thread's, and before that is there, its owner's.

    Whoever is known by an authority is trusted as ever; the others by the fingerprint that a server of the same
    chat has told, over a connection that nobody could change on its way.

    Args:
        home: what the person has named.
        trust: what is believed of it.
    """

    def __init__(self, home: Address, trust: Trust) -> None:
        self.home = home
        self.current = home  # the one that is tried, or was last
        self._trust = trust
        self._others: dict[Address, Trust] = {}
        self._turn: list[Address] = []  # to be tried before anything is tried again

    def learn(self, servers: list[str]) -> None:
        """The servers that share the chat, as ``Welcome`` has them."""
        if self.current.tls is False and not is_loopback(self.current.host):
            return  # anybody on the way may have said so
        others = {}
        for one in servers[:MOST]:
            where, _, fingerprint = one.partition(" ")
            try:
                address = self._like_home(parse_address(where))
                # What is known of it already counts for more than what another one says. In clear, nothing.
                wanted = fingerprint and address.tls is not False and self._trust.known.get(address) is None
                named = read_fingerprint(fingerprint) if wanted else False
            except (ValueError, StateError):
                continue  # one of a later version; or what is known can't be read
            others[address] = Trust(address, self._trust.known, named)
        for address, trust in self._others.items():  # one that is gone now may be back when it is needed
            if len(others) < MOST:
                others.setdefault(address, trust)
        others.pop(self.home, None)
        self._others = others

    def _like_home(self, other: Address) -> Address:
        """Reached as the named one is; but clear text that is right within this machine is not for a network, and
        whoever is believed over a network is not a program of this machine that nobody has named."""
        apart = is_loopback(other.host) != is_loopback(self.home.host)
        return other._replace(tls=True if apart else self.home.tls, websocket=self.home.websocket)

    def next(self) -> tuple[Address, Trust]:
        """The one to try now: the last one again, then each of the others once, in a random order, so that those
        whom a server has lost do not all come to the same one; and so on."""
        if not self._turn:
            every = [one for one in (self.home, *self._others) if one != self.current]
            random.shuffle(every)
            self._turn = [self.current, *every]
        self.current = self._turn.pop(0)
        if self.current == self.home:
            return self.home, self._trust
        if self.current not in self._others:  # which has been forgotten meanwhile
            return self.next()
        return self.current, self._others[self.current]

    def pause(self) -> float:
        """Seconds to wait before the next one is tried, beside all else: before the first of the others."""
        return random.uniform(0.0, SPREAD) if self._others and len(self._turn) == len(self._others) else 0.0

    def worked(self) -> None:
        """It is connected: that one is the first to be tried again."""
        self._turn = []

    @property
    def other(self) -> str:
        """The current one, if it is not the one that the person has named."""
        return "" if self.current == self.home else str(self.current)

    def __len__(self) -> int:
        """How many there are to try."""
        return 1 + len(self._others)
