"""What waits to be written to one connection, and what of it waits in the log."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import cast

from msgspec import Struct

from roomchat.protocol import Id

PACKET_COST = 160  # bytes that a queued packet takes beside its data; 153 were measured
MAX_JOINED = 64 * 1024  # bytes that are rather put together and sent in one piece than handed over as a list
PAGE_COST = 1024  # bytes that a page which is not read yet counts for: its request, and part of what it will be


class Packet(Struct, gc=False, frozen=True):
    """Bytes to be sent; the same object stands in the outboxes of all who get them.

    ``room`` is the key of the room whose events they are, None for a reply. ``first_seq`` and ``last_seq`` say
    which messages; both are 0 for events that are not in the log.
    """

    data: bytes
    room: str | None = None
    first_seq: int = 0
    last_seq: int = 0


@dataclass(slots=True)
class LogRange:
    """Messages of a room that are to be read from the log when their turn comes: those behind ``after`` up to
    ``upto``. While ``after`` is None it is yet to be found: the last ``history`` messages up to ``origin``."""

    room: str
    after: int | None = 0
    upto: int = 0
    history: int = 0
    origin: int = 0
    stale: bool = False  # events that are not in the log were dropped: tell who is there when it is done

    @property
    def done(self) -> bool:
        """Whether all of it has been read."""
        return self.after is not None and self.after >= self.upto

    def add(self, packet: Packet) -> None:
        """Extend the range by the next packet of the room, so that its bytes can be dropped."""
        if not packet.last_seq:
            self.stale = True
            return
        if not self.upto:
            self.after = packet.first_seq - 1
        self.upto = packet.last_seq


class PageRequest(Struct, frozen=True):
    """A page of history that is to be read from the log when its turn comes."""

    room: str
    room_name: str
    before: int
    after: int | None
    limit: int
    re: Id


class End(Struct, frozen=True):
    """The connection is closed when this is reached."""


class Erasure(Struct, frozen=True):
    """Words were deleted: what of them waits here is to be read from the log instead, where they are no more."""

    room: str
    seq: int


LogRead = LogRange | PageRequest
Item = Packet | LogRead | End


class Outbox:
    """A queue of bytes, with places in it that stand for messages in the log.

    Only the connection's I/O thread touches it.

    This is the one mechanism behind joining with history, coming back, and slow readers. A join puts a
    ``LogRange`` here, and what is said from then on queues up behind it. When more than ``limit`` bytes of room
    events wait though a write was tried, the queued messages of each room fold into a ``LogRange`` too: they are
    in the log, and will be read from there when the peer has taken what came before. So a peer that does not read
    costs at most ``limit`` bytes, holds nobody up and misses nothing. Replies can't be folded: while more than
    ``limit`` bytes of them wait, no more commands of this peer are read (see ``congested``).
    """

    __slots__ = ("_event_bytes", "_items", "_limit", "_offset", "_others", "_pages", "_reply_bytes")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._items: deque[Item] = deque()
        self._offset = 0  # bytes of the first packet that are sent already
        self._event_bytes = 0  # of memory in packets of rooms
        self._reply_bytes = 0  # of memory in the other packets
        self._others = 0  # items that are no packets
        self._pages = 0  # of these, pages that are yet to be read

    def __bool__(self) -> bool:
        return bool(self._items)

    @property
    def size(self) -> int:
        """Bytes of memory that what waits takes."""
        return self._event_bytes + self._reply_bytes - self._offset

    @property
    def congested(self) -> bool:
        """Whether the peer takes fewer replies than it asks for. A page that is yet to be read counts as one."""
        return self._reply_bytes + self._pages * PAGE_COST > self._limit

    def put(self, item: Item) -> None:
        """Add something at the end."""
        self._items.append(item)
        if type(item) is Packet:
            if item.room is None:
                self._reply_bytes += len(item.data) + PACKET_COST
            else:
                self._event_bytes += len(item.data) + PACKET_COST
        else:
            self._others += 1
            self._pages += type(item) is PageRequest

    def whole(self) -> bytes:
        """All that waits, if it is one piece, or little enough to be put together; else nothing."""
        if self._others or self._offset:
            return b""
        packets = cast("deque[Packet]", self._items)
        if len(packets) == 1:
            return packets[0].data
        if self._event_bytes + self._reply_bytes > MAX_JOINED:
            return b""
        return b"".join([packet.data for packet in packets])

    def ready(self, max_packets: int) -> list[bytes | memoryview]:
        """The bytes that may be sent now, in order; none while nothing waits, or the log must be read first."""
        buffers: list[bytes | memoryview] = []
        for item in self._items:
            if not isinstance(item, Packet) or len(buffers) == max_packets:
                break
            buffers.append(item.data)
        if self._offset:
            buffers[0] = memoryview(buffers[0])[self._offset :]
        return buffers

    def sent(self, count: int) -> None:
        """Drop the first ``count`` bytes: they are written."""
        count += self._offset
        while self._items:
            head = self._items[0]
            if not isinstance(head, Packet) or len(head.data) > count:
                break
            count -= len(head.data)
            self._count(head, -1)
            self._items.popleft()
        self._offset = count

    def head(self) -> LogRead | End | None:
        """What stands first, if it is no packet."""
        if self._items and not isinstance(self._items[0], Packet):
            return self._items[0]
        return None

    def replace_head(self, packets: list[Packet], *, keep: bool) -> None:
        """Packets in the place of the first item, or, to keep it, before it."""
        if not keep:
            self._others -= 1
            self._pages -= type(self._items.popleft()) is PageRequest
        self._items.extendleft(reversed(packets))
        for packet in packets:
            self._count(packet)

    def clear(self) -> None:
        """Forget all that waits."""
        self._items.clear()
        self._offset = self._event_bytes = self._reply_bytes = self._others = self._pages = 0

    def _count(self, packet: Packet, sign: int = 1) -> None:
        cost = sign * (len(packet.data) + PACKET_COST)
        if packet.room is None:
            self._reply_bytes += cost
        else:
            self._event_bytes += cost

    def erase(self, erasure: Erasure) -> None:
        """Put a range of the log in the place of a packet with words that were deleted since. One that is half
        sent stays."""
        room, seq = erasure.room, erasure.seq
        for index, item in enumerate(self._items):
            if type(item) is not Packet or item.room != room or not item.first_seq <= seq <= item.last_seq:
                continue
            if index or not self._offset:
                self._items[index] = LogRange(room, item.first_seq - 1, item.last_seq)
                self._count(item, -1)
                self._others += 1

    def fold(self) -> int:
        """Give back what the peer does not take: above the limit, put ranges of the log in the place of all queued
        room events. To be called when a write has been tried, so that one who reads is not taken for one who
        does not.

        The messages of a room become one range, where the first of them stood. They are never put together across
        a range that a later join left here: between the two the client was not in the room. A packet that is half
        sent stays.

        Returns:
            How many bytes of memory that gives back.
        """
        before = self._event_bytes
        if before <= self._limit:
            return 0
        items, self._items = self._items, deque()
        ranges: dict[str, LogRange] = {}
        if self._offset:
            self._items.append(items.popleft())
        for item in items:
            if isinstance(item, Packet) and item.room is not None:
                known = ranges.get(item.room)
                if known is None:
                    known = ranges[item.room] = LogRange(item.room)
                    self._items.append(known)
                    self._others += 1
                known.add(item)
                self._count(item, -1)
                continue
            if isinstance(item, LogRange):
                ranges[item.room] = item
            self._items.append(item)
        return before - self._event_bytes
