"""The bucket that says how fast a connection's commands are taken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomchat.net.bucket import TokenBucket


def test_a_burst_and_then_the_rate():
    """All saved tokens can be taken at once; from then on there are as many as the rate gives."""
    bucket = TokenBucket(rate=2.0, burst=10, now=100.0)
    assert bucket.take(4, 100.0) == 4
    assert bucket.take(50, 100.0) == 6
    assert bucket.take(1, 100.25) == 0
    assert bucket.take(1, 100.5) == 1
    assert bucket.take(9, 102.0) == 3


def test_no_more_than_the_burst_is_saved():
    """However long nothing is taken, no more than the burst can be taken then."""
    bucket = TokenBucket(rate=2.0, burst=10, now=0.0)
    bucket.take(10, 0.0)
    assert bucket.take(1000, 1e6) == 10


def test_it_tells_when_there_is_a_token_again():
    """``next`` is now while there is a token, and else the moment of the next one."""
    bucket = TokenBucket(rate=4.0, burst=1, now=0.0)
    assert bucket.next(7.0) == 7.0
    assert bucket.take(1, 7.0) == 1
    assert bucket.next(7.0) == 7.25
    assert bucket.take(1, 7.125) == 0
    assert bucket.next(7.125) == pytest.approx(7.25)
    assert bucket.take(1, 7.25) == 1


def test_what_is_spare_leaves_a_token():
    """``spare`` takes all that is wanted, or nothing; and then a token must be left."""
    bucket = TokenBucket(rate=2.0, burst=10, now=0.0)
    assert not bucket.spare(10, 0.0)
    assert bucket.there(0.0) == 10
    assert bucket.spare(9, 0.0)
    assert bucket.spare(0, 0.0)
    assert not bucket.spare(1, 0.0)
    assert bucket.spare(1, 0.5)
    assert TokenBucket(rate=0.0, burst=1, now=0.0).spare(1000, 0.0)


def test_a_rate_of_zero_is_no_limit():
    """Without a rate whatever is wanted is there, at once."""
    bucket = TokenBucket(rate=0.0, burst=1, now=0.0)
    assert bucket.take(10**6, 0.0) == 10**6
    assert bucket.next(3.0) == 3.0


@given(
    st.floats(0.1, 1000),
    st.integers(1, 500),
    st.lists(st.tuples(st.floats(0, 20), st.integers(0, 600)), max_size=30),
)
def test_never_more_than_the_burst_and_the_rate(rate, burst, wishes):
    """In any time no more is given than the burst and what the rate gave since; what is there is given."""
    bucket = TokenBucket(rate, burst, now=0.0)
    now = taken = 0.0
    for pause, wanted in wishes:
        now += pause
        got = bucket.take(wanted, now)
        taken += got
        assert 0 <= got <= wanted
        assert taken <= burst + rate * now + 1e-6
        if got < wanted:
            later = bucket.next(now) + 1e-6
            assert later <= now + 1 / rate + 1e-5
            assert bucket.take(1, later) == 1
            now, taken = later, taken + 1
