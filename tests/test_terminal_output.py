"""What is written to a terminal beside text: only what it takes, and so that it is left as it was."""

from __future__ import annotations

import base64
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prompt_toolkit.data_structures import Size
from prompt_toolkit.utils import get_cwidth

from roomchat.terminal.device.abilities import Abilities, abilities
from roomchat.terminal.device.output import MAX_COPY, ScreenOutput, fitting
from roomchat.terminal.device.pace import SHARE, Pace
from roomchat.terminal.shown.widths import columns

ALL = Abilities(title=True, links=True, clipboard=True, notices=777)
TITLE_ONLY = Abilities(title=True)
NONE = Abilities()


def terminal(can: Abilities, encoding: str = "utf-8") -> tuple[ScreenOutput, io.StringIO]:
    stdout = io.StringIO()
    output = ScreenOutput(stdout, lambda: Size(rows=24, columns=80))
    output.can = can
    return output, stdout


@pytest.mark.parametrize(
    ("environ", "can"),
    [
        ({"TERM": "xterm-256color"}, ALL),
        ({"TERM": "foot"}, ALL),
        ({"TERM": "xterm-256color", "VTE_VERSION": "7600"}, ALL),
        ({"TERM": "xterm-256color", "VTE_VERSION": "4601"}, TITLE_ONLY),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "iTerm.app"}, Abilities(True, True, True, 9)),
        ({"TERM": "xterm-256color", "LC_TERMINAL": "iTerm2"}, Abilities(True, True, True, 9)),
        ({"TERM": "tmux-256color"}, Abilities(True, True, True, 777, True)),
        ({"TERM": "screen", "TMUX": "/x,1,0"}, Abilities(True, True, True, 777, True)),
        ({"TERM": "tmux-256color", "STY": "1.x"}, Abilities(True, True, True, 777, True)),
        ({"TERM": "screen.xterm-256color"}, TITLE_ONLY),
        ({"TERM": "screen", "TMUX": "/x,1,0", "STY": "1.x"}, TITLE_ONLY),
        ({"TERM": "xterm-256color", "STY": "1.x"}, TITLE_ONLY),
        *[({"TERM": term}, NONE) for term in ("", "linux", "vt100", "vt220", "ansi", "eterm-color", "cons25")],
        ({}, NONE),
    ],
)
def test_what_a_terminal_can_do(environ: dict[str, str], can: Abilities) -> None:
    """Nothing is sent to one that might print it."""
    assert abilities(environ) == can


def test_a_terminal_that_can_do_nothing_gets_bells_only() -> None:
    """No title, no notice, no clipboard."""
    output, stdout = terminal(NONE)
    output.enter_alternate_screen()
    output.set_title("roomchat: tea")
    output.notify("roomchat", "bob in tea: hello")
    assert not output.copy("text")
    output.ring()
    output.quit_alternate_screen()
    output.flush()
    assert stdout.getvalue().replace(columns.question(), "") == "\x1b[?1049h\x1b[H\a\x1b[?1049l"


def test_the_title_is_given_back() -> None:
    """Saved and set with the alternate screen, also after Ctrl-Z; restored when that is left."""
    output, stdout = terminal(ALL)
    output.set_title("roomchat: tea")
    assert stdout.getvalue() == ""
    for _ in range(2):
        output.enter_alternate_screen()
        output.quit_alternate_screen()
    output.flush()
    told = re.findall(r"\x1b\[\d+;0t|\x1b\][^\x1b]*\x1b\\", stdout.getvalue())
    assert told == ["\x1b[22;0t", "\x1b]2;roomchat: tea\x1b\\", "\x1b]2;\x1b\\", "\x1b[23;0t"] * 2


def test_a_notice_is_one_command() -> None:
    """In the way of the terminal; what others write can't end it, or part it."""
    output, stdout = terminal(ALL)
    output.notify("room;chat", "a;b\x1b\\\x07\n" + "x" * 1000)
    assert stdout.getvalue() == "\x1b]777;notify;room,chat;a;b\u241b\\\u2407\u240a" + "x" * 193 + "\x1b\\"
    output, stdout = terminal(Abilities(notices=9))
    output.notify("roomchat", "4;3;50")
    assert stdout.getvalue() == "\x1b]9;roomchat: 4;3;50\x1b\\"
    output, stdout = terminal(Abilities(notices=777, is_tmux=True))
    output.notify("roomchat", "hello")
    assert stdout.getvalue() == "\x1bPtmux;\x1b\x1b]777;notify;roomchat;hello\x1b\x1b\\\x1b\\"


def test_a_text_is_copied_whole_or_not_at_all() -> None:
    """As it is, however it is written; in tmux in both ways of which one may be allowed."""
    text = "\u4f60\u597d\n\x1b[31m \ud800"
    output, stdout = terminal(ALL)
    assert output.copy(text)
    copied = re.fullmatch(r"\x1b\]52;c;([\w+/=]+)\x1b\\", stdout.getvalue())
    assert copied
    assert base64.b64decode(copied[1]).decode() == "\u4f60\u597d\n\x1b[31m ?"
    assert not output.copy("x" * (MAX_COPY + 1))
    output, stdout = terminal(Abilities(clipboard=True, is_tmux=True))
    output.copy("hi")
    assert stdout.getvalue() == "\x1b]52;c;aGk=\x1b\\\x1bPtmux;\x1b\x1b]52;c;aGk=\x1b\x1b\\\x1b\\"


def test_modes_change_only_when_they_should() -> None:
    """Pastes stay marked while the screen is painted anew; a blinking cursor blinks on; no motion is reported."""
    output, stdout = terminal(ALL)
    output.enter_alternate_screen()
    output.disable_bracketed_paste()
    output.hide_cursor()
    output.show_cursor()
    output.show_cursor()
    output.enable_mouse_support()
    output.disable_mouse_support()
    output.quit_alternate_screen()
    output.disable_bracketed_paste()
    output.flush()
    modes = re.findall(r"\x1b\[\?(\d+[hl])", stdout.getvalue())
    assert modes == ["1049h", "25l", "25h", "1000h", "1006h", "1006l", "1000l", "1049l", "2004l"]
    assert not output.responds_to_cpr


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"])), st.sampled_from(["ascii", "latin-1", "shift_jis"]))
def test_what_an_encoding_lacks_is_replaced_in_its_width(text: str, encoding: str) -> None:
    """So nothing behind it on the screen is out of place."""
    shown = fitting(text, encoding)
    shown.encode(encoding)
    assert sum(map(get_cwidth, shown)) == sum(map(get_cwidth, text))


def test_on_a_slow_line_news_wait() -> None:
    """1920 characters take two seconds at 9600 baud; three times as long the line is for what is typed."""
    now = 100.0
    pace = Pace(960, lambda: now)
    assert pace.wait() == 0
    with pace.writing(1920):
        pass
    assert pace.wait() == 2 * (1 + SHARE)
    now += 1
    with pace.writing(20):  # a key, behind what is on its way
        pass
    now += 2 * (1 + SHARE) - 1
    assert pace.wait() == 0


def test_a_line_of_which_nothing_is_known_is_measured() -> None:
    """A terminal that makes us wait is slow; one that does not is not."""
    now = 100.0
    pace = Pace(0, lambda: now)
    with pace.writing(100_000):
        now += 0.01
    assert pace.wait() == 0
    with pace.writing(100):
        now += 1
    assert pace.wait() == SHARE
