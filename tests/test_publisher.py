"""Frames of a server come out of the stream each once and in order, whatever becomes of what is published."""

from __future__ import annotations

import random
from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomchat.cluster.frames import MAX_SERVER, Frame, Reader, Verdict, decode, encode
from roomchat.cluster.publisher import LARGEST, STUCK, WINDOW, Publisher
from roomchat.cluster.witness import KEPT, Witness
from roomchat.errors import NatsProtocolError, StreamRefused


class Stream:
    """A broker that loses, doubles and delays what is published to it, in any order."""

    def __init__(self, chance: random.Random, fault: float) -> None:
        self.stored: list[bytes] = []
        self._under_way: list[bytes] = []
        self._chance = chance
        self._fault = fault

    def publish(self, frame: bytes) -> None:
        if self._chance.random() >= self._fault:
            self._under_way.append(frame)
            if self._chance.random() < self._fault:
                self._under_way.append(frame)

    def store_some(self) -> None:
        """Mostly in the order in which it came."""
        for _ in range(self._chance.randrange(4)):
            if self._under_way:
                at = self._chance.randrange(len(self._under_way)) if self._chance.random() < self._fault else 0
                self.stored.append(self._under_way.pop(at))

    @property
    def is_idle(self) -> bool:
        return not self._under_way


def told(reader: Reader, stored: list[bytes]) -> dict[str, list[bytes]]:
    """The inputs of each server that count."""
    accepted: dict[str, list[bytes]] = {}
    for data in stored:
        frame = decode(data)
        if reader.judge(frame.server, frame.incarnation, frame.n) is Verdict.ACCEPTED:
            accepted.setdefault(frame.server, []).extend(frame.inputs)
    return accepted


@given(st.integers(0, 2**32), st.sampled_from([0.0, 0.1, 0.4]))
def test_each_once_and_in_order(seed: int, fault: float) -> None:
    """Two servers publish; every reader, from wherever it begins, takes the same of them, and all of it."""
    chance = random.Random(seed)
    stream = Stream(chance, fault)
    publishers = {name: Publisher(name, 1) for name in ("one", "two")}
    said = {name: [f"{name} {number}".encode() for number in range(30)] for name in publishers}
    waiting = {name: deque(inputs) for name, inputs in said.items()}
    readers = {name: Reader() for name in publishers}
    places = dict.fromkeys(publishers, 0)
    now = 0.0
    while (
        any(waiting.values())
        or any(map(len, publishers.values()))
        or any(one.waiting for one in publishers.values())
    ):
        now += 0.05
        assert now < 5_000, "no progress"
        for name, publisher in publishers.items():
            for _ in range(chance.randrange(3)):
                if waiting[name]:
                    publisher.offer(waiting[name].popleft())
            if chance.random() < 0.02:
                publisher.again(now)
            for frame in publisher.take(now):
                stream.publish(frame)
            assert len(publisher) <= WINDOW
        stream.store_some()
        for name, reader in readers.items():
            for data in stream.stored[places[name] :]:
                frame = decode(data)
                verdict = reader.judge(frame.server, frame.incarnation, frame.n)
                if frame.server == name:
                    publishers[name].heard(frame.n, verdict, now)
            places[name] = len(stream.stored)
    assert told(Reader(), stream.stored) == said
    middle = chance.randrange(len(stream.stored) + 1)
    early = Reader()
    first = told(early, stream.stored[:middle])
    second = told(Reader(early.last), stream.stored[middle:])
    assert {name: first.get(name, []) + second.get(name, []) for name in said} == said


def test_it_goes_back_when_nothing_comes() -> None:
    """After a while, and not while all that came was not looked at."""
    publisher = Publisher("one", 1)
    publisher.offer(b"x")
    (frame,) = publisher.take(0.0)
    assert publisher.take(STUCK - 0.01) == []
    assert publisher.due() == STUCK
    assert publisher.take(STUCK, is_behind=True) == []
    assert publisher.take(STUCK) == [frame]
    assert publisher.stalled(STUCK) == STUCK
    publisher.heard(1, Verdict.ACCEPTED, 1.0)
    assert (publisher.due(), publisher.stalled(9.0)) == (None, 0.0)


