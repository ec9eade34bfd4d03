"""The person's side without a server: addresses, what is typed, what is shown."""

from __future__ import annotations

import contextlib
import os
import signal
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomchat import protocol
from roomchat.client.address import parse_address
from roomchat.client.client_events import ConnectionBack, ConnectionLost
from roomchat.client.interrupt import run_interruptible
from roomchat.errors import ConnectError
from roomchat.harmless import harmless
from roomchat.protocol import Error, Joined, MemberJoined, MemberLeft, Message, Person, Renamed, Welcome, WhoPage
from roomchat.terminal.shown.render import render
from roomchat.terminal.shown.roster import Roster
from roomchat.terminal.typed.commands import NAMES, parse
from roomchat.terminal.typed.input import StandardInput, Typed
from roomchat.terminal.typed.slash import TypingError

WELCOME = Welcome(
    uid=7,
    name="ann",
    token="t",
    epoch="e",
    last_n=0,
    server="roomchat",
    clients=[Person(3, "bob"), Person(7, "ann")],
    clients_total=2,
    rooms=[],
    rooms_total=0,
    limits=protocol.Limits(8192, 32, 65536, 100),
)


@pytest.fixture
def roster() -> Roster:
    """Of ann, who is 7 and knows bob, who is 3."""
    roster = Roster()
    roster.update(WELCOME)
    return roster


@pytest.mark.parametrize(
    ("text", "address", "shown"),
    [
        ("chat.example.org", ("chat.example.org", 5050), "chat.example.org:5050"),
        ("chat.example.org:99", ("chat.example.org", 99), "chat.example.org:99"),
        ("::1", ("::1", 5050), "[::1]:5050"),
        ("[::1]", ("::1", 5050), "[::1]:5050"),
        ("[::1]:99", ("::1", 99), "[::1]:99"),
        ("fe80::1%eth0", ("fe80::1%eth0", 5050), "[fe80::1%eth0]:5050"),
        ("::1:99", ("::1:99", 5050), "[::1:99]:5050"),
        (" chat.example.org:99\n", ("chat.example.org", 99), "chat.example.org:99"),
        ("tls://chat.example.org", ("chat.example.org", 5050), "tls://chat.example.org:5050"),
        ("TCP://[::1]:99/", ("::1", 99), "tcp://[::1]:99"),
        ("https://chat.example.org/", ("chat.example.org", 443), "wss://chat.example.org:443"),
        ("wss://chat.example.org:5050", ("chat.example.org", 5050), "wss://chat.example.org:5050"),
        ("http://[::1]", ("::1", 80), "ws://[::1]:80"),
        ("ws://localhost:5050", ("localhost", 5050), "ws://localhost:5050"),
    ],
)
def test_addresses_are_read_as_people_write_them(text: str, address: tuple[str, int], shown: str) -> None:
    """A port may be left out, and an IPv6 address needs brackets only with a port."""
    assert parse_address(text)[:2] == address
    assert str(parse_address(text)) == shown


WRONG = [
    "", " ", ":5050", " :5050", "host:", "host:port", "host:0", "host:65536", "host:99999", "host:٣", "host:-1",
    "host:" + "9" * 5000, "host: 5050", "my host", "my host:5050", "host:50:50",
    "http://host:5050/tea", "ftp://host", "https://",
    "host/", "ann@host", "[::1", "::1]", "[::1]x", "[::1]:", "[host]:5050", "[]", "[]:5050", "::g",
    "ho\0st", "ho\x1bst",
]  # fmt: skip


