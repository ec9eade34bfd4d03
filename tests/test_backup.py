"""``roomchat admin backup``: a copy that is whole, whatever is said meanwhile, or none."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from roomchat.errors import LogError
from roomchat.server import Server
from roomchat.store import backup
from roomchat.store.api import Changes
from roomchat.store.archive import Archive
from roomchat.store.backup import back_up
from roomchat.store.log import Log
from tests.admin import rows, run
from tests.peer import Peer
from tests.test_store import NOW, segment

Serve = Callable[..., Server]
Connect = Callable[..., Peer]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Of a server, in a folder of its own."""
    (tmp_path / "log").mkdir()
    return tmp_path / "log" / "chat.db"


def say(peer: Peer, number: int) -> None:
    peer.send("say", room="tea", text=f"message {number}", n=number)


def seqs(path: Path) -> list[int]:
    """Of the messages in a copy, by opening it as a log."""
    with closing(Log(str(path), "full")) as log:
        (last,) = [last for key, _, last in log.rooms() if key == "tea"]
    with closing(sqlite3.connect(path)) as connection:
        found = [seq for (seq,) in connection.execute("SELECT last_seq FROM segments ORDER BY id")]
    assert found[-1] == last
    return found


def test_a_copy_is_a_log_for_its_owner(serve: Serve, connect: Connect, log: Path, tmp_path: Path) -> None:
    """With all that was said, under the same epoch; nothing else is left beside it."""
    ann = connect(serve(db=str(log)), "ann")
    ann.join("tea")
    for n in range(1, 4):
        say(ann, n)
        ann.until("message")
    target = tmp_path / "copy.db"
    (made,) = rows(run(log, "backup", str(target), "--json"))
    assert (made["file"], made["clients"], made["rooms"], made["segments"]) == (str(target), 1, 1, 3)
    assert made["bytes"] == target.stat().st_size
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert sorted(os.listdir(tmp_path)) == ["copy.db", "log"]
    with closing(Archive(target)) as archive:
        assert archive.epoch() == made["epoch"]
    assert seqs(target) == [1, 2, 3]


def test_it_is_told_in_a_sentence(
    serve: Serve, log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With where the copy is; a name without a folder is one here."""
    serve(db=str(log))
    monkeypatch.chdir(tmp_path)
    result = run(log, "backup", "copy.db")
    assert result.stdout.startswith(f"{tmp_path / 'copy.db'} is whole: 0 people, 0 rooms, ")


def test_people_talk_while_it_is_copied(
    serve: Serve, connect: Connect, log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each step of the copy waits for a message to be stored. It does not begin again, and ends where it began."""
    ann = connect(serve(db=str(log)), "ann")
    ann.join("tea")
    for n in range(1, 11):
        say(ann, n)
        ann.until("message")
    steps = 0

    def message(*_: int) -> None:
        nonlocal steps
        steps += 1
        say(ann, 10 + steps)
        ann.until("message")

    monkeypatch.setattr(backup, "PAGES", 1)
    monkeypatch.setattr(backup, "_progress", message)
    back_up(log, tmp_path / "copy.db")
    pages = (tmp_path / "copy.db").stat().st_size // 4096
    assert pages <= steps <= pages + 1
    assert seqs(tmp_path / "copy.db") == [*range(1, 11)]


@pytest.mark.parametrize("name", ["copy.db", "chat.db", "chat.db-wal", "chat.db.lock", "chat.db.admin", "folder"])
def test_nothing_is_overwritten(serve: Serve, log: Path, name: str) -> None:
    """Neither a file nor the log itself; that is told before anything is noted."""
    serve(db=str(log))
    (log.parent / "copy.db").write_text("mine")
    (log.parent / "folder").mkdir()
    result = run(log, "backup", str(log.parent / name))
    assert result.exit_code == 2
    assert (log.parent / "copy.db").read_text() == "mine"
    assert rows(run(log, "audit", "--json")) == []


@pytest.mark.parametrize("target", ["/nowhere/copy.db", "/proc/copy.db", "", "caf\udce9/x.db"])
def test_where_nothing_can_be_written_there_is_a_sentence(serve: Serve, log: Path, target: str) -> None:
    """And no half of a file."""
    serve(db=str(log))
    result = run(log, "backup", target)
    assert result.exit_code in {1, 2}
    assert "Error: " in result.stderr
    assert isinstance(result.exception, SystemExit)


@pytest.fixture
def written(log: Path) -> Path:
    """A log with a message, and no server."""
    with closing(Log(str(log), "full")) as opened:
        opened.append(NOW, Changes(segments=[segment(1)]))
    return log


def test_a_copy_that_is_broken_is_none(written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is read back before it gets its name."""
    copy = backup._copy

    def spoil(connection: sqlite3.Connection, part: Path) -> None:
        copy(connection, part)
        with open(part, "r+b") as file:
            file.seek(8192)
            file.write(b"\xff" * 8192)

    monkeypatch.setattr(backup, "_copy", spoil)
    with pytest.raises(LogError):
        back_up(written, tmp_path / "copy.db")
    assert os.listdir(tmp_path) == ["log"]


def test_a_copy_that_is_another_log_is_none(
    written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its name and what is in it are counted on both sides."""
    copy = backup._copy

    def change(connection: sqlite3.Connection, part: Path) -> None:
        copy(connection, part)
        with closing(sqlite3.connect(part)) as other:
            other.execute("DELETE FROM segments")
            other.commit()

    monkeypatch.setattr(backup, "_copy", change)
    with pytest.raises(LogError, match="not what the log was"):
        back_up(written, tmp_path / "copy.db")
    assert os.listdir(tmp_path) == ["log"]


def test_a_file_that_came_meanwhile_is_kept(
    written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also one that was not there when the copying began."""
    target = tmp_path / "copy.db"
    monkeypatch.setattr(backup, "_progress", lambda *_: target.write_text("mine"))
    with pytest.raises(LogError, match="exists"):
        back_up(written, target)
    assert target.read_text() == "mine"
    assert sorted(os.listdir(tmp_path)) == ["copy.db", "log"]


def test_an_interrupted_copy_leaves_nothing(
    written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C is heard between two steps."""

    def interrupt(*_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(backup, "_progress", interrupt)
    with pytest.raises(KeyboardInterrupt):
        back_up(written, tmp_path / "copy.db")
    assert os.listdir(tmp_path) == ["log"]


def test_nothing_takes_the_place_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one that came in the last moment."""
    part, target = tmp_path / "part", tmp_path / "copy.db"
    part.write_text("copy")
    target.write_text("mine")
    monkeypatch.setattr(Path, "exists", lambda _: False)  # it was not there when it was looked for
    with pytest.raises(LogError, match="exists"):
        backup._put(part, target)
    assert target.read_text() == "mine"
