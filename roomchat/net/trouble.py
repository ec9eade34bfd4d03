"""Something that fails again and again, perhaps for days: the log says it once, and how often when it is over."""

from __future__ import annotations

import logging
import time

logger = logging.getLogger("roomchat")


class Trouble:
    """One thing that may fail. Only one thread uses it; any may look whether it ``lasts``."""

    def __init__(self, begun: str, over: str, recovered_after: float = 0.0) -> None:
        """
        Args:
            begun: what the log says at the first failure, with a place for each detail.
            over: what it says at the end, with a place for the number of failures.
            recovered_after: seconds without a failure until it is over.
        """
        self._begun = begun
        self._over = over
        self._recovered_after = recovered_after
        self._failures = 0  # since all was well
        self._last = 0.0  # seconds of the monotonic clock

    @property
    def lasts(self) -> bool:
        """Whether it is not over."""
        return self._failures > 0

    def failed(self, *details: object) -> None:
        """It did not work."""
        if not self._failures:
            logger.error(self._begun, *details)
        self._failures += 1
        self._last = time.monotonic()

    def worked(self) -> None:
        """It did work; some time after the last failure all is well again."""
        if self._failures and time.monotonic() >= self._last + self._recovered_after:
            logger.warning(self._over, self._failures)
            self._failures = 0
