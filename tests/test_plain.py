"""The plain-text wire: what a person with nothing but nc types, and what is shown."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import time
from contextlib import closing
from pathlib import Path
from typing import IO

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from roomchat.harmless import harmless
from roomchat.server import Server
from roomchat.settings import Settings
from roomchat.wires.plain_text import ASK_NAME, ASK_UID, GREETING, HELP
from tests.memory import Chat
from tests.peer import DEADLINE
from tests.test_passwords import SECRET, register, settings_of

NC = shutil.which("nc")


class Terminal:
    """A person at a bare connection."""

    def __init__(self, server, name=None):
        self.socket = socket.create_connection(server.address, timeout=DEADLINE)
        self.shown = ""  # not looked at yet
        if name is not None:
            self.type(name)
            self.uid = int(re.search(r"Your uid is: (\d+)\n", self.until("/help lists the commands.\n"))[1])

    def type(self, line):
        self.socket.sendall(f"{line}\n".encode())

    def until(self, text):
        """All that is shown up to this, and that."""
        deadline = time.monotonic() + DEADLINE
        while text not in self.shown:
            assert time.monotonic() < deadline, self.shown
            data = self.socket.recv(65536)
            assert data, f"ended after {self.shown!r}, without {text!r}"
            self.shown += data.decode()
        before, _, self.shown = self.shown.partition(text)
        return before + text

    def rest(self):
        """All that is shown up to the end."""
        while data := self.socket.recv(65536):
            self.shown += data.decode()
        return self.shown

    def close(self):
        self.socket.close()


def people(*names, **settings):
    """A chat in memory, without a lobby, with these people in it, and nothing waiting for anyone."""
    chat = Chat(**{"lobby": ""} | settings)
    for name in names:
        chat.open(name)
        chat.feed(name, f"{name}\n".encode())
    for name in names:
        chat.take_bytes(name)
    return chat


def typed(chat, who, *lines):
    """Type lines, all in one go; what is shown then."""
    for other in list(chat.sent):
        chat.take_bytes(other)
    chat.feed(who, b"".join(line if isinstance(line, bytes) else f"{line}\n".encode() for line in lines))
    return chat.take_bytes(who).decode()


def in_tea(*names, **settings):
    """People who are in the room tea."""
    chat = people(*names, **settings)
    for name in names:
        typed(chat, name, "/join tea")
    return chat


# ---------------------------------------------------------------- the name


def test_greeted_after_silence():
    """Who says nothing is greeted, and only once."""
    chat = Chat()
    chat.open("ann")
    chat.pause("ann")
    assert chat.take_bytes("ann").decode() == GREETING
    chat.pause("ann")
    assert typed(chat, "ann", "ann").startswith("Your uid is: 1\n")


@pytest.mark.parametrize("bad", ["a b", "a\tb", "a\x1b[31m", "x" * 33, "\u202eann", "☃", "ann"])
def test_a_bad_name_is_asked_again(bad):
    """A name that can't be, or is taken, is told with the reason, and asked again."""
    chat = people("ann")
    chat.open("new")
    chat.pause("new")
    chat.take_bytes("new")
    shown = typed(chat, "new", bad)
    sentence, prompt = shown[: -len(ASK_NAME)], shown[-len(ASK_NAME) :]
    assert prompt == ASK_NAME
    assert len(sentence) > 10
    assert sentence.endswith(".\n")
    assert harmless(sentence[:-1]) == sentence[:-1]
    assert "Your uid is: 2" in typed(chat, "new", "bob")


def test_a_name_in_bytes_that_are_no_text():
    """A name that is no UTF-8 is refused like any other that can't be."""
    chat = people()
    chat.open("new")
    chat.pause("new")
    assert typed(chat, "new", b"\xfe\x80\n").endswith(f".\n{ASK_NAME}")


def test_help_before_the_name():
    """Help can be had before there is a name."""
    chat = people()
    chat.open("new")
    assert typed(chat, "new", "/help") == GREETING + HELP + ASK_NAME


@pytest.mark.parametrize("word", [".exit", "/exit", "/quit", "/bye", ".EXIT", "  .exit  "])
def test_exit_before_the_name(word):
    """Whoever comes in by mistake gets out again."""
    chat = people()
    chat.open("new")
    assert typed(chat, "new", word) == f"{GREETING}Goodbye.\n"
    assert "new" in chat.closed