@pytest.mark.parametrize("text", WRONG)
def test_wrong_addresses_are_told(text: str) -> None:
    """What can't be an address is refused with a sentence."""
    with pytest.raises(ValueError, match=r"\.$"):
        parse_address(text)


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("hello", protocol.Say(text="hello")),
        ("  hello ", protocol.Say(text="  hello ")),
        ("//dial", protocol.Say(text="/dial")),
        ("/dial 3", protocol.Dial(uid=3)),
        ("/dial Bob", protocol.Dial(uid=3)),
        ("/join tea", protocol.Join(room="tea")),
        ("/leave", protocol.Leave()),
        ("/leave  tea ", protocol.Leave(room="tea")),
        ("/whisper 3  two  words", protocol.Whisper(uid=3, text="two  words")),
        ("/who", protocol.Who()),
        ("/who tea", protocol.Who(room="tea")),
        ("/rooms", protocol.Rooms()),
        ("/name eve", protocol.Name(name="eve")),
        ("/stats", protocol.Stats()),
        ("/quit", protocol.Bye()),
        ("/quit see you tomorrow", protocol.Bye()),
        ("/join #tea", protocol.Join(room="tea")),
        ("/part #tea bye all", protocol.Leave(room="tea")),
        ("   ", None),
    ],
)
def test_typed_lines_become_commands(roster: Roster, line: str, command: object) -> None:
    """Each slash command, and text, becomes what the protocol has for it."""
    assert parse(line, roster) == command


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("/dail 3", "Did you mean /dial?"),
        ("/xyzzy", "There is no command /xyzzy. /help lists all."),
        ("/dial", "Usage: /dial UID"),
        ("/stats now", "Usage: /stats"),
        ("/whisper 3", "Usage: /whisper UID TEXT"),
        ("/dial nobody", "No one here is called nobody"),
        ("/history many", "many is not a number"),
    ],
)
def test_what_can_not_be_sent_is_told(roster: Roster, line: str, told: str) -> None:
    """An unknown command, a wrong form or a stranger's name is answered on this side."""
    with pytest.raises(TypingError) as caught:
        parse(line, roster)
    assert told in str(caught.value)


@given(st.one_of(st.text(), st.builds("{} {}".format, st.sampled_from(NAMES), st.text())))
def test_no_typed_line_fails(line: str) -> None:
    """Whatever is typed is sent, done, or refused with a sentence."""
    roster = Roster()
    roster.update(WELCOME)
    roster.last_whisperer = 3
    with contextlib.suppress(TypingError):
        assert parse(line, roster) is not None or not line.strip()


def test_the_view_follows_names(roster: Roster) -> None:
    """It learns names and UIDs from all events."""
    roster.update(MemberJoined(room="tea", uid=12, name="dan"))
    roster.update(Renamed(uid=3, old="bob", name="robert"))
    roster.update(Renamed(uid=7, old="ann", name="anna"))
    roster.update(WhoPage(clients=[Person(13, "dan")], clients_total=1))
    assert (roster.uid_of("robert"), roster.uid_of("bob"), roster.uid_of("anna")) == (3, None, 7)
    roster.update(Message("tea", 1, 12, "dan", "2026-01-01T00:00:00.000Z", "old"))
    assert roster.uid_of("dan") == 13, "the one who is here; the server has a name but once"
    roster.update(Message("tea", 2, 21, "eve", "2026-01-01T00:00:00.000Z", "old"))
    assert roster.uid_of("eve") == 21
    roster.update(Message("tea", 3, 22, "eve", "2026-01-01T00:00:00.000Z", "old"))
    assert roster.uid_of("eve") is None, "who of them is not known"
    assert (roster.whisperer("@3-7"), roster.typed("@3-7")) == ("robert", "@robert")
    assert (roster.whisperer("@7-9"), roster.typed("@7-9")) == ("UID 9", "@9")


@pytest.mark.parametrize(
    ("who", "meant"),
    [
        ("1", [1, 3]),
        ("@1", [1, 3]),
        ("@ann", [1, 4]),
        ("ann", [1]),
        ("ＡＮＮ", [1]),
        ("0002", [2, 6]),
        ("2", [2]),
        ("@bob", [2]),
        ("99", [99]),
        ("@@ann", [4]),
        ("strasse", []),
        ("straße", [8]),
    ],
)
def test_whom_a_command_means(who: str, meant: list[int]) -> None:
    """Digits are a UID and a name is a name; where several fit, nothing private is sent, by any command."""
    roster = Roster()
    people = [(1, "ann"), (2, "bob"), (3, "1"), (4, "@ann"), (6, "0002"), (8, "straße")]
    roster.update(WhoPage(clients=[Person(*one) for one in people], clients_total=6))
    assert roster.meant(who) == meant
    for line in (f"/whisper {who} x", f"/query {who} x", f"/dial {who}", f"/ignore {who}"):
        if len(meant) == 1:
            parse(line, roster)
        else:
            with pytest.raises(TypingError, match="Nothing was sent" if meant else "No one here is called"):
                parse(line, roster)


