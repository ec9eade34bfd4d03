"""What is removed from the log because time has passed: old messages, and clients that never said anything."""

from __future__ import annotations

import logging

from roomchat.chat.registry import Registry
from roomchat.clock import DAY, Clock
from roomchat.errors import LogError
from roomchat.settings import Settings
from roomchat.store.api import LogWriter
from roomchat.times import timestamp

logger = logging.getLogger("roomchat")

MAX_SEGMENTS = 500  # removed at a time, some milliseconds
MAX_GUESTS = 100  # likewise
BUSY_INTERVAL = 1.0  # seconds between two times while there is more to remove
IDLE_INTERVAL = 600.0  # seconds between two looks when there is nothing


class Retention:
    """Removes a little at a time, so that nobody waits. Only the hub's thread calls it."""

    def __init__(self, settings: Settings, log: LogWriter, registry: Registry, clock: Clock) -> None:
        self._settings = settings
        self._log = log
        self._registry = registry
        self._clock = clock
        wanted = bool(settings.keep_days or settings.guest_days)
        self.due: float | None = clock.now() if wanted else None  # on the clock that never goes back; None: never

    def run(self) -> None:
        """Remove some, if it is time."""
        now = self._clock.now()
        if self.due is None or now < self.due:
            return
        try:
            more = self._expire_messages() | self._forget_guests()
        except LogError as error:
            logger.error("what is old can't be removed: %s", error)
            more = False
        self.due = now + (BUSY_INTERVAL if more else IDLE_INTERVAL)

    def _expire_messages(self) -> bool:
        """Whether more is to be removed."""
        if not self._settings.keep_days:
            return False
        before = self._clock.believed() - self._settings.keep_days * DAY
        removed = self._log.expire(int(before * 1000), MAX_SEGMENTS)
        if removed:
            logger.warning("removed %d pieces of what was said before %s", removed, timestamp(before))
        return removed == MAX_SEGMENTS

    def _forget_guests(self) -> bool:
        """Whether more may be removed. Who is here is needed, and who has been whispered to."""
        if not self._settings.guest_days:
            return False
        before = self._clock.believed() - self._settings.guest_days * DAY
        registry = self._registry
        found, removed = self._log.forget_guests(
            int(before * 1000),
            int(self._clock.wall() * 1000),
            MAX_GUESTS,
            lambda uid: uid in registry.clients or uid in registry.pairs,
        )
        if removed:
            logger.info("forgot %d who never said anything, last here before %s", removed, timestamp(before))
        return found == MAX_GUESTS
