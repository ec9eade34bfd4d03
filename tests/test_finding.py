"""A search through logs, without a screen: what it reads, what it finds, and where one goes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from roomchat.protocol import Message, Spoken, Unknown
from roomchat.terminal.windows.finding import Finding, Hit

PAGE = 7


def message(room: str, seq: int, minute: int, text: str) -> Message:
    return Message(room, seq, 3, "bob", f"2026-01-01T12:{minute:02}:00.000Z", text)


def is_hit(entry: Spoken) -> bool:
    return entry.text == "x"


Log = list[Message | Unknown]


@st.composite
def logs(draw: st.DrawFn) -> dict[str, Log]:
    """Some rooms, with entries of which some are hits and some are of an unknown kind."""
    found: dict[str, Log] = {}
    for room in draw(st.lists(st.sampled_from(["tea", "ops", "@3-7"]), unique=True, min_size=1)):
        minutes = sorted(draw(st.lists(st.integers(0, 59), max_size=40)))
        found[room] = [
            Unknown(room, seq)
            if (text := draw(st.sampled_from("xy?"))) == "?"
            else message(room, seq, minute, text)
            for seq, minute in enumerate(minutes, start=1)
        ]
    return found


def read_one(finding: Finding, kept: dict[str, Log]) -> int:
    """Read a page as it asks for it; returns how many that is."""
    log = finding.next_log()
    assert log is not None
    before = [entry for entry in kept[log.room] if log.before is None or entry.seq < log.before]
    finding.take(log.room, before[-PAGE:], more=len(before) > PAGE)
    return 1


@given(logs())
def test_every_hit_is_found_once_and_each_page_is_read_once(kept: dict[str, Log]) -> None:
    """Going through them, also while it looks, one sees all, the newest first; and back again."""
    finding = Finding("x", kept, is_hit)
    early = []  # found while it is read
    pages = 0
    while not finding.is_over:
        pages += read_one(finding, kept)
        while finding.is_wanted and (hit := finding.step(1)) is not None:
            early.append(hit)
            finding.is_wanted = True
    assert pages == sum(max(1, -(-len(log) // PAGE)) for log in kept.values())
    entries = [entry for log in kept.values() for entry in log if isinstance(entry, Message) and is_hit(entry)]
    hits = sorted((Hit(entry.ts, entry.room, entry.seq) for entry in entries), reverse=True)
    seen = early
    while (hit := finding.step(1)) is not None:
        seen.append(hit)
    assert seen == hits
    assert finding.current == (hits[-1] if hits else None)
    back = []
    while (hit := finding.step(-1)) is not None:
        back.append(hit)
    assert back == hits[-2::-1]
    assert finding.is_over
    assert finding.told == (f"1 of {len(hits)}: x" if hits else "not found: x")


@given(logs(), st.integers(0, 100))
def test_what_a_server_sends_in_circles_comes_to_an_end(kept: dict[str, Log], pages: int) -> None:
    """The same page again and again is read no more than twice."""
    finding = Finding("x", kept, is_hit)
    for room, log in kept.items():
        finding.take(room, log, more=True)
        finding.take(room, log, more=True)
    assert finding.is_over


def test_without_a_server_what_is_known_is_gone_to() -> None:
    """Not what may be newer in a room that can't be read now."""
    finding = Finding("x", ["tea", "ops"], is_hit)
    finding.take("tea", [message("tea", 5, 30, "x")], more=True)
    assert finding.step(1) is None
    assert finding.is_wanted
    assert finding.step(1, anyway=True) == Hit("2026-01-01T12:30:00.000Z", "tea", 5)
    assert finding.step(1, anyway=True) is None
    assert finding.is_wanted


def test_a_long_title_is_cut() -> None:
    """And is one line."""
    assert Finding("a\n b", (), is_hit).told == "not found: a b"
    assert Finding("x" * 99, (), is_hit).told == f"not found: {'x' * 39}…"


def test_it_tells_how_it_stands() -> None:
    """While it looks, and at the end; a step that finds nothing waits for what is still read."""
    finding = Finding("x", ["tea"], is_hit)
    assert finding.told == "looking for x"
    finding.take("tea", [message("tea", 200, 30, "y"), message("tea", 201, 31, "z")], more=True)
    assert finding.told == "looking for x, back to 01 Jan 2026"
    assert finding.step(1) is None
    assert finding.is_wanted
    finding.take("tea", [message("tea", 198, 28, "x"), message("tea", 199, 29, "x")], more=True)
    assert finding.step(1) == Hit("2026-01-01T12:29:00.000Z", "tea", 199)
    assert finding.told == "1 of 2+: x"
    assert not finding.is_wanted
    assert finding.step(1) is not None
    assert finding.step(1) is None
    assert finding.told == "2 of 2+: x, looking, back to 01 Jan 2026"
    finding.take("tea", [], more=False)
    assert finding.step(1) is None
    assert finding.told == "2 of 2: x"
