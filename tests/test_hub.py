"""The hub, where a transcript can't say it well: batches, segments, rollbacks, deadlines, replays."""

from __future__ import annotations

from hashlib import sha256

import pytest

from roomchat.account import Invite
from roomchat.chat.effects import Replay
from roomchat.chat.inputs import Administer, Connected, Disconnected, NewAccount, Shutdown
from roomchat.protocol import (
    Bye,
    Dial,
    Error,
    Hello,
    History,
    InviteTo,
    Join,
    Leave,
    Name,
    Ping,
    Rooms,
    Say,
    Whisper,
    Who,
)
from roomchat.protocol.administration import Ban
from roomchat.wires.native import encode
from tests.memory import Chat, brief, snapshot


def den(*names: str, **settings: object) -> Chat:
    """A chat with these clients in one room."""
    chat = Chat(**settings)
    chat.hellos(*names)
    chat.batch(*((name, Join(room="den")) for name in names))
    chat.received.clear()
    return chat


def replays(chat: Chat) -> list[tuple[str, int | None, int]]:
    """Of the last batch: (room, after, upto)."""
    return [(one.room.name, one.after, one.upto) for one in chat.effects.deliveries if isinstance(one, Replay)]


# ---------------------------------------------------------------- segments


def test_messages_of_a_batch_share_a_segment():
    """What a room says in one batch is one segment with one audience, whatever other rooms say in between."""
    chat = den("ann", "bob")
    chat.do("bob", Join(room="attic"))
    chat.batch(
        ("ann", Say(text="1")),
        ("bob", Say(room="attic", text="x")),
        ("bob", Say(room="den", text="2")),
        ("ann", Ping()),
        ("ann", Say(text="3")),
    )
    found = [(one.room.name, [m.text for m in one.entries], one.audience.links) for one in chat.effects.segments]
    assert found == [("den", ["1", "2", "3"], ("ann", "bob")), ("attic", ["x"], ("bob",))]
    assert [m.seq for m in chat.effects.segments[0].entries] == [1, 2, 3]


def test_a_join_and_a_leave_close_the_segment():
    """In one batch, members before a join or leave get what was said before it, and those after it the rest."""
    chat = den("ann", "cyd")
    chat.hellos("bob")
    chat.batch(
        ("ann", Say(text="1")),
        ("bob", Join(room="den", history=0)),
        ("ann", Say(text="2")),
        ("cyd", Leave(room="den")),
        ("ann", Say(text="3")),
        ("ann", Say(text="4")),
    )
    assert [[m.text for m in one.entries] for one in chat.effects.segments] == [["1"], ["2"], ["3", "4"]]
    seen = ["den: 1", "member_joined den", "den: 2", "member_left den", "den: 3", "den: 4"]
    assert brief(chat.take("ann")) == seen
    assert brief(chat.take("bob")) == ["joined den", "den: 2", "member_left den", "den: 3", "den: 4"]
    assert brief(chat.take("cyd")) == ["den: 1", "member_joined den", "den: 2", "left den"]


def test_a_history_in_the_middle_of_a_batch_has_each_message_once():
    """Who joins between two messages of a batch gets the first from the log and the second as it happens."""
    chat = den("ann")
    chat.hellos("bob")
    chat.batch(("ann", Say(text="1")), ("bob", Join(room="den")), ("ann", Say(text="2")))
    assert replays(chat) == [("den", None, 1)]
    assert brief(chat.take("bob")) == ["joined den", "den: 1", "den: 2"]


@pytest.mark.parametrize("command", [Join(room="den"), Join(room="den", after=0), Dial(uid=1)])
def test_a_joined_stands_between_what_was_said_before_and_after_it(command):
    """Also for who is in the room already: its ``last_seq`` is never below a message that came before it, or a
    client would take its cursor back, and be sent again what it has seen."""
    chat = den("ann", "bob")
    chat.batch(("ann", Say(text="1")), ("bob", command), ("ann", Say(text="2")))
    events = [event for event in chat.take("bob") if event["type"] == "joined" or event.get("seq") == 2]
    assert brief(events) == ["joined den", "den: 2"]
    assert events[0]["last_seq"] == 1


