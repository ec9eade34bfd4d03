"""One client's socket, and what its I/O thread knows of it."""

from __future__ import annotations

import socket
from collections import deque
from collections.abc import Sequence
from enum import Enum, auto
from typing import TYPE_CHECKING, Protocol

from roomchat.chat.inputs import Input
from roomchat.net.addresses import is_local
from roomchat.net.bucket import TokenBucket
from roomchat.net.outbox import Erasure, Item, Outbox
from roomchat.net.transport import Clear, Transport
from roomchat.protocol import Statement
from roomchat.wires.detect import Detector
from roomchat.wires.wire import Wire

if TYPE_CHECKING:
    from roomchat.wires.http import Conversation


class Owner(Protocol):
    """The I/O thread of a connection, as other threads see it."""

    def deliver(self, deliveries: Deliveries) -> None:
        """Put items into outboxes, in order. Any thread may call it."""


class Phase(Enum):
    """How far a connection has come."""

    NEW = auto()  # it is not known what it speaks; perhaps it was guessed
    OPEN = auto()  # its wire is known
    REFUSED = auto()  # it speaks nothing of ours: it is told so, and not listened to
    ENDED = auto()  # all is sent, and we have said so; its peer has a while to hang up
    CLOSED = auto()


# Names of their own: looked at for every write, they would take nine times as long through their class.
NEW, OPEN, REFUSED, ENDED, CLOSED = Phase


class Connection:
    """Everything here belongs to its I/O thread. Other threads read number, address and owner, which never change,
    and ``wire`` once the client is in a room. Before its hello a guessed wire may be replaced by the right one.

    The hub knows it by its number.
    """

    __slots__ = (
        "__weakref__",
        "address",
        "awaited",
        "backlog",
        "blocked",
        "bucket",
        "conversation",
        "dear",
        "detector",
        "dirty",
        "events",
        "introduced",
        "last_asked",
        "local",
        "named",
        "number",
        "offers",
        "outbox",
        "owner",
        "pace",
        "peer_ended",
        "phase",
        "private",
        "reading_log",
        "resting",
        "socket",
        "starved",
        "tokens",
        "transport",
        "uid",
        "wire",
    )  # fmt: skip

    def __init__(
        self,
        number: int,
        sock: socket.socket,
        address: str,
        detector: Detector,
        owner: Owner,
        bucket: TokenBucket,
        outbox: Outbox,
    ) -> None:
        self.number = number
        self.socket = sock
        self.transport: Transport = Clear(sock)
        self.address = address
        self.local = is_local(address)  # on this machine, as far as is known
        self.named = True  # False: a load balancer does not say who it is
        self.private = False  # a proxy that is trusted says that nobody can read it on its way there
        self.wire: Wire  # once it is known, or guessed
        self.detector = detector  # while it is new
        self.conversation: Conversation | None = None  # while it speaks HTTP, or has
        self.last_asked = 0.0  # when the last whole request came
        self.pace = 0.0  # seconds between two writes, if its wire asks for that
        self.owner = owner
        self.bucket = bucket
        self.outbox = outbox
        self.backlog: deque[Input] = deque()  # commands that wait for tokens, or for room in the inbox
        self.introduced = False  # the hub has heard of it
        self.events = 0  # what the selector watches it for
        self.dirty = False  # in the loop's list of those to be flushed
        self.blocked = False  # the system takes no more bytes for now
        self.resting = False  # its wire asks for a pause before the next write
        self.offers: dict[str, str] = {}  # tokens for invitations that it has asked for, by their hashes
        self.tokens: dict[str, str] | None = {}  # of its hellos, by their hashes; None: it is welcomed
        self.dear = False  # there may be dear commands among those that wait
        self.awaited = 0  # dear commands that the hub has, and that are not answered yet
        self.uid = 0  # of the client that it was welcomed as
        self.starved = False  # a timer or the inbox will go on with its backlog
        self.reading_log = False  # a reader is fetching what stands first in its outbox
        self.phase = NEW
        self.peer_ended = False  # it sends no more

    @property
    def unsent(self) -> int:
        """Bytes of memory that what waits for the peer takes."""
        return self.outbox.size + self.transport.size

    @property
    def unheard(self) -> bool:
        """Whether nobody on the way can read it, so that a password may be sent."""
        return self.transport.secure or self.local or self.private

    @property
    def idle(self) -> bool:
        """Whether it speaks HTTP, and has asked for nothing now."""
        return self.conversation is not None and self.conversation.idle and not self.outbox

    @property
    def held(self) -> bool:
        """Whether nothing can be written now."""
        return self.blocked or self.resting

    def __str__(self) -> str:
        return f"connection {self.number} from {self.address}"


# Each for all the connections beside it. An event is still to be put into the words of its one connection.
Deliveries = list[tuple[Item | Erasure | Statement, Sequence[Connection]]]
