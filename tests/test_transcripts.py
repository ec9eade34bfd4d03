"""The conversations in transcripts/ and wire_transcripts/: with the hub in memory and over real sockets, and for
each with the bytes that are sent split everywhere."""

from __future__ import annotations

import itertools
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roomchat.chat.inputs import Shutdown
from roomchat.server import Server
from roomchat.settings import Settings
from tests.conftest import QUIET
from tests.framed import HANDSHAKE, TEXT, frame, unframed
from tests.memory import Chat
from tests.peer import DEADLINE
from tests.transcript import STOPPING, Transcript, load

TRANSCRIPTS = [load(path) for path in sorted(Path(__file__).parent.glob("*transcripts/*.txt"))]
ON_SOCKETS = [one for one in TRANSCRIPTS if not one.memory_only]
# Those of people on the native wire; to a WebSocket a line that is too long is something else.
ON_WEBSOCKETS = [
    one for one in ON_SOCKETS if one.path.parent.name == "transcripts" and "max_line" not in one.settings
]

# Most of the time of a conversation is the pauses that KTN and channels ask for. More of them at once wait for
# each other's threads, and are more work: 20 of them a sixth.
AT_ONCE = 8

Split = Callable[[bytes], list[bytes]]


def whole(data: bytes) -> list[bytes]:
    return [data]


def by_byte(data: bytes) -> list[bytes]:
    return [bytes([one]) for one in data]


def into(sizes: list[int]) -> Split:
    """Pieces of these sizes, over and over."""

    def split(data: bytes) -> list[bytes]:
        pieces, rest = [], data
        for size in itertools.cycle(sizes):
            pieces.append(rest[:size])
            rest = rest[size:]
            if not rest:
                return pieces
        return pieces

    return split


class InMemory:
    """On the hub alone; each piece is a batch of its own."""

    def __init__(self, settings: dict[str, Any], split: Split = whole) -> None:
        self._chat = Chat(**settings)
        self._split = split
        self._links: dict[str, str] = {}  # of who is connected
        self._numbers = itertools.count(1)

    def connect(self, who: str) -> None:
        self._links[who] = f"{who}#{next(self._numbers)}"
        self._chat.open(self._links[who])

    def pause(self, who: str) -> None:
        self._chat.pause(self._links[who])

    def send(self, who: str, data: bytes) -> None:
        for piece in self._split(data):
            self._chat.feed(self._links[who], piece)

    def half_close(self, who: str) -> None:
        self._chat.half_close(self._links[who])

    def receive(self, who: str) -> bytes:
        return self._chat.take_bytes(self._links[who])

    def hang_up(self, who: str) -> None:
        link = self._links.pop(who)
        if link not in self._chat.closed:
            self._chat.lose(link)

    def ended(self, who: str) -> bool:
        return self._links[who] in self._chat.closed

    def stop(self) -> None:
        self._chat.batch((None, Shutdown(STOPPING)))

    def wait(self, seconds: float) -> None:
        self._chat.wait(seconds)

    def disk(self, works: bool) -> None:
        self._chat.disk_works = works


class OverSockets:
    """On a whole server, which it starts and stops."""

    def __init__(self, settings: dict[str, Any], split: Split = whole) -> None:
        self._server = Server(Settings(**QUIET | settings))
        self._split = split
        self._sockets: dict[str, socket.socket] = {}

    def __enter__(self) -> OverSockets:
        self._server.start()
        self._running = True
        return self

    def __exit__(self, *_: object) -> None:
        for one in self._sockets.values():
            one.close()
        self.stop()
        assert not self._server.failed, "a thread of the server failed; the log of this test says why"

    def connect(self, who: str) -> None:
        self._sockets[who] = socket.create_connection(self._server.address, timeout=DEADLINE)
        self._sockets[who].setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)

    def pause(self, who: str) -> None:
        pass  # what it sees next says that it was noticed

    def send(self, who: str, data: bytes) -> None:
        for piece in self._split(data):
            self._sockets[who].sendall(piece)

    def half_close(self, who: str) -> None:
        self._sockets[who].shutdown(socket.SHUT_WR)

    def receive(self, who: str) -> bytes:
        return self._sockets[who].recv(64 * 1024)

    def hang_up(self, who: str) -> None:
        self._sockets.pop(who).close()

    def ended(self, who: str) -> bool:
        return self._sockets[who].recv(1) == b""

    def stop(self) -> None:
        if self._running:
            self._running = False
            self._server.stop(STOPPING)

    def wait(self, seconds: float) -> None:
        pytest.fail("time passes only in memory: say `memory only`")

    def disk(self, works: bool) -> None:
        pytest.fail("disks fail only in memory: say `memory only`")