def test_return_is_pressed_first():
    """Whoever presses Return to see whether anyone is there can give the name on the next line."""
    chat = people()
    chat.open("new")
    chat.feed("new", b"\n")
    chat.pause("new")
    assert "Your uid is: 1\n" in typed(chat, "new", "ann")


def test_a_bad_name_and_a_good_one_in_one_go():
    """What is piped in goes as if it had been typed line by line: the next line is another try at the name."""
    chat = people("ann")
    chat.open("new")
    shown = typed(chat, "new", "a b", "ann", "bob", "/join tea", "hello")
    assert "Your uid is: 2\n" in shown
    assert shown.endswith("<2 bob> hello\n")


@pytest.mark.parametrize("method", ["chat", "CHAT", "X-1", "patch", "a_b!"])
@pytest.mark.parametrize("path", ["/x", "/" + "x" * Settings.max_line], ids=["short", "longer than a line"])
def test_a_web_page_reaches_nobody(method, path):
    """A page that reached the port by DNS rebinding may use any method: what it posts is not typed by a person."""
    chat = in_tea("ann")
    chat.open("page")
    head = f"{method} {path} HTTP/1.1\r\nHost: evil.example:5050\r\nContent-Length: 30\r\n\r\n"
    shown = typed(chat, "page", head.encode(), "eve", "/join tea", "gotcha")
    assert "This is a chat, not a web server.\n" in shown
    assert "Your uid is" not in shown
    assert chat.take_bytes("ann") == b""


@pytest.mark.parametrize("command", ["/who", "/rooms", "/join"])
def test_a_command_is_no_name(command):
    """A command that is typed where the name is asked for does not become the name."""
    chat = people()
    chat.open("new")
    shown = typed(chat, "new", command)
    assert "Your uid is" not in shown
    assert shown.endswith(ASK_NAME)


def test_too_early_is_told_in_words_of_this_wire():
    """Nobody at a prompt for a name is told to say hello."""
    chat = people()
    chat.open("new")
    assert "Say hello" not in typed(chat, "new", "a b", "anyone here?")


def test_the_welcome_shows_uid_people_and_rooms():
    """A newcomer is told its UID, who is there, which rooms there are, and what to do."""
    chat = in_tea("ann", "bob", motd="Be kind.\n\x1b[31mNow.")
    chat.open("new")
    assert typed(chat, "new", "new") == (
        f"{GREETING}Your uid is: 3\nBe kind.\n␛[31mNow.\n"
        f"People online:\n1 ann\n2 bob\nRooms:\ntea (2)\n{ASK_UID}"
        "Or wait until someone dials you, or /join ROOM. /help lists the commands.\n"
    )


def test_of_a_crowd_a_page_is_shown():
    """Of hundreds of people a page is shown, and how many more there are."""
    chat = Chat()
    chat.hellos(*(f"p{number}" for number in range(105)))
    chat.open("new")
    shown = typed(chat, "new", "new").splitlines()
    online, rooms = shown.index("People online:"), shown.index("Rooms:")
    listed = shown[online + 1 : rooms]
    assert listed[0] == "1 p0"
    people_listed, (more,) = listed[:-1], re.findall(r"and (\d+) more", listed[-1])
    assert len(people_listed) + int(more) == 105


# ---------------------------------------------------------------- dialling


@pytest.mark.parametrize(
    ("uid", "told"),
    [("99", "Nobody has the UID 99.\n"), ("2", "2 is your own UID.\n"), (" 99 ", "Nobody has the UID 99.\n")],
)
def test_a_uid_that_can_not_be_dialled_is_asked_again(uid, told):
    """An unknown UID, or one's own, is told, and another one asked for."""
    chat = people("ann", "bob")
    assert typed(chat, "bob", uid) == told + ASK_UID
    assert typed(chat, "bob", uid) == told + ASK_UID


@pytest.mark.parametrize(
    "uid",
    ["0", "-1", "alice5794", "9" * 16],
)
def test_what_is_typed_alone_is_asked_again(uid):
    """Whoever is in no room and types what is no UID of anyone is asked for one again."""
    chat = people("ann")
    assert typed(chat, "ann", uid).endswith(ASK_UID)


