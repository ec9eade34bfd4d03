"""A search in the windows: each hit is seen, whatever of the log is here, and whatever is said meanwhile."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomchat.client.client import Client
from roomchat.protocol import Message
from roomchat.terminal.typed.input import FetchPage, LookFurther, Visit
from roomchat.terminal.typed.local import LookUp, Mentions, Search
from roomchat.terminal.typed.slash import TypingError
from roomchat.terminal.windows.window_lookups import WindowLookups
from tests.windows import BOB, ME, WHISPERS, Desk

PAGE = 8  # entries of a page of the log, so that a few dozen entries are many
ROOMS = ["tea", "ops", WHISPERS]


@pytest.fixture(autouse=True, scope="module")
def _small() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for module in ("past", "searching"):
            patch.setattr(f"roomchat.terminal.windows.{module}.PAGE", PAGE)
        patch.setattr("roomchat.terminal.windows.window.MAX_ITEMS", 40)
        patch.setattr("roomchat.terminal.windows.window.KEPT_ITEMS", 25)
        yield


class Seeker(Desk):
    """Ann, who looks for things."""

    def __init__(self, width: int, height: int) -> None:
        self._is_to_look = False
        super().__init__(width, height)
        self.lookups = WindowLookups(self.windows)
        self._client = Client("localhost", "ann", state=False)

    def ask(self, request: FetchPage | LookFurther | Visit) -> None:
        self._is_to_look |= isinstance(request, LookFurther)
        super().ask(request)

    def run(self, what: LookUp) -> None:
        self.lookups.run(self._client, what, self.window.room)

    def answer(self, number: int = 0) -> None:
        super().answer(number)
        self._look_further()

    def _look_further(self) -> None:
        while self._is_to_look:
            self._is_to_look = False
            self.windows.look_further()

    def found(self) -> list[str]:
        """The rows that are marked, when all is here."""
        self._look_further()
        self.look_until_quiet()
        rows = self.window.view(self.rows_of, self.height)
        marked = [row for row in rows if any(piece.style == "found" for piece in row)]
        return ["".join(piece.text for piece in row).strip() for row in marked]


def seeker(entries: int, replayed: int, width: int, height: int) -> Seeker:
    desk = Seeker(width, height)
    for room in ROOMS:
        desk.log(room, entries)
        if room == WHISPERS:
            desk.turn_to(room)
        else:
            desk.join(room, min(replayed, entries))
    return desk


def hits(desk: Seeker, rooms: list[str], words: str) -> list[tuple[str, str, int]]:
    """The newest first."""
    entries = [entry for room in rooms for entry in desk.logs[room]]
    found = [entry for entry in entries if isinstance(entry, Message) and words in entry.text]
    return sorted(((entry.ts, entry.room, entry.seq) for entry in found), reverse=True)


@given(
    st.integers(1, 60), st.integers(0, 20), st.integers(20, 80), st.integers(1, 12), st.booleans(),
    st.lists(st.sampled_from(["next", "next", "back", "say", "scroll", "resize", "newest", "lose"]), max_size=15),
)  # fmt: skip
def test_each_hit_is_seen(
    entries: int, replayed: int, width: int, height: int, everywhere: bool, does: list[str]
) -> None:  # fmt: skip
    """One is never elsewhere than the status row says; nothing that is said meanwhile moves it out of sight."""
    desk = seeker(entries, replayed, width, height)
    expected = hits(desk, ROOMS if everywhere else [str(desk.window.room)], "1")
    desk.run(Search("1", everywhere))
    place = 0 if expected else None
    for what in ["", *does]:
        match what:
            case "next" | "back":
                by = 1 if what == "next" else -1
                desk.windows.searching.step(by)
                if place is not None and 0 <= place + by < len(expected):
                    place += by
            case "say":
                desk.say("tea", "meanwhile")
            case "scroll":
                desk.scroll(3)
                continue  # it may be out of sight now
            case "resize":
                desk.width = 100 - desk.width
                continue
            case "newest":
                desk.windows.end_search()
                assert not desk.found()
                continue
            case "lose":
                desk.lose()
        marked = desk.found()
        if place is None:
            assert not marked
        elif what in {"", "next", "back"} and desk.windows.searching.finding is not None:
            current = desk.windows.searching.finding.current
            assert current == expected[place]
            if desk.window.hit:  # a step that leads nowhere brings nothing back into sight
                assert desk.window.room == expected[place][1]
                assert desk.window.hit == expected[place][2]


@given(st.integers(1, 60), st.integers(0, 20), st.integers(24, 80), st.integers(1, 12), st.booleans())
def test_all_hits_are_gone_through(
    entries: int, replayed: int, width: int, height: int, everywhere: bool
) -> None:  # fmt: skip
    """From the newest to the first, and each is in sight when one gets there."""
    desk = seeker(entries, replayed, width, height)
    expected = hits(desk, ROOMS if everywhere else [str(desk.window.room)], "1")
    desk.run(Search("1", everywhere))
    for number, (_, room, seq) in enumerate(expected, start=1):
        marked = " ".join(desk.found())
        assert desk.window.room == room
        (text,) = [entry.text for entry in desk.logs[room] if entry.seq == seq and isinstance(entry, Message)]
        assert text.split()[0] in marked or text.split()[1] in marked
        finding = desk.windows.searching.finding
        assert finding is not None
        assert finding.told.startswith(f"{number} of ")
        desk.windows.searching.step(1)
    if not expected:
        assert not desk.found()


def test_what_was_said_to_me_is_listed_and_gone_through() -> None:
    """Not what I said, nor of whom I ignore."""
    desk = seeker(3, 3, 60, 10)
    with pytest.raises(TypingError, match="Usage: /search"):
        desk.run(Search())
    desk.windows.focus.blocked.add(3)
    desk.say(WHISPERS, "before", ME)
    for room, uid, text in [
        ("tea", BOB, "ann: one"), ("tea", ME, "ann is me"), ("ops", 3, "ann: never"), ("ops", BOB, "nothing"),
        (WHISPERS, BOB, "two"),
    ]:  # fmt: skip
        desk.say(room, text, uid)
    desk.run(Mentions())
    page = desk.look()
    assert [row.rpartition(" ")[2] for row in page if "bob: " in row and "old" not in row] == ["two", "one"]
    desk.windows.searching.step(1)
    assert any("two" in row for row in desk.found())
    desk.windows.searching.step(1)
    assert any("one" in row for row in desk.found())
