"""The channels wire, rows C2 to C13: commands as lists, events as objects, one a line."""

from __future__ import annotations

import json
import socket
import threading
from contextlib import ExitStack, suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roomchat.server import Server
from roomchat.settings import Settings
from roomchat.wires.channels import HELP, ChannelsWire
from tests.memory import Chat
from tests.peer import DEADLINE


def command(name, *args):
    return json.dumps({"type": "command", "command": name, "args": list(args)}).encode() + b"\n"


def message(text, **fields):
    return json.dumps({"type": "message", "message": text, **fields}).encode() + b"\n"


def said(user, text, channel="tea"):
    return {"type": "message", "channel": channel, "user": user, "message": text}


def event(kind, **fields):
    return {"type": "event", "event": kind, **fields}


def error(text):
    return {"type": "error", "error": text}


def do(chat, who, *lines):
    """Send lines, all in one go; what is received then."""
    for other in list(chat.sent):
        chat.take_bytes(other)
    chat.feed(who, b"".join(lines))
    return got(chat, who)


def got(chat, who):
    return [json.loads(line) for line in chat.take_bytes(who).splitlines()]


def people(*names, channels=(), **settings):
    """A chat in memory with these people in these channels, and nothing waiting for anyone."""
    chat = Chat(**settings)
    for name in names:
        chat.open(name)
        chat.feed(name, command("nick", name))
        for channel in channels:
            chat.feed(name, command("join", channel))
    for name in names:
        chat.take_bytes(name)
    return chat


# ---------------------------------------------------------------- C2, C4, C5


def test_what_is_said_goes_to_everyone_in_the_channel():
    """A message without a channel goes to the one joined last, to everyone in it, the sender too."""
    chat = people("ann", "bob", channels=["tea"])
    do(chat, "bob", command("join", "mud"))
    assert do(chat, "ann", message("hi")) == got(chat, "bob") == [said("ann", "hi")]
    assert do(chat, "bob", message("alone")) == [said("bob", "alone", "mud")]
    assert got(chat, "ann") == []
    assert do(chat, "bob", message("here", channel="tea")) == got(chat, "ann") == [said("bob", "here")]


def test_comings_and_goings_are_told():
    """Members are told who joins, who leaves, and who is gone; the newcomer is told who is there."""
    chat = people("ann", channels=["tea"])
    chat.open("bob")
    chat.feed("bob", command("nick", "bob"))
    joined = event("joined_channel", channel="tea", users=["ann", "bob"], count=2)
    assert do(chat, "bob", command("join", "tea")) == [joined]
    assert got(chat, "ann") == [event("user_joined", channel="tea", user="bob")]
    assert do(chat, "bob", command("leave", "tea")) == [event("left_channel", channel="tea")]
    assert got(chat, "ann") == [event("user_left", channel="tea", user="bob")]
    do(chat, "bob", command("join", "tea"))
    chat.take_bytes("ann")
    chat.lose("bob")
    assert got(chat, "ann") == [event("user_left", channel="tea", user="bob")]


def test_nothing_from_before_is_told():
    """Whoever joins a channel sees what is said from then on: clients of this family know no history."""
    chat = people("ann", channels=["tea"])
    do(chat, "ann", message("before"))
    chat.open("bob")
    chat.feed("bob", command("nick", "bob"))
    assert [one["type"] for one in do(chat, "bob", command("join", "tea"))] == ["event"]


def test_joining_twice_is_being_there_once():
    """A second join is answered like the first, told to nobody, and doubles nothing."""
    chat = people("ann", "bob", channels=["tea"])
    assert do(chat, "bob", command("join", "TEA"))[0]["channel"] == "tea"
    assert got(chat, "ann") == []
    assert do(chat, "ann", message("once")) == got(chat, "bob") == [said("ann", "once")]


def test_leave_without_a_name_leaves_all():
    """/leave leaves every channel, in the order of joining, whatever else was tried before."""
    chat = people("ann", "bob", channels=["tea", "mud", "rain"])
    do(chat, "ann", command("join", "no good"), command("leave", "mud"), command("join", "TEA"))
    left = [one["channel"] for one in do(chat, "ann", command("leave"))]
    assert sorted(left) == ["rain", "tea"]
    assert [(one["event"], one["channel"]) for one in got(chat, "bob")] == [("user_left", one) for one in left]
    assert do(chat, "ann", command("leave")) == [error("You are not in a channel.")]
    assert do(chat, "ann", message("anyone?"))[0]["type"] == "error"


