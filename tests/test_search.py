"""Looking for messages on the screen: hits one by one, mentions, going back, an empty window."""

from __future__ import annotations

import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from roomchat.client.client import Client
from roomchat.protocol import History, HistoryPage, Ping
from roomchat.server import Server
from roomchat.settings import Settings
from tests.conftest import QUIET
from tests.emulator import CTRL_C, CTRL_D, ENTER, Emulated, alt

F3, F4, END = "\x1bOR", "\x1bOS", "\x1b[F"


@dataclass
class Chat:
    """ann looks at ops; in tea 1500 messages were said, of which some have the word budget."""

    ann: Emulated
    bob: Client


@pytest.fixture
def chat(serve: Callable[..., Server]) -> Iterator[Chat]:
    """In the middle of it."""
    host, port = serve().address[:2]
    address = f"{host}:{port}"
    with Client(address, "bob", state=False) as bob:
        bob.join("tea")
        for number in range(1, 1501):
            bob.say(f"the BUDGET is {number}" if number in {2, 700, 1490} else f"number {number}")
        assert bob.flush(60)
        then = time.time()
        while time.time() < then + 0.002:  # what is said next has a later time, in milliseconds
            bob.request(Ping())
        bob.join("ops")
        bob.say("ann: what of the budget?")
        assert bob.flush(60)
        with Emulated("join", address, "--name", "ann", "--room", "tea,ops") as ann:
            ann.until("[ops]")
            ann.until("what of the budget?")
            yield Chat(ann, bob)


def marked(screen: Emulated) -> list[str]:
    """The rows that are marked as a hit, without the lists beside them."""
    rows = []
    for y, text in enumerate(screen.screen.display):
        buffer = screen.screen.buffer[y]
        cells = [x for x in range(len(text)) if buffer[x].reverse and x > 19]
        if cells and 0 < y < len(screen.screen.display) - 1:
            rows.append(text[cells[0] : cells[-1] + 1].strip())
    return rows


def test_a_search_goes_from_hit_to_hit(chat: Chat) -> None:
    """To the first message of the log, and back; each hit is seen, marked, and counted."""
    ann = chat.ann
    ann.type("\x1b1")
    ann.until("[tea]")
    ann.type("/search budget" + ENTER)
    ann.until("1 of 3: budget")
    ann.until(lambda screen: any("BUDGET is 1490" in row for row in marked(screen)))
    ann.type("/search" + ENTER)
    ann.until("2 of 3: budget")
    ann.until(lambda screen: any("BUDGET is 700" in row for row in marked(screen)))
    ann.until("number 699")
    ann.until("number 701")
    ann.type(F3)
    ann.until("3 of 3: budget")
    ann.until(lambda screen: any("BUDGET is 2" in row for row in marked(screen)))
    ann.until("number 1\n")
    ann.type(F4)
    ann.until(lambda screen: any("BUDGET is 700" in row for row in marked(screen)))
    chat.bob.say("something new", "tea")
    ann.until("2 of 3: budget")
    ann.type(END)
    ann.until("something new")
    ann.until(lambda screen: "of 3: budget" not in "\n".join(screen.shown))


def test_all_rooms_are_looked_through(chat: Chat) -> None:
    """The newest hit of all first; the window is that of its room."""
    ann = chat.ann
    ann.type("/search -all what budget" + ENTER)
    ann.until("1 of 1: what budget")
    ann.type("/search -all budget" + ENTER)
    ann.until("1 of 4: budget")
    ann.until(lambda screen: any("what of the budget" in row for row in marked(screen)))
    ann.type(F3)
    ann.until("[tea]")
    ann.until(lambda screen: any("BUDGET is 1490" in row for row in marked(screen)))
    ann.type(CTRL_C)
    ann.until(lambda screen: not marked(screen))
    ann.type("/search no such thing" + ENTER)
    ann.until("not found: no such thing")


def test_mentions_are_a_page_and_hits(chat: Chat) -> None:
    """Those of all rooms; the keys of a search go to them."""
    ann = chat.ann
    ann.type("\x1b1")
    ann.until("[tea]")
    ann.type("/mentions" + ENTER)
    ann.until("[ops] bob: ann: what of the budget?")
    ann.until("1 found: mentions")
    ann.type(F3)
    ann.until("1 of 1: mentions")
    ann.until("[ops]")
    ann.until(lambda screen: any("what of the budget" in row for row in marked(screen)))


