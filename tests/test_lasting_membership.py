"""An account on several devices: all of them are in its rooms, and it stays there while it is away."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roomchat.client.client import Client
from roomchat.protocol import (
    Ban,
    Bye,
    Dial,
    Join,
    Kick,
    Leave,
    Name,
    Read,
    Register,
    Say,
    Unregister,
    Whisper,
)  # fmt: skip
from roomchat.server import Server
from roomchat.store.api import Changes
from roomchat.store.clients import StoredClient
from roomchat.store.log import Log
from roomchat.store.reader import SqliteReader
from roomchat.terminal.arrival import Arrival
from roomchat.terminal.typed.input import InputQueue
from roomchat.terminal.windows.display import PlainDisplay
from tests.memory import Chat, Event, brief
from tests.test_accounts import SECRET, account_row, log_in
from tests.test_hub_properties import check_registry
from tests.test_seats import run


@pytest.fixture
def chat() -> Chat:
    """ann, an account, is in tea with bob, on two devices: desk and phone. bob was there first."""
    return at_tea()


def at_tea(**more: int) -> Chat:
    chat = Chat(**{"resume_window": 10, "history": 2} | more)
    chat.hello("bob", rooms={"tea": 0})
    chat.hello("desk", name="ann", rooms={"tea": 0})
    chat.do("desk", Register(password=SECRET))
    log_in(chat, "phone")
    chat.received.clear()
    return chat


def rooms_of(events: list[Event]) -> list[str]:
    return [one["room"] for one in events if one["type"] == "joined"]


def told(chat: Chat, *links: str) -> list[list[str]]:
    check_registry(chat.registry)
    return [brief(chat.take(link)) for link in links]


# ---------------------------------------------------------------- several devices


def test_the_lobby_comes_first_on_a_new_device() -> None:
    """A person there looks at what comes first."""
    chat = Chat(lobby="lobby")
    chat.hello("desk", name="ann", rooms={"den": 0, "lobby": 0, "tea": 0})
    chat.do("desk", Register(password=SECRET))
    chat.restart()
    log_in(chat, "phone")
    assert rooms_of(chat.take("phone")) == ["lobby", "den", "tea"]


def test_what_one_device_does_the_others_are_told(chat: Chat) -> None:
    """Where it goes, what it leaves, and its new name; nothing of it twice, and bob only what is his business."""
    (answer,) = chat.do("desk", Join(room="den"))
    (other,) = chat.take("phone")
    assert (answer.get("device"), other["device"], other["room"], other["last_seq"]) == (None, 1, "den", 0)
    chat.do("desk", Say(text="hi", room="den"))
    assert told(chat, "phone", "bob") == [["den: hi"], []]
    chat.do("phone", Leave(room="den"))
    assert told(chat, "desk", "bob") == [["left den"], []]
    chat.do("desk", Leave(room="tea"))
    assert told(chat, "phone", "bob") == [["left tea"], ["member_left tea"]]
    chat.do("phone", Name(name="anna"))
    assert told(chat, "desk", "bob") == [["renamed"], []]


def test_a_dial_leads_all_devices_there(chat: Chat) -> None:
    chat.do("desk", Leave(room="tea"))
    chat.received.clear()
    chat.do("desk", Dial(uid=1))
    assert told(chat, "phone", "bob") == [["joined tea"], ["member_joined tea"]]
    chat.do("bob", Leave(room="tea"))
    chat.do("phone", Dial(uid=1))
    assert told(chat, "desk") == [["member_left tea", "joined r1"]]


def test_a_device_speaks_where_it_was_whatever_the_others_do(chat: Chat) -> None:
    """Until it goes elsewhere itself, or the room is left, or somebody dials."""
    chat.do("phone", Join(room="tea"))
    chat.do("desk", Join(room="den"))
    chat.received.clear()
    chat.batch(("phone", Say(text="to tea")), ("desk", Say(text="to den")))
    assert told(chat, "bob") == [["tea: to tea"]]
    chat.do("desk", Leave(room="tea"))
    chat.do("phone", Say(text="to den, too"))
    assert told(chat, "bob") == [["member_left tea"]]
    chat.batch(("bob", Join(room="bobs")), ("bob", Dial(uid=2)))
    assert told(chat, "bob") == [["joined bobs", "joined den"]]


def test_it_is_away_when_the_last_device_is_gone(chat: Chat) -> None:
    chat.lose("desk")
    assert told(chat, "bob") == [[]]
    chat.lose("phone")
    assert told(chat, "bob") == [["away tea"]]


# ---------------------------------------------------------------- membership that lasts


def end(chat: Chat) -> None:
    """ann is gone for longer than her seat waits."""
    chat.lose(*(link for link in ("desk", "phone") if link not in chat.closed))
    chat.wait(20)
    assert 2 not in chat.registry.clients
    chat.received.clear()


@pytest.mark.parametrize("restarted", [False, True])
def test_it_comes_back_to_its_rooms_and_to_what_it_missed(chat: Chat, restarted: bool) -> None:
    """On a device that has seen some of it, from its cursor; on a new one from its read marker, though not to less
    than a first visit shows."""
    chat.do("desk", Join(room="den"), Say(text="1"), Read(room="den", seq=1))
    for number in range(2, 6):
        chat.do("bob", Say(text=f"{number}", room="tea"))
    chat.do("desk", Read(room="tea", seq=1))
    end(chat)
    if restarted:
        chat.restart()
        chat.hello("bob2", token="token-1", rooms={"tea": 0})
    assert chat.registry.rooms["tea"].last_seq == 4
    welcome = log_in(chat, "new")
    assert brief(chat.take("new")) == ["joined tea", "tea: 3", "tea: 4", "tea: 5", "joined den", "den: 1"]
    chat.lose("new")
    chat.wait(20)
    chat.hello("old", token=welcome["token"], rooms={"tea": 3})
    assert brief(chat.take("old")) == ["joined tea", "tea: 5", "joined den", "den: 1"]
    assert told(chat, "bob2" if restarted else "bob")[0][-1] == "member_joined tea"


def test_what_was_left_on_another_device_is_not_entered_again(chat: Chat) -> None:
    """The device that still names it is told; a guest is brought to what it names."""
    chat.lose("desk")
    chat.do("phone", Leave(room="tea"), Join(room="den"))
    chat.hello("again", token="token-2", rooms={"tea": 0, "Lost": 3})
    assert brief(chat.take("again")) == ["left tea", "left Lost", "joined den"]
    chat.lose("phone", "again")
    chat.wait(20)
    chat.hello("then", token="token-2", rooms={"tea": 0, "den": 0})
    assert brief(chat.take("then")) == ["left tea", "joined den"]


def test_who_was_put_out_does_not_come_back(chat: Chat) -> None:
    """Kicked while it is there; banned while it is away."""
    chat.do("bob", Join(room="den"))
    chat.do("desk", Join(room="den"))
    chat.do("bob", Kick(uid=2, room="tea"))
    end(chat)
    assert chat.clients[2].rooms == {"den": "den"}
    chat.do("bob", Ban(uid=2, room="den"))
    chat.hello("again", token="token-2", rooms={"tea": 0, "den": 0})
    assert brief(chat.take("again")) == ["left tea", "left den"]
    assert chat.clients[2].rooms == {}


def test_only_accounts_stay(chat: Chat) -> None:
    """A guest's membership ends with its seat; an account's with the account."""
    assert (chat.clients[1].rooms, chat.clients[2].rooms) == ({}, {"tea": "tea"})
    chat.do("desk", Join(room="den"), Unregister(password=SECRET))
    assert 2 not in chat.clients
    assert not [key for key in chat.effects.members if key[0] == 2]


def test_a_room_in_which_nothing_was_said_is_there_again(chat: Chat) -> None:
    """Under its name, though the log has nothing of it."""
    chat.do("desk", Join(room="Den"))
    end(chat)
    assert "den" not in chat.registry.rooms
    log_in(chat, "new")
    assert rooms_of(chat.take("new")) == ["tea", "Den"]


def test_what_was_said_before_it_came_is_not_new_to_it(chat: Chat) -> None:
    """All that was said since is, also on a device that comes when nothing was ever read."""
    chat.do("bob", Join(room="den"), Say(text="before", room="den"))
    chat.do("desk", Join(room="den"))
    end(chat)
    chat.do("bob", Say(text="since", room="den"), Say(text="since", room="tea"))
    log_in(chat, "new")
    joined = {one["room"]: (one["read"], one["last_seq"]) for one in chat.take("new") if one["type"] == "joined"}
    assert joined == {"tea": (0, 1), "den": (1, 2)}


def test_whispers_wait_for_an_account(chat: Chat) -> None:
    """Also for one that has no device any more: who knows the password comes back as it."""
    end(chat)
    chat.do("bob", Whisper(uid=2, text="for later"))
    chat.clients[2].sessions.clear()
    chat.do("bob", Whisper(uid=2, text="and this"))
    log_in(chat, "new")
    assert "@1-2: for later" in (got := brief(chat.take("new")))
    assert "@1-2: and this" in got


def test_whom_its_rooms_are_too_many_for_keeps_them(chat: Chat) -> None:
    """The limit was lowered: it is in as many as it may be, and stays in the others."""
    for room in ("a", "b", "c"):
        chat.do("desk", Join(room=room))
    chat.settings = replace(chat.settings, max_rooms=2)
    chat.restart()
    log_in(chat, "new")
    assert len(rooms_of(chat.take("new"))) == 2
    assert [*chat.clients[2].rooms] == ["tea", "a", "b", "c"]


DEVICE = st.sampled_from(["desk", "phone"])
ROOM = st.sampled_from(["tea", "den", "attic"])
STEPS = st.one_of(
    st.tuples(st.sampled_from(["join", "leave", "say"]), DEVICE, ROOM),
    st.tuples(st.sampled_from(["join", "leave"]), DEVICE, ROOM),
    st.tuples(st.sampled_from(["lose", "bye", "back", "wait", "kill"]), DEVICE, ROOM),
)


@settings(deadline=None, max_examples=60)
@given(st.lists(STEPS, min_size=15, max_size=40))
def test_all_devices_and_the_log_agree_where_it_is(steps: list[tuple[str, str, str]]) -> None:
    """Whatever its devices do, and whenever the server is killed: each device that is there knows the same rooms,
    those that it came into and did not leave; and the log knows them, too."""
    chat = at_tea()
    tokens = {"desk": "token-2", "phone": "token-3"}
    links: dict[str, str] = {"desk": "desk", "phone": "phone"}
    known = {"desk": {"tea"}, "phone": {"tea"}}
    rooms = {"tea"}
    for number, (kind, who, room) in enumerate(steps):
        link = links.get(who)
        if kind == "kill":
            chat.restart()
            links.clear()
        elif kind == "wait":
            chat.wait(20)
        elif kind == "back" and link is None:
            links[who] = f"{who}{number}"
            chat.hello(links[who], token=tokens[who], rooms=dict.fromkeys(known[who], 0))
        elif kind == "lose" and link is not None:
            chat.lose(links.pop(who))
        elif kind == "bye" and link is not None:
            chat.do(links.pop(who), Bye())
        elif kind in ("join", "leave", "say") and link is not None:
            command = {"join": Join(room=room), "leave": Leave(room=room), "say": Say(text="x", room=room)}[kind]
            chat.batch((link, command))
            if kind == "join":
                rooms.add(room)
            elif kind == "leave":
                rooms.discard(room)
        for one, its in links.items():
            for event in chat.take(its):
                if event["type"] == "joined":
                    known[one].add(event["room"])
                elif event["type"] == "left":
                    known[one].discard(event["room"])
                elif event["type"] == "message":
                    assert event["room"] in known[one]
            assert known[one] == rooms
        assert chat.clients[2].rooms.keys() == rooms
        check_registry(chat.registry)


# ---------------------------------------------------------------- on disk, and over sockets


def test_the_log_has_the_rooms_of_accounts(tmp_path: Path) -> None:
    """With their names; they go when they are left, and with the account."""
    path = tmp_path / "chat.db"

    def rows_of(path: Path, uid: int) -> int:
        query = (
            "SELECT (SELECT count(*) FROM members WHERE uid = ?1) + (SELECT count(*) FROM reads WHERE uid = ?1)"
        )
        with closing(sqlite3.connect(path)) as connection:
            return int(connection.execute(query, (uid,)).fetchone()[0])

    log = Log(str(path), "normal")
    reader = SqliteReader(path)

    def rooms() -> dict[str, str]:
        client = reader.client(1)
        assert isinstance(client, StoredClient)
        return client.rooms

    log.append(1, Changes(clients=[(1, "ann")], accounts=[account_row(1, "ann", "hash", 1)]))
    log.append(2, Changes(members=[(1, "tea", "Tea"), (1, "den", "den")]))
    assert rooms() == {"tea": "Tea", "den": "den"}
    log.append(3, Changes(members=[(1, "tea", None)], seats=[(1, "ann")]))
    assert rooms() == {"den": "den"}
    ((_, seated),) = log.seats()
    assert seated.rooms == {"den": "den"}
    log.append(4, Changes(members=[(1, "tea", "Tea")], reads=[(1, "tea", 1)], forgotten=[1]))
    assert reader.client(1) is None
    assert rows_of(path, 1) == 0
    reader.close()
    log.close()


def test_two_devices_over_sockets(tmp_path: Path) -> None:
    """With the library: the phone follows the desk; when both were gone and the server was started again, a third
    one comes back to where they were."""
    with run(tmp_path / "chat.db", password_cost="cheapest") as server:
        address = f"127.0.0.1:{server.address[1]}"
        with Client(address, "ann", state=False, password=SECRET, register=True) as desk:
            desk.join("tea")
            with Client(address, "ann", state=False, password=SECRET) as phone:
                desk.join("den")
                desk.say("hello", "den")
                assert next(phone.messages("den", own=True)).text == "hello"
                assert (phone.rooms, phone.room) == (["tea", "den"], "tea")
                phone.say("and hello", "den")
                assert [one.device for one in islice(desk.messages("den", own=True), 2)] == [1, 2]
                desk.read("den", 2)
                desk.leave("tea")
                phone.join("den")
                assert (phone.rooms, phone.reads) == (["den"], {"den": 2})
    with (
        run(tmp_path / "chat.db", password_cost="cheapest") as server,
        Client(f"127.0.0.1:{server.address[1]}", "ann", state=False, password=SECRET) as tablet,
    ):
        texts = [one.text for one in islice(tablet.messages("den", own=True), 2)]
        assert (tablet.rooms, tablet.reads, texts) == (["den"], {"den": 2}, ["hello", "and hello"])


@pytest.mark.parametrize("is_account", [True, False])
def test_a_fresh_start_leaves_no_rooms_of_an_account(serve: Callable[..., Server], is_account: bool) -> None:
    """Its other devices are in them; a guest begins in none."""
    server = serve(password_cost="cheapest")
    password = SECRET if is_account else None
    display = PlainDisplay(lambda line: None, clock="%H:%M")
    arrival = Arrival(
        "unused", "ann", "", [], display, InputQueue(), interactive=False, receive=lambda event: None,
        changed=lambda: None, is_fresh=True,
    )  # fmt: skip
    address = f"127.0.0.1:{server.address[1]}"
    with Client(address, "ann", state=False, password=password, register=is_account) as client:
        client.join("tea")
        display.client = client
        done: list[object] = []
        arrival.enter(done.append)
        assert done == ([] if is_account else [Leave(room="tea")])
