"""One client's socket, and what its I/O thread knows of it."""

from __future__ import annotations

import socket
from collections import deque
from collections.abc import Sequence
from typing import Protocol

from roomchat.chat.sessions import Input
from roomchat.net.bucket import TokenBucket
from roomchat.net.outbox import Item, Outbox
from roomchat.wires.wire import Wire


class Owner(Protocol):
    """The I/O thread of a connection, as other threads see it."""

    def deliver(self, deliveries: Deliveries) -> None:
        """Put items into outboxes, in order. Any thread may call it."""


class Connection:
    """Everything here belongs to its I/O thread, but for what never changes: number, address, wire, owner.

    The hub knows it as a ``Link``: something to tell one connection from another.
    """

    __slots__ = (
        "address", "backlog", "blocked", "bucket", "closed", "dirty", "events", "number", "outbox", "owner",
        "peer_ended", "reading_log", "socket", "starved", "we_ended", "wire",
    )  # fmt: skip

    def __init__(
        self,
        number: int,
        sock: socket.socket,
        address: str,
        wire: Wire,
        owner: Owner,
        bucket: TokenBucket,
        outbox: Outbox,
    ) -> None:
        self.number = number
        self.socket = sock
        self.address = address
        self.wire = wire
        self.owner = owner
        self.bucket = bucket
        self.outbox = outbox
        self.backlog: deque[Input] = deque()  # commands that wait for tokens, or for room in the inbox
        self.events = 0  # what the selector watches it for
        self.dirty = False  # in the loop's list of those to be flushed
        self.blocked = False  # the system takes no more bytes for now
        self.starved = False  # a timer or the inbox will go on with its backlog
        self.reading_log = False  # a reader is fetching what stands first in its outbox
        self.peer_ended = False  # it sends no more
        self.we_ended = False  # we send no more
        self.closed = False

    def __str__(self) -> str:
        return f"connection {self.number} from {self.address}"


Deliveries = list[tuple[Item, Sequence[Connection]]]  # each item for all the connections beside it
