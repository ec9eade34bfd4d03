"""All sessions of a server come back at once after it was killed: see docs/measurements.md.

Each must get what it missed: all of it, once, in order.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace

from crew import Figures, Pace
from crowd import IN, Crowd, Member, Seat
from dialects import NATIVE
from servers import BenchError, Kind, Process

from roomchat.wires.plain_text import GREETING
from tests.peer import Peer

SESSIONS = 5000
ROOM_SIZE = 10
SPEAKER_ROOMS = 100  # as many as a server lets one client be in
SAID = 8  # messages in each room
MISSED = 5  # of them that every other session missed
AT_ONCE = 200  # connections that are begun at a time before the kill; afterwards all are
PONG = b'"type":"pong"'


class Session:
    """One client over all its connections. It reads nothing but what comes while it comes in."""

    def __init__(self, name: str, rooms: list[str]) -> None:
        self.cursors = dict.fromkeys(rooms, 0)
        self.missed: list[tuple[str, int]] = []  # what must come: room and seq, room by room
        self.got = bytearray()  # on this connection
        self.caught_up = 0.0  # when
        self._identity: dict[str, object] = {"name": name}

    def hello(self) -> bytes:
        """Its first commands on a connection; when the pong comes, all that it missed has come."""
        self.got.clear()
        hello = {"type": "hello", "protocol": 1, **self._identity, "rooms": self.cursors}
        return json.dumps(hello).encode() + b'\n{"type":"ping"}\n'

    def look_back(self, missed: int) -> None:
        """It has seen all but so many of the last messages of each room."""
        seqs = range(SAID - missed + 1, SAID + 1)
        self.missed = [(room, seq) for room in sorted(self.cursors) for seq in seqs]
        self.cursors = dict.fromkeys(self.cursors, SAID - missed)

    def check(self) -> None:
        """Raises BenchError unless it got what it must get."""
        data = self.got.removeprefix(GREETING.encode())  # for people: what came when our hello was late
        events = [json.loads(line) for line in data.splitlines()]
        messages = [(event["room"], event["seq"]) for event in events if event["type"] == "message"]
        joined = [event["room"] for event in events if event["type"] == "joined"]
        refusals = [event["code"] for event in events if event["type"] == "error"]
        in_rooms = sorted(messages, key=lambda message: message[0])  # stable: what is said in each stays in order
        if in_rooms != self.missed or sorted(joined) != sorted(self.cursors) or refusals:
            raise BenchError(f"a session missed {self.missed}, got {messages}, came into {joined}; {refusals}")
        welcome = next(event for event in events if event["type"] == "welcome")
        self._identity = {"token": welcome.get("token") or self._identity["token"], "epoch": welcome["epoch"]}


class Sessions(Crowd):
    """The connections of all sessions. Whoever says hello is in when the pong has come."""

    def __init__(self, address: tuple[str, int], sessions: list[Session]) -> None:
        self._sessions = {str(number): session for number, session in enumerate(sessions)}
        super().__init__(address, replace(NATIVE, welcomed=(PONG,)), AT_ONCE)

    def come(self, at_once: int, every: int = 1) -> list[float]:
        """All come in, or one of so many: the seconds that each took, sorted. Raises BenchError if one got what is
        wrong. Those who were in hang up before."""
        for member in list(self.members.values()):
            self.drop(member)
        self.at_once = at_once
        begun = time.monotonic()
        coming = list(self._sessions)[every - 1 :: every]
        self.gather([Seat(name) for name in coming])
        for name in coming:
            self._sessions[name].check()
        return sorted(self._sessions[name].caught_up - begun for name in coming)

    def hello(self, member: Member) -> bytes:
        member.looks = True  # nothing may come twice, behind the pong neither
        return self._sessions[member.seat.name].hello()

    def receive(self, member: Member) -> bytes:
        try:
            return super().receive(member)
        except (BenchError, ConnectionError):
            if self._sessions[member.seat.name].got:
                raise
            self.drop(member)  # the queue of the listener was full
            self.begin(member.seat)
            return b""

    def look_at(self, member: Member, data: bytes, when: int) -> None:
        session = self._sessions[member.seat.name]
        session.got += data
        if PONG in data:
            session.caught_up = time.monotonic()
        if member.step != IN:
            super().look_at(member, data, when)


def say(address: tuple[str, int], rooms: list[str]) -> None:
    """Some messages in each room, which have the seqs from 1 on."""
    for first in range(0, len(rooms), SPEAKER_ROOMS):
        with Peer(address) as speaker:
            speaker.hello(f"speaker-{first}")
            for i, room in enumerate(rooms[first : first + SPEAKER_ROOMS]):
                numbers = range(i * SAID + 1, (i + 1) * SAID + 1)
                speaker.send_bytes(NATIVE.join(room) + NATIVE.say(room, numbers, b"." * 100))
            speaker.sync()


def measure_comeback(hall: int) -> Callable[[Kind, Pace], Figures]:
    """In rooms of ten, so many of them in a large one, too: after a kill, and again to a server that runs."""

    def measure(kind: Kind, pace: Pace) -> Figures:
        sessions = [Session(f"s{i}", [f"room-{i // ROOM_SIZE}"] + ["hall"] * (i < hall)) for i in range(SESSIONS)]
        with Process(kind) as server:
            swarm = Sessions(server.address, sessions)
            swarm.come(AT_ONCE)
            say(server.address, sorted({room for session in sessions for room in session.cursors}))
            for i, session in enumerate(sessions):
                session.look_back(MISSED * (i % 2))
            server.kill()
            server.check_silent()
            figures = {"start_s": server.start(), "missed": sum(len(session.missed) for session in sessions)}
            seconds = swarm.come(SESSIONS)
            figures |= {"p50_s": seconds[len(seconds) // 2], "seconds": seconds[-1], "cpu_s": server.cpu()}
            # All of them once more would be more than one address may ask for within seconds.
            figures |= {"half_back_s": swarm.come(SESSIONS, 2)[-1], "memory_mib": server.memory()}
            server.check_silent()
        return figures

    return measure
