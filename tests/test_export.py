"""``roomchat export``: each format against a kept page, whatever is said, and beside a server that writes."""

from __future__ import annotations

import email.header
import email.policy
import email.utils
import json
import mailbox
import os
import re
import shlex
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from html.parser import HTMLParser
from itertools import count
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from click.testing import Result
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from roomchat.cli import main
from roomchat.cli.output import write_file
from roomchat.errors import LogError
from roomchat.export.formats import FORMATS
from roomchat.export.transcript import Transcript
from roomchat.harmless import harmless, harmless_json
from roomchat.protocol import Action, Message
from roomchat.server import Server
from roomchat.store.api import Changes, SegmentRow
from roomchat.store.archive import READ_BYTES, Archive, TimeRange
from roomchat.store.log import Log
from roomchat.times import beginning, end
from roomchat.wires.native import encode_entries
from tests import warm
from tests.peer import Peer
from tests.program import Program, runner

GOLDEN = Path(__file__).parent / "golden"
DAY = datetime(2024, 5, 1, 21, 59, tzinfo=UTC)  # one minute before midnight in Paris

# The first lines are ASCII: how Python's email package folds other subjects is its own business.
TALK = [  # (seconds behind DAY, UID, name, text)
    (0, 1, "ann", "Good evening! Who is for tea?"),
    (5, 2, "Bjørn", "Me.\nThe green one,\n    please."),
    (61, 1, "ann", "From here on it is tomorrow.\n>From me to you"),
    (62, 3, "cleo", '<b onclick="alert(1)">&amp; a "quote"</b>\n🍵'),
    (63, 3, "cleo", "colours?\n\x1b[31mred\x1b[0m \u202eback\u202c\ttab \x9b2J"),
    (64, 2, "Bjørn", "a word that is long: " + "x" * 100),
    (86400, 1, "ann", "The day after.\r\nIn two lines."),
]

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=200) | st.lists(
    st.sampled_from(["From ", ">From x", "\n", "\r", "</p>", "<!--", "]]>", "&lt;", "é", " " * 90, "\0", "\x85"]),
    max_size=8,
).map("".join)  # fmt: skip


