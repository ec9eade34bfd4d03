"""The way in: connections of which it is not known yet what they speak, and that must not hold up those inside."""

from __future__ import annotations

import logging
import socket
import time
from collections import deque
from collections.abc import Callable
from functools import partial

from roomchat.chat.inputs import Connected, Disconnected
from roomchat.errors import TlsRequired
from roomchat.net.addresses import is_local
from roomchat.net.connection import CLOSED, NEW, OPEN, REFUSED, Connection, Owner
from roomchat.net.connections import Connections, ToHub
from roomchat.net.cost import surplus
from roomchat.net.identity import Identity
from roomchat.net.inbox import Inbox
from roomchat.net.intake import Intake
from roomchat.net.layers import Layers, tls_required
from roomchat.net.outbox import Outbox
from roomchat.net.output import Output
from roomchat.net.reactor import Reactor
from roomchat.net.requests import Requests
from roomchat.settings import Settings
from roomchat.wires.detect import HTTP_REFUSAL, Asks, Encrypted, Proxied, Refused, Verdict
from roomchat.wires.plain import PlainWire
from roomchat.wires.site import Site
from roomchat.wires.table import Dialects
from roomchat.wires.wire import Wire

logger = logging.getLogger("roomchat")

FIRST_BYTES = 1024  # for a token, until it is known what a peer speaks: hardly any hello is longer
DETECT_TIMEOUT = 0.5  # seconds of silence until a guess is made what a peer is, where nobody is greeted
TIME_SLICE = 0.001  # seconds of a round for newcomers, and between two looks whether it is their turn
HANDSHAKE = 5.0  # tokens that a handshake costs: its 0.5 ms would do for some twenty hellos
MAX_WHILE_BUSY = 4  # of them in a round while the hub is behind


