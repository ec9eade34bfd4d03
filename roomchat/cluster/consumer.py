"""One connection to a NATS server, and the consumer that it has there."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from functools import partial
from queue import SimpleQueue
from typing import Any

from roomchat.cluster.nats import PATIENCE, SEND_TIME, Connection
from roomchat.cluster.nats_address import Address
from roomchat.cluster.nats_protocol import Message
from roomchat.cluster.reading import SILENCE, Reading, request
from roomchat.cluster.stream import Cluster
from roomchat.errors import StreamError


class Consumer:
    """One connection, and the consumer on it. What it hears goes into the queue, with the time."""

    def __init__(
        self, cluster: Cluster, address: Address, position: int, events: SimpleQueue[Any],
        listen: Callable[[Connection], None],
    ) -> None:  # fmt: skip
        self._plan, self._events, self._listen = cluster.plan, events, listen
        self.start = position
        self.reading = Reading(position)
        self.last = 0  # in the stream, when it was looked at
        self.target: int | None = None  # up to where it catches up before it is live
        self.since = 0.0  # when there was a consumer
        self.moved = 0.0  # when something came, or there was a consumer
        self._stored = b""  # the last acknowledgement
        self.until = time.monotonic() + PATIENCE + SEND_TIME  # when it is silent for too long
        self.connection = Connection(
            address, cluster.login, tls=cluster.tls, opened=self._opened, ended=partial(self._put, "ended")
        )

    @property
    def is_live(self) -> bool:
        """It has delivered all that was in the stream when it began."""
        return self.target is not None and self.reading.position >= self.target

    def is_stuck(self, now: float, stalled: float) -> bool:
        """What the stream has does not come, though the consumer is alive: its replica hangs behind. ``stalled``:
        seconds for which something of ours is waited for."""
        if not self.is_live:
            return self.target is not None and now > self.moved + 4 * SILENCE
        try:
            return stalled > SILENCE and json.loads(self._stored)["seq"] > self.reading.position
        except (ValueError, TypeError, KeyError):
            return False

    def publish(self, frame: bytes) -> None:
        """Its acknowledgement is only looked at for what it may refuse; done is what comes back."""
        self.connection.publish(self._plan.subject, frame, f"{self.connection.inbox}.stored.at")

    def read(self) -> None:
        """Have a consumer made."""
        connection, name = self.connection, self._plan.name
        body = json.dumps(request(name, f"{connection.inbox}.deliver.to", self.start)).encode()
        connection.publish(f"$JS.API.CONSUMER.CREATE.{name}", body, f"{connection.inbox}.made.consumer")

    def _put(self, kind: str, what: Message | StreamError) -> None:
        self._events.put((time.monotonic(), self, kind, what))

    def _opened(self, connection: Connection) -> None:
        self.connection = connection  # its thread may be here before it was put there
        inbox = connection.inbox
        connection.subscribe(f"{inbox}.deliver.to", partial(self._put, "delivered"))
        connection.subscribe(f"{inbox}.made.consumer", partial(self._put, "made"))
        connection.subscribe(f"{inbox}.looked.at", partial(self._put, "looked"))
        connection.subscribe(f"{inbox}.stored.at", self._acknowledged)
        connection.publish(f"$JS.API.STREAM.INFO.{self._plan.name}", b"", f"{inbox}.looked.at")
        self._listen(connection)

    def _acknowledged(self, message: Message) -> None:
        if message.status or b'"error"' in message.body:
            self._put("failed", message)
        else:
            self._stored = message.body
