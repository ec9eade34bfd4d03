"""The whole server over real sockets: rooms and dialling, restarts, slow readers, its start and its end."""

from __future__ import annotations

import itertools
import os
import socket
import sqlite3
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from roomchat.errors import StartError
from roomchat.server import Server
from roomchat.settings import Settings
from tests.inside import break_thread, connection_of, keep_little
from tests.peer import DEADLINE, Event, Peer
from tests.swarm import Swarm, file_descriptors

Serve = Callable[..., Server]
Connect = Callable[..., Peer]


def texts(messages: list[Event]) -> list[str]:
    return [message["text"] for message in messages]


def seqs(messages: list[Event]) -> list[int]:
    return [message["seq"] for message in messages]


# ---------------------------------------------------------------- rooms and dialling


@pytest.mark.parametrize("io_threads", [1, 2])
@pytest.mark.parametrize("dialled", [0, 1], ids=["dials the first", "dials the second"])
def test_three_who_dial_are_in_one_room(serve: Serve, connect: Connect, io_threads: int, dialled: int) -> None:
    """One dials one, a third dials either: all see every message, the sender too, with one seq."""
    server = serve(io_threads=io_threads)
    ann, bob, cid = (connect(server, name) for name in ("ann", "bob", "cid"))
    assert len({ann.uid, bob.uid, cid.uid}) == 3

    ann.send("dial", uid=bob.uid, id="d1")
    made = ann.expect("joined", re="d1", by=ann.uid)
    bob.expect("joined", room=made["room"], by=ann.uid)
    cid.send("dial", uid=(ann, bob)[dialled].uid, id="d2")
    cid.expect("joined", re="d2", room=made["room"], members_total=3)
    for peer in (ann, bob):
        peer.expect("member_joined", room=made["room"], uid=cid.uid, name="cid")

    seen: list[list[Event]] = [[], [], []]
    for sender, text in ((ann, "one"), (cid, "two"), (bob, "three")):
        sender.send("say", text=text)
        for got, peer in zip(seen, (ann, bob, cid), strict=True):
            got.append(peer.expect("message", room=made["room"], uid=sender.uid, text=text))
    assert seqs(seen[0]) == [1, 2, 3]
    assert seen[0] == seen[1] == seen[2]


