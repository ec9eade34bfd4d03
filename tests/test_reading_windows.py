"""What is new in windows, by how far a person has read on whatever device."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from roomchat.client.client import Client
from roomchat.protocol import Joined, Message, Person, Ping, ReadMarker
from roomchat.server import Server
from roomchat.terminal.windows.kept_windows import KeptWindows
from tests.peer import Peer
from tests.test_kept_windows import Start, counts, said
from tests.test_session import welcome
from tests.windows import BOB, WHISPERS, Desk


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Start]]:
    """Start the program again and again."""
    with ExitStack() as stack:

        def begin() -> Start:
            one = Start(tmp_path)
            stack.callback(one.quit)
            return one

        yield begin


def joined(room: str, last_seq: int, read: int | None, *, asked: bool = False) -> Joined:
    people = [Person(1, "ann"), Person(2, "bob")]
    return Joined(
        room=room, members=people, members_total=2, last_seq=last_seq, read=read, re=1 if asked else None
    )  # fmt: skip


def new_line(desk: Desk) -> tuple[str, str] | None:
    """The line that says what is new, and the row behind it."""
    rows = desk.look()
    place = next((number for number, row in enumerate(rows) if row.startswith("--- new")), None)
    return None if place is None else (rows[place], rows[place + 1])


def come_back(desk: Desk, read: int | None, **rooms: list[str]) -> None:
    """Into rooms on a device that has nothing of them: what was said there comes, some of it read."""
    for room, texts in rooms.items():
        desk.windows.take(joined(room, len(texts), read, asked=True))
    for room, texts in rooms.items():
        for seq, text in enumerate(texts, start=1):
            desk.windows.take(Message(room, seq, BOB, "bob", f"2026-01-01T12:0{seq}:00.000Z", text))


def test_a_new_device_knows_what_is_new() -> None:
    """The line stands where reading stopped elsewhere, and what is behind it is counted in each window."""
    desk = Desk()
    come_back(desk, 2, ops=["1 for ann", "2", "3 for ann", "4"], tea=["1", "2 for ann", "3", "4"])
    told, behind = new_line(desk) or ("", "")
    assert re.fullmatch(r"--- new since [A-Z][a-z][a-z] \d\d:02 ---", told)
    assert behind.endswith("3")
    assert (desk.of("ops").unread, desk.of("ops").mentions) == (2, 1)
    desk.turn_to("ops")
    assert (new_line(desk) or "")[1].endswith("3 for ann")


def test_all_is_new_where_nothing_was_read() -> None:
    """To an account that came when the room was empty."""
    desk = Desk()
    come_back(desk, 0, ops=["1", "2", "3 for ann"], tea=[])
    assert (desk.of("ops").unread, desk.of("ops").mentions) == (3, 1)


@pytest.mark.parametrize("read", [None, 3])
def test_nothing_is_new_where_all_was_read_or_nobody_was_yet(read: int | None) -> None:
    desk = Desk()
    come_back(desk, read, ops=["1", "2", "3 for ann"], tea=["1", "2", "3"])
    assert new_line(desk) is None
    assert (desk.of("ops").unread, desk.of("ops").mentions) == (0, 0)


def test_what_is_read_on_another_device_is_not_new_here() -> None:
    """Only what came behind it still is."""
    desk = Desk()
    come_back(desk, 0, ops=[], tea=[])
    for text in ("1 for ann", "2", "3 for ann", "4"):
        desk.say("ops", text)
    assert (desk.of("ops").unread, desk.of("ops").mentions) == (4, 2)
    desk.windows.take(ReadMarker(room="ops", read=2))
    assert (desk.of("ops").unread, desk.of("ops").mentions) == (2, 1)
    desk.windows.take(ReadMarker(room="ops", read=1))
    assert (desk.of("ops").unread, desk.of("ops").mentions) == (2, 1)
    desk.turn_to("ops")
    assert (new_line(desk) or "")[1].endswith("3 for ann")
    desk.windows.take(ReadMarker(room="elsewhere", read=2))


def test_whispers_that_were_read_elsewhere_open_no_window() -> None:
    """The next one does, and it alone is new."""
    desk = Desk()
    desk.windows.take(joined(WHISPERS, 2, 2))
    for seq, text in enumerate(("1", "2"), start=1):
        desk.windows.take(Message(WHISPERS, seq, BOB, "bob", "2026-01-01T12:00:00.000Z", text))
    assert desk.windows.of(WHISPERS) is None
    desk.windows.take(Message(WHISPERS, 3, BOB, "bob", "2026-01-01T12:00:00.000Z", "3"))
    assert (desk.of(WHISPERS).unread, desk.of(WHISPERS).mentions) == (1, 1)


def test_what_was_kept_here_gives_way_to_what_was_read_elsewhere(start: Callable[..., Start]) -> None:
    """The line moves down; it goes when nothing is new. It never moves up."""
    one = start()
    one.take(welcome(), joined("tea", 0, 0), joined("ops", 0, 0), *(said("tea", seq) for seq in (1, 2)))
    one.take(*(said("ops", seq, "for ann") for seq in (1, 2, 3)))
    assert (one.windows.current.room, counts(one.of("ops"))) == ("tea", (3, 3))
    one.windows.snapshot()()
    one.kill()
    two = start()
    assert counts(two.of("ops")) == (3, 3)
    two.take(welcome(), joined("tea", 6, 4), joined("ops", 3, 2), *(said("tea", seq) for seq in (3, 4, 5, 6)))
    assert (two.of("tea").mark, counts(two.of("tea")), counts(two.of("ops"))) == (4, (0, 0), (1, 1))
    two.windows.snapshot()()
    two.kill()
    three = start()
    three.take(welcome(), joined("tea", 7, 7), joined("ops", 4, 1), said("tea", 7), said("ops", 4))
    assert (three.of("tea").mark, counts(three.of("ops"))) == (0, (2, 1))


def test_the_server_learns_what_is_seen(serve: Callable[..., Server], tmp_path: Path) -> None:
    """Of the window that is looked at, at its end; of the others what was seen there last; and when one leaves."""
    server = serve()
    windows = KeptWindows(clock="%H:%M", is_begun=lambda: False, ask=lambda request: None)
    address = f"127.0.0.1:{server.address[1]}"
    client = Client(address, "ann", on_event=windows.take, state=tmp_path, keep_rooms=True)
    windows.meet(client)
    windows.told()()  # it is not open yet: that is no fault
    with client, Peer(server.address) as bob:
        bob.hello("bob")
        for room in ("tea", "ops"):
            client.join(room)
            bob.join(room)
        for room in ("tea", "ops", "ops"):
            bob.send("say", text="hi", room=room)
            bob.until("message")
        client.say("seen", "ops")
        client.flush(20)
        client.request(Ping())  # behind it all that came is shown
        windows.told()()
        client.join("den")  # behind it all is told
        assert client.reads == {"ops": 3}
        bob.send("say", text="more", room="ops")
        bob.until("message", text="more")
        client.join("den")
        windows.part()
        client.join("den")
        assert client.reads == {"ops": 3}, "den is looked at"
        windows.visit(windows.of("ops") or windows.current)
        client.join("ops")
        windows.told()()
        client.join("ops")
        assert client.reads == {"ops": 4}
