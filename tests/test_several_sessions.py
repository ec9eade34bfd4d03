"""Several sessions of one client. Nothing makes a second one yet; a log that has it is served."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest

from roomchat.chat.inputs import SessionRow
from roomchat.protocol import Bye, Dial, Leave, Name, Say, Whisper
from roomchat.store.api import Changes
from roomchat.store.log import Log
from tests.memory import Chat, brief
from tests.peer import Peer
from tests.test_hub_properties import check_registry
from tests.test_seats import run

SECOND = sha256(b"second").digest()


@pytest.fixture
def chat() -> Chat:
    """ann is in tea with bob, on two devices: their connections are first and second, as their tokens are."""
    chat = Chat(resume_window=10)
    chat._new_tokens = iter(["first", "bob's"])
    chat.hello("ann")
    chat.do("ann", Bye())
    chat.clients[1].sessions.append(SessionRow(2, SECOND))
    chat.hello("bob", rooms={"tea": 0})
    chat.hello("first", token="first", rooms={"tea": 0})
    chat.hello("second", token="second")
    chat.received.clear()
    return chat


def told(chat: Chat, *links: str) -> list[list[str]]:
    """What came to each of these since the last time, when all is as it should be."""
    check_registry(chat.registry)
    return [brief(chat.take(link)) for link in links]


def test_each_session_is_in_all_rooms_of_its_client(chat: Chat) -> None:
    """It gets what is said there, a new name, and the room that somebody dials into; once."""
    chat.do("bob", Say(text="hi"))
    assert told(chat, "first", "second") == [["tea: hi"]] * 2
    assert brief(chat.do("first", Name(name="anna"))) == ["renamed"]
    assert told(chat, "second", "bob") == [["renamed"]] * 2
    chat.do("first", Leave())
    chat.received.clear()
    chat.do("bob", Dial(uid=1))
    assert told(chat, "first", "second") == [["joined r1"]] * 2


def test_a_session_knows_its_own_messages_by_its_device(chat: Chat) -> None:
    """The welcome names it, and so does each message but those of the first."""
    assert [chat.hello(f"{one} again", token=one).get("device") for one in ("first", "second")] == [None, 2]
    chat.do("first again", Say(text="1", n=1))
    chat.do("second again", Say(text="2", n=1), Whisper(uid=2, text="3", n=2))
    said = [*chat.log["tea"], *chat.log["@1-2"]]
    assert [(one["text"], one["n"], one.get("device")) for one in said] == [
        ("1", 1, None),
        ("2", 1, 2),
        ("3", 2, 2),
    ]


def test_each_session_has_its_own_counter(chat: Chat) -> None:
    """Also when the disk fails, and when the client has given its seat up."""
    chat.do("first", Say(text="1", n=1), Say(text="2", n=2))
    chat.do("second", Say(text="3", n=1))
    chat.disk_works = False
    chat.batch(("first", Say(text="4", n=3)), ("second", Say(text="4", n=2)))
    chat.disk_works = True
    chat.do("second", Say(text="4", n=2), Say(text="4", n=2))
    assert [one["text"] for one in chat.log["tea"]] == ["1", "2", "3", "4"]
    chat.batch(("first", Bye()), ("second", Bye()))
    assert 1 not in chat.registry.clients
    assert [chat.hello(f"{token} again", token=token)["last_n"] for token in ("first", "second")] == [2, 2]


def test_a_client_is_away_when_its_last_session_is(chat: Chat) -> None:
    """And back with the first of them; its seat ends when none of them came back."""
    chat.lose("first")
    assert told(chat, "bob") == [[]]
    chat.wait(20)
    assert told(chat, "bob") == [[]]
    chat.lose("second")
    assert told(chat, "bob") == [["away tea"]]
    chat.hello("third", token="first")
    chat.hello("fourth", token="second")
    assert told(chat, "bob") == [["back tea"]]
    chat.lose("third", "fourth")
    chat.wait(10)
    assert told(chat, "bob") == [["away tea", "member_left tea"]]
    assert not chat.registry.tokens.keys() & {one.token_hash for one in chat.clients[1].sessions}


def test_a_goodbye_is_that_of_one_session(chat: Chat) -> None:
    """The client goes with the last of them. One that was lost before does not wait for its connection then."""
    assert brief(chat.do("first", Bye())) == ["bye"]
    assert told(chat, "bob", "second") == [[], []]
    chat.hello("third", token="first")
    chat.lose("second")
    chat.do("third", Bye())
    assert told(chat, "bob") == [["member_left tea"]]


def test_a_session_is_taken_over_alone(chat: Chat) -> None:
    """The other one of its client stays connected, and nobody is told."""
    chat.hello("third", token="second")
    assert chat.closed == {"ann", "second"}
    chat.batch(("second", Say(text="late")))
    assert told(chat, "bob", "first", "second") == [[], [], ["error replaced"]]
    assert [*chat.registry.clients[1].links] == ["first", "third"]


def test_the_log_brings_all_sessions_of_a_seat_back(tmp_path: Path, connect: Callable[..., Peer]) -> None:
    """After a restart the client is away once, and each token continues its own count."""
    path = tmp_path / "chat.db"
    with run(path) as server:
        ann = connect(server, "ann")
        ann.join("tea")
        ann.send("say", text="hi", n=1)
        ann.until("message")
    with closing(sqlite3.connect(path, isolation_level=None)) as old:
        old.execute("INSERT INTO sessions VALUES (1, 2, ?)", (SECOND,))
    for n in (1, 2):
        with run(path) as server:
            bob = connect(server, f"bob-{n}")
            bob.send("who")
            assert {"uid": 1, "name": "ann", "away": True} in bob.expect("who")["clients"]
            first, second = connect(server), connect(server)
            assert first.resume(ann.token)["last_n"] == 1
            assert second.resume("second", rooms={"tea": 1})["last_n"] == n - 1
            second.send("say", text="hi", room="tea", n=n)
            second.until("message", n=n)
            bob.send("who")
            assert {"uid": 1, "name": "ann"} in bob.expect("who")["clients"]


def test_a_seat_is_read_with_all_sessions(tmp_path: Path) -> None:
    """In the order of their devices; a client without a seat is not read."""
    log = Log(str(tmp_path / "chat.db"), "normal")
    log.append(
        1,
        Changes(
            [],
            [(1, "Ann"), (2, "Bob"), (3, "Cyd")],
            [(3, 1, b"cyd"), (1, 2, b"ann 2"), (1, 1, b"ann"), (2, 1, b"bob")],
            [(1, 2, 7), (3, 1, 5)],
            seats=[(3, "cyd"), (1, "ann")],
        ),
    )
    seats = [(key, one.name, [(each.device, each.last_n) for each in one.sessions]) for key, one in log.seats()]
    assert seats == [("ann", "Ann", [(1, 0), (2, 7)]), ("cyd", "Cyd", [(1, 5)])]
    log.close()