def test_a_new_name_closes_the_segment():
    """The others hear of a new name between the messages under the old one and those under the new one."""
    chat = den("ann", "bob")
    chat.batch(("ann", Say(text="1")), ("ann", Name(name="anna")), ("ann", Say(text="2")))
    events = chat.take("bob")
    assert brief(events) == ["den: 1", "renamed", "den: 2"]
    assert [event["name"] for event in events] == ["ann", "anna", "anna"]


def test_a_new_name_is_told_once():
    """Who shares several rooms with a client hears of its new name once; who shares none does not."""
    chat = den("ann", "bob")
    chat.hellos("cyd")
    chat.batch(*((who, Join(room=room)) for who in ("ann", "bob") for room in ("attic", "cellar")))
    chat.do("ann", Whisper(uid=2, text="psst"))
    chat.received.clear()
    chat.batch(("ann", Name(name="anna")))
    assert brief(chat.take("bob")) == ["renamed"]
    assert chat.take("cyd") == []


# ---------------------------------------------------------------- what can't be stored


INVITE = b"the hash of a token"


def everything() -> tuple[Chat, list]:
    """A chat with a bit of all, and a batch that changes all of it."""
    chat = den("ann", "bob", "cyd", "dan", resume_window=5, large_room=2, accounts="invite")
    chat.do("ann", Whisper(uid=2, text="psst", n=1), Say(room="den", text="hi", n=2))
    chat.do("cyd", Join(room="attic"), Leave(room="attic"), Join(room="attic"))
    eve = chat.hello("eve")
    chat.lose("eve")
    chat.registry.set_invite(INVITE, Invite(uses=1, ends=2**50))
    chat.registry.begin()
    return chat, [
        ("new", Connected("10.0.0.9")),
        ("new", Hello(protocol=1, name="new", rooms={"den": 0, "cellar": 0})),
        ("new", NewAccount("a hash", INVITE)),
        ("new", Dial(uid=5)),
        ("ann", Say(text="1", n=3)),
        ("ann", Say(text="", n=4)),
        ("ann", Name(name="Anna")),
        ("ann", Leave(room="den")),
        ("cyd", Leave(room="attic")),
        ("cyd", Leave(room="den")),
        ("cyd", Dial(uid=4)),
        ("dan", Leave(room="den")),
        ("dan", Leave()),
        ("cyd", Dial(uid=4)),
        ("cyd", Whisper(uid=4, text="hush")),
        ("bob", Name(name="ann")),
        ("cyd", Join(room="plans", private=True)),
        ("cyd", InviteTo(uid=1)),
        ("ann", Join(room="den")),
        ("bob", Bye()),
        ("dan", Disconnected("gone")),
        ("eve2", Connected("10.0.0.1")),
        ("eve2", Hello(protocol=1, token=eve["token"], name="evelyn", rooms={"den": 0})),
        ("eve3", Connected("10.0.0.2")),
        ("eve3", Hello(protocol=1, token=eve["token"])),
        (-1, Administer("root", Ban(uid=2))),
    ]


def test_a_rollback_restores_everything():
    """After a rollback the registry holds exactly what it held before the batch, record by record."""
    chat, inputs = everything()
    before = snapshot(chat.registry)
    chat.apply(inputs, later=60)
    assert {name for name, was in before.items() if snapshot(chat.registry)[name] == was} == set()
    chat.hub.rollback()
    assert snapshot(chat.registry) == before


