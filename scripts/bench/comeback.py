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
from tests.peer import Event, Peer

SESSIONS = 5000
ROOM_SIZE = 10
SPEAKER_ROOMS = 100  # as many as a server lets one client be in
SAID = 8  # messages in each room
MISSED = 5  # of them that every other session missed
PING, PONG = b'{"type":"ping"}\n', b'"type":"pong"'
AT_ONCE = 200  # connections that are begun at a time before the kill; afterwards all are

Said = tuple[str, int, str]  # room, seq, text
Log = dict[str, list[Said]]  # by room


class Session:
    """One client over all its connections. It reads nothing but what comes while it comes in."""

    def __init__(self, name: str, rooms: list[str]) -> None:
        self.name = name
        self.cursors = dict.fromkeys(rooms, 0)
        self.missed: list[Said] = []  # what must come, room by room
        self.got = bytearray()  # on this connection
        self.caught_up = 0.0  # when
        self._identity: dict[str, object] = {"name": name}

    def hello(self) -> bytes:
        """Its first commands on a connection; when the pong comes, all that it missed has come."""
        self.got.clear()
        hello = {"type": "hello", "protocol": 1, **self._identity, "rooms": self.cursors}
        return json.dumps(hello).encode() + b"\n" + PING

    def check(self) -> None:
        """Raises BenchError unless it got what it must get."""
        data = self.got.removeprefix(GREETING.encode())  # for people: what came when our hello was late
        events = [json.loads(line) for line in data.splitlines()]
        messages = [_said(event) for event in events if event["type"] == "message"]
        if sorted(messages, key=lambda message: message[0]) != self.missed:  # stable: only by room
            raise BenchError(f"{self.name} missed {len(self.missed)} messages and got {len(messages)} or others")
        if sorted(event["room"] for event in events if event["type"] == "joined") != sorted(self.cursors):
            raise BenchError(f"{self.name} is not in its rooms")
        if refusals := [event["code"] for event in events if event["type"] == "error"]:
            raise BenchError(f"{self.name} was refused: {refusals}")
        welcome = next(event for event in events if event["type"] == "welcome")
        self._identity = {"token": welcome.get("token") or self._identity["token"], "epoch": welcome["epoch"]}

    def look_back(self, log: Log, missed: int) -> None:
        """It has seen all but so many of the last messages of each room."""
        self.missed = []
        for room in sorted(self.cursors):
            seen = len(log[room]) - missed
            self.cursors[room] = log[room][seen - 1][1]
            self.missed += log[room][seen:]


class Sessions(Crowd):
    """The connections of all sessions. Whoever says hello is in when the pong has come."""

    def __init__(self, address: tuple[str, int], sessions: list[Session]) -> None:
        self._sessions = {session.name: session for session in sessions}
        super().__init__(address, replace(NATIVE, welcomed=(PONG,)), AT_ONCE)

    def come(self, at_once: int, every: int = 1) -> list[float]:
        """All come in, or one of so many: the seconds that each took, sorted. Raises BenchError if one got what is
        wrong."""
        self.at_once = at_once
        begun = time.monotonic()
        coming = list(self._sessions.values())[every - 1 :: every]
        self.gather([Seat(session.name) for session in coming])
        for session in coming:
            session.check()
        return sorted(session.caught_up - begun for session in coming)

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

    def hang_up(self) -> None:
        """All leave, without a goodbye."""
        for member in list(self.members.values()):
            self.drop(member)


def _said(event: Event) -> Said:
    return event["room"], event["seq"], event["text"]


def say(address: tuple[str, int], log: Log) -> None:
    """Some messages in each room, kept as their speaker got them."""
    rooms = list(log)
    for first in range(0, len(rooms), SPEAKER_ROOMS):
        with Peer(address) as speaker:
            speaker.hello(f"speaker-{first}")
            for i, room in enumerate(rooms[first : first + SPEAKER_ROOMS]):
                speaker.send_bytes(NATIVE.join(room))
                for n in range(i * SAID + 1, (i + 1) * SAID + 1):
                    speaker.send("say", room=room, text=f"{room} {n}".ljust(100, "."), n=n)
            for event in speaker.sync():
                if event["type"] == "message":
                    log[event["room"]].append(_said(event))


def measure_comeback(hall: int) -> Callable[[Kind, Pace], Figures]:
    """In rooms of ten, so many of them in a large one, too: after a kill, and again to a server that runs."""

    def measure(kind: Kind, pace: Pace) -> Figures:
        sessions = [Session(f"s{i}", [f"room-{i // ROOM_SIZE}"] + ["hall"] * (i < hall)) for i in range(SESSIONS)]
        log: Log = {room: [] for session in sessions for room in session.cursors}
        with Process(kind) as server:
            swarm = Sessions(server.address, sessions)
            swarm.come(AT_ONCE)
            say(server.address, log)
            for i, session in enumerate(sessions):
                session.look_back(log, MISSED * (i % 2))
            server.kill()
            server.check_silent()
            swarm.hang_up()
            figures = {"start_s": server.start(), "missed": sum(len(session.missed) for session in sessions)}
            seconds = swarm.come(SESSIONS)
            figures |= {"p50_s": seconds[len(seconds) // 2], "seconds": seconds[-1], "cpu_s": server.cpu()}
            swarm.hang_up()
            # All of them once more would be more than one address may ask for within seconds.
            figures |= {"half_back_s": swarm.come(SESSIONS, 2)[-1], "memory_mib": server.memory()}
            swarm.hang_up()
            server.check_silent()
        return figures

    return measure