def test_a_uid_that_has_gone_is_asked_again():
    """A UID of someone who has left is told, and another one asked for."""
    chat = people("ann", "bob")
    chat.feed("ann", b".exit\n")
    assert typed(chat, "bob", "1") == f"The person with UID 1 is offline.\n{ASK_UID}"


def test_a_number_in_a_room_is_said():
    """In a room a number is something to say; /dial still dials."""
    chat = in_tea("ann", "bob")
    chat.open("cyd")
    chat.feed("cyd", b"cyd\n")
    assert typed(chat, "ann", "42") == "<1 ann> 42\n"
    assert typed(chat, "ann", "/dial 3").startswith("You started r1.\nYou are in r1 with:\n3 cyd\n")


def test_a_number_is_a_uid_again_outside():
    """Once out of all rooms, a number is dialled again."""
    chat = people("ann", "bob")
    typed(chat, "ann", "/join tea", "/leave")
    assert typed(chat, "ann", "2").startswith("You started r1.\n")


@pytest.mark.parametrize("who", ["ann", "bob"])
def test_a_number_is_a_uid_after_a_whisper(who):
    """To whisper, or to be whispered to, is not to be in a room: a number is still dialled."""
    chat = people("ann", "bob")
    typed(chat, "ann", "/whisper 2 psst")
    assert typed(chat, who, {"ann": "2", "bob": "1"}[who]).startswith("You started r1.\n")


@pytest.mark.parametrize("first", ["native", "plain"])
def test_dialled_across_wires(serve, connect, first):
    """A native client dials a plain one, and the other way round, by the UIDs that each was shown."""
    server = serve(lobby="")
    ann = connect(server, "ann")
    with closing(Terminal(server, "bob")) as bob:
        if first == "native":
            ann.send("dial", uid=bob.uid)
            assert bob.until("1 ann\n") == "1 ann started r1.\nYou are in r1 with:\n1 ann\n"
        else:
            bob.type(ann.uid)
            assert bob.until("1 ann\n") == "You started r1.\nYou are in r1 with:\n1 ann\n"
        joined = ann.expect("joined", room="r1", by=ann.uid if first == "native" else bob.uid)
        assert {one["uid"] for one in joined["members"]} == {ann.uid, bob.uid}
        bob.type("hello")
        ann.expect("message", room="r1", uid=bob.uid, name="bob", text="hello")
        ann.send("say", text="hello yourself")
        assert bob.until("yourself\n") == f"<{bob.uid} bob> hello\n<{ann.uid} ann> hello yourself\n"


# ---------------------------------------------------------------- commands


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("/help", HELP),
        ("/rooms", "Rooms:\ntea (2)\n"),
        ("/ROOMS", "Rooms:\ntea (2)\n"),
        ("/who", "Here:\n1 ann\n2 bob\n"),
        ("/who nowhere", "There is no room nowhere.\n"),
        ("/history", "<1 ann> one\n<2 bob> two\n"),
        ("/history 1", "<2 bob> two\n"),
        ("/leave", "You left tea.\n"),
        ("/leave TEA", "You left tea.\n"),
        ("/leave nowhere", "You are not in nowhere.\n"),
        ("/join den", "You are in den; nobody else is here yet.\n"),
        ("/join tea", "You are in tea with:\n2 bob\n"),
        ("/dial 2", "You are in tea with:\n2 bob\n"),
        ("/dial bob", "Usage: /dial UID. /help lists the commands.\n"),
        ("/join", "Usage: /join ROOM. /help lists the commands.\n"),
        ("/join @1-2", "@1-2 can't be joined or left: a room with @ is for two people who whisper.\n"),
        ("/whisper 2", "Usage: /whisper UID TEXT. /help lists the commands.\n"),
        ("/whisper 9 psst", "Nobody has the UID 9.\n"),
        ("/name", "Usage: /name NAME. /help lists the commands.\n"),
        ("/name anna", "* 1 ann is now called anna\n"),
        ("/name bob", "Someone here is called bob already; choose another name.\n"),
        ("/history two", "Usage: /history [N]. /help lists the commands.\n"),
        ("/dance", "There is no command /dance. /help lists the commands.\n"),
        ("/", "There is no command /. /help lists the commands.\n"),
        ("//dance", "<1 ann> /dance\n"),
        ("hi", "<1 ann> hi\n"),
        ("  hi ", "<1 ann>   hi \n"),
        ("", ""),
        ("   ", ""),
        (".exit", "Goodbye.\n"),
        ("/quit", "Goodbye.\n"),
    ],
)
def test_a_line(line, shown):
    """Each thing that can be typed is answered so that a stranger knows what happened."""
    chat = in_tea("ann", "bob")
    typed(chat, "ann", "one")
    typed(chat, "bob", "two")
    assert typed(chat, "ann", line) == shown


