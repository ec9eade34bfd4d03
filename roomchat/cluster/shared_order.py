"""The inputs of all servers, in one order: published to the stream, and taken from it again.

shared = SharedOrder(cluster, position, Reader(marks), created)
shared.submit(b"...")  # any thread; or: feed=..., which is asked whenever something can be published
for accepted in shared.take(timeout):  # of all servers, also our own: (position, time, frame)
    ...  # apply its inputs, of (frame.server, frame.incarnation); keep position and shared.reader.last
shared.stalled()  # seconds for which something of ours has waited for the stream
shared.close()
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple

from roomchat.cluster import stream
from roomchat.cluster.consumer import Consumer
from roomchat.cluster.frames import Frame, Reader, Verdict, decode
from roomchat.cluster.nats import Connection
from roomchat.cluster.nats_protocol import Message
from roomchat.cluster.publisher import WINDOW, Publisher
from roomchat.cluster.reading import SILENCE, FlowControl
from roomchat.cluster.stream import Cluster
from roomchat.cluster.turns import ROUND, Turns
from roomchat.errors import NatsProtocolError, StreamCut, StreamError, StreamRefused, StreamUnknown

AT_ONCE = 512  # events that are handled before anything is returned or sent: 8 MB of busy frames
LARGEST_INPUT = stream.PAYLOAD - 4096  # bytes; the rest is for what is around it
# Seconds for which nothing but less of the stream must be found than is known, until that is believed. Who led it
# and hung, or was cut off from the others, answers for up to 10 s as if it still did; who leads it now may answer
# before it has all that was there.
BELIEVED = 20.0
ASKED_AGAIN = 5.0  # seconds without any answer, after which those are counted anew
ENOUGH = 256 * 1024  # bytes that wait to be published, above which nothing more is asked for


class Accepted(NamedTuple):
    """A frame that every server applies, in this order."""

    position: int
    time: int  # ns since 1970, by the stream
    frame: Frame


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
        self._consumer: Consumer | None = None
        self._lost: list[Connection] = []  # some of their threads may still be ending
        self.created = created  # of the stream: another one has other positions
        self._turns = Turns(cluster.addresses)
        self._short = (0.0, 0.0)  # since when, and when last, less of the stream was found than is known

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
        return self._consumer is not None and self._consumer.is_live

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
        if self._consumer:
            consumer, self._consumer = self._consumer, None
            consumer.connection.close()
            self._lost.append(consumer.connection)
        for connection in self._lost:
            connection.join()

    def _step(self, until: float) -> None:
        """Wait for something, handle all that is there, and send what follows from it."""
        is_behind = self._handle_all(until)
        now, consumer = time.monotonic(), self._consumer
        if consumer is None:
            if now >= self._turns.due:
                self._dial()
        elif now >= consumer.until and not is_behind:
            self._lose(StreamUnknown(f"{consumer.connection.address} is silent."))
        elif not is_behind and consumer.is_stuck(now, self._publisher.stalled(now)):
            self._lose(StreamUnknown(f"{consumer.connection.address} does not deliver what is stored."))
        elif consumer.is_live:
            self._publish(consumer, now, is_behind)

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
        if self._consumer is None:
            return self._turns.due
        due = self._publisher.due() if self._consumer.is_live else None
        return self._consumer.until if due is None else min(due, self._consumer.until)

    def _handle(self, event: Any) -> None:
        if event is None:
            return
        if isinstance(event, bytes):
            self._publisher.offer(event)
            return
        at, consumer, kind, what = event
        if self._consumer is None or consumer is not self._consumer:
            return  # of one that was given up
        try:
            if kind == "delivered":
                consumer.until = at + SILENCE
                self._delivered(self._consumer, what, at)
            elif kind == "looked":
                self._looked(self._consumer, what, at)
            elif kind == "made":
                self._made(self._consumer, what, at)
            elif kind == "failed":
                self._failed(what)
            else:
                raise what
        except StreamError as reason:
            self._lose(reason)

    def _looked(self, consumer: Consumer, message: Message, at: float) -> None:
        """The stream is there, led by somebody, and the one that we know."""
        found = stream.read(stream.answer(message), self._cluster.plan)
        stream.check(consumer.connection)
        if found.created != (self.created or found.created):
            raise StreamCut(
                f"The stream was made anew at {found.created}; this server knows that of {self.created}."
            )
        if found.last < self.position:
            since, last = self._short
            self._short = since if at < last + ASKED_AGAIN else at, at
            sentence = f"The stream ends at {found.last}, but {self.position} is known"
            if at < self._short[0] + BELIEVED:
                raise StreamUnknown(f"{sentence}; {consumer.connection.address} may know only part of it.")
            raise StreamCut(f"{sentence}: it has lost something.")
        if found.first > self.position + 1:
            raise StreamCut(f"The stream goes on at {found.first}, but {self.position + 1} is wanted.")
        self.created, consumer.last = found.created, found.last
        consumer.until = max(consumer.until, at + 2 * SILENCE)
        consumer.read()

    def _made(self, consumer: Consumer, message: Message, at: float) -> None:
        """There is a consumer. It may have delivered something already."""
        content = stream.answer(message)
        if type(content.get("num_pending")) is not int:
            raise StreamUnknown("JetStream's answer can't be read.")
        # The replica that it reads may lack what the stream's leader has.
        consumer.target = max(consumer.start + content["num_pending"], consumer.last)
        consumer.until = max(consumer.until, at + SILENCE)
        consumer.since = consumer.moved = at
        self._publisher.again(at)

    def _delivered(self, consumer: Consumer, message: Message, at: float) -> None:
        delivery = consumer.reading.take(message)
        if delivery is None:
            return
        if isinstance(delivery, FlowControl):
            consumer.connection.publish(delivery.reply, b"")
            return
        consumer.moved = at
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

    def _publish(self, consumer: Consumer, now: float, is_behind: bool) -> None:
        if self._publisher.waiting < ENOUGH:
            for one in self._feed():
                self._publisher.offer(one)
        try:
            for frame in self._publisher.take(now, is_behind):
                consumer.publish(frame)
        except StreamUnknown:
            return  # the connection ends, and says so in its turn

    def _dial(self) -> None:
        self._consumer = Consumer(self._cluster, self._turns.next(), self.position, self._events, self._listen)

    def _lose(self, reason: StreamError) -> None:
        """The consumer is of no use: the next one is at another server."""
        assert self._consumer
        consumer, self._consumer = self._consumer, None
        consumer.connection.close(reason)
        self._lost = [one for one in self._lost if one.end is None] + [consumer.connection]
        now, address = time.monotonic(), consumer.connection.address
        if info := consumer.connection.info:
            self._turns.hear(address, info.connect_urls)
        self._turns.lost(now, consumer.target is not None and now > consumer.since + ROUND)
        # A server that we were not told of may be none of ours to be let in by.
        if isinstance(reason, StreamCut) or (isinstance(reason, StreamRefused) and self._turns.is_told(address)):
            raise reason
