"""How much a run's people ask for: less than a server lets one person send."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from roomchat.settings import Settings

# Of what a person may send at the default rate. The rest is for what the library asks by itself whenever it comes
# back: for rooms, markers, history that it looks through.
SHARE = 0.6
# Things that may be asked at once. Each start of a process of clients begins with it, and those are killed often.
SAVED = 60.0

# What a server counts each for (net/cost.py).
ASK = 1  # to say, delete or mark something
JOIN = 2
FLOOD = 2  # to say as much as a message may have
DEED = 5  # to put somebody out, and whatever else is laid down for a room


class Allowance:
    """Of one person, whose devices share it as they share the server's limit. Any thread may call it.

    Without it a run would ask for more and more than is answered; then whatever waits for an answer, waits behind
    thousands of other things for as long as the run lasts.
    """

    def __init__(self, rate: float = SHARE * Settings.rate, clock: Callable[[], float] = time.monotonic) -> None:
        """``rate``: things a second."""
        self._rate, self._clock = rate, clock
        self._lock = threading.Lock()
        self._left = SAVED
        self._at = clock()

    def spend(self, count: float) -> None:
        """So much is asked for, whether it is there or not: faults have things said in their own time."""
        with self._lock:
            self._fill()
            self._left -= count

    @property
    def is_there(self) -> bool:
        """Whether more may be asked for now."""
        with self._lock:
            self._fill()
            return self._left > 0

    def _fill(self) -> None:
        now = self._clock()
        self._left = min(self._left + (now - self._at) * self._rate, SAVED)
        self._at = now
