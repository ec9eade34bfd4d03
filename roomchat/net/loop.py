"""An I/O thread: all reading and writing of the connections that it owns."""

from __future__ import annotations

import logging
import secrets
import socket
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from copy import copy
from functools import partial
from hashlib import sha256
from itertools import repeat

from msgspec.structs import replace

from roomchat.chat.inputs import Connected, Disconnected, Input, Introduction, Link, Refresh
from roomchat.errors import LogError, LogUnreadable
from roomchat.net.admission import Admission
from roomchat.net.connection import Connection, Deliveries
from roomchat.net.cost import DEAR, has_dear, surplus
from roomchat.net.inbox import Inbox
from roomchat.net.outbox import End, Item, LogRange, LogRead, Outbox, Packet, PageRequest
from roomchat.net.reactor import READ, WRITE, Reactor
from roomchat.net.readers import Found, Readers, read
from roomchat.net.routes import Routes
from roomchat.net.trouble import Trouble
from roomchat.protocol import Error, Hello, HistoryPage, Statement, Welcome
from roomchat.settings import Settings
from roomchat.store.reader import LogReader
from roomchat.wires.detect import Detector, Dialects
from roomchat.wires.wire import Wire

logger = logging.getLogger("roomchat")

READ_SIZE = 64 * 1024  # bytes read from a connection at a time; others get their turn in between
READ_TOKEN = 512  # bytes read for a token that the connection has
FIRST_BYTES = 1024  # for a token, until it is known what a peer speaks: hardly any hello is longer
READ_LEAST = 4096  # bytes read in any case
MAX_PACKETS = 256  # written at a time; the system takes 1024
AWAITED = 16  # dear commands under way for one connection: a quarter of a mebibyte of answers
HAND_OVER = 1000  # commands after which a round does not wait for its end to pass them on
PAUSE = 0.5  # seconds of silence until a guess is made what a peer is, where nobody is greeted
LAST = 60.0  # seconds that a peer has to take what was sent to it before it was let go
NEWCOMERS = 0.001  # seconds of a turn for those who are not known yet, and between two looks whether it is theirs
FEW = 4  # of them in a turn while the hub is behind
LOOK_EVERY = 1.0  # seconds between two sums of what waits for all
CALM = 10.0  # seconds without a failure until it is said that the log can be read again
GOODBYE = 2.0  # seconds that a peer has to take the last bytes after we ended; see _end

ToHub = tuple[Link, Input]


