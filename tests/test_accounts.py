"""Accounts in the hub: a name that is theirs alone, several devices, invites, and the end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roomchat.account import Account, Invite
from roomchat.chat.inputs import Connected, LoggedIn
from roomchat.dialect import Terms
from roomchat.protocol import (
    Bye,
    ChangePassword,
    Devices,
    Dial,
    Hello,
    Logout,
    Name,
    Register,
    Say,
    Unregister,
    Whisper,
)  # fmt: skip
from roomchat.store.api import AccountRow, Changes
from roomchat.store.log import Log
from roomchat.store.reader import SqliteReader
from tests.memory import Chat, Event, brief, hash_of
from tests.random_run import run
from tests.test_hub_properties import check_registry

SECRET = "correct horse"
CYRILLIC = "\u0430nn"


@pytest.fixture
def chat() -> Chat:
    """ann has an account and is in tea with bob, a guest."""
    chat = Chat(resume_window=10)
    chat.hello("ann", rooms={"tea": 0})
    chat.do("ann", Register(password=SECRET))
    chat.hello("bob", rooms={"tea": 0})
    chat.received.clear()
    return chat


def log_in(chat: Chat, link: str, name: str = "ann", password: str = SECRET, **fields: Any) -> Event:
    """A new connection that says hello with a password; returns the answer."""
    chat.connect(link)
    chat.batch((link, Hello(protocol=1, name=name, password=password, **fields)))
    return chat.received[link].pop(0)


def refused(chat: Chat, link: str, name: str, **fields: Any) -> str:
    """The code with which a newcomer's hello is refused."""
    chat.connect(link)
    (error,) = chat.do(link, Hello(protocol=1, name=name, **fields))
    return str(error["code"])


# ---------------------------------------------------------------- a name of one's own


def test_an_account_is_the_same_client(chat: Chat) -> None:
    """With its UID, name, rooms and token; it can't become one again."""
    (again,) = chat.do("ann", Register(password="another one"))
    assert again["code"] == "has_account"
    assert brief(chat.do("ann", Say(text="hi", n=1))) == ["tea: hi"]
    welcome = chat.hello("ann again", token="token-1")
    assert (welcome["uid"], welcome["name"], welcome["account"]) == (1, "ann", True)


@pytest.mark.parametrize("away", [False, True])
@pytest.mark.parametrize("name", ["ann", "Ann", "\uff41nn", CYRILLIC])
def test_nobody_gets_its_name_nor_one_like_it(chat: Chat, name: str, *, away: bool) -> None:
    """Whether it is here or has no seat: no newcomer, nobody who is renamed, and nobody who comes back."""
    if away:
        chat.do("ann", Bye())
        assert 1 not in chat.registry.clients
        chat.received.clear()
    assert refused(chat, "new", name) == "name_owned"
    (error,) = chat.do("bob", Name(name=name))
    assert error["code"] == "name_owned"
    chat.clients[2].name = name  # from a time when that could be had
    chat.do("bob", Bye())
    chat.connect("bob again")
    (error,) = chat.do("bob again", Hello(protocol=1, token="token-2"))
    assert error["code"] == "name_owned"
    check_registry(chat.registry)


def test_who_had_a_name_like_it_keeps_it_but_gets_no_account(chat: Chat) -> None:
    """A guest with a seat, of a log from before such names were kept apart."""
    chat.do("ann", Bye())
    chat.registry.rename(chat.registry.clients[2], CYRILLIC, CYRILLIC)
    error = chat.do("bob", Register(password=SECRET))[-1]
    assert error["code"] == "name_owned"
    assert brief(chat.do("bob", Name(name="anna"), Register(password=SECRET))) == ["renamed", "registered"]