def test_after_a_rollback_the_batch_goes_as_if_for_the_first_time():
    """The same batch after a rollback has the same effects, numbers included."""
    chat, inputs = everything()
    chat.apply(inputs)
    chat.hub.rollback()
    chat.batch(*inputs)
    other, inputs = everything()
    other.batch(*inputs)
    assert list(chat.log.items()) == list(other.log.items())
    assert chat.registry.next_uid == other.registry.next_uid == 7
    for link in other.received:  # the new client's token is another
        assert brief(chat.received[link]) == brief(other.received[link])


def test_a_failed_batch_leaves_no_hole():
    """Messages and clients that could not be stored take no seq, n, UID or room number with them."""
    chat = den("ann", "bob")
    chat.disk_works = False
    chat.connect("cyd")
    assert brief(chat.do("ann", Say(text="1", n=1), Leave(), Ping())) == [
        "error storage_unavailable",
        "left den",
        "pong",
    ]
    gone = ["member_left den", "left den", "error storage_unavailable"]
    assert brief(chat.do("bob", Leave(), Dial(uid=1))) == gone
    assert brief(chat.do("cyd", Hello(protocol=1, name="cyd"))) == ["error storage_unavailable"]
    chat.disk_works = True
    assert chat.do("cyd", Hello(protocol=1, name="cyd"))[0]["uid"] == 3
    assert chat.do("bob", Dial(uid=1))[0]["room"] == "r1"
    assert [one["seq"] for one in chat.do("bob", Join(room="den"), Say(text="1", n=1))[1:]] == [1]


# ---------------------------------------------------------------- numbers


def test_a_uid_is_never_given_twice():
    """A UID stays the client's own when it has gone, and when its name has a new owner."""
    chat = Chat(resume_window=0)
    assert chat.hellos("ann", "bob") == [1, 2]
    chat.do("ann", Bye())
    chat.lose("bob")
    assert chat.hellos("cyd") == [3]
    chat.connect("ann2")
    assert chat.do("ann2", Hello(protocol=1, name="ann"))[0]["uid"] == 4


def test_a_dialled_room_gets_a_number_that_no_room_has():
    """Numbers of dialled rooms rise, skip rooms that are called so, and do not come again when a room is gone."""
    chat = Chat()
    chat.hellos("ann", "bob", "cyd")
    chat.do("cyd", Join(room="r1"))
    chat.do("cyd", Join(room="R3"))
    names = []
    for _ in range(3):
        names.append(chat.do("ann", Dial(uid=2))[0]["room"])
        chat.batch(("ann", Leave()), ("bob", Leave()))
        chat.received.clear()
    assert names == ["r2", "r4", "r5"]


def test_a_dial_from_both_sides_at_once_makes_one_room():
    """Two clients that dial each other in one batch are in one room, and in no other."""
    chat = Chat()
    chat.hellos("ann", "bob")
    chat.batch(("ann", Dial(uid=2)), ("bob", Dial(uid=1)))
    assert chat.do("ann", Rooms())[-1]["rooms"] == [{"room": "r1", "members_total": 2, "last_seq": 0}]


def test_only_rooms_with_members_or_messages_are_kept():
    """A room that nobody is in and nothing was said in is forgotten, however it came to be."""
    chat = Chat(max_rooms=1)
    chat.hellos("ann", "bob")
    chat.do("ann", Join(room="a"), Leave(), Dial(uid=2), Leave())
    chat.do("bob", Leave())
    chat.hello("cyd", rooms={f"cellar{i}": 0 for i in range(2)})
    assert list(chat.registry.rooms) == ["cellar0"]


def test_a_map_of_too_many_rooms_is_refused_before_it_is_read():
    """One line of a stranger costs the hub no more than any other: no name in it is looked at."""
    chat = Chat()
    for link, form in (("a", "\ud55c{}"), ("b", "@1-{}"), ("c", "no name {}")):
        chat.connect(link)
        rooms = {form.format(number): 0 for number in range(2, 2 + 201)}
        assert brief(chat.do(link, Hello(protocol=1, name="eve", rooms=rooms))) == ["error too_many_rooms"]
    assert not chat.registry.rooms
    assert not chat.registry.clients


