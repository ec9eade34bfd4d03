"""``roomchat admin``: what is asked of a server, what is answered, and what is noted of it."""

from __future__ import annotations

import errno
import os
import pwd
import socket
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from roomchat.chat.inputs import Administer
from roomchat.net import admin_socket
from roomchat.net.admin_socket import AdminSocket
from roomchat.net.listener import RETRY
from roomchat.protocol import Join, Say
from roomchat.protocol.admin_answers import AccountsAnswer, Done, Failure, RoomAnswer, RoomsAnswer
from roomchat.protocol.administration import (
    ENDING,
    LIST_PAGE,
    Backup,
    ListPresent,
    ListRooms,
    RemoveRoom,
    ServerStats,
    ShowRoom,
)
from roomchat.server import Server
from roomchat.settings import Settings
from tests.admin import admin, answer, rows, run, until
from tests.inside import full_disk
from tests.memory import Chat
from tests.peer import Peer

Serve = Callable[..., Server]
Connect = Callable[..., Peer]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Of a server."""
    return tmp_path / "chat.db"


def test_stats_tell_what_is_there(serve: Serve, connect: Connect, log: Path) -> None:
    """As lines, or as an object."""
    server = serve(db=str(log))
    ann = connect(server, "ann")
    ann.join("tea")
    ann.send("say", room="tea", text="hello", n=1)
    ann.until("message")
    (stats,) = rows(run(log, "stats", "--json"))
    assert (stats["clients"], stats["away"], stats["connections"], stats["rooms"]) == (1, 0, 1, 1)
    assert (stats["messages"], stats["deliveries"]) == (1, 1)
    assert "clients: 1\n" in run(log, "stats").stdout


def test_rooms_and_people_are_listed(serve: Serve, connect: Connect, log: Path) -> None:
    """Here, away, and not here any more; also those that the log does not keep."""
    server = serve(db=str(log), wires=("native", "plain"))
    ann, bob, cat = (connect(server, name) for name in ("ann", "bob", "cat"))
    for one in (ann, bob):
        one.join("tea")
    ann.send("say", room="tea", text="hello", n=1)
    ann.until("message")
    ann.close()
    bob.until("away")
    cat.send("bye")
    cat.ended()
    nobody = connect(server)
    nobody.send_bytes(b"dan\n")
    until(lambda: len(rows(run(log, "account", "list", "--json"))) == 4)
    people = rows(run(log, "account", "list", "--json"))
    assert [(one["name"], one["presence"], one["devices"]) for one in people] == [
        ("ann", "away", 1),
        ("bob", "here", 1),
        ("cat", "offline", 1),
        ("dan", "here", 1),
    ]
    assert [one.get("addresses") for one in people] == [None, ["127.0.0.1"], None, ["127.0.0.1"]]
    assert "last_seen" in people[2]
    text = run(log, "account", "list").stdout.splitlines()
    assert text[:2] == ["1 ann guest away 1 device", "2 bob guest here 1 device 127.0.0.1"]
    assert text[2].startswith("3 cat guest offline 1 device last seen 20")
    tea = next(one for one in rows(run(log, "room", "list", "--json")) if one["room"] == "tea")
    assert (tea["members"], tea["last_seq"]) == (2, 1)
    (tea,) = rows(run(log, "room", "show", "TEA", "--json"))
    assert [(one["name"], one["presence"]) for one in tea["members"]] == [("ann", "away"), ("bob", "here")]
    shown = run(log, "room", "show", "#tea").stdout.splitlines()
    assert shown[0].startswith("tea 2 owner ann (1) last said 20")
    assert shown[1:] == ["1 ann away", "2 bob here"]
    missing = run(log, "room", "show", "nowhere")
    assert (missing.exit_code, missing.stderr) == (1, "Error: There is no room nowhere.\n")


def test_long_lists_are_whole() -> None:
    """Page by page, from the hub: nobody twice, and nobody left out."""
    chat = Chat(rate=0, max_rooms=LIST_PAGE + 10)
    uids = chat.hellos(*(f"user{i}" for i in range(LIST_PAGE + 3)))
    first = answer(chat, ListPresent(after=0, upto=2**53 - 1))
    assert isinstance(first, AccountsAnswer)
    assert first.next == uids[LIST_PAGE - 1]
    second = answer(chat, ListPresent(after=first.next, upto=2**53 - 1))
    assert isinstance(second, AccountsAnswer)
    assert [one.uid for one in [*first.accounts, *second.accounts]] == uids
    assert second.next is None
    for uid in uids:
        chat.do(f"user{uid - uids[0]}", Join(room="tea"))
    page = answer(chat, ShowRoom(room="tea"))
    assert isinstance(page, RoomAnswer)
    rest = answer(chat, ShowRoom(room="tea", after=page.next or 0))
    assert isinstance(rest, RoomAnswer)
    assert [one.uid for one in [*page.members, *rest.members]] == uids
    assert rest.next is None
    for i in range(LIST_PAGE + 1):
        chat.do("user0", Join(room=f"room{i}"))
    rooms = answer(chat, ListRooms())
    assert isinstance(rooms, RoomsAnswer)
    others = answer(chat, ListRooms(after=rooms.next))
    assert isinstance(others, RoomsAnswer)
    assert len({one.room for one in [*rooms.rooms, *others.rooms]}) == len(chat.registry.rooms)
    assert others.next is None


def test_accounts_in_the_log_and_those_here_are_one_list(serve: Serve, connect: Connect, log: Path) -> None:
    """Over several pages, each once, by UID."""
    server = serve(db=str(log))
    peers = [connect(server, f"user{i}") for i in range(7)]
    for one in peers[::2]:
        one.send("bye")
        one.ended()
    names = []
    after: int | None = 0
    with pytest.MonkeyPatch.context() as patch, admin(log) as one:
        patch.setattr("roomchat.net.administration.LIST_PAGE", 3)
        patch.setattr("roomchat.chat.administration.LIST_PAGE", 2)
        while after is not None:
            page = one.ask("list_accounts", after=after)
            names += [each["name"] for each in page["accounts"]]
            after = page["next"]
    assert names == [f"user{i}" for i in range(7)]


# ---------------------------------------------------------------- the audit log


def test_a_change_is_noted_with_who_and_when(serve: Serve, log: Path, tmp_path: Path) -> None:
    """The newest first, page by page; what is only asked is not noted."""
    serve(db=str(log))
    me = pwd.getpwuid(os.geteuid()).pw_name
    with admin(log) as one:
        for i in range(5):
            assert one.ask("backup", file=f"/{i}")["type"] == "done"
            one.ask("server_stats")
    changes = rows(run(log, "audit", "--json"))
    assert [one["what"] for one in changes] == [{"type": "backup", "file": f"/{i}"} for i in (4, 3, 2, 1, 0)]
    assert {one["who"] for one in changes} == {me}
    assert changes[0]["time"] >= changes[4]["time"] > "2024"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("roomchat.net.administration.LIST_PAGE", 2)
        assert rows(run(log, "audit", "--json")) == changes
    assert run(log, "audit").stdout.splitlines()[0].endswith(f" {me} backup file=/4")


def test_what_can_not_be_noted_is_not_done(serve: Serve, log: Path) -> None:
    """While the disk takes nothing, nothing can be changed; what is asked is answered."""
    server = serve(db=str(log))
    with admin(log) as one:
        with full_disk(server):
            assert one.ask("backup", file="/" + "x" * 9000)["code"] == "storage_unavailable"
            assert one.ask("server_stats")["type"] == "stats_answer"
        assert one.ask("list_audit")["changes"] == []
        assert one.ask("backup", file="/x")["type"] == "done"


def test_the_hub_notes_a_change_once() -> None:
    """Also when it is applied again because the disk took nothing: then it is refused."""
    chat = Chat()
    assert isinstance(answer(chat, Backup(file="/x")), Done)
    assert chat.effects.audit == [("root", Backup(file="/x"))]
    chat.disk_works = False
    told = answer(chat, Backup(file="/x"))
    assert isinstance(told, Failure)
    assert told.code == "storage_unavailable"
    assert chat.effects.audit == []


def test_asking_keeps_no_idle_server_alive() -> None:
    """Nor does it count as a batch of the chat."""
    chat = Chat(idle_exit=10.0)
    chat.wait(6)
    assert answer(chat, ServerStats()).batches == 0  # type: ignore[attr-defined]
    chat.wait(6)
    assert chat.effects.stop


# ---------------------------------------------------------------- rooms


def test_a_room_is_passed_on(serve: Serve, connect: Connect, log: Path) -> None:
    """Everyone in it learns whose it is; the old owner may moderate."""
    server = serve(db=str(log))
    ann, bob = connect(server, "ann"), connect(server, "bob")
    for one in (ann, bob):
        one.join("tea")
    assert run(log, "room", "owner", "tea", "2").stdout.startswith("tea 2 owner bob (2)")
    told = ann.until("owner")
    assert (told["uid"], told["name"], told["whom"], told["whom_name"]) == (0, "the admin", 2, "bob")
    bob.send("topic", room="tea", topic="leaves")
    bob.until("topic")
    (tea,) = rows(run(log, "room", "show", "tea", "--json"))
    assert (tea["owner"], tea["owner_uid"], tea["topic"]) == ("bob", 2, "leaves")
    made = rows(run(log, "account", "add", "cat", "--password-file", "-", "--json", input="correct horse"))
    assert made == [{"uid": 3, "name": "cat"}]
    assert run(log, "room", "owner", "tea", "cat").stdout.startswith("tea 2 owner cat (3)")  # who is not here
    for words, sentence in (
        (["owner", "nowhere", "1"], "There is no room nowhere."),
        (["owner", "tea", "99"], "Nobody has the UID 99."),
    ):
        result = run(log, "room", *words)
        assert (result.exit_code, result.stderr) == (1, f"Error: {sentence}\n")


def test_a_message_is_deleted(serve: Serve, connect: Connect, log: Path) -> None:
    """From wherever, also from a room of two; a second time does no harm."""
    server = serve(db=str(log))
    ann, bob = connect(server, "ann"), connect(server, "bob")
    ann.join("tea")
    ann.send("say", room="tea", text="an unkind word", n=1)
    seq = ann.until("message")["seq"]
    assert run(log, "delete", "tea", str(seq)).exit_code == 0
    told = ann.until("deleted")
    assert (told["of"], told["uid"], told["name"]) == (seq, 0, "the admin")
    assert run(log, "delete", "#TEA", str(seq)).exit_code == 0
    bob.send("whisper", uid=1, text="another one", n=1)
    seq = bob.until("message")["seq"]
    assert run(log, "delete", "@1-2", str(seq)).exit_code == 0
    assert bob.until("deleted")["of"] == seq
    missing = run(log, "delete", "tea", "99")
    assert (missing.exit_code, missing.stderr.count("\n")) == (1, 1)
    assert "'bob' is not a valid integer." in run(log, "delete", "tea", "bob").stderr
    assert [one["what"]["room"] for one in rows(run(log, "audit", "--json"))] == ["@1-2", "TEA", "tea"]


def test_private_rooms_are_listed_for_admins(serve: Serve, connect: Connect, log: Path) -> None:
    """Who may read the file may know that they are there."""
    server = serve(db=str(log))
    ann = connect(server, "ann")
    ann.send("join", room="den", private=True)
    ann.until("joined")
    bob = connect(server, "bob")
    bob.send("join", room="+1/den")
    assert bob.until("error")["code"] == "no_such_room"
    (den,) = [one for one in rows(run(log, "room", "list", "--json")) if one["room"] == "+1/den"]
    assert den["private"] is True
    assert "+1/den 1 private owner ann (1)" in run(log, "room", "list").stdout
    assert run(log, "room", "owner", "+1/den", "bob").exit_code == 0
    assert bob.join("+1/den")["role"] == "owner"


def test_a_room_is_removed(serve: Serve, connect: Connect, log: Path) -> None:
    """All are put out, nothing is kept of it, and what is said in it afterwards is missed by nobody."""
    server = serve(db=str(log))
    ann, bob = connect(server, "ann"), connect(server, "bob")
    for one in (ann, bob):
        one.join("tea")
    ann.send("topic", room="tea", topic="leaves")
    for n in range(1, 4):
        ann.send("say", room="tea", text="an unkind word", n=n)
    cursor = [bob.until("message")["seq"] for _ in range(3)][-1]
    assert run(log, "room", "remove", "tea").exit_code == 0
    for one in (ann, bob):
        assert one.until("left")["reason"] == "removed"
    ann.send("say", room="tea", text="hello?", n=4)
    assert ann.until("error")["code"] == "not_in_room"
    with closing(sqlite3.connect(f"file:{log}?mode=ro", uri=True)) as connection:
        assert connection.execute("SELECT count(*) FROM segments").fetchone() == (0,)
        assert b"leaves" not in connection.execute("SELECT rules FROM rules WHERE room = 'tea'").fetchone()[0]
    assert "tea" not in run(log, "room", "list").stdout
    joined = bob.join("tea", after=0)
    assert (joined["last_seq"], joined.get("role"), joined.get("topic")) == (cursor, None, None)
    assert bob.until("gap")["before"] == cursor + 1
    bob.send("say", room="tea", text="a kind word", n=1)
    assert bob.until("message")["seq"] == cursor + 1
    missing = run(log, "room", "remove", "@1-2")
    assert (missing.exit_code, missing.stderr) == (1, "Error: There is no room @1-2.\n")


def test_a_removed_room_stays_so_over_a_restart(serve: Serve, log: Path) -> None:
    """Also for accounts that were in it and away; a private one stays shut."""
    first = Server(Settings(port=0, db=str(log), drain=0.2, password_cost="cheapest"))
    with first, Peer(first.address) as ann:
        ann.send("hello", protocol=1, name="ann", register=True, password="correct horse")
        token = ann.until("welcome")["token"]
        ann.join("tea")
        ann.send("say", room="tea", text="hello", n=1)
        ann.send("join", room="den", private=True)
        den = ann.until("joined", role="owner", last_seq=1)["room"]
        ann.send("bye")
        ann.ended()
        for room in ("tea", den):
            assert run(log, "room", "remove", room).exit_code == 0
    with Peer(serve(db=str(log), password_cost="cheapest").address) as ann:
        ann.resume(token)
        assert not [one for one in ann.sync() if one["type"] == "joined"]
        ann.send("join", room=den)
        assert ann.until("error")["code"] == "no_such_room"


def test_what_is_said_in_one_batch_with_the_removal_goes_or_stays_by_its_place() -> None:
    """Before it, or behind it."""
    chat = Chat()
    chat.hellos("ann", "bob")
    for name in ("ann", "bob"):
        chat.do(name, Join(room="tea"))
    remove = Administer("root", RemoveRoom(room="tea"))
    said = [("ann", Say(room="tea", text=text, n=n)) for n, text in ((1, "before"), (2, "refused"))]
    chat.batch(said[0], (-1, remove), said[1], ("bob", Join(room="tea")), ("bob", Say(room="tea", text="behind")))
    assert [one["text"] for one in chat.log["tea"]] == ["behind"]
    assert set(chat.registry.rooms_to_clients["tea"]) == {2}


def test_an_admin_for_whom_no_file_descriptor_is_left_costs_little(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The selector tells of them again and again: there is a rest between two tries."""
    rested: list[float] = []

    def accept(_: socket.socket) -> None:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    def rest(seconds: float) -> None:
        rested.append(seconds)
        admins.stop()

    monkeypatch.setattr(socket.socket, "accept", accept)
    monkeypatch.setattr(admin_socket.time, "sleep", rest)
    with closing(AdminSocket(log, lambda who, line: b"")) as admins, socket.socket(socket.AF_UNIX) as someone:
        someone.connect(f"{log}{ENDING}")
        admins.run()
    assert rested == [RETRY]
