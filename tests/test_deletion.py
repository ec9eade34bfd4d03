"""Words that are deleted: what is in their place, that it is so for everyone, and that nothing of them is left."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roomchat.chat.inputs import Place
from roomchat.errors import LogError
from roomchat.protocol import Delete, History, Join, Message, Say, Tombstone
from roomchat.server import Server
from roomchat.store.api import Changes, SegmentRow
from roomchat.store.archive import Archive, TimeRange
from roomchat.store.log import Log
from roomchat.store.reader import SqliteReader
from roomchat.wires.native import decode_entries, encode, encode_entries
from tests.memory import Chat
from tests.peer import DEADLINE, Event, Peer
from tests.program import address_of
from tests.program import serve as serve_program

ALL = 2**40  # bytes, or a seq that no room has reached


# ---------------------------------------------------------------- on the hub


def said(event: Event) -> tuple[str, int]:
    return event["type"], event["seq"]


@settings(deadline=None, max_examples=150)
@given(st.lists(st.sampled_from(["say", "say", "delete", "delete", "both", "fail"]), max_size=25), st.data())
def test_every_reader_gets_the_same_entries_with_tombstones(steps: list[str], data: st.DataObject) -> None:
    """Whatever is deleted in whatever order, by whom and while the disk fails or not: from any cursor come the
    same entries, each with the seq that it had, and no word that was deleted is in any answer."""
    chat = Chat()
    chat.hellos("ann", "bob")
    chat.batch(*((who, Join(room="den")) for who in ("ann", "bob")))
    log: list[tuple[str, str]] = []  # kind and author, by seq
    gone: set[str] = set()
    for step in steps:
        who = data.draw(st.sampled_from(["ann", "bob"]))
        chat.disk_works = step != "fail"
        if step == "say":
            chat.batch((who, Say(room="den", text=f"word{len(log) + 1}.")))
            log.append(("message", who))
            continue
        seq = data.draw(st.integers(0, len(log) + 1))
        asked = [(who, Delete(room="den", seq=seq))] * (1 + (step == "both"))
        chat.received.clear()
        chat.batch(*asked)
        answers = [one for one in chat.take(who) if one["type"] in ("done", "error")]
        kind, author = log[seq - 1] if 0 < seq <= len(log) else ("", "")
        if step == "fail":
            assert {one["type"] for one in answers} == {"error"}
        elif kind in ("message", "tombstone") and who in (author, "ann"):  # whose room it is
            assert {one["type"] for one in answers} == {"done"}
            if kind == "message":
                gone.add(f"word{seq}.")
                log[seq - 1] = ("tombstone", author)
                log.append(("deleted", who))
        else:
            wanted = "not_yours" if kind in ("message", "tombstone") else "no_such_message"
            assert {one.get("code") for one in answers} == {wanted}
    chat.disk_works = True
    after = data.draw(st.integers(0, len(log)))
    chat.hello("cat")
    answers = chat.do("cat", Join(room="den", after=after), History(room="den", limit=100))
    wanted = [(kind, seq) for seq, (kind, _) in enumerate(log, start=1)]
    assert [said(one) for one in answers if "seq" in one] == wanted[after:]
    assert [said(one) for one in answers[-1]["entries"]] == wanted[-100:]
    assert not any(word in json.dumps(answers) for word in gone)


def test_two_who_delete_the_same_message_are_one_deletion(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each has looked it up before the other one's deletion: nobody is told twice, in one batch or in two."""
    monkeypatch.setattr("roomchat.chat.deletion.may_delete", lambda *_: True)
    chat = Chat()
    chat.hellos("ann", "bob")
    chat.batch(("ann", Join(room="den")), ("bob", Join(room="den")))
    chat.batch(("ann", Say(room="den", text="one")), ("ann", Say(room="den", text="two")))
    chat.received.clear()
    chat.batch(("ann", Delete(room="den", seq=1)), ("bob", Delete(room="den", seq=1)))
    assert [one["type"] for one in chat.take("ann")] == ["deleted", "done"]
    chat.received.clear()
    lookups = chat.apply([("ann", Delete(room="den", seq=2)), ("bob", Delete(room="den", seq=2))]).lookups
    chat.hub.commit()
    for one in lookups:  # a batch each
        found = chat._found(Place("den", 2))
        found.deleted, found.words = False, Tombstone("den", 2, 1, "ann", "")
        chat.batch((one.link, found))
    assert [one["type"] for one in chat.take("bob")] == ["deleted", "done"]
    assert chat.hub._deleted == set(), "nothing is remembered when nobody waits"