def stamp(seconds: float) -> str:
    when = datetime.fromtimestamp(DAY.timestamp() + seconds, UTC)
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def segments(room: str = "Tea") -> list[tuple[int, SegmentRow]]:
    """The talk, as the server keeps it: (time, segment)."""
    return [
        (
            round((DAY.timestamp() + seconds) * 1000),
            SegmentRow(
                room.lower(),
                room,
                seq,
                seq,
                encode_entries([Message(room, seq, uid, name, stamp(seconds), text)]),
            ),
        )
        for seq, (seconds, uid, name, text) in enumerate(TALK, start=1)
    ]


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A log with the talk in it, and rooms beside it."""
    path = tmp_path / "chat.db"
    with closing(Log(str(path), "normal")) as log:
        for now, segment in segments():
            log.append(now, Changes([segment]))
        for room in ("teapot", "coffee", "@1-2"):
            for now, segment in segments(room)[:1]:
                log.append(now, Changes([segment]))
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE meta SET value = '0123456789abcdef' WHERE key = 'epoch'")
    return path


def export(database: Path, *arguments: str) -> Result:
    return runner().invoke(main, ["export", "--db", str(database), "--timezone", "Europe/Paris", *arguments])


def transcript(*texts: str, name: str = "ann") -> Transcript:
    lines = encode_entries([Message("tea", seq, 1, name, stamp(seq), text) for seq, text in enumerate(texts, 1)])
    return Transcript("tea", "abc", [lines], UTC)


def in_format(form: str, *texts: str) -> bytes:
    return b"".join(FORMATS[form](transcript(*texts)))


@pytest.mark.parametrize("form", ["txt", "html", "mbox"])
def test_an_action_is_exported_as_a_message_that_says_so(form: str) -> None:
    """And ends with the words, behind the name."""
    head = ("tea", 1, 1, "ann", stamp(0))
    action, message = (
        b"".join(FORMATS[form](Transcript("tea", "abc", [encode_entries([one])], UTC)))
        for one in (Action(*head, "waves\nagain"), Message(*head, "/me waves\nagain"))
    )
    assert action == message
    assert b"waves\n" in action
    if form == "txt":
        assert action.endswith(b"* ann waves\n    again\n")


LATER = b'{"type":"reacted","room":"Tea","seq":%d,"uid":1,"target":1,"emoji":"+1"}\n'


@pytest.mark.parametrize("form", FORMATS)
def test_what_a_later_version_wrote_is_left_out_and_counted(database: Path, form: str) -> None:
    """Entries of kinds that this version does not know: JSON Lines has them as they are."""
    before = export(database, "tea", "--format", form)
    with closing(Log(str(database), "normal")) as log:
        for seq in (50, 51):
            log.append(round(DAY.timestamp() * 1000), Changes([SegmentRow("tea", "Tea", seq, seq, LATER % seq)]))
    result = export(database, "tea", "--format", form)
    assert result.exit_code == 0, result.output
    more = LATER % 50 + LATER % 51 if form == "jsonl" else b""
    assert result.stdout_bytes == before.stdout_bytes + more
    told = "The export leaves out 2 entries whose kinds this version does not know."
    assert result.stderr.strip() == ("" if form == "jsonl" else told)


# ---------------------------------------------------------------- the formats


@pytest.mark.parametrize("form", FORMATS)
def test_each_format_is_as_it_was(database: Path, form: str) -> None:
    """The talk in each format, against what was looked at and kept. To keep a new one: REWRITE_GOLDEN=1."""
    result = export(database, "tea", "--format", form)
    assert result.exit_code == 0, result.output
    kept = GOLDEN / f"export.{form}"
    if os.environ.get("REWRITE_GOLDEN"):
        kept.write_bytes(result.stdout_bytes)
    assert result.stdout_bytes == kept.read_bytes()
    assert result.stderr == ""


@given(st.lists(TEXTS, max_size=5))
@examples(max_examples=100, deadline=None)
def test_jsonl_says_the_same_and_moves_no_terminal(texts: list[str]) -> None:
    """Each line is the message, whatever is in it; and no character of the lines is one that a terminal obeys."""
    lines = in_format("jsonl", *texts)
    assert [json.loads(line)["text"] for line in lines.split(b"\n")[:-1]] == texts
    assert all(harmless(line) == line for line in lines.decode().split("\n"))


def test_json_of_a_rare_character_is_escaped_in_two_halves() -> None:
    """Beyond U+FFFF JSON escapes by surrogates."""
    assert harmless_json('{"a":"\U000e0041\x7f"}\n'.encode()) == b'{"a":"\\udb40\\udc41\\u007f"}\n'


@given(st.lists(TEXTS, max_size=5))
@examples(max_examples=100, deadline=None)
def test_txt_moves_no_terminal_and_its_messages_can_be_told_apart(texts: list[str]) -> None:
    """A line that begins with a digit begins a message, whatever the messages say."""
    lines = in_format("txt", *texts).decode().split("\n")[:-1]
    assert all(harmless(line) == line for line in lines)
    starts = [line for line in lines if not line.startswith("    ")]
    assert len(starts) == len(texts)
    assert all(re.match(r"2024-05-01 \d\d:\d\d:\d\d\+00:00 ann: ", line) for line in starts)


@given(st.lists(TEXTS, max_size=3))
@examples(max_examples=60, deadline=None)
def test_mbox_is_read_back(texts: list[str]) -> None:
    """Python's mailbox finds each message, with the text that was said. Line breaks of any kind become mail's."""
    content = in_format("mbox", *texts)
    # A separator for each mail, and none within: as any reader looks for them, and with nothing to be unquoted.
    assert (
        len(re.findall(rb"(?:\A|\n\n)From ", content)) == len(re.findall(rb"(?m)^>*From ", content)) == len(texts)
    )
    assert mails(content) == [re.sub("\r\n?", "\n", text) + "\n" for text in texts]


# What a header decodes, and what is near it.
ENCODED = st.sampled_from(
    [
        "=?utf-8?q?a=0AX-Evil:_1?=",
        "=?utf-8?q?a=0A=0Abody?=",
        "=?utf-8?b?YQpYLUV2aWw6IDE=?=",
        "=?raw_unicode_escape?q?=5Cud800?=",
        "=?nonsense?q?x?=",
        "=?utf-8?q?unfinished",
        '", <evil@example.org>,',
        "a\nX-Evil: 1",
        "=?",
        "?=",
        "é",
    ]
)
WORDS = st.lists(ENCODED | TEXTS, min_size=1, max_size=4).map("".join)


@given(WORDS, WORDS, WORDS.map(lambda room: room[:32]))
@examples(max_examples=150, deadline=None)
def test_nobody_writes_a_header_of_a_mail(text: str, name: str, room: str) -> None:
    """Whatever stands in a text, a name, or a room, each mail has its own headers, and says who spoke."""
    line = encode_entries([Message(room, 7, 3, name, stamp(0), text)])
    content = b"".join(FORMATS["mbox"](Transcript(room, "abc", [line], UTC)))
    assert content.count(b"\nX-Roomchat-Seq: 7\nX-Roomchat-UID: 3\n") == 1
    for policy in (email.policy.default, email.policy.compat32):
        mail = email.message_from_bytes(content.partition(b"\n")[2], policy=policy)
        assert list(mail) == [
            "From", "To", "Date", "Subject", "Message-ID", "X-Roomchat-Room", "X-Roomchat-Seq", "X-Roomchat-UID",
            "Content-Type", "Content-Transfer-Encoding", "MIME-Version",
        ]  # fmt: skip
        assert not mail.defects
    assert email.utils.parseaddr(str(mail["From"]))[1] == "3@roomchat.invalid"
    assert email.utils.getaddresses([str(mail["To"])])[-1][1] == "room@roomchat.invalid"
    decoded = str(email.header.make_header(email.header.decode_header(mail["X-Roomchat-Room"])))
    assert decoded.split() == harmless(room).split()


def mails(content: bytes) -> list[str]:
    """The texts in a mailbox, by Python's own reader."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        parser = email.message_from_binary_file
        with closing(mailbox.mbox(file.name, lambda f: parser(f, policy=email.policy.default), False)) as box:
            found = [box[key] for key in box.iterkeys()]
    assert all(not mail.defects for mail in found)
    return [mail.get_content() for mail in found]