class OverWebSockets(OverSockets):
    """As ``OverSockets``, for people on the native wire: each line is a frame."""

    def __init__(self, settings: dict[str, Any], split: Split = whole) -> None:
        super().__init__(settings, split)
        self._came: dict[str, bytes] = {}  # and is no whole frame

    def connect(self, who: str) -> None:
        super().connect(who)
        self._sockets[who].sendall(HANDSHAKE)
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self._sockets[who].recv(1)
        self._came[who] = b""

    def send(self, who: str, data: bytes) -> None:
        super().send(who, b"".join(map(frame, data.splitlines(keepends=True))))

    def receive(self, who: str) -> bytes:
        frames, self._came[who] = unframed(self._came[who])
        while not frames and (data := super().receive(who)):
            frames, self._came[who] = unframed(self._came[who] + data)
        return b"".join(data for first, data in frames if first == TEXT)


def run_over_sockets(transcript: Transcript, split: Split, kind: type[OverSockets] = OverSockets) -> None:
    # As soon as it can be: KTN, channels, and whoever says nothing, wait for that.
    soon = {"greet_after": 0.05} if transcript.path.parent.name == "wire_transcripts" else {}
    with kind(soon | transcript.settings, split) as backend:
        transcript.run(backend)


@pytest.fixture(scope="module")
def over_sockets() -> Iterator[dict[tuple[str, Split], Future[None]]]:
    """All conversations over sockets, several at once. Each wait in them has a deadline of its own."""
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        yield {
            (one.path.stem, split): pool.submit(run_over_sockets, one, split)
            for one in ON_SOCKETS
            for split in (whole, by_byte)
        }


@pytest.fixture(scope="module")
def over_websockets() -> Iterator[dict[tuple[str, Split], Future[None]]]:
    """As ``over_sockets``, in browsers' words."""
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        yield {
            (one.path.stem, split): pool.submit(run_over_sockets, one, split, OverWebSockets)
            for one in ON_WEBSOCKETS
            for split in (whole, by_byte)
        }


@pytest.mark.parametrize("split", [whole, by_byte])
@pytest.mark.parametrize("transcript", TRANSCRIPTS, ids=lambda one: one.path.stem)
def test_on_the_hub(transcript, split):
    """A conversation goes as its transcript says, with the hub in memory, as fast as bytes come or one by one."""
    transcript.run(InMemory(transcript.settings, split))


@pytest.mark.parametrize("transcript", TRANSCRIPTS, ids=lambda one: one.path.stem)
@settings(max_examples=15, deadline=None)
@given(sizes=st.lists(st.integers(1, 80), min_size=1, max_size=12))
def test_split_anywhere(transcript, sizes):
    """It goes the same way wherever the bytes are split."""
    transcript.run(InMemory(transcript.settings, into(sizes)))


@pytest.mark.parametrize("split", [whole, by_byte])
@pytest.mark.parametrize("transcript", ON_SOCKETS, ids=lambda one: one.path.stem)
def test_over_sockets(transcript, split, over_sockets):
    """It goes the same way over real sockets."""
    over_sockets[transcript.path.stem, split].result()


@pytest.mark.parametrize("split", [whole, by_byte])
@pytest.mark.parametrize("transcript", ON_WEBSOCKETS, ids=lambda one: one.path.stem)
def test_over_websockets(transcript, split, over_websockets):
    """It goes the same way over WebSockets."""
    over_websockets[transcript.path.stem, split].result()


HI = """\
here: ann (plain), cyd
ann sends at once
    /join lobby
    hi
ann sees You are in lobby; nobody else is here yet.
cyd sends ping id="x"
"""


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("ann sees <$ann bob> hi", "expected '<.ann bob> hi'"),
        ("ann sees <2 ann> hi", "expected '<2 ann> hi'"),
        ("ann sees\n    <1 ann> hi\n    <1 ann> hi", "received nothing"),
        ("ann is closed", "received more"),
        ("bob sees hi", "not connected"),
        ("ann whistles", "can't be understood"),
        ('cyd receives pong re="other"', "re: expected"),
        ("cyd receives pong", "re: expected"),
        ('cyd receives left re="x"', "type: expected"),
        ('cyd receives pong re="x" room="r"', "room: expected"),
        ('cyd receives pong re="x"\ncyd is closed', "still connected"),
        ("cyd receives nothing more", "cyd received"),
    ],
)
def test_a_wrong_transcript_fails(tmp_path, line, why):
    """A transcript that does not say what happens is a failure that names its line."""
    path = tmp_path / "wrong.txt"
    path.write_text(f"{HI}{line}\n")
    with pytest.raises(AssertionError, match=rf"line [78]: .*{why}"):
        load(path).run(InMemory({"lobby": ""}))


def test_what_a_transcript_leaves_out_is_a_failure(tmp_path):
    """Whoever received more than a transcript says was not described by it."""
    path = tmp_path / "wrong.txt"
    path.write_text(HI)
    with pytest.raises(AssertionError, match=r"at the end: .*<1 ann> hi"):
        load(path).run(InMemory({"lobby": ""}))
