"""The inputs of all servers, in one order: published to the stream, and taken from it again."""

from __future__ import annotations

import json
import random
import ssl
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple

from roomchat.cluster import stream
from roomchat.cluster.frames import Frame, Reader, Verdict, decode
from roomchat.cluster.nats import PATIENCE, SEND_TIME, Connection
from roomchat.cluster.nats_address import Address, Login
from roomchat.cluster.nats_protocol import Message
from roomchat.cluster.publisher import WINDOW, Publisher
from roomchat.cluster.reading import SILENCE, FlowControl, Reading, request
from roomchat.cluster.stream import Plan
from roomchat.errors import NatsProtocolError, StreamCut, StreamError, StreamRefused, StreamUnknown

AT_ONCE = 512  # events that are handled before anything is returned or sent: 8 MB of busy frames
LARGEST_INPUT = 1024 * 1024 - 4096  # bytes; with what is around it, below the max_payload of every nats-server
ENOUGH = 256 * 1024  # bytes that wait to be published, above which nothing more is asked for
ROUND = 0.25  # seconds between two rounds over all NATS servers, while none is of use


@dataclass(frozen=True)
class Cluster:
    """Where the stream is, and who we are in it."""

    addresses: Sequence[Address]
    plan: Plan
    server: str  # our name among the chat's servers
    incarnation: int  # higher than at any earlier start of ours
    login: Login | None = None
    tls: ssl.SSLContext | None = None


class Accepted(NamedTuple):
    """A frame that every server applies, in this order."""

    position: int
    time: int  # ns since 1970, by the stream
    frame: Frame


class _Link:
    """One connection, and the consumer on it. What it hears goes into the queue, with the time."""

    def __init__(
        self, cluster: Cluster, address: Address, position: int, events: SimpleQueue[Any],
        listen: Callable[[Connection], None],
    ) -> None:  # fmt: skip
        self._plan, self._events, self._listen = cluster.plan, events, listen
        self.start = position
        self.reading = Reading(position)
        self.target: int | None = None  # up to where it catches up before it is live
        self.until = time.monotonic() + PATIENCE + SEND_TIME  # when it is silent for too long
        self.connection = Connection(
            address, cluster.login, tls=cluster.tls, opened=self._opened, ended=partial(self._put, "ended")
        )

    @property
    def is_live(self) -> bool:
        """It has delivered all that was in the stream when it began."""
        return self.target is not None and self.reading.position >= self.target

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
        connection.subscribe(f"{inbox}.stored.at", self._stored)
        connection.publish(f"$JS.API.STREAM.INFO.{self._plan.name}", b"", f"{inbox}.looked.at")
        self._listen(connection)

    def _stored(self, message: Message) -> None:
        if message.status or b'"error"' in message.body:
            self._put("failed", message)


