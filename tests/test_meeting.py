"""A person in the chat meets a server that nobody vouches for, and is asked."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomchat.client.address import parse_address
from roomchat.client.known_servers import KnownServers
from roomchat.key_fingerprint import read_fingerprint
from roomchat.server import Server
from roomchat.settings import Settings
from roomchat.terminal.meeting import NO_ANSWER, NOT_TRUSTED, QUESTION, introduced, is_trusted
from roomchat.terminal.shown.render import CLOCK
from roomchat.terminal.terminal import Terminal
from roomchat.terminal.typed.input import InputQueue, StandardInput, Typed
from roomchat.terminal.windows.display import PlainDisplay
from tests.peer import DEADLINE
from tests.trust import issue

Serve = Callable[..., Server]

FINGERPRINT = read_fingerprint("3f2a" * 16)
ASKED = QUESTION.rstrip()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this person's servers are kept: none is known yet."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "roomchat"


def where(server: Server) -> str:
    return f"tls://127.0.0.1:{server.address[1]}"


class Ann:
    """A person whose chat runs in a thread of its own."""

    def __init__(self, address: str, *typed: str, trust: bool | str = False) -> None:
        self.shown: list[str] = []
        self._new = queue.SimpleQueue[str]()
        self._typed = InputQueue()
        for line in typed:
            self.type(line)
        display = PlainDisplay(lambda line: self._new.put(line.plain), clock=CLOCK)
        self.terminal = Terminal(address, self._typed, display, interactive=True, trust=trust)
        self._running = threading.Thread(target=self.terminal.run, args=("ann", []))

    @contextmanager
    def here(self) -> Iterator[Ann]:
        self._running.start()
        try:
            yield self
        finally:
            self.terminal.interrupt()
            self._running.join()

    def type(self, line: str) -> None:
        self._typed.put(Typed(line))

    def leave(self) -> None:
        self._typed.end()

    def until(self, text: str) -> None:
        """Wait until it is shown, behind what was waited for before."""
        while not self.shown or text not in self.shown[-1]:
            self.shown.append(self._new.get(timeout=DEADLINE))

    @property
    def read(self) -> str:
        return "\n".join(self.shown)


@pytest.mark.parametrize("answer", ["y", " YES ", FINGERPRINT, FINGERPRINT.upper().replace("-", ":")])
def test_an_answer_is_yes(answer: str) -> None:
    """The fingerprint that one was given says most."""
    assert is_trusted(answer, FINGERPRINT) is True


@pytest.mark.parametrize("answer", ["", "n", "No", FINGERPRINT.replace("3", "4")])
def test_an_answer_is_no(answer: str) -> None:
    """Nothing is one, too: who only presses Enter has compared nothing."""
    assert is_trusted(answer, FINGERPRINT) is False


def test_a_fingerprint_can_be_read_on_a_narrow_screen() -> None:
    """No group of it is taken apart, and both rows together are what is copied."""
    rows = introduced("chat.example.org:5050", FINGERPRINT).split("\n")[1:3]
    assert [len(row) for row in rows] == [39, 39]
    assert is_trusted("\n".join(rows), FINGERPRINT)


@given(st.text())
def test_no_other_word_is_an_answer(answer: str) -> None:
    """It is asked again."""
    if answer.strip().lower() not in {"", "y", "yes", "n", "no"}:
        assert is_trusted(answer, FINGERPRINT) is None


def test_a_person_in_the_chat_is_asked_where_they_go(serve: Serve, folder: Path) -> None:
    """What is no answer is asked for again; with a yes the server is known."""
    first, other = serve(), serve()
    with Ann(f"127.0.0.1:{first.address[1]}").here() as ann:
        ann.until("You are 1")
        ann.type(f"/connect {where(other)}")
        ann.until(f"{where(other)} is not known yet.")
        ann.until(other.identity.fingerprint[-39:])
        ann.until(ASKED)
        ann.type("what is that?")
        ann.until(NO_ANSWER)
        ann.until(ASKED)
        assert not (folder / "known_servers").exists()
        ann.type("yes")
        ann.until("You are 1")
    with Ann(where(other)).here() as ann:
        ann.until("You are 1")
        assert ASKED not in ann.read
    assert (folder / "known_servers").read_text() == f"localhost:{other.address[1]} {other.identity.fingerprint}\n"


def test_a_person_says_no(serve: Serve, folder: Path) -> None:
    """A command is a no as well, and is done."""
    first, other = serve(), serve()
    with Ann(where(other)).here() as ann:
        ann.until(ASKED)
        ann.type("n")
        ann.until(NOT_TRUSTED)
        ann.type("/connect")
        ann.until(ASKED)
        ann.type(f"/connect 127.0.0.1:{first.address[1]}")
        ann.until(NOT_TRUSTED)
        ann.until("You are 1")
    assert not (folder / "known_servers").exists()


def test_who_leaves_at_the_question_has_said_no(serve: Serve, folder: Path) -> None:
    """As with Ctrl-D."""
    with Ann(where(serve())).here() as ann:
        ann.until(ASKED)
        ann.leave()
        ann.until(NOT_TRUSTED)
    assert not (folder / "known_servers").exists()


def test_what_was_typed_before_the_question_is_no_answer(serve: Serve) -> None:
    """It is done behind it."""
    with Ann(where(serve()), "yes", "/quit").here() as ann:
        ann.until(ASKED)
        ann.type("no")
        ann.until(NOT_TRUSTED)
    assert not ann.terminal.display.connected


def test_of_lines_from_standard_input_those_of_before_come_behind_the_answer() -> None:
    """Whether they were read already or not; and to be woken is no answer."""
    reader, writer = os.pipe()
    source = StandardInput(reader)
    os.write(writer, b"one\ntwo\n")
    assert source.next() == Typed("one")
    os.write(writer, b"three\n")
    source.wake()
    with source.anew():
        os.write(writer, b"/no\n")
        assert source.next() == Typed("/no")
        source.put_back("/no")
    assert [source.next() for _ in range(3)] == [Typed("two"), Typed("three"), Typed("/no")]
    source.stop()
    with source.anew():
        assert source.next() is None
    source.close()
    os.close(reader)
    os.close(writer)


def test_a_changed_key_is_not_asked_about(serve: Serve, folder: Path) -> None:
    """It is refused, with both fingerprints and what to do."""
    server = serve()
    KnownServers(folder).put(parse_address(where(server)), FINGERPRINT)
    with Ann(where(server), "y", trust=True).here() as ann:
        ann.until("Type /connect to try again")
        ann.type("/help quit")
        ann.until("For example")
    for told in (FINGERPRINT, server.identity.fingerprint, f"roomchat trust {where(server)}"):
        assert told in ann.read
    assert ASKED not in ann.read


def test_a_key_that_is_trusted_elsewhere_counts_at_the_next_try(folder: Path, tmp_path: Path) -> None:
    """As the refusal says: the answer of before was about another key."""
    with Server(Settings(port=0)) as server:
        port = server.address[1]
        ann = Ann(where(server))
        stay = ExitStack()
        stay.enter_context(ann.here())
        ann.until(ASKED)
        ann.type("y")
        ann.until("You are 1")
    with stay:
        cert, key = issue(tmp_path, "127.0.0.1")
        with Server(Settings(port=port, tls_cert=cert, tls_key=key)) as server:
            ann.until("Type /connect to try again")
            KnownServers(folder).put(parse_address(where(server)), server.identity.fingerprint)
            ann.type("/connect")
            ann.until("You are 1")


def test_a_server_that_comes_later_is_asked_about_then(folder: Path) -> None:
    """What was typed meanwhile waits for the answer."""
    with Server(Settings(port=0)) as server:
        address, port = where(server), server.address[1]
    with Ann(address).here() as ann:
        ann.until("Trying again")
        ann.type("/join tea")
        with Server(Settings(port=port)) as server:
            ann.until(ASKED)
            ann.type(server.identity.fingerprint)
            ann.until("You are in tea")


def test_what_the_options_say_holds_for_a_server_that_comes_later() -> None:
    """And for that one only."""
    with Server(Settings(port=0)) as server:
        address, port = where(server), server.address[1]
    with Ann(address, trust=True).here() as ann:
        ann.until("Trying again")
        with Server(Settings(port=port)), Server(Settings(port=0)) as other:
            ann.until("You are 1")
            assert ASKED not in ann.read
            ann.type(f"/connect {where(other)}")
            ann.until(ASKED)


def test_where_nothing_can_be_kept_the_answer_holds_as_long_as_the_chat(serve: Serve, folder: Path) -> None:
    """Also for the next connection to the same server. That nothing is kept is told once."""
    folder.parent.write_text("in the way")
    server = serve()
    with Ann(where(server)).here() as ann:
        ann.until("Can't keep the session")
        ann.until(ASKED)
        ann.type("y")
        ann.until("You are 1")
        assert ann.read.count("Can't keep the session") == 1