class Page(HTMLParser):
    """What a page's messages say, and every element there is."""

    VOID = frozenset({"meta"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.said: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag not in self.VOID:
            self.open.append(tag)
        if tag == "p":
            self.said.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] == ["p"]:
            self.said[-1] += data


@given(st.lists(TEXTS, max_size=5))
@examples(max_examples=100, deadline=None)
def test_a_page_says_what_was_said_and_nothing_else(texts: list[str]) -> None:
    """No text opens or closes an element; each is read back as it was, with visible signs for what is harmful."""
    page = Page()
    page.feed(in_format("html", *texts).decode())
    page.close()
    assert page.open == []
    assert page.said[1:] == [
        "".join(part if part in "\n\t" else harmless(part) for part in re.split(r"([\n\t])", text))
        for text in texts
    ]
    assert page.tags <= {
        "html", "head", "meta", "title", "style", "body", "header", "h1", "h2", "bdi", "p", "article", "a", "time",
        "b", "footer",
    }  # fmt: skip


@pytest.mark.parametrize("form", FORMATS)
def test_a_name_from_elsewhere_does_no_harm(form: str) -> None:
    """A log may hold names that this server would not give: they end no header, no line and no element."""
    name = 'x"\n<i>\x1b[2J\r\nBcc: y'
    content = b"".join(FORMATS[form](transcript("hi", name=name)))
    assert b"<i>" not in content or form != "html"
    assert b"\n<i>" not in content
    assert b"\x1b" not in content
    assert not re.search(rb"(?m)^Bcc", content)


def test_a_line_that_is_no_message_is_told() -> None:
    """The log is broken then; nothing is passed over."""
    for line in (b"{}\n", encode_entries([Message("tea", 1, 1, "ann", "yesterday", "hi")])):
        with pytest.raises(LogError, match="broken"):
            list(FORMATS["txt"](Transcript("tea", "abc", [line], UTC)))


# ---------------------------------------------------------------- what is asked for


@pytest.mark.parametrize(
    ("arguments", "seqs"),
    [
        ([], [1, 2, 3, 4, 5, 6, 7]),
        (["--since", "2024-05-02"], [3, 4, 5, 6, 7]),
        (["--since", "2024-05-02", "--timezone", "UTC"], [7]),
        (["--until", "2024-05-01"], [1, 2]),
        (["--until", "2024-05-01", "--timezone", "UTC"], [1, 2, 3, 4, 5, 6]),
        (["--since", "2024-05-01T22:00:02Z", "--until", "2024-05-01T22:00:04Z"], [4, 5]),
        (["--since", "2024-05-02 00:00:02"], [4, 5, 6, 7]),
        (["--since", "2030-01-01"], []),
    ],
)
def test_since_and_until(database: Path, arguments: list[str], seqs: list[int]) -> None:
    """A day is meant whole; of two times the first is inside, the second is not. The zone is the one named."""
    result = export(database, "tea", "-f", "jsonl", *arguments)
    assert result.exit_code == 0, result.output
    assert [json.loads(line)["seq"] for line in result.stdout.splitlines()] == seqs


def test_a_day_may_have_23_hours() -> None:
    """The clock was put forward in that night: the day still ends where the next one begins."""
    paris = ZoneInfo("Europe/Paris")
    assert end("2024-03-31", paris) - beginning("2024-03-31", paris) == 23 * 3600 * 1000
    assert end("2024-03-31", paris) == beginning("2024-04-01", paris)
    with pytest.raises(ValueError, match="'soon' is not a time"):
        beginning("soon", None)


@pytest.mark.parametrize("name", ["Tea", "TEA", "ｔｅａ", "#tea"])
def test_a_room_is_found_as_the_server_finds_it(database: Path, name: str) -> None:
    """Names are compared by case and width, as when one joins."""
    assert export(database, name).stdout == export(database, "tea").stdout != ""


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["te"], "There is no room te in the log; did you mean Tea or teapot?"),
        (["teapo"], "There is no room teapo in the log; did you mean teapot or Tea?"),
        (["zzz"], "There is no room zzz in the log; it has Tea, teapot, coffee."),
        (["a b"], "'a b' can't be a room name: it has a space in it."),
        (["@1-2"], "@1-2 is a room of two people who whisper; add --private if you may read it."),
        (["+1/plans"], "+1/plans is a private room; add --private if you may read it."),
        (
            ["+1/plans", "--private"],
            "There is no room +1/plans in the log; nothing was said in any such",
        ),
        (["@1-3", "--private"], "There is no room @1-3 in the log; did you mean @1-2?"),
        (["tea", "--since", "x"], "'x' is not a time; write a date"),
        (["tea", "--timezone", "Mars"], "There is no time zone 'Mars'"),
        (["tea", "--timezone", "../x"], "There is no time zone '../x'"),
        (["tea", "-o", "/no/such/folder/x"], "Can't write to /no/such/folder/x (No such file or directory)."),
    ],
)
def test_what_is_not_there_is_one_sentence(database: Path, arguments: list[str], told: str) -> None:
    """Exit code 1 and a sentence; names that are near are told."""
    result = export(database, *arguments)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"Error: {told}")
    assert result.stderr.count("\n") == 1


