"""The windows of a person: whatever comes, in whatever order, each message stands in them once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomchat.protocol import is_pair
from tests.windows import BOB, ME, WHISPERS, Desk, numbers

PAGE = 8  # entries of a page of the log, so that a few dozen entries are many
MAX_ITEMS, KEPT_ITEMS = 40, 25


@pytest.fixture(autouse=True, scope="module")
def _small() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("roomchat.terminal.windows.past.PAGE", PAGE)
        patch.setattr("roomchat.terminal.windows.window.MAX_ITEMS", MAX_ITEMS)
        patch.setattr("roomchat.terminal.windows.window.KEPT_ITEMS", KEPT_ITEMS)
        yield


class Step(NamedTuple):
    """Something that the person, the server or the network does."""

    kind: str
    room: str = "tea"
    number: int = 0


ROOMS = ["tea", "ops", WHISPERS]
kinds = st.sampled_from(
    ["say", "say", "mention", "own", "answer", "answer", "look", "look", "scroll", "turn", "first", "newest", "go",
     "clear", "lose", "resize", "tell"]
)  # fmt: skip
steps = st.lists(st.builds(Step, kinds, st.sampled_from(ROOMS), st.integers(-40, 40)), max_size=30)


def do(desk: Desk, step: Step) -> None:
    """Carry it out."""
    match step.kind:
        case "say" | "mention" | "own":
            text = "for ann" if step.kind == "mention" else "new"
            for _ in range(1 + abs(step.number) // 4):
                desk.say(step.room, text, ME if step.kind == "own" else BOB, 1 + abs(step.number) % 2)
        case "answer" if desk.asked:
            desk.answer(step.number % len(desk.asked))
        case "look":
            desk.look()
        case "scroll":
            desk.scroll(step.number)
        case "turn":
            desk.turn_to(step.room)
        case "first":
            desk.windows.go_to_first(desk.window)
        case "newest":
            desk.window.to_newest()
        case "go" if desk.window.room is not None:
            log = desk.logs[desk.window.room]
            desk.windows.go_to(desk.window, log[step.number % len(log)].seq)
        case "clear":
            desk.window.clear()
        case "lose":
            desk.lose()
        case "tell":
            desk.windows.show("something else")
        case "resize":
            desk.width, desk.height = 30 + abs(step.number), 1 + abs(step.number) % 20


@given(st.integers(1, 70), st.integers(0, 20), st.integers(1, 3), steps)
def test_each_message_is_there_once_in_order(entries: int, replayed: int, step: int, does: list[Step]) -> None:
    """Whatever is looked at while answers are late, out of order or lost: at the end all of the log can be read
    from its first entry to its last, and what is counted as new was new at every moment."""
    desk = Desk()
    for room in ROOMS:
        desk.log(room, entries, step)
    for room in ROOMS:
        if is_pair(room):
            desk.turn_to(room)
        else:
            desk.join(room, min(replayed, entries))
    for one in does:
        do(desk, one)
        desk.assert_sound()
        rows = desk.look()
        assert len(rows) <= desk.height
        desk.assert_sound()
    if desk.window.room is not None:
        assert read_all(desk) == [entry.seq for entry in desk.logs[desk.window.room]]


def read_all(desk: Desk) -> list[int]:
    """The seqs of all that is seen when one goes to the beginning, and then down row by row of screens."""
    desk.windows.go_to_first(desk.window)
    desk.look_until_quiet()
    seen: list[int] = []
    for _ in range(2000):
        desk.look_until_quiet()
        window = desk.window
        top = window.top(desk.rows_of, desk.height)
        last = window.below(desk.rows_of, desk.height).start
        timeline = window.timeline
        shown = [getattr(timeline[number], "seq", 0) for number in range(top.item, last)]
        seen += [seq for seq in shown if seq and (not seen or seq > seen[-1])]
        if window.is_at_newest:
            return seen
        desk.scroll(max(1, desk.height - 2))
    raise AssertionError("it never comes to the end")


@given(st.integers(30, 60), st.lists(st.integers(-12, 12), max_size=12), st.integers(1, 15), st.integers(20, 90))
def test_the_place_is_kept(entries: int, moves: list[int], height: int, width: int) -> None:
    """While somebody reads, nothing moves: neither by what is said, nor by the pages that are fetched."""
    desk = Desk(width, height)
    desk.log("tea", entries)
    desk.join("tea", 20)
    desk.scroll(-height)
    for by in moves:
        desk.scroll(by)
        stood = places(desk.look())
        if desk.window.is_at_newest:
            continue
        while desk.asked:
            desk.answer()
            desk.say("tea", "meanwhile")
            assert stood.items() <= places(desk.look()).items()


def places(rows: list[str]) -> dict[int, int]:
    """The numbers of messages, each with the row in which it stands."""
    return {numbers([row])[0]: y for y, row in enumerate(rows) if numbers([row])}


def test_home_and_down_again_reads_everything() -> None:
    """From the first message, over pages that are fetched, to the newest; it stays there then."""
    desk = Desk(height=7)
    desk.log("tea", 200)
    desk.join("tea", 10)
    assert numbers(desk.look_until_quiet())[-1] == 199
    assert read_all(desk) == list(range(1, 201))
    desk.say("tea", "old 200")
    assert numbers(desk.look())[-1] == 200


def test_what_is_new_is_marked_until_one_looks_away() -> None:
    """Between the last entry that was read and the first that was not; with the time when reading stopped."""
    desk = Desk()
    for room in ("tea", "ops"):
        desk.log(room, 3)
        desk.join(room, 3)
    assert desk.window.room == "ops"
    desk.say("tea", "new 1")
    desk.say("tea", "new 2 for ann")
    assert (desk.of("tea").unread, desk.of("tea").mentions) == (2, 1)
    desk.turn_to("tea")
    for _ in range(2):
        rows = desk.look()
        mark = next(number for number, row in enumerate(rows) if row.startswith("--- new"))
        assert re.fullmatch(r"--- new since [A-Z][a-z][a-z] \d\d:\d\d ---", rows[mark])
        assert rows[mark + 1].endswith("new 1")
        assert (desk.of("tea").unread, desk.of("tea").mentions) == (0, 0)
        desk.say("tea", "new 3")  # what is seen when it comes does not move the mark
    desk.turn_to("ops")
    desk.turn_to("tea")
    assert not any(row.startswith("--- new") for row in desk.look())


def test_who_reads_further_up_has_not_read_what_comes() -> None:
    """It is counted, and all of it is read when one is at the end again."""
    desk = Desk(height=5)
    desk.log("tea", 30)
    desk.join("tea", 20)
    desk.scroll(-6)
    desk.say("tea", "for ann")
    desk.say("tea", "mine", ME)
    desk.say("tea", "new")
    assert (desk.window.unread, desk.window.mentions) == (2, 1)
    desk.scroll(100)
    assert desk.window.is_at_newest
    assert (desk.window.unread, desk.window.mentions) == (0, 0)


@given(st.lists(st.tuples(st.booleans(), st.sampled_from(["a", "b", "c", "d", "e"])), max_size=30))
def test_a_number_stays_as_long_as_its_window(moves: list[tuple[bool, str]]) -> None:
    """And a new one has the smallest that is free."""
    desk, had = Desk(), dict[str, int]()
    for joins, room in moves:
        if joins and room not in had:
            desk.join(room)
            had[room] = min(set(range(1, 9)) - set(had.values()))
        elif not joins and room in had:
            desk.leave(room)
            del had[room]
        assert {room: number for number, room, _ in desk.windows.numbered()} == had
        assert desk.window in desk.windows.all()


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from(["for ann", "new"])), max_size=12))
def test_the_next_that_wants_me(said: list[tuple[str, str]]) -> None:
    """The newest mention first, as it was told last; then what is unread, by number; then there is none."""
    desk = Desk()
    for room in ("a", "b", "c", "d", "here"):
        desk.join(room)
    for room, text in said:
        desk.say(room, text)
    mentioned = list(dict.fromkeys(room for room, text in reversed(said) if "ann" in text))
    wanted = [*mentioned, *sorted({room for room, _ in said}.difference(mentioned))]
    seen = []
    while (window := desk.windows.next_wanting()) is not None:
        desk.windows.visit(window)
        seen.append(window.room)
    assert seen == wanted
    assert desk.window.room == (wanted[-1] if wanted else "here")


def test_whispers_go_and_come_back() -> None:
    """Put away, they have no window until one of the two whispers; then all of them is there again."""
    desk = Desk()
    desk.join("tea")
    for number in range(20):
        desk.say(WHISPERS, f"old {number}")
    assert (desk.of(WHISPERS).number, desk.of(WHISPERS).mentions) == (2, 20)
    desk.turn_to(WHISPERS)
    desk.windows.end_whispers(WHISPERS)
    assert desk.windows.of(WHISPERS) is None
    assert desk.window.room == "tea"
    desk.say(WHISPERS, "old 20")
    assert (desk.of(WHISPERS).number, desk.of(WHISPERS).unread, desk.of(WHISPERS).mentions) == (2, 1, 1)
    desk.turn_to(WHISPERS)
    assert numbers(desk.look_until_quiet())[-1] == 20
    assert read_all(desk) == list(range(1, 22))
