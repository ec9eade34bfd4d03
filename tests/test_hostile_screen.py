"""Texts that are to fill the screen, and servers that are to stop it: each stays where it belongs, in time."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prompt_toolkit.layout.mouse_handlers import MouseHandlers
from prompt_toolkit.layout.screen import Screen, WritePosition
from prompt_toolkit.output import ColorDepth

from roomchat.protocol import HistoryPage, Joined, Message, Person, Renamed
from roomchat.terminal.device.pace import Pace
from roomchat.terminal.screen.messages import MessagesPane
from roomchat.terminal.shown.clusters import MAX_PARTS, clusters
from roomchat.terminal.shown.mentions import is_mentioned
from roomchat.terminal.shown.widths import Widths, columns, shortened, width
from roomchat.terminal.typed.slash import TypingError
from roomchat.terminal.windows.window_list import MAX_WINDOWS
from roomchat.terminal.windows.window_lookups import WindowLookups
from roomchat.terminal.windows.windows import Windows
from tests.windows import BOB, ME, WHISPERS, Desk

TIME = "2026-01-01T00:00:00.000Z"
LONGEST = 8192  # characters of a message
HEAPS = {
    "families": "\U0001f468\u200d" * (LONGEST // 2),
    "tones": "\U0001f44d" + "\U0001f3fd" * (LONGEST - 1),
    "signs of vowels": "\u0915" + "\u093e" * (LONGEST - 1),
    "hearts": "\u2764\ufe0f\u200d" * (LONGEST // 3),
}


@pytest.fixture(autouse=True)
def _unknown_terminal() -> Iterator[None]:
    """What a test has learned of a terminal is forgotten."""
    yield
    columns.learn(Widths())


@pytest.mark.parametrize("text", HEAPS.values(), ids=HEAPS)
@pytest.mark.parametrize("widths", [Widths(), Widths(joined=True, toned=True, flag=2)], ids=["apart", "joined"])
def test_no_message_leaves_its_pane(text: str, widths: Widths) -> None:
    """What a terminal takes for one character may be wider than the screen."""
    columns.learn(widths)
    windows = Windows(clock="%M", is_begun=lambda: False, ask=lambda request: None)
    for seq, said in enumerate((text, f"x{text}", f"{text} the end"), start=1):
        windows.take(Message("tea", seq, 2, "bob", TIME, said))
    windows.turn_to("tea")
    for room in (1, 2, 7, 20, 61):
        screen = Screen()
        pane = MessagesPane(windows, ColorDepth.DEPTH_8_BIT, Pace())
        pane.write_to_screen(screen, MouseHandlers(), WritePosition(19, 0, room, 40), "", False, None)
        for row in screen.data_buffer.values():
            assert all(x >= 19 and x + width(char.char) <= 19 + room for x, char in row.items())


@given(st.text(st.sampled_from("\U0001f468\u200d\U0001f3fd\ufe0f\u2764a \u0301"), max_size=200))
def test_no_cluster_is_endless(text: str) -> None:
    """All emoji there are have room in one."""
    assert "".join(clusters(text)) == text
    assert all(len(one) <= MAX_PARTS for one in clusters(text))


@pytest.mark.parametrize("text", ["漢" * 500_000, *HEAPS.values()])
def test_a_long_name_is_cut_in_time(text: str) -> None:
    """A name of a megabyte, from a server that has no limits, must not take minutes."""
    done = threading.Event()
    shown: list[str] = []

    def cut() -> None:
        shown.append(shortened(text, 18))
        done.set()

    threading.Thread(target=cut, daemon=True).start()
    assert done.wait(60)
    assert shown[0].endswith("…")
    assert width(shown[0]) <= 18


@pytest.mark.parametrize(
    "page",
    [[], [Message("tea", 500, 2, "bob", TIME, "again")], [Message("ops", 7, 2, "bob", TIME, "of ops")]],
    ids=["empty", "the same", "another room's"],
)
@pytest.mark.parametrize("way", ["older", "newer"])
def test_a_server_that_goes_in_circles_is_not_asked_again(page: list[Message], way: str) -> None:
    """It says for ever that there is more."""
    desk = Desk()
    desk.log("tea", 1000)
    desk.join("tea", replayed=1)
    if way == "newer":
        desk.windows.go_to(desk.window, 450)
        desk.answer()
        desk.window.scroll(desk.rows_of, desk.height, 1000)
    desk.look()
    for _ in range(5):
        assert len(desk.asked) <= 1
        if desk.asked:
            desk.windows.take(HistoryPage(room="tea", entries=[*page], more=True, re=desk.asked.pop().page))
            assert not any("of ops" in row for row in desk.look())
    assert not desk.asked


def test_a_text_that_grows_when_it_is_compared_is_looked_through_once() -> None:
    """Each of its characters is eighteen then; it is asked of when it is kept, counted and painted."""
    is_mentioned.cache_clear()
    desk = Desk()
    desk.join("tea")
    for number in range(5):
        desk.say("tea", f"{number} " + "\ufdfa" * (LONGEST - 2))
        desk.look()
    assert is_mentioned.cache_info().misses == 5


def test_what_is_copied_is_what_is_seen() -> None:
    """The clipboard may go into a shell: neither invisible characters get there, nor what is not shown at all."""
    desk = Desk()
    desk.join("tea")
    desk.say("tea", "if x:\n\tgo \u202e\x1b[200~\rrm -r\x07", 3)
    desk.say("tea", "of one who is ignored")
    desk.windows.focus.blocked.add(BOB)
    lookups = WindowLookups(desk.windows)
    lookups._copy_shown(1)
    assert desk.windows.copied == "if x:\n\tgo <U+202E>\u241b[200~\u240drm -r\u2407"
    with pytest.raises(TypingError):
        lookups._copy_shown(2)


def test_who_is_ignored_leads_nowhere_and_has_no_name_to_shout_with() -> None:
    """Dialling does not take one to another room, whispering opens no window, and renaming does not tell a text of
    theirs. When the person is heard again, nothing is missing."""
    desk = Desk()
    desk.join("tea")
    desk.windows.focus.blocked.add(BOB)
    people = [Person(ME, "ann"), Person(BOB, "bob")]
    desk.windows.take(Joined(room="trap", members=people, members_total=2, last_seq=0, by=BOB))
    assert desk.window.room == "tea"
    assert not desk.windows.calls.take()[1]
    desk.windows.take(Joined(room=WHISPERS, members=people, members_total=2, last_seq=0, by=BOB))
    desk.say(WHISPERS, "psst")
    assert desk.windows.of(WHISPERS) is None
    desk.windows.take(Renamed(uid=BOB, old="bob", name="READ-THIS"))
    assert not any("READ-THIS" in row for row in desk.look())
    desk.windows.focus.blocked.clear()
    desk.say(WHISPERS, "and now?")
    desk.turn_to(WHISPERS)
    assert [row.partition(": ")[2] for row in desk.look_until_quiet()][-2:] == ["psst", "and now?"]


def test_whispers_from_everyone_open_windows_up_to_a_bound() -> None:
    """One with nothing new is closed, then the oldest; not where one looks, is, or has begun to answer."""
    desk = Desk()
    desk.join("tea")
    desk.say(WHISPERS, "psst")
    desk.of(WHISPERS).draft = "what is"
    desk.turn_to("tea")
    windows = desk.windows

    def whisper(uid: int) -> str:
        room = f"@{ME}-{uid}"
        windows.take(Message(room, 1, uid, f"bot{uid}", TIME, "hello"))
        return room

    rooms = [whisper(uid) for uid in range(10, 10 + MAX_WINDOWS - 2)]
    assert len(windows.all()) == MAX_WINDOWS + 1
    windows.turn_to(rooms[5])  # so nothing is new there
    windows.turn_to("tea")
    rooms += [whisper(5000), whisper(5001)]
    assert len(windows.all()) == MAX_WINDOWS + 1
    assert {room for room in rooms if windows.of(room) is None} == {rooms[5], rooms[0]}
    assert desk.of(WHISPERS).draft
    assert windows.current is desk.of("tea")
    assert whisper(10) in windows.rooms()  # it comes back with the next word


def test_a_server_opens_no_rooms_without_end() -> None:
    """Though it says that one has joined them all."""
    desk = Desk()
    desk.join("tea")
    desk.windows.focus.room = "tea"
    for number in range(2 * MAX_WINDOWS):
        room = f"r{number}"
        desk.windows.take(Joined(room=room, members=[Person(ME, "ann")], members_total=1, last_seq=0, by=BOB))
    assert len(desk.windows.all()) == MAX_WINDOWS + 1
    assert desk.windows.current in desk.windows.all()
