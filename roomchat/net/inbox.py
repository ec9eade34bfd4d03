"""Where commands wait for the hub."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Inbox(Generic[T]):
    """A bounded queue of which everything that waits is taken at once: that makes the hub's batches.

    Any thread may call ``put``, which never blocks; only the hub's thread calls ``take``. The bound is kept by
    those who put: they ask ``full`` before they read more from their sockets, and are called back when there is
    room again.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._items: list[T] = []
        self._changed = threading.Condition()
        self._to_resume: list[Callable[[], None]] = []
        self.wake: Callable[[], None] | None = None  # called behind each ``put``: the hub waits elsewhere

    def put(self, items: list[T]) -> None:
        """Add some; the hub wakes if it waits."""
        with self._changed:
            self._items += items
            self._changed.notify()
        if self.wake is not None:
            self.wake()

    def __len__(self) -> int:
        """How many wait. Any thread may look, without the lock."""
        return len(self._items)

    @property
    def empty(self) -> bool:
        """Whether the hub has taken all. Any thread may look, without the lock."""
        return not self._items

    def full(self, resume: Callable[[], None]) -> bool:
        """Whether nothing more should be read now; then ``resume`` is called once when that is over.

        ``resume`` is called on the hub's thread and must not block.
        """
        if len(self._items) < self._limit:  # a look without the lock: nearly always the end of it
            return False
        with self._changed:
            if len(self._items) < self._limit:
                return False
            if resume not in self._to_resume:
                self._to_resume.append(resume)
            return True

    def take(self, timeout: float | None) -> list[T]:
        """Everything that waits. Waits up to ``timeout`` seconds for something (None: for ever)."""
        with self._changed:
            if not self._items:
                self._changed.wait(timeout)
            items, self._items = self._items, []
            resume, self._to_resume = self._to_resume, []
        for call in resume:
            call()
        return items
