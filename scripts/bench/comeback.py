"""All sessions of a server come back at once after it was killed: see docs/measurements.md.

Each must get what it missed: all of it, once, in order.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace

from crew import Figures, Pace
from crowd import Crowd, Seat
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
        self._identity: dict[str, object] = {"name": name}

    def seat(self, number: int) -> Seat:
        """Its next connection; when the pong comes, all that it missed has come."""
        hello = {"type": "hello", "protocol": 1, **self._identity, "rooms": self.cursors}
        return Seat(str(number), hello=json.dumps(hello).encode() + b'\n{"type":"ping"}\n')

    def look_back(self, missed: int) -> None:
        """It has seen all but so many of the last messages of each room."""
        seqs = range(SAID - missed + 1, SAID + 1)
        self.missed = [(room, seq) for room in sorted(self.cursors) for seq in seqs]
        self.cursors = dict.fromkeys(self.cursors, SAID - missed)

    def check(self, data: bytes) -> None:
        """Raises BenchError unless that is what it must get."""
        data = data.removeprefix(GREETING.encode())  # for people: what came when our hello was late
        events = [json.loads(line) for line in data.splitlines()]
        messages = [(event["room"], event["seq"]) for event in events if event["type"] == "message"]
        joined = [event["room"] for event in events if event["type"] == "joined"]
        refusals = [event["code"] for event in events if event["type"] == "error"]
        in_rooms = sorted(messages, key=lambda message: message[0])  # stable: what is said in each stays in order
        if in_rooms != self.missed or sorted(joined) != sorted(self.cursors) or refusals:
            raise BenchError(f"a session missed {self.missed}, got {messages}, came into {joined}; {refusals}")
        welcome = next(event for event in events if event["type"] == "welcome")
        self._identity = {"token": welcome.get("token") or self._identity["token"], "epoch": welcome["epoch"]}


def come(crowd: Crowd, sessions: list[Session], at_once: int) -> list[float]:
    """All come in: the seconds that each took, sorted. Raises BenchError if one got what is wrong. Those who were
    in hang up before."""
    crowd.drop(*crowd.members.values())
    crowd.at_once = at_once
    begun = time.monotonic_ns()
    crowd.gather([session.seat(number) for number, session in enumerate(sessions)])
    for member in crowd.members.values():
        sessions[int(member.seat.name)].check(bytes(member.got))
    return sorted((member.came_in - begun) / 1e9 for member in crowd.members.values())


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
            crowd = Crowd(server.addresses, replace(NATIVE, welcomed=(PONG,)), AT_ONCE)
            come(crowd, sessions, AT_ONCE)
            say(server.address, sorted({room for session in sessions for room in session.cursors}))
            for i, session in enumerate(sessions):
                session.look_back(MISSED * (i % 2))
            server.kill()
            server.check_silent()
            figures = {"start_s": server.start(), "missed": sum(len(session.missed) for session in sessions)}
            seconds = come(crowd, sessions, SESSIONS)
            figures |= {"p50_s": seconds[len(seconds) // 2], "seconds": seconds[-1], "cpu_s": server.cpu()}
            # All of them once more would be more than one address may ask for within seconds.
            figures |= {"half_back_s": come(crowd, sessions[1::2], SESSIONS)[-1], "memory_mib": server.memory()}
            server.check_silent()
        return figures

    return measure
