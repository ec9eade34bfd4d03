"""What a terminal keeps: the last entries of each room without a hole, and how the windows stood."""

from __future__ import annotations

import itertools
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roomchat.protocol import Action, AnyEntry, Message, Unknown
from roomchat.terminal.windows import kept as module
from roomchat.terminal.windows.kept import KEPT, SLACK, Kept, KeptWindow
from tests import warm


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ann.db.kept"


@pytest.fixture
def kept(path: Path) -> Iterator[Kept]:
    """Of one log."""
    kept = Kept(path)
    kept.begin("log")
    yield kept
    kept.close()


def message(room: str, seq: int, text: str = "hello", ts: str = "") -> Message:
    ts = ts or f"2026-01-01T{seq // 3600 % 24:02}:{seq // 60 % 60:02}:{seq % 60:02}.000Z"
    return Message(room, seq, 2, "bob", ts, text, n=seq)


def seqs(entries: list[AnyEntry] | list[AnyEntry | Unknown]) -> list[int]:
    return [entry.seq for entry in entries]


def test_entries_come_back_as_they_were_added(kept: Kept, path: Path) -> None:
    """Each kind with all of its fields, also after the program has ended."""
    entries = [message("tea", 1), Action("tea", 2, 3, "cleo", "2026-01-01T00:00:00.000Z", "waves", device=2)]
    added = [*entries, Unknown("tea", 7)]
    for entry in added:
        kept.add(entry)
    assert kept.before("tea", None, 10) == added
    kept.close()
    again = Kept(path)
    assert not again.begin("log")
    assert (again.before("tea", None, 10), again.last("tea"), again.last("cake")) == (added, 7, 0)
    again.close()


def test_the_files_are_for_the_user_alone(kept: Kept, path: Path) -> None:
    """Whispers are in them."""
    kept.add(message("@1-2", 1))
    files = [path, *path.parent.glob("*.kept-*")]
    assert len(files) > 1
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


def test_what_is_not_newer_is_kept_already(kept: Kept) -> None:
    """After a crash the last entry comes again."""
    for seq in (3, 3, 2, 4):
        kept.add(message("tea", seq, f"text {len(kept.before('tea', None, 9))}"))
    assert [entry.text for entry in kept.before("tea", None, 9) if isinstance(entry, Message)] == [
        "text 0",
        "text 1",
    ]


rooms = st.sampled_from(["tea", "Cake", "@1-2"])
added = st.lists(st.tuples(rooms, st.integers(1, 30)), max_size=40)


