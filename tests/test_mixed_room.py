"""One room with people from every wire in it: all see all of it, once, in one order."""

from __future__ import annotations

import json
import re
import socket
import threading
from contextlib import ExitStack

import pytest

from tests.peer import DEADLINE

ROOM = "hall"


class Member:
    """Someone in the room, over a real socket; what it receives is read by whoever waits for it."""

    wire: str

    def __init__(self, server, name):
        self.name = name
        self.socket = socket.create_connection(server.address, timeout=DEADLINE)
        self.lines = []  # received, without their line feeds
        self._rest = b""

    def __enter__(self):
        self.enter()
        return self

    def __exit__(self, *_):
        self.socket.close()

    def enter(self):
        """Say who one is, and go into the room."""
        raise NotImplementedError

    def say(self, text):
        raise NotImplementedError

    def read(self, line):
        """What a line tells: ``(name, text)`` of a message, or None for all else."""
        raise NotImplementedError

    def send(self, line, end="\n"):
        self.socket.sendall(f"{line}{end}".encode())

    def until(self, found):
        """Receive until this is true of a line; that line."""
        seen = 0
        while True:
            for line in self.lines[seen:]:
                seen += 1
                if found(line):
                    del self.lines[:seen]
                    return line
            self.receive()

    def receive(self):
        data = self.socket.recv(65536)
        assert data, f"{self.name} was let go after {self.lines}"
        *lines, self._rest = (self._rest + data).split(b"\n")
        self.lines += [line.decode() for line in lines]

    def messages(self, count):
        """The messages among what was and will be received, until there are so many."""
        messages, seen = [], 0
        while len(messages) < count:
            if seen == len(self.lines):
                self.receive()
            messages += filter(None, map(self.read, self.lines[seen:]))
            seen = len(self.lines)
        self.lines.clear()
        return messages

    def uid(self):
        """The UID that it was told."""
        raise NotImplementedError


class Native(Member):
    wire = "native"

    def enter(self):
        self.send(json.dumps({"type": "hello", "protocol": 1, "name": self.name, "rooms": {ROOM: 0}}))
        self.welcome = json.loads(self.until(lambda line: '"type":"welcome"' in line))
        self.until(lambda line: '"type":"joined"' in line)

    def say(self, text):
        self.send(json.dumps({"type": "say", "text": text}))

    def read(self, line):
        event = json.loads(line)
        return (event["name"], event["text"]) if event["type"] == "message" else None

    def uid(self):
        return self.welcome["uid"]

    def members(self):
        self.send(json.dumps({"type": "who", "room": ROOM, "id": "w"}))
        return [one["name"] for one in json.loads(self.until(lambda line: '"re":"w"' in line))["clients"]]


class Ktn(Member):
    wire = "ktn"

    def enter(self):
        self.send(json.dumps({"request": "login", "content": self.name}), end="")
        self.until(lambda line: "Login successful!" in line)
        self.own = []  # said, and not told of yet

    def say(self, text):
        self.own.append((self.name, text))
        self.send(json.dumps({"request": "msg", "content": text}), end="")

    def read(self, line):
        """The word that its own message was sent stands where the message would."""
        event = json.loads(line)
        if event["response"] == "info" and event["content"] == "Message sent.":
            return self.own.pop(0)
        return (event["sender"], event["content"]) if event["response"] == "message" else None

    def members(self):
        self.send(json.dumps({"request": "names"}), end="")
        return json.loads(self.until(lambda line: '"info"' in line))["content"].split(", ")


class Channels(Member):
    wire = "channels"

    def enter(self):
        self.send(json.dumps({"type": "command", "command": "nick", "args": [self.name]}))
        self.send(json.dumps({"type": "command", "command": "join", "args": [ROOM]}))
        self.until(lambda line: "joined_channel" in line)

    def say(self, text):
        self.send(json.dumps({"type": "message", "channel": ROOM, "message": text}))

    def read(self, line):
        event = json.loads(line)
        return (event["user"], event["message"]) if event["type"] == "message" else None

    def members(self):
        self.send(json.dumps({"type": "command", "command": "join", "args": [ROOM]}))
        return json.loads(self.until(lambda line: "joined_channel" in line))["users"]