def test_a_new_name_is_its_own_and_the_old_one_is_free(chat: Chat) -> None:
    chat.do("ann", Name(name="anna"))
    assert refused(chat, "one", "anna") == "name_owned"
    assert chat.hello("other", name=CYRILLIC)["uid"] == 3
    chat.do("ann", Bye())
    assert log_in(chat, "phone", "ann")["code"] == "wrong_password"
    assert log_in(chat, "phone", "ANNA")["uid"] == 1


def test_no_look_up_where_nobody_has_an_account() -> None:
    """A newcomer costs nothing more than before."""
    chat = Chat()
    chat.connect("ann")
    effects = chat.apply([("ann", Hello(protocol=1, name="ann"))])
    assert not effects.lookups
    chat.hub.rollback()


def test_an_account_that_ends_its_seat_while_its_name_is_looked_up(chat: Chat) -> None:
    """It registers and goes in the moment in which the log says that the name is free."""
    chat.hello("cat")
    chat.connect("new")
    chat._batch(chat._decoded([("new", Hello(protocol=1, name="c\u0430t"))]))
    (look_up,) = chat.effects.lookups
    found = chat._found(look_up.key)
    chat.do("cat", Register(password=SECRET), Bye())
    chat._batch([("new", found)])
    assert [event["code"] for event in chat.take("new")] == ["name_owned"]


# ---------------------------------------------------------------- devices


def test_each_device_has_a_number_that_is_never_given_again(chat: Chat) -> None:
    """Else one would take for its own what another has said."""
    assert [log_in(chat, f"{number}")["device"] for number in (2, 3)] == [2, 3]
    assert brief(chat.do("3", Logout())[-1:]) == ["logged_out"]
    assert "3" in chat.closed
    assert log_in(chat, "4")["device"] == 4
    chat.received.clear()
    chat.do("4", Say(text="hi", room="tea", n=1))
    (said,) = [one for one in chat.take("ann") if one["type"] == "message"]
    assert (said["uid"], said["device"], said["n"]) == (1, 4, 1)


def test_devices_are_listed(chat: Chat) -> None:
    """When and from where each was last here."""
    chat.now = 2000.0
    log_in(chat, "phone")
    chat.do("phone", Bye())
    chat.now = 3000.0
    (listed,) = chat.do("ann", Devices())
    assert listed["devices"] == [
        {"device": 1, "seen": "1970-01-01T00:50:00.000Z", "address": "10.0.0.1", "here": True, "this": True},
        {"device": 2, "seen": "1970-01-01T00:33:20.000Z", "address": "10.0.0.1"},
    ]
    assert [one["code"] for one in chat.do("bob", Devices(), Logout())] == ["no_account"] * 2


def test_a_device_that_is_logged_out_is_out(chat: Chat) -> None:
    """At once where it is here, and its token is void also while it is being looked up."""
    phone = log_in(chat, "phone")
    log_in(chat, "desk")
    chat.received.clear()
    assert chat.do("ann", Logout(others=True))[0]["devices"] == [2, 3]
    assert [brief(chat.take(link)) for link in ("phone", "desk")] == [["error logged_out"]] * 2
    assert brief(chat.take("bob")) == [], "ann is here still"
    chat.connect("phone again")
    assert brief(chat.do("phone again", Hello(protocol=1, token=phone["token"]))) == ["error unknown_token"]
    (error,) = chat.do("ann", Logout(device=9))
    assert error["code"] == "no_such_device"
    check_registry(chat.registry)


def test_the_last_one_that_logs_out_gives_the_seat_up(chat: Chat) -> None:
    """The account stays: its password brings it back, and whispers wait for it."""
    chat.do("ann", Logout())
    assert brief(chat.take("bob")) == ["member_left tea"]
    assert brief(chat.do("bob", Whisper(uid=1, text="psst")))[-1:] == ["@1-2: psst"]
    assert log_in(chat, "phone")["uid"] == 1
    assert "@1-2: psst" in brief(chat.take("phone"))