def test_what_was_whispered_is_exported_when_asked_for(database: Path) -> None:
    """With --private, by the room's exact name."""
    assert "Good evening" in export(database, "@1-2", "--private").stdout


def test_what_is_no_log_is_one_sentence(tmp_path: Path, database: Path) -> None:
    """No file, no database, another program's, a newer one, a broken one: told, and nothing is made or changed."""
    names = ["none.db", "text.db", "empty.db", "foreign.db", "newer.db", "broken.db"]
    none, text, empty, foreign, newer, broken = [tmp_path / name for name in names]
    text.write_text("this is no database, but long enough to look like one" * 100)
    empty.touch()
    for path, script in [
        (foreign, "CREATE TABLE things (thing)"),
        (newer, "PRAGMA application_id = 0x526F6F6D; PRAGMA user_version = 99"),
    ]:
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript(script)
    content = bytearray(database.read_bytes())
    content[4096:] = bytes(len(content) - 4096)
    broken.write_bytes(content)
    for path, told in [
        (none, "There is no database"),
        (text, "is not a roomchat database"),
        (empty, "is not a roomchat database"),
        (foreign, "is not a roomchat database"),
        (newer, "was written by a newer roomchat"),
        (broken, "is broken"),
    ]:
        result = export(path, "tea")
        assert result.exit_code == 1
        assert told in result.stderr
        assert result.stderr.count("\n") == 1
    assert not none.exists()
    assert empty.stat().st_size == 0


