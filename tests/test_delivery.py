"""What batches that are stored together deliver: fewer pieces, and each connection sees the same."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from roomchat.chat.batch import MAX_SEGMENT
from roomchat.chat.effects import Broadcast, Delivery, Effects, Reply, Segment
from roomchat.chat.state import Audience, Room
from roomchat.net.delivery import joined
from roomchat.net.routes import Routes
from roomchat.protocol import Deleted, Message, Notice
from roomchat.wires.native import encode_entries

HERE, ELSEWHERE = 1, 2  # a connection of this server, and one of another
ROOMS = [Room("tea", "tea"), Room("den", "den")]
AUDIENCES = [[Audience([HERE, ELSEWHERE]), Audience([HERE])] for _ in ROOMS]

_rooms = st.integers(0, 1)
_deliveries = st.one_of(
    st.tuples(st.just("said"), _rooms, st.integers(0, 1), st.integers(1, 3)),
    st.tuples(st.just("deleted"), _rooms, st.integers(0, 1)),
    st.tuples(st.just("broadcast"), _rooms),
    st.tuples(st.just("reply"), st.sampled_from([HERE, ELSEWHERE])),
)


def made(batches: list[list[tuple]]) -> list[Effects]:
    """Deliveries as a hub makes them."""

    def one(kind: str, *how: int) -> Delivery:
        if kind == "reply":
            return Reply(how[0], Notice(text="pong"))
        room = ROOMS[how[0]]
        if kind == "broadcast":
            return Broadcast(room, AUDIENCES[how[0]][0], Notice(text="told"))
        count = how[2] if kind == "said" else 1
        entries = []
        for _ in range(count):
            room.last_seq += 1
            if kind == "said":
                entries.append(Message(room.name, room.last_seq, 7, "ann", "now", "words", n=room.last_seq))
            else:
                entries.append(Deleted(room.name, room.last_seq, 7, "ann", "now", of=1))
        return Segment(room, AUDIENCES[how[0]][how[1]], entries, encode_entries(entries), no_echo={count: 7})

    for room in ROOMS:
        room.last_seq = 0
    return [Effects([one(*delivery) for delivery in batch]) for batch in batches]


def seen(deliveries: list[Delivery], room: Room | None = None) -> list[tuple[int | None, object]]:
    """What comes to the connection that is here, one after the other; of this room, and what is none."""
    found: list[tuple[int | None, object]] = []
    for one in deliveries:
        if isinstance(one, Segment):
            if one.room is room or room is None:
                found += [(id(one.audience), entry) for entry in one.entries]
        elif isinstance(one, Broadcast) or one.link == HERE:
            found.append((None, one))
    return found


@given(st.lists(st.lists(_deliveries, max_size=6), max_size=6))
def test_each_room_stays_in_order_and_what_is_no_entry_in_its_place(batches):
    effects = made(batches)
    before = [one for batch in effects for one in batch.deliveries]
    routes = Routes()
    routes[HERE] = None  # type: ignore[assignment]
    after = [*joined(effects, routes)]
    for room in ROOMS:
        assert seen(after, room) == seen(before, room)
    for one in after:
        if isinstance(one, Segment):
            assert one.encoded == encode_entries(one.entries)
            assert len({type(entry) is Deleted for entry in one.entries}) == 1
    pairs = itertools.pairwise(after)
    assert not any(
        isinstance(a, Segment) and isinstance(b, Segment) and a.audience is b.audience
        and not isinstance(a.entries[0], Deleted) and not isinstance(b.entries[0], Deleted)
        for a, b in pairs
    )  # fmt: skip
    echoes = {link for one in before if isinstance(one, Segment) for link in one.no_echo}
    assert echoes == {link for one in after if isinstance(one, Segment) for link in one.no_echo}


def test_a_piece_has_a_bound():
    """Outboxes hold, and readers fetch, whole ones."""
    lines = b"x" * (MAX_SEGMENT // 3)
    parts = [
        Segment(ROOMS[0], AUDIENCES[0][0], [Message("tea", seq, 7, "ann", "now", "x", n=seq)], lines)
        for seq in range(10)
    ]
    after = [*joined([Effects([one]) for one in parts], Routes())]
    assert [len(one.entries) for one in after] == [4, 4, 2]
