"""What goes to connections: from their outboxes to the transport, and from the log into the outboxes."""

from __future__ import annotations

import time
from copy import copy
from functools import partial

from roomchat.chat.inputs import Disconnected, Refresh
from roomchat.dialect import Answer
from roomchat.errors import LogError, LogUnreadable
from roomchat.net.connection import CLOSED, ENDED, Connection, Deliveries
from roomchat.net.connections import Connections
from roomchat.net.intake import Intake
from roomchat.net.outbox import End, Erasure, Item, LogRange, LogRead, Packet, PageRequest
from roomchat.net.reactor import READ, Reactor
from roomchat.net.readers import Found, Readers, read
from roomchat.net.trouble import Trouble
from roomchat.protocol import Error, HistoryPage, Invitation, Statement, Welcome
from roomchat.store.api import LogReader

MAX_PACKETS = 256  # written at a time; the system takes 1024
RECOVERED_AFTER = 10.0  # seconds without a failure until it is said that the log can be read again


class Output:
    """Of one I/O thread, which alone calls it, but for what runs on a reader thread.

    Args:
        read_piece: bytes read from the log at a time.
    """

    def __init__(
        self, connections: Connections, intake: Intake, readers: Readers, reactor: Reactor, read_piece: int
    ) -> None:
        self._connections = connections
        self._intake = intake
        self._readers = readers
        self._reactor = reactor
        self._read_piece = read_piece
        self._dirty: list[Connection] = []  # those with something new in the outbox
        self._unreadable = Trouble(
            "%s: reading the log failed: %s", "the log can be read again, after %d failures", RECOVERED_AFTER
        )  # fmt: skip
        self.stopping = False  # the log is left to the next time

    # ------------------------------------------------------------ into outboxes

    def deliver(self, deliveries: Deliveries) -> None:
        """Put items into outboxes, in order; they are written at the end of the round."""
        dirty = self._dirty
        for what, connections in deliveries:
            if type(what) is Packet:  # nearly always, and for many
                item: Item | None = what
            elif isinstance(what, Erasure):
                for connection in connections:
                    connection.outbox.erase(what)
                continue
            else:
                item = self._for_one(what, connections[0])
            if item is None:
                continue
            for connection in connections:
                connection.outbox.put(item)
                if not connection.dirty:
                    connection.dirty = True
                    dirty.append(connection)

    def _for_one(self, item: Item | Statement, connection: Connection) -> Item | None:
        """What goes into the outbox of a connection for something that is for it alone; None: nothing."""
        if isinstance(item, Statement):
            connection.awaited = 0
            if type(item) is Welcome:
                self._connections.admission.welcomed(connection, item.uid, time.monotonic())
                assert connection.tokens is not None, "it was welcomed before"
                item.token = connection.tokens[item.token]
                connection.uid = item.uid
                connection.tokens = None
            elif type(item) is Invitation:
                item.token = connection.offers.pop(item.token)
            data = item.data if type(item) is Answer else connection.wire.reply(item)
            if data:
                return Packet(data)
            self._intake.release(connection)
            return None
        if type(item) is PageRequest:
            connection.awaited = 0
        elif type(item) is End:
            self._connections.let_leave(connection)
            if connection.wire.farewell:
                connection.outbox.put(Packet(connection.wire.farewell))
        return item

    def say(self, connection: Connection, data: bytes) -> None:
        """Some bytes of the server's own, at once."""
        connection.outbox.put(Packet(data))
        self.flush(connection)

    def say_last(self, connection: Connection, data: bytes) -> None:
        """As ``say``; then the connection ends."""
        connection.outbox.put(Packet(data))
        if connection.introduced and connection.wire.farewell:
            connection.outbox.put(Packet(connection.wire.farewell))
        connection.outbox.put(End())
        self.flush(connection)

    # ------------------------------------------------------------ to the transport

    def flush_dirty(self) -> None:
        """Write what this round has put into outboxes."""
        dirty, self._dirty = self._dirty, []
        for connection in dirty:
            connection.dirty = False
            if not self._send_whole(connection):
                self.flush(connection)
            elif connection.backlog:
                self._intake.release(connection)
            elif connection.events != READ:
                self._connections.watch(connection)

    def _send_whole(self, connection: Connection) -> bool:
        """Write all that waits, if that is one small piece: nearly always, so it has a short way of its own.

        False: ``flush`` must look at it, also to meet whatever went wrong here.
        """
        if connection.blocked or connection.pace or connection.phase is ENDED:
            return False
        outbox = connection.outbox
        data = outbox.whole()
        if not data:
            return False
        try:
            count = connection.transport.send(data)
        except OSError:
            return False
        if count < len(data):
            outbox.sent(count)
            return False
        outbox.clear()
        return True

    def go_on(self, connection: Connection) -> None:
        """The system takes bytes again."""
        try:
            connection.blocked = not connection.transport.flush()
        except OSError as error:
            self._connections.lost(connection, error)
        else:
            self.flush(connection)

    def flush(self, connection: Connection) -> None:
        """Write what waits, as far as the system takes it and it is in memory."""
        outbox = connection.outbox
        if connection.phase is ENDED:
            outbox.clear()  # delivered before the hub learnt that we had closed this connection
        while not (connection.held or connection.phase is CLOSED) and (buffers := self._ready(connection)):
            try:
                if connection.pace:
                    self._write_line(connection, buffers[0])
                elif len(buffers) == 1:
                    outbox.sent(connection.transport.send(buffers[0]))
                else:
                    outbox.sent(connection.transport.sendmsg(buffers))
            except BlockingIOError:
                connection.blocked = True
            except OSError as error:
                self._connections.lost(connection, error)
        if connection.phase is not CLOSED:
            if folded := outbox.fold():
                self._connections.figures.folds += 1
                self._connections.figures.folded_bytes += folded
            head = outbox.head()
            if isinstance(head, End):
                if not connection.blocked:
                    self._connections.end(connection)
            elif head is not None and not (connection.reading_log or connection.held):
                self._read_log(connection, head)
            if connection.backlog:
                self._intake.release(connection)
            else:
                self._connections.watch(connection)

    def _write_line(self, connection: Connection, buffer: bytes | memoryview) -> None:
        """One line, or the rest of one, and then a pause: its wire asks for that."""
        line = bytes(buffer)
        line = line[: line.find(b"\n") + 1] or line
        count = connection.transport.send(line)
        connection.outbox.sent(count)
        if count == len(line):
            connection.resting = True
            self._reactor.at(time.monotonic() + connection.pace, partial(self._rested, connection))

    def _rested(self, connection: Connection) -> None:
        connection.resting = False
        if connection.phase is not CLOSED:
            self.flush(connection)

    def _ready(self, connection: Connection) -> list[bytes | memoryview]:
        """The bytes that can be written now. Passes over ranges of the log that are done."""
        outbox = connection.outbox
        while not (buffers := outbox.ready(MAX_PACKETS)):
            head = outbox.head()
            if not (isinstance(head, LogRange) and head.done):
                break
            outbox.replace_head([], keep=False)
            if head.stale:
                self._connections.tell_hub(connection, Refresh(head.room))
        return buffers

    # ------------------------------------------------------------ from the log

    def _read_log(self, connection: Connection, head: LogRead) -> None:
        """Have a reader fetch what stands first in the outbox; a loop that stops leaves it to the next time."""
        if self.stopping:
            if connection.wire.terms.resume:  # it comes back for what is missing
                self._connections.close(connection)
            else:
                connection.outbox.replace_head([], keep=False)
                self._reactor.post(partial(self.flush, connection))  # not here: a thousand may stand in a row
            return
        connection.reading_log = True
        self._readers.submit(partial(self._fetch, connection, copy(head)))  # the one in the outbox may change

    def _fetch(self, connection: Connection, wanted: LogRead, reader: LogReader) -> None:
        """On a reader thread."""
        try:
            found = read(reader, connection.wire, wanted, self._read_piece)
        except LogError as error:
            self._reactor.post(partial(self._fetch_failed, connection, error))
        else:
            self._reactor.post(partial(self._fetched, connection, found))

    def _fetched(self, connection: Connection, found: Found) -> None:
        """What was read comes in the place of what stood for it, or, of a range, before the rest of it."""
        self._unreadable.worked()
        connection.reading_log = False
        if connection.phase in {ENDED, CLOSED}:
            return
        outbox = connection.outbox
        if isinstance(found, HistoryPage):
            data = connection.wire.reply(found)
            outbox.replace_head([Packet(data)] if data else [], keep=False)
        else:
            head = outbox.head()
            assert isinstance(head, LogRange), head
            packets, head.after = found
            outbox.replace_head(packets, keep=True)
        self.flush(connection)

    def _fetch_failed(self, connection: Connection, error: LogError) -> None:
        """The log can't be read: the connection ends, so that nothing is missing in its middle."""
        self._unreadable.failed(connection, error)
        connection.reading_log = False
        if connection.phase is CLOSED:
            return
        refusal = LogUnreadable()
        event = Error(code=refusal.code, message=str(refusal))
        connection.outbox.clear()
        self._connections.tell_hub(connection, Disconnected("the log could not be read"))
        self.say_last(connection, connection.wire.reply(event))