@pytest.mark.parametrize(
    "line",
    ["/HELP", "/help me", "/quit now"],
)
def test_no_command_that_exists_is_denied(line):
    """Whatever stands behind a command, nobody is told that it does not exist."""
    chat = in_tea("ann")
    assert "There is no command" not in typed(chat, "ann", line)


def test_a_whisper_is_for_two():
    """A whisper is marked as one, and nobody else sees it."""
    chat = in_tea("ann", "bob", "cyd")
    assert "(whispered) <1 ann> psst,  you\n" in typed(chat, "ann", "/whisper 2 psst,  you")
    assert chat.take_bytes("bob").decode().endswith("(whispered) <1 ann> psst,  you\n")
    assert chat.take_bytes("cyd") == b""


def test_what_was_said_before_is_shown_on_joining():
    """Whoever joins sees what was said before, and no part of it twice."""
    chat = in_tea("ann")
    typed(chat, "ann", "one", "two")
    chat.open("bob")
    chat.feed("bob", b"bob\n")
    assert typed(chat, "bob", "/join tea") == "You are in tea with:\n1 ann\n<1 ann> one\n<1 ann> two\n"
    assert typed(chat, "bob", "/join tea") == "You are in tea with:\n1 ann\n"


# ---------------------------------------------------------------- what is typed and shown


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        (b"crlf\r\n", "<1 ann> crlf\n"),
        (b"cr nul\r\0", "<1 ann> cr nul\n"),
        ("naïve 漢字 😀\n".encode(), "<1 ann> naïve 漢字 😀\n"),
        (b"caf\xe9\n", "<1 ann> caf\ufffd\n"),
        (b"\xc3\n\xa9\n", "<1 ann> \ufffd\n<1 ann> \ufffd\n"),
        (b"red \x1b[31m\n", "<1 ann> red ␛[31m\n"),
        (b"bell \x07 and nul \x00\n", "<1 ann> bell ␇ and nul ␀\n"),
        ("c1 \x9b31m\n".encode(), "<1 ann> c1 <U+009B>31m\n"),
        ("bidi \u202etxt\n".encode(), "<1 ann> bidi <U+202E>txt\n"),
        ("faked \u2028<2 bob> hi\n".encode(), "<1 ann> faked <U+2028><2 bob> hi\n"),
        (b"faked \r<2 bob> hi\n", "<1 ann> faked \n<1 ann> <2 bob> hi\n"),
        (b"faked \x0b<2 bob> hi\n", "<1 ann> faked ␋<2 bob> hi\n"),
    ],
)
def test_text_is_made_harmless(sent, shown):
    """What a terminal would obey is shown, not done, and no line can be made to look like another's."""
    chat = in_tea("ann", "bob")
    assert typed(chat, "ann", sent) == shown
    assert chat.take_bytes("bob").decode() == shown


def test_a_line_feed_within_a_message_fakes_nobody():
    """Each line of a text from another wire stands behind who said it."""
    chat = in_tea("ann")
    chat.hello("eve", rooms={"tea": 0})
    chat.take_bytes("ann")
    chat.do("eve", b'{"type":"say","room":"tea","text":"hi\\n<1 ann> I agree\\r\\n* 1 ann left (tea)"}\n')
    assert chat.take_bytes("ann").decode() == "<2 eve> hi\n<2 eve> <1 ann> I agree␍\n<2 eve> * 1 ann left (tea)\n"


