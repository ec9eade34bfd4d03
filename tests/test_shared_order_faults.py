"""Several servers' frames in one order, over NATS servers that do all that they may do wrong: a model of them, for
real ones do it seldom."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from typing import Any

import pytest

from roomchat.cluster import consumer, shared_order
from roomchat.cluster.frames import Frame, encode
from roomchat.cluster.nats_address import Address
from roomchat.cluster.nats_protocol import Info, Message
from roomchat.cluster.shared_order import Accepted, SharedOrder
from roomchat.cluster.stream import PAYLOAD, Cluster, Plan
from roomchat.errors import StreamError, StreamRefused, StreamUnknown
from tests.nats_cluster import DEADLINE

TOLD = [Address("a", 1, False), Address("b", 1, False)]
PLAN = Plan("chat", 3)


class Broker:
    """A stream, and how often something goes wrong with it: ``fault`` of 0 to 1."""

    def __init__(self, seed: int = 0, fault: float = 0.0) -> None:
        self.stored: list[bytes] = []
        self.chance = random.Random(seed)
        self.fault = fault
        self.lives: list[Life] = []
        self.dialled: list[Address] = []
        self.hangs: set[Address] = set()  # these take a connection, and are silent
        self.stuck: set[Address] = set()  # these deliver nothing new, though they are alive
        self.refuse: dict[Address, StreamError] = {}
        self.urls: tuple[str, ...] = ()
        self.payload = PAYLOAD

    def fails(self) -> bool:
        return self.chance.random() < self.fault

    def store(self, body: bytes) -> None:
        self.stored.append(body)
        for life in [*self.lives]:
            life.deliver()


class Life:
    """A connection to it, as ``nats.Connection`` is for its owner; all happens at once, on whichever thread."""

    def __init__(
        self, broker: Broker, address: Address, opened: Callable[[Any], None], ended: Callable[[StreamError], None]
    ) -> None:
        self.address, self.inbox = address, f"_INBOX.{len(broker.dialled)}"
        self.end: StreamError | None = None
        self.info = Info("", "", broker.payload, "", False, False, False, broker.urls)
        self._broker, self._ended = broker, ended
        self._handlers: dict[str, Callable[[Message], None]] = {}
        self._consumer = ""
        self._at = self._count = 0
        broker.dialled.append(address)
        if address in broker.refuse:
            self.close(broker.refuse[address])
        elif address not in broker.hangs:
            broker.lives.append(self)
            opened(self)

    def subscribe(self, subject: str, handler: Callable[[Message], None]) -> None:
        self._handlers[subject] = handler

    def publish(self, subject: str, body: bytes, reply: str = "") -> None:
        broker = self._broker
        if self.end:
            raise StreamUnknown("closed")
        if broker.fails():
            fault = broker.chance.randrange(4)
            if fault == 0:
                self.close(StreamUnknown("cut"))
            elif fault == 1:
                self._say(reply, status=503)
            elif fault == 2:
                broker.store(body) if subject == PLAN.subject else None  # and nobody is told
            return
        if subject == PLAN.subject:
            broker.store(body)
            if broker.fails():
                broker.store(body)
            self._say(reply, {"stream": "chat", "seq": len(broker.stored)})
        elif subject.startswith("$JS.API.STREAM.INFO"):
            state = {"first_seq": 1, "last_seq": len(broker.stored)}
            config = {**PLAN.config()}
            self._say(reply, {"config": config, "state": state, "created": "then", "cluster": {"leader": "a"}})
        elif subject.startswith("$JS.API.CONSUMER.CREATE"):
            wanted = json.loads(body)["config"]
            self._consumer, self._at = wanted["deliver_subject"], wanted["opt_start_seq"]
            is_behind = self.address in broker.stuck
            self._say(reply, {"num_pending": 0 if is_behind else len(broker.stored) - self._at + 1})
            self.deliver()

    def deliver(self) -> None:
        while self._consumer and self._at <= len(self._broker.stored) and self.address not in self._broker.stuck:
            self._count += 1
            at, self._at = self._at, self._at + 1
            if self._broker.chance.random() >= self._broker.fault / 10:
                reply = f"$JS.ACK.chat.one.1.{at}.{self._count}.0.0"
                self._hand(Message(self._consumer, 1, reply, {}, 0, "", self._broker.stored[at - 1]))

    def beat(self) -> None:
        """A sign of life of its consumer."""
        if self._consumer:
            headers = {"nats-last-consumer": str(self._count)}
            self._hand(Message(self._consumer, 1, "", headers, 100, "Idle Heartbeat", b""))

    def _say(self, to: str, content: object = None, status: int = 0) -> None:
        if to:
            self._hand(Message(to, 1, "", {}, status, "", json.dumps(content).encode() if content else b""))

    def _hand(self, message: Message) -> None:
        if handler := self._handlers.get(message.subject):
            handler(message)

    def close(self, reason: StreamError | None = None) -> None:
        if self.end is None:
            self.end = reason or StreamUnknown("closed")
            if self in self._broker.lives:
                self._broker.lives.remove(self)
            self._ended(self.end)

    def join(self, timeout: float | None = None) -> None:
        pass


@pytest.fixture
def come(monkeypatch):
    """Servers that share the stream of a broker; impatient, so that a fault takes no time."""
    monkeypatch.setattr(shared_order, "SILENCE", 0.05)
    for name, seconds in (("SILENCE", 0.05), ("PATIENCE", 0.02), ("SEND_TIME", 0.02)):
        monkeypatch.setattr(consumer, name, seconds)
    monkeypatch.setattr("roomchat.cluster.publisher.STUCK", 0.005)
    monkeypatch.setattr("roomchat.cluster.turns.ROUND", 0.001)
    with ExitStack() as stack:

        def start(broker: Broker, server: str = "ann", incarnation: int = 1) -> SharedOrder:
            def dial(address: Address, login: object, *, tls: object, opened: Any, ended: Any) -> Life:
                return Life(broker, address, opened, ended)

            monkeypatch.setattr(consumer, "Connection", dial)
            return stack.enter_context(closing(SharedOrder(Cluster(TOLD, PLAN, server, incarnation))))

        yield start


def take(
    broker: Broker, inputs: int, *orders: SharedOrder, before: list[list[Accepted]] | None = None
) -> list[list[Accepted]]:
    """What each gets until so many inputs came to all, with what it got ``before``."""
    got = before or [[] for _ in orders]
    until = time.monotonic() + DEADLINE
    while any(sum(len(one.frame.inputs) for one in each) < inputs for each in got):
        assert time.monotonic() < until
        for life in [*broker.lives]:
            life.beat()
        for order, each in zip(orders, got, strict=True):
            each += order.take(0.001)
    return got


@pytest.mark.parametrize("fault", [0.0, 0.05, 0.3])
@pytest.mark.parametrize("seed", range(4))
def test_all_get_the_same_whatever_goes_wrong(come, seed, fault):
    """Lost, doubled, unanswered, refused for now, cut off: every frame counts once, in its server's order."""
    broker = Broker(seed, fault)
    orders = {name: come(broker, name) for name in ("ann", "bob")}
    said = {name: [f"{name} {n}".encode() for n in range(100)] for name in orders}
    first: list[list[Accepted]] = [[], []]
    for n in range(100):
        for got, (name, order) in zip(first, orders.items(), strict=True):
            order.submit(said[name][n])
            got += order.take(0.0)
    ann, bob = take(broker, 200, *orders.values(), before=first)
    broker.fault = 0.0
    (eve,) = take(broker, 200, come(broker, "eve"))
    assert ann == bob == eve
    for name in orders:
        assert [text for one in eve if one.frame.server == name for text in one.frame.inputs] == said[name]


