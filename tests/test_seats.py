"""Seats and names over restarts of the server, on a full one, and in a database of an older roomchat."""

from __future__ import annotations

import shutil
import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from roomchat.server import Server
from roomchat.settings import Settings
from roomchat.store import schema
from tests import warm
from tests.conftest import QUIET
from tests.peer import Peer

Serve = Callable[..., Server]
Connect = Callable[..., Peer]

OLD = Path(__file__).parent / "fixtures" / "0.1.0.db"  # made by the server of that version
OLD_TOKENS = {  # by UID
    1: "UH4MfszlL7GcuITcXkTG27T_CPswwBy9",
    2: "W05qq528OLnyiW-E2bd5Qd6SqJ6PhPDY",
    3: "J1-CQynmEY1ufIvdZU3w2GvBF4OpSH2Z",
    4: "e_jUnYBsysIy9k1BWbglIxYTKDBayUlj",
}


def run(path: Path, **settings: Any) -> Server:
    """A server on that log, to be entered."""
    return Server(Settings(**QUIET | {"db": str(path)} | settings))


def refusal(server: Server, connect: Connect, **hello: object) -> str:
    """The code with which a hello is refused."""
    peer = connect(server)
    peer.send("hello", protocol=1, **hello)
    return str(peer.expect("error")["code"])


# ---------------------------------------------------------------- restarts


@pytest.mark.parametrize("end", ["stop", "away", "renamed"])
def test_a_name_stays_its_owners_over_a_restart(tmp_path: Path, connect: Connect, end: str) -> None:
    """A newcomer who is quicker does not get it; the owner of the token does, with everything else."""
    path = tmp_path / "chat.db"
    name = "anna" if end == "renamed" else "ann"
    with run(path) as server, Peer(server.address) as ann, Peer(server.address) as bob:
        token = ann.hello("ann")["token"]
        bob.hello("bob")
        if end == "renamed":
            ann.send("name", name=name)
            ann.expect("renamed")
        bob.send("bye")
        bob.expect("bye")
        if end == "away":
            ann.socket.close()
    with run(path) as server:
        assert refusal(server, connect, name=name) == "name_taken"
        assert refusal(server, connect, name=name.upper()) == "name_taken"
        connect(server, "bob")  # said goodbye, so the name is free
        cid = connect(server, "cid")
        cid.send("who")
        assert cid.expect("who")["clients"][0] == {"uid": 1, "name": name, "away": True}
        back = connect(server)
        welcome = back.resume(token)
        assert (welcome["uid"], welcome["name"]) == (1, name)


def test_a_seat_that_nobody_comes_back_to_is_free_after_its_time(tmp_path: Path, connect: Connect) -> None:
    """As if the server had not been started again: after the resume window the name may be had."""
    path = tmp_path / "chat.db"
    with run(path) as server:
        connect(server, "ann")
    with run(path, resume_window=0.2) as server:
        watcher = connect(server, "bob")
        while True:  # the server's own clock ends it
            watcher.send("who")
            if watcher.expect("who")["clients_total"] == 1:
                break
        connect(server, "ann")
    with run(path, resume_window=0) as server:
        connect(server, "bob")


KILLED = """
import sys
from roomchat.server import Server
from roomchat.settings import Settings
server = Server(Settings(port=0, db=sys.argv[1]))
server.start()
print(server.address[1], flush=True)
server.wait()
"""


def test_a_name_stays_its_owners_after_kill_9(tmp_path: Path, connect: Connect) -> None:
    """What a killed server knew of its seats is on disk."""
    path = tmp_path / "chat.db"
    with warm.start(KILLED, str(path)) as process:
        assert process.stdout is not None
        with Peer(("127.0.0.1", int(process.stdout.readline()))) as ann:
            token = ann.hello("ann")["token"]
            process.send_signal(signal.SIGKILL)
            process.wait()
    with run(path) as server:
        assert refusal(server, connect, name="ann") == "name_taken"
        assert connect(server).resume(token)["name"] == "ann"


# ---------------------------------------------------------------- a full server


def test_the_seat_of_who_is_away_longest_gives_way(serve: Serve, connect: Connect) -> None:
    """Connections that hang up fill no server; those who are here keep their seats."""
    server = serve(max_clients=3)
    here = connect(server, "here")
    tokens = []
    for name in ("one", "two", "three", "four"):
        with Peer(server.address) as peer:
            tokens.append(peer.hello(name)["token"])
            peer.socket.shutdown(1)
            with pytest.raises(EOFError):
                peer.next()
    ann = connect(server, "ann")
    ann.send("who")
    assert [person["name"] for person in ann.expect("who")["clients"]] == ["here", "four", "ann"]
    back = connect(server)
    assert back.resume(tokens[0])["name"] == "one"  # in the seat of four
    assert refusal(server, connect, name="late") == "server_full"
    here.sync()


# ---------------------------------------------------------------- an older database


def test_a_database_of_the_first_version_opens(tmp_path: Path, connect: Connect) -> None:
    """UIDs, tokens, names and messages are as they were."""
    path = tmp_path / "chat.db"
    shutil.copy(OLD, path)
    with run(path) as server:
        ann = connect(server)
        welcome = ann.resume(OLD_TOKENS[1], rooms={"tea": 0})
        assert (welcome["uid"], welcome["name"], welcome["last_n"]) == (1, "ann", 4)
        ann.until("joined", room="tea")
        assert [message["seq"] for message in ann.messages(6)] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("version", range(1, len(schema.MIGRATIONS) + 1))
