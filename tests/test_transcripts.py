"""The conversations in transcripts/, with the hub in memory and over real sockets."""

from __future__ import annotations

import itertools
import json
from collections import defaultdict, deque
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from roomchat.server import Server
from tests.memory import Chat, Event
from tests.peer import Peer
from tests.transcript import load

TRANSCRIPTS = [load(path) for path in sorted(Path(__file__).with_name("transcripts").glob("*.txt"))]


class InMemory:
    """On the hub alone."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self._chat = Chat(**settings)
        self._links: dict[str, str] = {}  # of who is connected
        self._numbers = itertools.count(1)

    def send(self, who: str, data: bytes) -> None:
        if who not in self._links:
            self._links[who] = f"{who}#{next(self._numbers)}"
            self._chat.connect(self._links[who])
        self._chat.batch((self._links[who], data))

    def receive(self, who: str) -> Event | None:
        waiting = self._chat.received[self._links[who]]
        return waiting.pop(0) if waiting else None

    def rest(self, who: str) -> list[Event]:
        return self._chat.take(self._links[who]) if who in self._links else []

    def hang_up(self, who: str) -> None:
        self._chat.lose(self._links.pop(who))

    def ended(self, who: str) -> bool:
        return not self._chat.received[self._links[who]] and self._links.pop(who) in self._chat.closed

    def wait(self, seconds: float) -> None:
        self._chat.wait(seconds)

    def disk(self, works: bool) -> None:
        self._chat.disk_works = works


class OverSockets:
    """On a whole server. What is sent is followed by a ping: its answer says that it was handled."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._peers: dict[str, Peer] = {}
        self._early: dict[str, deque[Event]] = defaultdict(deque)  # read while waiting for the answer to a ping
        self._over: set[str] = set()  # whose connection the server has ended
        self._numbers = itertools.count(1)

    def send(self, who: str, data: bytes) -> None:
        if who not in self._peers:
            self._peers[who] = Peer(self._server.address)
        handled = f"handled-{next(self._numbers)}"
        ping = json.dumps({"type": "ping", "id": handled}).encode() + b"\n"
        self._peers[who].send_bytes(data + ping)
        while (event := self._read(who)) is not None and event.get("re") != handled:
            self._early[who].append(event)

    def receive(self, who: str) -> Event | None:
        return self._early[who].popleft() if self._early[who] else self._read(who)

    def rest(self, who: str) -> list[Event]:
        if who in self._peers and who not in self._over:
            self.send(who, b"")
        rest = list(self._early[who])
        self._early[who].clear()
        return rest

    def hang_up(self, who: str) -> None:
        self._peers.pop(who).close()
        self._early.pop(who, None)

    def ended(self, who: str) -> bool:
        if self._early[who] or (who not in self._over and self._read(who) is not None):
            return False
        self._over.discard(who)
        self.hang_up(who)
        return True

    def wait(self, seconds: float) -> None:
        pytest.fail("time passes only in memory: say `memory only`")

    def disk(self, works: bool) -> None:
        pytest.fail("disks fail only in memory: say `memory only`")

    def close(self) -> None:
        """Hang all up."""
        for peer in self._peers.values():
            peer.close()

    def _read(self, who: str) -> Event | None:
        try:
            return self._peers[who].next()
        except EOFError:
            self._over.add(who)
            return None


@pytest.mark.parametrize("transcript", TRANSCRIPTS, ids=lambda one: one.path.stem)
def test_on_the_hub(transcript):
    """A conversation goes as its transcript says, with the hub in memory."""
    transcript.run(InMemory(transcript.settings))


@pytest.mark.parametrize(
    "transcript", [one for one in TRANSCRIPTS if not one.memory_only], ids=lambda one: one.path.stem
)
def test_over_sockets(transcript, serve):
    """The same conversation goes the same way over real sockets."""
    with closing(OverSockets(serve(**transcript.settings))) as backend:
        transcript.run(backend)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('ann receives pong re="other"', "re: expected"),
        ("ann receives pong", "re: expected"),
        ('ann receives left re="x"', "type: expected"),
        ('ann receives pong re="x" room="r"', "room: expected"),
        ("ann receives nothing more", "ann received"),
        ("ann is closed", "still connected"),
        ('bob sends ping id="y"', "ann received more"),
        ("ann whistles", "can't be understood"),
    ],
)
def test_a_wrong_transcript_fails(tmp_path, line, why):
    """A transcript that does not say what happens is a failure that names its line."""
    path = tmp_path / "wrong.txt"
    path.write_text(f'here: ann\nann sends ping id="x"\n{line}\n')
    with pytest.raises(AssertionError, match=f"line 3: .*{why}"):
        load(path).run(InMemory({}))