def test_a_wire_that_does_not_come_back_has_a_session_for_as_long_as_it_is_there(chat: Chat) -> None:
    """It takes no other device's place, and is in no list afterwards."""
    chat.batch(("nc", Connected("10.0.0.1", Terms(resume=False))))
    chat.batch(("nc", Hello(protocol=1, name="ann", password=SECRET)))
    assert len(chat.registry.clients[1].sessions) == 2
    chat.lose("nc")
    assert [one.device for one in chat.registry.clients[1].sessions] == [1]
    assert [one.device for one in chat.clients[1].sessions] == [1]
    check_registry(chat.registry)


def test_a_verdict_of_before_a_new_password_is_void(chat: Chat) -> None:
    """Also for one that has no seat."""
    hello = Hello(protocol=1, name="ann")
    chat.connect("late", "later")
    (_,) = chat.do("ann", ChangePassword(old=SECRET, new="battery staple"))
    assert brief(chat.do("late", LoggedIn(hello, b"new", 1, changed=1))) == ["error wrong_password"]
    chat.do("ann", Bye())
    assert brief(chat.do("later", LoggedIn(hello, b"new", 1, changed=1))) == ["error wrong_password"]
    assert log_in(chat, "phone", password="battery staple")["device"] == 2


# ---------------------------------------------------------------- who may register


def test_an_invite_is_good_for_as_many_as_it_says_until_its_end() -> None:
    chat = Chat(accounts="invite")
    chat.registry.set_invite(hash_of("two"), Invite(uses=2, ends=2_000_000))
    chat.registry.set_invite(hash_of("old"), Invite(uses=2, ends=1_000_000))
    chat.registry.begin()
    chat.hellos("ann", "bob", "cat")
    given = [("ann", None), ("ann", "none"), ("ann", "old"), ("ann", "two"), ("bob", "two"), ("cat", "two")]
    answers = [chat.do(who, Register(password=SECRET, invite=invite)) for who, invite in given]
    assert [brief(one)[0] for one in answers] == ["error invite_needed"] * 3 + ["registered"] * 2 + [
        "error invite_needed"
    ]
    assert chat.effects.invites == {}
    assert chat.registry.invites.keys() == {hash_of("old")}


@pytest.mark.parametrize("comes_back", [False, True])
def test_where_guests_may_not_come_in_one_registers_with_the_hello(*, comes_back: bool) -> None:
    """A newcomer, and a guest from a time when they might; but not without a password."""
    chat = Chat(guests=False)
    fields: dict[str, Any] = {"name": "ann"}
    if comes_back:
        chat.hub._settings = type(chat.settings)(guests=True)
        fields = {"token": chat.hello("ann")["token"]}
        chat.do("ann", Bye())
        chat.hub._settings = chat.settings
    chat.connect("ann again")
    assert brief(chat.do("ann again", Hello(protocol=1, **fields))) == ["error account_needed"]
    answer = chat.do("ann again", Hello(protocol=1, register=True, password=SECRET, **fields))
    assert (answer[0]["type"], answer[0]["uid"], answer[0]["account"]) == ("welcome", 1, True)
    assert log_in(chat, "phone")["uid"] == 1


def test_a_hello_that_registers_may_come_twice(chat: Chat) -> None:
    """Its answer was lost: with the token it is the same client, without it the name is taken."""
    chat.connect("cat", "cat again", "cat once more")
    hello = {"protocol": 1, "register": True, "password": SECRET}
    token = chat.do("cat", Hello(name="cat", **hello))[0]["token"]
    assert chat.do("cat again", Hello(token=token, **hello))[0]["type"] == "welcome"
    assert brief(chat.do("cat once more", Hello(name="cat", **hello))) == ["error name_owned"]
    assert log_in(chat, "cat's phone", "cat")["uid"] == 3


# ---------------------------------------------------------------- the end


