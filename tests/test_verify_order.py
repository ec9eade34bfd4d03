"""`roomchat verify`, order in rooms: the checker on records made by hand, and those of hubs with faults."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence

import pytest
from msgspec.structs import replace

from roomchat.chat import entering, moderation
from roomchat.chat.rule_book import RuleBook
from roomchat.chat.rules import Rules
from roomchat.chat.state import Room
from roomchat.protocol import (
    AnyEntry,
    Ban,
    Banned,
    Entry,
    Join,
    Kick,
    Kicked,
    Message,
    Mute,
    Muted,
    OwnerChanged,
    Say,
    Unban,
    Unbanned,
    Unmute,
    Unmuted,
)
from roomchat.verify.order import check_order
from roomchat.verify.records import (
    Answered,
    Asking,
    Entered,
    Heard,
    Inviting,
    Record,
    Refused,
    Said,
    Saying,
    Started,
)
from roomchat.wires.native import decode_entries
from tests.memory import Chat

STEPS = 300
ANN, BOB, EVE = 1, 2, 3
DEN = "+1/den"
TS = "2026-01-01T00:00:00.000Z"
WHO = {ANN: "ann", BOB: "bob", EVE: "eve"}


def said(room: str, seq: int, uid: int) -> AnyEntry:
    return Message(room, seq, uid, WHO[uid], TS, "hello" if seq > 1 else "before")


def done(make: type, room: str, seq: int, whom: int) -> AnyEntry:
    entry: AnyEntry = make(room, seq, ANN, "ann", TS, whom, WHO[whom])
    return entry


def story() -> tuple[dict[str, list[Record]], dict[str, list[AnyEntry]]]:
    """Ann keeps order, and bob suffers it; both are in her private room for a while. Eve is in neither."""
    log = {
        "order": [
            said("order", 1, ANN), done(Kicked, "order", 2, BOB), said("order", 3, ANN), said("order", 4, BOB),
            done(Banned, "order", 5, BOB), said("order", 6, ANN), done(Unbanned, "order", 7, BOB),
            done(Muted, "order", 8, BOB), said("order", 9, ANN), done(Unmuted, "order", 10, BOB),
            said("order", 11, BOB),
        ],
        DEN: [
            done(OwnerChanged, DEN, 1, ANN), said(DEN, 2, BOB), done(Kicked, DEN, 3, BOB), said(DEN, 4, ANN),
            said(DEN, 5, BOB),
        ],
    }  # fmt: skip
    bob: list[Record] = [
        Started(BOB), Asking("order"), Entered("order", 0), Heard("order", 1), Heard("order", 2), Asking("order"),
        Entered("order", 2), Heard("order", 3), Heard("order", 4), Heard("order", 5), Asking("order"),
        Entered("order", 7), Heard("order", 8), Heard("order", 11),
        Heard(DEN, 0), Heard(DEN, 2), Heard(DEN, 3), Heard(DEN, 5),
    ]  # fmt: skip
    ann: list[Record] = [
        Started(ANN), Asking("order"), Entered("order", 0), Heard("order", 1), Answered("order", 2),
        Heard("order", 11), Inviting(DEN, BOB), Inviting(DEN, BOB), Heard(DEN, 5),
    ]  # fmt: skip
    return {"ann": ann, "bob": bob, "eve": [Started(EVE)]}, log


def test_a_story_without_a_fault_has_no_violation() -> None:
    """Out and in again, banned and let in, muted and heard again."""
    assert list(check_order(*story())) == []


CHANGES: dict[str, tuple[str, Record, Sequence[Record], str]] = {
    "not done": (
        "ann", Answered("order", 2), [Answered("order", 3)],
        "ann was told that seq 3 of order is what it asked; it is not.",
    ),
    "brought back": (
        "bob", Entered("order", 2), [Entered("order", 2), Entered("order", 2)], "",
    ),
    "seen while banned": (
        "bob", Heard("order", 5), [Heard("order", 5), Heard("order", 6)],
        "bob was banned at seq 5, and saw seq 6 of order.",
    ),
    "let in too early": (
        "bob", Entered("order", 7), [Entered("order", 6)], "bob was banned at seq 5, and saw seq 8 of order.",
    ),
    "not invited": (
        "eve", Started(EVE), [Started(EVE), Heard(DEN, 0)],
        "eve heard of the private room +1/den (seq 0), and was not asked in.",
    ),
    "invited once": (
        "ann", Inviting(DEN, BOB), [], "bob heard of the private room +1/den (seq 5), and was not asked in.",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("whose", "old", "new", "sentence"), CHANGES.values(), ids=CHANGES)
def test_each_violation_is_found(whose: str, old: Record, new: list[Record], sentence: str) -> None:
    """One change of the story, and the sentence that tells of it; where there is none, it is no violation."""
    records, log = story()
    place = records[whose].index(old)
    records[whose][place : place + 1] = new
    assert (sentence in list(check_order(records, log))) if sentence else not list(check_order(records, log))


def test_a_hello_that_brings_one_back_is_found() -> None:
    """Bob did not ask to come in again after the kick."""
    records, log = story()
    second = [place for place, one in enumerate(records["bob"]) if one == Asking("order")][1]
    del records["bob"][second]
    assert "bob was kicked, did not ask to come back, and saw seq 3 of order." in list(check_order(records, log))


def test_what_another_device_asked_answers_nothing() -> None:
    """Bob's own asking waits still, and may be what brings him back after the kick."""
    records, log = story()
    second = [place for place, one in enumerate(records["bob"]) if one == Asking("order")][1]
    del records["bob"][second]
    records["bob"][2] = Entered("order", 0, by_other=True)
    assert list(check_order(records, log)) == []


