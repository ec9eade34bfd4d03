"""All sessions of a server come back at once after it was killed: see docs/measurements.md.

Sessions say hello and join. Some hang up, more is said, the server is killed and started again on the same log,
and all connect at once, with token, epoch and cursors. Each must get what it missed: all of it, once, in order.
"""

from __future__ import annotations

import argparse
import selectors
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from measuring import (
    MIB,
    PATIENCE,
    Event,
    MeasuringError,
    Peer,
    ServerProcess,
    allow_many_connections,
    percentile,
    report,
)

ROOM_SIZE = 10
SEEN = 3  # messages in each room that everyone has seen
AT_ONCE = 200  # connections that are begun at a time before the kill; afterwards all are
HEAD = """\
       seconds until all are                one session     CPU seconds       server messages  queue    begun
       connected  welcome   joined caught up     p50      p99   server   script      MiB   missed   full   again"""
TEXT = "What was said in the meantime. ".ljust(100, ".")


@dataclass
class Session:
    """One client over all its connections."""

    name: str
    rooms: list[str]
    token: str = ""
    epoch: str = ""
    cursors: dict[str, int] = field(default_factory=dict)
    joined: list[str] = field(default_factory=list)  # on this connection
    messages: list[tuple[str, int, str]] = field(default_factory=list)  # room, seq, text; on this connection
    times: dict[str, float] = field(default_factory=dict)  # when the first event of a type came on this connection
    peer: Peer | None = None

    def hello(self) -> dict[str, object]:
        """Its first command on a connection."""
        if not self.token:
            return {"type": "hello", "protocol": 1, "name": self.name, "rooms": dict.fromkeys(self.rooms, 0)}
        session = {"token": self.token, "epoch": self.epoch, "rooms": self.cursors}
        return {"type": "hello", "protocol": 1, **session}

    def take(self, event: Event) -> None:
        """Keep what is checked later."""
        if event.type == "message":
            self.messages.append((event.room, event.seq, event.text))
            self.cursors[event.room] = event.seq
            return
        self.times.setdefault(event.type, time.monotonic())
        if event.type == "welcome":
            self.token, self.epoch = event.token, event.epoch
        elif event.type == "joined":
            self.joined.append(event.room)
        elif event.type == "error":
            raise MeasuringError(f"{self.name} was refused: {event.code}")


