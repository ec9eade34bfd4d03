"""The line that is typed, on the screen of ``roomchat join``."""

from __future__ import annotations

import asyncio
import shlex
import signal
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from roomchat import Client
from roomchat.server import Server
from roomchat.terminal.editing.editor import Editor
from roomchat.terminal.editing.input_history import InputHistory
from roomchat.terminal.editing.other_editor import OtherEditor
from roomchat.verify.processes import PATIENCE
from tests.emulator import CTRL_C, ENTER, TAB, UP, Emulated, alt, paste
from tests.program import address_of
from tests.program import serve as serve_program

CTRL_G, CTRL_N, CTRL_P, CTRL_R, CTRL_U, CTRL_Y = "\x07", "\x0e", "\x10", "\x12", "\x15", "\x19"
OUTSIDE = "\x18\x05"  # Ctrl-X Ctrl-E
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
HEADS = ("[", "(", "      ")  # how the rows of the line begin


@pytest.fixture
def come(serve: Callable[..., Server], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """People in the room tea of one server, each at a screen."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    server = serve()
    with ExitStack() as stack:

        def start(*rooms: str, name: str = "ann", **options: Any) -> Emulated:
            address = f"127.0.0.1:{server.address[1]}"
            asked = [argument for room in rooms or ("tea",) for argument in ("--room", room)]
            screen = stack.enter_context(Emulated("join", address, "--name", name, *asked, **options))
            screen.address = address
            screen.until(f"[{(rooms or ('tea',))[-1]}]")
            return screen

        yield start


def typed(screen: Emulated) -> str:
    """The row of the cursor, from the prompt on."""
    row = screen.screen.display[screen.screen.cursor.y].rstrip()
    return row.rpartition("│")[2]


def shows(text: str) -> Callable[[Emulated], bool]:
    """Whether that stands in the row of the cursor."""
    return lambda screen: typed(screen) == text


def test_who_turns_away_leaves_what_was_begun() -> None:
    """Behind a command that leads elsewhere: it goes along with that, but not where the person turns meanwhile."""
    with (
        serve_program() as server,
        Emulated("join", address_of(server), "--name", "ann", "--room", "tea,ops") as ann,
    ):
        ann.until("[ops]")
        server.signal(signal.SIGSTOP)
        ann.type("/join cake" + ENTER + "half a line")
        ann.until(shows("[ops] half a line"))
        ann.type(CTRL_P)
        ann.until(shows("[tea]"))
        server.signal(signal.SIGCONT)
        ann.until(shows("[cake]"))
        ann.type(CTRL_P)
        ann.until(shows("[ops] half a line"))


def test_each_window_keeps_its_draft(come: Any) -> None:
    """Also where the cursor was; and keys behind the one that goes there are meant for there."""
    ann = come("tea", "ops")
    ann.type("draft for ops\x01" + CTRL_P + "in tea" + ENTER + "draft for tea" + CTRL_N)
    ann.until(shows("[ops] draft for ops"))
    ann.type("!")
    ann.until(shows("[ops] !draft for ops"))
    ann.type(CTRL_U + CTRL_P)
    ann.until(shows("[tea] draft for tea"))
    ann.until("ann: in tea")
    ann.type(CTRL_Y + UP)
    ann.until(shows("[tea] in tea"))


def test_a_search_shows_what_it_finds_and_sends_nothing(come: Any) -> None:
    """Enter takes it into the line; Ctrl-C and Ctrl-G bring back what was typed, and are not about leaving."""
    ann = come()
    ann.type("one apple" + ENTER)
    ann.until("ann: one apple")
    ann.type("begun" + CTRL_R + "app")
    ann.until(shows("(search) app: one apple"))
    assert ann.screen.cursor.x == typed(ann).index("apple") + ann.screen.display[ann.screen.cursor.y].index("(")
    ann.type("x")
    ann.until(shows("(nothing) appx: one apple"))
    for key in (CTRL_G, CTRL_C):
        ann.type(key)
        ann.until(shows("[tea] begun"))
        ann.type(CTRL_R + "app")
        ann.until("(search) app")
    assert not any("again to quit" in row for row in ann.shown)
    ann.type(ENTER)
    ann.until(shows("[tea] one apple"))
    ann.type("\x05" + " pie" + ENTER)
    ann.until("ann: one apple pie")
    assert sum("ann: one apple" in row for row in ann.shown) == 2


def test_a_paste_is_one_message_and_tells_how_long_it_is(come: Any) -> None:
    """What is out of sight is told; it grows to ten rows."""
    ann = come()
    ann.type(paste("\n".join(f"line {number}" for number in range(20))))
    ann.until("20 lines, one message")
    ann.until("[tea] (+11 lines above)")
    assert typed(ann).strip() == "line 19"
    ann.type(UP * 19)
    ann.until(shows("[tea] line 0"))
    ann.until("(+11 lines below)")
    ann.type(ENTER)
    ann.until("line 19")
    ann.until(shows("[tea]"))
    assert sum("ann: line" in row for row in ann.shown) == 1


def test_ctrl_c_keeps_what_it_clears(come: Any) -> None:
    """Up and Ctrl-Y bring it back; only on an empty line it is about leaving."""
    ann = come()
    ann.type("dear words" + CTRL_C)
    ann.until(shows("[tea]"))
    ann.type(UP)
    ann.until(shows("[tea] dear words"))
    ann.type(CTRL_U + CTRL_Y)
    ann.until(shows("[tea] dear words"))
    ann.type(CTRL_C + CTRL_C)
    ann.until("Press Ctrl-C again to quit.")


EDITOR = """
import os, sys
path = sys.argv[1]
print("mode", oct(os.stat(path).st_mode & 0o777), "was", open(path).read(), flush=True)
input()
open(path, "w").write("from outside\\n\\x1b[31mtwo\\n")
"""


def test_the_line_is_edited_in_another_program(come: Any, tmp_path: Path) -> None:
    """It has the terminal meanwhile, and a file that only this person can read; then the screen is back."""
    script = tmp_path / "editor.py"
    script.write_text(EDITOR)
    command = f"{shlex.quote(sys.executable)} {shlex.quote(str(script))}"
    files = tmp_path / "files"
    files.mkdir()
    ann = come(env={"VISUAL": command, "EDITOR": "no-such-editor", "TMPDIR": str(files)})
    ann.type("begun" + OUTSIDE)
    ann.until("mode 0o600 was begun")
    (file,) = files.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    ann.type("\n")
    ann.until("2 lines, one message")
    ann.until("[tea] from outside")
    assert typed(ann).strip() == "\u241b[31mtwo"
    assert list(files.iterdir()) == []
    ann.type("\x1f")
    ann.until(shows("[tea] begun"))
    ann.type(ENTER)
    ann.until("ann: begun")


def test_an_editor_that_is_missing_is_told(come: Any) -> None:
    """In a sentence; the line is as it was."""
    ann = come(env={"VISUAL": "", "EDITOR": "no-such-editor -x"})
    ann.type("begun" + OUTSIDE)
    ann.until("Can't start no-such-editor -x: set EDITOR to an editor that is installed.")
    ann.until(shows("[tea] begun"))


def test_keys_that_nobody_knows_do_nothing(come: Any) -> None:
    """F-keys, answers of the terminal, Ctrl-S, and sequences that end elsewhere."""
    ann = come()
    ann.type("a\x1b[24~\x1b[1;7P\x1b]11;rgb:0/0/0\x07\x13\x16\x1bqb")
    ann.until(shows("[tea] ab"))


def test_the_cursor_stands_behind_an_emoji(come: Any) -> None:
    """With room for what the terminal may make of it, until that has told."""
    ann = come()
    ann.type(FAMILY + "|")
    ann.until(lambda screen: typed(screen).endswith("|"))
    left = ann.screen.display[ann.screen.cursor.y].index("[")
    assert ann.screen.cursor.x == left + len("[tea] ") + 6 + 1
    ann.type("\x1b[1;3R" * 4)
    ann.until(lambda screen: screen.screen.cursor.x == left + len("[tea] ") + 2 + 1)
    assert typed(ann).endswith("|")
    ann.type("\x7f\x7f" + "x")
    ann.until(shows("[tea] x"))


def test_tab_completes_someone_whom_only_the_server_knows(come: Any) -> None:
    """Nobody has told us of who came later and is in no room of ours."""
    ann = come()
    with Client(ann.address, "zoe", state=False):
        ann.type("ask @zo" + TAB)
        ann.until(shows("[tea] ask @zoe"))
        ann.type("now" + CTRL_U + "@nobody" + TAB + "x")
        ann.until(shows("[tea] @nobodyx"))


def test_a_line_of_many_rows_fits_a_small_screen(come: Any) -> None:
    """A phone's: most of it is for messages."""
    ann = come(columns=40, rows=10)
    ann.type(paste("word " * 60))
    ann.until("lines above)")
    assert len([row for row in ann.shown if "word" in row]) <= 4
    ann.type(alt("<") + CTRL_U)
    ann.until(shows("[tea]"))


def test_a_chat_that_ends_takes_the_editor_along(come: Any, tmp_path: Path) -> None:
    """Else it would have the terminal beside the shell. The file is removed."""
    script = tmp_path / "editor.py"
    script.write_text(EDITOR)
    files = tmp_path / "files"
    files.mkdir()
    command = f"{shlex.quote(sys.executable)} {shlex.quote(str(script))}"
    ann = come(env={"VISUAL": command, "TMPDIR": str(files)})
    ann.type("begun" + OUTSIDE)
    ann.until("mode 0o600")
    ann.signal(signal.SIGTERM)
    ann.wait()
    assert list(files.iterdir()) == []


def test_a_chat_that_ends_while_the_editor_starts_takes_it_along(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It runs, but we have not been told yet. The chat would wait for it."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    command = f"{shlex.quote(sys.executable)} -c 'import signal; signal.pause()'"
    other = OtherEditor(Editor(InputHistory(), lambda before: ("", [])), pytest.fail, {"EDITOR": command})

    async def end_at_once() -> None:
        editing = asyncio.create_task(other.edit())
        await asyncio.sleep(0)
        other.close()
        await asyncio.wait_for(editing, PATIENCE)

    asyncio.run(end_at_once())
    assert list(tmp_path.iterdir()) == []
