"""How often a password may be wrong: whoever guesses waits longer and longer. And how many accounts one makes."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from roomchat.chat.bans import place
from roomchat.net.bucket import TokenBucket, forget_full

FREE = 5  # wrong passwords without a delay: a person who tries the old ones
MAX_DELAY = 900.0  # seconds between two guesses from one address
MAX_ACCOUNT_DELAY = 30.0  # seconds between two guesses at one account, all strange addresses together
FORGET = 3600.0  # seconds without a wrong password, after which it begins anew
FREE_ACCOUNTS = 50  # from one address without a delay: a class that registers in its first lesson
ACCOUNT_EVERY = 60.0  # seconds from one account to the next, then
MAX_KEPT = 20_000  # counters of some 200 bytes; above that the oldest are forgotten


class Throttle:
    """Counts wrong passwords, and accounts; times are seconds of the monotonic clock. One thread at a time calls.

    A stranger can't lock anybody out. From an address where the account was logged in before only the wrong
    passwords from there, at this account, count. From all other addresses it is those of the address, whoever they
    were for, and those at this account, from wherever; the latter hold nobody up for more than half a minute.
    """

    def __init__(self) -> None:
        # How many, when the last was, and when the next may be.
        self._counts: dict[Hashable, tuple[int, float, float]] = {}
        self._accounts: dict[str, TokenBucket] = {}  # that may be made, by origin

    def wait(self, address: str, account: Hashable, *, known: bool, now: float) -> float:
        """Seconds until the next password may be tried; 0: now.

        Args:
            account: that is tried, whether there is one or not.
            known: whether it was logged in from that address before.
        """
        nexts = (self._counts.get(key, (0, 0.0, 0.0))[2] for key, _ in _keys(address, account, known=known))
        return max(0.0, max(nexts) - now)

    def failed(self, address: str, account: Hashable, *, known: bool, now: float) -> int:
        """A password was wrong. Returns how many in a row were, from that address."""
        counted = []
        for key, longest in _keys(address, account, known=known):
            count, last, _ = self._counts.pop(key, (0, now, now))
            count = 1 if now - last > FORGET else count + 1
            delay = min(2.0 ** min(count - FREE, 30), longest) if count >= FREE else 0.0
            self._counts[key] = (count, now, now + delay)
            counted.append(count)
        while len(self._counts) > MAX_KEPT:
            del self._counts[next(iter(self._counts))]
        return counted[0]

    def succeeded(self, address: str, account: Hashable) -> None:
        """It was right. That forgives nothing but what was wrong between these two: whoever has an account could
        guess at others for ever."""
        self._counts.pop(("both", origin(address), account), None)

    def account(self, address: str, now: float) -> float:
        """An account is to be made; seconds until that may be. 0: now, and it is counted."""
        bucket = self._accounts.get(origin(address))
        if bucket is None:
            forget_full(self._accounts, now)
            bucket = self._accounts[origin(address)] = TokenBucket(1 / ACCOUNT_EVERY, FREE_ACCOUNTS, now)
        return 0.0 if bucket.take(1, now) else bucket.next(now) - now


def _keys(address: str, account: Hashable, *, known: bool) -> Iterable[tuple[Hashable, float]]:
    if known:
        return [(("both", origin(address), account), MAX_DELAY)]
    return [(("address", origin(address)), MAX_DELAY), (("account", account), MAX_ACCOUNT_DELAY)]


def origin(address: str) -> str:
    """From where somebody guesses: of IPv6 it is a network, for whoever has one address there has 2**64."""
    return place(address) or address