def test_an_account_that_is_no_more(chat: Chat) -> None:
    """Nobody comes back as it, what it said stays, its name is free, and its UID is never given again."""
    phone = log_in(chat, "phone")
    chat.do("ann", Say(text="bye", room="tea", n=1))
    chat.received.clear()
    assert brief(chat.do("ann", Unregister(password="wrong"), Unregister(password=SECRET))) == [
        "error wrong_password",
        "unregistered",
    ]
    assert {"ann", "phone"} <= chat.closed
    assert brief(chat.take("bob")) == ["member_left tea"]
    for link, token in (("one", "token-1"), ("two", phone["token"])):
        chat.connect(link)
        assert brief(chat.do(link, Hello(protocol=1, token=token))) == ["error unknown_token"]
    assert log_in(chat, "three")["code"] == "wrong_password"
    assert chat.hello("new", name="ann")["uid"] == 3
    assert brief(chat.do("bob", Dial(uid=1))) == ["error offline"]
    assert chat.log["tea"][-1]["name"] == "ann"
    check_registry(chat.registry)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6))
def test_whatever_is_asked_in_whatever_order(seed: int) -> None:
    """The state agrees with itself, also where the disk fails; no two accounts look alike, no number of a device
    comes twice, and each token is one client's for ever (the memory's disk looks, too)."""
    owners: dict[bytes, int] = {}

    def look(chat: Chat) -> None:
        check_registry(chat.registry)
        for token_hash, session in chat.registry.tokens.items():
            assert owners.setdefault(token_hash, session.client.uid) == session.client.uid

    for _ in run(seed, 60, look):
        pass


# ---------------------------------------------------------------- in the log


def account_row(uid: int, name: str, password: str | None = "hash", changed: int = 1) -> AccountRow:
    return AccountRow(uid, name, (name,), Account(changed, 2), password)


def test_the_log_keeps_accounts(tmp_path: Path) -> None:
    """Who it is, also without a session, by what its password is checked, and who has a look."""
    log = Log(str(tmp_path / "log.db"), "full")
    reader = SqliteReader(log.path)
    log.append(
        5,
        Changes(
            clients=[(1, "ann"), (2, "bob")],
            sessions=[(1, 1, b"one"), (1, 2, b"two")],
            accounts=[account_row(1, "ann"), account_row(2, "bob")],
            visits=[(1, 2, 77, "10.0.0.7")],
            invites=[(b"invite", Invite(3, 99))],
        ),
    )
    found = reader.client(b"two")
    assert found is not None
    assert [(one.device, one.seen, one.address) for one in found.sessions] == [(1, 0, ""), (2, 77, "10.0.0.7")]
    assert found.account == Account(1, 2)
    without = reader.client(2)
    assert without is not None
    assert without.sessions == []
    stored = reader.password("ann")
    assert stored is not None
    assert (stored.uid, stored.password_hash, stored.changed, stored.addresses) == (1, "hash", 1, {"10.0.0.7"})
    assert "hash" not in repr(stored)
    assert [reader.owner(looks) for looks in (("ann",), ("x", "bob"), ("x",))] == [1, 2, 0]
    assert (log.state().accounts, log.state().invites) == (2, [(b"invite", Invite(3, 99))])
    # They change their names for each other's, in one batch; a password that is not named stays.
    swapped = [account_row(2, "ann", None, 1), account_row(1, "bob", "other", 2)]
    log.append(6, Changes(accounts=swapped, ended=[(1, 2)], invites=[(b"invite", None)]))
    assert [reader.owner((look,)) for look in ("ann", "bob")] == [2, 1]
    stored = reader.password("ann")
    assert stored is not None
    assert (stored.uid, stored.password_hash) == (2, "hash")
    assert reader.client(b"two") is None
    log.append(7, Changes(forgotten=[1]))
    assert (reader.client(1), reader.password(1), reader.owner(("bob",)), reader.client(b"one")) == (
        None,
        None,
        0,
        None,
    )
    assert (log.state().accounts, log.state().invites) == (1, [])
    reader.close()
    log.close()
