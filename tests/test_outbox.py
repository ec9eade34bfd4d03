"""The outbox: order, folding into the log, bounds."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from roomchat.net import outbox as outbox_module
from roomchat.net.outbox import PAGE_COST, End, Erasure, Item, LogRange, Outbox, Packet, PageRequest


@pytest.fixture(autouse=True, scope="module")
def _only_bytes_count() -> Iterator[None]:
    """What a packet costs beside its data has a test of its own; the others reckon with small numbers."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outbox_module, "PACKET_COST", 0)
        yield


def put(outbox: Outbox, item: Item) -> None:
    """Put something in for a peer that takes nothing just now."""
    outbox.put(item)
    outbox.fold()


def test_a_packet_costs_more_than_its_data(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many small ones fill an outbox as few large ones do."""
    monkeypatch.setattr(outbox_module, "PACKET_COST", 9)
    outbox = Outbox(100)
    for seq in range(1, 11):
        put(outbox, Packet(b"x", "a", seq, seq))
    assert outbox.size == 100
    put(outbox, Packet(b"x", "a", 11, 11))
    assert (outbox.size, outbox.head()) == (0, LogRange("a", 0, 11))


def said(room: str, first: int, last: int) -> Packet:
    """Messages of a room."""
    return Packet(lines(room, first, last), room, first, last)


def lines(room: str, first: int, last: int) -> bytes:
    return b"".join(b"%s%d;" % (room.encode(), seq) for seq in range(first, last + 1))


def waiting(outbox: Outbox) -> bytes:
    """What could be sent at once."""
    return b"".join(outbox.ready(1000))


def test_bytes_leave_in_order_however_they_are_taken():
    """Packets go out in the order in which they came, in pieces of any size."""
    outbox = Outbox(1000)
    for data in (b"one;", b"two;", b"three;"):
        put(outbox, Packet(data))
    assert list(outbox.ready(2)) == [b"one;", b"two;"]
    outbox.sent(6)
    assert waiting(outbox) == b"o;three;"
    assert outbox.size == 8
    outbox.sent(1)
    assert waiting(outbox) == b";three;"
    outbox.sent(7)
    assert not outbox
    assert outbox.size == 0


def test_the_log_is_read_in_its_turn():
    """A place for the log holds up what stands behind it, and only that."""
    outbox = Outbox(1000)
    place = LogRange("a", 0, 5)
    for item in (Packet(b"joined;"), place, said("a", 6, 6), End()):
        put(outbox, item)
    assert outbox.head() is None
    assert waiting(outbox) == b"joined;"
    outbox.sent(7)
    assert waiting(outbox) == b""
    assert outbox.head() is place
    outbox.replace_head([said("a", 1, 3)], keep=True)
    assert waiting(outbox) == b"a1;a2;a3;"
    outbox.sent(9)
    outbox.replace_head([said("a", 4, 5)], keep=False)
    assert waiting(outbox) == b"a4;a5;a6;"
    outbox.sent(9)
    assert isinstance(outbox.head(), End)


def test_too_many_events_fold_into_the_log():
    """Beyond the limit the events of each room become one place in the log, where the first of them stood."""
    outbox = Outbox(20)
    for item in (said("a", 4, 5), Packet(b"reply;"), said("b", 1, 2), said("a", 6, 7), Packet(b"end;")):
        put(outbox, item)
    assert outbox.size == 28
    put(outbox, said("b", 3, 3))
    assert outbox.head() == LogRange("a", 3, 7)
    outbox.replace_head([], keep=False)
    assert waiting(outbox) == b"reply;"
    outbox.sent(6)
    assert outbox.head() == LogRange("b", 0, 3)
    outbox.replace_head([], keep=False)
    assert waiting(outbox) == b"end;"


def test_a_packet_that_is_half_sent_stays():
    """What is on its way already is sent to its end; only what is behind it folds."""
    outbox = Outbox(8)
    put(outbox, said("a", 1, 2))
    outbox.sent(4)
    put(outbox, said("a", 3, 4))
    assert waiting(outbox) == b"2;"
    outbox.sent(2)
    assert outbox.head() == LogRange("a", 2, 4)


def test_all_that_waits_is_one_piece_unless_it_is_much() -> None:
    """One packet, however long, is sent as it is; many are put together; what is half sent takes the long way."""
    outbox = Outbox(1_000_000)
    long = Packet(b"x" * 300_000)
    outbox.put(long)
    assert outbox.whole() is long.data
    outbox.put(Packet(b"y"))
    assert outbox.whole() == b""
    outbox.sent(300_000)
    outbox.put(Packet(b"z"))
    assert outbox.whole() == b"yz"
    outbox.put(said("a", 1, 2))
    outbox.sent(1)
    assert (outbox.whole(), Outbox(1).whole()) == (b"z" + lines("a", 1, 2), b"")
    outbox.sent(2)
    assert outbox.whole() == b""


def test_dropped_state_events_are_remembered():
    """A place in the log tells when events that are not in the log were dropped for it."""
    outbox = Outbox(20)
    put(outbox, said("a", 1, 2))
    put(outbox, Packet(b"bob entered b;", "b"))
    put(outbox, said("a", 3, 4))
    assert outbox.head() == LogRange("a", 0, 4, stale=False)
    outbox.replace_head([], keep=False)
    only_state = outbox.head()
    assert isinstance(only_state, LogRange)
    assert only_state.stale
    assert only_state.done


def test_what_was_said_while_away_from_a_room_stays_away():
    """Messages from before a leave and from after a join are not read as one range: in between lie others."""
    outbox = Outbox(15)
    for item in (said("a", 1, 3), Packet(b"left;"), Packet(b"joined;"), LogRange("a", 7, 7), said("a", 8, 10)):
        put(outbox, item)
    assert outbox.head() == LogRange("a", 0, 3)
    outbox.replace_head([], keep=False)
    assert waiting(outbox) == b"left;joined;"
    outbox.sent(12)
    assert outbox.head() == LogRange("a", 7, 10)


def test_replies_are_never_dropped_but_make_it_congested():
    """Replies wait whatever their size, and say when the peer takes fewer than it asks for; so do unread pages."""
    outbox = Outbox(PAGE_COST)
    put(outbox, PageRequest("a", "a", 1, None, 5, None))
    assert not outbox.congested
    put(outbox, Packet(b"reply"))
    assert outbox.congested
    outbox.replace_head([], keep=False)
    assert not outbox.congested
    put(outbox, Packet(b"x" * PAGE_COST))
    assert outbox.congested
    assert waiting(outbox) == b"reply" + b"x" * PAGE_COST
    outbox.sent(5)
    assert not outbox.congested


def test_after_a_clear_nothing_is_left():
    """A cleared outbox is like a new one, even if it was half sent."""
    outbox = Outbox(10)
    put(outbox, said("a", 1, 2))
    put(outbox, Packet(b"x" * 20))
    outbox.sent(2)
    outbox.clear()
    assert (bool(outbox), outbox.size, outbox.congested, waiting(outbox)) == (False, 0, False, b"")


# ---------------------------------------------------------------- against a model

PIECE = 3  # messages that the log gives at a time
LIMIT = 30  # bytes


class World:
    """A peer's outbox, the log of two rooms in the shape of their last seq, and what the peer ought to get."""

    def __init__(self) -> None:
        self.outbox = Outbox(LIMIT)
        self.last = {"a": 0, "b": 0}
        self.inside = {"a": False, "b": False}
        self.expected: dict[str, list[str]] = defaultdict(list)  # a room's messages, and our goings and comings
        self.replies: list[str] = []
        self.states: dict[str, list[str]] = defaultdict(list)
        self.stale: set[str] = set()  # rooms of which the peer was told anew who is there
        self.largest = 0  # bytes of a packet or piece
        self.received = b""

    def reply(self, text: str) -> None:
        self.replies.append(text)
        put(self.outbox, Packet(text.encode() + b";"))

    def say(self, room: str, count: int) -> None:
        first = self.last[room] + 1
        self.last[room] += count
        if self.inside[room]:
            self.expected[room] += [f"{room}{seq}" for seq in range(first, self.last[room] + 1)]
            self.put(said(room, first, self.last[room]))

    def state(self, room: str) -> None:
        if self.inside[room]:
            self.states[room].append(f"S{room}{len(self.states[room])}")
            self.put(Packet(self.states[room][-1].encode() + b";", room))

    def put(self, packet: Packet) -> None:
        self.largest = max(self.largest, len(packet.data))
        put(self.outbox, packet)

    def go(self, room: str, after: int | None, history: int) -> None:
        """Leave, if inside; else join, and get what the hub sends then: a place in the log, be it empty."""
        self.inside[room] = not self.inside[room]
        name = f"{'IN' if self.inside[room] else 'OUT'}{room}{len(self.expected[room])}"
        self.expected[room].append(name)
        self.reply(name)
        last = self.last[room]
        if self.inside[room]:
            if after is not None or not history:
                after = last if after is None else min(after, last)
            start = max(0, last - history) if after is None else after
            self.expected[room] += [f"{room}{seq}" for seq in range(start + 1, last + 1)]
            put(self.outbox, LogRange(room, after, last, history, origin=last))

    def step_out(self, room: str, count: int, history: int) -> None:
        """Leave and come back, while others go on."""
        if self.inside[room]:
            self.go(room, None, 0)
            self.say(room, count)
            self.go(room, None, history)

    def take(self, count: int, packets: int) -> None:
        """The peer takes up to so many bytes."""
        data = b"".join(self.outbox.ready(packets))[:count]
        self.outbox.sent(len(data))
        self.received += data

    def read_log(self) -> bool:
        """The log gives the next piece, if it is its turn."""
        head = self.outbox.head()
        if not isinstance(head, LogRange):
            return False
        start = max(0, head.origin - head.history) if head.after is None else head.after
        head.after = min(start + PIECE, head.upto)
        piece = [said(head.room, start + 1, head.after)] if head.after > start else []
        self.largest = max(self.largest, *(len(one.data) for one in piece), 0, 0)
        if head.done and head.stale:
            self.stale.add(head.room)
        self.outbox.replace_head(piece, keep=not head.done)
        return True

    def erase(self, room: str, seq: int) -> None:
        """What was said is deleted; what of it waits is read anew, in its place."""
        self.outbox.erase(Erasure(room, seq))
        packets = [one for one in self.outbox._items if isinstance(one, Packet) and one.room == room]
        left = [one for one in packets if one.first_seq <= seq <= one.last_seq]
        assert len(left) <= (self.outbox._offset > 0), "only one that is half sent stays"

    def words(self) -> list[str]:
        return self.received.decode().rpartition(";")[0].split(";")

    def check_bound(self) -> None:
        replies = sum(len(one) + 1 for one in self.replies)
        got = sum(len(one) + 1 for one in self.words() if one in self.replies)
        assert self.outbox.size <= LIMIT + 2 * self.largest + replies - got

    def finish(self) -> None:
        while waiting(self.outbox) or isinstance(self.outbox.head(), LogRange):
            self.take(10_000, 1000)
            self.read_log()
            self.check_bound()


ROOM = st.sampled_from("ab")
STEPS = st.one_of(
    st.tuples(st.just("say"), ROOM, st.integers(1, 4)),
    st.tuples(st.just("say"), ROOM, st.integers(1, 4)),
    st.tuples(st.just("say"), ROOM, st.integers(1, 4)),
    st.tuples(st.just("state"), ROOM),
    st.tuples(st.just("reply"), st.integers(0, 99).map("R{}".format)),
    st.tuples(st.just("go"), ROOM, st.none() | st.integers(0, 9), st.integers(0, 5)),
    st.tuples(st.just("step_out"), ROOM, st.integers(1, 4), st.integers(0, 2)),
    st.tuples(st.just("take"), st.integers(1, 15), st.integers(1, 4)),
    st.tuples(st.just("read_log")),
    st.tuples(st.just("erase"), ROOM, st.integers(1, 60)),
)


@settings(deadline=None, max_examples=400, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(STEPS, max_size=60))
def test_nothing_is_lost_and_nothing_comes_twice(steps):
    """A peer gets each message of its rooms once, in order, between its coming and its going, and all replies in
    order; it is told anew who is there when a state event was dropped."""
    world = World()
    for room in "ab":
        world.go(room, None, 0)
    for step, *arguments in steps:
        getattr(world, step)(*arguments)
        world.check_bound()
    put(world.outbox, End())
    world.finish()

    assert isinstance(world.outbox.head(), End)
    words = world.words()
    assert [word for word in words if word[0] in "RIO"] == world.replies
    for room in "ab":
        assert [word for word in words if re.fullmatch(f"(IN|OUT)?{room}[0-9]+", word)] == world.expected[room]
        states = [word for word in words if word.startswith(f"S{room}")]
        assert states == [word for word in world.states[room] if word in states]
        assert states == world.states[room] or room in world.stale
