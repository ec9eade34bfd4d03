"""What is left of deleted words beside the log, and is to be gone soon."""

from __future__ import annotations

from roomchat.clock import Clock
from roomchat.errors import LogError
from roomchat.net.trouble import Trouble
from roomchat.store.api import LogWriter

DELAY = 0.5  # seconds from a deletion, so that many at once are one piece of work; and until it is tried again
MANY = 20  # tries, ten seconds, until the server says that it has not managed


class Wiping:
    """Has the log leave no traces, when it can without making anybody wait. Only the hub's thread calls it."""

    def __init__(self, log: LogWriter, clock: Clock) -> None:
        self._log = log
        self._clock = clock
        self._trouble = Trouble(
            "traces of what was deleted are still on the disk: %s", "the traces are gone, after %d failures"
        )
        self._tries = 0
        self.due: float | None = clock.now()  # on the clock that never goes back; a killed server has left traces

    def deleted(self) -> None:
        """Something was."""
        if self.due is None:
            self._tries, self.due = 0, self._clock.now() + DELAY

    def run(self) -> None:
        """Try it, if it is time."""
        if self.due is None or self._clock.now() < self.due:
            return
        try:
            done = self._log.wipe()
        except LogError as error:
            done = False
            self._trouble.failed(error)
        else:
            self._tries += 1
            if done:
                self._trouble.worked()
            elif self._tries == MANY:
                self._trouble.failed("another program is reading the database all the time")
        self.due = None if done else self._clock.now() + DELAY