def test_leave_all_in_the_same_breath():
    """/leave leaves also what was joined in the same packet."""
    chat = people("ann")
    answers = do(chat, "ann", command("join", "tea"), command("join", "mud"), command("leave"))
    assert [one["event"] for one in answers] == ["joined_channel"] * 2 + ["left_channel"] * 2


def test_leave_all_again_and_again_is_no_flood():
    """What one packet asks for grows with its lines, not with lines times channels."""
    wire = ChannelsWire(Settings())
    packet = [command("join", f"c{number}") for number in range(300)] + [command("leave")] * 300
    assert len(wire.receive_data(b"".join(packet))) == 300 + 300 + 299


def test_a_whisper_is_no_channel():
    """Someone who was whispered to can leave all channels without an error."""
    chat = people("ann", channels=["tea"])
    chat.hello("eve")
    chat.do("eve", b'{"type":"whisper","uid":1,"text":"psst"}\n')
    assert do(chat, "ann", command("leave")) == [event("left_channel", channel="tea")]


def test_nicks_are_unique():
    """A nick that someone has is refused, and free again when that one is gone or called otherwise."""
    chat = people("ann", "bob")
    taken = error("Someone here is called bob already; choose another name.")
    assert do(chat, "ann", command("nick", "Bob")) == [taken]
    do(chat, "bob", command("nick", "rob"))
    assert do(chat, "ann", command("nick", "bob")) == [event("nick_changed", old="ann", new="bob", user="bob")]
    chat.lose("bob")
    assert do(chat, "ann", command("nick", "rob")) == [event("nick_changed", old="bob", new="rob", user="rob")]


def test_a_first_nick_that_is_taken_is_chosen_again():
    """Whoever is refused at first chooses another nick with the same command."""
    chat = people("ann")
    chat.open("bob")
    assert do(chat, "bob", command("nick", "ann"))[0]["type"] == "error"
    assert do(chat, "bob", command("nick", "a b"))[0]["type"] == "error"
    assert do(chat, "bob", command("nick", "bob"))[0]["info"].startswith("Welcome, bob.")


def test_two_nicks_in_one_packet():
    """A nick that is refused does not take the next one with it, however fast that follows."""
    chat = people("ann")
    chat.open("bob")
    answers = do(chat, "bob", command("nick", "ann"), command("nick", "bob"), command("join", "tea"))
    assert [one["type"] for one in answers] == ["error", "info", "event"]


def test_a_change_of_nick_is_told_once():
    """Whoever shares several channels with someone is told of the new nick once."""
    chat = people("ann", "bob", channels=["tea", "mud"])
    changed = event("nick_changed", old="ann", new="anna", user="anna")
    assert do(chat, "ann", command("nick", "anna")) == [changed]
    assert got(chat, "bob") == [changed]
    assert do(chat, "bob", message("hi", channel="tea")) == got(chat, "ann") == [said("bob", "hi")]


def test_the_list_counts():
    """/list tells every channel and how many are in it, whatever wire they came by."""
    chat = people("ann", "bob", channels=["tea"])
    chat.hello("nat", rooms={"tea": 0, "mud": 0})
    channels = [{"channel": "mud", "users": 1}, {"channel": "tea", "users": 3}]
    assert do(chat, "ann", command("list")) == [event("channel_list", channels=channels, count=2)]


