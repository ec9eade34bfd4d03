"""Which rows stand in a window: always those of a plain list of rows, whatever is scrolled, added and resized."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from roomchat.terminal.windows.viewport import Place, Span, down, newest, scrolled, up, visible

Row = tuple[int, int]  # the item's number, and which of its rows

counts = st.lists(st.sampled_from([0, 0, 1, 2, 4, 60]), max_size=30)  # rows of each item; of some there are none
heights = st.integers(1, 25)
moved = st.integers(-90, 90) | st.integers(-3, 3)


@dataclass
class Pane:
    """A viewport as a window has it, and beside it the list of all rows, of which it shows some."""

    counts: list[int]
    height: int
    start: int = 0  # the number of the first item
    place: Place | None = None
    rows_of: Callable[[int], list[Row]] = field(init=False)

    def __post_init__(self) -> None:
        self.rows_of = lambda number: [(number, row) for row in range(self.counts[number - self.start])]

    @property
    def span(self) -> Span:
        return Span(self.start, self.start + len(self.counts))

    @property
    def all(self) -> list[Row]:
        return [row for number in range(*self.span) for row in self.rows_of(number)]

    @property
    def bottom(self) -> int:
        """The highest row of all that may be at the top."""
        return max(0, len(self.all) - self.height)

    def scroll(self, by: int) -> None:
        self.place = scrolled(self.span, self.rows_of, self.place, self.height, by)

    @property
    def shown(self) -> list[Row]:
        top = newest(self.span, self.rows_of, self.height)
        return visible(self.span, self.rows_of, top if self.place is None else min(self.place, top), self.height)


panes = st.builds(Pane, counts, heights)


@given(panes)
def test_the_newest_fill_the_height(pane: Pane) -> None:
    """Exactly, or all of them stand there."""
    assert pane.shown == pane.all[-pane.height :]


@given(panes, st.lists(moved, max_size=8))
@example(Pane([0, 0, 3], 3), [-1])
def test_scrolling_is_that_of_a_list(pane: Pane, moves: list[int]) -> None:
    """Each row once and in order; it ends at both ends, and at the newest it stays there."""
    top = pane.bottom
    for by in moves:
        pane.scroll(by)
        top = min(max(top + by, 0), pane.bottom)
        assert pane.shown == pane.all[top : top + pane.height]
        assert (pane.place is None) == (top == pane.bottom)


@given(panes, st.integers(0, 90), st.integers(0, 90))
def test_up_and_down_by_the_same_comes_back(pane: Pane, first: int, by: int) -> None:
    """Unless the beginning was in the way."""
    pane.scroll(-first)
    before = pane.shown
    if pane.all.index(before[0]) >= by if before else False:
        pane.scroll(-by)
        pane.scroll(by)
        assert pane.shown == before


@given(panes, st.integers(1, 90), counts, counts)
def test_the_place_is_kept_while_more_comes(pane: Pane, by: int, older: list[int], newer: list[int]) -> None:
    """Behind what is shown and before it: the same rows stand there; only at the newest it follows."""
    pane.scroll(-by)
    before, followed = pane.shown, pane.place is None
    pane.counts = older + pane.counts + newer
    pane.start -= len(older)
    if followed:
        assert pane.shown == pane.all[-pane.height :]
    else:
        assert pane.shown[: len(before)] == before
        assert len(pane.shown) == min(pane.height, len(pane.all))


@given(panes, st.integers(1, 90), heights)
def test_the_top_row_stays_when_the_height_changes(pane: Pane, by: int, height: int) -> None:
    """As far as there are rows to fill what is below it."""
    pane.scroll(-by)
    top, followed = pane.shown[:1], pane.place is None
    pane.height = height
    assert len(pane.shown) == min(height, len(pane.all))
    if top and not followed and pane.all.index(top[0]) <= pane.bottom:
        assert pane.shown[:1] == top


@given(panes, st.integers(0, 200), st.integers(0, 200))
def test_steps_are_those_of_a_list(pane: Pane, at: int, by: int) -> None:
    """A row so many above and below another one."""
    rows = pane.all
    if at < len(rows):
        above = up(pane.span, pane.rows_of, Place(*rows[at]), by)
        below = down(pane.span, pane.rows_of, Place(*rows[at]), by)
        assert visible(pane.span, pane.rows_of, above, 1) == [rows[max(0, at - by)]]
        assert visible(pane.span, pane.rows_of, below, 1) == rows[at + by : at + by + 1]


@pytest.mark.parametrize("height", [1, 5, 100])
def test_nothing_is_asked_for_that_is_not_near(height: int) -> None:
    """Ten thousand items cost what a screen of them costs."""
    asked: set[int] = set()

    def rows_of(number: int) -> list[int]:
        asked.add(number)
        return [number]

    span = Span(0, 10_000)
    place = scrolled(span, rows_of, None, height, -height)
    assert place is not None
    assert visible(span, rows_of, place, height) == list(range(10_000 - 2 * height, 10_000 - height))
    assert len(asked) <= 2 * height + 1
