"""How fast a connection's commands are taken."""

from __future__ import annotations


class TokenBucket:
    """``rate`` tokens a second, ``burst`` of them saved up at the most; a rate of 0 never runs out."""

    def __init__(self, rate: float, burst: int, now: float) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = float(burst)
        self._filled = now  # seconds; when the tokens were counted last

    def take(self, wanted: int, now: float) -> int:
        """Take up to ``wanted`` tokens; return how many there were."""
        if not self._rate:
            return wanted
        self._tokens = min(self._burst, self._tokens + (now - self._filled) * self._rate)
        self._filled = now
        taken = min(wanted, int(self._tokens))
        self._tokens -= taken
        return taken

    def next(self, now: float) -> float:
        """The time at which there is a token again; now, if there is one."""
        if not self._rate:
            return now
        return max(now, self._filled + (1 - self._tokens) / self._rate)
