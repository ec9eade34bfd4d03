"""What a person looks up in plain mode: who is there, what was said before, and the ways that IRC has taught."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from roomchat.client.client import Client
from roomchat.server import Server
from tests.program import Program


@dataclass
class Chat:
    """bob, a client, and ann, at a pipe, in tea and ops; she looks at ops."""

    ann: Program
    bob: Client


@pytest.fixture
def address(serve: Callable[..., Server]) -> str:
    """Of a server whose room tea has 130 messages, two of them with the word budget."""
    host, port = serve().address[:2]
    with Client(f"{host}:{port}", "bob", state=False) as bob:
        bob.join("tea")
        for number in range(1, 131):
            bob.say("The Budget is due" if number in {3, 120} else f"number {number}")
        assert bob.flush(30)
    return f"{host}:{port}"


@pytest.fixture
def chat(address: str) -> Iterator[Chat]:
    """In the middle of it."""
    with Client(address, "cleo", state=False) as bob:
        bob.join("tea")
        bob.join("ops")
        with Program("join", address, "--name", "ann", "--room", "#TEA,ops") as ann:
            ann.expect("You are in ops")
            yield Chat(ann, bob)


@pytest.mark.parametrize("options", [["--room", "#Tea", "--room", "ops"], ["-r", "tea,TEA,#ops"], ["-r", "#ops,"]])
def test_rooms_are_named_on_the_command_line_as_in_the_chat(address: str, options: list[str]) -> None:
    """Several times, or with commas; with # or without, in any case; the last one is where one is then."""
    with Program("join", address, "--name", "ann", *options) as ann:
        ann.expect("You are in ops")
        ann.type("/names\n")
        ann.expect("1 in ops: ann")
        ann.end_input()
        assert ann.wait() == 0
    with Program("send", "#Tea", "from a script", "--server", address) as script:
        assert script.wait() == 0, script.output
    with Program("who", "#ops", "--server", address) as script:
        assert script.wait() == 1


def test_several_rooms_are_joined_by_one_command(chat: Chat) -> None:
    """As on IRC; the last one is where one is then. A room that one is in is gone to, however it is written."""
    chat.ann.type("/join #a,#b\n")
    chat.ann.expect("You are in a, alone")
    chat.ann.expect("You are in b, alone")
    chat.ann.type("/join #Tea\n/names\n")
    chat.ann.expect(r"in tea: .*ann")
    chat.ann.type("/part #a see you all\n")
    chat.ann.expect("You left a")
    chat.ann.type("/quit bye\n")
    assert chat.ann.wait() == 0


def test_history_goes_back_page_by_page(chat: Chat) -> None:
    """Each behind the other goes on; the beginning is told; anything else that is done begins at the end again."""
    ann = chat.ann
    ann.type("/room tea\n/history 30\n")
    ann.expect("--- last 30 messages in tea ---")
    ann.expect("bob: number 101\n")
    ann.expect("bob: number 130\n--- end of history; /history again goes further back ---")
    ann.type("/history 200\n")
    ann.expect("--- last 100 messages in tea, before those ---\n")
    ann.expect("bob: number 1\n")
    ann.expect("bob: number 100\n--- end of history ---")
    ann.type("/history\n")
    ann.expect("--- nothing else has been said in tea ---")
    ann.type("/names\n/history 1\n")
    ann.expect("--- last 1 message in tea ---\n.*number 130\n")


def test_a_search_tells_what_it_finds(chat: Chat) -> None:
    """In the room or in all, without case, the newest first."""
    ann = chat.ann
    chat.bob.whisper(2, "no budget for whispers", kind="message")
    chat.bob.say("what budget?", "ops")
    ann.expect("what budget")
    ann.type("/search BUDGET\n")
    ann.expect("cleo: what budget.*\n--- end of search: 1 message with: BUDGET ---")
    ann.type("/search -all due budget\n")
    ann.expect(r"\[tea\] bob: The Budget is due\n.*\[tea\] bob: The Budget is due\n")
    ann.expect("--- end of search: 2 messages with: due budget ---")
    ann.type("/lastlog nothing of the kind\n")
    ann.expect("--- end of search: no message with: nothing of the kind ---")
    ann.type("/room tea\n/search number\n")
    ann.expect("number 130\n")
    ann.expect("number 110\n--- 20 messages with: number, so far; /search looks further back ---")
    ann.type("/search\n")
    ann.expect("number 109\n")
    ann.expect("number 90\n--- 40 messages with: number, so far")


def test_mentions_are_told_again(chat: Chat) -> None:
    """Those, and whispers, with their rooms."""
    ann = chat.ann
    ann.type("/mentions\n")
    ann.expect("Nobody has mentioned you, or whispered to you, since you came.")
    chat.bob.say("ann: tea is ready", "tea")
    ann.expect("tea is ready")
    ann.type("/mentions\n")
    ann.expect(r"--- 1 message .*---\n\d{4}-\d\d-\d\d \d\d:\d\d \[tea\] cleo: ann: tea is ready")


def test_who_somebody_is(chat: Chat) -> None:
    """Here, gone, oneself, or nobody."""
    ann = chat.ann
    ann.type("/whois cleo\n")
    ann.expect(r"cleo \(2\) is here. You are both in: .*tea")
    ann.type("/whois 1\n")
    ann.expect(r"bob \(1\) is not here. bob is offline and will see your whispers later.")
    ann.type("/whois ann\n/whois 999\n")
    ann.expect(r"You are ann \(3\).")
    ann.expect("No one here has the UID 999")


def test_a_reply_answers_the_last_whisper(chat: Chat) -> None:
    """And nobody else hears it."""
    chat.bob.whisper(3, "psst")
    chat.ann.expect("psst")
    chat.ann.type("/r I hear you\n")
    chat.ann.expect(r"\[whisper with cleo\] ann: I hear you")


def test_whispers_are_closed_for_the_room_before(chat: Chat) -> None:
    """A room is left, not closed."""
    ann = chat.ann
    ann.type("/query cleo\n")
    ann.expect("chatting privately with cleo")
    ann.type("/close\n")
    ann.expect("You are in ops now.")
    ann.type("/close\n")
    ann.expect("Only whispers can be closed. /leave leaves a room.")


def test_a_message_is_told_alone(chat: Chat) -> None:
    """By its number from the end."""
    ann = chat.ann
    ann.type("/room tea\n/copy 2\n/copy 999\n/clear\n")
    ann.expect("\nnumber 129\n")
    ann.expect("N is from 1 to 100")
    ann.expect("Lines that were printed stay")


def test_a_window_has_a_number(chat: Chat) -> None:
    """Digits are one, not a room's name."""
    ann = chat.ann
    ann.type("/win 1\n")
    ann.expect("You are in tea")
    ann.type("/win 7\n")
    ann.expect("There is no window 7; /room lists them. A room of that name is #7.")