@pytest.mark.parametrize("io_threads", [1, 2])
def test_two_who_dial_each_other_at_once_end_in_one_room(serve: Serve, connect: Connect, io_threads: int) -> None:
    """However the two dials meet, and a thousand times over, there is one room with both in it."""
    rounds = 1000 // 2  # for each number of I/O threads
    server = serve(io_threads=io_threads)
    peers = [connect(server, "ann"), connect(server, "bob")]
    together = threading.Barrier(2, timeout=DEADLINE)
    rooms: list[list[str]] = [[], []]
    problems: list[BaseException] = []

    def dial_and_leave(me: int) -> None:
        peer, other = peers[me], peers[1 - me]
        try:
            for number in range(rounds):
                together.wait()
                peer.send("dial", uid=other.uid, id=number)
                rooms[me].append(peer.until("joined", re=number)["room"])
                together.wait()
                peer.send("rooms")
                assert [(r["room"], r["members_total"]) for r in peer.until("rooms")["rooms"]] == [
                    (rooms[me][-1], 2)
                ]
                together.wait()
                peer.send("leave")
                peer.until("left", room=rooms[me][-1])
        except BaseException as problem:  # noqa: BLE001 - told by the test
            problems.append(problem)
            together.abort()

    threads = [threading.Thread(target=dial_and_leave, args=(me,)) for me in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert rooms[0] == rooms[1]
    assert len(set(rooms[0])) == rounds  # a room made by dialling has a name of its own


def test_a_dial_that_reaches_nobody_is_refused(serve: Serve, connect: Connect) -> None:
    """The own UID, one that nobody has, and one of somebody who is not here are told apart by their codes."""
    server = serve()
    ann, bob, cid = (connect(server, name) for name in ("ann", "bob", "cid"))
    bob.send("bye")
    bob.expect("bye")
    cid.close()
    who = {"clients_total": 0}
    while who["clients_total"] != 2 or not who["clients"][1].get("away"):  # until the server has noticed
        ann.send("who")
        who = ann.until("who")
    for uid, code in (
        (ann.uid, "self_target"),
        (999, "no_such_client"),
        (bob.uid, "offline"),
        (cid.uid, "offline"),
    ):
        ann.send("dial", uid=uid, id=uid)
        ann.expect("error", re=uid, code=code)


# ---------------------------------------------------------------- restarts


def test_no_uid_is_given_away_twice(tmp_path: Path) -> None:
    """UIDs go on rising after a restart, even when all the clients' rows are gone from the database."""
    settings = Settings(port=0, db=str(tmp_path / "chat.db"), drain=0.2)
    uids = []
    for start in range(3):
        with Server(settings) as server:
            for number in range(3):
                with Peer(server.address) as peer:
                    uids.append(peer.hello(f"client-{start}-{number}")["uid"])
        if start == 1:
            database = sqlite3.connect(settings.db)
            with database:
                database.execute("DELETE FROM clients")
            database.close()
    assert uids == sorted(set(uids))
    assert len(uids) == 9


def test_no_dialled_room_gets_a_name_twice(tmp_path: Path) -> None:
    """The numbers of rooms made by dialling go on after a restart, though nothing was said in them."""
    settings = Settings(port=0, db=str(tmp_path / "chat.db"), drain=0.2)
    rooms = []
    for run in range(3):  # their names are kept for a while after each restart
        with Server(settings) as server, Peer(server.address) as ann, Peer(server.address) as bob:
            ann.hello(f"ann-{run}")
            bob.hello(f"bob-{run}")
            for _ in range(2):
                ann.send("dial", uid=bob.uid)
                rooms.append(ann.until("joined")["room"])
                for peer in (ann, bob):
                    peer.send("leave")
                    peer.until("left")
    assert rooms == ["r1", "r2", "r3", "r4", "r5", "r6"]


def test_history_and_sessions_outlive_the_server(tmp_path: Path) -> None:
    """After a restart a token is the same client with its last n, and its rooms go on where its cursors are."""
    settings = Settings(port=0, db=str(tmp_path / "chat.db"), drain=0.2)
    with Server(settings) as server, Peer(server.address) as ann:
        before = ann.hello("ann")
        ann.join("tea")
        for n in range(1, 6):
            ann.send("say", text=f"text {n}", n=n)
        said = ann.messages(5)
    with Server(settings) as server, Peer(server.address) as ann, Peer(server.address) as bob:
        bob.hello("bob")
        bob.join("tea")
        assert bob.messages(5) == said
        after = ann.resume(before["token"], rooms={"tea": 3}, epoch=before["epoch"])
        assert [after[field] for field in ("uid", "name", "epoch")] == [before["uid"], "ann", before["epoch"]]
        assert after["last_n"] == 5
        ann.expect("joined", room="tea", last_seq=5)
        assert ann.messages(2) == said[3:]
        ann.send("say", text="text 5", n=5)  # sent again: handled before
        ann.send("say", text="text 6", n=6)
        for peer in (ann, bob):
            assert (peer.until("message")["seq"], peer.sync()) == (6, [])


def test_a_token_that_no_server_gave_is_refused(serve: Serve, connect: Connect) -> None:
    """An unknown token gets an error with its code, and hello may be said again without it."""
    peer = connect(serve())
    peer.send("hello", protocol=1, token="made up")
    peer.expect("error", code="unknown_token")
    peer.hello("ann")


# ---------------------------------------------------------------- joining with history


def test_a_join_gets_what_it_asks_for(serve: Serve, connect: Connect) -> None:
    """A join shows what follows its cursor, or as many of the last as it wants, whatever segments hold it."""
    server = serve(read_piece=300)
    ann = connect(server, "ann")
    ann.join("tea")
    said: list[Event] = []
    for size in (1, 7, 2, 30, 1, 1, 8):  # what is sent at once may become one segment
        block = [b'{"type":"say","text":"%d"}\n' % (len(said) + i) for i in range(size)]
        ann.send_bytes(b"".join(block))
        said += ann.messages(size)
    total = len(said)
    assert seqs(said) == list(range(1, total + 1))
    bob = connect(server, "bob")
    asked = [{"after": after} for after in (0, 1, 3, 9, total - 1, total, total + 5)]
    asked += [{"history": count} for count in (0, 1, 2, 8, 9, 10, total - 1, total, total + 1)]
    for fields in asked:
        wanted = said[fields["after"] :] if "after" in fields else said[max(0, total - fields["history"]) :]
        joined = bob.join("tea", **fields)
        assert joined["last_seq"] == total
        assert bob.messages(len(wanted)) == wanted, fields
        bob.send("leave")
        assert [event["type"] for event in bob.collect("left")] == ["left"], fields


@pytest.mark.parametrize("io_threads", [1, 2])
def test_who_joins_a_busy_room_sees_history_and_then_the_rest(
    serve: Serve, connect: Connect, io_threads: int
) -> None:
    """Joiners of a room in which others keep talking see each message once, in order, from the first on."""
    server = serve(read_piece=1000, io_threads=io_threads)
    total, joiners, block = 4000, 10, 20
    talker = connect(server, "talker")
    talker.join("busy")
    seen: list[list[int]] = []
    problems: list[BaseException] = []
    begun = threading.Event()

    def join_and_read(number: int) -> None:
        try:
            assert begun.wait(DEADLINE)
            with Peer(server.address) as peer:
                peer.hello(f"joiner-{number}")
                peer.join("busy", after=0)
                seen.append(seqs(peer.messages(total)))
        except BaseException as problem:  # noqa: BLE001 - told by the test
            problems.append(problem)

    threads = [threading.Thread(target=join_and_read, args=(number,)) for number in range(joiners)]
    for thread in threads:
        thread.start()
    for start in range(0, total, block):
        talker.send_bytes(b"".join(b'{"type":"say","text":"%d"}\n' % (start + i) for i in range(block)))
        talker.messages(block)
        if start == total // 10:
            begun.set()
    for thread in threads:
        thread.join()
    assert problems == []
    assert seen == [list(range(1, total + 1))] * joiners


def test_what_was_removed_is_told_as_one_gap(tmp_path: Path) -> None:
    """Messages older than keep_days are gone: a cursor from before them gets one gap, and numbers go on."""
    db = tmp_path / "chat.db"
    with Server(Settings(port=0, db=str(db), drain=0.2)) as server, Peer(server.address) as ann:
        ann.hello("ann")
        ann.join("tea")
        for text in ("one", "two", "three", "four"):
            ann.send("say", text=text)
            ann.messages(1)  # each a segment of its own
    database = sqlite3.connect(db)
    with database:
        database.execute("UPDATE segments SET time = time - 2 * 86400000 WHERE last_seq <= 3")
    database.close()
    settings = Settings(port=0, db=str(db), drain=0.2, keep_days=1, read_piece=1)
    with Server(settings) as server, Peer(server.address) as bob:
        bob.hello("bob")
        bob.sync()  # the hub has been through a batch, and then through what has expired
        bob.join("tea", after=1)
        bob.expect("gap", room="tea", after=1, before=4)
        assert texts(bob.messages(1)) == ["four"]
        assert bob.sync() == []
        bob.send("leave")
        bob.until("left")
        bob.join("tea", after=3)
        assert texts(bob.messages(1)) == ["four"]  # nothing is missing behind 3
        assert bob.sync() == []
    database = sqlite3.connect(db)
    with database:
        assert database.execute("SELECT count(*) FROM segments").fetchall() == [(1,)]
        database.execute("UPDATE segments SET time = 0")
    database.close()
    with Server(settings) as server, Peer(server.address) as cid:
        cid.hello("cid")
        cid.sync()
        assert cid.join("tea", after=4)["last_seq"] == 4
        cid.send("say", text="five")
        cid.expect("message", seq=5, text="five")


# ---------------------------------------------------------------- many


def test_a_thousand_clients_in_a_hundred_rooms(serve: Serve) -> None:
    """Everyone gets everything that is said in the own room, in the same order, and nothing else."""
    clients, rooms = 1000, 100
    size = clients // rooms
    with file_descriptors(3 * clients):
        server = serve()
        with Swarm(server.address, clients) as swarm:
            for member in swarm.members:
                member.send("hello", protocol=1, name=f"client-{member.number}")
                member.send("join", room=f"room-{member.number % rooms}")
            swarm.wait(lambda member: member.got("joined"))
            for member in swarm.members:
                member.send("say", text=f"from {member.number}")
            swarm.wait(lambda member: len(member.got("message")) >= size)
            for member in swarm.members:
                member.send("ping")
            swarm.wait(lambda member: member.got("pong"))
            for number in range(rooms):
                members = swarm.members[number::rooms]
                messages = members[0].got("message")
                assert seqs(messages) == list(range(1, size + 1))
                assert sorted(texts(messages)) == sorted(f"from {member.number}" for member in members)
                assert all(member.got("message") == messages for member in members)


# ---------------------------------------------------------------- slow readers


def outbox_size(server: Server, uid: int) -> int:
    """Bytes that wait in memory for a client; nothing but the outbox itself knows."""
    return connection_of(server, uid).outbox.size


def slow_reader(server: Server, connect: Connect) -> Peer:
    """A client between which and the server the system keeps little, so that not reading is felt at once."""
    keep_little(server)
    slow = connect(server, "slow", receive_buffer=4096)
    slow.join("busy")
    return slow


def say(peer: Peer, count: int) -> int:
    """Say long messages, 80 KB at a time, and see each; return how many."""
    for start in range(0, count, 10):
        size = min(10, count - start)
        peer.send_bytes(b"".join(b'{"type":"say","text":"%s"}\n' % (b"x" * 8000) for _ in range(size)))
        peer.messages(size)
    return count


def test_who_does_not_read_costs_little_and_misses_nothing(serve: Serve, connect: Connect) -> None:
    """A stuck member's outbox stays bounded, the others notice nothing, and it gets all in order when it reads."""
    limit = 64 * 1024
    server = serve(outbox_limit=limit, read_piece=limit)
    ann, bob = connect(server, "ann"), connect(server, "bob")
    for peer in (ann, bob):
        peer.join("busy")
    slow = slow_reader(server, connect)
    said = say(ann, 500)
    assert seqs(bob.messages(said)) == list(range(1, said + 1))
    # 500 messages are 4 MB: at most the limit is kept of them, and a block that was being sent when it got stuck.
    assert outbox_size(server, slow.uid) <= limit + 10 * 8200
    assert seqs(slow.messages(said)) == list(range(1, said + 1))
    ann.send("say", text="now")
    assert slow.until("message")["seq"] == said + 1
    assert slow.sync() == []


def test_who_does_not_read_comes_to_know_who_is_there(serve: Serve, connect: Connect) -> None:
    """Comings and goings that a stuck member missed are made good by a list of who is in the room."""
    limit = 64 * 1024
    server = serve(outbox_limit=limit)
    ann = connect(server, "ann")
    ann.join("busy")
    slow = slow_reader(server, connect)
    said = say(ann, 30)
    bob = connect(server, "bob")
    bob.join("busy", history=0)
    said += say(ann, 30)
    events = slow.collect("message", seq=said)
    assert [event["seq"] for event in events if event["type"] == "message"] == list(range(1, said + 1))
    assert not any(event["type"] == "member_joined" for event in events)
    who = slow.expect("who", room="busy", clients_total=3)
    assert [person["name"] for person in who["clients"]] == ["ann", "slow", "bob"]


def test_comings_and_goings_alone_make_no_gap(tmp_path: Path, serve: Serve, connect: Connect) -> None:
    """A stuck member that missed no message is told of no gap, though the room's old messages were removed."""
    db = tmp_path / "chat.db"
    with Server(Settings(port=0, db=str(db), drain=0.2)) as server, Peer(server.address) as ann:
        ann.hello("ann")
        ann.join("busy")
        ann.send("say", text="long ago")
        ann.messages(1)
    database = sqlite3.connect(db)
    with database:
        database.execute("UPDATE segments SET time = 0")
    database.close()
    server = serve(db=str(db), keep_days=1, outbox_limit=8 * 1024)
    ann = connect(server, "eve")
    ann.sync()
    slow = slow_reader(server, connect)
    slow.sync()
    for _ in range(20):
        ann.send_bytes(b'{"type":"join","room":"busy","history":0}\n{"type":"leave"}\n' * 50)
        ann.sync()
    events = slow.collect("who", room="busy") + slow.sync()
    assert {event["type"] for event in events} == {"member_joined", "member_left", "who"}


def test_renames_do_not_fill_the_outbox_of_who_does_not_read(serve: Serve, connect: Connect) -> None:
    """However often others change their names, what waits for a stuck member stays bounded."""
    limit = 16 * 1024
    server = serve(outbox_limit=limit)
    ann = connect(server, "ann")
    ann.join("busy")
    slow = slow_reader(server, connect)
    say(ann, 20)
    for start in range(0, 5000, 100):
        renames = (b'{"type":"name","name":"ann-%d"}\n' % (start + i) for i in range(100))
        ann.send_bytes(b"".join(renames))
        ann.sync()
    assert outbox_size(server, slow.uid) <= limit + 10 * 8200


def test_who_leaves_and_comes_back_without_reading_gets_only_its_own(serve: Serve, connect: Connect) -> None:
    """What was said between a leave and a join without history is not sent, however late both are read."""
    server = serve(outbox_limit=16 * 1024)
    ann = connect(server, "ann")
    ann.join("busy")
    slow = slow_reader(server, connect)
    first = say(ann, 20)
    slow.send("leave", room="busy")
    ann.until("member_left", uid=slow.uid)
    ann.send("say", text="behind its back")
    ann.messages(1)
    slow.send("join", room="busy", history=0, id="again")
    ann.until("member_joined", uid=slow.uid)
    second = say(ann, 20)
    events = slow.collect("message", seq=first + 1 + second)
    numbers = [event["seq"] for event in events if event["type"] == "message"]
    assert numbers == [*range(1, first + 1), *range(first + 2, first + second + 2)]
    order = [event["type"] for event in events if event["type"] in ("left", "joined")]
    assert order == ["left", "joined"]
    assert events[first]["type"] == "left"


# ---------------------------------------------------------------- start and end


def open_files() -> dict[str, str]:
    """Number and target of every open file descriptor of this process."""
    found = {}
    for number in os.listdir("/proc/self/fd"):
        try:
            found[number] = os.readlink(f"/proc/self/fd/{number}")
        except FileNotFoundError:
            continue  # that of the listing itself
    return found


@pytest.mark.parametrize("io_threads", [1, 2])
def test_stop_tells_everyone_and_leaves_nothing(tmp_path: Path, io_threads: int) -> None:
    """Everyone gets a notice and the end of the connection; no thread, open file or write-ahead log remains."""
    threads, files = threading.enumerate(), open_files()
    settings = Settings(port=0, db=str(tmp_path / "chat.db"), io_threads=io_threads)
    server = Server(settings)
    server.start()
    peers = [Peer(server.address) for _ in range(5)]
    peers[0].send("ping")  # it does not say hello
    peers[0].expect("error")
    for number, peer in enumerate(peers[1:]):
        peer.hello(f"peer-{number}")
        peer.join("tea")
        peer.sync()

    def read_to_the_end(peer: Peer) -> None:
        ends.append(peer.ended()[-1])
        peer.close()

    ends: list[Event] = []
    readers = [threading.Thread(target=read_to_the_end, args=(peer,)) for peer in peers]
    for reader in readers:
        reader.start()
    server.stop("Back in a minute.")
    for reader in readers:
        reader.join()
    assert [(end["type"], end["text"]) for end in ends] == [("notice", "Back in a minute.")] * 5
    assert threading.enumerate() == threads
    assert open_files() == files
    assert sorted(path.name for path in tmp_path.iterdir()) == ["chat.db", "chat.db.lock", "chat.db.pem"]


def test_stop_does_not_wait_for_who_does_not_read(connect: Connect) -> None:
    """A peer that takes nothing holds a stopping server up for the drain time at most."""
    server = Server(Settings(port=0, drain=0.2, rate=0, outbox_limit=64 * 1024))
    server.start()
    ann = connect(server, "ann")
    ann.join("busy")
    slow_reader(server, connect)
    say(ann, 50)
    ann.close()
    server.stop()  # or it would never end


def test_a_second_server_on_a_database_does_not_start(tmp_path: Path, serve: Serve, connect: Connect) -> None:
    """It raises StartError with what to do, and the first goes on."""
    db = str(tmp_path / "chat.db")
    first = serve(db=db)
    with pytest.raises(StartError, match=r"Another roomchat server is using .*chat\.db; stop it, or"):
        Server(Settings(port=0, db=db)).start()
    connect(first, "ann")


def test_a_server_that_can_not_start_leaves_nothing_behind(tmp_path: Path) -> None:
    """Without its port, or without its database, it raises StartError and gives back all that it had opened."""
    taken = socket.create_server(("127.0.0.1", 0))
    port = taken.getsockname()[1]
    (tmp_path / "note.txt").write_text("Milk, bread, tea.\n")
    threads, files = threading.enumerate(), open_files()
    for settings, why in (
        (Settings(port=port, db=str(tmp_path / "chat.db"), io_threads=2), f"Port {port} is taken"),
        (Settings(port=port), f"Port {port} is taken"),
        (Settings(host="no such host", port=0), "There is no host 'no such host'"),
        (Settings(port=0, db=str(tmp_path / "note.txt")), "not a roomchat database"),
    ):
        with pytest.raises(StartError, match=why):
            Server(settings).start()
        assert threading.enumerate() == threads
        assert open_files() == files
    taken.close()


@pytest.mark.parametrize("thread", ["hub", "io"])
def test_a_fault_in_a_thread_ends_the_server(connect: Connect, thread: str) -> None:
    """A server of which a thread broke says so, wakes who waits for it, and can be stopped without a trace."""
    threads, files = threading.enumerate(), open_files()
    server = Server(Settings(port=0, drain=0.2))
    server.start()
    ann = connect(server, "ann")
    assert not server.wait(0)
    break_thread(server, thread)
    assert server.wait(DEADLINE)
    assert server.failed
    ann.close()
    server.stop()
    assert threading.enumerate() == threads
    assert open_files() == files


def test_end_wakes_who_waits(serve: Serve) -> None:
    """``end`` makes ``wait`` return, and is no failure."""
    server = serve()
    assert not server.wait(0)
    server.end()
    assert server.wait(DEADLINE)
    assert (server.failed, server.why) == (False, "")


def test_end_wakes_also_whom_it_interrupts() -> None:
    """A signal's handler runs between any two steps of the thread that waits, and calls it there."""
    step = 1
    while is_interrupted(step):
        step += 1
    assert step > 3


def is_interrupted(step: int) -> bool:
    """Whether waiting has so many steps; it must end behind an ``end`` in this one."""
    server = Server(Settings(port=0))
    steps = itertools.count(1)

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        if next(steps) == step:
            server.end()
        return trace

    def wait() -> None:
        sys.settrace(trace)
        server.wait(0.1)

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    thread.join(DEADLINE)
    assert not thread.is_alive(), f"it waits for ever when it is interrupted at its step {step}"
    return server.ending


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system's own times hold")
def test_a_peer_that_takes_nothing_for_too_long_is_away(
    serve: Callable[..., Server], connect: Callable[..., Peer]
) -> None:
    """What it was sent stays unread for `unacknowledged` seconds: it is taken for lost, and its seat waits."""
    server = serve(unacknowledged=1)
    stuck = connect(server, "stuck", receive_buffer=4096)
    stuck.join("den")
    ann = connect(server, "ann")
    ann.join("den")
    for _ in range(1000):
        ann.send("say", text="x" * 8000)
    assert ann.until("away")["name"] == "stuck"