# ---------------------------------------------------------------- lists


def test_lists_are_cut_at_a_hundred():
    """Every list has at most a hundred entries and the total; asking behind the last one gives the rest."""
    chat = Chat()
    names = [f"c{i:03}" for i in range(130)]
    chat.hellos(*names)
    chat.batch(*((name, Join(room="den")) for name in names), *((name, Join(room=name)) for name in names))
    chat.received.clear()
    welcome = chat.hello("ann")
    assert (len(welcome["clients"]), welcome["clients_total"]) == (100, 131)
    assert (len(welcome["rooms"]), welcome["rooms_total"]) == (100, 131)
    first, rest = chat.do("ann", Who(), Who(after=100))
    assert [one["uid"] for one in first["clients"] + rest["clients"]] == list(range(1, 132))
    assert first["clients_total"] == rest["clients_total"] == 131
    first, rest = chat.do("ann", Rooms(), Rooms(after="c099"))
    assert [one["room"] for one in first["rooms"] + rest["rooms"]] == [*names, "den"]
    joined = chat.do("ann", Join(room="den"))[0]
    assert (len(joined["members"]), joined["members_total"]) == (100, 131)


@pytest.mark.parametrize("command", [Join, Leave, Who, Rooms])
def test_a_refusal_fits_into_a_line(command):
    """The longest line that can be sent gets no answer that is longer."""
    chat = den("ann")
    field = "after" if command is Rooms else "room"
    name = "@" + "n" * (chat.settings.max_line - len(encode(command(**{field: "@"}))) + 1)
    (event,) = chat.do("ann", encode(command(**{field: name})))
    assert event["code"] in ("private_room", "not_in_room", "no_such_room", "bad_name")
    assert len(encode(Error(code=event["code"], message=event["message"]))) <= chat.settings.max_line


# ---------------------------------------------------------------- coming back


def test_a_session_returns_to_its_rooms():
    """Who comes back is in its old rooms, those it names and those it whispers in, each from the right cursor."""
    chat = den("ann", "bob", history=10, resume_window=60)
    bob = chat.hellos("cyd") and chat.hello("bob2", "bobby")
    chat.batch(*(("bob2", Join(room=room)) for room in ("den", "attic", "cellar")))
    chat.do("ann", Whisper(uid=bob["uid"], text="psst"), Join(room="cellar"), Say(text="c1"))
    chat.do("ann", Say(room="den", text="d1"), Join(room="attic"), Say(text="a1"), Join(room="loft"))
    chat.lose("bob2")
    chat.do("ann", Say(room="den", text="d2"), Say(room="loft", text="l1"), Say(room="attic", text="a2"))
    back = {"token": bob["token"], "epoch": chat.EPOCH, "rooms": {"den": 1, "loft": 0, "attic": 2}}
    assert chat.hello("bob3", **back)["uid"] == bob["uid"]
    pair = f"@1-{bob['uid']}"
    assert set(replays(chat)) == {
        ("den", 1, 2), ("attic", 2, 2), ("loft", 0, 1), ("cellar", None, 1), (pair, 0, 1),
    }  # fmt: skip
    assert set(chat.registry.clients_to_rooms[bob["uid"]]) == {"den", "attic", "cellar", "loft", pair}

    # The seat is lost: of the rooms only those that it names are left, and those it whispers in.
    chat.lose("bob3")
    chat.wait(61)
    assert bob["uid"] not in chat.registry.clients
    chat.hello("bob4", token=bob["token"], rooms={"den": 2, pair: 0})
    assert set(replays(chat)) == {("den", 2, 2), (pair, 0, 1)}
    assert set(chat.registry.clients_to_rooms[bob["uid"]]) == {"den", pair}