def test_a_database_of_every_version_opens(tmp_path: Path, connect: Connect, version: int) -> None:
    """Tokens, names, counters and seats are as they were; no UID is given twice, not even that of a client that is
    in no table any more."""
    path = tmp_path / "chat.db"
    shutil.copy(OLD, path)
    with closing(sqlite3.connect(path, isolation_level=None)) as old:
        for step in schema.MIGRATIONS[1:version]:
            old.executescript(step)
        old.execute(f"PRAGMA user_version = {version}")
        old.execute("DELETE FROM clients WHERE uid = 4")
        if version >= 3:
            old.execute("INSERT INTO seats VALUES (1, 'ann')")
    with run(path) as server:
        newcomer = connect(server, "newcomer")
        assert newcomer.uid == 5
        newcomer.send("who")
        seated = [{"uid": 1, "name": "ann", "away": True}] if version >= 3 else []
        assert newcomer.expect("who")["clients"] == [*seated, {"uid": 5, "name": "newcomer"}]
        for uid, name, last_n in ((1, "ann", 4), (2, "bob", 3)):
            peer = connect(server)
            welcome = peer.resume(OLD_TOKENS[uid], rooms={"tea": 6})
            assert (welcome["uid"], welcome["name"], welcome["last_n"]) == (uid, name, last_n)
            peer.send("say", text="hi", room="tea", n=last_n + 1)
            peer.until("message", n=last_n + 1)
        assert refusal(server, connect, token=OLD_TOKENS[4]) == "unknown_token"
    with run(path) as server:
        assert connect(server).resume(OLD_TOKENS[1])["last_n"] == 5
        assert connect(server, "another").uid == 6


@pytest.mark.parametrize("uid", [3, 4])
@pytest.mark.parametrize("asked", ["nothing", "the old name"])
def test_who_had_a_name_that_nobody_can_have_now_gets_another(
    tmp_path: Path, connect: Connect, uid: int, asked: str
) -> None:
    """The welcome says which; the token is still the way in."""
    path = tmp_path / "chat.db"
    shutil.copy(OLD, path)
    with run(path) as server:
        thief = connect(server, f"user-{uid}")
        fields = {"name": {3: "7", 4: "@den"}[uid]} if asked == "the old name" else {}
        peer = connect(server)
        peer.send("hello", protocol=1, token=OLD_TOKENS[uid], **fields)
        assert peer.expect("welcome")["name"] == f"user-{uid}-"
        thief.send("bye")


def test_a_migration_that_is_killed_changes_nothing(tmp_path: Path) -> None:
    """At whichever statement the process ends, the database is the old one, or has all steps."""
    code = (
        "import os, sqlite3, sys\nfrom roomchat.store.log import Log\n"
        "left = [int(sys.argv[2])]\n"
        "def trace(statement):\n    left[0] -= 1\n    if left[0] < 0: os._exit(9)\n"
        "real = sqlite3.connect\n"
        "def connect(*a, **k):\n    c = real(*a, **k)\n    c.set_trace_callback(trace)\n    return c\n"
        "sqlite3.connect = connect\nLog(sys.argv[1], 'full').close()\n"
    )
    versions = set()
    for step in range(0, 90, 3):
        path = tmp_path / f"{step}.db"
        shutil.copy(OLD, path)
        with warm.start(code, str(path), str(step)):
            pass  # until its end
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            versions.add(connection.execute("PRAGMA user_version").fetchone()[0])
            assert connection.execute("SELECT count(*) FROM clients").fetchone() == (4,)
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
            if "guests" in tables:
                assert connection.execute("SELECT uid FROM guests").fetchall() == [(3,), (4,)]
            if "sessions" in tables:
                query = (
                    "SELECT uid, device, last_n FROM sessions LEFT JOIN counters USING (uid, device) ORDER BY uid"
                )
                assert connection.execute(query).fetchall() == [(1, 1, 4), (2, 1, 3), (3, 1, None), (4, 1, None)]
            assert connection.execute("SELECT sum(last_seq - first_seq + 1) FROM segments").fetchone() == (7,)
    assert versions == {1, len(schema.MIGRATIONS)}


def test_a_hello_whose_welcome_was_lost_is_known_again(tmp_path: Path) -> None:
    """By the token that came with it, also from the log: nobody's name is taken by themselves, and nobody else has
    it by that."""
    token, other = "a secret of a newcomer 01", "a secret of somebody else"
    with run(tmp_path / "log.db") as server:
        with Peer(server.address) as lost, Peer(server.address) as ann, Peer(server.address) as eve:
            uid = lost.hello("ann", new_token=token, attempt=1)["uid"]
            welcome = ann.hello("ann", new_token=token, attempt=2)
            assert (welcome["uid"], welcome["token"]) == (uid, token)
            lost.until("error", code="replaced")
            eve.send("hello", protocol=1, name="ann", new_token=other)
            eve.expect("error", code="name_taken")
            assert eve.hello("eve", new_token=other)["uid"] != uid
            ann.send("bye")
            ann.until("bye")
        with Peer(server.address) as ann:
            assert ann.hello("ann", new_token=token, attempt=3)["uid"] == uid
            ann.send("hello", protocol=1, name="ann", new_token=token, attempt=3)
            ann.expect("error", code="already_registered")
            for wrong in ("short", "x" * 65):
                with Peer(server.address) as bob:
                    bob.send("hello", protocol=1, name="bob", new_token=wrong)
                    bob.expect("error", code="bad_command")