def test_what_comes_again_after_a_lost_connection_is_no_news(roster: Roster) -> None:
    """The welcome, rooms that we were in, and people who were there are not shown again; others are."""
    tea = Joined(room="tea", members=[Person(3, "bob"), Person(7, "ann")], members_total=2, last_seq=0)
    assert roster.update(tea)
    assert roster.update(ConnectionLost("The connection is lost."))
    assert not roster.update(WELCOME)
    assert not roster.update(tea)
    assert roster.update(Joined(room="cake", members=[Person(7, "ann")], members_total=1, last_seq=0))
    assert not roster.update(MemberJoined(room="tea", uid=3, name="bob"))
    assert roster.update(MemberJoined(room="tea", uid=9, name="cleo"))
    roster.update(ConnectionBack())
    assert roster.update(tea)
    assert roster.update(MemberLeft(room="tea", uid=3, name="bob", reason="lost"))
    assert roster.update(MemberJoined(room="tea", uid=3, name="bob"))


hostile = st.text(st.sampled_from("a\x1b[\x07\x9b\u202e\u2066\u2028\n\r\ud800"), max_size=20)


@given(hostile, hostile, hostile)
def test_nothing_hostile_reaches_the_screen(room: str, name: str, text: str) -> None:
    """Names, rooms, messages and errors are all made harmless, line by line."""
    roster = Roster()
    roster.update(WELCOME)
    timestamp = "2026-01-01T00:00:00.000Z"
    events = [
        Message(room, 1, 3, name, timestamp, text),
        Joined(room=room.lstrip("@"), members=[Person(3, name)], members_total=2, last_seq=0, by=3),
        MemberJoined(room=room, uid=3, name=name),
        Renamed(uid=3, old=name, name=name),
        WhoPage(clients=[Person(3, name)], clients_total=1, room=room.lstrip("@")),
        Error(code="x", message=text),
        protocol.Notice(text=text),
        protocol.Left(room=room),
    ]
    for event in events:
        for line in render(event, roster):
            assert line == harmless(line)


def test_a_message_of_several_lines_stays_together(roster: Roster) -> None:
    """Each line stands behind its speaker."""
    first, second = render(Message("tea", 1, 3, "bob", "2026-01-01T00:00:00.000Z", "one\ntwo"), roster)
    assert first.endswith("[tea] bob: one")
    assert second == first.replace("one", "two")


def test_typed_lines_come_one_by_one_until_the_end() -> None:
    """Lines are cut at line feeds, the last one needs none, and bytes that are no UTF-8 do no harm."""
    reader, writer = os.pipe()
    typed = StandardInput(reader)
    os.write(writer, b"one\r\ntwo\n\xffthree")
    os.close(writer)
    assert list(typed) == [Typed("one"), Typed("two"), Typed("\ufffdthree")]
    typed.close()
    os.close(reader)


def test_waiting_for_typing_can_be_ended() -> None:
    """Another thread ends the waiting, though nothing is typed."""
    reader, writer = os.pipe()
    typed = StandardInput(reader)
    seen: list[object] = []
    thread = threading.Thread(target=lambda: seen.extend(typed))
    thread.start()
    typed.stop()
    thread.join(10)
    assert not thread.is_alive()
    assert seen == []
    typed.close()
    os.close(reader)
    os.close(writer)


def test_a_signal_ends_work_without_an_exception_in_it() -> None:
    """What is interrupted is asked to end: an exception between two of its steps could leave a lock held."""
    asked, ended = threading.Event(), threading.Event()

    def work() -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        assert asked.wait(20)
        ended.set()

    before = signal.getsignal(signal.SIGTERM)
    assert run_interruptible(work, asked.set)
    assert ended.is_set()
    assert signal.getsignal(signal.SIGTERM) is before


def test_what_fails_undisturbed_is_told() -> None:
    """What the work raises is raised where it was started."""
    with pytest.raises(ConnectError):
        run_interruptible(lambda: (_ for _ in ()).throw(ConnectError("no")), lambda: None)
    assert not run_interruptible(lambda: None, lambda: None)