@settings(max_examples=60, deadline=None)
@given(text=st.text(min_size=1, max_size=60))
@example(text="\n" * 10)
@example(text="\ud800".encode("utf-8", "replace").decode() + "\x85\u2029")
@example(text="/me ")
def test_nothing_said_gets_out_of_its_lines(text):
    """Whatever is said on another wire, every line that is shown begins with who said it, and is harmless."""
    chat = in_tea("ann")
    chat.open("eve")
    chat.feed("eve", b'{"type":"command","command":"nick","args":["eve"]}\n')
    chat.feed("eve", b'{"type":"command","command":"join","args":["tea"]}\n')
    chat.take_bytes("ann")
    chat.feed("eve", json.dumps({"type": "message", "message": text}).encode() + b"\n")
    *lines, rest = chat.take_bytes("ann").decode().split("\n")
    assert rest == ""
    assert len(lines) == text.count("\n") + 1
    head = "* <2 eve> " if text.startswith("/me ") else "<2 eve> "
    assert all(line.startswith(head) and harmless(line) == line for line in lines)


@pytest.mark.parametrize("step", [1000, 65_536, 200_000])
def test_a_line_that_is_too_long(step):
    """A line beyond the limit is told and skipped to its end; what follows works."""
    chat = in_tea("ann")
    line = b"x" * 150_000 + b"\nhi\n"
    chat.take_bytes("ann")
    for at in range(0, len(line), step):
        chat.feed("ann", line[at : at + step])
    told = "A line may have at most 65536 bytes; this one was skipped to its end.\n"
    assert chat.take_bytes("ann").decode() == f"{told}<1 ann> hi\n"


def test_a_text_that_is_too_long():
    """A text beyond the limit of a message is told, and not said."""
    chat = in_tea("ann")
    told = "A message may have at most 8192 characters; this one has 9000.\n"
    assert typed(chat, "ann", "x" * 9000) == told


def test_a_name_that_is_too_long_for_a_line():
    """A first line beyond the limit is told, and the name asked for still."""
    chat = people()
    chat.open("new")
    shown = typed(chat, "new", "x" * 70_000)
    assert shown.endswith(f"skipped to its end.\n{ASK_NAME}")
    assert "Your uid is: 1\n" in typed(chat, "new", "ann")


@settings(max_examples=80, deadline=None)
@given(data=st.binary(max_size=300), sizes=st.lists(st.integers(1, 40), min_size=1, max_size=5))
@example(data=b"/dial 9007199254740993\n/whisper 99999999999999999999 x\n/history 999999999999999\n", sizes=[300])
@example(data=b"/who @\n/leave @\n/history 0\n//\n/\n/name \xff\n/dial \xd9\xa1\n", sizes=[300])
def test_nothing_typed_harms(data, sizes):
    """Whatever is typed, what is shown is lines, and harmless."""
    chat = in_tea("ann")
    chat.take_bytes("ann")
    position = 0
    for size in sizes * len(data):
        chat.feed("ann", data[position : position + size])
        position += size
        if position >= len(data):
            break
    lines = chat.take_bytes("ann").decode().split("\n")
    assert all(harmless(line) == line for line in lines)
    assert lines[-1] == ""


# ---------------------------------------------------------------- over sockets


def test_greeted_without_a_word(serve):
    """A connection that says nothing is greeted by itself, and its end is noticed."""
    server = serve(greet_after=0.05)
    with closing(Terminal(server)) as ann:
        assert ann.until(ASK_NAME) == GREETING
        ann.type("ann")
        assert ann.until(ASK_UID).startswith("Your uid is: 1\n")
    with closing(Terminal(server, "ann")) as again:
        assert again.uid == 2


PIPED = "ann\n/join tea\nhello\n"
ANSWERS = f"""\
{GREETING}Your uid is: 1
People online:
none yet
Rooms:
none yet
{ASK_UID}Or wait until someone dials you, or /join ROOM. /help lists the commands.
You are in tea; nobody else is here yet.
<1 ann> hello
"""


@pytest.mark.parametrize(("piped", "answers"), [(PIPED, ANSWERS), (f"{PIPED}.exit\n", f"{ANSWERS}Goodbye.\n")])
def test_all_that_is_piped_in_is_answered(serve, piped, answers):
    """Who sends all at once and then ends its half of the connection gets all the answers, and then the end."""
    with closing(Terminal(serve(lobby=""))) as ann:
        ann.socket.sendall(piped.encode())
        ann.socket.shutdown(socket.SHUT_WR)
        assert ann.rest() == answers


def test_the_last_line_may_lack_its_end(serve):
    """What was typed last is said even where the input ends without a line feed: printf hello | nc."""
    with closing(Terminal(serve(lobby=""))) as ann:
        ann.socket.sendall(PIPED.rstrip().encode())
        ann.socket.shutdown(socket.SHUT_WR)
        assert ann.rest() == ANSWERS