@settings(max_examples=60, deadline=None)
@given(added, st.integers(2, 8), st.integers(1, 3), rooms, st.integers(0, 31), st.integers(1, 9))
def test_it_is_a_list_a_room(
    entries: list[tuple[str, int]], most: int, slack: int, room: str, seq: int, limit: int
) -> None:  # fmt: skip
    """Whatever is added in whatever order, each page is a run of what was added, up to the last ones of a room."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "KEPT", most)
        patch.setattr(module, "SLACK", slack)
        kept, model = Kept(None), dict[str, list[Message]]()
        for number, (where, at) in enumerate(entries):
            entry = message(where, at, str(number))
            kept.add(entry)
            run = model.setdefault(where, [])
            if not run or at > run[-1].seq:
                run.append(entry)
                if len(run) > most + slack:
                    del run[:-most]
        run = model.get(room, [])
        assert kept.last(room) == (run[-1].seq if run else 0)
        assert kept.before(room, None, limit) == run[-limit:]
        assert kept.before(room, seq, limit) == [entry for entry in run if entry.seq < seq][-limit:]
        reaches_back = bool(run) and run[0].seq <= seq
        assert kept.after(room, seq, limit) == (
            [one for one in run if one.seq > seq][:limit] if reaches_back else []
        )
        kept.forget(room, after=seq)
        assert kept.before(room, None, 99) == [entry for entry in run if entry.seq <= seq]
        kept.add(message(room, 31))
        assert kept.last(room) == 31
        kept.close()


def test_the_oldest_are_removed(kept: Kept, path: Path) -> None:
    """Not at each entry, but when many are too many; other rooms keep theirs."""
    kept.add(message("cake", 1))
    for seq in range(1, KEPT + SLACK + 2):
        kept.add(message("tea", seq))
    assert len(kept.before("tea", None, 2 * KEPT)) == KEPT
    assert seqs(kept.before("tea", None, 2 * KEPT))[0] == SLACK + 2
    assert kept.last("cake") == 1
    kept.close()
    again = Kept(path)
    for seq in range(KEPT + SLACK + 2, KEPT + 2 * SLACK + 2):
        again.add(message("tea", seq))
    assert len(again.before("tea", None, 2 * KEPT)) == KEPT + SLACK
    again.close()


def test_mentions_are_found_newest_first(kept: Kept) -> None:
    """In all rooms, by when they were said."""
    kept.add(message("tea", 5), mentions=True)
    kept.add(message("tea", 6))
    kept.add(message("cake", 3), mentions=True)
    kept.add(message("cake", 9), mentions=True)
    assert [(entry.room, entry.seq) for entry in kept.mentions(9)] == [("cake", 9), ("tea", 5), ("cake", 3)]
    assert seqs(kept.mentions(1)) == [9]


def test_another_log_is_another_beginning(kept: Kept) -> None:
    """Its seqs and UIDs mean something else; what was typed for a room is not lost."""
    kept.add(message("tea", 5), mentions=True)
    kept.keep_windows(
        [
            KeptWindow("tea", 1, read=5, draft="half a l", unread=3, current=True),
            KeptWindow("@1-2", 2, draft="psst"),
        ]
    )
    assert not kept.begin("log")
    assert kept.begin("another")
    assert (kept.last("tea"), kept.before("tea", None, 9), kept.mentions(9)) == (0, [], [])
    assert kept.windows() == [KeptWindow("tea", 1, draft="half a l", current=True)]
    kept.add(message("tea", 1))
    assert kept.last("tea") == 1


def test_windows_are_kept_as_they_are(kept: Kept, path: Path) -> None:
    """All fields, in their order; a draft may have anything in it that a keyboard sends."""
    windows = [KeptWindow("@1-2", 3, 7, "2026-01-01T00:00:00Z", "a\n\x1b🍵", 4, 2, True), KeptWindow("tea", 1)]
    kept.keep_windows(windows)
    windows[1].draft = "\udcff"
    kept.keep_windows(windows)
    kept.close()
    again = Kept(path)
    windows[1].draft = "?"
    assert again.windows() == windows
    again.close()


def test_windows_that_have_not_changed_are_not_written(kept: Kept, path: Path) -> None:
    """They are looked at every second."""
    window = KeptWindow("tea", 1)
    kept.keep_windows([window])
    written = sum(file.stat().st_mtime_ns for file in path.parent.iterdir())
    kept.keep_windows([window])
    assert sum(file.stat().st_mtime_ns for file in path.parent.iterdir()) == written
    window.draft = "x"
    kept.keep_windows([window])
    assert kept.windows() == [window]


def test_what_was_added_survives_a_kill(path: Path) -> None:
    """All of it, without a hole."""
    program = (
        "import sys; from pathlib import Path; from roomchat.protocol import Message\n"
        "from roomchat.terminal.windows.kept import Kept, KeptWindow\n"
        "kept = Kept(Path(sys.argv[1])); kept.begin('log')\n"
        "for seq in range(1, 10**9):\n"
        "    kept.add(Message('tea', seq, 1, 'ann', '', 'x'))\n"
        "    kept.keep_windows([KeptWindow('tea', 1, draft=str(seq))])\n"
        "    print(seq, flush=True)\n"
    )
    with warm.start(program, str(path)) as process:
        assert process.stdout is not None
        told = [int(process.stdout.readline()) for _ in range(1000)][-1]
        process.kill()
        told = max([told, *map(int, filter(bytes.strip, process.stdout.read().split(b"\n")[:-1]))])
    kept = Kept(path)
    assert not kept.begin("log")
    assert kept.trouble == ""
    assert kept.last("tea") in {told, told + 1}
    assert seqs(kept.before("tea", None, 99999)) == [*range(1, kept.last("tea") + 1)][-KEPT - SLACK :]
    assert int(kept.windows()[0].draft) in {told, told + 1}
    kept.close()


# ---------------------------------------------------------------- trouble


@pytest.mark.parametrize(
    "content", [b"\0" * 4096, b"no database at all" * 400, b"SQLite format 3\0" + b"\xff" * 9000]
)
def test_a_damaged_file_is_put_aside(path: Path, content: bytes) -> None:
    """It is told, and a new one begins."""
    path.write_bytes(content)
    kept = Kept(path)
    assert f"{path}.damaged" in kept.trouble
    kept.begin("log")
    kept.add(message("tea", 1))
    kept.close()
    assert Path(f"{path}.damaged").read_bytes() == content
    again = Kept(path)
    assert (again.last("tea"), again.trouble) == (1, "")
    again.close()


def test_a_file_of_another_version_is_put_aside(kept: Kept, path: Path) -> None:
    """It holds little but copies."""
    kept.close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    again = Kept(path)
    assert "another version" in again.trouble
    assert Path(f"{path}.damaged").exists()
    again.close()


def test_damage_that_is_found_later_is_no_end(kept: Kept, path: Path) -> None:
    """The file is put aside in the middle of the chat, and what comes is kept in the new one."""
    for seq in range(1, 2000):
        kept.add(message("tea", seq, "long " * 50))
    kept.close()
    with path.open("r+b") as file:
        for page in range(2, path.stat().st_size // 4096):
            file.seek(page * 4096)
            file.write(b"\xff" * 4096)
    again = Kept(path)
    assert again.before("tea", None, 9) == []
    again.add(message("tea", 2000))
    assert seqs(again.before("tea", None, 9)) == [2000]
    assert "can't be read" in again.trouble
    again.close()


@pytest.mark.parametrize("seq", ["x", 1.5, b"x"])
def test_a_room_with_a_seq_that_is_none_is_forgotten(kept: Kept, path: Path, seq: object) -> None:
    """SQLite takes anything for a number, so such a file would end the chat at each start."""
    for number in (1, 2):
        kept.add(message("tea", number))
        kept.add(message("ops", number))
    kept.close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE entries SET seq = ? WHERE room = 'tea' AND seq = 2", (seq,))
    connection.close()
    again = Kept(path)
    assert (again.last("tea"), again.last("ops")) == (0, 2)
    again.add(message("tea", 3))
    assert seqs(again.before("tea", None, 9)) == [3]
    again.close()


def test_an_entry_that_can_not_be_read_is_unknown(kept: Kept, path: Path) -> None:
    """A later version may have kept a kind that this one does not know."""
    kept.add(message("tea", 4))
    kept.close()
    with sqlite3.connect(path) as connection:
        connection.execute("""UPDATE entries SET entry = '{"type": "poll", "room": "tea"}'""")
        connection.execute("INSERT INTO state VALUES ('windows', 'nonsense')")
    connection.close()
    again = Kept(path)
    assert (again.before("tea", None, 9), again.windows()) == ([Unknown("tea", 4)], [])
    again.close()


def test_a_full_disk_ends_keeping_not_the_chat(kept: Kept) -> None:
    """What is kept can be read, but nothing behind a hole; and it is told."""
    kept.add(message("tea", 1))
    kept.keep_windows([KeptWindow("tea", 1)])
    full = kept._file._connection
    assert full is not None
    full.execute("PRAGMA query_only = 1")
    kept.add(message("tea", 2))
    assert "not kept" in kept.trouble
    full.execute("PRAGMA query_only = 0")
    kept.add(message("tea", 3))
    assert seqs(kept.before("tea", None, 9)) == [1]
    assert kept.before("tea", 3, 9) == [], "there is a hole before 3"
    kept.keep_windows([KeptWindow("tea", 2)])
    assert kept.windows() == [KeptWindow("tea", 2)]


def test_entries_of_another_log_are_not_shown_though_the_disk_is_full(kept: Kept) -> None:
    """Memory takes the place of the file."""
    kept.add(message("tea", 1))
    assert kept._file._connection is not None
    kept._file._connection.execute("PRAGMA query_only = 1")
    assert kept.begin("another")
    assert kept.before("tea", None, 9) == []
    kept.add(message("tea", 1, "new"))
    assert kept.before("tea", None, 9) == [message("tea", 1, "new")]


def test_without_a_place_all_is_kept_in_memory(path: Path) -> None:
    """And it is told."""
    path.mkdir()
    kept = Kept(path)
    assert str(path) in kept.trouble
    kept.begin("log")
    kept.add(message("tea", 1))
    assert kept.last("tea") == 1
    kept.close()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_file_that_may_not_be_written_is_told(kept: Kept, path: Path) -> None:
    """What is in it can be read."""
    kept.close()
    path.chmod(0o400)
    again = Kept(path)
    again.add(message("tea", 1))
    assert again.trouble
    again.close()


def test_a_file_that_another_program_holds_keeps_no_message_waiting(kept: Kept, path: Path) -> None:
    """It is told that nothing is kept any more."""
    kept.add(message("tea", 1))
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    began = time.monotonic()
    kept.add(message("tea", 2))
    assert time.monotonic() - began < 4  # seconds; SQLite's own patience is five
    assert "locked" in kept.trouble
    other.close()


def test_nothing_is_done_behind_the_end(kept: Kept) -> None:
    """One thread closes it while another one still receives."""
    kept.add(message("tea", 1))
    kept.close()
    kept.add(message("tea", 2))
    kept.keep_windows([KeptWindow("tea", 1)])
    kept.forget("tea")
    assert (kept.last("tea"), kept.before("tea", None, 9), kept.windows(), kept.mentions(9)) == (0, [], [], [])
    kept.begin("log")
    kept.close()


def test_it_is_closed_while_others_use_it(path: Path) -> None:
    """One thread receives, one looks back, one leaves: nothing breaks, and what was kept before is there."""
    for turn in range(10):
        kept = Kept(path)
        first = kept.last("tea") + 1
        enough, ended = threading.Event(), threading.Event()

        def receive(
            kept: Kept = kept, first: int = first, enough: threading.Event = enough, ended: threading.Event = ended
        ) -> None:  # fmt: skip
            for seq in itertools.count(first):
                kept.add(message("tea", seq))
                if seq == first + 50:
                    enough.set()
                if ended.is_set():
                    return

        def look(kept: Kept = kept, ended: threading.Event = ended) -> None:
            while not ended.is_set():
                page = seqs(kept.before("tea", None, 20))
                assert page == [*range(page[0], page[-1] + 1)] if page else True
                kept.keep_windows([KeptWindow("tea", 1, read=page[-1] if page else 0)])

        with ThreadPoolExecutor(2) as threads:
            users = [threads.submit(receive), threads.submit(look)]
            assert enough.wait(20)
            kept.close()
            ended.set()
            for user in users:
                user.result()
        assert kept.trouble == ""
        assert first > turn * 50