def test_a_cursor_of_another_log_is_void():
    """A cursor with another epoch counts for nothing: the room is shown as on a first join."""
    chat = den("ann")
    chat.do("ann", Say(text="1"), Say(text="2"))
    chat.hello("bob", rooms={"den": 2}, epoch="another")
    assert replays(chat) == [("den", None, 2)]
    chat.hello("cyd", rooms={"den": 1}, epoch=chat.EPOCH)
    assert replays(chat) == [("den", 1, 2)]


@pytest.mark.parametrize(
    "command", [Join(room="den", history=0), Join(room="den", after=2), Join(room="den", after=99), Dial(uid=1)]
)
def test_a_stay_in_a_room_begins_with_a_mark(command):
    """Whichever way leads back into a room, a place in the log marks it, even an empty one, and it is not ahead of
    the log: or a slow reader would be sent what was said while it was out, or miss what is said next."""
    chat = den("ann", "bob")
    chat.do("bob", Leave())
    chat.do("ann", Say(text="1"), Say(text="2"))
    chat.do("bob", command)
    assert replays(chat) == [("den", 2, 2)]


def test_both_of_a_pair_hear_that_the_other_is_in_it():
    """Who left the room of two with its seat and comes back into it is seen to come by the other."""
    chat = Chat()
    ann = chat.hello("ann")
    chat.hellos("bob")
    chat.do("ann", Whisper(uid=2, text="psst"))
    chat.do("ann", Bye())
    assert brief(chat.take("bob"))[-1] == "member_left @1-2"
    chat.hello("ann2", token=ann["token"])
    assert brief(chat.take("ann2")) == ["joined @1-2", "@1-2: psst"]
    assert brief(chat.take("bob")) == ["member_joined @1-2"]


def test_a_connection_that_was_replaced_is_not_heard():
    """What the old connection still says in the batch of the takeover, and its end, change nothing."""
    chat = den("bob")
    ann = chat.hello("ann", rooms={"den": 0})
    chat.received.clear()
    chat.batch(
        ("ann", Say(text="1")),
        ("ann2", Connected("10.0.0.1")),
        ("ann2", Hello(protocol=1, token=ann["token"], rooms={"den": 0})),
        ("ann", Say(text="2")),
        ("ann", Disconnected("it hung up")),
        ("ann2", Say(text="3")),
    )
    assert brief(chat.take("bob")) == ["den: 1", "den: 3"]
    assert brief(chat.take("ann")) == ["den: 1", "error replaced"]
    assert brief(chat.take("ann2")) == ["welcome", "joined den", "den: 1", "den: 3"]
    assert chat.closed == {"ann"}


# ---------------------------------------------------------------- time


def test_a_connection_without_a_hello_is_closed():
    """Whoever has not said hello in time is told so and closed; whoever has is left in peace."""
    chat = Chat(hello_timeout=10)
    chat.connect("ann", "mute")
    chat.wait(4)
    chat.connect("late")
    chat.do("ann", Hello(protocol=1, name="ann"))
    assert brief(chat.do("mute", Ping())) == ["error not_registered"]
    assert chat.hub.deadline() == 1010
    chat.wait(6)
    assert brief(chat.take("mute")) == ["error hello_timeout"]
    assert chat.closed == {"mute"}
    assert chat.hub.deadline() == 1014
    chat.wait(4)
    assert chat.closed == {"mute", "late"}
    assert chat.hub.deadline() is None


def test_in_a_large_room_people_are_counted():
    """Where there are more members than ``large_room``, comings and goings are told as numbers, at intervals."""
    chat = den("a", "b", "c", large_room=3, large_room_interval=1.0)
    chat.hello("d", rooms={"den": 0})
    assert brief(chat.take("a")) == ["member_joined den"]
    chat.hello("e", rooms={"den": 0})
    chat.wait(0.5)
    chat.hello("f", rooms={"den": 0})
    chat.do("b", Leave())
    assert chat.take("a") == []
    chat.wait(0.5)
    summary = {"type": "presence_summary", "room": "den", "joined": 2, "left": 1, "members_total": 5}
    assert chat.take("a") == [summary]
    assert chat.take("f")[-1] == summary
    assert chat.hub.deadline() is None or chat.hub.deadline() > chat.now
    chat.wait(5)
    chat.do("f", Leave())
    assert chat.take("a") == []
    chat.wait(1)
    assert chat.take("a") == [summary | {"joined": 0, "members_total": 4}]
    chat.do("e", Leave())
    assert brief(chat.take("a")) == ["member_left den"]


