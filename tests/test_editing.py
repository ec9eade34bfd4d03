"""The line that is typed: each key does what it does in bash."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from roomchat.harmless import harmless
from roomchat.terminal.editing.draft import Draft
from roomchat.terminal.editing.editing_keys import KEYS
from roomchat.terminal.editing.editor import COMMANDS
from roomchat.terminal.editing.input_history import InputHistory
from roomchat.terminal.editing.typed_rows import row_of
from tests.typist import Bash, Typist, bash

# Keys, as a terminal sends them; the text then; where the cursor is in it.
TABLE = [
    # moves
    ("hello", "hello", 5),
    ("hello\x01", "hello", 0),
    ("hello\x01\x06\x06", "hello", 2),
    ("hello\x02\x02", "hello", 3),
    ("hello\x1b[D\x1b[D\x1b[C", "hello", 4),
    ("hello\x1bOD\x1bOD\x1bOC", "hello", 4),
    ("hello\x01\x05", "hello", 5),
    ("hello\x1b[H\x1b[F", "hello", 5),
    ("hello\x1b[H", "hello", 0),
    ("one two.three_four\x1bb", "one two.three_four", 14),
    ("one two.three_four\x1bb\x1bb", "one two.three_four", 8),
    ("one two.three_four\x1bb\x1bb\x1bb\x1bb", "one two.three_four", 0),
    ("one two.three\x01\x1bf", "one two.three", 3),
    ("one two.three\x01\x1bf\x1bf\x1bf", "one two.three", 13),
    ("one two\x1b[1;5D\x1b[1;5D\x1b[1;5C", "one two", 3),
    ("one, two \x01\x06\x06\x06\x1bf", "one, two ", 8),
    ("one two\x01\x1do", "one two", 6),
    ("one two\x1b\x1dn", "one two", 1),
    ("one two\x1dx", "one two", 7),
    # what is deleted
    ("hello\x7f", "hell", 4),
    ("hello\x08\x08", "hel", 3),
    ("hello\x01\x7f", "hello", 0),
    ("hello\x01\x04", "ello", 0),
    ("hello\x01\x1b[3~", "ello", 0),
    ("hello\x04", "hello", 5),
    ("a  b\x02\x02\x1b\\", "ab", 1),
    # what is killed, and put back
    ("one two\x17", "one ", 4),
    ("one.two three/four \x17", "one.two ", 8),
    ("one two\x17\x17\x19", "one two", 7),
    ("one two\x17\x19\x19", "one twotwo", 10),
    ("one two\x15\x19\x19", "one twoone two", 14),
    ("one two\x1bb\x15", "two", 0),
    ("one two\x1bb\x0b", "one ", 4),
    ("one two\x1bb\x0b\x01\x19", "twoone ", 3),
    ("one two.three\x1b\x7f", "one two.", 8),
    ("one two.three\x1b\x7f\x1b\x7f\x01\x19", "two.threeone ", 9),
    ("one two three\x01\x1bd", " two three", 0),
    ("one two three\x01\x1bd\x1bd\x05\x19", " threeone two", 13),
    ("one two\x1bd", "one two", 7),
    ("one two\x17\x01\x1bd\x05\x19", " one", 4),  # a move between: two kills
    ("one two\x17\x02\x06\x17\x19\x1by", "two", 3),
    ("one two\x17x\x1by", "one x", 5),
    ("   \x17", "", 0),
    # what is undone
    ("one\x17two\x1f", "", 0),
    ("one\x17two\x1f\x1f", "one", 3),
    ("one two\x01\x0b\x1f", "one two", 7),
    ("one\x7f\x7f\x1f", "on", 2),
    ("one two\x1bb\x1bu\x18\x15", "one two", 7),
    ("one two\x17\x17\x1br", "", 0),
    ("one\x1f\x1f\x1f", "", 0),
    # what changes places, or case
    ("abc\x14", "acb", 3),
    ("abc\x02\x14", "acb", 3),
    ("abc\x01\x06\x14", "bac", 2),
    ("abc\x01\x14", "abc", 0),
    ("a\x14", "a", 1),
    ("one two\x1bt", "two one", 7),
    ("one two three\x1bb\x1bb\x1bt", "two one three", 7),
    ("one, two\x01\x1bf\x1bt", "two, one", 8),
    ("one\x1bt", "one", 3),
    ("one two\x01\x1bu", "ONE two", 3),
    ("ONE two\x01\x1bf\x1bc", "ONE Two", 7),
    ("oNE two\x01\x1bc", "One two", 3),
    ("one \x1bu", "one ", 4),
    ("a.b cD\x01\x06\x1bc", "a.B cD", 3),
    # not ASCII
    ("naïve ça\x1bb", "naïve ça", 6),
    ("naïve ça\x17", "naïve ", 6),
    ("日本語\x02\x14", "日語本", 3),
    ("日本 語\x1bb\x1bb", "日本 語", 0),
    ("ärger\x01\x1bc", "Ärger", 5),
    ("привет мир\x1b\x7f", "привет ", 7),
    # what has no meaning puts nothing into the line
    ("a\x1bq", "a", 1),
    ("a\x00", "a", 1),
]
EARLIER = ["echo one", "first try", "echo two three", "last"]
# The same, with lines that were typed before: ``EARLIER``.
TABLE_OF_EARLIER = [
    ("\x1b[A", "last", 4),
    ("\x1b[A\x1b[A", "echo two three", 14),
    ("\x1b[A\x1b[A\x1b[B", "last", 4),
    ("\x1b[A\x1b[A\x1b[A\x1b[A\x1b[A", "echo one", 8),
    ("begun\x1b[A\x1b[B", "begun", 5),
    ("begun\x1b[A\x1b[B\x1b[B", "begun", 5),
    ("\x1b[Ax\x1b[A\x1b[B", "lastx", 5),
    ("begun\x1b<", "echo one", 8),
    ("begun\x1b<\x1b>", "begun", 5),
    ("\x1b[A\x15\x1b[A\x19", "echo two threelast", 18),
    ("\x1b.", "last", 4),
    ("\x1b.\x1b.", "three", 5),
    ("say \x1b.\x1b.\x1b.", "say try", 7),
    ("begun\x1b.\x1b_", "begunthree", 10),
    # searching; what ends it is done to what it found
    ("\x12echo\x02", "echo two three", 0),
    ("\x12echo\x06", "echo two three", 1),
    ("\x12ec\x12\x06", "echo one", 1),
    ("\x12ec\x12\x12\x06", "echo one", 1),
    ("\x12two\x05", "echo two three", 14),
    ("\x12two\x0b\x05", "echo ", 5),
    ("\x12two\x7f\x7f\x7ffirst\x06", "first try", 1),
    ("\x12three\x12\x05", "echo two three", 14),
    ("\x12echo two\x1b[C", "echo two three", 1),
    ("begun\x12echo\x07", "begun", 5),
    ("begun\x12nowhere\x07", "begun", 5),
]


@pytest.fixture(scope="module")
def shell() -> Iterator[Bash | None]:
    """What shows how it is to be, where there is one; the table says so in any case."""
    with bash() as one:
        yield one


@pytest.mark.parametrize(("keys", "text", "cursor"), TABLE)
def test_a_key_does_what_it_does_in_bash(keys: str, text: str, cursor: int, shell: Bash | None) -> None:
    """The table, bash and the line agree."""
    assert Typist().press(keys).seen == (text, cursor)
    assert shell is None or shell.press(keys) == (text, cursor)


@pytest.mark.parametrize(("keys", "text", "cursor"), TABLE_OF_EARLIER)
def test_earlier_lines_come_as_in_bash(keys: str, text: str, cursor: int, shell: Bash | None) -> None:
    """So they do about what was typed before."""
    assert Typist(EARLIER).press(keys).seen == (text, cursor)
    assert shell is None or shell.press(keys, EARLIER) == (text, cursor)


def test_the_docs_tell_each_key() -> None:
    """By the name that people have for it; a few are second ways to do what another does."""
    told = (Path(__file__).parent.parent / "docs" / "terminal.md").read_text(encoding="utf-8")
    second = {("escape", "left"), ("escape", "right"), ("c-delete",), ("escape", "c-h"), ("escape", "_"), ("c-g",)}
    for sequence in KEYS.keys() - second:
        assert _spoken(sequence) in told


def _spoken(sequence: tuple[str, ...]) -> str:
    alt = "Alt-" if sequence[0] == "escape" else ""
    keys = [key.replace("c-", "Ctrl-").title() for key in sequence if key != "escape"]
    return alt + " ".join(keys)


def test_a_search_looks_through_all_windows_and_sends_nothing() -> None:
    """What fits is shown as one types; Enter takes it into the line, and Ctrl-_ brings back what was there."""
    history = InputHistory(Path("/proc/no/such/place"))
    history.add("one apple", "ops")
    typist = Typist(history=history)
    assert typist.press("begun\x12APP").editor.search_prompt == "(nothing) APP: "
    assert typist.press("\x7f\x7f\x7fapp").seen == ("one apple", 4)
    assert typist.editor.text == "begun"
    assert typist.press("\r").seen == ("one apple", 4)
    assert typist.said == []
    assert typist.press("\x1f").seen == ("begun", 5)
    assert typist.press("\x12\x12\r\r").said == ["one apple"]


def test_a_search_goes_back_and_forth() -> None:
    """Ctrl-R goes to what is older, Ctrl-S to what is newer; each text comes once."""
    typist = Typist(["tea one", "tea two", "tea one", "tea three"])
    assert typist.press("\x12tea\x12").seen[0] == "tea one"
    assert typist.press("\x12").seen[0] == "tea two"
    assert typist.press("\x12").seen[0] == "tea two"
    assert typist.editor.search_prompt.startswith("(nothing)")
    assert typist.press("\x13\x13").seen[0] == "tea three"


@pytest.mark.parametrize("key", ["\x07", "\x03"])
def test_a_search_is_given_up(key: str) -> None:
    """Ctrl-G and Ctrl-C end it alone, and bring back what was typed."""
    typist = Typist(["one apple"]).press(f"begun\x02\x12app{key}")
    assert typist.seen == ("begun", 4)
    assert typist.editor.search is None
    assert typist.said == []


def test_each_window_has_its_own_line() -> None:
    """Its text, its cursor, what can be undone, and what was typed there."""
    typist = Typist()
    editor = typist.editor
    tea, ops = Draft(), Draft("kept")
    editor.switch(tea, "tea")
    typist.press("said in tea\r" + "draft for tea\x01")
    editor.switch(ops, "ops")
    assert typist.seen == ("kept", 4)
    typist.press("\x7f!")
    assert typist.press("\x1f\x1f\x1f").seen[0] == "kept"
    assert typist.press("\x1b[A").seen[0] == "kept"
    editor.switch(tea, "tea")
    assert typist.seen == ("draft for tea", 0)
    assert typist.press("\x1b[A").seen[0] == "said in tea"
    assert tea.own_text == "draft for tea"
    typist.press("!")
    assert tea.own_text == "said in tea!"
    assert typist.press("\x15").seen[0] == ""
    editor.switch(ops, "ops")
    assert typist.press("\x15\x19\x19\x1by").seen[0] == "keptsaid in tea!"


def test_ctrl_c_keeps_what_it_clears() -> None:
    """It is in the kill ring, and Up brings it back."""
    editor = Typist().press("dear text").editor
    editor.discard()
    assert editor.text == ""
    editor.run("yank")
    assert editor.text == "dear text"
    editor.discard()
    editor.run("previous-history")
    assert editor.text == "dear text"


def test_a_text_of_several_lines_is_one_message() -> None:
    """A paste waits for Enter; what is harmful in it is seen. Up and Down move within it first."""
    typist = Typist(["before"]).press("\x1b[200~one\r\ntwo\tthree\x1b[31m\n\n\x1b[201~")
    assert typist.seen[0] == "one\ntwo    three\u241b[31m"
    assert typist.said == []
    assert typist.press("\x1b[A\x1b[H").seen[1] == 0
    assert typist.press("\x0b\x19").seen[0] == "one\ntwo    three\u241b[31m"
    assert typist.press("\x1b[A").seen[0] == "before"
    assert typist.press("\x1b[B\x1b\ra\r").said == ["one\ntwo    three\u241b[31m\na"]


def test_up_and_down_keep_the_column() -> None:
    """Also over a shorter line, and in a line that is folded."""
    typist = Typist()
    typist.editor.paste("a long line\nab\nanother line")
    typist.press("\x1b[A")
    assert typist.seen[1] == len("a long line\nab")
    assert typist.press("\x1b[A").seen[1] == len("a long line")
    assert typist.press("\x1b[B\x1b[B").seen[1] == len("a long line\nab\nanother line")


@pytest.mark.parametrize(
    "sequence",
    [
        "\x1b[24~",
        "\x1b[1;7P",
        "\x1b[?1;2c",
        "\x1bOz",
        "\x1b]11;rgb:0/0/0\x07",
        "\x1b[99;5u",
        "\x1bP1$r0m\x1b\\",
        "\x1b[[E",
        "\x1b[I",
        "\x1b[5~",
        "\x1b[6~",
        "\x0f",
        "\x16",
        "\x11",
        "\x1b[2~",
    ],
)
def test_keys_without_a_meaning_put_nothing_into_the_line(sequence: str) -> None:
    """Whether anybody knows them or not."""
    assert Typist().press(f"a{sequence}b").seen == ("ab", 2)


def test_tab_goes_through_what_fits() -> None:
    """Shift-Tab goes back; any other key takes it."""
    typist = Typist()
    assert typist.press("hi an\t").seen == ("hi ann", 6)
    assert typist.press("\t").seen == ("hi anton", 8)
    assert typist.press("\x1b[Z").seen == ("hi ann", 6)
    assert typist.press("x\t").seen == ("hi annx", 7)
    assert typist.press("\x17b\t").seen == ("hi bob", 6)
    assert typist.editor.cycle is None


def test_home_and_end_are_the_line_s_own_while_there_is_a_text() -> None:
    """Else they are for scrolling. Ctrl-D and Ctrl-C likewise: on an empty line they are about leaving."""
    assert Typist().press("\x1b[H\x1b[F\x04").said == ["leave"]
    assert Typist().press("ab\x1b[H\x04").seen == ("b", 0)


PRESSED = [
    *map(chr, range(32)), *"a é日\x7f\u0301\u202e", "\x1b[A", "\x1b[B", "\x1b[D", "\x1b[H", "\x1b[3~", "\x1b[200~",
    "\x1b[201~", "\x1b[1;7P", "\x1b]0;x", "\x1bP", "\x1bb", "\x1bt", "\x1b.", "\x1by", "\x1b[Z", "\x1b1", "\x1b-",
    "\x18(", "\x18)", "\x18e", "\x1b[1;2D", "\x1b[12;5R",
]  # fmt: skip


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from(PRESSED), max_size=40))
def test_whatever_is_pressed_is_no_fault(keys: list[str]) -> None:
    """And nothing gets into the line that could do anything to a screen."""
    typist = Typist(["before", "two\nlines"]).press("".join(keys))
    for text in (typist.editor.text, *typist.said):
        assert all(harmless(character) == character for line in text.split("\n") for character in line)


class Machine(RuleBasedStateMachine):
    """Whatever is pressed, a line is what it says."""

    def __init__(self) -> None:
        super().__init__()
        self.typist = Typist(["before", "two\nlines", "👨‍👩‍👧 é"])
        self.editor = self.typist.editor
        self.drafts = [self.editor.draft, Draft("another")]

    @rule(command=st.sampled_from(sorted(COMMANDS)))
    def run(self, command: str) -> None:
        self.editor.run(command)

    @rule(
        text=st.sampled_from(["a", " ", "é", "e\u0301", "\u0301", "👨‍👩‍👧", "🇩🇪", "日", "\n", "\u200d", "x" * 30])
    )
    def paste(self, text: str) -> None:
        self.editor.paste(text)

    @rule(key=st.sampled_from("ab é日"))
    def insert(self, key: str) -> None:
        self.editor.insert(key)

    @rule(columns=st.integers(2, 40))
    def resize(self, columns: int) -> None:
        self.editor.columns = columns

    @rule(number=st.sampled_from([0, 1]))
    def switch(self, number: int) -> None:
        self.editor.switch(self.drafts[number], f"room {number}")

    @rule(by=st.sampled_from([1, -1]))
    def complete(self, by: int) -> None:
        self.editor.complete(by)

    @rule()
    def discard(self) -> None:
        self.editor.discard()

    @invariant()
    def the_cursor_stands_in_the_text(self) -> None:
        text, cursor = self.editor.shown
        assert 0 <= cursor <= len(text)
        rows = self.editor.rows(text)
        assert "".join(text[row.start : row.end] for row in rows) == text.replace("\n", "")
        assert rows[row_of(rows, cursor)].start <= cursor <= rows[row_of(rows, cursor)].end

    @invariant()
    def all_can_be_undone(self) -> None:
        line = deepcopy(self.editor._line)
        for _ in range(2000):
            if not line.undo():
                break
        assert not line.is_changed


TestMachine = Machine.TestCase
TestMachine.settings = settings(max_examples=30, stateful_step_count=30, deadline=None)
