"""Windows over what is kept, fed with events: what is put back, counted, fetched; crashes and lost logs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from roomchat.client.client import Client
from roomchat.errors import UnknownToken
from roomchat.protocol import Entry, Error, HistoryPage, Joined, Left, Message, Person, Welcome
from roomchat.terminal.typed.input import Input
from roomchat.terminal.windows.kept_windows import KeptWindows
from roomchat.terminal.windows.window import Window
from tests.test_session import welcome

ADDRESS = "localhost:9"  # nobody is asked there


class Start:
    """One start of the program: ann's client, whose session is fed as her connection would, and her windows."""

    def __init__(self, folder: Path, **options: bool) -> None:
        is_fresh = options.get("is_fresh", False)
        self.asked: list[Input] = []
        self.client = Client(ADDRESS, "ann", state=folder, keep_rooms=True, resume=not is_fresh)
        self.windows = KeptWindows(clock="%H:%M", is_begun=lambda: False, ask=self.asked.append)
        self.windows.meet(self.client, is_fresh=is_fresh)

    def take(self, *events: Welcome | Joined | Message | Left | HistoryPage) -> None:
        """What comes from the server is kept, as far as the display says."""
        for event in events:
            for shown in self.client._session.receive(event).show:
                assert self.client._state is not None
                self.client._state.save(self.client._session)
                if self.windows.take(shown) and isinstance(shown, Message):  # type: ignore[arg-type]
                    self.client._state.reached(shown.room, shown.seq)

    def kill(self) -> None:
        """Nothing more is kept of it."""
        assert self.client._state is not None
        assert self.windows._keeper is not None
        self.windows._keeper.kept.close()
        self.client._state.close()

    def quit(self) -> None:
        """As it should be."""
        self.windows.part()
        assert self.client._state is not None
        self.client._state.close()

    def of(self, room: str) -> Window:
        window = self.windows.of(room)
        assert window is not None
        return window


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Start]]:
    """Start it again and again."""
    with ExitStack() as stack:

        def begin(**options: bool) -> Start:
            one = Start(tmp_path, **options)
            stack.callback(one.quit)
            return one

        yield begin


def joined(room: str, last_seq: int = 0) -> Joined:
    return Joined(room=room, members=[Person(1, "ann"), Person(2, "bob")], members_total=2, last_seq=last_seq)


def said(room: str, seq: int, text: str = "hello", uid: int = 2) -> Message:
    ts = f"2026-01-01T00:{seq // 60 % 60:02}:{seq % 60:02}.000Z"
    return Message(room, seq, uid, "ann" if uid == 1 else "bob", ts, text)


def seqs(window: Window) -> list[int]:
    return [one.seq for one in window.live.entries()]


def counts(window: Window) -> tuple[int, int]:
    return window.unread, window.mentions


def test_after_a_kill_in_its_first_moment_one_is_in_the_room_still(start: Callable[..., Start]) -> None:
    """Also while the server is away: else what is typed then would belong nowhere."""
    one = start()
    one.take(welcome(), joined("tea"), said("tea", 1))
    one.kill()
    two = start()
    assert two.windows.current.room == "tea"
    assert seqs(two.windows.current) == [1]


def test_windows_are_as_they_were(start: Callable[..., Start]) -> None:
    """Their numbers, which is looked at, what is read and what is not, and what was begun."""
    one = start()
    one.take(welcome(), joined("tea"), joined("ops"), joined("tart"), said("tea", 1), said("ops", 1, "ann!"))
    one.take(joined("@1-2"), said("@1-2", 1, "psst"), Left(room="ops"))
    one.of("tart").draft = "half"
    assert (one.windows.current.room, counts(one.of("tart"))) == ("tea", (0, 0))
    one.take(said("tart", 1, "ann?"), said("tart", 2))
    one.quit()
    two = start()
    assert [(window.number, window.room) for window in two.windows.all()] == [
        (0, None), (1, "tea"), (3, "tart"), (4, "@1-2"),
    ]  # fmt: skip
    assert two.windows.current.room == "tea"
    assert (two.of("tart").draft, counts(two.of("tart")), seqs(two.of("tart"))) == ("half", (2, 1), [1, 2])
    assert counts(two.of("@1-2")) == (1, 1)
    assert {entry.text for entry in two.windows.wanting} == {"ann?", "psst"}


def test_what_came_while_away_is_new(start: Callable[..., Start]) -> None:
    """In a window that was read to its end, and in one in which nothing had ever been said."""
    one = start()
    one.take(welcome(), joined("tea"), joined("ops"), joined("tart"), said("ops", 1, uid=1))
    one.quit()
    two = start()
    two.take(welcome(), joined("tea", 2), joined("ops", 3), joined("tart", 2))
    two.take(said("tea", 1), said("tea", 2), said("ops", 2), said("ops", 3, "ann: hello"), said("tart", 2))
    assert (counts(two.of("ops")), counts(two.of("tart"))) == ((2, 1), (1, 0))
    assert counts(two.of("tea")) == (0, 0), "one looks there"
    assert two.of("ops").read == 1


