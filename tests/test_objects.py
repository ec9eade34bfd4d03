"""JSON objects that nothing separates: where they end, and what something broken costs."""

from __future__ import annotations

import json
import time
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from roomchat.wires.objects import MAX_DEPTH, ObjectSplitter

LIMIT = 64 * 1024  # bytes
GOOD = b'{"request":"help"}'

# Texts that try to look like the end of something.
TEXTS = st.text(st.sampled_from('{}"\\[]:,\n aé😀'), max_size=12)
VALUES = st.recursive(
    st.none() | st.integers(-9, 9) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
OBJECTS = st.builds(
    lambda value, indent, ascii_only: json.dumps(value, indent=indent, ensure_ascii=ascii_only).encode(),
    st.dictionaries(TEXTS, VALUES, max_size=4),
    st.sampled_from([None, 1]),
    st.booleans(),
)
BETWEEN = st.sampled_from([b"", b"", b"\n", b"\r\n", b" \t\n\n "])
ANYTHING = st.lists(st.sampled_from([bytes([one]) for one in b'{}"\\\n\r :,[]ax\xff']), max_size=30).map(b"".join)
CUTS = st.lists(st.integers(0, 400), max_size=8) | st.just(list(range(400)))


def fed(*parts: bytes, limit: int = LIMIT) -> list[bytes]:
    """The pieces of a stream that comes in these parts."""
    splitter = ObjectSplitter(limit)
    pieces = []
    for part in parts:
        pieces += splitter.feed(part)
        assert len(splitter._piece) <= limit
    return pieces


def cut(data: bytes, cuts: list[int]) -> list[bytes]:
    """A stream in parts, some of which may be empty."""
    edges = [0, *sorted(one % (len(data) + 1) for one in cuts), len(data)]
    return [data[start:end] for start, end in pairwise(edges)]


@settings(deadline=None, max_examples=300)
@given(st.lists(st.tuples(OBJECTS, BETWEEN), max_size=5), CUTS)
def test_objects_come_out_as_they_went_in(stream, cuts):
    """Valid objects, on one line or over several, back to back or apart, are the pieces, however they are cut."""
    data = b"".join(one + between for one, between in stream)
    assert fed(*cut(data, cuts)) == [one for one, _ in stream]


@settings(deadline=None, max_examples=500, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(OBJECTS | ANYTHING | BETWEEN, max_size=6).map(b"".join), st.sampled_from([5, 20, LIMIT]), CUTS)
@example(b'{"a":"\\""}', LIMIT, [7, 7])  # nothing comes behind a backslash, and then the rest
@example(b'{"a":"' + b"a" * 20 + b'": {"b":1}}', 20, [29])  # too long, cut behind a blank
@example(b'{"a":"' + b"a" * 20 + b"\\" + b'"}{}', 20, [27, 27])
def test_the_pieces_do_not_depend_on_the_cuts(data, limit, cuts):
    """Any bytes in any parts give the pieces that they give as a whole; of what is too long, only that it is."""
    whole, parts = (
        ["too long" if len(one) > limit else one for one in fed(*stream, limit=limit)]
        for stream in ([data], cut(data, cuts))
    )
    assert parts == whole


BROKEN = [
    b"hello", b"}", b"}}", b'"', b"]", b"[1, 2", b",", b"\xff\xfe", b"\xef\xbb\xbf", b"\x00",
    b"{", b"{{", b"{}}", b'{"a"', b'{"a" "b"}', b"{'a': 'b'}", b'{"a":1', b'{"a":1,}',
    b'{"a":"b"', b'{"a":[1, 2', b'{"a":"\xff"}', b'{"a":{"b":1}', b'{"a":1}}', b'{"a":[}', b"{a}",
]  # fmt: skip
OPEN_STRINGS = [b'{"', b'{"a', b'{"a":"b', b'{"a":{"b":"c', b'{"a":"b\\"', b'{"a":"b\\']


@pytest.mark.parametrize("broken", BROKEN + OPEN_STRINGS, ids=repr)
@pytest.mark.parametrize("byte_wise", [False, True])
def test_something_broken_costs_nothing_on_the_next_line(broken, byte_wise):
    """What is not JSON ends at the latest at the end of its line: what stands behind it is whole."""
    data = broken + b"\n" + GOOD + GOOD + b"\n"
    pieces = fed(*cut(data, list(range(len(data))) if byte_wise else []))
    assert pieces[-2:] == [GOOD, GOOD]
    assert 1 <= len(pieces) - 2 <= 2


@pytest.mark.parametrize("broken", BROKEN, ids=repr)
def test_something_broken_costs_nothing_without_a_line_feed(broken):
    """Where an object plainly begins, what was there before it is over; an open string has no such place."""
    assert fed(broken + GOOD + GOOD)[-2:] == [GOOD, GOOD]


@pytest.mark.parametrize(
    "part",
    [
        b"x", b"x " * 400, b'{"a":"' + b"x" * 500, b'{"a":' + b" \n" * 500, b'{"a":"' + b"\\" * 500,
    ],
    ids=lambda part: repr(part[:12]),
)  # fmt: skip
def test_what_never_ends_costs_no_memory(part):
    """Something endless is reported once, and at most ``max_object`` bytes of it are kept; then all goes on."""
    parts = [part] + [part[-400:]] * 50 if b"{" in part else [part] * 1500
    pieces = fed(*parts, b"\n", GOOD, b"\n", GOOD, GOOD, limit=1000)
    too_long = [one for one in pieces if len(one) > 1000]
    assert len(too_long) == 1
    assert pieces[-1] == GOOD


def test_nesting_without_end_is_cut_and_so_is_paid_for():
    """Each level takes time: a command for so many of them."""
    pieces = fed(b'{"a":[1,' * 1000, GOOD, b"\n", GOOD, limit=10_000)
    assert len(pieces) >= 1000 // MAX_DEPTH
    assert pieces[-2:] == [GOOD, GOOD]


def test_inside_tells_whether_something_has_begun():
    """Blanks and line feeds between objects are not the beginning of one."""
    splitter = ObjectSplitter(LIMIT)
    inside = []
    for part in (b" \n", b"{", b"}", b"\n", b"x", b"\n", b'{"a":"', b'"}{'):
        splitter.feed(part)
        inside.append(splitter.inside)
    assert inside[:3] == [False, True, False]
    assert [inside[4], inside[6], inside[7]] == [True, True, True]


def test_an_object_of_ten_megabytes():
    """One as large as is allowed comes out whole; a larger one is one report, and what follows it is whole."""
    text = ('{"} \\ \n' + "x" * 100) * 100_000
    data = json.dumps({"request": "msg", "content": text}).encode()
    assert len(data) > 10_000_000
    parts = [data[at : at + 65536] for at in range(0, len(data), 65536)]
    assert fed(*parts, GOOD, limit=len(data)) == [data, GOOD]
    too_long, good = fed(*parts, GOOD, limit=LIMIT)
    assert LIMIT < len(too_long) <= 2 * LIMIT
    assert good == GOOD


@pytest.mark.parametrize("one", [b'{"a":1}\n', b"{"], ids=repr)
def test_the_time_for_many_pieces_grows_with_their_number(one):
    """Thirty-two times as many pieces in one part take some thirty-two times as long, not a thousand times."""

    def seconds(count: int) -> float:
        """Of this thread's own work: others on the machine do not count."""
        begun = time.thread_time()
        assert len(fed(one * count, limit=10_000_000)) >= count - 1
        return time.thread_time() - begun

    assert seconds(128_000) < 32 * 3 * max(seconds(4_000) for _ in range(3))


def test_a_hundred_thousand_objects_at_once():
    """Each is there, in order."""
    objects = [b'{"n":%d}' % n for n in range(100_000)]
    assert fed(b"".join(objects)) == objects