def test_a_log_that_cannot_be_read_deletes_nothing() -> None:
    """The look-up fails: the one who asked is told to try again."""
    chat = Chat()
    chat.hellos("ann")
    chat.batch(("ann", Join(room="den")), ("ann", Say(room="den", text="one")))
    chat.log_reads = False
    chat.received.clear()
    assert [one["code"] for one in chat.do("ann", Delete(room="den", seq=1))] == ["storage_unavailable"]
    assert chat.log["den"][0]["text"] == "one"


# ---------------------------------------------------------------- on the disk


def words(seq: int) -> str:
    """Of a message: such that they are found wherever a part of them is left."""
    return f"secret{seq:06}. " * (1 + seq % 7 * (seq % 3) * 20)


def files(log: Log) -> bytes:
    """All that is on the disk."""
    return b"".join(Path(f"{log.path}{end}").read_bytes() for end in ("", "-wal"))


def append(log: Log, now: int, *seqs: int, room: str = "den") -> None:
    entries = [Message(room, seq, 1, "ann", "2024-01-01T00:00:00.000Z", words(seq), n=seq) for seq in seqs]
    log.append(now, Changes([SegmentRow(room, room, seqs[0], seqs[-1], encode_entries(entries))]))


def erase(log: Log, now: int, seq: int, room: str = "den") -> None:
    """As the hub's thread does it."""
    with closing(SqliteReader(log.path)) as reader:
        line = reader.entry(room, seq)
    if line is not None:
        (entry,) = decode_entries(line)
        log.append(now, Changes(deletions=[(room, seq, encode(Tombstone.of(entry)))]))


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(1, 40) | st.sampled_from([1, 2, 3, "expire"]), min_size=1, max_size=25), st.data())
def test_nothing_of_deleted_words_is_on_the_disk(steps: list[int | str], data: st.DataObject) -> None:
    """Wherever a message stood in its segment and its segment in the pages, whatever retention removed around it:
    it is in no file any more; what was not deleted is as it was, and each entry has its seq."""
    log = Log(":memory:", "normal")
    try:
        last, deleted, kept_from = 0, set[int](), 1
        ends: list[int] = []
        for now, step in enumerate(steps):
            if step == "expire":
                removed = log.expire(data.draw(st.integers(0, now)), 500)
                kept_from = ends[removed - 1] + 1 if removed else kept_from
                ends = ends[removed:]
            else:
                append(log, now, *range(last + 1, last + step + 1))
                last += step
                ends.append(last)
            for seq in data.draw(st.lists(st.integers(1, last), max_size=2)) if last else ():
                erase(log, now, seq)
                deleted.add(seq)
        assert log.wipe()
        on_disk = files(log)
        assert not [seq for seq in deleted if words(seq)[:13].encode() in on_disk]
        with closing(SqliteReader(log.path)) as reader:
            result = reader.after("den", 0, last, ALL)
            entries = [one for part in result.slices for one in decode_entries(part.lines)]
        assert [one.seq for one in entries] == [*range(kept_from, last + 1)]
        assert all(isinstance(one, Tombstone) == (one.seq in deleted) for one in entries)
        assert all(one.n == one.seq for one in entries)
        if entries:
            with closing(Archive(log.path)) as archive:
                (room,) = archive.rooms()
                assert decode_entries(b"".join(archive.lines(room, TimeRange()))) == entries
    finally:
        log.close()


