"""The log on a real SQLite file: appending, reading, failing, and being killed."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from roomchat.errors import LogError, StartError
from roomchat.protocol import Message
from roomchat.store import schema
from roomchat.store.api import Changes, ReadResult, SegmentRow
from roomchat.store.archive import Archive, TimeRange
from roomchat.store.clients import StoredClient
from roomchat.store.log import Log
from roomchat.store.reader import SqliteReader
from roomchat.wires.native import decode_entries, encode_entries
from tests import warm

NOW = 1_700_000_000_000  # milliseconds since 1970
ALL = 2**40  # bytes; a limit that is none
END = 2**40  # a seq that no room has reached


def client(log: Log, key: bytes | int) -> StoredClient | None:
    """As a reader beside the log sees it."""
    with closing(SqliteReader(log.path)) as reader:
        return reader.client(key)


def segment(*seqs: int, room: str = "tea", text: str = "hi") -> SegmentRow:
    """Messages with these numbers as one segment."""
    messages = [Message(room.title(), seq, 1, "ann", "2024-01-01T00:00:00.000Z", text) for seq in seqs]
    return SegmentRow(room, room.title(), seqs[0], seqs[-1], encode_entries(messages))


def seqs(result: ReadResult) -> list[int]:
    """The numbers of the messages in it."""
    lines = b"".join(part.lines for part in result.slices).splitlines()
    found = [decode_entries(line)[0].seq for line in lines]
    bounds = [(part.first_seq, part.last_seq) for part in result.slices if part.lines]
    assert all(first in found and last in found for first, last in bounds)
    return found


@pytest.fixture
def open_log(tmp_path: Path) -> Iterator[Callable[..., Log]]:
    """Open logs; at the end all are closed."""
    logs: list[Log] = []

    def opened(path: Path | str = tmp_path / "log.db", sync: str = "normal") -> Log:
        logs.append(Log(str(path), sync))
        return logs[-1]

    yield opened
    for log in logs:
        log.close()


@pytest.fixture
def log(open_log: Callable[..., Log]) -> Log:
    """An empty log."""
    return open_log()


@pytest.fixture
def reader(log: Log) -> Iterator[SqliteReader]:
    """A reader beside it."""
    reader = SqliteReader(log.path)
    yield reader
    reader.close()


def all_of(log: Log, room: str = "tea") -> list[int]:
    """The numbers of all messages of a room."""
    reader = SqliteReader(log.path)
    try:
        return seqs(reader.after(room, 0, ALL, ALL))
    finally:
        reader.close()


# ---------------------------------------------------------------- reading what was written


@st.composite
def rooms_of_segments(draw: st.DrawFn) -> list[list[int]]:
    """Segments of a room: rising numbers with holes here and there."""
    segments, seq = [], 0
    for size in draw(st.lists(st.integers(1, 5), min_size=1, max_size=8)):
        numbers = []
        for _ in range(size):
            seq += draw(st.integers(1, 3))
            numbers.append(seq)
        segments.append(numbers)
    return segments


@examples(max_examples=80, deadline=None)
@given(rooms_of_segments(), st.sampled_from([1, 3_000, 40_000]), st.data())
def test_every_question_is_answered_as_by_a_plain_list(
    segments: list[list[int]], apart: int, data: st.DataObject
) -> None:
    """Ranges, pages and last messages are right wherever segments begin and end, beside other rooms, and in
    whichever partitions of the index they are: ``apart`` row ids from each other."""
    log = Log(":memory:", "normal")
    reader = SqliteReader(log.path)
    try:
        log.append(NOW, Changes([segment(1, 2, room="quiet")]))
        for numbers in segments:
            log.append(NOW, Changes([segment(*numbers), segment(*numbers, room="other", text="no")]))
        with closing(sqlite3.connect(log.path, isolation_level=None)) as spread:
            spread.execute("UPDATE segments SET id = id * ?", (apart,))
        everything = [seq for numbers in segments for seq in numbers]
        last = everything[-1]
        assert {(room[0], room[2]) for room in log.rooms()} == {("tea", last), ("other", last), ("quiet", 2)}
        with closing(Archive(log.path)) as archive:
            tea = next(room for room in archive.rooms() if room.key == "tea")
            exported = b"".join(archive.lines(tea, TimeRange())).splitlines()
            assert [decode_entries(line)[0].seq for line in exported] == everything
        for _ in range(10):
            after, upto = sorted(data.draw(st.tuples(st.integers(0, last + 2), st.integers(0, last + 2))))
            wanted = [seq for seq in everything if after < seq <= upto]
            result = reader.after("tea", after, upto, ALL)
            assert (seqs(result), result.reached, result.gap) == (wanted, upto, None)

            piecemeal, cursor = [], after
            while cursor < upto:
                result = reader.after("tea", cursor, upto, data.draw(st.integers(1, 400)))
                assert cursor < result.reached <= upto
                piecemeal += seqs(result)
                cursor = result.reached
            assert piecemeal == wanted

            count = data.draw(st.integers(1, len(everything) + 2))
            cursor = reader.start_of_last("tea", count, upto)
            assert [seq for seq in everything if cursor < seq <= upto] == [s for s in everything if s <= upto][
                -count:
            ]

            limit = data.draw(st.integers(0, len(everything) + 1))
            before = data.draw(st.integers(0, last + 2))
            below = [seq for seq in everything if seq < before]
            lines, more = reader.page("tea", before, None, limit, ALL)
            assert [decode_entries(line)[0].seq for line in lines] == below[len(below) - min(limit, len(below)) :]
            assert more == (len(below) > limit)
            between = [seq for seq in below if seq > after]
            lines, more = reader.page("tea", before, after, limit, ALL)
            assert [decode_entries(line)[0].seq for line in lines] == between[:limit]
            assert more == (len(between) > limit)
    finally:
        reader.close()
        log.close()


def test_a_page_has_at_most_so_many_bytes_but_a_message(log: Log, reader: SqliteReader) -> None:
    """A page ends before it is too big, and has one message however big that is."""
    log.append(NOW, Changes([segment(*range(1, 11), text="x" * 100)]))
    (line,), more = reader.page("tea", END, 0, 10, 1)
    assert (decode_entries(line)[0].seq, more) == (1, True)
    lines, more = reader.page("tea", END, None, 10, 3 * len(line) + 2)
    assert ([decode_entries(line)[0].seq for line in lines], more) == ([8, 9, 10], True)


def test_a_room_that_nothing_was_said_in_is_empty(reader: SqliteReader) -> None:
    """Asking for it is no error."""
    assert reader.after("nowhere", 0, 10, ALL) == ReadResult("nowhere", [], 10, None)
    assert reader.start_of_last("nowhere", 5, 10) == 0
    assert reader.page("nowhere", END, None, 10, ALL) == ([], False)


def test_what_a_batch_leaves_is_there_when_the_log_is_opened_again(open_log: Callable[..., Log]) -> None:
    """Messages, clients, counters, rooms, the next numbers and the epoch; many at once too."""
    log = open_log()
    assert (log.next_uid(), log.next_room(), log.rooms()) == (1, 1, [])
    rooms = [f"room-{number}" for number in range(400)]  # more than go into one statement
    uids = range(1, 401)
    log.append(
        NOW,
        Changes(
            [segment(7, 9, room=room) for room in rooms],
            [(uid, f"client-{uid}") for uid in uids],
            [(uid, 1, bytes([uid % 256, uid // 256])) for uid in uids],
            [(uid, 1, uid * 2) for uid in uids],
            401,
            5,
        ),
    )
    log.append(NOW, Changes([segment(10)], [(400, "renamed")], [(400, 2, b"new token")], [(400, 2, 7)]))
    epoch = log.epoch()
    log.close()
    log = open_log()
    assert (log.epoch(), log.next_uid(), log.next_room()) == (epoch, 401, 5)
    assert log.rooms() == [*((room, room.title(), 9) for room in rooms), ("tea", "Tea", 10)]
    found = client(log, bytes([399 % 256, 399 // 256]))
    assert (found.uid, found.name, found.sessions[0].last_n) == (399, "client-399", 798)
    assert client(log, b"new token") == client(log, bytes([400 % 256, 400 // 256])) == client(log, 400)
    renamed = client(log, 400)
    assert (renamed.name, [(one.device, one.last_n) for one in renamed.sessions]) == (
        "renamed",
        [(1, 800), (2, 7)],
    )
    assert client(log, b"unknown") is None
    assert all(all_of(log, room) == [7, 9] for room in rooms[::50])


# ---------------------------------------------------------------- what is removed


def test_what_expired_is_a_gap_for_who_comes_from_before_it(log: Log, reader: SqliteReader) -> None:
    """Only old segments go, so many at a time; a cursor from before them sees one gap, a later one none."""
    for seq in range(1, 7):
        log.append(NOW + seq, Changes([segment(seq), segment(seq, room="other")]))
    assert log.expire(NOW + 1, 100) == 0
    assert log.expire(NOW + 4, 4) == 4
    assert log.expire(NOW + 4, 4) == 2
    assert log.expire(NOW + 4, 4) == 0
    for after, wanted, gap in (
        (0, [4, 5, 6], (0, 4)),
        (2, [4, 5, 6], (2, 4)),
        (3, [4, 5, 6], None),
        (5, [6], None),
    ):
        result = reader.after("tea", after, 6, ALL)
        assert (seqs(result), result.gap) == (wanted, gap)
    assert reader.start_of_last("tea", 2, 6) == 4
    assert [decode_entries(line)[0].seq for line in reader.page("tea", END, None, 50, ALL)[0]] == [4, 5, 6]


def test_a_room_whose_messages_all_expired_keeps_its_numbers(open_log: Callable[..., Log]) -> None:
    """After a restart it goes on behind the last one, and the whole of it is a gap."""
    log = open_log()
    log.append(NOW, Changes([segment(1, 2, 3)]))
    assert log.expire(NOW + 1, 100) == 1
    log.close()
    log = open_log()
    assert log.rooms() == [("tea", "Tea", 3)]
    reader = SqliteReader(log.path)
    result = reader.after("tea", 1, 3, ALL)
    assert (result.slices, result.reached, result.gap) == ([], 3, (1, 4))
    result = reader.after("tea", 3, 3, ALL)
    assert (result.slices, result.reached, result.gap) == ([], 3, None)
    reader.close()


def test_nothing_that_was_asked_for_is_no_gap(log: Log, reader: SqliteReader) -> None:
    """An empty range in a room whose old messages were removed misses nothing."""
    log.append(NOW, Changes([segment(1, 2, 3)]))
    log.expire(NOW + 1, 100)
    assert reader.after("tea", 0, 0, ALL).gap is None


# ---------------------------------------------------------------- when the disk fails


def test_a_failed_append_stores_nothing(log: Log) -> None:
    """On a full disk none of a batch is kept, reading goes on, and the same batch is taken once there is room."""
    log.append(NOW, Changes([segment(1)], [(1, "ann")], [(1, 1, b"ann")], [(1, 1, 1)], 2))
    batch = (
        [segment(2), segment(1, room="new"), segment(3, 4, text="x" * 100_000)],
        [(1, "anna"), (2, "bob")],
        [(2, 1, b"bob")],
        [(1, 1, 2)],
        3,
        7,
    )
    log._connection.execute("PRAGMA max_page_count = 1")  # SQLite makes that the number of pages there are
    for _ in range(2):
        with pytest.raises(LogError, match="full"):
            log.append(NOW, Changes(*batch))
        assert (all_of(log), all_of(log, "new")) == ([1], [])
        assert (log.next_uid(), log.next_room(), log.rooms()) == (2, 1, [("tea", "Tea", 1)])
        known = client(log, b"ann")
        assert (known.name, known.sessions[0].last_n, client(log, b"bob")) == ("ann", 1, None)
    log._connection.execute("PRAGMA max_page_count = 1000000")
    log.append(NOW, Changes(*batch))
    assert (all_of(log), all_of(log, "new")) == ([1, 2, 3, 4], [1])
    assert (client(log, b"ann").sessions[0].last_n, client(log, b"bob").uid, log.next_room()) == (2, 2, 7)


def test_rooms_of_a_failed_append_are_not_mixed_up(log: Log) -> None:
    """A room whose first messages failed gets its number anew, though another room got that one meanwhile."""
    log._connection.execute("PRAGMA max_page_count = 1")
    with pytest.raises(LogError):
        log.append(NOW, Changes([segment(1, room="first"), segment(1, room="big", text="x" * 100_000)]))
    log._connection.execute("PRAGMA max_page_count = 1000000")
    log.append(NOW, Changes([segment(5, room="second")]))
    log.append(NOW, Changes([segment(1, room="first"), segment(2, room="big")]))
    assert [all_of(log, room) for room in ("first", "second", "big")] == [[1], [5], [2]]
    assert log.rooms() == [("second", "Second", 5), ("first", "First", 1), ("big", "Big", 2)]


def test_a_locked_database_fails_and_recovers(log: Log) -> None:
    """While another program holds the database an append fails; after that it works."""
    other = sqlite3.connect(log.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(LogError, match="locked"):
        log.append(NOW, Changes([segment(1)]))
    other.execute("ROLLBACK")
    other.close()
    log.append(NOW, Changes([segment(1)]))
    assert all_of(log) == [1]


# ---------------------------------------------------------------- files that can't be used


def test_the_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    """Whether it has tables or only a name of its own, it is refused and not changed."""
    for number, statement in enumerate(
        ("CREATE TABLE things (x)", "PRAGMA application_id = 77", "PRAGMA user_version = 3")
    ):
        path = tmp_path / f"{number}.db"
        other = sqlite3.connect(path)
        other.execute(statement)
        other.close()
        before = path.read_bytes()
        with pytest.raises(StartError, match=r"is a database of another program; name another file with --db"):
            Log(str(path), "full").close()
        assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"Dear diary,\n" * 500, b"SQLite format 3\x00" + b"\xff" * 5000, b"note"])
def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path, content: bytes) -> None:
    """A text, or what only begins like a database, is refused and not changed."""
    path = tmp_path / "diary.txt"
    path.write_bytes(content)
    with pytest.raises(StartError, match=r"diary\.txt is not a roomchat database, or a broken one"):
        Log(str(path), "full").close()
    assert path.read_bytes() == content


def test_a_directory_is_no_database(tmp_path: Path) -> None:
    """It is refused with a sentence."""
    (tmp_path / "log.db").mkdir()
    with pytest.raises(StartError, match=r"log\.db .*name another file with --db"):
        Log(str(tmp_path / "log.db"), "full")


def _filled(path: Path) -> bytes:
    log = Log(str(path), "full")
    for seq in range(1, 301):
        log.append(
            NOW,
            Changes(
                [segment(seq, text="x" * 500), segment(seq, room=f"room-{seq}")],
                [(seq, "ann")],
                [(seq, 1, b"%d" % seq)],
            ),
        )
    log.close()
    return path.read_bytes()


def test_a_broken_database_is_refused_or_read_up_to_where_it_broke(tmp_path: Path) -> None:
    """Wherever a page is overwritten or the file is cut, opening and reading raise no other error than ours."""
    path = tmp_path / "log.db"
    whole = _filled(path)
    pages = len(whole) // 4096
    broken = [whole[: 4096 * keep] for keep in (1, 3, pages // 2, pages - 1)]
    broken += [whole[: 4096 * page] + b"\xa5" * 4096 + whole[4096 * (page + 1) :] for page in range(pages)]
    outcomes = set()
    for content in broken:
        path.write_bytes(content)
        try:
            log = Log(str(path), "full")
        except StartError:
            outcomes.add("refused")
            continue
        reader = SqliteReader(log.path)
        try:
            log.rooms(), log.next_uid(), log.next_room(), log.epoch(), client(log, b"5")
            log.append(NOW, Changes([segment(1000)]))
            reader.after("tea", 0, 300, ALL)
            outcomes.add("unharmed")
        except LogError:
            outcomes.add("failed later")
        finally:
            reader.close()
            log.close()
    assert {"refused", "failed later"} <= outcomes


def test_a_log_of_a_newer_roomchat_is_refused(open_log: Callable[..., Log], log: Log) -> None:
    """The sentence names both versions; the file is not changed."""
    log._connection.execute("PRAGMA user_version = 99")
    log.close()
    before = log.path.read_bytes()
    with pytest.raises(StartError, match=r"written by a newer roomchat \(its version is 99, .*update roomchat"):
        open_log()
    assert log.path.read_bytes() == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_or_file_is_refused(tmp_path: Path) -> None:
    """Each is refused with what to do."""
    folder = tmp_path / "folder"
    folder.mkdir()
    path = folder / "log.db"
    _filled(path)
    path.chmod(0o400)
    with pytest.raises(StartError, match="Can't write to the database"):
        Log(str(path), "full")
    folder.chmod(0o500)
    try:
        with pytest.raises(StartError, match="Can't write to the folder of the database"):
            Log(str(folder / "new.db"), "full")
    finally:
        folder.chmod(0o700)


# ---------------------------------------------------------------- one log, one server


def test_a_log_is_opened_by_one_at_a_time(open_log: Callable[..., Log], log: Log) -> None:
    """A second one is refused with a sentence; when the first is closed the lock is free."""
    with pytest.raises(StartError, match=r"Another roomchat server is using .*log\.db; stop it, or"):
        Log(str(log.path), "full")
    log.append(NOW, Changes([segment(1)]))
    log.close()
    assert all_of(open_log()) == [1]


def test_a_log_in_memory_leaves_nothing() -> None:
    """Its folder is there while it is open, and gone after."""
    log = Log(":memory:", "full")
    log.append(NOW, Changes([segment(1)]))
    assert all_of(log) == [1]
    assert log.path.exists()
    log.close()
    assert not log.path.parent.exists()


WRITER = """
import sys
from roomchat.store.api import Changes, SegmentRow
from roomchat.store.log import Log
log = Log(sys.argv[1], "full")
print("open", flush=True)
for seq in range(1, 100_000):
    line = b'{"type":"message","room":"tea","seq":%d,"uid":1,"name":"ann","ts":"","text":"hi"}\\n' % seq
    tea = SegmentRow("tea", "tea", seq, seq, line)
    rows = [(seq, "ann")], [(seq, 1, b"%d" % seq)], [(seq, 1, seq)]
    log.append(0, Changes([tea], *rows, seq + 1, seq))
    print(seq, flush=True)