@pytest.mark.skipif(NC is None, reason="there is no nc here")
def test_netcat(serve, connect):
    """The program itself: printf '...' | nc, with someone native in the room."""
    server = serve()
    bob = connect(server, "bob")
    bob.join("tea")
    host, port = server.address
    done = subprocess.run(
        [NC, host, str(port)], input=f"{PIPED}.exit\n".encode(), capture_output=True, timeout=DEADLINE, check=False
    )
    shown = done.stdout.decode()
    assert shown.startswith(f"{GREETING}Your uid is: 2\nPeople online:\n1 bob\nRooms:\ntea (1)\n")
    assert shown.endswith("You are in tea with:\n1 bob\n<2 ann> hello\nGoodbye.\n")
    bob.expect("member_joined", room="tea", uid=2, name="ann")
    bob.expect("message", text="hello", uid=2)
    bob.expect("member_left", uid=2, reason="bye")


def test_full_is_told_in_words(serve, connect):
    """Where the server is full, a person at a bare line is told so, and let go."""
    server = serve(max_clients=1, greet_after=0.05)
    connect(server, "ann")
    with closing(Terminal(server)) as bob:
        shown = bob.rest()
    assert shown.endswith("The server is full (limit: 1); try again later.\n")


def test_others_are_left_at_once(serve, connect):
    """Without a way to come back there is no seat to keep: the rooms are left as soon as the connection ends."""
    server = serve()
    ann = connect(server, "ann")
    ann.join("tea")
    with closing(Terminal(server, "bob")) as bob:
        bob.type("/join tea")
        bob.until("with:\n1 ann\n")
    ann.until("member_left", room="tea", uid=bob.uid, reason="lost")
    with closing(Terminal(server, "bob")) as again:
        assert again.uid != bob.uid


# ---------------------------------------------------------------- logging in


def test_logging_in_by_hand(tmp_path: Path) -> None:
    """The password is asked for, and telnet is told not to show it; a wrong one is asked for no second time."""
    with Server(settings_of(tmp_path)) as server:
        register(server).close()
        with socket.create_connection(server.address, timeout=20) as person, person.makefile("rb") as lines:
            person.sendall(b"/login\n")
            assert b"Usage: /login NAME." in until(lines, b"Usage")
            person.sendall(b"ann\n")
            assert b"To log in, type /login NAME." in until(lines, b"To log in")
            person.sendall(b"/login ann\r\nwrong horse\r\n")
            found = until(lines, b"password is wrong")
            assert found.index(b"\xff\xfb\x01") < found.index(b"Password") < found.index(b"\xff\xfc\x01")
            person.sendall(b"/login Ann\n" + SECRET.encode() + b"\n")
            until(lines, b"Your uid is: 1")
            person.sendall(b"/login ann\n/devices\n")
            until(lines, b"You are in already")
            assert b"takes roomchat's own client" in until(lines, b"/devices")
            person.sendall(b"a word\n")
            until(lines, b"a word")
        with socket.create_connection(server.address, timeout=20) as person, person.makefile("rb") as lines:
            person.sendall(b"/login ann\n" + SECRET.encode() + b"\n")
            found = until(lines, b"Your uid is: 1")
            person.sendall(b"another one\n")
            found += until(lines, b"another one")
            assert found.count(b"a word") == 1, "of the lobby, where the account was before"
            assert found.count(b"You are in lobby") == 1, found


def test_no_password_is_asked_for_in_clear_text_from_elsewhere(tmp_path: Path) -> None:
    """Before it is typed; over an encrypted connection it is."""
    with (
        Server(settings_of(tmp_path, plaintext="all", proxy_from=("127.0.0.1",))) as server,
        socket.create_connection(server.address, timeout=20) as person,
        person.makefile("rb") as lines,
    ):
        person.sendall(b"PROXY TCP4 192.0.2.1 192.0.2.2 1234 5050\r\n/login ann\n")
        found = until(lines, b"clear text")
        assert b"openssl s_client" in found
        assert b"Password (" not in found


def until(lines: IO[bytes], wanted: bytes) -> bytes:
    """All up to the line that has this."""
    found = b""
    while wanted not in found:
        line = lines.readline()
        assert line, found
        found += line
    return found
