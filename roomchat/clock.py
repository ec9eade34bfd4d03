"""The server's time: in the log it never goes back, whatever the machine's clock does."""

from __future__ import annotations

import logging
import time

from roomchat.times import timestamp

logger = logging.getLogger("roomchat")

DAY = 86_400.0  # seconds
MAX_AHEAD = 60.0  # seconds that the log may be ahead of the machine's clock before that is worth a word


class Clock:
    """Belongs to the hub's thread.

    Args:
        last: when the last message in the log was said, in seconds since 1970; 0: there is none.
    """

    def __init__(self, last: float) -> None:
        wall = time.time()
        self._started = self.now()
        self._last = last
        self._at_start = last or wall
        if last > wall + MAX_AHEAD:
            logger.warning(
                "the last message in the log is from %s, which is ahead of this machine's clock; new messages get "
                "that time until the clock has caught up",
                timestamp(last),
            )

    @staticmethod
    def now() -> float:
        """Seconds of a clock that never goes back, and means nothing else."""
        return time.monotonic()

    def wall(self) -> float:
        """Seconds since 1970 for what is said now: never less than for what was said before."""
        self._last = max(time.time(), self._last)
        return self._last

    def believed(self) -> float:
        """As ``wall``, where a clock that is wrong once must not do harm. Time is believed to have passed only as
        far as the last message showed when we started, and as we have been running since, and a day more."""
        return min(self.wall(), self._at_start + DAY + self.now() - self._started)
