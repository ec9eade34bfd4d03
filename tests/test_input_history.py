"""What a person typed before, in its file."""

from __future__ import annotations

import json
import stat
import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from roomchat.harmless import harmless
from roomchat.terminal.editing.input_history import MAX_LINES, InputHistory


def test_each_window_has_its_own_past(tmp_path: Path) -> None:
    """It outlives the program; what earlier versions wrote belongs to every window."""
    path = tmp_path / "deep" / "typed"
    history = InputHistory(path)
    for text, room in [
        ("in tea", "tea"),
        ("two\nlines", "tea"),
        ("two\nlines", "tea"),
        ("in ops", "ops"),
        ("server", None),
    ]:
        history.add(text, room)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with path.open("a") as file:
        file.write('"from an earlier version"\n')
    again = InputHistory(path)
    assert again.of("tea") == ["in tea", "two\nlines", "server", "from an earlier version"]
    assert again.of("ops") == ["in ops", "server", "from an earlier version"]
    assert [line.text for line in again.lines][-2:] == ["server", "from an earlier version"]


def test_what_may_be_a_password_is_not_kept(tmp_path: Path) -> None:
    """It is asked for, but many are used to type it behind a command."""
    history = InputHistory(tmp_path / "typed")
    for text in (
        "/register hunter2",
        " /PASSWORD old new",
        "/passwd new",
        "/unregister hunter2",
        "/login ann hunter2",
    ):
        history.add(text, "tea")
    assert history.of("tea") == []
    assert not (tmp_path / "typed").exists()
    for text in ("/register", "/login ann", "/password ", "password hunter2 is a joke"):
        history.add(text, "tea")
    assert history.of("tea") == ["/register", "/login ann", "/password ", "password hunter2 is a joke"]


def test_what_is_deleted_is_forgotten(tmp_path: Path) -> None:
    """In the file and in this run, with whatever command it was said; nothing else is."""
    path = tmp_path / "typed"
    history = InputHistory(path)
    kept = ["hunter2!", "say hunter2", "/delete", "", "hunter"]
    for text in ("hunter2", "/me hunter2", "/whisper bob hunter2", "//hunter2", "two\nlines", *kept):
        history.add(text, "tea")
    for words in ("hunter2", "two\nlines", "never said"):
        history.forget(words)
    assert history.of("tea") == kept
    assert InputHistory(path).of("tea") == [text for text in kept if text]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    history.add("hunter2", "tea")
    assert InputHistory(path).of("tea")[-1] == "hunter2"


def test_the_past_is_bounded_and_survives_nonsense(tmp_path: Path) -> None:
    """Too long a file is cut; what is no line of ours is skipped; where none can be written it lasts for a run."""
    path = tmp_path / "typed"
    history = InputHistory(path)
    for number in range(MAX_LINES + 1):
        history.add(f"{number}\nx", "tea")
    assert InputHistory(path).of("tea")[-1] == f"{MAX_LINES}\nx"
    assert len(path.read_text().splitlines()) == MAX_LINES // 2
    path.write_bytes(b'\xff\n{"a": 1}\n{"text": 7}\n{"text": "x", "room": 1}\n[]\n"good"\n"cut')
    assert InputHistory(path).of(None) == ["good"]
    path.write_text("[" * 100_000 + "\n")
    assert InputHistory(path).lines == []
    nowhere = InputHistory(Path("/proc/no/such/place"))
    nowhere.add("x", None)
    assert nowhere.of("tea") == ["x"]


@given(st.text(), st.none() | st.text())
def test_what_is_kept_is_harmless(text: str, room: str | None) -> None:
    """Whoever has written into the file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "typed")
        path.write_text(json.dumps({"text": text, "room": room} if room is not None else text))
        lines = InputHistory(path).lines
    assert all(harmless(row) == row for line in lines for row in line.text.split("\n"))
