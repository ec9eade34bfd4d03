"""One log, one server, whatever the name; and a log that is taken away from under a server."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from roomchat.errors import LogError, StartError
from roomchat.server import Server
from roomchat.store.api import Changes
from roomchat.store.log import Log
from tests import warm
from tests.peer import Peer
from tests.test_store import NOW, segment

Serve = Callable[..., Server]
Connect = Callable[..., Peer]

# Opens the log in a process of its own and says what came of it.
OPEN = """
import sys
from roomchat.errors import StartError
from roomchat.store.log import Log
try:
    Log(sys.argv[1], "full").close()
    print("opened")
except StartError as error:
    print(error)
"""


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    """The file of a log that this process has open, with one message in it."""
    path = tmp_path / "chat.db"
    with closing(Log(str(path), "full")) as log:
        log.append(NOW, Changes([segment(1)]))
        yield path


def symlink(path: Path) -> str:
    (path.parent / "link.db").symlink_to(path)
    return str(path.parent / "link.db")


def symlink_to_the_folder(path: Path) -> str:
    (path.parent / "folder").symlink_to(path.parent)
    return str(path.parent / "folder" / path.name)


def hard_link(path: Path) -> str:
    os.link(path, path.parent / "hard.db")
    return str(path.parent / "hard.db")


def lock_removed(path: Path) -> str:
    Path(f"{path}.lock").unlink()
    return str(path)


def uri(path: Path) -> str:
    return f"file:{path.name}"


def uri_with_mode(path: Path) -> str:
    return f"file:{path}?mode=rw"


def detour(path: Path) -> str:
    return f"{path.parent}/../{path.parent.name}/./{path.name}"


@pytest.mark.parametrize("spell", [str, symlink, symlink_to_the_folder, hard_link, lock_removed, detour])
@pytest.mark.parametrize("process", ["the same process", "another process"])
def test_a_second_server_is_refused_under_any_name(path: Path, spell: Callable[[Path], str], process: str) -> None:
    """Links, a lock file that somebody tidied away, and other spellings lead to the same log."""
    name = spell(path)
    if process == "the same process":
        with pytest.raises(StartError, match="Another roomchat server is using"):
            Log(name, "full")
    else:
        done = subprocess.run(
            [*warm.command("-c"), OPEN, name], capture_output=True, text=True, timeout=30, check=False
        )
        assert done.stdout.startswith("Another roomchat server is using"), done.stderr
    # The refused one took nothing away: SQLite's own locks still keep a stranger from the file.
    code = (
        "import sqlite3, sys\nc = sqlite3.connect(sys.argv[1], timeout=0)\n"
        "try: c.execute('PRAGMA journal_mode = DELETE')\nexcept sqlite3.OperationalError as error: print(error)"
    )
    done = subprocess.run(
        [*warm.command("-c"), code, str(path)], capture_output=True, text=True, timeout=30, check=False
    )
    assert "locked" in done.stdout


@pytest.mark.parametrize("spell", [uri, uri_with_mode])
def test_a_name_that_looks_like_a_uri_is_a_name(
    path: Path, spell: Callable[[Path], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is another file, which says so itself, and has a log of its own."""
    monkeypatch.chdir(path.parent)
    if spell is uri_with_mode:
        Path(f"file:{path.parent}").mkdir(parents=True)
    with closing(Log(spell(path), "full")) as log:
        assert log.path == Path(os.path.realpath(spell(path)))
        log.append(NOW, Changes([segment(7)]))
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT last_seq FROM segments").fetchall() == [(1,)]


def test_a_log_with_two_names_is_refused_also_when_nobody_has_it(tmp_path: Path) -> None:
    """Each name has a journal of its own: after a crash under one of them, the other would not find it."""
    path = tmp_path / "chat.db"
    Log(str(path), "full").close()
    os.link(path, tmp_path / "other.db")
    with pytest.raises(StartError, match="2 names"):
        Log(str(path), "full")
    (tmp_path / "other.db").unlink()
    Log(str(path), "full").close()


@pytest.mark.parametrize("name", ["/dev/null", "/dev/zero"])
def test_what_is_not_a_file_is_refused_and_nothing_is_left_beside_it(name: str) -> None:
    """A device can't hold a log."""
    with pytest.raises(StartError, match="is not a file"):
        Log(name, "full")
    assert not os.path.exists(f"{name}.lock")


def remove(path: Path) -> None:
    for file in path.parent.glob("chat.db*"):
        file.unlink()


def remove_the_journal(path: Path) -> None:
    Path(f"{path}-wal").unlink()


def replace(path: Path) -> None:
    shutil.copy(path, f"{path}.new")
    os.replace(f"{path}.new", path)


def move(path: Path) -> None:
    (path.parent / "old").mkdir()
    for file in path.parent.glob("chat.db*"):
        file.rename(path.parent / "old" / file.name)


def move_the_folder(path: Path) -> None:
    path.parent.rename(path.parent.parent / "elsewhere")


@pytest.mark.parametrize("take", [remove, remove_the_journal, replace, move, move_the_folder])
def test_nothing_is_acknowledged_once_the_file_is_gone(
    take: Callable[[Path], None], tmp_path: Path, serve: Serve, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever says something is told that it is not stored, and the log of the server says why, once."""
    folder = tmp_path / "data"
    folder.mkdir()
    server = serve(db=str(folder / "chat.db"))
    ann = connect(server, "ann")
    ann.join("tea")
    ann.send("say", text="before", n=1)
    ann.expect("message", n=1)
    take(folder / "chat.db")
    for _ in range(3):
        ann.send("say", text="after", n=2)
        ann.expect("error", code="storage_unavailable", n=2)
    assert [r.message for r in caplog.records if "nothing can be stored" in r.message] == caplog.messages[-1:]
    assert "was moved, removed, or replaced" in caplog.messages[-1]


def test_a_file_that_is_put_back_is_written_to_again(tmp_path: Path, serve: Serve, connect: Connect) -> None:
    """Moved away and back, it has all that was acknowledged."""
    path = tmp_path / "chat.db"
    server = serve(db=str(path))
    ann = connect(server, "ann")
    ann.join("tea")
    ann.send("say", text="one", n=1)
    ann.expect("message", n=1)
    move(path)
    ann.send("say", text="two", n=2)
    ann.expect("error", code="storage_unavailable")
    for file in (tmp_path / "old").iterdir():
        file.rename(tmp_path / file.name)
    ann.send("say", text="two", n=2)
    ann.expect("message", n=2, seq=2)


def test_a_file_that_is_gone_is_noticed_though_nobody_speaks(tmp_path: Path) -> None:
    """The look at it needs no message."""
    path = tmp_path / "chat.db"
    with closing(Log(str(path), "full")) as log:
        log.check()
        path.rename(tmp_path / "moved.db")
        with pytest.raises(LogError, match="was moved, removed, or replaced"):
            log.check()


def test_a_temporary_log_that_a_killed_server_left_is_removed_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that are in use, and what only looks like one, stay."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    left, young, other = tmp_path / "roomchat-left", tmp_path / "roomchat-young", tmp_path / "roomchat-other"
    for folder in (left, young, other):
        folder.mkdir()
        (folder / "log.db").touch()
    for folder in (left, young):
        (folder / "log.db.lock").touch()
    os.utime(left / "log.db.lock", (0, 0))
    with closing(Log(":memory:", "full")) as used:
        os.utime(f"{used.path}.lock", (0, 0))
        with closing(Log(":memory:", "full")) as log:
            assert sorted(tmp_path.iterdir()) == sorted([young, other, used.path.parent, log.path.parent])
