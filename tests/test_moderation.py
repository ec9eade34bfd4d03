"""Owners, moderators, kicks, bans and mutes: what transcripts can't show."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from roomchat.account import Account
from roomchat.chat.rules import MAX_BYTES, Restraint, Rules
from roomchat.protocol import (
    Ban,
    Bye,
    Demote,
    Hello,
    InviteTo,
    Join,
    Kick,
    Leave,
    Mute,
    PassOn,
    Promote,
    Register,
    Say,
    SetTopic,
    ShowRules,
    Unban,
    Unmute,
)
from roomchat.store.api import Changes
from roomchat.store.log import Log
from tests.memory import Chat


def room_of_three(**settings: Any) -> tuple[Chat, list[int]]:
    """ann, whose it is, bob and cyd in tea."""
    chat = Chat(**settings)
    uids = chat.hellos("ann", "bob", "cyd")
    for name in ("ann", "bob", "cyd"):
        chat.do(name, Join(room="tea"))
    chat.received.clear()
    return chat, uids


def codes(events: list[dict[str, Any]]) -> list[str]:
    return [event["code"] for event in events if event["type"] == "error"]


def kinds(events: list[dict[str, Any]]) -> list[str]:
    return [event["type"] for event in events]


def test_a_ban_that_was_answered_holds_after_a_kill() -> None:
    """And so does all else that is laid down for a room, with who is put out already when the server ends."""
    chat, (ann, bob, cyd) = room_of_three()
    chat.do("ann", Ban(uid=bob, reason="spam"), Promote(uid=cyd), SetTopic(topic="Cakes"))
    chat.do("cyd", Mute(uid=bob))
    chat.restart()
    assert codes(_back(chat, bob, "bob3", {"tea": 0})) == ["banned"]
    assert codes(chat.do("bob3", Join(room="tea"))) == ["banned"]
    _back(chat, cyd, "cyd3", {"tea": 0})
    (page,) = chat.do("cyd3", ShowRules(room="tea"))
    assert page["owner"] == {"uid": ann, "name": "ann", "away": True}
    assert [one["uid"] for one in page["moderators"]] == [cyd]
    assert [(one["uid"], one["reason"]) for one in page["banned"]] == [(bob, "spam")]
    assert [one["uid"] for one in page["muted"]] == [bob]
    assert page["topic"] == "Cakes"


def test_who_was_kicked_while_away_is_not_brought_back_after_a_kill() -> None:
    """The kick is in the store, so also a server that starts anew knows of it."""
    chat, (_, bob, _) = room_of_three()
    chat.lose("bob")
    chat.do("ann", Kick(uid=bob))
    chat.restart()
    assert codes(_back(chat, bob, "bob2", {"tea": 0})) == ["kicked"]
    events = chat.do("bob2", Join(room="tea", after=0))
    assert kinds(events) == ["joined", "kicked"]
    chat.do("bob2", Say(text="sorry"))
    chat.restart()
    assert codes(_back(chat, bob, "bob3", {"tea": 2})) == []


def test_an_account_that_is_away_can_be_put_out() -> None:
    """It stays in its rooms without a seat: the kick holds when it comes back, on whatever device."""
    chat, (_, bob, _) = room_of_three(resume_window=5)
    chat.do("bob", Register(password="long enough"))
    chat.lose("bob")
    chat.wait(6)
    assert bob not in chat.registry.clients
    assert kinds(chat.do("ann", Kick(uid=bob, reason="spam")))[-2:] == ["kicked", "done"]
    chat.hello("bob2", name="bob", password="long enough")
    assert "tea" not in [event.get("room") for event in chat.take("bob2") if event["type"] == "joined"]
    assert kinds(chat.do("bob2", Join(room="tea", after=0))) == ["joined", "kicked"]


def test_only_who_is_in_a_room_or_stays_in_it_can_be_put_out() -> None:
    """Or is invited: then that ends."""
    chat, (_, bob, _) = room_of_three(resume_window=5)
    (dan,) = chat.hellos("dan")
    assert codes(chat.do("ann", Kick(uid=dan))) == ["not_a_member"]
    chat.do("ann", Join(room="plans", private=True), InviteTo(uid=bob))
    chat.lose("dan")
    chat.lose("bob")
    chat.wait(6)
    assert not {bob, dan} & chat.registry.clients.keys()
    assert codes(chat.do("ann", Kick(uid=dan, room="tea"), Kick(uid=dan))) == ["not_a_member"] * 2
    assert kinds(chat.do("ann", Kick(uid=bob)))[-1] == "done"
    assert codes(chat.do("ann", Kick(uid=bob))) == ["not_a_member"]


def test_who_is_banned_gets_what_was_said_before_and_nothing_more() -> None:
    """Also within one batch."""
    chat, (_, bob, _) = room_of_three()
    chat.batch(("ann", Say(text="one")), ("ann", Ban(uid=bob)), ("ann", Say(text="two")))
    assert kinds(chat.take("bob")) == ["message", "banned", "left"]
    assert kinds(chat.take("cyd")) == ["message", "banned", "member_left", "message"]


def test_of_ipv6_a_network_is_banned_and_this_machine_never() -> None:
    """Whoever has one address there has them all; and behind that of this machine are many, by a tunnel."""
    chat = Chat()
    addresses = {
        "ann": "10.0.0.1",
        "bob": "2001:db8::1",
        "cyd": "2001:db8::2",
        "dan": "127.0.0.1",
        "eve": "127.0.0.1",
    }
    for name, address in addresses.items():
        chat.connect(name, address=address)
        chat.do(name, _hello(name))
    uids = {client.name: uid for uid, client in chat.registry.clients.items()}
    chat.do("ann", Join(room="tea"), Ban(uid=uids["bob"], address=True), Ban(uid=uids["dan"], address=True))
    assert codes(chat.do("cyd", Join(room="tea"))) == ["banned"]
    assert codes(chat.do("dan", Join(room="tea"))) == ["banned"]
    assert codes(chat.do("eve", Join(room="tea"))) == []


def test_a_guest_is_banned_by_address_too() -> None:
    """Whoever comes from there as a guest, but for those who have a role, and who are in the room already."""
    chat = Chat()
    for name, address in (("ann", "10.0.0.1"), ("bob", "10.0.0.2"), ("cyd", "10.0.0.2"), ("dan", "10.0.0.3")):
        chat.connect(name, address=address)
        chat.do(name, _hello(name), Join(room="tea"))
    uids = {client.name: uid for uid, client in chat.registry.clients.items()}
    chat.do("ann", Ban(uid=uids["bob"], address=True), Say(text="hello"))
    assert chat.take("cyd")[-1]["type"] == "message"
    (page,) = chat.do("ann", ShowRules(room="tea"))[-1:]
    assert page["banned"] == [{"uid": uids["bob"], "name": "bob", "address": True}]
    assert "10.0.0.2" not in str(chat.received)
    chat.connect("eve", "fay", address="10.0.0.2")
    assert codes(chat.do("eve", _hello("eve"), Join(room="tea"))) == ["banned"]
    chat.do("cyd", Leave(room="tea"))
    assert codes(chat.do("cyd", Join(room="tea"))) == ["banned"]
    chat.do("ann", Promote(uid=uids["cyd"]))
    assert codes(chat.do("cyd", Join(room="tea"))) == []
    chat.registry.clients[max(chat.registry.clients)].account = Account(1, 2)  # as one who has a password
    assert codes(chat.do("eve", Join(room="tea"))) == []
    chat.do("ann", Unban(uid=uids["bob"]))
    assert codes(chat.do("fay", _hello("fay"), Join(room="tea"))) == []


def test_who_leaves_private_rooms_behind_makes_no_number_of_them() -> None:
    """They stay, and nobody else sees them."""
    chat = Chat(max_rooms=2)
    chat.hellos("ann", "bob")
    for room in ("a", "b"):
        chat.do("ann", Join(room=room, private=True))
        chat.do("ann", Leave())
    assert codes(chat.do("ann", Join(room="c", private=True))) == ["too_many_rooms"]
    assert codes(chat.do("ann", Join(room="a", private=True), InviteTo(uid=2))) == []
    chat.do("bob", Join(room="+1/a"))
    assert codes(chat.do("ann", PassOn(uid=2), Join(room="c", private=True))) == []


def test_a_private_room_whose_owner_is_gone_belongs_to_who_is_in_it_for_longest() -> None:
    """Else nobody could be asked in any more; an open one is nobody's."""
    chat, (_, bob, cyd) = room_of_three()
    chat.do("ann", Join(room="plans", private=True), *[InviteTo(uid=one, room="+1/plans") for one in (bob, cyd)])
    chat.do("cyd", Join(room="+1/plans"))
    chat.do("bob", Join(room="+1/plans"))
    chat.do("ann", Mute(uid=cyd, room="+1/plans"), Bye())
    plans = chat.do("cyd", ShowRules(room="+1/plans"))[-1]
    assert plans["owner"]["uid"] == cyd
    assert plans.get("muted", []) == []
    tea = chat.do("cyd", ShowRules(room="tea"))[-1]
    assert "owner" not in tea


