"""Waiting until a server knows all that any of them had said a moment ago."""

from __future__ import annotations

import threading
from collections.abc import Callable
from itertools import count

from roomchat.chat.inputs import Barrier


class Barriers:
    """What a server puts into the stream to see it come out again: then all before it is carried out and stored.

    Any thread may ``wait``; the hub's calls the rest, and ``end`` is called when that has ended.
    """

    def __init__(self, put: Callable[[Barrier], None]) -> None:
        self._put = put
        self._numbers = count(1)
        self._waiting: dict[int, threading.Event] = {}
        self._heard: list[int] = []
        self._is_over = False

    def wait(self, timeout: float) -> None:
        """Until that is so, or for so many seconds."""
        number, passed = next(self._numbers), threading.Event()
        self._waiting[number] = passed
        self._put(Barrier(number))
        if not self._is_over:  # else it may have been too late for ``end``
            passed.wait(timeout)
        del self._waiting[number]

    def hear(self, barrier: Barrier) -> None:
        """It has come out."""
        self._heard.append(barrier.number)

    def stored(self) -> None:
        """What those led to that were heard before."""
        heard, self._heard = self._heard, []
        for number in heard:
            if (passed := self._waiting.get(number)) is not None:
                passed.set()

    def end(self) -> None:
        """None comes out any more: nobody waits."""
        self._is_over = True
        for passed in [*self._waiting.values()]:
            passed.set()
