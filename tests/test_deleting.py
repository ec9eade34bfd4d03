"""A person deletes a message, or somebody else does: it is gone from the screen, the kept file, and exports."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from roomchat.client.client import Client
from roomchat.errors import Denied
from roomchat.export.formats import FORMATS
from roomchat.export.transcript import Transcript
from roomchat.programs.tail import text_line
from roomchat.protocol import Deleted, Message, Ping, Tombstone
from roomchat.server import Server
from roomchat.settings import Settings
from roomchat.terminal.runner import CommandRunner
from roomchat.terminal.shown.lines import Line
from roomchat.terminal.typed.commands import parse
from roomchat.terminal.typed.local import DeleteMessage, Mentions
from roomchat.terminal.typed.slash import TypingError
from roomchat.terminal.windows.display import PlainDisplay
from roomchat.terminal.windows.finding import Finding
from roomchat.terminal.windows.kept import Kept
from roomchat.terminal.windows.window_lookups import WindowLookups
from roomchat.terminal.windows.windows import Windows
from roomchat.wires.native import encode, encode_entries
from roomchat.wires.table import Dialects
from tests.windows import BOB, WHISPERS, Desk

TS = "2026-01-01T12:00:00.000Z"


def deleted(room: str, seq: int, of: int, uid: int = BOB) -> Deleted:
    return Deleted(room, seq, uid, "bob", TS, of)


# ---------------------------------------------------------------- in the windows


def test_a_deleted_message_is_shown_as_deleted_where_it_stood() -> None:
    """At once, in its place; nothing else moves."""
    desk = Desk(height=20)
    desk.join("tea")
    for text in ("one", "two secrets", "three"):
        desk.say("tea", text)
    desk.look_until_quiet()
    before = desk.look()
    desk.windows.take(deleted("tea", 4, 2))
    after = desk.look()
    assert [row.replace("two secrets", "(deleted)") for row in before] == after
    assert "secrets" not in "".join(after)


def test_far_above_too() -> None:
    """Where one looks at another part of the log, the message goes there."""
    desk = Desk()
    desk.log("tea", 400)
    desk.join("tea", 50)
    desk.windows.go_to(desk.window, 20)
    desk.look_until_quiet()
    assert any("old 19" in row for row in desk.look())
    desk.windows.take(deleted("tea", 401, 20))
    assert not any("old 19" in row for row in desk.look())
    assert any("(deleted)" in row for row in desk.look())


def test_nobody_is_called_to_words_that_are_gone() -> None:
    """They are no longer counted, listed as mentions, or found by a search that has found them."""
    desk = Desk()
    desk.join("tea")
    desk.join("ops")
    desk.say("tea", "ann, look")
    desk.say("tea", "and this")
    finding = Finding("look", ["tea"], lambda entry: "look" in entry.text)
    desk.windows.searching.start(finding)
    finding.take("tea", desk.logs["tea"], more=False)
    assert finding.told == "looking for look" or "1" in finding.told
    window = desk.of("tea")
    assert (window.unread, window.mentions, len(desk.windows.wanting)) == (2, 1, 1)
    desk.windows.take(deleted("tea", 3, 1))
    assert (window.unread, window.mentions, len(desk.windows.wanting)) == (1, 0, 0)
    assert finding.step(1, anyway=True) is None


def test_a_page_of_mentions_does_not_keep_them() -> None:
    """It closes: the words stood on it."""
    desk = Desk()
    desk.join("tea")
    desk.say("tea", "ann, a secret")
    WindowLookups(desk.windows).run(None, Mentions(), "tea")  # type: ignore[arg-type]
    assert any("a secret" in row for row in desk.look())
    desk.windows.take(deleted("tea", 2, 1))
    assert not any("a secret" in row for row in desk.look())


def test_whispers_are_deleted_alike() -> None:
    """And the deletion itself is no news."""
    desk = Desk()
    desk.join("tea")
    desk.say(WHISPERS, "psst, a secret")
    assert desk.of(WHISPERS).unread == 1
    desk.windows.take(deleted(WHISPERS, 2, 1))
    assert (desk.of(WHISPERS).unread, desk.of(WHISPERS).mentions) == (0, 0)


# ---------------------------------------------------------------- in what is kept


def test_nothing_of_it_is_kept(tmp_path: Path) -> None:
    """Neither in the file nor in SQLite's journal beside it; a tombstone is, with the same seq."""
    path = tmp_path / "ann.db.kept"
    kept = Kept(path)
    kept.begin("log")
    for seq in range(1, 30):
        kept.add(Message("tea", seq, 2, "bob", TS, f"ann-secret-{seq:03}. " * seq, n=seq), mentions=True)
    for seq in (1, 17, 29):
        kept.erase("tea", seq)
        kept.erase("tea", seq)
    kept.erase("tea", 30)
    kept.wipe()
    on_disk = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert [seq for seq in range(1, 30) if f"ann-secret-{seq:03}.".encode() not in on_disk] == [1, 17, 29]
    assert {one.seq for one in kept.mentions(100)} == set(range(1, 30)) - {1, 17, 29}
    found = kept.before("tea", None, 100)
    assert [one.seq for one in found] == [*range(1, 30)]
    assert [one.seq for one in found if isinstance(one, Tombstone) and one.n == one.seq] == [1, 17, 29]
    kept.close()


# ---------------------------------------------------------------- /delete


