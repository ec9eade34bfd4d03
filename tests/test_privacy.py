"""Whatever is asked in whatever order: who is not in a private room, or in a whisper, learns nothing of it.

Two hubs get the same; but what is done in private happens in one of them only. Eve, who is in none of that, must
get the very same from both.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from roomchat.protocol import (
    Ban,
    Bye,
    Command,
    Delete,
    Demote,
    Dial,
    History,
    InviteTo,
    Join,
    Kick,
    Leave,
    Mute,
    Name,
    PassOn,
    Promote,
    Rooms,
    Say,
    SetTopic,
    ShowRules,
    Stats,
    TakeBack,
    Unban,
    Unmute,
    Whisper,
    Who,
)
from tests.memory import Chat

FRIENDS, EVE = ("ann", "bob", "cyd"), "eve"
UIDS = {"ann": 1, "bob": 2, "cyd": 3, "eve": 4}
OPEN = st.sampled_from(["tea", "tea", "tea", "ops"])
PRIVATE = st.sampled_from(["+1/plans", "+1/plans", "+1/plans", "+2/plans", "+1/x"])
UID = st.integers(1, 5)
FRIEND_UID = st.integers(1, 3)
SECONDS = st.none() | st.just(5)
OF_SERVER = {"batches", "largest_batch"}  # what is counted of all that the server does, pings too


def deeds(room: st.SearchStrategy[str], uid: st.SearchStrategy[int]) -> st.SearchStrategy[Command]:
    """What can be done in a room."""
    return st.one_of(
        st.builds(Say, text=st.just("hello"), room=room),
        st.builds(Say, text=st.just("hello"), room=room),
        st.builds(SetTopic, topic=st.sampled_from(["", "about"]), room=room),
        st.builds(Kick, uid=uid, room=room),
        st.builds(Ban, uid=uid, room=room, seconds=SECONDS, address=st.booleans()),
        st.builds(Unban, uid=uid, room=room),
        st.builds(Mute, uid=uid, room=room, seconds=SECONDS),
        st.builds(Unmute, uid=uid, room=room),
        st.builds(Promote, uid=uid, room=room),
        st.builds(Demote, uid=uid, room=room),
        st.builds(PassOn, uid=uid, room=room),
        st.builds(Delete, seq=st.integers(1, 6), room=room),
        st.builds(History, room=room),
        st.builds(ShowRules, room=room),
        st.builds(Who, room=room),
        st.builds(Leave, room=room),
    )


IN_PUBLIC = st.one_of(
    deeds(OPEN, UID),
    st.builds(Join, room=OPEN),
    st.builds(Join, room=OPEN),
    st.builds(Join, room=OPEN),
    st.builds(Dial, uid=UID),
    st.builds(Name, name=st.sampled_from(["ann", "zoe", "yan"])),
    st.builds(Who),
    st.builds(Rooms),
    st.builds(Stats),
    st.sampled_from(["lose", "come back", "bye"]),
)
IN_PRIVATE = st.one_of(
    deeds(PRIVATE, UID),
    st.builds(Join, room=st.sampled_from(["plans", "x"]), private=st.just(True)),
    st.builds(Join, room=PRIVATE),
    st.builds(Join, room=PRIVATE, invitation=st.just("link")),
    st.builds(InviteTo, room=PRIVATE, uid=FRIEND_UID),
    st.builds(InviteTo, room=PRIVATE, uses=st.integers(1, 2), seconds=st.just(5)),
    st.builds(TakeBack, room=PRIVATE, uid=FRIEND_UID),
    st.builds(TakeBack, room=PRIVATE, number=st.integers(1, 2)),
    st.builds(Whisper, uid=FRIEND_UID, text=st.just("psst")),
)
PROBES = st.one_of(
    deeds(PRIVATE, UID),
    st.builds(Join, room=PRIVATE),
    st.builds(Join, room=PRIVATE, private=st.just(True)),
    st.builds(Join, room=PRIVATE, invitation=st.just("guessed")),
    st.builds(InviteTo, room=PRIVATE, uid=UID),
    st.builds(Whisper, uid=UID, text=st.just("hey")),
    st.builds(Say, text=st.just("hello"), room=st.sampled_from(["@1-2", "@1-3", "@2-3"])),
    st.builds(History, room=st.sampled_from(["@1-2", "@1-3"])),
    st.builds(Who, room=st.sampled_from(["@1-2", "@1-3"])),
)
FRIEND = st.sampled_from(FRIENDS)
STEPS = st.one_of(
    st.tuples(st.just("private"), FRIEND, IN_PRIVATE),
    st.tuples(st.just("private"), FRIEND, IN_PRIVATE),
    st.tuples(st.just("public"), FRIEND, IN_PUBLIC),
    st.tuples(st.just("public"), FRIEND, st.builds(Whisper, uid=st.just(4), text=st.just("psst"))),
    st.tuples(st.just("public"), st.just(EVE), IN_PUBLIC),
    st.tuples(st.just("public"), st.just(EVE), PROBES),
    st.tuples(st.just("public"), st.just(EVE), PROBES),
)
BEGIN: list[tuple[str, str, Any]] = [
    ("public", "ann", Join(room="tea")), ("public", EVE, Join(room="tea")),
    ("private", "ann", Join(room="plans", private=True)), ("private", "ann", InviteTo(uid=2, room="+1/plans")),
    ("private", "bob", Join(room="+1/plans")),
]  # fmt: skip


class People:
    """Those who talk over a hub of their own, each over one connection at a time."""

    def __init__(self) -> None:
        self.chat = Chat(resume_window=20)
        self.links: dict[str, str] = {}
        self.tokens = {name: self.chat.hello(name)["token"] for name in UIDS}
        self.links = {name: name for name in UIDS}
        self.invitation = "none yet"
        self.heard: dict[str, list[dict[str, Any]]] = defaultdict(list)  # by name, all that came so far
        self.count = 0
        self.take()

    def do(self, who: str, what: Any) -> None:
        """A step. It asks nothing of somebody who has no connection, but to come back."""
        link = self.links.get(who)
        if what == "come back":
            if link is None:
                self.count += 1
                self.links[who] = link = f"{who}.{self.count}"
                self.chat.hello(link, name=None, token=self.tokens[who], rooms={"tea": 0, "+1/plans": 0})
        elif link is not None:
            if what == "lose":
                self.chat.lose(self.links.pop(who))
            elif what == "bye":
                self.chat.batch((self.links.pop(who), Bye()))
            else:
                if isinstance(what, Join) and what.invitation == "link":
                    what = Join(room=what.room, invitation=self.invitation)
                self.chat.batch((link, what))
        self.take()

    def take(self) -> None:
        for link in [*self.chat.received]:
            for event in self.chat.take(link):
                if event["type"] == "invitation":
                    self.invitation = event["token"]
                self.heard[link.partition(".")[0]].append(event)

    def check(self) -> None:
        """Nobody who is banned is in the room, and nobody in a private room who is not invited."""
        registry = self.chat.registry
        for key, members in registry.rooms_to_clients.items():
            room = registry.rooms[key]
            for uid in members if room.rules else ():
                ban = room.rules.bans.get(uid)
                assert ban is None or not ban.stands(int(self.chat.now * 1000))
                assert not room.private or uid in room.rules.invited


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(STEPS, min_size=20, max_size=60), st.integers(0, 40), st.sampled_from([0.0, 6.0, 30.0]))
def test_an_outsider_learns_nothing_of_what_is_private(
    steps: list[tuple[str, str, Any]], pause_at: int, pause: float
) -> None:
    """No entry, name, member, topic, count or error that eve gets depends on it; nor does it matter that time
    passes, or that people leave and come back."""
    whole, without = People(), People()
    for number, (kind, who, what) in enumerate(BEGIN + steps):
        if number == pause_at:
            for one in (whole, without):
                one.chat.wait(pause)
                one.take()
        whole.do(who, what)
        if kind == "public":
            without.do(who, what)
        whole.check()
        assert told(whole) == told(without)


def told(people: People) -> list[dict[str, Any]]:
    """What eve was told."""
    events = [{key: value for key, value in event.items() if key not in OF_SERVER} for event in people.heard[EVE]]
    people.heard[EVE].clear()
    return events


ROOM = st.sampled_from(["tea", "+1/plans"])
AT_THE_DOOR = st.tuples(
    st.just("public"),
    st.sampled_from([*FRIENDS, EVE, "ann", "ann", "ann"]),
    st.one_of(
        st.builds(Join, room=ROOM),
        st.builds(Join, room=ROOM),
        st.builds(Join, room=ROOM, invitation=st.just("link")),
        st.builds(Dial, uid=UID),
        st.builds(Ban, uid=UID, room=ROOM, seconds=SECONDS),
        st.builds(Ban, uid=UID, room=ROOM, seconds=SECONDS),
        st.builds(Unban, uid=UID, room=ROOM),
        st.builds(Kick, uid=UID, room=ROOM),
        st.builds(InviteTo, room=st.just("+1/plans"), uid=UID),
        st.builds(InviteTo, room=st.just("+1/plans"), uses=st.just(1), seconds=st.just(5)),
        st.builds(Say, text=st.just("hello"), room=ROOM),
        st.builds(Promote, uid=UID, room=ROOM),
        st.sampled_from(["lose", "come back", "bye"]),
    ),
)


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(STEPS, min_size=20, max_size=60) | st.lists(AT_THE_DOOR, min_size=20, max_size=60),
    st.sampled_from([None, 0, 20]),
    st.integers(0, 40),
)
def test_who_is_not_in_a_room_gets_nothing_of_it(
    steps: list[tuple[str, str, Any]], disk: int | None, pause_at: int
) -> None:
    """Neither before it has joined nor after it has left, was kicked or banned, or was refused: no entry, and no
    coming and going. And each entry is by whoever asked for it: nobody acts as another."""
    people = People()
    rooms: dict[str, set[str]] = {name: set() for name in UIDS}
    for number, (_, who, what) in enumerate(BEGIN + steps):
        people.chat.disk_works = number != disk or what == "come back"  # who has no seat is not let in then
        if number == pause_at:
            people.chat.now += 6.0
        before = {room: len(log) for room, log in people.chat.log.items()}
        link = people.links.get(who)
        people.do(who, what)
        people.check()
        for room, log in people.chat.log.items():
            for entry in log[before.get(room, 0) :]:
                assert entry["uid"] == UIDS[who], entry
                assert link is not None or what == "come back"
        if what in ("lose", "bye") or link is None:
            rooms[who].clear()
        for name, heard in people.heard.items():
            for event in heard:
                check(event, rooms[name])
            heard.clear()


def check(event: dict[str, Any], rooms: set[str]) -> None:
    """Against the rooms in which its receiver is."""
    kind, room = event["type"], event.get("room")
    if kind == "joined":
        rooms.add(room)
    elif kind == "left":
        assert room in rooms
        rooms.remove(room)
    elif "seq" in event or kind.startswith(("member_", "away", "back", "presence")):
        assert room in rooms, event
    elif kind == "history":
        assert room in rooms
