"""Back where one was: what ``roomchat join`` at a terminal shows and keeps over its own end, and the server's."""

from __future__ import annotations

import re
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from roomchat import Client
from roomchat.server import Server
from roomchat.settings import Settings
from roomchat.verify.processes import PATIENCE
from tests.emulator import ENTER, Emulated, alt
from tests.program import Program

CTRL_U, PAGE_UP, HOME, END = "\x15", "\x1b[5~", "\x1b[H", "\x1b[F"


@dataclass
class House:
    """A server that can be stopped and started again, and people on it."""

    folder: Path
    screens: ExitStack
    serving: ExitStack
    port: int = 0

    def __post_init__(self) -> None:
        self.start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def ann(self, *arguments: str, **options: Any) -> Emulated:
        """At a screen."""
        return self.screens.enter_context(Emulated("join", self.address, "--name", "ann", *arguments, **options))

    def stop(self) -> None:
        """The server goes, and bob with it."""
        self.serving.close()

    def start(self, log: str = "chat.db") -> None:
        """It is there, on the same port as before; another one, if its log is another. Bob is in three rooms."""
        settings = Settings(port=self.port, db=str(self.folder / log), drain=0.2, rate=0)
        self.port = self.serving.enter_context(Server(settings)).address[1]
        bob = Client(self.address, "bob", state=False, on_event=lambda event: None)
        self.bob = self.serving.enter_context(bob)
        for room in ("tea", "ops", "tart"):
            bob.join(room)

    def kept(self) -> str:
        """What is on ann's disk of her windows."""
        (path,) = (self.folder / "state").glob("**/ann.db.kept")
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as connection:
            row = connection.execute("SELECT value FROM state WHERE key = 'windows'").fetchone()
        return str(row[0], "utf-8") if row else ""


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """Nobody is here but bob."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    with ExitStack() as serving, ExitStack() as screens:
        yield House(tmp_path, screens, serving)


def until_kept(house: House, ann: Emulated, text: str) -> None:
    """Wait until it is on the disk; a second is what was promised, but other tests run beside this one."""
    deadline = time.monotonic() + PATIENCE
    while text not in house.kept():
        assert time.monotonic() < deadline, f"{text} was never kept, but {house.kept()}"
        ann._look(time.monotonic() + 0.05)


def end(house: House, ann: Emulated, how: str, typed: str = "") -> None:
    """``quit``; or ``kill``, as soon as it is promised that what is typed is kept."""
    if how == "kill":
        until_kept(house, ann, typed)
        ann.signal(signal.SIGKILL)
        ann.wait()
    else:
        ann.signal(signal.SIGTERM)
        ann.wait()


def row_of(screen: Emulated, text: str) -> int:
    """The first row with that text, without what stands in the lists beside."""
    return next(number for number, row in enumerate(screen.shown) if text in row)


def prompt(screen: Emulated) -> str:
    """What stands in the row of the cursor."""
    return screen.screen.display[screen.screen.cursor.y].rpartition("│")[2].strip()


@pytest.mark.parametrize("how", ["quit", "kill"])
def test_all_is_as_it_was(house: House, how: str) -> None:
    """Rooms and their numbers, the window, what was said, a line that was begun in each, and what is new since."""
    ann = house.ann("--room", "tea,ops,tart")
    ann.until("[tart]")
    for text in ("one", "two"):
        house.bob.say(text, "tea")
    ann.until(lambda screen: re.search(r"1 tea +2", screen.shown[1]))
    ann.type("/leave ops" + ENTER)
    ann.until(lambda screen: not any("2 ops" in row for row in screen.shown))
    ann.type("for tart")
    ann.until("[tart] for tart")
    ann.type(alt("1"))
    ann.until("bob: two")
    ann.until(lambda screen: prompt(screen).rstrip() == "[tea]")
    ann.type("for tea")
    ann.until("[tea] for tea")
    end(house, ann, how, "for tea")

    house.bob.say("in the night", "tea")
    house.bob.say("ann, a word", "tart")
    house.bob.flush()
    ann = house.ann()
    ann.until("bob: in the night")
    ann.until(lambda screen: prompt(screen) == "[tea] for tea")
    assert row_of(ann, "bob: two") < row_of(ann, "--- new since ") < row_of(ann, "bob: in the night")
    ann.until(lambda screen: any(re.search(r"3 tart +1!", row) for row in screen.shown))
    ann.type(alt("3"))
    ann.until("bob: ann, a word")
    ann.until(lambda screen: prompt(screen) == "[tart] for tart")
    ann.type(CTRL_U + "/join ops" + ENTER)
    ann.until(lambda screen: any("2 ops" in row for row in screen.shown))


def test_what_is_kept_is_there_while_the_server_is_away(house: House) -> None:
    """It is shown and scrolled; words are kept, also over a kill, and said when the server is there."""
    house.bob.join("tea")
    for number in range(250):
        house.bob.say(f"word {number}", "tea")
    house.bob.flush()
    ann = house.ann("--room", "tea")
    ann.until("bob: word 249")
    for number in range(250, 400):
        house.bob.say(f"word {number}", "tea")
    ann.until("bob: word 399")
    end(house, ann, "quit")
    house.stop()

    ann = house.ann()
    ann.until("bob: word 399")
    ann.until("trying again")
    ann.type(PAGE_UP)
    ann.until("bob: word 370")
    ann.type(HOME)
    ann.until("bob: word 200")
    ann.type(END)
    ann.type("said while away" + ENTER)
    ann.until("... said while away")
    ann.type("begun while away")
    ann.until("[tea] begun while away")
    end(house, ann, "kill", "begun while away")

    house.start()
    ann = house.ann()
    ann.until("ann: said while away")
    ann.until(lambda screen: prompt(screen) == "[tea] begun while away")
    assert sum("said while away" in row for row in ann.shown) == 1


def test_who_waits_for_the_server_gets_in_by_itself(house: House) -> None:
    """And what was typed meanwhile is said in the room that it was typed in."""
    ann = house.ann("--room", "tea,ops")
    ann.until("[ops]")
    ann.type(alt("1"))
    ann.until("[tea]")
    end(house, ann, "quit")
    house.stop()
    ann = house.ann()
    ann.until("[tea]")
    ann.until("trying again")
    ann.type("to tea" + ENTER + alt("2"))
    ann.until("[ops]")
    ann.type("to ops" + ENTER)
    ann.until("... to ops")
    house.start()
    ann.until("ann: to ops")
    assert not any("to tea" in row for row in ann.shown)
    ann.type(alt("1"))
    ann.until("ann: to tea")


def test_a_person_who_is_blocked_stays_so(house: House) -> None:
    """Their words are neither shown nor counted, until they are unblocked; /ignore is the same."""
    ann = house.ann("--room", "tea,ops")
    ann.until("[ops]")
    ann.type("/ignore bob" + ENTER)
    ann.until("You have blocked bob")
    end(house, ann, "quit")
    house.bob.say("ann: psst", "tea")
    house.bob.say("psst", "ops")
    house.bob.flush()
    ann = house.ann()
    ann.until("You are in ops")
    ann.until("[ops]")
    ann.type("/blocked" + ENTER)
    ann.until("You have blocked: bob")
    assert not any("psst" in row or re.search("1 tea +1", row) for row in ann.shown)
    end(house, ann, "quit")
    ann = house.ann("--fresh", "--room", "tea")
    ann.until("[tea]")
    ann.type("/unblock bob" + ENTER)
    ann.until("bob: ann: psst")
    assert not any("2 ops" in row for row in ann.shown)


@pytest.mark.parametrize("how", ["quit", "kill"])
def test_the_beginning_can_be_fresh(house: House, how: str) -> None:
    """In the lobby, with nothing begun; and so it stays."""
    ann = house.ann("--room", "tea")
    ann.until("[tea]")
    ann.type("begun")
    ann.until("[tea] begun")
    end(house, ann, how, "begun")
    for arguments in (["--fresh"], []):
        ann = house.ann(*arguments)
        ann.until("You are in lobby")
        ann.until(lambda screen: prompt(screen) == "[lobby]")
        assert not any(re.search(r"\d tea", row) for row in ann.shown)
        end(house, ann, "quit")


def test_another_log_brings_nothing_of_the_old_one(house: House) -> None:
    """Its rooms are entered, and what was begun there is still to be said; whispers were with other people."""
    house.bob.say("of the old log", "tea")
    ann = house.ann("--room", "tea")
    ann.until("of the old log")
    house.bob.whisper(2, "psst")
    ann.until("2 @bob")
    ann.type("begun")
    ann.until("[tea] begun")
    end(house, ann, "kill", "begun")
    house.stop()
    house.start("another.db")
    house.bob.say("of the new log", "tea")
    ann = house.ann()
    ann.until("bob: of the new log")
    ann.until(lambda screen: prompt(screen) == "[tea] begun")
    assert not any("of the old log" in row or "@bob" in row for row in ann.shown)


def test_a_room_that_was_left_elsewhere_is_not_there(house: House) -> None:
    """By a program, say, that comes back to the same rooms."""
    ann = house.ann("--room", "tea,ops")
    ann.until("[ops]")
    end(house, ann, "quit")
    with Client(house.address, "ann", keep_rooms=True) as plain:
        plain.leave("tea")
        house.bob.say("meanwhile", "ops")
        for message in plain.messages("ops"):
            if message.text == "meanwhile":
                break
    house.bob.say("afterwards", "ops")
    house.bob.flush()
    ann = house.ann()
    ann.until("bob: afterwards")
    ann.until("bob: meanwhile")
    assert not any("tea" in row for row in ann.shown)


def test_each_server_has_its_own_windows(house: House, serve: Callable[..., Server]) -> None:
    """Going to another one and back is like an end and a start."""
    other = f"127.0.0.1:{serve().address[1]}"
    ann = house.ann("--room", "tea,ops")
    ann.until("[ops]")
    ann.type("begun in ops" + alt("1"))
    ann.until("[tea]")
    ann.type(f"/connect {other}" + ENTER)
    ann.until("[lobby]")
    assert not any(re.search(r"\d (tea|ops)", row) for row in ann.shown)
    ann.type("begun there")
    ann.until("[lobby] begun there")
    ann.type(CTRL_U + f"/connect {house.address}" + ENTER)
    ann.until("[tea]")
    ann.type(alt("2"))
    ann.until(lambda screen: prompt(screen) == "[ops] begun in ops")
    assert not any("lobby" in row for row in ann.shown)


def test_a_name_that_somebody_has_now_shows_nobody_elses_windows(house: House) -> None:
    """They are those of the session of that name; with another name there are others."""
    ann = house.ann("--room", "tea")
    ann.until("[tea]")
    end(house, ann, "quit")
    with Client(house.address, "ann", state=False, on_event=lambda event: None):
        again = house.ann()
        again.until("Your name")
        again.type("cleo" + ENTER)
        again.until("[lobby]")
        assert not any(re.search(r"\d tea", row) for row in again.shown)


def test_the_way_in_decides_what_is_looked_at(house: House) -> None:
    """Also while the server is away: a line goes where its window says."""
    ann = house.ann("--room", "tea,ops")
    ann.until("[ops]")
    end(house, ann, "quit")
    house.stop()
    ann = house.ann("--room", "Tea,tart")
    ann.until("trying again")
    ann.type("to tart" + ENTER)
    ann.until("to tart")
    ann.type(alt("2"))
    ann.until("[ops]")
    ann.type("to ops" + ENTER)
    ann.until("to ops")
    house.start()
    ann.until("[tart]")
    ann.until("ann: to tart")
    ann.type(alt("2"))
    ann.until("ann: to ops")
    end(house, ann, "quit")
    ann = house.ann("--room", "tea")
    ann.until("[tea]")


def test_who_looks_at_a_room_has_nothing_new_in_it(house: House) -> None:
    """Only what came while they were away is marked."""
    house.bob.say("before", "tea")
    ann = house.ann("--room", "tea")
    ann.until("bob: before")
    end(house, ann, "quit")
    ann = house.ann()
    ann.until("You are in tea")
    house.bob.say("behind", "tea")
    ann.until("bob: behind")
    assert not any("--- new" in row for row in ann.shown)


def test_one_key_goes_to_where_one_has_stopped_reading(house: House) -> None:
    """However much was said in a night; the next time it goes to the beginning."""
    house.bob.say("before the night", "tea")
    ann = house.ann("--room", "tea")
    ann.until("bob: before the night")
    end(house, ann, "quit")
    for number in range(530):
        house.bob.say(f"night {number}", "tea")
    house.bob.flush()
    ann = house.ann()
    ann.until("bob: night 529")
    ann.until("new above: Home")
    ann.type(HOME)
    ann.until("bob: night 0")
    ann.until("--- new since ")
    ann.until(lambda screen: not any("new above" in row for row in screen.shown))
    ann.type(HOME)
    ann.until("--- the beginning ---")
    ann.type(END)
    ann.until("bob: night 529")


def test_whispers_come_back_too(house: House) -> None:
    """Their window, what was said in it meanwhile, the line that was begun; names are known without the server."""
    ann = house.ann("--room", "tea")
    ann.until("[tea]")
    house.bob.whisper(2, "are you there?")
    ann.until(lambda screen: any(re.search(r"2 @bob +1!", row) for row in screen.shown))
    ann.type(alt("2"))
    ann.until("are you there?")
    ann.type("ye")
    ann.until(lambda screen: prompt(screen).endswith("ye"))
    end(house, ann, "quit")
    house.bob.whisper(2, "hello?")
    house.bob.flush()
    ann = house.ann()
    ann.until("hello?")
    assert row_of(ann, "are you there?") < row_of(ann, "--- new since ") < row_of(ann, "hello?")
    ann.type("s" + ENTER)
    ann.until("ann: yes")
    end(house, ann, "quit")
    house.stop()
    ann = house.ann()
    ann.until("trying again")
    ann.type(alt("1"))
    ann.until("[tea]")
    ann.type("/whisper bob later" + ENTER)
    ann.until(lambda screen: any("not sent" in row for row in screen.shown))
    ann.signal(signal.SIGKILL)
    ann.wait()
    house.start()
    ann = house.ann()
    ann.until(lambda screen: any(re.search(r"1 tea", row) for row in screen.shown))
    ann.type(alt("2"))
    ann.until("ann: later")


def test_a_pipe_under_the_same_name_changes_nothing(house: House) -> None:
    """It begins outside all rooms, and what it has read is new on the screen."""
    ann = house.ann("--room", "tea,ops")
    ann.until("[ops]")
    ann.type("begun")
    ann.until("[ops] begun")
    end(house, ann, "quit")
    house.bob.say("meanwhile", "tea")
    house.bob.flush()
    with Program("join", house.address, "--name", "ann") as pipe:
        pipe.type("/join tart\nby a pipe\n")
        pipe.end_input()
        assert pipe.wait() == 0
        assert "meanwhile" not in pipe.output
    ann = house.ann()
    ann.until(lambda screen: prompt(screen) == "[ops] begun")
    ann.until(lambda screen: any(re.search(r"1 tea +1", row) for row in screen.shown))
    assert not any("tart" in row for row in ann.shown)