def test_who_wants_a_private_room_never_comes_into_an_open_one() -> None:
    """Of 0.1.0, where such a name was nothing special; it is joined as before."""
    chat = Chat()
    chat.hellos("ann")
    chat.registry.room("+1/plans", "+1/plans").last_seq = 1
    assert codes(chat.do("ann", Join(room="plans", private=True))) == ["bad_name"]
    assert codes(chat.do("ann", Join(room="+1/plans"))) == []


def test_what_is_laid_down_is_bounded_as_a_whole() -> None:
    """Each deed stores all of it anew, while everybody waits: long reasons count. To put out, and to take back,
    is always possible."""
    chat, (_, bob, cyd) = room_of_three()
    reasons = {uid: Restraint("x" * 32, None, "\U0001f600" * 200) for uid in range(100, 420)}
    tea = chat.registry.rooms["tea"]
    chat.registry.set_rules(tea, replace(tea.rules, bans=reasons))
    assert codes(chat.do("ann", Ban(uid=bob), Mute(uid=bob), Promote(uid=bob))) == ["list_full"] * 3
    assert len(chat.rules.get("tea", b"")) < MAX_BYTES
    assert codes(chat.do("ann", Kick(uid=bob), SetTopic(topic="order"), Unban(uid=100))) == []
    for uid in range(101, 200):
        chat.do("ann", Unban(uid=uid))
    assert codes(chat.do("ann", Ban(uid=cyd))) == []