def test_after_a_kill_nothing_is_counted_twice_or_forgotten(start: Callable[..., Start]) -> None:
    """What came since the windows were kept is in the file; and the last entry may come again."""
    one = start()
    one.take(welcome(), joined("tea"), joined("ops"), said("ops", 1))
    one.windows.snapshot()()
    one.take(said("ops", 2, "ann: one"))
    cursor = dict(one.client.cursors)
    assert one.windows._keeper is not None
    one.windows._keeper.add(said("ops", 3), wants=False)  # and killed before the session had it
    one.kill()
    two = start()
    assert two.client.cursors == cursor
    assert (seqs(two.of("ops")), counts(two.of("ops"))) == ([1, 2, 3], (3, 1))
    two.take(welcome(), joined("tea"), joined("ops", 3), said("ops", 3), said("ops", 4))
    assert (seqs(two.of("ops")), counts(two.of("ops"))) == ([1, 2, 3, 4], (4, 1))


def test_what_comes_behind_the_end_comes_again(start: Callable[..., Start]) -> None:
    """It is not kept any more, so the session may not say that it was read."""
    one = start()
    one.take(welcome(), joined("tea"), said("tea", 1))
    one.windows.part()
    one.take(said("tea", 2))
    assert one.client._state is not None
    one.client._state.close()
    two = start()
    assert two.client.cursors == {"tea": 1}
    assert seqs(two.of("tea")) == [1]


def test_older_pages_are_kept_ones_first(start: Callable[..., Start]) -> None:
    """The server is asked for what is older than these, and not while it is away."""
    one = start()
    one.take(welcome(), joined("tea"), *(said("tea", seq) for seq in range(51, 351)))
    one.quit()
    two = start()
    tea = two.of("tea")
    assert seqs(tea) == [*range(291, 351)]
    two.windows.fetch_older(tea)
    assert seqs(tea) == [*range(191, 351)]
    two.windows.go_to(tea, 60)
    assert seqs(tea) == [*range(51, 351)]
    two.windows.fetch_older(tea)
    assert two.asked == []
    two.take(welcome(), joined("tea", 350))
    two.windows.fetch_older(tea)
    assert len(two.asked) == 1


def test_a_log_that_lost_its_end_is_shown_without_it(start: Callable[..., Start]) -> None:
    """What is said then has the same numbers, and is new."""
    one = start()
    one.take(welcome(), joined("tea"), joined("ops"), *(said("ops", seq, "lost?") for seq in range(1, 9)))
    one.quit()
    two = start()
    two.take(welcome(), joined("tea"), joined("ops", 5), said("ops", 6, "again"))
    assert seqs(two.of("ops")) == [1, 2, 3, 4, 5, 6]
    last = [*two.of("ops").live.entries()][-1]
    assert isinstance(last, Message)
    assert last.text == "again"
    assert two.of("ops").unread == 1


@pytest.mark.parametrize("change", [{"epoch": "another"}, {"uid": 9}])
def test_another_log_or_another_uid_begins_anew(start: Callable[..., Start], change: dict[str, object]) -> None:
    """Windows of rooms stay, with what was begun in them; whispers were with others."""
    one = start()
    one.take(welcome(), joined("tea"), said("tea", 1), said("@1-2", 1))
    one.of("tea").draft = "half"
    one.quit()
    two = start()
    two.client._session.receive(Error(code=UnknownToken.code, message="This server has no such session."))
    two.take(replace(welcome(), **change))
    assert two.windows.of("@1-2") is None
    assert (two.of("tea").draft, seqs(two.of("tea")), two.of("tea").read) == ("half", [], 0)
    two.take(joined("tea", 1), said("tea", 1, "new"))
    assert seqs(two.of("tea")) == [1]


def test_what_was_read_without_this_file_leaves_no_hole(start: Callable[..., Start], tmp_path: Path) -> None:
    """In a program with the same session: what was kept before is forgotten, and asked for when one scrolls."""
    one = start()
    one.take(welcome(), joined("tea"), joined("ops"), said("tea", 1), said("ops", 1))
    one.quit()
    program = Client(ADDRESS, "ann", state=tmp_path, keep_rooms=True)
    assert program._state is not None
    program._state.reached("tea", 7)
    program._state.close()
    two = start()
    assert (seqs(two.of("tea")), seqs(two.of("ops"))) == ([], [1])
    two.take(welcome(), joined("tea", 8), joined("ops", 1), said("tea", 8))
    assert seqs(two.of("tea")) == [8]


def test_a_room_that_one_comes_back_to_begins_anew(start: Callable[..., Start]) -> None:
    """What is between is not there."""
    one = start()
    one.take(welcome(), joined("tea"), said("tea", 1), Left(room="tea"), joined("tea", 90), said("tea", 90))
    assert seqs(one.of("tea")) == [90]
    one.windows.fetch_older(one.of("tea"))
    assert seqs(one.of("tea")) == [90]
    assert len(one.asked) == 1


