"""The whole server while its disk fails for real: nothing is shown that is not stored, and it goes on."""

from __future__ import annotations

import logging
import resource
import signal
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

import pytest

from roomchat.server import Server
from roomchat.settings import Settings
from tests import warm
from tests.inside import full_disk
from tests.peer import DEADLINE, Event, Peer

Serve = Callable[..., Server]
Connect = Callable[..., Peer]
Failure = Callable[[Server], AbstractContextManager[None]]

LONG = "x" * 8000  # needs new pages in the database


@contextmanager
def broken_disk(server: Server) -> Iterator[None]:
    """No file can be written: the system refuses every byte, which SQLite calls a disk I/O error."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture(params=[full_disk, broken_disk])
def failing_disk(request: pytest.FixtureRequest) -> Failure:
    """Two ways in which a disk fails."""
    return request.param


@pytest.fixture
def server(serve: Serve, tmp_path: Path) -> Server:
    """A server with a log on disk."""
    return serve(db=str(tmp_path / "chat.db"))


def seqs(messages: list[Event]) -> list[int]:
    return [message["seq"] for message in messages]


def test_what_can_not_be_stored_is_refused_and_seen_by_nobody(
    server: Server, connect: Connect, failing_disk: Failure, caplog: pytest.LogCaptureFixture
) -> None:
    """The sender is told with its n, the others see nothing; once the disk works the same n is taken."""
    ann, bob = connect(server, "ann"), connect(server, "bob")
    for peer in (ann, bob):
        peer.join("tea")
    ann.until("member_joined")
    ann.send("say", text="before", n=1)
    for peer in (ann, bob):
        peer.expect("message", seq=1, n=1)
    with failing_disk(server):
        for attempt in range(3):
            ann.send("say", text=LONG, n=2, id=attempt)
            ann.expect("error", code="storage_unavailable", re=attempt, n=2)
        ann.send("say", text=LONG, n=3)
        ann.expect("error", code="out_of_order", n=3)
        bob.send("say", text=LONG)  # without n
        bob.expect("error", code="storage_unavailable")
        assert ann.sync() == bob.sync() == []
    for text, n in ((LONG, 2), ("after", 3)):
        ann.send("say", text=text, n=n)
        for peer in (ann, bob):
            peer.expect("message", seq=n, text=text, n=n)
    ann.send("history", room="tea")
    assert seqs(ann.expect("history")["entries"]) == [1, 2, 3]
    told = [record.message for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(told) == 2  # once that it fails, once that it works again
    assert told[0].startswith("nothing can be stored: ")
    assert told[1] == "messages are stored again, after 4 failures"


def test_what_needs_no_disk_works_while_it_fails(server: Server, connect: Connect, failing_disk: Failure) -> None:
    """Rooms can be joined, left and asked about, history read, and seats kept and taken up again."""
    ann, bob = connect(server, "ann"), connect(server, "bob")
    ann.join("tea")
    ann.send("say", text="before", n=1)
    said = ann.messages(1)
    token = bob.token
    with failing_disk(server):
        bob.join("tea")
        ann.expect("member_joined", uid=bob.uid)
        assert bob.messages(1) == said
        bob.send("who", room="tea")
        assert bob.expect("who")["clients_total"] == 2
        bob.send("history", room="tea")
        assert bob.expect("history")["entries"] == said
        bob.send("stats")
        bob.expect("stats")
        bob.join("new")
        bob.send("leave")
        bob.expect("left", room="new")
        again = connect(server)
        assert again.resume(token)["uid"] == bob.uid
        bob.until("error", code="replaced")
        again.until("message")
        assert again.sync() == []
        again.send("bye")
        again.expect("bye")
        ann.expect("member_left", uid=bob.uid)
        once_more = connect(server)
        assert once_more.resume(token)["uid"] == bob.uid
    assert ann.sync() == []


def test_what_must_be_remembered_is_refused_while_nothing_can_be(server: Server, connect: Connect) -> None:
    """Newcomers, new names and rooms made by dialling wait for the disk, and nothing of them stays."""
    ann, bob = connect(server, "ann"), connect(server, "bob")
    newcomer = connect(server)
    with broken_disk(server):
        newcomer.send("hello", protocol=1, name="cid", id=1)
        newcomer.expect("error", code="storage_unavailable", re=1)
        ann.send("name", name="anna", id=2)
        ann.expect("error", code="storage_unavailable", re=2)
        ann.send("dial", uid=bob.uid, id=3)
        ann.expect("error", code="storage_unavailable", re=3)
        ann.send("whisper", uid=bob.uid, text="psst", n=1, id=4)
        ann.expect("error", code="storage_unavailable", re=4, n=1)
        ann.send("rooms")
        ann.expect("rooms", rooms_total=0)
        ann.send("who")
        assert [person["name"] for person in ann.expect("who")["clients"]] == ["ann", "bob"]
        assert bob.sync() == []
    assert newcomer.hello("cid")["uid"] == bob.uid + 1
    ann.send("dial", uid=bob.uid)
    ann.expect("joined", room="r1")
    bob.expect("joined", room="r1")


def test_one_batch_that_fails_does_what_it_can(server: Server, connect: Connect) -> None:
    """Of commands that are handled together only those that need the disk are refused, all in order."""
    ann, bob = connect(server, "ann"), connect(server, "bob")
    for peer in (ann, bob):
        peer.join("tea")
    ann.until("member_joined")
    with broken_disk(server):
        ann.send_bytes(
            b'{"type":"join","room":"den","id":1}\n'
            b'{"type":"say","room":"tea","text":"hi","n":1,"id":2}\n'
            b'{"type":"leave","room":"tea","id":3}\n'
            b'{"type":"say","room":"tea","text":"hi","n":1,"id":4}\n'
            b'{"type":"ping","id":5}\n'
        )
        ann.expect("joined", re=1, room="den")
        ann.expect("error", re=2, code="storage_unavailable", n=1)
        ann.expect("left", re=3, room="tea")
        ann.expect("error", re=4, code="storage_unavailable", n=1)
        ann.expect("pong", re=5)
        bob.expect("member_left", room="tea", uid=ann.uid)
    ann.send("say", text="here", n=1)
    ann.expect("message", room="den", seq=1, n=1)
    assert bob.sync() == []


def test_nothing_is_lost_or_doubled_by_a_disk_that_fails_now_and_then(server: Server, connect: Connect) -> None:
    """Two who send again from the last n that was refused end with all messages once, in one order."""
    talkers = [connect(server, "ann"), connect(server, "bob")]
    for talker in talkers:
        talker.join("tea")
    last_n = {talker.uid: 0 for talker in talkers}
    refused = threading.Semaphore(0)
    over = threading.Event()
    problems: list[BaseException] = []

    def talk(peer: Peer) -> None:
        try:
            while not over.is_set():
                numbers = range(last_n[peer.uid] + 1, last_n[peer.uid] + 21)
                peer.send_bytes(b"".join(b'{"type":"say","text":"hi","n":%d}\n' % n for n in numbers))
                for event in peer.sync():
                    if event["type"] == "message" and event["uid"] == peer.uid:
                        last_n[peer.uid] = event["n"]
                    elif event.get("code") == "storage_unavailable":
                        refused.release()
        except BaseException as problem:  # noqa: BLE001 - told by the test
            problems.append(problem)

    threads = [threading.Thread(target=talk, args=(peer,)) for peer in talkers]
    for thread in threads:
        thread.start()
    for _ in range(10):
        with broken_disk(server):
            while refused.acquire(blocking=False):
                pass  # from the last time
            hit = refused.acquire(timeout=DEADLINE)
        if not hit:
            break
    over.set()
    for thread in threads:
        thread.join()
    assert problems == []
    assert hit
    late = connect(server, "late")
    total = late.join("tea", after=0)["last_seq"]
    messages = late.messages(total)
    assert late.sync() == []
    assert seqs(messages) == list(range(1, total + 1))
    for talker in talkers:
        assert [event["n"] for event in messages if event["uid"] == talker.uid] == [
            *range(1, last_n[talker.uid] + 1)
        ]


def test_a_locked_database_is_a_disk_that_fails(server: Server, connect: Connect, tmp_path: Path) -> None:
    """Another program that holds the database makes messages be refused, until it lets go."""
    ann = connect(server, "ann")
    ann.join("tea")
    other = sqlite3.connect(tmp_path / "chat.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    ann.send("say", text="hi", n=1)
    ann.expect("error", code="storage_unavailable", n=1)
    other.execute("ROLLBACK")
    other.close()
    ann.send("say", text="hi", n=1)
    ann.expect("message", seq=1)


def test_a_log_with_a_broken_line_ends_the_readers_connection_not_the_server(
    server: Server, connect: Connect, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Who asks for what can't be read is told so and let go; the others go on, and so does reading elsewhere. The
    server's log says it once."""
    ann = connect(server, "ann")
    for room in ("good", "bad"):
        ann.join(room)
        ann.send("say", text="hi")
        ann.messages(1)
    other = sqlite3.connect(tmp_path / "chat.db")
    with other:
        other.execute("UPDATE segments SET lines = x'00ff0a' WHERE id = 2")
    other.close()
    for number in range(5):  # more than there are reader threads
        reader = connect(server, f"reader-{number}")
        reader.join("bad", history=1)
        assert [event["code"] for event in reader.ended()] == ["log_unreadable"]
    told = [message for message in caplog.messages if "log" in message]
    assert len(told) == 1
    assert "reading the log failed" in told[0]
    reader = connect(server, "reader")
    reader.join("good")
    reader.messages(1)