"""


@pytest.mark.parametrize("acknowledged", [0, 1, 150])
def test_a_killed_writer_leaves_all_that_it_acknowledged(
    open_log: Callable[..., Log], tmp_path: Path, acknowledged: int
) -> None:
    """After kill -9 the lock is free, nothing acknowledged is missing, and at most one more append is whole."""
    path = tmp_path / "log.db"
    with warm.start(WRITER, str(path)) as writer:
        try:
            assert writer.stdout.readline() == b"open\n"
            for _ in range(acknowledged):
                writer.stdout.readline()
            with pytest.raises(StartError, match="Another roomchat server"):
                open_log(path)
        finally:
            writer.send_signal(signal.SIGKILL)
        printed = writer.stdout.read().splitlines(keepends=True)
    whole = [int(line) for line in printed if line.endswith(b"\n")]
    last = whole[-1] if whole else acknowledged
    log = open_log(path)
    stored = all_of(log)
    assert stored == list(range(1, len(stored) + 1))
    assert last <= len(stored) <= last + 1
    assert log.next_uid() == len(stored) + 1
    assert log.next_room() == max(1, len(stored))
    log.append(NOW, Changes([segment(len(stored) + 1)]))


# ---------------------------------------------------------------- migrations


def test_an_empty_file_becomes_a_log(tmp_path: Path, open_log: Callable[..., Log]) -> None:
    """A file of no bytes, which has version 0, is brought to the current version."""
    path = tmp_path / "empty.db"
    path.touch()
    log = open_log(path)
    assert log._connection.execute("PRAGMA user_version").fetchone() == (len(schema.MIGRATIONS),)
    assert log._connection.execute("PRAGMA application_id").fetchone() == (schema.APPLICATION_ID,)
    log.append(NOW, Changes([segment(1)]))
    assert all_of(log) == [1]


def test_migrations_are_applied_one_after_the_other(
    open_log: Callable[..., Log], log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Steps that a log has not seen yet are applied in order, once; what it holds stays."""
    log.append(NOW, Changes([segment(1)], [(1, "ann")], [(1, 1, b"ann")], [], 2))
    epoch = log.epoch()
    log.close()
    released = len(schema.MIGRATIONS)
    monkeypatch.setattr(
        schema,
        "MIGRATIONS",
        [
            *schema.MIGRATIONS,
            "CREATE TABLE later (step INTEGER); INSERT INTO later VALUES (1);",
            "INSERT INTO later SELECT step + 1 FROM later;",
        ],
    )
    for _ in range(2):
        log = open_log()
        assert log._connection.execute("PRAGMA user_version").fetchone() == (released + 2,)
        assert log._connection.execute("SELECT step FROM later").fetchall() == [(1,), (2,)]
        assert (log.epoch(), all_of(log), log.next_uid()) == (epoch, [1], 2)
        log.close()


