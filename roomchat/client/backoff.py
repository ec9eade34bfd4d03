"""How long a client waits before it tries to connect again."""

from __future__ import annotations

import random

FIRST_PAUSE = 0.1  # seconds until the first try; then twice as long each time
MAX_PAUSE = 10.0  # seconds; a server that was down for long has its people back soon


class Backoff:
    """Pauses that grow, jittered so that the thousands whom a server lost do not come back at the same moment."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """All is well."""
        self._pause = FIRST_PAUSE

    def next(self) -> float:
        """Seconds to wait now."""
        pause, self._pause = self._pause, min(2 * self._pause, MAX_PAUSE)
        return pause * random.uniform(0.5, 1.0)
