"""The native wire: framing, what is refused and how, and what everything looks like as bytes."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import get_args

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from roomchat.dialect import Malformed
from roomchat.net.readers import PAGE_BYTES
from roomchat.protocol import (
    PAGE,
    Action,
    AnyCommand,
    AnyEvent,
    Away,
    Back,
    Ban,
    Banned,
    Block,
    Blocked,
    Bye,
    ChangePassword,
    Command,
    Delete,
    Deleted,
    Demote,
    Demoted,
    Device,
    Devices,
    DevicesPage,
    Dial,
    Done,
    Error,
    Event,
    Gap,
    Goodbye,
    Hello,
    History,
    HistoryPage,
    Invitation,
    Invited,
    InviteTo,
    Join,
    Joined,
    Kick,
    Kicked,
    Leave,
    Left,
    Limits,
    LoggedOut,
    Logout,
    MemberJoined,
    MemberLeft,
    Message,
    Mute,
    Muted,
    Name,
    Notice,
    OpenInvitation,
    OwnerChanged,
    PassOn,
    PasswordChanged,
    Person,
    Ping,
    Pong,
    PresenceSummary,
    Promote,
    Promoted,
    Read,
    ReadMarker,
    Register,
    Registered,
    Renamed,
    Restrained,
    Rooms,
    RoomsPage,
    RoomSummary,
    RulesPage,
    Say,
    SetTopic,
    ShowRules,
    Stats,
    StatsPage,
    TakeBack,
    Tombstone,
    TopicChanged,
    Unban,
    Unbanned,
    Unblock,
    Unblocked,
    Unknown,
    Unmute,
    Unmuted,
    Unregister,
    Unregistered,
    Welcome,
    Whisper,
    Who,
    WhoPage,
)
from roomchat.settings import Settings
from roomchat.wires.lines import LineSplitter
from roomchat.wires.native import (
    NativeClientWire,
    NativeWire,
    decode_entries,
    encode,
    encode_entries,
)
from roomchat.wires.table import Dialects

LINE = Settings().max_line

COMMANDS = [
    Hello(id="h", protocol=1, name="ann", token="t", rooms={"den": 3, "@1-2": 0}, epoch="e", client="c"),
    Hello(protocol=1),
    Hello(protocol=1, features=["f" * 64] * 100),
    Dial(id=-5, uid=2**53 - 1),
    Join(room="den", after=0, history=0),
    Join(room="den"),
    Leave(room="den"),
    Leave(),
    Say(text='"\\\n\u0000\u2028😀', room="den", n=1),
    Say(text="waves", kind="action"),
    Whisper(uid=1, text="psst", n=2),
    Delete(seq=4, room="den"),
    Block(uid=2),
    Unblock(uid=2),
    Name(name="anna"),
    Who(room="den", after=7),
    Rooms(after="den"),
    History(room="den", before=9, after=1, limit=5),
    Read(room="den", seq=4),
    Register(password="secret words", invite="i"),
    ChangePassword(old="secret words", new="other words"),
    Devices(),
    Logout(device=2),
    Unregister(password="secret words"),
    Join(room="plans", private=True),
    Join(room="+1/plans", invitation="token"),
    SetTopic(topic="Cakes", room="den"),
    Kick(uid=2, reason="spam"),
    Ban(uid=2, seconds=60, reason="spam", address=True),
    Unban(uid=2),
    Mute(uid=2, seconds=60),
    Unmute(uid=2),
    Promote(uid=2),
    Demote(uid=2, room="den"),
    PassOn(uid=2),
    ShowRules(room="den"),
    InviteTo(uid=2),
    InviteTo(uses=3, seconds=60, room="+1/plans"),
    TakeBack(number=1),
    Stats(),
    Ping(id="p" * 64),
    Bye(),
]

ANN = Person(1, "ann", away=True)
MESSAGE = Message("den", 4, 1, "ann", "2026-01-01T00:00:00.000Z", '"\\\n\u0000\u2028😀', n=1)
EVENTS = [
    Welcome(
        uid=1, name="ann", token="t", epoch="e", last_n=0, server="roomchat", clients=[ANN], clients_total=1,
        rooms=[RoomSummary("den", 1, 4)], rooms_total=1, limits=Limits(1, 2, 3, 4), motd="hi", re="h",
    ),
    Joined(room="den", members=[ANN, Person(2, "bob")], members_total=2, last_seq=4, by=1),
    Left(room="den"),
    MemberJoined(room="den", uid=1, name="ann"),
    MemberLeft(room="den", uid=1, name="ann", reason="left"),
    Away(room="den", uid=1, name="ann"),
    Back(room="den", uid=1, name="ann"),
    Renamed(uid=1, old="ann", name="anna", re=0),
    MESSAGE,
    Action("den", 5, 1, "ann", MESSAGE.ts, "waves", n=2),
    Tombstone("den", 4, 1, "ann", MESSAGE.ts, n=1),
    Deleted("den", 6, 1, "ann", MESSAGE.ts, 4),
    Done(room="den", entry=6, re="d"),
    Registered(uid=1, name="ann"),
    PasswordChanged(re=1),
    DevicesPage(devices=[Device(1, MESSAGE.ts, "10.0.0.1", here=True, this=True)]),
    LoggedOut(devices=[2]),
    Unregistered(),
    Left(room="den", reason="kicked"),
    TopicChanged("den", 7, 1, "ann", MESSAGE.ts, "Cakes"),
    Kicked("den", 8, 1, "ann", MESSAGE.ts, 2, "bob", reason="spam"),
    Banned("den", 9, 1, "ann", MESSAGE.ts, 2, "bob", until=MESSAGE.ts, reason="spam"),
    Unbanned("den", 10, 1, "ann", MESSAGE.ts, 2, "bob"),
    Muted("den", 11, 1, "ann", MESSAGE.ts, 2, "bob"),
    Unmuted("den", 12, 1, "ann", MESSAGE.ts, 2, "bob"),
    Promoted("den", 13, 1, "ann", MESSAGE.ts, 2, "bob"),
    Demoted("den", 14, 1, "ann", MESSAGE.ts, 2, "bob"),
    OwnerChanged("den", 15, 1, "ann", MESSAGE.ts, 2, "bob"),
    RulesPage(
        room="den", topic="Cakes", owner=ANN, moderators=[ANN], banned=[Restrained(2, "bob", MESSAGE.ts, "spam")],
        muted=[Restrained(2, "bob", address=True)], invited=[ANN],
        invitations=[OpenInvitation(1, 2, MESSAGE.ts, 1)],
    ),
    Invited(room="+1/plans", uid=1, name="ann", whom=2, whom_name="bob"),
    Invitation(room="+1/plans", token="t", number=1, uses=1, until=MESSAGE.ts),
    Blocked(uid=2, re="b"),
    Unblocked(uid=2),
    WhoPage(clients=[ANN], clients_total=1, room="den"),
    RoomsPage(rooms=[RoomSummary("den", 1, 4)], rooms_total=1),
    HistoryPage(room="den", entries=[MESSAGE, Unknown("den", 5)], more=True),
    StatsPage(
        server="roomchat", uptime=1.5, clients=1, away=0, rooms=1, messages=4, deliveries=8, batches=2,
        largest_batch=3,
    ),
    Pong(re="p"),
    Goodbye(),
    ReadMarker(room="den", read=4),
    PresenceSummary(room="den", joined=3, left=1, members_total=300),
    Gap(room="den", after=1, before=4),
    Notice(text="bye"),
    Error(code="offline", message="Not here.", n=3, re=-1),
]  # fmt: skip


def outcome(values: list) -> list:
    """What a wire returned, comparable."""
    return [(one.code, one.id) if isinstance(one, Malformed) else one for one in values]


def fed(data: bytes, max_line: int, cuts: list[int]) -> list:
    """What a wire makes of bytes that come in pieces."""
    wire = NativeWire(max_line)
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [one for start, end in pairwise(edges) for one in wire.receive_data(data[start:end])]


def line_by_line(data: bytes, max_line: int) -> list:
    """What a wire should make of it: each line on its own, judged by its length without the line feed."""
    *lines, rest = data.split(b"\n")
    result = []
    for line in lines:
        too_long = len(line) > max_line
        result += [("too_long", None)] if too_long else outcome(NativeWire(LINE).receive_data(line + b"\n"))
    return result + [("too_long", None)] * (len(rest) > max_line)


LINES = st.one_of(
    st.sampled_from(COMMANDS).map(lambda command: encode(command)[:-1]),
    st.integers(1, 30).map(lambda n: b'{"type":"ping"}' + b" " * n),
    st.sampled_from(
        [b"", b"\r", b" \t", b"{", b"}", b"[]", b'{"type":"ping"}\r', b'  {"type":"ping"}',
         b"x" * 41, b'{"type":"ping"}{"type":"ping"}', b'{"type":"say","text":"', b'"}', b'{"type":"ping",',
         b'"id":1}',
         b'{"type":"ping"},', b'{"type":"ping","x":"}', b'{"}', b'{"type":"ping","x":', b'{"a":1}}', b"\xff"]
    ),
    st.binary(max_size=60).map(lambda junk: junk.replace(b"\n", b"")),
)  # fmt: skip


@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(LINES, max_size=8).map(b"\n".join),
    st.sampled_from([15, 20, 40, LINE]),
    st.lists(st.integers(0, 400), max_size=6) | st.just(list(range(400))),
)
@example(b'{"type":"ping"}' + b" " * 10 + b"\n", 20, list(range(26)))
@example(b'{"type":"ping"}\r\n', 15, list(range(17)))
def test_framing_does_not_depend_on_the_splits(data, max_line, cuts):
    """Any bytes in any pieces give what they give as a whole, and what each line gives on its own."""
    whole = outcome(fed(data, max_line, []))
    assert outcome(fed(data, max_line, cuts)) == whole
    assert whole == line_by_line(data, max_line)


@pytest.mark.parametrize(
    ("line", "code", "id"),
    [
        (b"hello", "bad_json", None),
        (b"\xff\xfe", "bad_json", None),
        (b'\xef\xbb\xbf{"type":"ping"}', "bad_json", None),
        (b'{"type":"join","room":"\xff"}', "bad_json", None),
        (b'{"type":"join","room":"\xed\xa0\x80"}', "bad_json", None),
        (b'{"type":"join","room":"\\ud800"}', "bad_json", None),
        (b'{"type":"join","room":"a\tb"}', "bad_json", None),
        (b'{"type":"ping","id":NaN}', "bad_json", None),
        (b'{"type":"ping","x":Infinity}', "bad_json", None),
        (b'{"type":"ping","id":1}{"type":"ping","id":2}', "bad_json", None),
        (b'{"type":"ping","id":1},', "bad_json", None),
        (b'{"type":"ping","id":1}\x00', "bad_json", None),
        (b'{"type":"ping","x":' + b"[" * 60_000, "bad_json", None),
        (b'{"type":"ping","x":' + b"[" * 30_000 + b"]" * 30_000 + b"}", "bad_json", None),
        (b"[" * 60_000, "bad_command", None),
        (b"[]", "bad_command", None),
        (b"null", "bad_command", None),
        (b"{}", "bad_command", None),
        (b'{"id":7}', "bad_command", 7),
        (b'{"type":"dance","id":"x"}', "bad_command", "x"),
        (b'{"type":5,"id":"x"}', "bad_command", "x"),
        (b'{"type":"message","id":"x"}', "bad_command", "x"),
        (b'{"id":"x","type":"dial"}', "bad_command", "x"),
        (b'{"id":"x","type":"dial","uid":0}', "bad_command", "x"),
        (b'{"id":"x","type":"dial","uid":"1"}', "bad_command", "x"),
        (b'{"id":"x","type":"dial","uid":1.0}', "bad_command", "x"),
        (b'{"id":"x","type":"dial","uid":9007199254740992}', "bad_command", "x"),
        (b'{"id":"x","type":"dial","uid":' + b"9" * 5000 + b"}", "bad_command", "x"),
        (b'{"id":"x","type":"say","text":null}', "bad_command", "x"),
        (b'{"id":"x","type":"say","text":"a","n":0}', "bad_command", "x"),
        (b'{"id":"x","type":"hello","protocol":1,"rooms":{"den":-1}}', "bad_command", "x"),
        (b'{"id":"x","type":"hello","protocol":1,"rooms":["den"]}', "bad_command", "x"),
        (b'{"id":"x","type":"hello","protocol":1,"features":"f"}', "bad_command", "x"),
        (b'{"id":"x","type":"hello","protocol":1,"features":[1]}', "bad_command", "x"),
        (b'{"id":"x","type":"hello","protocol":1,"features":["' + b"f" * 65 + b'"]}', "bad_command", "x"),
        (b'{"id":"x","type":"hello","protocol":1,"features":[' + b'"f",' * 100 + b'"f"]}', "bad_command", "x"),
        (b'{"id":1.5,"type":"ping"}', "bad_command", None),
        (b'{"id":[1],"type":"ping"}', "bad_command", None),
        (b'{"id":9007199254740992,"type":"ping"}', "bad_command", None),
        (b'{"id":"' + b"x" * 65 + b'","type":"ping"}', "bad_command", None),
        (b"x" * (LINE + 1), "too_long", None),
    ],
    ids=lambda value: repr(value)[:40],
)  # fmt: skip
def test_a_bad_line_is_refused_in_its_place(line, code, id):
    """A line that is no command stands between its neighbours as a refusal, with the id if that can be read."""
    before, bad, after = NativeWire(LINE).receive_data(b'{"type":"ping","id":1}\n' + line + b'\n{"type":"bye"}\n')
    assert (before, after) == (Ping(id=1), Bye())
    assert isinstance(bad, Malformed)
    assert (bad.code, bad.id) == (code, id)
    assert len(bad.message) < 300


def test_a_value_over_two_lines_is_two_bad_lines():
    """A value does not go on behind a line feed, not even where JSON would allow it."""
    values = NativeWire(LINE).receive_data(b'{"type":\n"ping"}\n{"type":"say","text":"}\n{"}\n')
    assert list(map(type, values)) == [Malformed] * 4


def test_lines_may_end_with_a_carriage_return_and_may_be_empty():
    """CRLF ends a line too, blank lines are skipped, and space around a command does not matter."""
    data = b'\n\r\n{"type":"ping","id":1}\r\n \t \n\t{"type":"ping","id":2} \n\n'
    assert NativeWire(LINE).receive_data(data) == [Ping(id=1), Ping(id=2)]


def test_a_line_of_just_the_limit_is_taken():
    """``max_line`` counts the bytes before the line feed."""
    line = encode(Say(text="a" * 100))
    for data in ([line], [line[:-1], b"\n"], [line * 3]):
        wire = NativeWire(len(line) - 1)
        values = [value for piece in data for value in wire.receive_data(piece)]
        assert set(map(type, values)) == {Say}
        wire = NativeWire(len(line) - 2)
        values = [value for piece in data for value in wire.receive_data(piece)]
        assert {code for code, _ in outcome(values)} == {"too_long"}


def test_a_line_without_an_end_costs_no_memory():
    """An endless line is reported once, and no more than ``max_line`` bytes of it are ever kept."""
    splitter = LineSplitter(1000)
    reported = 0
    for _ in range(1000):
        lines, too_long = splitter.feed(b"x" * 300)
        reported += too_long
        assert lines == b""
        assert len(splitter._rest) <= 1000
    assert reported == 1
    assert splitter.feed(b"x\nnext\nrest") == (b"next\n", False)
    assert splitter.feed(b"\n") == (b"rest\n", False)


def test_there_is_a_sample_of_everything():
    """The samples of this file have every command and every event."""
    assert set(map(type, COMMANDS)) == set(get_args(AnyCommand))
    assert set(map(type, EVENTS)) == set(get_args(AnyEvent))


@pytest.mark.parametrize("command", COMMANDS, ids=lambda one: type(one).__name__)
def test_a_command_goes_there_and_back(command):
    """What a client's wire encodes is what the server's wire decodes, and a line of its own."""
    data = NativeClientWire().encode(command)
    assert NativeWire(LINE).receive_data(data) == [command]
    assert data.count(b"\n") == 1
    assert json.loads(data)["type"] == type(command).__struct_config__.tag


@pytest.mark.parametrize("event", EVENTS, ids=lambda one: type(one).__name__)
def test_an_event_goes_there_and_back(event):
    """What the server's wire encodes is what a client's wire decodes, and a line of its own."""
    data = NativeWire(LINE).encode(event)
    assert NativeClientWire().receive_data(data) == [event]
    assert data.count(b"\n") == 1


def test_many_messages_are_the_lines_of_each():
    """Messages encoded together are the same bytes as one after the other; the log gives them as they are."""
    messages = [Message("den", seq, 1, "ann", "now", f"text {seq}", n=seq % 2 or None) for seq in range(300)]
    data = encode_entries(messages)
    assert data == b"".join(map(encode, messages))
    assert [decode_entries(line)[0] for line in data.splitlines()] == decode_entries(data) == messages
    assert NativeWire(LINE).encode_log(data) == data


BIG = 2**53 - 1
WIDE = "\U00020000" * Settings().max_name  # letters of 4 bytes, the longest there are
CONTROLS = "\u0001" * 64  # 6 bytes each


def test_entries_of_other_kinds_keep_their_place_in_the_log() -> None:
    """A later version may have written them; of what is broken that is told."""
    later = b'{"type":"reacted","room":"den","seq":5,"target":4}\n'
    assert decode_entries(encode_entries([MESSAGE]) + later) == [MESSAGE, Unknown("den", 5)]
    for broken, why in {
        b'{"type":"message","room":"den","seq":5}\n': "missing required field",
        b'{"type":"reacted"}\n': "no room or no seq",
        b"{}\n": "missing required field",
        b"x\n": "malformed",
    }.items():
        with pytest.raises(ValueError, match=why):
            decode_entries(later + broken)


LONGEST = Message(WIDE, BIG, BIG, WIDE, MESSAGE.ts, "\u0001" * Settings().max_text, n=BIG, device=BIG)
PEOPLE = [Person(BIG, WIDE, away=True)] * PAGE
SUMMARIES = [RoomSummary(WIDE, BIG, BIG)] * PAGE


@pytest.mark.parametrize(
    "event",
    [
        LONGEST,
        Welcome(
            uid=BIG, name=WIDE, token="t" * 64, epoch="e" * 64, last_n=BIG, server="s" * 64, clients=PEOPLE,
            clients_total=BIG, rooms=SUMMARIES, rooms_total=BIG, limits=Limits(BIG, BIG, BIG, BIG), re=CONTROLS,
        ),
        Joined(room=WIDE, members=PEOPLE, members_total=BIG, last_seq=BIG, by=BIG, re=CONTROLS),
        WhoPage(clients=PEOPLE, clients_total=BIG, room=WIDE, re=CONTROLS),
        RoomsPage(rooms=SUMMARIES, rooms_total=BIG, re=CONTROLS),
        HistoryPage(room=WIDE, entries=[LONGEST], more=False, re=CONTROLS),
    ],
    ids=lambda one: type(one).__name__,
)  # fmt: skip
def test_the_longest_event_fits_into_a_line(event: Event | Message):
    """No event is longer than 64 KiB, not even with everything in it at its limit."""
    assert len(encode(event)) <= LINE


def test_a_full_page_of_history_fits_into_a_line():
    """A page of as many bytes of messages as are put into one fits into a line with its frame."""
    frame = encode(HistoryPage(room=WIDE, entries=[], more=False, re=CONTROLS))
    assert PAGE_BYTES + PAGE + len(frame) <= LINE


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_goes_there_and_back(room: str, text: str):
    """Whatever a text has in it, control characters and line feeds too, it is one line and comes back the same."""
    command: Command = Say(text=text, room=room)
    assert NativeWire(LINE).receive_data(encode(command)) == [command]


@pytest.mark.parametrize("dialect", ["ktn", "channels", "plain"])
def test_what_others_wrote_makes_no_line_of_the_servers_own(dialect: str) -> None:
    """A topic and a reason stand in words that are the server's there, and in one line."""
    words = "spam\n<1 root> \x1b[31mhello"
    common = ("lobby", 1, 7, "bob", "2026-03-01T12:00:00.000Z")
    wire = Dialects(Settings(), lambda: "").make(dialect)
    for entry in (TopicChanged(*common, words), Kicked(*common, 9, "eve", reason=words)):
        told = wire.encode_log(encode_entries([entry]))
        assert b"<1 root>" in told
        assert b"\\n" not in told
        assert b"\\u001b" not in told
        assert b"\x1b" not in told
        assert told.count(b"\n") == 1