class SharedOrder:
    """What one server puts in, and what all servers apply.

    Any thread may call ``submit``; one thread calls all else. It is never blocked for more than ``SEND_TIME``.
    """

    def __init__(
        self,
        cluster: Cluster,
        position: int = 0,
        reader: Reader | None = None,
        created: str | None = None,
        feed: Callable[[], Iterable[bytes]] = tuple,
        listen: Callable[[Connection], None] = lambda connection: None,
    ) -> None:
        """Begin behind ``position`` of the stream that was ``created`` then (None: of any), with what was accepted
        up to there. ``feed`` is asked for more whenever something can be published, on the thread of ``take``.
        ``listen`` gets each connection, on another thread, when it is open."""
        self.reader = reader or Reader()
        self.position = position  # of the last message that was seen
        self.passed = 0  # messages that were no frames, or not accepted
        self._cluster = cluster
        self._feed = feed
        self._listen = listen
        self._publisher = Publisher(cluster.server, cluster.incarnation)
        self._events: SimpleQueue[Any] = SimpleQueue()
        self._accepted: list[Accepted] = []  # not returned yet
        self._trouble: StreamError | None = None  # to be raised when those are
        self._link: _Link | None = None
        self._lost: list[Connection] = []  # some of their threads may still be ending
        self.created = created  # of the stream: another one has other positions
        self._turn = random.randrange(len(cluster.addresses))
        self._failures = 0  # links without a consumer, since the last one with it
        self._dial_at = 0.0

    def submit(self, inputs: bytes) -> None:
        """To be put into the stream, behind all that was submitted before. Never blocks.

        Raises:
            StreamRefused: it is larger than ``LARGEST_INPUT``.
        """
        if len(inputs) > LARGEST_INPUT:
            raise StreamRefused(f"{len(inputs)} bytes at once are more than the stream takes.")
        self._events.put(inputs)

    def wake(self) -> None:
        """There is something to be fed. Any thread may call it."""
        self._events.put(None)

    @property
    def is_live(self) -> bool:
        """What the other servers do is seen as it happens."""
        return self._link is not None and self._link.is_live

    @property
    def waiting(self) -> int:
        """Bytes of inputs that are in no frame yet: while the stream stands still, they gather here."""
        return self._publisher.waiting

    def stalled(self) -> float:
        """Seconds for which something of ours has waited to be accepted; 0.0: nothing waits."""
        return self._publisher.stalled(time.monotonic())

    def take(self, timeout: float) -> list[Accepted]:
        """The next frames, of all servers. Waits up to ``timeout`` seconds for some.

        Raises:
            StreamRefused: it can't go on like this, and the sentence says why. To call it again is to try again.
            StreamCut: a snapshot is needed.
        """
        until = time.monotonic() + timeout
        while not self._accepted and not self._trouble:
            try:
                self._step(min(until, self._next_time()))
            except (StreamRefused, StreamCut) as error:
                self._trouble = error
            if time.monotonic() >= until:
                break
        if self._trouble and not self._accepted:
            trouble, self._trouble = self._trouble, None
            raise trouble
        accepted, self._accepted = self._accepted, []
        return accepted

    def close(self) -> None:
        """End the connection. What was not accepted may yet be."""
        if self._link:
            link, self._link = self._link, None
            link.connection.close()
            self._lost.append(link.connection)
        for connection in self._lost:
            connection.join()

    def _step(self, until: float) -> None:
        """Wait for something, handle all that is there, and send what follows from it."""
        is_behind = self._handle_all(until)
        now, link = time.monotonic(), self._link
        if link is None:
            if now >= self._dial_at:
                self._dial()
        elif now >= link.until and not is_behind:
            self._lose(StreamUnknown(f"{link.connection.address} is silent."))
        elif link.is_live:
            self._publish(link, now, is_behind)

    def _handle_all(self, until: float) -> bool:
        """Returns whether there may be more: then silence says nothing, for it may be we who are late."""
        try:
            self._handle(self._events.get(timeout=max(until - time.monotonic(), 0.0)))
            for _ in range(AT_ONCE):
                self._handle(self._events.get_nowait())
        except Empty:
            return False
        return True

    def _next_time(self) -> float:
        """When something is to be done although nothing comes."""
        if self._link is None:
            return self._dial_at
        due = self._publisher.due() if self._link.is_live else None
        return self._link.until if due is None else min(due, self._link.until)

    def _handle(self, event: Any) -> None:
        if event is None:
            return
        if isinstance(event, bytes):
            self._publisher.offer(event)
            return
        at, link, kind, what = event
        if self._link is None or link is not self._link:
            return  # of one that was given up
        try:
            if kind == "delivered":
                link.until = at + SILENCE
                self._delivered(self._link, what, at)
            elif kind == "looked":
                self._looked(self._link, what, at)
            elif kind == "made":
                self._made(self._link, what, at)
            elif kind == "failed":
                self._failed(what)
            else:
                raise what
        except StreamError as reason:
            self._lose(reason)

    def _looked(self, link: _Link, message: Message, at: float) -> None:
        """The stream is there, led by somebody, and the one that we know."""
        found = stream.read(stream.answer(message), self._cluster.plan)
        if found.created != (self.created or found.created):
            raise StreamCut(
                f"The stream was made anew at {found.created}; this server knows that of {self.created}."
            )
        if found.last < self.position:
            raise StreamCut(
                f"The stream ends at {found.last}, but {self.position} is known: it has lost something."
            )
        self.created = found.created
        link.until = max(link.until, at + 2 * SILENCE)
        link.read()

    def _made(self, link: _Link, message: Message, at: float) -> None:
        """There is a consumer. It may have delivered something already."""
        content = stream.answer(message)
        if type(content.get("num_pending")) is not int:
            raise StreamUnknown("JetStream's answer can't be read.")
        link.target = link.start + content["num_pending"]
        link.until = max(link.until, at + SILENCE)
        self._failures = 0
        self._publisher.again(at)

    def _delivered(self, link: _Link, message: Message, at: float) -> None:
        delivery = link.reading.take(message)
        if delivery is None:
            return
        if isinstance(delivery, FlowControl):
            link.connection.publish(delivery.reply, b"")
            return
        try:
            frame = decode(delivery.body)
        except NatsProtocolError:
            self.position = delivery.position
            self.passed += 1
            return
        self.position = delivery.position
        verdict = self.reader.judge(frame.server, frame.incarnation, frame.n)
        if verdict is Verdict.ACCEPTED:
            self._accepted.append(Accepted(delivery.position, delivery.time, frame))
        else:
            self.passed += 1
            self._check(frame, verdict)
        if frame.server == self._cluster.server:
            if frame.incarnation > self._cluster.incarnation:
                raise StreamRefused(f"Another server has come as {frame.server}: each needs a name of its own.")
            if frame.incarnation == self._cluster.incarnation:
                self._publisher.heard(frame.n, verdict, at)

    def _check(self, frame: Frame, verdict: Verdict) -> None:
        """What is missing before a frame comes again, and none is further ahead than what may be under way.

        Raises:
            StreamCut: this one is, so what is believed to have been accepted is wrong.
        """
        incarnation, n = self.reader.last.get(frame.server, (0, 0))
        last = n if incarnation == frame.incarnation else 0
        if verdict is Verdict.GAP and frame.n > last + WINDOW:
            raise StreamCut(
                f"What was accepted of {frame.server} up to {self.position} is not what is known here."
            )

    def _failed(self, message: Message) -> None:
        try:
            stream.stored(message)
        except StreamUnknown:
            return  # it comes back, or is sent again

    def _publish(self, link: _Link, now: float, is_behind: bool) -> None:
        if self._publisher.waiting < ENOUGH:
            for one in self._feed():
                self._publisher.offer(one)
        try:
            for frame in self._publisher.take(now, is_behind):
                link.publish(frame)
        except StreamUnknown:
            return  # the connection ends, and says so in its turn

    def _dial(self) -> None:
        addresses = self._cluster.addresses
        self._turn = (self._turn + 1) % len(addresses)
        self._link = _Link(self._cluster, addresses[self._turn], self.position, self._events, self._listen)

    def _lose(self, reason: StreamError) -> None:
        """The link is of no use: the next one is at another server."""
        assert self._link
        self._link.connection.close(reason)
        self._lost = [one for one in self._lost if one.end is None] + [self._link.connection]
        self._link = None
        self._failures += 1
        self._dial_at = time.monotonic() + (ROUND if self._failures % len(self._cluster.addresses) == 0 else 0.0)
        if isinstance(reason, StreamRefused | StreamCut):
            raise reason