# ---------------------------------------------------------------- C3


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (command("dance"), "There is no command /dance; /help lists them."),
        (command("{0}%s"), "There is no command /{0}%s; /help lists them."),
        (command("nick"), "This command has the form: /nick NAME"),
        (command("join"), "This command has the form: /join CHANNEL"),
        (command("msg"), "This command has the form: /msg CHANNEL TEXT"),
        (command("msg", "tea"), "This command has the form: /msg CHANNEL TEXT"),
        (command("leave", "nowhere"), "You are not in nowhere."),
        (command("join", "a b"), "'a b' can't be a room name: it has a space in it."),
        (message(""), "An empty message says nothing."),
        (message("hi", channel="nowhere"), "You are not in nowhere."),
        (b"hello\n", "This line is not JSON in UTF-8."),
        (b'{"type": "command", "command": "caf\xe9"}\n', "This line is not JSON in UTF-8."),
        (b'{"type": "command", "command": "list", "args": {"a": 1}}\n', None),
        (b'{"type": "command"}\n', None),
        (b'{"type": "message"}\n', None),
        (b'{"type": "dance"}\n', None),
        (b"[1, 2]\n", None),
        (b"null\n", None),
        (b"[" * 100_000 + b"\n", None),
        (b'{"type": "command", "command": "list", "args": ' + b"[" * 5000 + b"\n", None),
        (b"x" * 100_000 + b"\n", "A line may have at most 65536 bytes; this one was skipped to its end."),
    ],
)
def test_what_is_wrong_is_told(line, told):
    """Each mistake is answered by one error that says what to do, and the connection lives on."""
    chat = people("ann", channels=["tea"])
    answers = do(chat, "ann", line)
    assert [one["type"] for one in answers] == ["error"]
    assert told in (None, answers[0]["error"])
    assert do(chat, "ann", message("still here")) == [said("ann", "still here")]


@pytest.mark.parametrize("line", [b"", b"\n", b"  \r\n"])
def test_blank_lines_are_nothing(line):
    """A blank line is passed over."""
    chat = people("ann")
    assert do(chat, "ann", line) == []


@pytest.mark.parametrize(
    "line",
    [
        b'{"type":"command","command":"join","args":["tea"]}\r\n',
        b'{"type":"command","command":"join","args":"tea"}\n',
        b'{"type":"command","command":"/join","args":["tea","x"]}\n',
        b'{"args":["tea"],"command":"JOIN","type":"command"}\n',
    ],
)
def test_ways_to_say_the_same(line):
    """Arguments as a list or a text, the command with or without its slash."""
    chat = people("ann")
    assert do(chat, "ann", line)[0]["event"] == "joined_channel"


@pytest.mark.parametrize("fields", [{}, {"args": None}, {"args": []}, {"args": ""}, {"args": ["all"]}])
def test_arguments_may_be_missing(fields):
    """A command without arguments may leave them out in any way."""
    chat = people("ann")
    line = json.dumps({"type": "command", "command": "list", **fields}).encode() + b"\n"
    assert do(chat, "ann", line)[0]["event"] == "channel_list"


def test_help_before_the_nick():
    """Help can be had before there is a nick; for the rest one is asked for."""
    chat = people()
    chat.open("ann")
    assert do(chat, "ann", command("help")) == [{"type": "info", "info": HELP}]
    for line in (command("list"), command("join", "tea"), message("hi"), command("msg", "tea", "hi")):
        assert do(chat, "ann", line) == [error("Choose a nickname first: /nick NAME")]
    assert do(chat, "ann", command("nick", "ann"))[0]["info"].startswith("Welcome, ann.")
    assert do(chat, "ann", command("leave")) == [error("You are not in a channel.")]
    assert do(chat, "ann", command("help")) == [{"type": "info", "info": HELP}]


def test_quit_is_answered():
    """/quit is answered and ends the connection, with a nick or without one; the others are told."""
    chat = people("ann", "bob", channels=["tea"])
    assert do(chat, "bob", command("quit")) == [{"type": "info", "info": "Goodbye."}]
    assert "bob" in chat.closed
    assert got(chat, "ann") == [event("user_left", channel="tea", user="bob")]
    chat.open("new")
    assert do(chat, "new", command("quit")) == [{"type": "info", "info": "Goodbye."}]
    assert "new" in chat.closed


@settings(max_examples=60, deadline=None)
@given(
    value=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=10) | st.floats(allow_nan=False),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=6,
    ),
    kind=st.sampled_from(["command", "message"]),
    name=st.sampled_from(["nick", "join", "leave", "msg", "list", "part", "help"]),
)
def test_no_arguments_harm(value, kind, name):
    """Whatever stands where arguments belong is answered by objects of this wire."""
    chat = people("ann", channels=["tea"])
    line = json.dumps({"type": kind, "command": name, "args": value, "message": value}).encode() + b"\n"
    assert {one["type"] for one in do(chat, "ann", line)} <= {"error", "info", "event", "message"}
    assert do(chat, "ann", command("help")) == [{"type": "info", "info": HELP}]


# ---------------------------------------------------------------- C8 to C13, over sockets