def test_what_retention_has_removed_is_told(tmp_path: Path) -> None:
    """A hole is never silent; but who asks for what is all there hears nothing."""
    path = tmp_path / "chat.db"
    with closing(Log(str(path), "normal")) as log:
        for now, segment in segments():
            log.append(now, Changes([segment]))
        log.expire(round(DAY.timestamp() * 1000) + 61_000, 100)
    result = export(path, "tea", "-f", "jsonl")
    assert [json.loads(line)["seq"] for line in result.stdout.splitlines()] == [3, 4, 5, 6, 7]
    assert result.stderr == "Messages up to number 2 are missing: the server no longer keeps them.\n"
    assert export(path, "tea", "--since", "2024-05-03").stderr == ""


# ---------------------------------------------------------------- the file


def test_a_file_is_there_whole_or_not_at_all(database: Path, tmp_path: Path) -> None:
    """A log that turns out broken in the middle leaves the old file as it was, and nothing beside it."""
    output = tmp_path / "out" / "tea.html"
    output.parent.mkdir()
    assert export(database, "tea", "-o", str(output)).exit_code == 0
    before = output.read_bytes()
    assert before == (GOLDEN / "export.html").read_bytes(), "the format is known by the name"
    assert stat.S_IMODE(output.stat().st_mode) == 0o666 & ~umask()
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("UPDATE segments SET lines = x'7b7d0a' WHERE last_seq = 7 AND room = 1")
    result = export(database, "tea", "--force", "-o", str(output))
    assert result.exit_code == 1
    assert "broken" in result.stderr
    assert output.read_bytes() == before
    assert list(output.parent.iterdir()) == [output]


