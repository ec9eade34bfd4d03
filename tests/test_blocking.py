"""Blocking: who is blocked reaches nobody by whispers or dials, does not learn why, and that is kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from roomchat.client.address import Address
from roomchat.client.client import Client
from roomchat.client.session import Session
from roomchat.client.state import State
from roomchat.errors import Denied
from roomchat.protocol import (
    Block,
    Blocked,
    Bye,
    Dial,
    Error,
    InviteTo,
    Join,
    Pong,
    Say,
    Unblock,
    Welcome,
    Whisper,
)  # fmt: skip
from roomchat.server import Server
from roomchat.settings import Settings
from tests.conftest import QUIET
from tests.memory import Chat
from tests.peer import Peer
from tests.test_session import welcome

PEOPLE = ["ann", "bob", "cat"]
STEPS = st.tuples(
    st.sampled_from(["block", "block", "unblock", "whisper", "whisper", "say", "dial", "leave", "fail"]),
    st.sampled_from(PEOPLE),
    st.sampled_from(PEOPLE),
)


def gone(uid: int) -> str:
    """What is said of somebody who never comes back."""
    return f"The person with UID {uid} is offline."


@settings(deadline=None, max_examples=150)
@given(st.lists(STEPS, max_size=30))
def test_nobody_hears_from_whom_they_have_blocked(steps: list[tuple[str, str, str]]) -> None:
    """Whatever is blocked and unblocked in whatever order, here or not: what gets through is what a set says, and
    a person is told nothing of who has blocked them."""
    chat = Chat(resume_window=0)
    tokens = {name: chat.hello(name)["token"] for name in PEOPLE}
    uids = {name: chat.registry.peers[name].session.client.uid for name in PEOPLE}  # type: ignore[union-attr]
    links = {name: name for name in PEOPLE}
    blocks: set[tuple[str, str]] = set()
    for number, (step, who, whom) in enumerate(steps):
        chat.disk_works = True
        chat.received.clear()
        if who not in links:
            links[who] = f"{who}.{number}"
            welcome = chat.hello(links[who], token=tokens[who])
            assert welcome.get("blocked", []) == sorted(uids[two] for one, two in blocks if one == who)
            chat.received.clear()
        link, uid = links[who], uids[whom]
        if step == "leave":
            chat.batch((link, Bye()))
            del links[who]
            continue
        pair = "@{}-{}".format(*sorted((uids[who], uid)))
        command = {
            "block": Block(uid=uid), "fail": Block(uid=uid), "unblock": Unblock(uid=uid), "dial": Dial(uid=uid),
            "whisper": Whisper(uid=uid, text="psst"), "say": Say(room=pair, text="psst"),
        }[step]  # fmt: skip
        chat.disk_works = step != "fail"
        chat.batch((link, command))
        mine = chat.take(link)
        if step in ("block", "unblock", "fail"):
            refused = (who == whom and step != "unblock") or (step == "fail" and (who, whom) not in blocks)
            done = "unblocked" if step == "unblock" else "blocked"
            assert [one["type"] for one in mine] == ["error" if refused else done]
            if who != whom and step == "block":
                blocks.add((who, whom))
            elif step == "unblock":
                blocks.discard((who, whom))
        elif who != whom and (who, whom) in blocks:
            assert mine[-1].get("code") in ("blocked", "not_in_room")
        elif who != whom and (whom, who) in blocks:
            assert mine[-1].get("code") == "not_in_room" or mine[-1]["message"] == gone(uid)
        elif who != whom and step == "whisper":
            assert mine[-1]["type"] == "message"
        for name, other in links.items():
            if (name, who) in blocks and name != who:
                assert not any(one["type"] in ("message", "joined", "blocked") for one in chat.take(other))


def test_the_refusal_is_that_of_somebody_who_is_gone(
    serve: Callable[..., Server], connect: Callable[..., Peer]
) -> None:
    """Byte for byte, whether the one who blocked is here, away, or has no seat."""
    server = serve()
    bob, ann = connect(server, "bob"), connect(server, "ann")
    ann.send("block", uid=bob.uid)
    ann.until("blocked")

    def refused(**fields: object) -> str:
        bob.send(**fields)
        return json.dumps(bob.until("error"))

    wanted = json.dumps({"type": "error", "code": "offline", "message": gone(ann.uid)})
    assert {refused(type="whisper", uid=ann.uid, text="psst"), refused(type="dial", uid=ann.uid)} == {wanted}
    ann.send("bye")
    ann.until("bye")
    assert {refused(type="whisper", uid=ann.uid, text="psst"), refused(type="dial", uid=ann.uid)} == {wanted}


def test_it_holds_after_a_restart(tmp_path: Path) -> None:
    """Of one who comes back to a seat, and of one who has none meanwhile."""
    db = str(tmp_path / "log.db")
    with Server(Settings(**QUIET | {"db": db})) as server:
        ann, bob = Peer(server.address), Peer(server.address)
        ann.hello("ann")
        bob.hello("bob")
        for peer in (ann, bob):
            peer.join("den")
            peer.send("say", text="hi")
            peer.until("message")
        ann.send("block", uid=bob.uid)
        ann.until("blocked")
        tokens = ann.token, bob.token
        ann.close()
        bob.close()
    with (
        Server(Settings(**QUIET | {"db": db})) as server,
        Peer(server.address) as ann,
        Peer(server.address) as bob,
    ):
        bob.resume(tokens[1])
        bob.send("whisper", uid=1, text="psst")
        assert bob.until("error")["message"] == gone(1)
        assert ann.resume(tokens[0])["blocked"] == [2]
        ann.send("unblock", uid=2)
        ann.until("unblocked")
        ann.send("bye")
        ann.until("bye")
    with Server(Settings(**QUIET | {"db": db})) as server, Peer(server.address) as ann:
        assert "blocked" not in ann.resume(tokens[0])


# ---------------------------------------------------------------- clients


def welcomed(*features: str, blocked: list[int] | None = None, epoch: str = "e") -> Welcome:
    return replace(welcome(epoch=epoch), features=[*features], blocked=blocked or [])


def told(session: Session, event: Welcome) -> list[int]:
    """Whom a client blocks by itself, when it is welcomed so; the server does that."""
    asked = [one.uid for one in session.receive(event).send if isinstance(one, Block)]
    for uid in asked:
        session.receive(Blocked(uid=uid, re="block"))
    session.receive(Pong(re="caught-up"))
    return asked


def test_whom_one_ignored_before_is_blocked(tmp_path: Path) -> None:
    """A file of 0.1.0, with a server that does not keep it yet, then with one that does: it is told once. Then
    the server is right, which is told by all devices."""
    with closing(State(Address("localhost", 5050), "ann", tmp_path)) as state:
        session = Session("ann")
        session.receive(welcomed())
        session.blocks.take(Blocked(uid=7))
        state.save(session)
        state._connection.execute("DELETE FROM identity WHERE key = 'blocks_kept'")  # as 0.1.0 left it
    with closing(State(Address("localhost", 5050), "ann", tmp_path)) as state:
        again = Session("ann")
        state.load(again)
        assert told(again, welcomed()) == []
        assert again.blocks.uids == {7}
        assert told(again, welcomed("block", blocked=[8])) == [7]
        assert again.blocks.uids == {7, 8}
        state.save(again)
    with closing(State(Address("localhost", 5050), "ann", tmp_path)) as state:
        later = Session("ann")
        state.load(later)
        assert later.blocks.uids == {7, 8}
        assert told(later, welcomed("block", blocked=[8])) == []  # unblocked from another device
        assert later.blocks.uids == {8}
        later.receive(welcomed("block", epoch="another"))
        assert later.blocks.uids == frozenset()


def test_it_is_told_again_if_the_connection_was_lost_before_it_was_heard() -> None:
    """Only behind the answers the server is believed to know."""
    session = Session("ann")
    session.receive(welcomed())
    session.blocks.take(Blocked(uid=7))
    assert [one.uid for one in session.receive(welcomed("block")).send if isinstance(one, Block)] == [7]
    assert told(session, welcomed("block")) == [7]


def test_all_devices_of_a_person_know(serve: Callable[..., Server], tmp_path: Path) -> None:
    """The library's methods, and what another session of the same client is told."""
    server = serve()
    address = "{}:{}".format(*server.address)
    with Client(address, "ann", state=tmp_path) as ann, Client(address, "bob", state=False) as bob:
        ann.block(bob.uid)
        ann.block(bob.uid)
        assert ann.blocked == {bob.uid}
        bob.whisper(ann.uid, "psst")
        assert next(one for one in bob.events(20) if isinstance(one, Error)).code == "offline"
        with pytest.raises(Denied) as denied:
            ann.block(ann.uid)
        assert denied.value.code == "self_target"
        uid = bob.uid
    with Client(address, "ann", state=tmp_path) as ann:
        assert ann.blocked == {uid}
        ann.unblock(uid)
        assert ann.blocked == frozenset()