def test_history_and_clear_move_what_is_seen(chat: Chat) -> None:
    """Nothing is lost by it."""
    ann = chat.ann
    ann.type("\x1b1")
    ann.until("number 1500")
    ann.type("/history 700" + ENTER)
    ann.until("number 801\n")
    ann.type("/clear" + ENTER)
    ann.until(lambda screen: not any("number" in row for row in screen.shown))
    chat.bob.say("something new", "tea")
    ann.until("something new")
    assert not any("number" in row for row in ann.shown)
    ann.type("\x1b[5~")
    ann.until("number 1500")


def test_a_message_is_copied(chat: Chat) -> None:
    """The last one, or the Nth from the end; of a search, the hit: by the terminal's own means."""
    ann = chat.ann
    ann.type("/copy" + ENTER)
    ann.until("Copied, if your terminal lets programs do so.")
    assert b64encode(b"ann: what of the budget?") in ann.raw
    ann.type("/search -all 700" + ENTER)
    ann.until("1 of 1: 700")
    ann.type("/copy" + ENTER)
    ann.until(lambda screen: b64encode(b"the BUDGET is 700") in screen.raw)
    ann.type("\x1b/copy 9999" + ENTER)  # behind an Esc
    ann.until("can be copied here")


def test_rooms_are_gone_to_as_on_irc(chat: Chat) -> None:
    """Several at once, one that one is in already, by number; and the nearest command is named."""
    ann = chat.ann
    ann.type("/join #a,#b" + ENTER)
    ann.until("[b]")
    ann.until("3 a")
    ann.type("/join #TEA" + ENTER)
    ann.until("[tea]")
    ann.type("/win 4" + ENTER)
    ann.until("[b]")
    ann.type("/part #a see you" + ENTER)
    ann.until(lambda screen: "3 a" not in "\n".join(screen.shown))
    ann.type("/win 0" + ENTER)
    ann.until(lambda screen: not any("[b]" in row for row in screen.shown))
    ann.type("/jion x" + ENTER)
    ann.until("There is no command /jion. Did you mean /join?")
    ann.type(F3)
    ann.until("Nothing was looked for yet.")
    chat.bob.whisper(2, "psst")
    ann.until("3 @bob")
    ann.type("/r I hear you" + ENTER)
    ann.type("/quit bye" + ENTER)
    assert ann.wait() == 0
    page = chat.bob.request(History(room="@1-2"))
    assert isinstance(page, HistoryPage)
    assert [entry.text for entry in page.messages] == ["psst", "I hear you"]


def test_what_is_kept_is_searched_while_the_server_is_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the start of the program on; and mentions are remembered."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    with Server(Settings(**QUIET)) as server:
        address = f"127.0.0.1:{server.address[1]}"
        with Emulated("join", address, "--name", "ann", "--room", "tea") as ann:
            ann.until("[tea]")
            with Client(address, "bob", state=False) as bob:
                bob.join("tea")
                for number in range(1, 200):
                    bob.say("ann: the budget" if number == 3 else f"number {number}")
                assert bob.flush(60)
            ann.until("number 199")
            ann.type(CTRL_D)
            assert ann.wait() == 0
    with Emulated("join", address, "--name", "ann") as ann:
        ann.until("number 199")
        ann.type("/search budget" + ENTER)
        ann.until(lambda screen: any("ann: the budget" in row for row in marked(screen)))
        ann.until("1 of 1")
        ann.type("/mentions" + ENTER)
        ann.until("[tea] bob: ann: the budget")


def test_alt_a_goes_to_who_wants_me_most(chat: Chat) -> None:
    """Mentions before what is only unread; then back to nothing."""
    ann, bob = chat.ann, chat.bob
    ann.type("/join quiet" + ENTER)
    ann.until("[quiet]")
    bob.say("something", "tea")
    ann.until("1 tea            1")
    bob.say("ann: look here", "ops")
    ann.until("2 ops           1!")
    ann.type(alt("a"))
    ann.until("[ops]")
    ann.until("ann: look here")
    ann.type(alt("a"))
    ann.until("[tea]")
    ann.until("something")
    ann.type(alt("a"))
    ann.type("still here")
    ann.until("[tea] still here")


def test_a_room_that_was_left_is_not_opened_again(chat: Chat) -> None:
    """What was said there is found no more than it can be read."""
    ann = chat.ann
    ann.type("/mentions" + ENTER)
    ann.until("[ops] bob: ann: what of the budget?")
    ann.type("/leave ops" + ENTER)
    ann.until("You left ops.")
    ann.type(F3)
    ann.until("That was said in ops, which you have left.")
    ann.type("/search -all what of the budget" + ENTER)
    ann.until("not found: what of the budget")
