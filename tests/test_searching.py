"""A search that asks for pages one at a time: kept ones first, and over lost connections."""

from __future__ import annotations

from collections import deque

from roomchat.protocol import AnyEntry, Error, HistoryPage, Message, Spoken, Unknown
from roomchat.terminal.typed.input import FetchPage, LookFurther
from roomchat.terminal.windows.finding import Finding, Hit
from roomchat.terminal.windows.searching import Searching

Entries = list[AnyEntry | Unknown]


def message(room: str, seq: int, text: str = "y") -> Message:
    return Message(room, seq, 3, "bob", f"2026-01-01T12:{seq:02}:00.000Z", text)


def is_hit(entry: Spoken) -> bool:
    return entry.text == "x"


class Asked:
    """A search, with what it has asked for and where it went."""

    def __init__(self) -> None:
        self.asked: deque[FetchPage | LookFurther] = deque()
        self.went: list[Hit] = []
        self.searching = Searching(self.went.append, self.asked.append)

    def next_page(self, connected: bool = True) -> FetchPage | None:
        """Let it look further until it asks the server for something."""
        while self.asked:
            asked = self.asked.popleft()
            if isinstance(asked, FetchPage):
                return asked
            self.searching.look_further(connected)
        return None

    def answer(self, page: FetchPage, entries: Entries, more: bool = False) -> bool:
        """What the server says to it."""
        room = page.history.room
        assert room is not None
        return self.searching.takes(HistoryPage(room=room, entries=entries, more=more, re=page.page))


def test_kept_pages_need_no_server() -> None:
    """Behind them the server is asked, if it is there, for what is before."""
    kept = [message("tea", seq, "x" if seq == 30 else "y") for seq in range(30, 40)]
    chat = Asked()
    chat.searching.kept_before = lambda room, before, limit: [
        one for one in kept if before is None or one.seq < before
    ][-limit:]
    chat.searching.start(Finding("x", ["tea"], is_hit))
    assert chat.next_page(connected=False) is None
    assert [hit.seq for hit in chat.went] == [30]
    chat.searching.resume()
    page = chat.next_page()
    assert page is not None
    assert page.history.before == 30
    assert chat.answer(page, [message("tea", 29, "x")])
    assert chat.searching.step(1)
    assert [hit.seq for hit in chat.went] == [30, 29]
    assert chat.next_page() is None


def test_only_its_own_page_is_taken_and_only_once() -> None:
    """Pages that the person or another search has asked for are not its."""
    chat = Asked()
    chat.searching.start(Finding("x", ["tea"], is_hit))
    page = chat.next_page()
    assert page is not None
    assert not chat.searching.takes(HistoryPage(room="tea", entries=[], more=False, re="page:1"))
    assert not chat.searching.takes(HistoryPage(room="tea", entries=[], more=False))
    chat.searching.start(Finding("x", ["ops"], is_hit))
    assert chat.answer(page, [message("tea", 1, "x")]), "that search is over"
    page = chat.next_page()
    assert page is not None
    assert page.history.room == "ops"
    assert chat.answer(page, [message("ops", 1, "x")])
    assert chat.answer(page, [message("ops", 1, "x")]), "it is not shown either"
    assert [hit.room for hit in chat.went] == ["ops"]


def test_a_room_that_is_closed_to_it_is_passed_over() -> None:
    """A refusal ends the reading of that log."""
    chat = Asked()
    finding = Finding("x", ["tea", "ops"], is_hit)
    chat.searching.start(finding)
    page = chat.next_page()
    assert page is not None
    assert chat.searching.takes(Error(code="not_in_room", message="You are not there.", re=page.page))
    page = chat.next_page()
    assert page is not None
    assert chat.answer(page, [message(str(page.history.room), 3, "x")])
    assert chat.next_page() is None
    assert finding.is_over
    assert finding.told == "1 of 1: x"


def test_what_was_asked_over_a_lost_connection_is_asked_again() -> None:
    """The same page, under another id."""
    chat = Asked()
    chat.searching.start(Finding("x", ["tea"], is_hit))
    lost = chat.next_page()
    assert lost is not None
    chat.searching.resume()
    assert chat.next_page(connected=False) is None
    chat.searching.resume()
    again = chat.next_page()
    assert again is not None
    assert again.history == lost.history
    assert chat.answer(lost, [message("tea", 1, "x")])
    assert not chat.went
    assert chat.answer(again, [message("tea", 1, "x")])
    assert [hit.seq for hit in chat.went] == [1]


def test_an_ended_search_asks_for_nothing_and_goes_on_by_a_step() -> None:
    """What it has found is known still."""
    chat = Asked()
    assert not chat.searching.step(1)
    assert not chat.searching.end()
    chat.searching.start(Finding("x", ["tea"], is_hit))
    page = chat.next_page()
    assert page is not None
    chat.answer(page, [message("tea", 8, "x"), message("tea", 9)], more=True)
    assert chat.searching.end()
    assert chat.next_page() is None
    assert chat.searching.finding is None
    assert chat.searching.step(1)
    page = chat.next_page()
    assert page is not None
    assert page.history.before == 8
    chat.answer(page, [message("tea", 7, "x")])
    assert [hit.seq for hit in chat.went] == [8, 7]
