"""How fast a connection's commands are taken."""

from __future__ import annotations

from typing import Any

MAX_BUCKETS = 20_000  # buckets that are kept, of 100 bytes; above that those that are full are forgotten


class TokenBucket:
    """``rate`` tokens a second, ``burst`` of them saved up at the most; a rate of 0 never runs out.

    It may be in debt, by at most ``debt`` or a burst: what was done cannot be refused any more, but is paid for.
    """

    __slots__ = ("_burst", "_debt", "_filled", "_rate", "_tokens")

    def __init__(
        self, rate: float, burst: int, now: float, tokens: float | None = None, debt: float | None = None
    ) -> None:
        """Begins with so many ``tokens``, or full."""
        self._rate = rate
        self._debt = burst if debt is None else debt
        self._burst = burst
        self._tokens = float(burst) if tokens is None else tokens
        self._filled = now  # seconds; when the tokens were counted last

    def take(self, wanted: int, now: float) -> int:
        """Take up to ``wanted`` tokens; return how many there were."""
        if not self._rate:
            return wanted
        self._fill(now)
        taken = min(wanted, max(0, int(self._tokens)))
        self._tokens -= taken
        return taken

    def spare(self, wanted: int, now: float) -> bool:
        """Take so many tokens if at least one is left then; else none. The short way: nearly always it can."""
        if not self._rate:
            return True
        self._fill(now)
        if self._tokens < wanted + 1:
            return False
        self._tokens -= wanted
        return True

    def spend(self, tokens: float, now: float) -> None:
        """Take that many, whether they are there or not."""
        if self._rate:
            self._fill(now)
            self._tokens = max(self._tokens - tokens, -self._debt)

    def there(self, now: float) -> int:
        """How many tokens there are; very many where there is no limit."""
        if not self._rate:
            return 2**31
        self._fill(now)
        return int(self._tokens) if self._tokens > 0 else 0

    def next(self, now: float) -> float:
        """The time at which there is a token again; now, if there is one."""
        if not self._rate:
            return now
        return max(now, self._filled + (1 - self._tokens) / self._rate)

    def full(self, now: float) -> bool:
        """Whether it is as a new one would be."""
        if self._rate:
            self._fill(now)
        return not self._rate or self._tokens >= self._burst

    def _fill(self, now: float) -> None:
        tokens = self._tokens + (now - self._filled) * self._rate
        self._tokens = tokens if tokens < self._burst else self._burst
        self._filled = now


def forget_full(buckets: dict[Any, TokenBucket], now: float) -> None:
    """Before one more is kept: of very many those go that are full, for a new one would be the same."""
    if len(buckets) >= MAX_BUCKETS:
        for key in [key for key, bucket in buckets.items() if bucket.full(now)]:
            del buckets[key]