def test_lists_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A ban too many is refused, unless others are over; of those who were kicked the latest are remembered."""
    chat, (_, bob, cyd) = room_of_three()
    (dan,) = chat.hellos("dan")
    monkeypatch.setattr("roomchat.chat.moderation.MAX_LISTED", 1)
    assert codes(chat.do("ann", Ban(uid=bob, seconds=60), Ban(uid=cyd))) == ["list_full"]
    assert codes(chat.do("ann", Mute(uid=bob), Mute(uid=cyd), Unmute(uid=bob), Mute(uid=cyd))) == ["list_full"]
    assert codes(chat.do("ann", Promote(uid=dan), Promote(uid=bob), Demote(uid=dan), Promote(uid=bob))) == [
        "list_full"
    ]
    chat.now += 61
    assert codes(chat.do("ann", Ban(uid=cyd))) == []


def test_a_deed_is_no_message_of_its_doer() -> None:
    """It has no n, and a batch with messages around it keeps their order."""
    chat, _ = room_of_three()
    chat.batch(("ann", Say(text="a", n=1)), ("ann", SetTopic(topic="t")), ("ann", Say(text="b", n=2)))
    entries = chat.take("bob")
    assert [(one["type"], one["seq"], one.get("n")) for one in entries] == [
        ("message", 1, 1), ("topic", 2, None), ("message", 3, 2),
    ]  # fmt: skip


def test_rules_stand_in_the_store(tmp_path: Path) -> None:
    """As the one row of their room, the newest ones."""
    with closing(Log(str(tmp_path / "chat.db"), "normal")) as log:
        log.append(1, Changes(rules=[("tea", b"{}"), ("den", b'{"owner":1}')]))
        log.append(2, Changes(rules=[("tea", b'{"topic":"x"}')]))
    with closing(Log(str(tmp_path / "chat.db"), "normal")) as log:
        assert log.state().rules == {"tea": b'{"topic":"x"}', "den": b'{"owner":1}'}


def test_what_is_over_does_not_stand() -> None:
    """To the millisecond."""
    assert Restraint("eve").stands(10**15)
    assert Restraint("eve", until=5).stands(4)
    assert not Restraint("eve", until=5).stands(5)
    assert Rules(owner=1, moderators={2: "bob"}).role(2) == "moderator"


def _hello(name: str) -> Any:

    return Hello(protocol=1, name=name)


def _back(chat: Chat, uid: int, link: str, rooms: dict[str, int]) -> list[dict[str, Any]]:
    """Somebody comes back with the token; what follows the welcome."""
    (session,) = chat.clients[uid].sessions
    chat.hello(link, token=chat._tokens[session.token_hash.hex()], rooms=rooms)
    return chat.take(link)