def test_who_reads_holds_the_wiping_up_and_not_the_log(tmp_path: Path) -> None:
    """While somebody reads the log of before, pages of then are kept for them; then they go."""
    log = Log(str(tmp_path / "log.db"), "normal")
    try:
        append(log, 1, 1, 2)
        with closing(sqlite3.connect(log.path, isolation_level=None)) as other:
            other.execute("BEGIN")
            other.execute("SELECT count(*) FROM segments").fetchone()
            erase(log, 2, 1)
            assert not log.wipe()
            append(log, 3, 3)
            other.execute("COMMIT")
        assert log.wipe()
        assert words(1).encode() not in files(log)
        assert words(2).encode() in files(log)
    finally:
        log.close()


def test_a_line_that_is_no_entry_fails_without_harm(tmp_path: Path) -> None:
    """A damaged segment: the deletion is refused as one that the disk does not take."""
    log = Log(str(tmp_path / "log.db"), "normal")
    try:
        log.append(1, Changes([SegmentRow("den", "den", 1, 2, b"no entry\n")]))
        with pytest.raises(LogError):
            log.append(2, Changes(deletions=[("den", 1, b"{}\n")]))
    finally:
        log.close()


# ---------------------------------------------------------------- on a server


def wait_until_gone(db: Path, text: bytes) -> None:
    """Until neither the database nor what SQLite has beside it has it."""
    paths = [Path(f"{db}{end}") for end in ("", "-wal", "-shm")]
    until = time.monotonic() + DEADLINE
    while any(text in path.read_bytes() for path in paths if path.exists()):
        assert time.monotonic() < until, "it is still on the disk"
        time.sleep(0.01)  # a look at a file, which tells nobody that it has changed


def test_the_files_of_a_running_server_have_nothing_of_it(
    serve: Callable[..., Server], connect: Callable[..., Peer], tmp_path: Path
) -> None:
    """Soon after it was deleted; and one who comes back reads a tombstone."""
    server = serve(db=str(tmp_path / "log.db"))
    ann, bob = connect(server, "ann"), connect(server, "bob")
    ann.join("den")
    for text in ("hello", "this-was-deleted", "goodbye"):
        ann.send("say", text=text)
    ann.messages(3)
    ann.send("delete", seq=2)
    ann.until("done", entry=4)
    wait_until_gone(tmp_path / "log.db", b"this-was-deleted")
    bob.join("den")
    came = bob.sync()
    assert [one["type"] for one in came] == ["message", "tombstone", "message", "deleted"]


def test_what_was_answered_holds_after_a_kill(tmp_path: Path) -> None:
    """The server is killed as soon as it has answered: the next one has a tombstone, and removes what was left."""
    db = tmp_path / "log.db"
    with serve_program(db=db) as server, Peer.at(address_of(server)) as ann:
        ann.hello("ann")
        ann.join("den")
        ann.send("say", text="this-was-deleted")
        ann.messages(1)
        ann.send("delete", seq=1)
        ann.until("done")
        server.kill()
    with serve_program(db=db) as server:
        wait_until_gone(db, b"this-was-deleted")
        with Peer.at(address_of(server)) as bob:
            bob.hello("bob")
            bob.join("den")
            assert [said(one) for one in bob.sync()] == [("tombstone", 1), ("deleted", 2)]


def test_what_waits_for_a_slow_reader_is_read_anew(
    serve: Callable[..., Server], connect: Callable[..., Peer]
) -> None:
    """Who does not read while something is said and deleted gets the tombstone: the words wait nowhere."""
    server = serve(max_line=2**20, max_text=300_000, outbox_limit=2**24, rate=0.0)
    ann, bob = connect(server, "ann"), connect(server, "bob", receive_buffer=4096)
    ann.join("den")
    bob.join("den")
    for _ in range(40):  # more than the system takes for bob, and less than what folds
        ann.send("say", text="x" * 250_000)
        ann.messages(1)
    ann.send("say", text="this-was-deleted")
    seq = ann.messages(1)[0]["seq"]
    ann.send("delete", seq=seq)
    ann.until("done")
    came = bob.collect("deleted", of=seq)
    assert [one["type"] for one in came if one.get("seq") == seq] == ["tombstone"]
    assert [one["seq"] for one in came if "seq" in one] == [*range(1, seq + 2)]