class Plain(Member):
    wire = "plain"

    def enter(self):
        self.send(self.name)
        self.welcome = self.until(lambda line: "uid is" in line)
        self.send(f"/join {ROOM}")
        self.until(lambda line: line.startswith(f"You are in {ROOM}"))

    def say(self, text):
        self.send(text)

    def read(self, line):
        found = re.fullmatch(r"(?:\[\w+\] )?<\d+ (\w+)> (.*)", line)
        return found and (found[1], found[2])

    def uid(self):
        return int(re.search(r"is: (\d+)", self.welcome)[1])

    def members(self):
        self.send(f"/who {ROOM}\n/leave nowhere")
        self.until(lambda line: line.startswith(("Here:", f"In {ROOM}")))
        names = []
        while (line := self.until(lambda line: True)) != "You are not in nowhere.":
            names.append(line.split()[1])
        return names


WIRES = [Native, Ktn, Channels, Plain]


@pytest.fixture
def room(serve):
    """Make a room with members of these kinds in it; each has seen all the others come."""
    with ExitStack() as stack:

        def make(*kinds, **settings):
            lobby = ROOM if Ktn in kinds else "elsewhere"  # KTN users can be nowhere else
            server = serve(lobby=lobby, **settings)
            return [stack.enter_context(kind(server, f"p{number}")) for number, kind in enumerate(kinds)]

        yield make


@pytest.mark.parametrize("io_threads", [1, 3])
def test_all_talk_at_once(room, io_threads):
    """Everyone sees every message once, and all in the same order; KTN gets word of its own in its place."""
    members = room(*WIRES, *WIRES, io_threads=io_threads)
    texts = {member: [f"{member.name} says {number}" for number in range(2)] for member in members}
    start = threading.Barrier(len(members))

    def talk(member):
        start.wait(DEADLINE)
        for text in texts[member]:
            member.say(text)

    threads = [threading.Thread(target=talk, args=(member,)) for member in members]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE)

    total = 2 * len(members)
    order = members[0].messages(total)
    assert sorted(order) == sorted((member.name, text) for member in members for text in texts[member])
    for member in members:
        assert [text for name, text in order if name == member.name] == texts[member]
    for member in members[1:]:
        assert member.messages(total) == order, f"{member.name} by {member.wire}"
    for member in members:  # what would come behind it is no second time
        assert sorted(member.members()) == sorted(one.name for one in members)
        assert not any(map(member.read, member.lines))


def test_members_are_complete(room):
    """Whatever wire one asks by, all members are there, whatever wire they came by."""
    members = room(*WIRES, *WIRES)
    names = sorted(member.name for member in members)
    assert [sorted(member.members()) for member in members] == [names] * len(members)


@pytest.mark.parametrize("by", [Native, Plain])
@pytest.mark.parametrize("to", WIRES)
def test_a_uid_leads_across_wires(room, by, to):
    """Who dials someone in a room is in that room, whatever wires the two came by."""
    caller, host = room(by, to)
    caller.send('{"type": "leave"}' if by is Native else "/leave")
    caller.until(lambda line: "left" in line)
    uid = 2  # the second to come
    caller.send(json.dumps({"type": "dial", "uid": uid}) if by is Native else uid)
    caller.until(lambda line: (f'"room":"{ROOM}"' if by is Native else f"in {ROOM} with") in line)
    caller.say("here I am")
    assert host.messages(1) == [("p0", "here I am")]


@pytest.mark.parametrize("kind", WIRES)
@pytest.mark.parametrize("way", ["closed", "reset"])
def test_a_lost_connection(room, kind, way):
    """A native seat waits for its client; whoever has no way to come back is gone at once."""
    watcher, other = room(Native, kind)
    if way == "reset":
        linger = (1).to_bytes(4, "little") + bytes(4)
        other.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    other.socket.close()
    told = json.loads(watcher.until(lambda line: '"type":"away"' in line or '"type":"member_left"' in line))
    assert (told["type"], told["name"]) == ("away" if kind is Native else "member_left", "p1")
    assert told.get("reason") == (None if kind is Native else "lost")
    assert watcher.members() == (["p0", "p1"] if kind is Native else ["p0"])


@pytest.mark.parametrize("kind", [Channels, Plain])
def test_comings_and_goings_are_told_on(room, kind):
    """Channels and plain members are told of those who come and go by other wires, too."""
    watcher, *others = room(kind, *WIRES)
    for other in others:
        watcher.until(lambda line, name=other.name: name in line and ("user_joined" in line or "entered" in line))
    for other in others:
        other.socket.close()
        watcher.until(lambda line, name=other.name: name in line and ("user_left" in line or "lost" in line))
