"""Read markers: what the hub keeps and tells, and what is stored. A session: transcripts/session/reading.json."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roomchat.chat import keeping
from roomchat.chat.inputs import SessionRow
from roomchat.protocol import (
    Bye,
    Join,
    Leave,
    Read,
    Say,
    Whisper,
)  # fmt: skip
from tests.memory import Chat
from tests.peer import Peer
from tests.test_seats import run


def pair(**more: Any) -> Chat:
    """ann on two devices, her connections first and second, as her tokens; she is in tea with bob."""
    chat = Chat(**more)
    chat._new_tokens = iter(["first", "bob's"])
    chat.hello("ann")
    chat.do("ann", Bye())
    chat.clients[1].sessions.append(SessionRow(2, sha256(b"second").digest()))
    chat.hello("bob", rooms={"tea": 0})
    chat.hello("first", token="first", rooms={"tea": 0})
    chat.hello("second", token="second")
    chat.received.clear()
    return chat


def marks(events: list[dict[str, Any]]) -> list[tuple[str, int]]:
    """(room, seq) of the read markers among them."""
    return [(one["room"], one["read"]) for one in events if one["type"] == "read"]


def test_other_devices_are_told_and_nobody_else() -> None:
    """Once, and only when it has moved; the asker has an answer in any case."""
    chat = pair()
    chat.do("bob", Say(text="1"), Say(text="2"))
    chat.received.clear()
    assert marks(chat.do("first", Read(room="Tea", seq=1))) == [("tea", 1)]
    assert (chat.take("second"), chat.take("bob")) == ([{"type": "read", "room": "tea", "read": 1}], [])
    assert marks(chat.do("second", Read(room="tea", seq=1))) == [("tea", 1)]
    assert (chat.take("first"), chat.take("bob")) == ([], [])


def test_a_marker_stays_where_the_room_is_left_and_the_seat_given_up() -> None:
    """It is there again for who comes back, also over a restart; rooms of two have one as well."""
    chat = pair()
    chat.do("bob", Say(text="1"), Whisper(uid=1, text="psst"))
    chat.do("first", Read(room="tea", seq=1), Read(room="@1-2", seq=1), Leave(room="tea"))
    chat.received.clear()
    assert [one.get("read") for one in chat.do("first", Join(room="tea", history=0))] == [1]
    chat.do("first", Bye())
    chat.do("second", Bye())
    for link in ("again", "then"):
        chat.hello(link, token="first", rooms={"tea": 1})
        joined = {one["room"]: one.get("read") for one in chat.take(link) if one["type"] == "joined"}
        assert joined == {"tea": 1, "@1-2": 1}
        chat.restart()
    assert chat.clients[2].reads == {}


def test_markers_of_rooms_that_were_left_are_not_kept_without_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest of them goes; never one of a room that the client is in."""
    monkeypatch.setattr(keeping, "MAX_LEFT", 2)
    chat = Chat(max_rooms=2)
    chat.hellos("ann", "bob")
    for number in range(20):
        room = f"r{number}"
        chat.do("ann", Join(room=room), Say(text="x"), Read(room=room, seq=1))
        if number:
            chat.do("ann", Leave(room=room))
    assert [*chat.clients[1].reads] == ["r0", "r17", "r18", "r19"]


def test_a_disk_that_takes_nothing_refuses_it() -> None:
    """What was told would be less after a crash."""
    chat = pair()
    chat.do("bob", Say(text="1"))
    chat.received.clear()
    chat.disk_works = False
    assert [one["code"] for one in chat.do("first", Read(room="tea", seq=1))] == ["storage_unavailable"]
    assert chat.take("second") == []
    chat.disk_works = True
    assert marks(chat.do("second", Read(room="tea", seq=0))) == [("tea", 0)]


ROOM = st.sampled_from(["tea", "den", "@1-2"])
DEVICE = st.sampled_from(["first", "second"])
STEPS = st.one_of(
    st.tuples(st.just("read"), DEVICE, ROOM, st.integers(0, 4)),
    st.tuples(st.just("read"), DEVICE, ROOM, st.integers(0, 4)),
    st.tuples(st.just("say"), st.just("bob"), ROOM, st.just(0)),
    st.tuples(st.sampled_from(["join", "leave", "lose", "bye"]), DEVICE, ROOM, st.just(0)),
    st.tuples(st.sampled_from(["disk", "crash", "wait"]), DEVICE, ROOM, st.just(0)),
)


@settings(deadline=None, max_examples=60)
@given(st.lists(STEPS, min_size=20, max_size=40))
def test_it_never_goes_back_nor_past_the_last_message(steps: list[tuple[str, str, str, int]]) -> None:
    """Whatever is asked in whatever order, with a disk that fails at times and a server that is killed: what a
    device is told is never less than before, nor more than was said; and all that was told is stored."""
    chat = pair(resume_window=5)
    links, tokens = {"first": "first", "second": "second", "bob": "bob"}, {"bob": "bob's"}
    told: dict[tuple[str, str], int] = defaultdict(int)
    for number, (kind, who, room, seq) in enumerate(steps):
        link = links[who]
        match kind:
            case "disk":
                chat.disk_works = not chat.disk_works
            case "crash":
                chat.restart()
            case "wait":
                chat.wait(10)
            case "lose":
                chat.lose(link)
            case "say":
                chat.batch((link, Whisper(uid=1, text="x") if room[0] == "@" else Say(text="x", room=room)))
            case "read":
                chat.batch((link, Read(room=room, seq=seq)), (link, Read(room=room, seq=seq // 2)))
            case _:
                command = {"join": Join(room=room), "leave": Leave(room=room), "bye": Bye()}[kind]
                chat.batch((link, command))
        for one, link in links.items():
            for event in chat.take(link):
                mark = event.get("read")
                assert one != "bob" or mark is None, "it is nobody else's business"
                if mark is not None:
                    assert told[one, event["room"]] <= mark <= len(chat.log[event["room"]])
                    told[one, event["room"]] = mark
                    assert mark <= chat.clients[1].reads.get(event["room"], 0)
                elif event["type"] == "joined":
                    assert not told[one, event["room"]]
            if link in chat.closed and chat.disk_works:
                links[one] = f"{one} {number}"
                chat.hello(links[one], token=tokens.get(one, one), rooms={"tea": 0, "den": 0})


# ---------------------------------------------------------------- on disk, and over sockets


def test_it_survives_the_end_of_the_server(tmp_path: Path, connect: Callable[..., Peer]) -> None:
    """Of one who has a seat, and of one who has given it up."""
    path = tmp_path / "chat.db"
    with run(path) as server:
        ann, bob = connect(server, "ann"), connect(server, "bob")
        for one in (ann, bob):
            one.join("tea")
            one.send("say", text="hi")
            one.until("message", uid=one.uid)
        ann.send("read", room="tea", seq=2)
        assert ann.until("read")["read"] == 2
        bob.send("read", room="tea", seq=1)
        bob.until("read")
        bob.send("bye")
        bob.until("bye")
    for _ in range(2):
        with run(path) as server:
            for token, seq in ((ann.token, 2), (bob.token, 1)):
                again = connect(server)
                again.resume(token, rooms={"tea": 2})
                assert again.until("joined", room="tea")["read"] == seq
