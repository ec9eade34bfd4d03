"""What an I/O thread waits for: sockets, times, and calls from other threads."""

from __future__ import annotations

import heapq
import itertools
import selectors
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from roomchat.net.wakeup import Wakeup

READ = selectors.EVENT_READ
WRITE = selectors.EVENT_WRITE


class Reactor:
    """Any thread may call ``post``; only the I/O thread calls the rest."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._wakeup = Wakeup()
        self._selector.register(self._wakeup, READ)
        self._posted: deque[Callable[[], None]] = deque()  # from other threads
        self._timers: list[tuple[float, int, Callable[[], None]]] = []  # a heap
        self._order = itertools.count()  # so that no two timers compare equal

    def post(self, call: Callable[[], None]) -> None:
        """Have something done on the I/O thread, soon."""
        self._posted.append(call)
        self._wakeup.set()

    def at(self, when: float, call: Callable[[], None]) -> None:
        """Have something done at a time of the monotonic clock."""
        heapq.heappush(self._timers, (when, next(self._order), call))

    def watch(self, connection: Any, watched: int, wanted: int) -> None:
        """Wait for what is ``wanted`` of a connection, in the place of what is ``watched`` so far."""
        if not wanted:
            self._selector.unregister(connection.socket)
        elif not watched:
            self._selector.register(connection.socket, wanted, connection)
        else:
            self._selector.modify(connection.socket, wanted, connection)

    def wait(self, until: float | None) -> Iterator[tuple[Any, int]]:
        """Wait until something is ready or due, or it is ``until``; yields what is ready, and for what."""
        firsts = [self._timers[0][0]] if self._timers else []
        if until is not None:
            firsts.append(until)
        timeout = max(0.0, min(firsts) - time.monotonic()) if firsts else None
        for key, mask in self._selector.select(timeout):
            if key.data is None:
                self._wakeup.clear()
            else:
                yield key.data, mask

    def run_due(self) -> None:
        """Do what was posted, and what is due by now."""
        while self._posted:
            self._posted.popleft()()
        while self._timers and self._timers[0][0] <= time.monotonic():
            heapq.heappop(self._timers)[2]()

    def close(self) -> None:
        """Free what it holds, when no other thread posts any more."""
        self._selector.close()
        self._wakeup.close()