def test_a_program_that_begins_anew_asks_to_come_in_where_it_has_something_to_say() -> None:
    """Its library does, if it does not know any more that it was put out; not for what has come back, or was
    refused."""

    def found(*more: Record) -> list[str]:
        records, log = story()
        second = [place for place, one in enumerate(records["bob"]) if one == Asking("order")][1]
        records["bob"][second : second + 1] = [*more, Started(BOB)]
        return list(check_order(records, log))

    saying, said = Saying("order", "hello"), Said(1, "hello")
    assert found(saying, said) == []
    kicked = "bob was kicked, did not ask to come back, and saw seq 3 of order."
    assert kicked in found()
    assert kicked in found(Saying("tea", "hello"), said)
    assert kicked in found(saying, said, Refused(1, "not_in_room"))
    assert kicked in found(Saying("order", "before"), Said(1, "before"), Heard("order", 1))


def test_who_speaks_while_banned_or_muted_is_found() -> None:
    """In the log itself."""
    records, log = story()
    log["order"][5] = said("order", 6, BOB)
    log["order"][8] = said("order", 9, BOB)
    found = list(check_order(records, log))
    assert "Client 2 was banned in order, and said seq 6 there." in found
    assert "Client 2 was muted in order, and said seq 9 there." in found


# ---------------------------------------------------------------- seeded faults


def play(seed: int) -> tuple[dict[str, list[Record]], dict[str, list[AnyEntry]]]:
    """What three people do in a room, at random, and the server is killed at times: their records, and the log."""
    choose = random.Random(seed)
    chat = Chat()
    uids = {name: uid for uid, name in WHO.items()}
    tokens = {name: chat.hello(name)["token"] for name in WHO.values()}
    links = {name: name for name in tokens}  # of those who are connected
    records: dict[str, list[Record]] = {name: [Started(uid)] for uid, name in WHO.items()}
    records["ann"].append(Asking("order"))
    chat.batch(("ann", Join(room="order")))
    for step in range(STEPS):
        who, uid = choose.choice(list(tokens)), choose.choice([BOB, EVE])
        if who not in links:
            links[who] = f"{who}.{step}"
            rooms = {"order": 0} if Asking("order") in records[who] else {}
            chat.hello(links[who], name=None, token=tokens[who], rooms=rooms)
        elif who == "ann":
            deeds = [Kick(uid=uid), Ban(uid=uid), Unban(uid=uid), Unban(uid=uid), Mute(uid=uid), Unmute(uid=uid)]
            command = choose.choice(deeds)
            command.room = "order"
            chat.batch((links[who], command))
        elif choose.random() < 0.3 and who != "ann":
            chat.lose(links.pop(who))
        elif chat.registry.clients_to_rooms[uids[who]]:  # it knows that it is in
            chat.batch((links[who], Say(text="hello", room="order")))
        else:
            records[who].append(Asking("order"))
            chat.batch((links[who], Join(room="order", history=0)))
        if step % 50 == 49:
            listen(chat, records)
            chat.restart()
            links.clear()
        listen(chat, records)
    entries = decode_entries("".join(json.dumps(one) + "\n" for one in chat.log["order"]).encode())
    return records, {"order": [entry for entry in entries if isinstance(entry, Entry)]}


def listen(chat: Chat, records: dict[str, list[Record]]) -> None:
    """Write down what came."""
    for link in [*chat.received]:
        own = records[link.partition(".")[0]]
        for event in chat.take(link):
            if event["type"] == "joined":
                own.append(Entered(event["room"], event["last_seq"]))
            elif event["type"] == "done":
                own.append(Answered(event["room"], event["entry"]))
            elif "seq" in event:
                own.append(Heard(event["room"], event["seq"]))


def test_a_hub_without_a_fault_has_no_violation() -> None:
    """Whatever people do, and however often the server is killed."""
    for seed in range(8):
        records, log = play(seed)
        assert sum(isinstance(entry, Kicked | Banned) for entry in log["order"]) > 10
        assert list(check_order(records, log)) == []


def test_a_kick_that_is_forgotten_when_somebody_comes_back_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their hello brings them into the room out of which they were put."""
    check = entering.check_admitted
    monkeypatch.setattr(entering, "check_admitted", lambda *of, asks: check(*of, asks=True))
    assert any("did not ask to come back" in one for one in check_order(*play(1)))


def test_a_ban_that_is_forgotten_when_the_server_starts_again_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the log has of it is not read."""
    monkeypatch.setattr(RuleBook, "set_rules", without_bans(RuleBook.set_rules))
    assert any("was banned at seq" in one for one in check_order(*play(1)))


def without_bans(real: Callable[..., None]) -> Callable[..., None]:
    def forget(self: RuleBook, room: Room, rules: Rules | None) -> None:
        real(self, room, rules if rules is None or room.rules is not None else replace(rules, bans={}))

    return forget


def test_a_ban_that_lets_one_connection_be_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is banned while in the room goes on hearing what is said there."""
    monkeypatch.setattr(moderation, "_put_out", lambda *of: None)
    assert any("was banned at seq" in one for one in check_order(*play(1)))