def test_an_idle_server_asks_to_be_stopped():
    """After ``idle_exit`` seconds without a connection the hub asks for its end, and not before."""
    chat = Chat(idle_exit=60)
    chat.wait(59)
    assert chat.effects.stop is None
    chat.hellos("ann")
    chat.wait(1000)
    assert chat.effects.stop is None
    chat.do("ann", Bye())
    assert chat.hub.deadline() == chat.now + 60
    chat.wait(59)
    assert chat.effects.stop is None
    chat.wait(1)
    assert chat.effects.stop == "nobody was connected for 60 seconds"


def test_without_a_resume_window_a_lost_connection_is_an_end():
    """With ``resume_window`` 0 a client whose connection breaks has left at once; its token stays good."""
    chat = den("bob", resume_window=0)
    ann = chat.hello("ann", rooms={"den": 0})
    chat.take("bob")
    chat.lose("ann")
    assert [(one["type"], one["reason"]) for one in chat.take("bob")] == [("member_left", "lost")]
    assert chat.hello("ann2", token=ann["token"])["uid"] == ann["uid"]


# ---------------------------------------------------------------- bounds and the end


def test_an_address_has_so_many_connections():
    """One connection more than ``max_connections`` from an address is told so and closed."""
    chat = Chat(max_connections=2)
    chat.connect("a", "b", "c", address="10.0.0.1")
    chat.connect("d", address="10.0.0.2")
    assert brief(chat.take("c")) == ["error too_many_connections"]
    assert chat.closed == {"c"}
    chat.lose("a")
    chat.connect("e", address="10.0.0.1")
    assert "e" not in chat.closed


def test_a_shutdown_is_told_to_everyone():
    """At the end everyone, welcome or not, gets the notice and is closed; what comes behind it is not handled."""
    chat = den("ann", "bob")
    chat.connect("mute")
    chat.batch(("server", Shutdown("Good night.")), ("ann", Say(text="wait")))
    for link in ("ann", "bob", "mute"):
        assert chat.take(link) == [{"type": "notice", "text": "Good night."}]
    assert chat.closed == {"ann", "bob", "mute"}
    assert chat.effects.over


# ---------------------------------------------------------------- whispers to people who are offline


def test_a_whisper_waits_for_who_is_offline():
    """The first whispers to someone who has no seat come whole when that person is back."""
    chat = Chat(history=1)
    bob = chat.hello("bob")
    chat.hello("ann")
    chat.do("bob", Bye())
    chat.take("ann")
    one, two = (Whisper(uid=bob["uid"], text=text, n=n) for n, text in enumerate(("one", "two"), 1))
    assert brief(chat.do("ann", one, two)) == ["joined @1-2", "@1-2: one", "@1-2: two"]
    chat.hello("bob2", token=bob["token"], rooms={})
    assert brief(chat.take("bob2")) == ["joined @1-2", "@1-2: one", "@1-2: two"]
    assert brief(chat.take("ann")) == ["member_joined @1-2"]