class Client:
    """A program of that family: it uses only what stands before the first line feed of what a recv() brings."""

    def __init__(self, server):
        self.socket = socket.create_connection(server.address, timeout=DEADLINE)
        self.events = []
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._receive)
        self._thread.start()

    def send(self, line):
        self.socket.sendall(line)

    def until(self, wanted):
        """Wait until this was received."""
        with self._changed:
            assert self._changed.wait_for(lambda: wanted in self.events, DEADLINE), self.events

    def ended(self):
        """Wait until the server has ended the connection; all that was received."""
        self._thread.join(DEADLINE)
        assert not self._thread.is_alive()
        return self.events

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with suppress(OSError):  # it has ended already
            self.socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self.socket.close()

    def _receive(self):
        while data := self.socket.recv(4096):
            with self._changed:
                self.events.append(json.loads(data.partition(b"\n")[0]))
                self._changed.notify_all()
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)


def test_a_client_that_drops_what_follows_a_line_misses_nothing(serve, connect):
    """Answers and messages that come about at once are still received one by one."""
    server = serve()
    nat = connect(server, "nat")
    nat.join("tea")
    with Client(server) as ann:
        ann.send(command("nick", "ann") + command("join", "tea") + command("list"))
        ann.until(event("channel_list", channels=[{"channel": "tea", "users": 2}], count=1))
        nat.send_bytes(b"".join(b'{"type":"say","text":"%d"}\n' % number for number in range(8)))
        ann.send(message("and mine"))
        nat.until("message", text="and mine")
        wanted = [said("nat", str(number)) for number in range(8)]
        ann.until(wanted[-1])
        ann.until(said("ann", "and mine"))
        assert [one for one in ann.events if one.get("user") == "nat"] == wanted
        assert len(ann.events) == 3 + 8 + 1


def test_nobody_waits_for_a_paced_client(serve, connect):
    """While a client of this wire gets a line every 100 ms, a native one in the same room gets all at once."""
    server = serve()
    nat, oak = connect(server, "nat"), connect(server, "oak")
    with Client(server) as ann:
        ann.send(command("nick", "ann") + command("join", "tea"))
        ann.until(event("joined_channel", channel="tea", users=["ann"], count=1))
        nat.join("tea")
        oak.join("tea")
        nat.send_bytes(b"".join(b'{"type":"say","text":"%d"}\n' % number for number in range(100)))
        assert [one["text"] for one in oak.messages(100)] == [str(number) for number in range(100)]
        assert len(ann.events) < 100


def test_the_server_is_full(serve):
    """C8: the fifth of four is told that the server is full, in words of this wire, and let go."""
    server = serve(max_clients=4)
    with ExitStack() as stack:
        for number in range(4):
            client = stack.enter_context(Client(server))
            client.send(command("nick", f"p{number}"))
            client.until(
                {
                    "type": "info",
                    "info": f"Welcome, p{number}. Your UID is {number + 1}. /list shows the channels.",
                }
            )
        fifth = stack.enter_context(Client(server))
        fifth.send(command("nick", "p4"))
        assert fifth.ended() == [error("The server is full (limit: 4); try again later.")]


def test_the_server_stops():
    """C9: when the server stops, a client is told so and let go."""
    with ExitStack() as stack:
        with Server(Settings(port=0)) as server:
            ann = stack.enter_context(Client(server))
            ann.send(command("nick", "ann"))
            ann.until({"type": "info", "info": "Welcome, ann. Your UID is 1. /list shows the channels."})
        assert ann.ended()[-1] == {"type": "info", "info": "The server is stopping."}


def test_nothing_is_left_of_who_is_gone(serve):
    """C10: when a client is gone its nick is free, and its channels are gone with it."""
    server = serve()
    with Client(server) as ann:
        ann.send(command("nick", "ann") + command("join", "tea"))
        ann.until(event("joined_channel", channel="tea", users=["ann"], count=1))
        with Client(server) as bob:
            bob.send(command("nick", "bob") + command("join", "tea") + command("join", "mud"))
            bob.until(event("joined_channel", channel="mud", users=["bob"], count=1))
        ann.until(event("user_left", channel="tea", user="bob"))
        with Client(server) as again:
            again.send(command("nick", "bob") + command("list"))
            again.until(event("channel_list", channels=[{"channel": "tea", "users": 1}], count=1))
