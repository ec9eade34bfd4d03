"""Which NATS server is dialled, and how soon."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from roomchat.cluster.nats_address import Address
from roomchat.cluster.turns import MOST, ROUND, Turns

A, B = Address("a", 4222, False), Address("b", 4222, False)
HEARD = Address("10.0.0.3", 4222, False, "a")


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=40))
def test_none_is_hammered(lives: list[tuple[bool, bool]]) -> None:
    """While none is of use there is a pause after each has had its turn, whatever is heard meanwhile."""
    turns, now, dialled = Turns([A, B]), 0.0, 0
    for was_of_use, hears in lives:
        address = turns.next()
        assert turns.is_told(address) == (address in (A, B))
        if hears:
            turns.hear(address, ["10.0.0.3:4222"])
        turns.lost(now, was_of_use)
        dialled = 0 if was_of_use or turns.due > now else dialled + 1
        assert dialled <= 3
        assert turns.due <= now + ROUND
        now = max(now, turns.due)


def test_a_server_that_was_only_heard_of_comes_last() -> None:
    """Its address may be of no use here; but it may be the only one that is left."""
    turns = Turns([A, B])
    turns.hear(A, ["10.0.0.3:4222", "b:4222", "::::", "c:x", ""])
    dialled = []
    for _ in range(6):
        dialled.append(turns.next())
        turns.lost(0.0, was_of_use=False)
    assert dialled[2] == dialled[5] == HEARD
    assert {*dialled[:2]} == {*dialled[3:5]} == {A, B}
    turns.lost(0.0, was_of_use=True)
    assert turns.next() in (A, B)


def test_what_is_heard_has_an_end() -> None:
    turns = Turns([A])
    turns.hear(A, [f"10.0.{n // 250}.{n % 250}:1" for n in range(2 * MOST)])
    heard = set()
    for _ in range(6 * MOST):
        heard.add(turns.next())
        turns.lost(0.0, was_of_use=False)
    assert len(heard) == MOST + 1


def test_what_a_certificate_must_name() -> None:
    """A number is no name: then it is that of the server that has told of it, however far that goes."""
    turns = Turns([Address("a", 4222, True)])
    turns.hear(Address("a", 4222, True), ["10.0.0.3:4222", "c:4222"])
    found = []
    for _ in range(4):
        found.append(turns.next())
        turns.lost(0.0, was_of_use=False)
    assert [(one.host, one.certified, one.is_tls) for one in found[1::2]] == [
        ("10.0.0.3", "a", True),
        ("c", "c", True),
    ]
    turns.hear(found[1], ["10.0.0.4:4222"])
    assert any(turns.next() == Address("10.0.0.4", 4222, True, "a") or turns.lost(0.0, False) for _ in range(9))
