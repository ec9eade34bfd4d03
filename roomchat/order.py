"""In which order the hub gets what comes, and at what time: with one server, as it came.

Several servers that share one have it from a stream: cluster/order.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from roomchat.chat.inputs import Inputs, Link
from roomchat.clock import Clock
from roomchat.net.connections import ToHub
from roomchat.net.inbox import Inbox
from roomchat.times import timestamp


class Order(Protocol):
    """What decides the order. Servers that share one give their hubs the same inputs."""

    over: bool  # nothing follows any more
    why: str  # it is over though nobody asked for that; empty: somebody did
    comes_back: bool  # a new start of this server may be of use then
    leaving: bool  # set from outside: it is to end, even if its ``Shutdown`` can't be put in order

    def wait(self, timeout: float) -> int | None:
        """Wait up to ``timeout`` seconds until connections may be taken; returns the number below those of this
        server's, or None: not yet.

        Raises:
            StartError: it will never be.
        """

    def submit(self, items: list[ToHub]) -> None:
        """Something is to be put in order. Any thread may call it; it never blocks."""

    def take(self, timeout: float) -> Iterable[Inputs]:
        """What is to be applied next, and stored and delivered together; each is made when those before it are
        applied. Waits up to ``timeout`` seconds for some."""

    def due(self, deadline: float | None) -> float | None:
        """When the hub, with this ``deadline``, must have inputs though nothing comes; None: that is seen to."""

    def owns(self, link: Link) -> bool:
        """Whether that is a connection of this server, or a question of its admin."""

    def figures(self) -> Mapping[str, float | Mapping[str, float]]:
        """For those who watch, by the names of site/metrics.py. Any thread may call it."""

    def done(self, inputs: Inputs) -> None:
        """They and those taken together with them are applied, and what follows is stored and delivered."""

    def close(self) -> None:
        """It is over; called when the hub's thread has ended."""


class EmbeddedOrder:
    """The order of a server that is alone: what waits is taken at once, so a busy one has large batches."""

    def __init__(self, inbox: Inbox[ToHub], clock: Clock) -> None:
        self.over = self.comes_back = self.leaving = False
        self.why = ""
        self._clock = clock
        self._take = inbox.take
        self.submit = inbox.put

    def wait(self, timeout: float) -> int:
        """See ``Order``. At once."""
        return 0

    def take(self, timeout: float) -> tuple[Inputs]:
        """See ``Order``. There is always one batch, perhaps without items: it is later."""
        items = self._take(timeout)
        wall = self._clock.wall()
        return (Inputs(items, self._clock.now(), int(wall * 1000), timestamp(wall)),)

    def due(self, deadline: float | None) -> float | None:
        """See ``Order``."""
        return deadline

    def owns(self, link: Link) -> bool:
        """See ``Order``. All are."""
        return True

    def figures(self) -> Mapping[str, float]:
        """See ``Order``. There are none."""
        return {}

    def done(self, inputs: Inputs) -> None:
        """See ``Order``."""

    def close(self) -> None:
        """See ``Order``."""