SERVER = """
import sys
from roomchat.server import Server
from roomchat.settings import Settings
server = Server(Settings(port=0, db=sys.argv[1], rate=0))
server.start()
print(server.address[1], flush=True)
server.wait()
"""


def test_what_anyone_saw_outlives_a_killed_server(tmp_path: Path) -> None:
    """After kill -9 in the middle of a conversation all that was seen is in the log, and tokens and n go on."""
    db = str(tmp_path / "chat.db")
    seen: list[Event] = []
    with warm.start(SERVER, db) as process:
        try:
            address = ("127.0.0.1", int(process.stdout.readline()))
            ann, bob = Peer(address), Peer(address)
            with ann, bob:
                for name, peer in (("ann", ann), ("bob", bob)):
                    peer.hello(name)
                    peer.join("tea")
                ann.until("member_joined")
                lines = [b'{"type":"say","text":"%d","n":%d}\n' % (n, n) for n in range(1, 2001)]
                ann.send_bytes(b"".join(lines))
                while len(seen) < 100:
                    seen.append(bob.expect("message"))
                process.send_signal(signal.SIGKILL)
                with suppress(EOFError, ConnectionError, AssertionError):  # the last: in the middle of a line
                    while True:
                        seen.append(bob.next())
        finally:
            process.kill()
    assert seqs(seen) == list(range(1, len(seen) + 1))
    with Server(Settings(port=0, db=db, rate=0, drain=0.2)) as server, Peer(server.address) as again:
        welcome = again.resume(ann.token, rooms={"tea": 0})
        joined = again.expect("joined", room="tea")
        messages = again.messages(joined["last_seq"])
        assert welcome["last_n"] == joined["last_seq"] == messages[-1]["n"]
        assert messages[: len(seen)] == seen
        again.send("say", text="again", n=welcome["last_n"] + 1)
        again.expect("message", seq=welcome["last_n"] + 1)