class Swarm:
    """The connections of all sessions. One thread."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self.again = 0  # connections that broke before anything came, and were begun anew

    def connect(self, sessions: Iterable[Session], address: tuple[str, int]) -> None:
        """Begin a new connection for each, and say hello as soon as it is there."""
        self._address = address
        for session in sessions:
            session.joined, session.messages, session.times = [], [], {}
            session.peer = Peer(address)
            self._selector.register(session.peer.socket, selectors.EVENT_WRITE, session)

    def wait(self, sessions: Iterable[Session], done: Callable[[Session], object]) -> None:
        """Receive until ``done`` holds for each of them."""
        waiting = {session.name for session in sessions if not done(session)}
        give_up = time.monotonic() + PATIENCE
        while waiting:
            if time.monotonic() > give_up:
                raise MeasuringError(f"{len(waiting)} sessions still wait, {waiting.pop()} is one of them")
            for key, mask in self._selector.select(1.0):
                session: Session = key.data
                peer = session.peer
                if peer is None:
                    continue
                try:
                    self._go_on(session, peer, mask)
                except ConnectionError:
                    if "welcome" in session.times:
                        raise
                    self.again += 1
                    self.hang_up([session])
                    self.connect([session], self._address)
                if session.name in waiting and done(session):
                    waiting.discard(session.name)
                    if "bye" in session.times:
                        self.hang_up([session])

    def _go_on(self, session: Session, peer: Peer, mask: int) -> None:
        """It is connected, or there is something to be read."""
        if mask & selectors.EVENT_WRITE:
            self._selector.modify(peer.socket, selectors.EVENT_READ, session)
            session.times["connected"] = time.monotonic()
            peer.send(session.hello(), {"type": "ping"})
            return
        for event in peer.receive():
            session.take(event)

    def hang_up(self, sessions: Iterable[Session]) -> None:
        """End their connections without a goodbye."""
        for session in sessions:
            if session.peer is not None:
                self._selector.unregister(session.peer.socket)
                session.peer.close()
                session.peer = None

    def close(self) -> None:
        """Free what it holds."""
        self._selector.close()


def said(session: Session) -> bool:
    """Whether it was told that all it asked for has come."""
    return "pong" in session.times


class Rooms:
    """Who speaks where, and what was said: by room, its (seq, text) as the one who speaks there got them."""

    def __init__(self, swarm: Swarm, sessions: list[Session]) -> None:
        self._swarm = swarm
        self.members: dict[str, list[Session]] = {}
        for session in sessions:
            for room in session.rooms:
                self.members.setdefault(room, []).append(session)
        self.log: dict[str, list[tuple[int, str]]] = {room: [] for room in self.members}
        self._said = 0

    def say(self, count: int) -> None:
        """Messages in each room, by its first member; everyone who is connected gets them."""
        upto = {}
        for room, members in self.members.items():
            speaker = members[0].peer
            assert speaker is not None
            texts = [f"{room} {self._said + i} {TEXT}" for i in range(count)]
            speaker.send(*({"type": "say", "room": room, "text": text} for text in texts))
            upto[room] = len(self.log[room]) + count
            self.log[room] += enumerate(texts, len(self.log[room]) + 1)  # this version leaves no seq out
        self._said += count
        here = [session for members in self.members.values() for session in members if session.peer is not None]
        self._swarm.wait(
            here, lambda session: all(session.cursors.get(room, 0) >= upto[room] for room in session.rooms)
        )

    def missed(self, session: Session, cursors: dict[str, int]) -> list[tuple[str, int, str]]:
        """What a session must get: everything behind its cursors, room by room."""
        return [
            (room, seq, text)
            for room in sorted(session.rooms)
            for seq, text in self.log[room]
            if seq > cursors[room]
        ]


# ---------------------------------------------------------------- what is measured


def come_back(swarm: Swarm, rooms: Rooms, sessions: list[Session], server: ServerProcess, label: str) -> None:
    """All connect at once; prints how long it took, and checks what each got."""
    cursors = [dict(session.cursors) for session in sessions]
    cpu, own_cpu, overflows, again = server.cpu, time.process_time(), listen_overflows(), swarm.again
    begun = time.monotonic()
    swarm.connect(sessions, server.address)
    swarm.wait(sessions, said)
    cells = [label.ljust(7)]
    for kind in ("connected", "welcome", "joined", "pong"):
        cells.append(f"{max(session.times[kind] for session in sessions) - begun:9.2f}")
    times = [session.times["pong"] - begun for session in sessions]
    cells += [f"{percentile(times, 50):9.2f}", f"{percentile(times, 99):9.2f}"]
    cells += [f"{server.cpu - cpu:9.2f}", f"{time.process_time() - own_cpu:9.2f}", f"{server.rss / MIB:9.1f}"]
    messages = 0
    for session, before in zip(sessions, cursors, strict=True):
        missed = rooms.missed(session, before)
        in_order = sorted(session.messages, key=lambda message: message[0])  # stable: only by room
        if in_order != missed:
            raise MeasuringError(
                f"{session.name} missed {len(missed)} messages and got {len(session.messages)}, or out of order"
            )
        if sorted(session.joined) != sorted(session.rooms):
            raise MeasuringError(f"{session.name} was told that it joined {session.joined}")
        messages += len(missed)
    print(f"{''.join(cells)}{messages:9}{listen_overflows() - overflows:7}{swarm.again - again:8}", flush=True)


def listen_overflows() -> int:
    """How often, on this machine, a connection came when the queue of its listener was full."""
    names, values = (line.split() for line in Path("/proc/net/netstat").read_text().splitlines()[:2])
    return int(values[names.index("ListenOverflows")])


def measure(options: argparse.Namespace) -> None:
    """Kill and come back some times; then come back to a server that runs."""
    allow_many_connections()
    sessions = [
        Session(f"s{i}", [f"room-{i // ROOM_SIZE}"] + ["hall"] * (i < options.hall))
        for i in range(options.sessions)
    ]
    with tempfile.TemporaryDirectory() as folder, closing(Swarm()) as swarm:
        db = Path(folder, "chat.db")
        rooms = Rooms(swarm, sessions)
        server = ServerProcess(db)
        try:
            print(f"{len(sessions)} sessions in rooms of {ROOM_SIZE}, {options.hall} of them in one hall, too.")
            for i in range(0, len(sessions), AT_ONCE):
                swarm.connect(sessions[i : i + AT_ONCE], server.address)
                swarm.wait(sessions[i : i + AT_ONCE], said)
            rooms.say(SEEN)
            print(f"The server has {server.rss / MIB:.1f} MiB when all have come one after the other.\n")
            print(HEAD)
            speakers = {members[0].name for members in rooms.members.values()}
            for i in range(options.kills):
                swarm.hang_up(one for one in sessions[i % 2 :: 2] if one.name not in speakers)
                rooms.say(options.missed)
                server.kill()
                swarm.hang_up(sessions)
                check_log(server)
                server.close()
                server = ServerProcess(db, server.address[1])
                print(
                    f"The server was there again after {server.started_in:.2f} s, with {server.rss / MIB:.1f} MiB."
                )
                come_back(swarm, rooms, sessions, server, f"kill {i + 1}")
            for i in range(options.returns):
                swarm.hang_up(sessions)
                come_back(swarm, rooms, sessions, server, f"back {i + 1}")
            say_goodbye(swarm, sessions)
            print(f"The server has {server.rss / MIB:.1f} MiB when all have said goodbye.")
            check_log(server)
        finally:
            server.close()
            swarm.hang_up(sessions)
    print("Each session got what it missed: all of it, once, in order.")


def say_goodbye(swarm: Swarm, sessions: list[Session]) -> None:
    """All give their seats up."""
    for session in sessions:
        assert session.peer is not None
        session.peer.send({"type": "bye"})
        session.times = {}
    swarm.wait(sessions, lambda session: "bye" in session.times)


def check_log(server: ServerProcess) -> None:
    """Nothing of this is worth a line in the server's log."""
    if logged := server.logged():
        raise MeasuringError(f"the server logged: {logged}")


def main() -> None:
    parser = argparse.ArgumentParser(description="All sessions come back at once to a server that was killed.")
    parser.add_argument("--sessions", type=int, default=5000, help="in rooms of ten (5000)")
    parser.add_argument("--hall", type=int, default=0, help="how many of them are in one large room, too (0)")
    parser.add_argument("--missed", type=int, default=5, help="messages in each room that some miss (5)")
    parser.add_argument("--kills", type=int, default=3, help="of the server, each with a return of all (3)")
    parser.add_argument(
        "--returns", type=int, default=2, help="of all to the server that still runs, after that (2)"
    )
    options = parser.parse_args()
    report(lambda: measure(options))


if __name__ == "__main__":
    main()
