"""In which order the hub gets what comes, and at what time: with one server, as it came."""

from __future__ import annotations

from typing import Protocol

from roomchat.chat.inputs import Inputs
from roomchat.clock import Clock
from roomchat.net.connections import ToHub
from roomchat.net.inbox import Inbox
from roomchat.times import timestamp


class Order(Protocol):
    """What decides the order. Servers that share one give their hubs the same inputs."""

    def submit(self, items: list[ToHub]) -> None:
        """Something is to be put in order. Any thread may call it; it never blocks."""

    def take(self, timeout: float) -> Inputs:
        """The next inputs. Waits up to ``timeout`` seconds for some; then there are none, but it is later."""


class EmbeddedOrder:
    """The order of a server that is alone: what waits is taken at once, so a busy one has large batches."""

    def __init__(self, inbox: Inbox[ToHub], clock: Clock) -> None:
        self._clock = clock
        self._take = inbox.take
        self.submit = inbox.put

    def take(self, timeout: float) -> Inputs:
        """See ``Order``."""
        items = self._take(timeout)
        wall = self._clock.wall()
        return Inputs(items, self._clock.now(), int(wall * 1000), timestamp(wall))