class Loop:
    """The work of one I/O thread. Owns its connections: only this thread touches their sockets and outboxes.

    Any thread may call ``add``, ``deliver`` and ``stop``; all else runs on the I/O thread, which is in ``run``.
    """

    def __init__(
        self, settings: Settings, inbox: Inbox[ToHub], readers: Readers, dialects: Dialects, routes: Routes
    ) -> None:
        self._settings = settings
        self._dialects = dialects
        self._inbox = inbox
        self._readers = readers
        self._routes = routes
        self._reactor = Reactor()
        self._post = self._reactor.post
        self._at = self._reactor.at
        self._connections: set[Connection] = set()
        self._admission = Admission(settings)
        self._leaving: dict[Connection, float] = {}  # those that are to end, and when at the latest; in that order
        self._leaving_watched = False  # a timer is set for the first of them
        self._unread: set[socket.socket] = set()  # of new connections that wait to be read
        self._newcomers: deque[Callable[[], None]] = deque()  # what is to be done for those who are not known yet
        self._dirty: list[Connection] = []  # those with something new in the outbox
        self._to_hub: list[ToHub] = []  # what this round brought
        self._waiting_for_inbox: list[Connection] = []
        self._resume = partial(self._post, self._inbox_has_room)  # one object, so that the inbox knows it again
        self._unreadable = Trouble(
            "%s: reading the log failed: %s", "the log can be read again, after %d failures", CALM
        )  # fmt: skip
        self._next_look = 0.0  # when what waits in all outboxes together is added up next
        self._stop_by: float | None = None  # when a stopping loop gives up on what is still to be written

    # ------------------------------------------------------------ from any thread

    def add(self, number: int, sock: socket.socket, address: str) -> None:
        """A new connection for this loop."""
        self._post(partial(self._add, number, sock, address))

    def give_way(self) -> None:
        """There are no file descriptors left: who has not been welcomed makes room."""
        self._post(partial(self._newcomers.append, self._give_way))  # behind those who are here already

    def deliver(self, deliveries: Deliveries) -> None:
        """Items for outboxes, in order."""
        self._post(partial(self._deliver, deliveries))

    def stop(self, drain: float) -> None:
        """End when all outboxes are empty, at the latest after ``drain`` seconds."""
        self._post(partial(self._stop, drain))

    def close(self) -> None:
        """Free what it holds: after its thread has ended, and when no other calls it any more."""
        for connection in list(self._connections):
            self._close(connection)
        for sock in self._unread:
            sock.close()
        self._reactor.close()

    # ------------------------------------------------------------ the loop

    def run(self) -> None:
        """Read until the thread is stopped."""
        while self._stop_by is None or (self._connections and time.monotonic() < self._stop_by):
            for connection, mask in self._reactor.wait(self._wait_until()):
                if mask & WRITE:
                    connection.blocked = False
                    self._flush(connection)
                if mask & READ and not connection.closed:
                    if connection.detector is None:
                        self._receive(connection)
                    else:
                        self._let_wait(connection)
            self._reactor.run_due()
            self._serve_newcomers()
            dirty, self._dirty = self._dirty, []
            for connection in dirty:
                connection.dirty = False
                if not self._send_whole(connection):
                    self._flush(connection)
                elif connection.backlog:
                    self._release(connection)
                elif connection.events != READ:
                    self._watch(connection)
            self._hand_over()
            self._bound_memory()

    def _wait_until(self) -> float | None:
        if not self._newcomers:
            return self._stop_by
        return 0.0 if self._inbox.empty else time.monotonic() + NEWCOMERS

    def _serve_newcomers(self) -> None:
        """Some at a time, for thousands may come at once, and a first line may be long; and few while the hub is
        behind: what is said would wait for all of them there."""
        until = time.monotonic() + NEWCOMERS
        served = 0
        while self._newcomers and (served < FEW or self._inbox.empty) and time.monotonic() < until:
            self._newcomers.popleft()()
            served += 1

    def _bound_memory(self) -> None:
        """Each connection has its own bound. Where very many use all of theirs, those that hold most are let go; a
        client that can come back misses nothing."""
        now = time.monotonic()
        if now < self._next_look:
            return
        self._next_look = now + LOOK_EVERY
        total = sum(connection.outbox.size for connection in self._connections)
        limit = self._settings.outbox_total // self._settings.io_threads
        if total <= limit:
            return
        for connection in sorted(self._connections, key=lambda one: one.outbox.size, reverse=True):
            logger.warning("%s takes nothing, and memory is short: it is let go", connection)
            total -= connection.outbox.size
            self._let_go(connection)
            if total <= limit:
                return

    def _later(self, seconds: float, call: Callable[[Connection], None], connection: Connection) -> None:
        """Do something with a connection if it is still there then: a timer alone keeps none in memory."""
        reference = weakref.ref(connection)

        def due() -> None:
            if (one := reference()) is not None:
                call(one)

        self._at(time.monotonic() + seconds, due)

    def _stop(self, drain: float) -> None:
        self._stop_by = time.monotonic() + drain
        for connection in list(self._connections):
            if not (connection.outbox or connection.we_ended):
                self._close(connection)  # it came when the hub had ended: nothing will ever be sent to it

    # ------------------------------------------------------------ reading

    def _add(self, number: int, sock: socket.socket, address: str) -> None:
        now = time.monotonic()
        when = self._admission.may_connect_at(address, now)
        self._unread.add(sock)
        if when <= now:
            self._newcomers.append(partial(self._begin, number, sock, address))
        elif self._admission.waits(address, 1):
            self._at(when, partial(self._begin_late, number, sock, address))
        else:
            self._admission.waits(address, -1)
            self._unread.discard(sock)
            sock.close()

    def _begin_late(self, number: int, sock: socket.socket, address: str) -> None:
        self._admission.waits(address, -1)
        self._newcomers.append(partial(self._begin, number, sock, address))

    def _begin(self, number: int, sock: socket.socket, address: str) -> None:
        """Read from a connection from here on."""
        self._unread.discard(sock)
        settings = self._settings
        connection = Connection(
            number,
            sock,
            address,
            Detector(self._dialects),
            self,
            self._admission.first_bucket(time.monotonic()),
            Outbox(settings.outbox_limit),
        )
        self._connections.add(connection)
        self._routes[number] = connection
        if (other := self._admission.came(connection, time.monotonic())) is not None:
            self._let_go(other)
        self._watch(connection)
        pause = min(settings.greet_after or PAUSE, settings.hello_timeout)
        self._later(pause, self._pause, connection)

    def _receive(self, connection: Connection) -> None:
        now = time.monotonic()
        try:
            data = connection.socket.recv(_readable(connection.bucket.there(now)))
        except BlockingIOError:
            return
        except OSError as error:
            self._lost(connection, error)
            return
        if connection.we_ended:
            if not data:
                self._close(connection)
        elif not data:
            self._peer_ended(connection)
        elif connection.detector is not None:
            extra = surplus(data, (), dear=False) + len(data) / FIRST_BYTES
            self._admission.worked(connection, extra, now)
            self._detected(connection, connection.detector.feed(data))
        else:
            self._take(connection, data, connection.wire.receive_data(data), now)

    def _let_wait(self, connection: Connection) -> None:
        """One of which it is not known what it speaks is read when it is its turn."""
        connection.starved = True
        self._watch(connection)
        self._newcomers.append(partial(self._receive_newcomer, connection))

    def _receive_newcomer(self, connection: Connection) -> None:
        connection.starved = False
        if not connection.closed:
            self._receive(connection)
            self._release(connection)

    def _take(self, connection: Connection, data: bytes, commands: Sequence[Input], now: float) -> None:
        """Commands that came, and the bytes that they came in."""
        dear = has_dear(commands)
        if extra := surplus(data, commands, dear):
            self._admission.worked(connection, extra, now)
        if not (dear or self._waits(connection)) and connection.bucket.spare(len(commands), now):
            # Nearly always: at once, for half the time.
            self._send_to_hub(connection, commands)
            return
        connection.backlog.extend(commands)
        connection.dear = connection.dear or dear
        self._release(connection)

    def _waits(self, connection: Connection) -> bool:
        """Whether its next commands have to wait for something."""
        return bool(
            connection.backlog
            or connection.starved
            or connection.closed
            or connection.outbox.congested
            or self._inbox.full(self._resume)
        )

    def _give_way(self) -> None:
        """End the connections that have waited longest to be welcomed: one in ten of them."""
        strangers = list(self._admission.strangers())
        for connection in strangers[: 1 + len(strangers) // 10]:
            self._let_go(connection)

    def _let_go(self, connection: Connection) -> None:
        """End a connection for the sake of the others."""
        if connection.introduced and not connection.closed:
            self._to_hub.append((connection.number, Disconnected("it gave way to others")))
        connection.outbox.clear()
        self._close(connection)

    def _peer_ended(self, connection: Connection) -> None:
        connection.peer_ended = True
        if connection.detector is not None:
            self._detected(connection, connection.detector.paused())
        if connection.introduced:
            if connection.detector is None:
                self._take(connection, b"", connection.wire.end_data(), time.monotonic())
            connection.backlog.append(Disconnected("it hung up"))
            self._release(connection)
        elif not connection.outbox:
            self._close(connection)

    # ------------------------------------------------------------ which dialect a connection speaks

    def _pause(self, connection: Connection) -> None:
        """A peer has said nothing yet, or nothing whole."""
        if connection.closed or connection.detector is None:
            return
        self._detected(connection, connection.detector.paused())
        if connection.detector is not None:
            self._introduce(connection, connection.detector.guess())

    def _detected(self, connection: Connection, found: Wire | bytes | None) -> None:
        """What its first bytes tell: a wire for good, a refusal, or nothing yet."""
        detector = connection.detector
        if found is None or detector is None:
            return
        connection.detector = None
        if isinstance(found, bytes):
            if connection.introduced:
                self._to_hub.append((connection.number, Disconnected("it speaks no protocol of ours")))
            connection.pace = 0.0  # whatever it was taken for
            connection.outbox.put(Packet(found))
            connection.outbox.put(End())
            self._flush(connection)
        else:
            self._introduce(connection, found)
            self._take(connection, b"", found.receive_data(bytes(detector.data)), time.monotonic())

    def _introduce(self, connection: Connection, wire: Wire) -> None:
        """Tell the hub of a connection, or that it speaks another dialect than we had guessed."""
        guessed = connection.wire.dialect if connection.introduced else None
        connection.wire = wire
        connection.pace = wire.pace
        if wire.dialect != guessed:
            self._to_hub.append(
                (connection.number, Connected(connection.address, wire.terms, connection.introduced))
            )
            connection.introduced = True
            if wire.greeting:
                self._hand_over()  # first: who has read it is known, and hears of a stop
                connection.outbox.put(Packet(wire.greeting))
                self._flush(connection)

    # ------------------------------------------------------------ handing on

    def _release(self, connection: Connection) -> None:
        """Hand as many commands to the hub as the connection has tokens for, if the inbox has room and the peer
        takes its replies."""
        if not (connection.starved or connection.closed or connection.outbox.congested):
            now = time.monotonic()
            if connection.backlog and self._inbox.full(self._resume):
                connection.starved = True
                self._waiting_for_inbox.append(connection)
            else:
                self._pass_on(connection, now)
        self._watch(connection)

    def _pass_on(self, connection: Connection, now: float) -> None:
        backlog, bucket = connection.backlog, connection.bucket
        permitted = _permitted(connection) if connection.dear else len(backlog)
        tokens = bucket.take(permitted, now)
        commands = [backlog.popleft() for _ in range(tokens)]
        if connection.dear:
            connection.awaited += sum(map(_answers, commands))
            connection.dear = bool(backlog)
            commands = [_introduced(connection, one) if isinstance(one, Hello) else one for one in commands]
        self._send_to_hub(connection, commands)
        if tokens < permitted or not bucket.there(now):
            connection.starved = True
            self._at(bucket.next(now), partial(self._go_on, connection))

    def _send_to_hub(self, connection: Connection, commands: Iterable[Input]) -> None:
        self._to_hub.extend(zip(repeat(connection.number), commands, strict=False))
        if len(self._to_hub) >= HAND_OVER:
            self._hand_over()

    def _hand_over(self) -> None:
        if self._to_hub:
            self._inbox.put(self._to_hub)
            self._to_hub = []

    def _go_on(self, connection: Connection) -> None:
        connection.starved = False
        if not connection.closed:
            self._release(connection)

    def _inbox_has_room(self) -> None:
        waiting, self._waiting_for_inbox = self._waiting_for_inbox, []
        for connection in waiting:
            self._go_on(connection)

    def _watch(self, connection: Connection) -> None:
        """Watch a connection for what is of use now. Not read: one whose commands wait, or whose replies do."""
        if connection.closed:
            return
        busy = not connection.we_ended and (
            connection.backlog or connection.starved or connection.outbox.congested
        )  # fmt: skip
        reading = not (busy or connection.peer_ended)
        wanted = (READ if reading else 0) | (WRITE if connection.blocked else 0)
        if wanted != connection.events:
            self._reactor.watch(connection, connection.events, wanted)
            connection.events = wanted

    # ------------------------------------------------------------ writing

    def _deliver(self, deliveries: Deliveries) -> None:
        dirty = self._dirty
        for what, connections in deliveries:
            # Nearly always it is a packet, for many.
            item = what if type(what) is Packet else self._for_one(what, connections[0])
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
                self._admission.welcomed(connection, item.uid, time.monotonic())
                item.token = connection.tokens[item.token]
                connection.tokens = {}
            data = connection.wire.reply(item)
            if data:
                return Packet(data)
            self._release(connection)
            return None
        if type(item) is PageRequest:
            connection.awaited = 0
        elif type(item) is End:
            self._let_leave(connection)
        return item

    def _send_whole(self, connection: Connection) -> bool:
        """Write all that waits, if that is one small piece: nearly always, so it has a short way of its own.

        False: ``_flush`` must look at it, also to meet whatever went wrong here.
        """
        if connection.blocked or connection.pace or connection.we_ended:
            return False
        outbox = connection.outbox
        data = outbox.whole()
        if not data:
            return False
        try:
            count = connection.socket.send(data)
        except OSError:
            return False
        if count < len(data):
            outbox.sent(count)
            return False
        outbox.clear()
        return True

    def _flush(self, connection: Connection) -> None:
        """Write what waits, as far as the system takes it and it is in memory."""
        outbox = connection.outbox
        if connection.we_ended:
            outbox.clear()  # delivered before the hub learnt that we had closed this connection
        while not (connection.held or connection.closed) and (buffers := self._ready(connection)):
            try:
                if connection.pace:
                    self._write_line(connection, buffers[0])
                elif len(buffers) == 1:
                    outbox.sent(connection.socket.send(buffers[0]))
                else:
                    outbox.sent(connection.socket.sendmsg(buffers))
            except BlockingIOError:
                connection.blocked = True
            except OSError as error:
                self._lost(connection, error)
        if not connection.closed:
            outbox.fold()
            head = outbox.head()
            if isinstance(head, End):
                self._end(connection)
            elif head is not None and not (connection.reading_log or connection.held):
                self._read_log(connection, head)
            if connection.backlog:
                self._release(connection)
            else:
                self._watch(connection)

    def _write_line(self, connection: Connection, buffer: bytes | memoryview) -> None:
        """One line, or the rest of one, and then a pause: its wire asks for that."""
        line = bytes(buffer)
        line = line[: line.find(b"\n") + 1] or line
        count = connection.socket.send(line)
        connection.outbox.sent(count)
        if count == len(line):
            connection.resting = True
            self._at(time.monotonic() + connection.pace, partial(self._rested, connection))

    def _rested(self, connection: Connection) -> None:
        connection.resting = False
        if not connection.closed:
            self._flush(connection)

    def _ready(self, connection: Connection) -> list[bytes | memoryview]:
        """The bytes that can be written now. Passes over ranges of the log that are done."""
        outbox = connection.outbox
        while not (buffers := outbox.ready(MAX_PACKETS)):
            head = outbox.head()
            if not (isinstance(head, LogRange) and head.done):
                break
            outbox.replace_head([], keep=False)
            if head.stale:
                self._to_hub.append((connection.number, Refresh(head.room)))
        return buffers

    def _read_log(self, connection: Connection, head: LogRead) -> None:
        """Have a reader fetch what stands first in the outbox; a loop that stops leaves it to the next time."""
        if self._stop_by is not None:
            if connection.wire.terms.resume:  # it comes back for what is missing
                self._close(connection)
            else:
                connection.outbox.replace_head([], keep=False)
                self._post(partial(self._flush, connection))  # not from here: a thousand may stand in a row
            return
        connection.reading_log = True
        self._readers.submit(partial(self._fetch, connection, copy(head)))  # the one in the outbox may change

    # ------------------------------------------------------------ on a reader thread

    def _fetch(self, connection: Connection, wanted: LogRead, reader: LogReader) -> None:
        try:
            found = read(reader, connection.wire, wanted, self._settings.read_piece)
        except LogError as error:
            self._post(partial(self._fetch_failed, connection, error))
        else:
            self._post(partial(self._fetched, connection, found))

    # ------------------------------------------------------------ on this thread again

    def _fetched(self, connection: Connection, found: Found) -> None:
        """What was read comes in the place of what stood for it, or, of a range, before the rest of it."""
        self._unreadable.worked()
        connection.reading_log = False
        if connection.closed or connection.we_ended:
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
        self._flush(connection)

    def _fetch_failed(self, connection: Connection, error: LogError) -> None:
        """The log can't be read: the connection ends, so that nothing is missing in its middle."""
        self._unreadable.failed(connection, error)
        connection.reading_log = False
        if connection.closed:
            return
        refusal = LogUnreadable()
        event = Error(code=refusal.code, message=str(refusal))
        connection.outbox.clear()
        connection.outbox.put(Packet(connection.wire.reply(event)))
        connection.outbox.put(End())
        self._to_hub.append((connection.number, Disconnected("the log could not be read")))
        self._flush(connection)

    # ------------------------------------------------------------ the end of a connection

    def _end(self, connection: Connection) -> None:
        """Everything is written: say so, and wait for the peer to hang up.

        Closed at once, with bytes of the peer unread, the system would answer those with a reset, which can
        overtake what we have just written: the peer might never see why.
        """
        connection.outbox.clear()
        connection.backlog.clear()
        connection.we_ended = True
        if connection.peer_ended:
            self._close(connection)
            return
        try:
            connection.socket.shutdown(socket.SHUT_WR)
        except OSError as error:
            self._lost(connection, error)
            return
        self._later(GOODBYE, self._close, connection)

    def _let_leave(self, connection: Connection) -> None:
        """It ends when its peer has taken all, or after a while. One timer is for all: one each, for a minute,
        would be the most that a short session leaves behind."""
        if not connection.closed:
            self._leaving.setdefault(connection, time.monotonic() + LAST)
            self._watch_leaving()

    def _watch_leaving(self) -> None:
        if self._leaving and not self._leaving_watched:
            self._leaving_watched = True
            self._at(next(iter(self._leaving.values())), self._close_leaving)

    def _close_leaving(self) -> None:
        self._leaving_watched = False
        now = time.monotonic()
        for connection, until in list(self._leaving.items()):
            if until > now:
                break
            del self._leaving[connection]
            self._close(connection)
        self._watch_leaving()

    def _lost(self, connection: Connection, error: OSError) -> None:
        """The connection broke."""
        self._close(connection)
        reason = error.strerror or str(error)
        self._to_hub.append((connection.number, Disconnected(reason)))

    def _close(self, connection: Connection) -> None:
        if connection.closed:
            return
        connection.closed = True
        if connection.events:
            self._reactor.watch(connection, connection.events, 0)
            connection.events = 0
        connection.socket.close()
        self._connections.discard(connection)
        self._routes.pop(connection.number, None)
        self._leaving.pop(connection, None)
        self._admission.gone(connection)


def _introduced(connection: Connection, hello: Hello) -> Introduction:
    """A hello without its token, which the hub need not know; a newcomer is offered one of 192 bits."""
    resumes = hello.token is not None
    token = hello.token if hello.token is not None else secrets.token_urlsafe(24)
    token_hash = sha256(token.encode()).digest()
    connection.tokens[token_hash.hex()] = token
    return Introduction(replace(hello, token=None), token_hash, resumes)


def _readable(tokens: int) -> int:
    """How many bytes are read of a connection with so many tokens. No more than it may pay for: a pile of tiny
    lines takes long to look through."""
    if tokens * READ_TOKEN >= READ_SIZE:
        return READ_SIZE
    return max(READ_LEAST, tokens * READ_TOKEN)


def _answers(command: Input) -> int:
    """How much of what one connection may be owed the answer is. What a person may ask is known once the hello is
    answered, so nothing goes beside that."""
    return AWAITED if type(command) is Hello else type(command) in DEAR


def _permitted(connection: Connection) -> int:
    """How many of its commands may go to the hub, with no more answers under way than one may be owed."""
    awaited = connection.awaited
    for permitted, command in enumerate(connection.backlog):
        answers = _answers(command)
        if answers and awaited >= AWAITED:
            return permitted
        awaited += answers
    return len(connection.backlog)