class Newcomers:
    """Of one I/O thread, which alone calls it, but for ``expect``.

    Args:
        owner: of the connections that it makes.
        identity: for TLS; None: that is not spoken.
    """

    def __init__(
        self, settings: Settings, dialects: Dialects, connections: Connections, intake: Intake, output: Output,
        inbox: Inbox[ToHub], reactor: Reactor, owner: Owner, identity: Identity | None, site: Site,
    ) -> None:  # fmt: skip
        self._settings = settings
        self._connections = connections
        self._intake = intake
        self._output = output
        self._inbox = inbox
        self._reactor = reactor
        self._owner = owner
        self._dialects = dialects
        self._layers = Layers(settings, dialects, connections, identity)
        self._requests = Requests(settings, self._layers, connections, output, site)
        self._unread: set[socket.socket] = set()  # of new connections that wait to be read
        self._turns: deque[Callable[[], None]] = deque()  # what is to be done for newcomers

    # ------------------------------------------------------------ turns

    def wait_until(self) -> float | None:
        """How long the loop may wait for sockets; None: nobody's turn is near."""
        if not self._turns:
            return None
        return 0.0 if self._inbox.empty else time.monotonic() + TIME_SLICE

    def serve(self) -> None:
        """Some at a time, for thousands may come at once, and a first line may be long; and few while the hub is
        behind: what is said would wait for all of them there."""
        until = time.monotonic() + TIME_SLICE
        served = 0
        while self._turns and (served < MAX_WHILE_BUSY or self._inbox.empty) and time.monotonic() < until:
            self._turns.popleft()()
            served += 1

    def give_way(self) -> None:
        """There are no file descriptors left: some of those that are not welcomed go."""
        self._turns.append(self._give_way)  # behind those who are here already

    def _give_way(self) -> None:
        """End the connections that have waited longest to be welcomed: one in ten of them."""
        strangers = list(self._connections.admission.strangers())
        for connection in strangers[: 1 + len(strangers) // 10]:
            self._connections.let_go(connection)

    # ------------------------------------------------------------ a new connection

    def expect(self, sock: socket.socket) -> None:
        """A new connection is on its way to ``add``; if that never comes, ``close`` closes it. Any thread may call
        this."""
        self._unread.add(sock)

    def add(self, number: int, sock: socket.socket, address: str) -> None:
        """A new connection; it is read when its address may have one more."""
        if self._layers.is_proxy(address):  # who really comes is counted when that is known
            self._turns.append(partial(self.begin, number, sock, address))
            return
        begin = partial(self._turns.append, partial(self.begin, number, sock, address))
        self._admit(address, begin, partial(self._turn_away, sock))

    def _admit(self, address: str, begin: Callable[[], None], give_up: Callable[[], None]) -> None:
        """Begin when an address may have one more connection, or give up, for too many of it wait."""
        admission = self._connections.admission
        now = time.monotonic()
        when = admission.may_connect_at(address, now)
        if when <= now:
            begin()
        elif admission.waits(address, 1):
            self._reactor.at(when, partial(self._admit_late, address, begin))
        else:
            admission.waits(address, -1)
            give_up()

    def _admit_late(self, address: str, begin: Callable[[], None]) -> None:
        self._connections.admission.waits(address, -1)
        begin()

    def _turn_away(self, sock: socket.socket) -> None:
        self._unread.discard(sock)
        sock.close()

    def begin(self, number: int, sock: socket.socket, address: str) -> None:
        """Read from a connection from here on."""
        self._unread.discard(sock)
        settings = self._settings
        connection = Connection(
            number,
            sock,
            address,
            self._layers.detector(proxied=self._layers.is_proxy(address)),
            self._owner,
            self._connections.admission.first_bucket(time.monotonic()),
            Outbox(settings.outbox_limit),
        )
        self._connections.put(connection)
        self._connections.watch(connection)
        if connection.detector.proxied:
            self._connections.later(settings.hello_timeout, self._let_go_unready, connection)
        else:
            self._watch_for_pause(connection)

    def _watch_for_pause(self, connection: Connection) -> None:
        settings = self._settings
        pause = min(settings.greet_after or DETECT_TIMEOUT, settings.hello_timeout)
        self._connections.later(pause, self.paused, connection)

    def close(self) -> None:
        """Of those that were never read."""
        for sock in self._unread:
            sock.close()

    # ------------------------------------------------------------ which dialect it speaks

    def let_wait(self, connection: Connection) -> None:
        """Something has come from a new one: it is read when it is its turn."""
        connection.starved = True
        self._connections.watch(connection)
        self._turns.append(partial(self._receive, connection))

    def _receive(self, connection: Connection) -> None:
        connection.starved = False
        if connection.phase is CLOSED:
            return
        if connection.phase is not NEW:  # its pause has told what it speaks, while this waited
            self._intake.receive(connection)
            self._intake.release(connection)
            return
        now = time.monotonic()
        agreed = connection.transport.ready
        data = self._intake.read(connection, now)
        if connection.transport.ready and not agreed:
            self._connections.handshakes.over(connection)
            self._connections.figures.handshakes += 1
            if self._layers.browses(connection):  # it may open more connections than it has requests for
                self._judge(connection, Asks(b""))
            else:
                self._watch_for_pause(connection)
        if data and connection.conversation is not None:
            self._ask(connection, data)
        elif data:
            verdict = connection.detector.feed(data)
            if not isinstance(verdict, Asks):
                extra = surplus(data, (), dear=False) + len(data) / FIRST_BYTES
                self._connections.admission.worked(connection, extra, now)
            self._judge(connection, verdict)
        elif connection.peer_ended:
            self._ended(connection, now)
        self._intake.release(connection)

    def _encrypt(self, connection: Connection, first: bytes) -> None:
        """It speaks TLS; what is inside is told in the same way. It gets no answer before that is known."""
        self._connections.later(self._settings.hello_timeout, self._let_go_unready, connection)
        shake_hands = partial(self._shake_hands, connection, first)
        if self._connections.handshakes.may_begin(connection, partial(self._turns.append, shake_hands)):
            shake_hands()
        else:
            connection.starved = True

    def _shake_hands(self, connection: Connection, first: bytes) -> None:
        self._layers.encrypt(connection, first)
        self._connections.figures.handshakes_begun += 1
        self._connections.admission.worked(connection, HANDSHAKE, time.monotonic())
        self._receive(connection)

    def _let_go_unready(self, connection: Connection) -> None:
        if not self._layers.are_open(connection):
            self._connections.let_go(connection)

    def _come_from(self, connection: Connection, address: str | None, begin: Callable[[], None]) -> None:
        """A load balancer has said who it is that connects: the bounds are those of that address."""
        self._connections.admission.gone(connection)
        # Whom a load balancer does not name may be anywhere, and its own machine need not be this one.
        connection.local = connection.local and address is not None and is_local(address)
        connection.named = address is not None
        connection.address = address = address or connection.address
        connection.starved = True
        arrived = partial(self._begin_proxied, connection, begin)
        self._admit(address, arrived, partial(self._connections.let_go, connection))

    def _begin_proxied(self, connection: Connection, begin: Callable[[], None]) -> None:
        if connection.phase is not CLOSED:
            connection.starved = False
            self._connections.count(connection)
            begin()
            self._intake.release(connection)

    def _begin_again(self, connection: Connection, first: bytes) -> None:
        """Behind the header of a load balancer."""
        self._watch_for_pause(connection)
        self._judge(connection, connection.detector.feed(first))

    def _ended(self, connection: Connection, now: float) -> None:
        """A peer sends no more before it has shown what it speaks."""
        if connection.conversation is not None:
            self._requests.ended(connection)
            return
        if not connection.transport.cut:
            self._judge(connection, connection.detector.paused())
        if connection.phase is OPEN:
            self._intake.ended(connection, now)
        elif connection.introduced:
            self._intake.hang_up(connection)
        elif not connection.outbox:
            self._connections.close(connection)

    def paused(self, connection: Connection) -> None:
        """A peer has said nothing yet, or nothing whole."""
        if connection.conversation is not None or not self._layers.are_open(connection):
            return  # it is agreed on the encryption; then there is another pause
        if connection.phase is NEW and connection.starved:  # it is we who pause: what it has said is not read yet
            self._watch_for_pause(connection)
            return
        if connection.phase is NEW:
            self._judge(connection, connection.detector.paused())
        if connection.phase is not NEW:
            return
        if self._layers.may_talk(connection):
            self._introduce(connection, connection.detector.guess())
            connection.detector.tls = False  # what it was told was clear
        else:  # its TLS may be late; what it reads before that is no TLS
            self._connections.later(self._settings.hello_timeout, self._refuse_silent, connection)

    def _refuse_silent(self, connection: Connection) -> None:
        if connection.phase is NEW and not connection.transport.secure and self._layers.are_open(connection):
            self._refuse_clear(connection, connection.detector.guess())

    def _judge(self, connection: Connection, verdict: Verdict | None) -> None:
        if verdict is None or connection.phase is not NEW:
            return
        if isinstance(verdict, Encrypted):
            self._encrypt(connection, verdict.data)
        elif isinstance(verdict, Proxied):
            connection.detector = self._layers.detector()
            self._come_from(connection, verdict.address, partial(self._begin_again, connection, verdict.data))
        elif isinstance(verdict, Asks) and connection.introduced and connection.wire.greeting:
            self._refuse(connection, HTTP_REFUSAL)  # it was greeted: that is no answer to a request
        elif isinstance(verdict, Asks):
            self._requests.begin(connection)
            self._ask(connection, verdict.data)
        elif isinstance(verdict, Refused) and not verdict.data:
            logger.warning("%s is to say who connects, and does not: see --proxy-from", connection)
            self._connections.let_go(connection)
        elif isinstance(verdict, Refused):
            self._refuse(connection, verdict.data)
        elif not self._layers.may_talk(connection):
            self._refuse_clear(connection, verdict.wire)
        else:
            self._open(connection, verdict.wire, bytes(connection.detector.data))

    def _open(self, connection: Connection, wire: Wire, first: bytes) -> None:
        """It is known what it speaks, and it may; this came so far."""
        connection.phase = OPEN
        self._introduce(connection, wire)
        commands = wire.receive_data(first)
        self._intake.take(connection, wire.counted or b"", commands, time.monotonic())

    def _ask(self, connection: Connection, data: bytes) -> None:
        """It speaks HTTP, and perhaps something else from here on."""
        if (upgraded := self._requests.feed(connection, data)) is None:
            return
        asker, first = upgraded
        begin = partial(self._open, connection, self._dialects.make("websocket"), first)
        if self._layers.speaks_for_others(connection):
            connection.private = asker.secure
            self._come_from(connection, asker.address if asker.named else None, begin)
        else:
            begin()

    def _refuse_clear(self, connection: Connection, wire: Wire) -> None:
        self._connections.figures.refused[TlsRequired.code] += 1
        self._refuse(connection, tls_required(wire))

    def _refuse(self, connection: Connection, last: bytes) -> None:
        """It hears these last words."""
        connection.phase = REFUSED
        if connection.introduced:
            self._connections.tell_hub(connection, Disconnected("it speaks no protocol of ours"))
        connection.pace = 0.0  # whatever it was taken for
        self._output.say_last(connection, last)

    def _introduce(self, connection: Connection, wire: Wire) -> None:
        """Tell the hub of a connection, or that it speaks another dialect than we had guessed."""
        guessed = connection.wire.dialect if connection.introduced else None
        connection.wire = wire
        if isinstance(wire, PlainWire):
            wire.login.private = connection.unheard
        connection.pace = wire.pace
        if wire.dialect != guessed:
            news = Connected(connection.address, wire.terms, connection.introduced)
            self._connections.tell_hub(connection, news)
            connection.introduced = True
            if wire.greeting:
                self._connections.hand_over()  # first: who has read it is known, and hears of a stop
                self._output.say(connection, wire.greeting)