def test_a_full_disk_is_told_once_and_what_comes_is_shown(start: Callable[..., Start]) -> None:
    """Nothing of it is said to be read, so it comes again when there is room for it."""
    one = start()
    one.take(welcome(), joined("tea"), said("tea", 1))
    assert one.windows._keeper is not None
    connection = one.windows._keeper.kept._file._connection
    assert connection is not None
    connection.execute("PRAGMA query_only = 1")
    one.take(said("tea", 2), said("tea", 3))
    assert seqs(one.of("tea")) == [1, 2, 3]
    told = [line.plain for item in one.of("tea").live for line in one.windows.lines_of(item)]
    assert sum("not kept on this machine any more" in text for text in told) == 1
    one.quit()
    two = start()
    assert two.client.cursors == {"tea": 1}


def test_nothing_of_before_is_wanted(start: Callable[..., Start]) -> None:
    """Neither now nor the next time."""
    one = start()
    one.take(welcome(), joined("tea"), said("tea", 1), said("@1-2", 1))
    one.quit()
    for options in ({"is_fresh": True}, {}):
        two = start(**options)
        assert [window.number for window in two.windows.all()] == [0]
        two.take(welcome())
        two.quit()


def test_windows_of_a_name_that_was_refused_are_gone(start: Callable[..., Start], tmp_path: Path) -> None:
    """Another name has other ones."""
    one = start()
    one.take(welcome(), joined("tea"))
    one.quit()
    two = start()
    other = Client(ADDRESS, "cleo", state=tmp_path)
    two.windows.part()
    two.windows.meet(other, is_fresh=False)
    assert [window.number for window in two.windows.all()] == [0]
    two.windows.part()
    for client in (two.client, other):
        assert client._state is not None
        client._state.close()


def test_an_entry_is_kept_with_all_that_it_has(start: Callable[..., Start]) -> None:
    """As it came."""
    one = start()
    entry = said("tea", 1)
    one.take(welcome(), joined("tea"), entry)
    one.quit()
    two = start()
    (kept,) = two.of("tea").live.entries()
    assert isinstance(kept, Entry)
    assert kept == entry


ROOMS = ("tea", "ops")
steps = st.lists(
    st.one_of(
        st.tuples(st.just("say"), st.sampled_from(ROOMS), st.sampled_from([1, 2])),
        st.tuples(st.just("deliver"), st.integers(1, 9)),
        st.tuples(st.just("look"), st.sampled_from(ROOMS)),
        st.tuples(st.sampled_from(["snapshot", "reconnect", "quit", "kill", "killed_between"])),
        st.tuples(st.just("lose_end"), st.sampled_from(ROOMS), st.integers(1, 3)),
    ),
    max_size=60,
)


class Server:
    """What it sends to ann, over connections that end anywhere."""

    def __init__(self) -> None:
        self.logs: dict[str, list[Message]] = {room: [] for room in ROOMS}
        self.wire: list[Joined | Message] = []  # on its way

    def say(self, room: str, uid: int) -> None:
        message = said(room, len(self.logs[room]) + 1, "ann!", uid)
        self.logs[room].append(message)
        self.wire.append(message)

    def connect(self, one: Start) -> None:
        named = one.client._session.hello().rooms or {}
        one.take(welcome())
        self.wire = []
        for room, log in self.logs.items():
            self.wire += [joined(room, len(log)), *(entry for entry in log if entry.seq > named.get(room, 0))]

    def deliver(self, one: Start, count: int) -> None:
        now, self.wire = self.wire[:count], self.wire[count:]
        one.take(*now)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps)
def test_over_all_ends_each_entry_is_there_once_and_counted_once(
    tmp_path_factory: pytest.TempPathFactory, done: list[tuple[str, Any, Any]]
) -> None:  # fmt: skip
    """Whatever is said, read, killed and lost: at last the windows have what the server has, and new in them is
    what others have said behind the place where one has read."""
    folder = tmp_path_factory.mktemp("state")
    one, server = Start(folder), Server()
    server.connect(one)
    server.deliver(one, 99)
    for what, *how in done:
        match what:
            case "say":
                server.say(*how)
            case "deliver":
                server.deliver(one, *how)
            case "look":
                one.windows.look_at(*how)
            case "snapshot":
                one.windows.snapshot()()
            case "lose_end":
                room, count = how
                del server.logs[room][-count:]
                server.connect(one)
            case "reconnect":
                server.connect(one)
            case _:
                if what == "killed_between":
                    server.deliver(one, 99)
                    server.say(ROOMS[1], 2)
                    assert one.windows._keeper is not None  # kept, but the session has not heard of it
                    one.windows._keeper.add(server.logs[ROOMS[1]][-1], wants=True)
                one.quit() if what == "quit" else one.kill()
                one = Start(folder)
                server.connect(one)
    server.deliver(one, 999)
    for room, log in server.logs.items():
        window = one.of(room)
        kept = [entry.seq for entry in one.windows._keeper.kept.before(room, None, 999)]  # type: ignore[union-attr]
        assert seqs(window) == kept == [entry.seq for entry in log]
        new = [entry for entry in log if entry.seq > window.read and entry.uid == 2]
        assert counts(window) == (len(new), len(new))
    assert not one.windows.current.unread
    one.quit()