@pytest.mark.parametrize("ending", ["", "-wal", "-shm", "-journal", ".lock"])
@pytest.mark.parametrize("spell", ["itself", "symlink", "hard link", "detour", "variable"])
@pytest.mark.parametrize("force", [[], ["--force"]])
def test_the_database_is_never_written_to(
    database: Path, tmp_path: Path, ending: str, spell: str, force: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not one of its files, there or not yet, under whatever name it is given: exit code 2, nothing is touched."""
    target = Path(f"{database}{ending}")
    named = str(target)
    if spell == "symlink":
        named = str(tmp_path / "link")
        os.symlink(target, named)
    elif spell == "hard link" and target.exists():
        named = str(tmp_path / "hard")
        os.link(target, named)
    elif spell == "detour":
        named = f"{database.parent}/../{database.parent.name}/{target.name}"
    before = {file: file.read_bytes() for file in database.parent.glob("chat.db*")}
    arguments = ["-o", named]
    if spell == "variable":
        monkeypatch.setenv("ROOMCHAT_EXPORT_OUTPUT", named)
        arguments = []
    result = export(database, "tea", *force, *arguments)
    assert result.exit_code == 2
    assert "name another file" in result.stderr
    assert "Traceback" not in result.output
    after = {
        file: file.read_bytes() for file in database.parent.glob("chat.db*") if not file.name.endswith("-shm")
    }
    assert after == {file: content for file, content in before.items() if not file.name.endswith("-shm")}


def test_another_database_is_never_replaced(database: Path, tmp_path: Path) -> None:
    """Whatever it is of: a browser's, say."""
    other = tmp_path / "other.sqlite"
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("CREATE TABLE things (thing)")
    before = other.read_bytes()
    result = export(database, "tea", "--force", "-o", str(other))
    assert result.exit_code == 2
    assert "is a database" in result.stderr
    assert other.read_bytes() == before


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o444])
def test_a_file_is_replaced_only_when_asked_and_keeps_its_mode(database: Path, tmp_path: Path, mode: int) -> None:
    """A file that only its owner may read does not become everyone's."""
    output = tmp_path / "notes.txt"
    output.write_text("mine")
    output.chmod(mode)
    result = export(database, "tea", "-o", str(output))
    assert result.exit_code == 2
    assert "--force" in result.stderr
    assert output.read_text() == "mine"
    assert export(database, "tea", "-o", str(output), "--force").exit_code == 0
    assert output.read_bytes() == (GOLDEN / "export.txt").read_bytes()
    assert stat.S_IMODE(output.stat().st_mode) == mode


def test_what_was_whispered_is_its_owners_alone(tmp_path: Path) -> None:
    """A new file with a room of two in it has the mode 0600."""
    path, output = tmp_path / "chat.db", tmp_path / "whispers.txt"
    with closing(Log(str(path), "normal")) as log:
        line = encode_entries([Message("@1-2", 1, 1, "ann", stamp(0), "psst")])
        log.append(0, Changes([SegmentRow("@1-2", "@1-2", 1, 1, line)]))
    assert export(path, "@1-2", "--private", "-o", str(output)).exit_code == 0
    assert stat.S_IMODE(output.stat().st_mode) == 0o600