def test_one_that_hangs_is_left(come):
    """It takes the connection, and is silent: the other one is of use."""
    broker = Broker()
    order = come(broker)
    broker.hangs = {TOLD[0]}
    order.submit(b"x")
    take(broker, 1, order)
    broker.hangs = {TOLD[1]}
    broker.lives[0].close(StreamUnknown("cut"))
    order.submit(b"y")
    take(broker, 1, order)
    assert broker.dialled[-1] == TOLD[0]


def test_a_replica_that_hangs_behind_is_left(come):
    """Its consumer is alive, but what the stream has stored does not come."""
    broker = Broker()
    order = come(broker)
    order.submit(b"x")
    take(broker, 1, order)
    stuck = broker.dialled[-1]
    broker.stuck = {stuck}
    order.submit(b"y")
    take(broker, 1, order)
    assert broker.dialled[-1] != stuck


def test_what_the_leader_has_is_waited_for(come):
    """A consumer on a replica that lacks it says that nothing more is to come; it is too early to join in."""
    broker = Broker()
    broker.stuck = {*TOLD}
    broker.store(encode(Frame("bob", 1, 1, [b"x"])))
    order = come(broker)
    for _ in range(5):
        assert order.take(0.01) == []
        assert not order.is_live
    broker.stuck = set()
    take(broker, 1, order)
    assert order.is_live


def test_servers_that_were_only_heard_of(come):
    """They are of use when those we were told of are gone; that one of them does not know us bothers nobody."""
    broker = Broker()
    broker.urls = ("a:1", "c:1", "d:1")
    order = come(broker)
    order.submit(b"x")
    take(broker, 1, order)
    broker.hangs = {*TOLD}
    broker.refuse = {Address("c", 1, False): StreamRefused("no")}
    broker.lives[0].close(StreamUnknown("cut"))
    order.submit(b"y")
    take(broker, 1, order)
    assert broker.dialled[-1] == Address("d", 1, False)
    broker.refuse[TOLD[0]] = broker.refuse[TOLD[1]] = StreamRefused("that user is not known")
    broker.lives[0].close(StreamUnknown("cut"))
    with pytest.raises(StreamRefused, match="not known"):
        order.take(DEADLINE)


def test_what_stays_wrong_is_tried_at_leisure(come, monkeypatch):
    """A frame that this roomchat can't read: it comes with each new consumer, and hurries nobody."""
    monkeypatch.setattr("roomchat.cluster.turns.ROUND", 0.05)
    broker = Broker()
    order = come(broker)
    broker.store(encode(Frame("bob", 1, 1, [b"x"])).replace(b"rc\x01", b"rc\x02", 1))
    start = time.monotonic()
    for _ in range(6):
        with pytest.raises(StreamRefused, match="version 2"):
            order.take(DEADLINE)
    assert time.monotonic() - start >= 2 * 0.05


def test_a_small_max_payload_is_refused(come):
    """A frame that did not fit would end the connection, each time again."""
    broker = Broker()
    broker.payload = PAYLOAD - 1
    with pytest.raises(StreamRefused, match="max_payload"):
        come(broker).take(DEADLINE)