@pytest.mark.parametrize("hello", [{}, {"rooms": {"@1-2": 3, "@1-4": 0}, "epoch": "of another log"}])
@pytest.mark.parametrize("seated", [True, False])
def test_whispers_to_who_keeps_no_cursors_are_bounded(hello, seated):
    """The last few of those rooms that were spoken in last. From the first message that it sees none is missing,
    and the rest is in the history."""
    chat = Chat(history=2, max_rooms=2)
    bob = chat.hello("bob")
    chat.hellos("ann", "cat", "dan", "eve")
    for name in ("eve", "ann", "cat", "dan"):
        chat.wait(1)
        chat.do(name, *(Whisper(uid=1, text=f"{name} {number}") for number in range(3)))
    chat.wait(1)
    chat.do("ann", Whisper(uid=1, text="ann 3"))
    if not seated:
        chat.do("bob", Bye())
    chat.hello("bob2", token=bob["token"], **hello)
    told = [event for event in brief(chat.take("bob2")) if not event.startswith("joined")]
    assert told == ["@1-2: ann 2", "@1-2: ann 3", "@1-4: dan 1", "@1-4: dan 2"]
    assert set(chat.registry.clients_to_rooms[1]) == {"@1-2", "@1-3", "@1-4", "@1-5"}
    assert brief(chat.do("ann", Whisper(uid=1, text="ann 4")))[-1] == "@1-2: ann 4"
    chat.do("eve", Whisper(uid=1, text="eve 3"))
    assert brief(chat.take("bob2")) == ["@1-2: ann 4", "@1-5: eve 3"]
    (page,) = chat.do("bob2", History(room="@1-3", limit=5))
    assert [message["text"] for message in page["entries"]] == ["cat 0", "cat 1", "cat 2"]


def test_all_whispers_come_to_who_keeps_cursors():
    """However many rooms and messages there are: it has seen none of them."""
    chat = Chat(history=2, max_rooms=2)
    bob = chat.hello("bob")
    chat.do("bob", Bye())
    chat.hellos("ann", "cat", "dan")
    for name in ("ann", "cat", "dan"):
        chat.do(name, *(Whisper(uid=1, text=str(number)) for number in range(3)))
    chat.hello("bob2", token=bob["token"], rooms={"@1-3": 2})
    told = [event for event in brief(chat.take("bob2")) if not event.startswith("joined")]
    assert sorted(told) == ["@1-2: 0", "@1-2: 1", "@1-2: 2", "@1-3: 2", "@1-4: 0", "@1-4: 1", "@1-4: 2"]


def test_a_whisper_to_who_came_and_went_in_the_same_batch_waits():
    """Such a person is not in the log yet, and can come back."""
    chat = Chat()
    chat.hello("ann")
    chat.connect("bob")
    chat.batch(("bob", Hello(protocol=1, name="bob")), ("bob", Bye()), ("ann", Whisper(uid=2, text="psst")))
    assert brief(chat.take("ann")) == ["joined @1-2", "@1-2: psst"]


def test_nobody_can_whisper_to_a_uid_that_never_comes_back():
    """A client of a dialect without tokens leaves nothing behind but a UID that nobody else gets."""
    chat = Chat()
    chat.hello("ann")
    chat.open("nc")
    chat.feed("nc", b"guest\n")
    chat.pause("nc")
    uid = chat.registry.names["guest"].uid
    chat.half_close("nc")
    chat.take("ann")
    (error,) = chat.do("ann", Whisper(uid=uid, text="psst", n=1))
    assert (error["code"], error["message"], error["n"]) == (
        "offline",
        f"The person with UID {uid} is offline.",
        1,
    )
    assert chat.hello("bob")["uid"] == uid + 1


def test_a_whisper_that_found_no_log_to_look_in_is_not_handled():
    """It may come again with the same number."""
    chat = Chat()
    bob = chat.hello("bob")
    chat.hello("ann")
    chat.do("bob", Bye())
    chat.log_reads = False
    (error,) = chat.do("ann", Whisper(uid=bob["uid"], text="psst", n=1))
    assert (error["code"], error["n"]) == ("storage_unavailable", 1)
    chat.log_reads = True
    assert brief(chat.do("ann", Whisper(uid=bob["uid"], text="psst", n=1))) == ["joined @1-2", "@1-2: psst"]