def test_the_other_devices_are_told() -> None:
    """Of an account that is here on two: each knows at once, also the one that asked."""
    chat = Chat(password_cost="cheapest")
    chat.hello("phone", name="ann", password="correct horse", register=True)
    chat.hello("laptop", name="ann", password="correct horse")
    uid = chat.hello("bob")["uid"]
    chat.received.clear()
    for step, told in ((Block(uid=uid, id=7), "blocked"), (Unblock(uid=uid, id=7), "unblocked")):
        assert chat.do("phone", step) == [{"type": told, "re": 7, "uid": uid}]
        assert chat.take("laptop") == [{"type": told, "uid": uid}]
    assert chat.take("bob") == []
    chat.batch(("phone", Block(uid=uid)))
    assert chat.hello("tablet", name="ann", password="correct horse")["blocked"] == [uid]


def test_who_is_blocked_asks_nobody_into_a_room() -> None:
    """Its name would be words to the person; whoever asks does not learn it."""
    chat = Chat()
    tokens = {name: chat.hello(name)["token"] for name in ("ann", "bob")}
    chat.do("ann", Block(uid=2))
    chat.do("bob", Join(room="hear_me", private=True))
    chat.take("ann")
    assert [one["type"] for one in chat.do("bob", InviteTo(uid=1))] == ["invited"]
    assert chat.take("ann") == []
    chat.hello("ann again", token=tokens["ann"])
    assert chat.take("ann again") == []
    chat.do("ann again", Unblock(uid=2))
    chat.take("ann again")
    chat.hello("ann once more", token=tokens["ann"])
    assert [one["type"] for one in chat.take("ann once more")] == ["invited"], "it was only not told"
