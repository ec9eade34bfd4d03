"""A client comes back into the rooms where it was, and learns which of them it can't be in any more."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from roomchat import Error, Left
from roomchat.client.session import CAUGHT_UP_ID, Session
from roomchat.errors import TooManyRooms
from roomchat.protocol import Gap, Hello, Join, Ping, Pong
from roomchat.server import Server
from roomchat.settings import Settings
from tests.test_library import Open, client, says, texts, until
from tests.test_session import ann, joined, message, welcome

__all__ = ["client"]  # the fixture

TOO_MANY = Error(code=TooManyRooms.code, message="You can be in 1 rooms at a time; leave one first.")


def back(*rooms: str) -> Session:
    """A session that was in these rooms, the last one its current one, and says hello again."""
    session = ann(rooms[0])
    session.receive(Pong(re=CAUGHT_UP_ID))
    for room in rooms[1:]:
        session.receive(joined(room))
    session.hello()
    return session


# ---------------------------------------------------------------- the rules


def test_a_room_that_it_does_not_get_into_any_more_is_told_and_dropped() -> None:
    """The error comes by itself; that the room is left is known behind the mark. No later hello names it."""
    session = back("tea", "cake", "tart")
    assert session.receive(welcome()).show == [welcome()]
    assert session.receive(joined("tea")).show == [joined("tea")]
    assert session.receive(TOO_MANY).show == [TOO_MANY]
    assert session.receive(joined("tart")).show == [joined("tart")]
    assert session.receive(Pong(re=CAUGHT_UP_ID)).show == [Left(room="cake")]
    assert list(session.hello().rooms or {}) == ["tea", "tart"]
    session.receive(welcome())
    session.receive(joined("tea"))
    session.receive(joined("tart"))
    assert session.receive(Pong(re=CAUGHT_UP_ID)).show == []


def test_the_current_room_is_another_when_it_is_dropped() -> None:
    """The one that was joined before it."""
    session = back("tea", "cake")
    session.receive(welcome())
    session.receive(joined("tea"))
    session.receive(Pong(re=CAUGHT_UP_ID))
    assert session.room == "tea"


def test_no_room_is_dropped_when_the_connection_is_lost_before_the_mark() -> None:
    """Nobody knows then what the server would have said."""
    session = back("tea", "cake")
    session.receive(welcome())
    session.receive(joined("tea"))
    assert list(session.hello().rooms or {}) == ["tea", "cake"]


def test_a_room_that_is_spelled_in_another_way_now_is_not_dropped() -> None:
    """Names are the same in any case."""
    session = back("tea")
    session.receive(welcome())
    session.receive(joined("Tea"))
    assert session.receive(Pong(re=CAUGHT_UP_ID)).show == []


def test_whispers_are_never_dropped() -> None:
    """Their room comes by itself."""
    session = back("tea", "@1-2")
    session.receive(welcome())
    session.receive(joined("tea"))
    assert session.receive(Pong(re=CAUGHT_UP_ID)).show == []
    assert "@1-2" in session.rooms


def test_a_server_that_takes_no_such_hello_gets_one_with_the_current_room_only() -> None:
    """It takes fewer rooms than before: without this nobody would get in any more."""
    session = back("tea", "cake", "@1-2")
    assert session.has_answer(TOO_MANY)
    outcome = session.receive(TOO_MANY)
    assert outcome.show == [TOO_MANY, Left(room="tea")]
    (hello,) = outcome.send
    assert isinstance(hello, Hello)
    assert hello.rooms == {"@1-2": 0, "cake": 0}
    assert not session.has_answer(TOO_MANY), "there is nothing left to be given up"


def test_a_room_too_many_later_is_nothing_to_leave_others_for() -> None:
    """As the answer to a join, say."""
    session = back("tea", "cake")
    session.receive(welcome())
    assert session.receive(TOO_MANY).send == []
    assert list(session.rooms) == ["tea", "cake"]


def test_a_cursor_behind_the_end_of_the_log_comes_back_to_it() -> None:
    """The server has lost its end: what is said there next is news."""
    session = back("tea")
    session.receive(message("tea", 70))
    session.hello()
    session.receive(welcome())
    session.receive(joined("tea", last_seq=60))
    assert session.cursors == {"tea": 60}
    assert session.receive(message("tea", 61)).show == [message("tea", 61)]


def test_a_cursor_before_the_beginning_of_the_log_is_told_the_gap() -> None:
    """The server has removed what is old meanwhile."""
    session = back("tea")
    session.receive(welcome())
    session.receive(joined("tea", last_seq=90))
    session.receive(Gap(room="tea", after=0, before=80))
    assert session.cursors == {"tea": 79}


def test_in_another_log_the_same_rooms_are_joined_anew() -> None:
    """In their order; nobody there knows of cursors, and whispers were with other people."""
    session = back("tea", "@1-2", "cake")
    outcome = session.receive(welcome(epoch="another"))
    assert [one for one in outcome.send if isinstance(one, Join)] == [Join(room="tea"), Join(room="cake")]
    session.receive(joined("tea"))
    assert session.receive(Pong(re=CAUGHT_UP_ID)).show == [], "the error for cake has been told"
    assert list(session.rooms) == ["tea"]


# ---------------------------------------------------------------- with a server


def test_it_comes_back_into_its_rooms_after_a_goodbye(
    serve: Callable[..., Server], client: Open
) -> None:  # fmt: skip
    """In their order, with the current one, and with all that was said meanwhile, once."""
    server = serve()
    one = client(server, "ann", keep_rooms=True)
    for room in ("tea", "cake", "tart"):
        one.join(room)
    one.join("tea")
    one.close()
    bob = client(server, "bob")
    assert bob.join("tea").members_total == 1, "ann has gone"
    for number in range(120):
        bob.say(str(number), "tea")
    bob.join("cake")
    bob.say("for cake", "cake")
    bob.flush()
    again = client(server, "ann", keep_rooms=True)
    events = [*until(again, says("119")), *again.events(0.01)]
    assert sorted(texts(events)) == sorted([*map(str, range(120)), "for cake"])
    assert (again.rooms, again.room) == (["tea", "cake", "tart"], "tea")


def test_a_program_begins_in_no_room(serve: Callable[..., Server], client: Open) -> None:
    """Unless it has asked to come back; and whoever comes back may begin anew all the same."""
    server = serve()
    for keep_rooms, resume, rooms in [
        (False, True, []),
        (True, True, []),
        (True, True, ["tea"]),
        (True, False, []),
        (True, True, ["tea"]),
    ]:
        one = client(server, "ann", keep_rooms=keep_rooms, resume=resume)
        one.request(Ping())
        assert one.rooms == rooms
        one.join("tea")
        one.close()


@pytest.mark.parametrize("limit", [2, 1])
def test_a_server_that_takes_fewer_rooms_now(client: Open, tmp_path: Path, limit: int) -> None:
    """As many as it takes are kept; that the others are left is told, once."""
    database = str(tmp_path / "chat.db")
    with Server(Settings(port=0, db=database, drain=0.2)) as server:
        port = server.address[1]
        one = client(server, "ann", keep_rooms=True)
        for room in ("tea", "cake", "tart"):
            one.join(room)
        one.close()
    with Server(Settings(port=port, db=database, drain=0.2, max_rooms=limit)) as server:
        for told in (3 - limit, 0):
            again = client(server, "ann", keep_rooms=True)
            again.request(Ping())
            events = [*again.events(0.01)]
            assert len([event for event in events if isinstance(event, Left)]) == told
            assert [event.code for event in events if isinstance(event, Error)] == ["too_many_rooms"][:told]
            assert len(again.rooms) == limit
            again.close()


def test_a_pipe_and_a_screen_share_a_session_but_no_rooms(serve: Callable[..., Server], client: Open) -> None:
    """It is the same person, who begins where this kind was, and misses nothing that the other kind has read."""
    server = serve()
    screen = client(server, "ann", keep_rooms=True)
    screen.join("tea")
    bob = client(server, "bob")
    screen.block(bob.uid)
    screen.unblock(bob.uid)
    eve = client(server, "eve")
    screen.block(eve.uid)
    screen.close()
    bob.join("tea")
    bob.say("one")
    bob.whisper(screen.uid, "two")
    bob.flush()
    pipe = client(server, "ann")
    assert (pipe.uid, pipe.rooms, pipe.room, pipe.blocked) == (screen.uid, ["@1-2"], None, {eve.uid})
    assert texts(until(pipe, says("two"))) == ["two"]
    pipe.join("tea")
    pipe.join("cake")
    until(pipe, says("one"))
    pipe.close()
    bob.say("three")
    bob.flush()
    again = client(server, "ann", keep_rooms=True)
    assert sorted(texts([*until(again, says("three")), *again.events(0.01)])) == ["one", "three", "two"]
    assert (sorted(again.rooms), again.room) == (["@1-2", "tea"], "tea")
    again.close()
    assert client(server, "ann").rooms == ["@1-2"]


def test_each_kind_learns_of_another_log_by_itself(client: Open, tmp_path: Path) -> None:
    """Its cursors are of the log that it has seen."""
    with Server(Settings(port=0, db=str(tmp_path / "one.db"), drain=0.2)) as server:
        port = server.address[1]
        screen = client(server, "ann", keep_rooms=True)
        screen.join("tea")
        for _ in range(60):
            screen.say("old")
        screen.flush()
        screen.close()
    with Server(Settings(port=port, db=str(tmp_path / "two.db"), drain=0.2)) as server:
        bob = client(server, "bob")
        bob.join("tea")
        bob.say("new")
        bob.flush()
        client(server, "ann").close()
        again = client(server, "ann", keep_rooms=True)
        assert texts(until(again, says("new"))) == ["new"]
        for one in (again, bob):
            one.close()
