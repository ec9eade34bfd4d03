"""Those who never said anything, and rooms that nobody spoke in: neither leaves anything for ever."""

from __future__ import annotations

import json
import shutil
import socket
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from roomchat.client.client import Client
from roomchat.protocol import Bye, Dial, Hello, Join, Leave, Say, Whisper
from roomchat.retention import MAX_GUESTS
from roomchat.server import Server
from roomchat.settings import Settings
from roomchat.store.api import Changes, SegmentRow
from roomchat.store.log import Log
from roomchat.store.reader import SqliteReader
from tests.conftest import QUIET
from tests.memory import Chat
from tests.peer import Peer
from tests.test_seats import OLD

Connect = Callable[..., Peer]
DAY = 86_400_000  # milliseconds


def run(path: Path, **settings: Any) -> Server:
    """A server on that log, to be entered. It looks for what is old behind its first batch."""
    return Server(Settings(**QUIET | {"db": str(path), "resume_window": 0} | settings))


def visit(server: Server, name: str | None = None, token: str = "", *says: dict[str, Any]) -> str:
    """Come, say something or nothing, and go; the token."""
    with Peer(server.address) as peer:
        welcome = peer.resume(token) if token else peer.hello(str(name))
        for command in says:
            peer.send("whisper" if "uid" in command else "say", **command)
            peer.until("message")
        peer.send("bye")
        peer.until("bye")
    return str(welcome["token"])


def rows(path: Path, query: str) -> list[Any]:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        return connection.execute(query).fetchall()


def pass_days(path: Path, days: float) -> None:
    """All guests were here that long ago."""
    rows(path, f"UPDATE guests SET seen = seen - {int(days * DAY)}")


def refusal(server: Server, token: str) -> str:
    """The code with which a token is refused; "" if it is taken."""
    with Peer(server.address) as peer:
        peer.send("hello", protocol=1, token=token)
        return str(peer.next().get("code", ""))


def test_who_never_said_anything_is_forgotten(tmp_path: Path) -> None:
    """Not who spoke, with or without a number, not who was whispered to, and not who was here since."""
    path = tmp_path / "chat.db"
    tokens = {}
    with run(path) as server:
        with Peer(server.address) as ann, Peer(server.address) as cat:
            tokens["cat"] = cat.hello("cat")["token"]
            tokens["ann"] = ann.hello("ann", rooms={"tea": 0})["token"]
            ann.send("say", room="tea", text="hi")
            ann.until("message")
            ann.send("whisper", uid=cat.uid, text="psst")
            ann.until("message", room="@1-2")
        with Peer(server.address) as bob:
            tokens["bob"] = bob.hello("bob", rooms={"tea": 0})["token"]
            bob.send("say", room="tea", text="hi", n=1)
            bob.until("message", n=1)
        for name in ("silent", "back"):
            tokens[name] = visit(server, name)
    assert {uid for (uid,) in rows(path, "SELECT uid FROM guests")} == {1, 4, 5}
    pass_days(path, 20)
    with run(path) as server:
        visit(server, token=tokens["back"])
    pass_days(path, 11)
    with run(path) as server:
        visit(server, "new")
    with run(path) as server:
        assert {name: refusal(server, token) for name, token in tokens.items()} == {
            "ann": "", "bob": "", "cat": "", "back": "", "silent": "unknown_token",
        }  # fmt: skip
        with Peer(server.address) as peer:
            assert peer.hello("silent")["uid"] == 7  # its old UID is not used again
    for table in ("clients", "sessions", "counters", "seats", "guests"):
        assert rows(path, f"SELECT uid FROM {table} WHERE uid = 4") == []


@pytest.mark.parametrize("days", [0, 40])
def test_how_long_guests_are_remembered_can_be_set(tmp_path: Path, days: int) -> None:
    """For ever, too."""
    path = tmp_path / "chat.db"
    with run(path, guest_days=days) as server:
        token = visit(server, "ann")
    pass_days(path, 39)
    for _ in range(2):
        with run(path, guest_days=days) as server:
            visit(server, token=token)


