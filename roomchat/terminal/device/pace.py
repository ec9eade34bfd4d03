"""How much is painted on a slow line: news give way to what is typed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SHARE = 3.0  # for each second that a painting keeps the line busy, that many pass before news are painted again
WORTH_IT = 0.02  # seconds; a painting that took less holds up nobody


class Pace:
    """Tells when news may be painted. Belongs to the main thread.

    On a line of 9600 baud a screen takes two seconds, and a key waits behind what is being painted. So what others
    say is painted at most in a quarter of the time, with all that has come meanwhile; what is typed is painted at
    once.

    Args:
        speed: characters a second that the line takes; 0: unknown, then only what is measured counts.
        clock: seconds.
    """

    def __init__(self, speed: float = 0, clock: Callable[[], float] = time.monotonic) -> None:
        self.speed = speed
        self._clock = clock
        self._free = 0.0  # when the line has passed on what was written
        self._next = 0.0  # when news may be painted again

    @contextmanager
    def writing(self, characters: int) -> Iterator[None]:
        """While so many characters are written."""
        began = self._clock()
        yield
        now = self._clock()
        if self.speed:
            self._free = max(self._free, began) + characters / self.speed
        busy = max(now, self._free) - began
        if busy > WORTH_IT:
            self._next = max(self._next, began + busy * (1 + SHARE))

    def wait(self) -> float:
        """Seconds until news may be painted; 0: now."""
        return max(0.0, self._next - self._clock())