def test_a_migration_that_fails_changes_nothing(
    open_log: Callable[..., Log], log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The steps before it are taken back, too, so that the roomchat of before goes on working with it."""
    log.append(NOW, Changes([segment(1)]))
    log.close()
    released = list(schema.MIGRATIONS)
    good, bad = "CREATE TABLE good (x);", "CREATE TABLE half (x); INSERT INTO nowhere VALUES (1);"
    monkeypatch.setattr(schema, "MIGRATIONS", [*released, good, bad])
    with pytest.raises(StartError):
        open_log()
    monkeypatch.setattr(schema, "MIGRATIONS", released)
    log = open_log()
    tables = {name for (name,) in log._connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert tables.isdisjoint({"good", "half"})
    assert log._connection.execute("PRAGMA user_version").fetchone() == (len(released),)
    assert all_of(log) == [1]


def test_a_line_of_the_log_is_what_is_sent(log: Log, reader: SqliteReader) -> None:
    """The bytes come out as they went in, whatever the text."""
    row = segment(1, 2, text="\u2028\x85\r\n\x0b\x1c ünï 🙂")
    log.append(NOW, Changes([row]))
    (part,) = reader.after("tea", 0, 2, ALL).slices
    assert part.lines == row.lines
    (cut,) = reader.after("tea", 1, 2, ALL).slices
    assert json.loads(cut.lines)["text"] == "\u2028\x85\r\n\x0b\x1c ünï 🙂"
    assert [json.loads(line)["seq"] for line in reader.page("tea", END, None, 5, ALL)[0]] == [1, 2]


def test_a_new_log_is_its_owners_alone(open_log: Callable[..., Log], tmp_path: Path) -> None:
    """Whispers and what proves sessions are in it: nobody else on the machine may read any of its files."""
    path = tmp_path / "new.db"
    log = open_log(path)
    log.append(NOW, Changes([segment(1)]))
    modes = {file.name: file.stat().st_mode & 0o777 for file in tmp_path.glob("new.db*") if file.suffix != ".lock"}
    assert modes == {"new.db": 0o600, "new.db-wal": 0o600, "new.db-shm": 0o600}


def test_the_log_knows_when_something_was_last_said_in_each_room(tmp_path):
    """Of the newest segment of each room."""
    log = Log(str(tmp_path / "chat.db"), "normal")
    assert log.last_said() == {}
    for now, key, seq in ((1000, "tea", 1), (2000, "den", 1), (3000, "tea", 2)):
        log.append(now, Changes([SegmentRow(key, key, seq, seq, b"{}\n")]))
    assert log.last_said() == {"tea": 3000, "den": 2000}
    log.close()