def test_a_dash_is_standard_output_and_a_slash_a_folder(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As elsewhere: no file is called so."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    result = export(database, "tea", "-o", "-")
    assert result.exit_code == 0
    assert result.stdout == (GOLDEN / "export.txt").read_text()
    result = export(database, "tea", "-o", f"{folder}/new/")
    assert result.exit_code == 2
    assert "is a folder" in result.stderr
    assert list(folder.iterdir()) == []


def umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_export_that_is_ended_leaves_nothing(database: Path, tmp_path: Path, number: signal.Signals) -> None:
    """In the middle of it: no file, and no half of one."""
    with closing(Log(str(database), "normal")) as log:
        line = encode_entries([Message("big", 1, 1, "ann", stamp(0), "x" * 8000)])
        log.append(0, Changes([SegmentRow("big", "big", seq, seq, line) for seq in range(1, 3000)]))
    folder = tmp_path / "out"
    folder.mkdir()
    # A mailbox takes longest. Ended as soon as its first half is there.
    with Program("export", "big", "-f", "mbox", "-o", str(folder / "x"), "--db", str(database)) as program:
        while not list(folder.iterdir()):
            assert program.runs
        program.signal(number)
        assert program.wait() == 128 + number
    assert list(folder.iterdir()) == []


def left_behind(folder: Path, at: int) -> list[bytes] | None:
    """What is in the folder if Ctrl-C comes at that step of writing a file there; None: it was written before."""
    steps = count(1)

    def trace(*_: object) -> Any:
        if next(steps) == at:
            raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        write_file(folder / "x", [b"whole"])
    except KeyboardInterrupt:  # here, what the traceback holds is not tidied up yet
        sys.settrace(before)
        return [path.read_bytes() for path in folder.iterdir()]
    finally:
        sys.settrace(before)
    return None


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # a file closed by its end
def test_wherever_writing_is_interrupted_no_half_is_left(tmp_path: Path) -> None:
    """At every line, and where functions are called and return."""
    for at in count(1):
        folder = tmp_path / str(at)
        folder.mkdir()
        left = left_behind(folder, at)
        if left is None:
            break
        assert left in ([], [b"whole"]), f"step {at}"
    assert at > 20


def test_a_pipe_may_end_early(database: Path) -> None:
    """`| head` has had enough: no error, and nothing on stderr. Likewise a named pipe by --output."""
    command = shlex.join([*warm.command(), "export", "tea", "-f", "html", "--db", str(database)])
    for how in ("", " -o /dev/stdout"):
        done = subprocess.run(
            ["bash", "-c", f"set -o pipefail; {command}{how} | head -c 15"],
            capture_output=True,
            check=False,
            timeout=20,
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, b"<!DOCTYPE html>", b"")


def test_a_full_disk_is_one_sentence(database: Path) -> None:
    """What can't be written is told, with exit code 1."""
    command = shlex.join([*warm.command(), "export", "tea", "--db", str(database)])
    done = subprocess.run(
        ["bash", "-c", f"{command} >/dev/full"], capture_output=True, text=True, check=False, timeout=20
    )
    assert done.returncode == 1
    assert done.stderr == "Error: Can't write to standard output (No space left on device).\n"


# ---------------------------------------------------------------- the log


def test_a_server_writes_meanwhile(
    serve: Callable[..., Server], connect: Callable[..., Peer], tmp_path: Path
) -> None:  # fmt: skip
    """Beside a server at work the export is all that was said before it began, in order; the server goes on."""
    path = tmp_path / "chat.db"
    server = serve(db=str(path))
    ann = connect(server, "ann")
    ann.join("tea")
    for i in range(500):
        ann.send("say", text=f"{i} {'x' * 4000}")
    ann.messages(500)
    with closing(Archive(path)) as archive:
        pieces = archive.lines(archive.rooms()[0], TimeRange())
        first = next(pieces)
        for i in range(500, 600):  # in the middle of the reading
            ann.send("say", text=str(i))
        ann.messages(100)
        content = first + b"".join(pieces)
    said = [json.loads(line)["text"].split()[0] for line in content.splitlines()]
    assert said == [str(i) for i in range(500)]
    result = export(path, "tea", "-f", "jsonl")
    assert len(result.stdout.splitlines()) == 600
    ann.send("say", text="after")
    assert ann.until("message")["text"] == "after"


def test_the_log_is_never_in_memory_at_once(database: Path) -> None:
    """It is read a piece at a time, of about a mebibyte."""
    line = encode_entries([Message("big", 1, 1, "ann", stamp(0), "x" * 60_000)])
    with closing(Log(str(database), "normal")) as log:
        for seq in range(1, 101):
            log.append(0, Changes([SegmentRow("big", "big", seq, seq, line)]))
    with closing(Archive(database)) as archive:
        room = archive.rooms()[-1]
        found, after = archive._next(room, 0, 100, TimeRange())
        assert READ_BYTES <= sum(map(len, found)) <= READ_BYTES + len(line)
        assert len(found) == after
        assert len(list(archive.lines(room, TimeRange()))) == 100


def test_a_log_in_a_folder_that_nobody_may_write_to(database: Path) -> None:
    """A backup on a read-only disk can be read, too."""
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    database.parent.chmod(0o500)
    try:
        assert export(database, "tea").exit_code == 0
    finally:
        database.parent.chmod(0o700)


@pytest.mark.skipif(sys.platform == "darwin", reason="its data folder can't be moved by a variable")
def test_the_default_is_the_servers(tmp_path: Path) -> None:
    """Without --db, the log is where `roomchat serve` keeps it."""
    folder = tmp_path / "roomchat"
    folder.mkdir()
    with closing(Log(str(folder / "roomchat.db"), "normal")) as log:
        log.append(0, Changes([segments()[0][1]]))
    done = subprocess.run(
        [*warm.command(), "export", "tea"],
        env={**os.environ, "XDG_DATA_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )
    assert "Good evening" in done.stdout