def test_a_slow_stream_is_not_given_all_again_and_again() -> None:
    """Each frame takes three seconds; what is published is not much more than what is to be."""
    publisher, reader = Publisher("one", 1), Reader()
    for _ in range(4 * WINDOW):
        publisher.offer(bytes(LARGEST))
    under_way: deque[tuple[float, bytes]] = deque()
    published, now = 0, 0.0
    while len(publisher) or publisher.waiting:
        now += 0.05
        while under_way and under_way[0][0] <= now:
            frame = decode(under_way.popleft()[1])
            publisher.heard(frame.n, reader.judge(frame.server, frame.incarnation, frame.n), now)
        for one in publisher.take(now):
            published += 1
            under_way.append((now + 3.0, one))
    assert reader.last == {"one": (1, 4 * WINDOW)}
    assert published < 4 * (WINDOW + 4.0 / STUCK)


def test_what_waits_is_gathered() -> None:
    """One frame at once while nothing is under way; many inputs in one while much is; none is too large."""
    publisher = Publisher("one", 1)
    for _ in range(3 * WINDOW):
        publisher.offer(bytes(LARGEST // 3))
    frames = publisher.take(0.0)
    assert len(frames) == WINDOW
    assert all(sum(map(len, decode(one).inputs)) <= LARGEST for one in frames)


def test_somebody_else_of_the_same_name_is_noticed() -> None:
    with pytest.raises(StreamRefused, match="a name of its own"):
        Publisher("one", 1).heard(1, Verdict.ACCEPTED, 0.0)


names = st.text(min_size=1, max_size=MAX_SERVER // 4).filter(lambda text: text.isprintable())
frames = st.builds(
    Frame, names, st.integers(1, 2**63), st.integers(1, 2**63), st.lists(st.binary(max_size=50), max_size=5)
)


@given(frames, st.data())
def test_a_frame_is_read_as_it_was_written(frame: Frame, data: st.DataObject) -> None:
    """And what is cut, or is none, is told from it."""
    encoded = encode(frame)
    assert decode(encoded) == frame
    cut = data.draw(st.integers(0, len(encoded) - 1))
    with pytest.raises(NatsProtocolError):
        decode(encoded[:cut])
    with pytest.raises(NatsProtocolError):
        decode(encoded + b"x")


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 3), st.integers(1, 4)), max_size=40))
def test_what_counts_has_no_holes(frames: list[tuple[str, int, int]]) -> None:
    """Of each server the numbers of a life rise by one from 1, and no older life comes behind a newer one."""
    reader = Reader()
    taken = [one for one in frames if reader.judge(*one) is Verdict.ACCEPTED]
    for server in "abc":
        lives = [(incarnation, n) for name, incarnation, n in taken if name == server]
        assert lives == sorted(set(lives))
        for incarnation in {life for life, _ in lives}:
            numbers = [n for life, n in lives if life == incarnation]
            assert numbers == [*range(1, len(numbers) + 1)]


# ---------------------------------------------------------------- who has gone astray


def note(witness: Witness, **digests: str) -> None:
    for name, digest in digests.items():
        witness.note(1, name, digest)


@pytest.mark.parametrize(
    ("digests", "living", "astray"),
    [
        ({"a": "x", "b": "x", "c": "y"}, "abc", "c"),
        ({"a": "y", "b": "x", "c": "x"}, "abc", "a"),
        ({"b": "x", "c": "x"}, "abc", ""),  # a has not spoken
        ({"a": "x", "b": "y"}, "abc", ""),  # nobody knows yet
        ({"a": "x", "b": "y"}, "ab", "b"),  # somebody has to go on
        ({"a": "x", "b": "y", "c": "z"}, "abc", "bc"),
        ({"a": "x"}, "a", ""),
        ({"a": "x", "b": "x", "c": "y"}, "ab", ""),  # c is gone
    ],
)
def test_who_is_astray(digests: dict[str, str], living: str, astray: str) -> None:
    """The minority; where there is none, whoever does not agree with the first."""
    found = ""
    for name in living:
        witness = Witness(name)
        note(witness, **digests)
        found += name * witness.is_astray(1, living)
    assert found == astray


def test_marks_are_forgotten() -> None:
    witness = Witness("a")
    for mark in range(10 * KEPT):
        witness.note(mark, "a", "x")
    witness.note(3, "b", "y")
    assert not witness.is_astray(3, "ab")
