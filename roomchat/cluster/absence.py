"""Tells people when the servers' common log can't be reached, and when it is back."""

from __future__ import annotations

import time
from collections.abc import Callable

TOLD_AFTER = 2.0  # seconds without the stream until people are told
AWAY = "The servers' common log can't be reached. What you write waits, and is sent when it is back."
BACK = "The servers' common log is back."


class Absence:
    """Of the stream, as the people of one server see it."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._well_at = time.monotonic()
        self._is_told = False

    def look(self, *, is_live: bool, stalled: float, counts: bool) -> None:
        """How it is now; ``counts``: there are people who are to be told."""
        now = time.monotonic()
        if is_live and stalled < TOLD_AFTER:
            self._well_at = now
            if self._is_told:
                self._is_told = False
                self._tell(BACK)
        elif counts and not self._is_told and now > self._well_at + TOLD_AFTER:
            self._is_told = True
            self._tell(AWAY)