def test_who_is_here_is_no_guest_to_forget(tmp_path: Path, connect: Connect) -> None:
    """However long it has been here without a word: it counts as seen when its turn comes. So does an away one."""
    path = tmp_path / "chat.db"
    with run(path, resume_window=100) as server:
        tokens = [connect(server, name).token for name in ("ann", "bob")]
    pass_days(path, 50)
    with run(path, resume_window=100) as server:
        ann = connect(server)
        ann.resume(tokens[0])
    now = time.time() * 1000
    assert all(abs(now - seen) < DAY for (seen,) in rows(path, "SELECT seen FROM guests"))
    with run(path) as server:
        for token in tokens:
            visit(server, token=token)


def test_a_wrong_clock_forgets_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Time is believed to have passed only as far as for messages."""
    path = tmp_path / "chat.db"
    with run(path) as server:
        token = visit(server, "ann")
        with Peer(server.address) as bob:
            bob.hello("bob", rooms={"tea": 0})
            bob.send("say", room="tea", text="hi")
            bob.until("message")
    real = time.time
    monkeypatch.setattr("roomchat.clock.time.time", lambda: real() + 31 * DAY / 1000)
    for _ in range(2):
        with run(path) as server:
            visit(server, token=token)


def test_the_program_of_a_forgotten_guest_begins_anew(tmp_path: Path) -> None:
    """As somebody new under the same name; what it says arrives."""
    path, state = tmp_path / "chat.db", tmp_path / "state"
    with run(path) as server:
        port = server.address[1]
        with Client(f"127.0.0.1:{port}", "ann", state=state) as ann:
            ann.join("tea")
            first = ann.uid
    pass_days(path, 31)
    with run(path) as server:
        visit(server, "bob")
    with run(path, port=port), Client(f"127.0.0.1:{port}", "ann", state=state) as ann:
        assert (ann.uid, ann.name) == (first + 2, "ann")
        ann.join("tea")
        ann.say("hi")
        assert ann.flush(10)


def test_guests_go_in_pieces(tmp_path: Path) -> None:
    """As many as the chat may wait for at a time, those who were gone first; who is needed is looked at once."""
    log = Log(str(tmp_path / "chat.db"), "normal")
    guests = [(uid, f"guest-{uid}") for uid in range(1, 251)]
    log.append(
        1000,
        Changes(
            [],
            guests,
            [(uid, 1, b"%d" % uid) for uid, _ in guests],
            next_uid=251,
            seats=guests,
            guests=[(uid, True) for uid, _ in guests],
        ),
    )
    log.append(1000, Changes([], guests=[(1, False)]))
    forget = [log.forget_guests(2000, 3000, MAX_GUESTS, lambda uid: uid % 50 == 0) for _ in range(4)]
    assert forget == [(100, 98), (100, 98), (49, 48), (0, 0)]
    with closing(SqliteReader(log.path)) as reader:
        assert [uid for uid in range(1, 251) if reader.client(uid)] == [1, 50, 100, 150, 200, 250]
        assert (reader.client(b"1").guest, reader.client(b"50").guest, log.next_uid()) == (False, True, 251)
    assert log.forget_guests(1000, 3000, MAX_GUESTS, lambda _: False) == (0, 0)
    log.close()


def test_who_cant_come_back_leaves_nothing_but_its_uid(tmp_path: Path) -> None:
    """Its row would stay for ever. Its UID is not used again."""
    path = tmp_path / "chat.db"
    for uid in (1, 2):
        with run(path) as server, socket.create_connection(server.address, timeout=10) as person:
            person.sendall(b"guest\n/name gus\n/quit\n")
            told = b"".join(iter(lambda: person.recv(4096), b""))
            assert b"Your uid is: %d\n" % uid in told
    for table in ("clients", "sessions", "seats", "guests"):
        assert rows(path, f"SELECT * FROM {table}") == []


# ---------------------------------------------------------------- older logs


def test_guests_of_the_first_version_are_found(tmp_path: Path) -> None:
    """By what was said, counted or not, in whichever line of a segment. A broken segment keeps no log closed."""
    path = tmp_path / "chat.db"
    shutil.copy(OLD, path)
    lines = [
        {"type": "message", "uid": 1, "text": '","uid":4,"\n\u2028'},
        {"type": "message", "uid": 3, "text": "hi"},
    ]
    with closing(sqlite3.connect(path)) as old, old:
        for blob in (
            b"".join(json.dumps(line).encode() + b"\n" for line in lines),
            b'{"uid":4',
            b"\xff\n",
            b'"uid"\n4\n',
        ):
            old.execute(
                "INSERT INTO segments (room, first_seq, last_seq, time, lines) VALUES (1, 7, 8, 5, ?)", (blob,)
            )
    Log(str(path), "normal").close()
    ((uid, seen),) = rows(path, "SELECT uid, seen FROM guests")
    assert uid == 4
    assert abs(seen - time.time() * 1000) < DAY


# ---------------------------------------------------------------- rooms that nobody spoke in


def test_rooms_that_nobody_spoke_in_leave_nothing(tmp_path: Path) -> None:
    """However they were made and left: by joining, by hello, by dialling, by a lost connection."""
    chat = Chat(resume_window=5, large_room=2)
    empty = {"rooms", "open_rooms", "room_keys", "rooms_to_clients", "pairs"}
    chat.hellos("ann", "bob", "cat", "dan")
    for name in ("ann", "bob", "cat", "dan"):
        chat.do(name, Join(room="crowd"), Join(room=f"{name}-1"), Join(room=f"{name}-2"), Leave(room=f"{name}-1"))
    chat.do("ann", Leave(room="crowd"), Leave(room="ann-2"), Dial(uid=2))
    chat.batch(("new", Hello(protocol=1, name="eve", rooms={"cellar": 0})))
    chat.do("bob", Bye())
    chat.lose("ann", "cat", "dan")
    chat.connect("eve")
    chat.do("eve", Hello(protocol=1, name="eve", rooms={"cellar": 0, "crowd": 0}), Bye())
    chat.wait(10)
    assert {name: len(getattr(chat.registry, name)) for name in empty} == dict.fromkeys(empty, 0)
    assert chat.hub.deadline() is None


def test_a_room_that_nobody_spoke_in_has_no_row(tmp_path: Path, connect: Connect) -> None:
    """Also where what was to be said in it was refused."""
    path = tmp_path / "chat.db"
    with run(path) as server:
        ann, bob = connect(server, "ann"), connect(server, "bob")
        ann.join("tea")
        ann.send("say", room="tea", text="")
        ann.until("error", code="empty_text")
        ann.send("dial", uid=bob.uid)
        ann.until("joined")
        ann.send("whisper", uid=bob.uid, text="")
        ann.until("error", code="empty_text")
    assert rows(path, "SELECT * FROM rooms") == []
    log = Log(str(path), "normal")
    log.append(1, Changes([SegmentRow("den", "den", 1, 1, b"{}\n")]))
    assert [key for key, *_ in log.rooms()] == ["den"]
    log.close()


def test_a_guest_that_speaks_is_none_even_if_it_is_rolled_back(tmp_path: Path) -> None:
    """A message that the disk did not take was not said."""
    chat = Chat()
    chat.hello("ann", rooms={"tea": 0})
    assert chat.effects.guests == {1: True}
    chat.disk_works = False
    chat.do("ann", Say(text="hi", room="tea"))
    assert chat.registry.clients[1].guest
    chat.disk_works = True
    chat.hellos("bob")
    chat.do("ann", Whisper(uid=2, text="hi"))
    assert chat.effects.guests == {1: False}
    chat.do("ann", Say(text="hi", room="tea"))
    assert chat.effects.guests == {}