class Person:
    """ann at a pipe, without processes: what she types, and what is printed."""

    def __init__(self, server: Server) -> None:
        self.printed: list[str] = []
        self.display = PlainDisplay(self._print, clock="%H:%M")
        host, port = server.address[:2]
        self.client = Client(f"{host}:{port}", "ann", state=False, on_event=self.display.take)
        self.display.meet(self.client)
        self.client.open()
        self.runner = CommandRunner(self.display)

    def _print(self, line: Line) -> None:
        self.printed.append(line.plain)

    def type(self, text: str) -> list[str]:
        """Have it done, and wait until all that follows has come; what is printed then."""
        self.printed.clear()
        what = parse(text, self.display.roster)
        assert what is not None
        self.runner.run(self.client, what, self.client.room)
        assert self.client.flush(20)
        return self.printed


@pytest.fixture
def ann(serve: Callable[..., Server]) -> Iterator[Person]:
    """In the lobby, which is nobody's, where she has said four things, and bob one."""
    server = serve()
    person = Person(server)
    with person.client:
        person.client.join("lobby")
        host, port = server.address[:2]
        with Client(f"{host}:{port}", "bob", state=False) as bob:
            bob.join("lobby")
            bob.say("not hers")
            assert bob.flush(20)
        for text in ("first", "my number is 1234", "third", "last"):
            person.type(text)
        yield person


def log_of(person: Person) -> list[str]:
    person.type("/history 100")
    person.client.request(parse("/stats", person.display.roster))  # type: ignore[arg-type]
    return [one.partition("] ")[2] for one in person.printed if "] " in one and "bob" not in one]


def test_delete_alone_is_the_last_one(ann: Person) -> None:
    """Without a question: it has just been said."""
    ann.type("/delete")
    assert log_of(ann)[:4] == ["ann: first", "ann: my number is 1234", "ann: third", "ann: (deleted)"]


def test_delete_with_words_is_asked_back(ann: Person) -> None:
    """It shows which one; /delete right behind it deletes that one, anything else keeps it."""
    told = ann.type("/delete number 12")
    assert any("my number is 1234" in one for one in told)
    assert "Type /delete now" in told[-1]
    ann.type("something else")
    ann.type("/delete")
    assert log_of(ann)[:5] == [
        "ann: first", "ann: my number is 1234", "ann: third", "ann: last", "ann: (deleted)",
    ]  # fmt: skip
    ann.type("/delete number 12")
    ann.type("/delete")
    assert "ann: my number is 1234" not in log_of(ann)


def test_what_cannot_be_deleted(ann: Person) -> None:
    """What others have said, what nobody has said, and where one is in no room."""
    for typed in ("/delete not hers", "/delete xyzzy"):
        with pytest.raises(TypingError, match="Nothing of yours is left here with"):
            ann.type(typed)
    with pytest.raises(Denied) as denied:
        ann.client.delete(1)
    assert denied.value.code == "not_yours"
    ann.client.leave()
    with pytest.raises(TypingError, match="not in a room"):
        ann.type("/delete")


# ---------------------------------------------------------------- elsewhere


ENTRIES = [
    Message("tea", 1, 1, "ann", TS, "before"),
    Tombstone("tea", 2, 2, "bob", TS, n=4),
    deleted("tea", 3, 2),
]


@pytest.mark.parametrize("form", FORMATS)
def test_exports_show_a_tombstone(form: str) -> None:
    """In the place of the message, with whose it was."""
    transcript = Transcript("tea", "epoch", [encode_entries(ENTRIES)])
    page = b"".join(FORMATS[form](transcript)).decode()
    if form == "jsonl":
        assert page.encode() == encode_entries(ENTRIES)
        return
    assert page.count("(deleted)") == page.count("before")
    assert transcript.left_out == 0


def test_tail_shows_a_tombstone() -> None:
    """As it shows a message."""
    assert text_line(ENTRIES[1]).decode().endswith(" bob: (deleted)\n")


@pytest.mark.parametrize("dialect", ["plain", "ktn", "ktn-2014", "channels"])
def test_other_wires_show_a_tombstone(dialect: str) -> None:
    """To whoever comes and is shown what was said before."""
    wire = Dialects(Settings(), lambda: TS).make(dialect)
    assert b"(deleted)" in wire.encode_log(encode(ENTRIES[1]))


def test_a_moderator_deletes_what_a_search_has_found(serve: Callable[..., Server]) -> None:
    """The hit that is looked at is shown again; /delete behind that deletes it, whoever said it."""
    server = serve()
    windows = Windows(clock="%H:%M", is_begun=lambda: False, ask=lambda request: None)
    host, port = server.address[:2]
    client = Client(f"{host}:{port}", "ann", state=False, on_event=windows.take)
    windows.meet(client)
    with client, Client(f"{host}:{port}", "bob", state=False) as bob:
        runner = CommandRunner(windows)
        client.join("tea")  # hers, since she made it
        bob.join("tea")
        for text in ("nasty", "nice"):
            bob.say(text)
            assert bob.flush(20)
        client.request(Ping())
        window = windows.of("tea")
        assert window is not None
        said = [one for one in window.live.entries() if isinstance(one, Message)]
        window.hit = next(one.seq for one in said if one.text == "nasty")
        for _ in range(2):
            runner.run(client, DeleteMessage(), "tea")
        client.request(Ping())
        entries = [*window.live.entries()]
    assert [one.text for one in entries if isinstance(one, Message)] == ["nice"]
    assert [one.name for one in entries if isinstance(one, Tombstone)] == ["bob"]