def test_a_room_with_nobody_in_it_is_listed_if_something_was_said_there():
    """It has not gone because its people have; one that nobody ever spoke in leaves nothing."""
    chat = den("ann")
    chat.do("ann", Join(room="quiet"), Say(room="den", text="hi"), Leave(room="den"), Leave(room="quiet"))
    assert chat.registry.rooms.keys() == {"den"}
    (page,) = chat.do("ann", Rooms())
    assert page["rooms"] == [{"room": "den", "members_total": 0, "last_seq": 1, "last_said": chat._time()}]
    assert page["rooms_total"] == 1


def test_a_client_without_presence_is_listed_and_not_announced():
    """Its room gets what it says; of its comings, goings and names nothing."""
    chat = den("ann")
    job = chat.hello("job", presence=False)
    chat.do("job", Join(room="den"), Say(text="backup ok"), Name(name="job-2"))
    assert brief(chat.take("ann")) == ["den: backup ok"]
    (page,) = chat.do("ann", Who(room="den"))
    assert [one["name"] for one in page["clients"]] == ["ann", "job-2"]
    chat.lose("job")
    chat.hello("job2", token=job["token"])
    chat.do("job2", Bye())
    assert chat.take("ann") == []
    chat.hello("job3", token=job["token"], rooms={"den": 1})
    assert brief(chat.take("ann")) == ["member_joined den"]


def raising(error):
    """A function that raises it, whatever it is given."""

    def fail(*_):
        raise error

    return fail


# ---------------------------------------------------------------- features


def test_a_welcome_has_the_features_that_both_know(monkeypatch):
    """For each connection anew; names that the server does not know are ignored. Today it knows none."""
    chat = Chat()
    known = ["telepathy", "edits", "edits", "reactions"]
    welcome = chat.hello("ann", features=known)
    assert "features" not in welcome
    monkeypatch.setattr("roomchat.chat.welcome.FEATURES", ("reactions", "edits", "threads"))
    assert chat.hello("ann2", token=welcome["token"], features=known)["features"] == ["reactions", "edits"]
    assert "features" not in chat.hello("ann3", token=welcome["token"])


def test_ended_sessions_are_forgotten_while_look_ups_never_pause():
    """Only those are kept that ended since the oldest look-up under way began; it must not take the log's old word
    for how far they were."""
    chat = Chat(resume_window=0)
    away = chat.hello("away")["uid"]
    chat.do("away", Bye())
    askers = ["ann", "bob"]
    for asker in askers:
        chat.hello(asker)
    open_look_up = None
    for number in range(50):
        chat.hello(f"p{number}")
        asker = askers[number % 2]
        chat._batch([(asker, Whisper(uid=away, text="psst")), (f"p{number}", Bye())])
        (look_up,) = chat.effects.lookups
        if open_look_up is not None:
            chat._batch([(open_look_up.link, chat._found(open_look_up.key))])
        open_look_up = look_up
        assert len(chat.hub._gone) == len(chat.hub._ended) <= 2
    chat._batch([(open_look_up.link, chat._found(open_look_up.key))])
    assert not chat.hub._gone


def test_a_session_that_ends_while_its_row_is_looked_up_goes_on_from_where_it_was():
    """The row was read before the last message of it was stored."""
    chat = Chat(resume_window=0)
    ann = chat.hello("ann")
    chat.do("ann", Bye())
    before = chat._found(sha256(ann["token"].encode()).digest())
    first, second = "first", "second"
    chat.connect(first, second)
    introduction = chat._introduced(Hello(protocol=1, token=ann["token"]))
    chat._batch([(first, introduction)])
    chat._batch([(second, introduction)])
    chat._batch([(second, before)])
    chat.do(second, Join(room="den"), Say(text="one", n=1), Bye())
    chat._batch([(first, before)])
    welcome = next(event for event in chat.take(first) if event["type"] == "welcome")
    assert welcome["last_n"] == 1
