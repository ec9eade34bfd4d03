"""What the I/O thread does with an outbox when its peer takes nothing."""

from __future__ import annotations

import socket
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from roomchat.chat.inputs import Connected, Introduction, Refresh
from roomchat.net.connection import NEW, OPEN
from roomchat.net.inbox import Inbox
from roomchat.net.loop import Loop
from roomchat.net.newcomers import MAX_WHILE_BUSY
from roomchat.net.outbox import Packet, PageRequest
from roomchat.net.reactor import READ
from roomchat.net.readers import Readers
from roomchat.net.routes import Routes
from roomchat.settings import Settings
from roomchat.store.reader import SqliteReader
from roomchat.wires.table import Dialects
from tests.inside import no_passwords, no_site


def readers_of(folder: Path) -> Readers:
    return Readers(partial(SqliteReader, folder / "log.db"))


def loop_of(settings: Settings, inbox: Inbox[Any], readers: Readers) -> Loop:
    return Loop(
        settings, inbox, readers, Dialects(settings, lambda: "now"), Routes(), no_passwords(settings), no_site()
    )


def test_a_loop_that_stops_leaves_any_number_of_pages_unread(tmp_path: Path) -> None:
    """However many were asked for: what stands behind them is still sent."""
    readers = readers_of(tmp_path)
    settings = Settings()
    dialects = Dialects(settings, lambda: "now")
    loop = Loop(settings, Inbox(100), readers, dialects, Routes(), no_passwords(settings), no_site())
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    loop.newcomers.begin(1, ours, "here")
    (connection,) = loop.connections
    connection.wire = dialects.make("plain")
    for _ in range(2000):
        connection.outbox.put(PageRequest("tea", "tea", 1, None, 50, None))
    connection.outbox.put(Packet(b"The server is stopping."))
    loop._stop(5.0)
    loop.output.flush(connection)
    loop._reactor.run_due()
    assert theirs.recv(100) == b"The server is stopping."
    assert readers._jobs.empty()
    loop.close()
    theirs.close()


def test_a_range_that_is_done_is_passed_over_and_not_read(tmp_path: Path) -> None:
    """When only state events were folded there is nothing to read: the hub is asked who is there now."""
    readers = readers_of(tmp_path)
    inbox: Inbox[Any] = Inbox(100)
    settings = Settings(outbox_limit=1000)
    loop = loop_of(settings, inbox, readers)
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    loop.newcomers.begin(1, ours, "here")
    (connection,) = loop.connections
    connection.blocked = True
    for _ in range(200):
        connection.outbox.put(Packet(b"x" * 50, "tea"))
    loop.output.flush(connection)
    assert readers._jobs.empty()
    assert connection.outbox
    connection.blocked = False
    loop.output.flush(connection)
    assert readers._jobs.empty()
    assert not connection.outbox
    assert [command for _, command in loop.connections._to_hub if isinstance(command, Refresh)] == [Refresh("tea")]
    loop.close()
    theirs.close()


def test_newcomers_come_few_at_a_time_while_the_hub_is_behind(tmp_path: Path) -> None:
    """Else what the people inside say would wait for all of them. The end closes also who still waited."""
    inbox: Inbox[Any] = Inbox(100)
    settings = Settings()
    loop = loop_of(settings, inbox, readers_of(tmp_path))
    pairs = [socket.socketpair() for _ in range(10)]
    for number, (ours, _) in enumerate(pairs[:-1]):
        loop.newcomers.add(number, ours, "here")
    inbox.put([object()])
    loop.newcomers.serve()
    assert len(loop.connections) <= MAX_WHILE_BUSY
    inbox.take(0)
    while len(loop.connections) < 9:
        loop.newcomers.serve()
    loop.add(10, pairs[-1][0], "here")  # and the thread has ended: nobody takes it
    loop.close()
    assert [ours.fileno() for ours, _ in pairs] == [-1] * 10
    for _, theirs in pairs:
        theirs.close()


def test_who_is_not_known_yet_is_read_in_its_turn(tmp_path: Path) -> None:
    """Its first bytes are not waited for twice, and nothing of them is missed."""
    inbox: Inbox[Any] = Inbox(100)
    settings = Settings()
    loop = loop_of(settings, inbox, readers_of(tmp_path))
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with theirs:
        loop.newcomers.begin(1, ours, "here")
        (connection,) = loop.connections
        theirs.send(b'{"type":"hello","protocol":1,"name":"ann"}\n')
        loop.newcomers.let_wait(connection)
        assert not connection.events
        loop.newcomers.serve()
        assert connection.events == READ
        assert [type(command) for _, command in loop.connections._to_hub] == [Connected, Introduction]
        loop.close()


def test_what_comes_when_a_pause_ends_is_not_lost(tmp_path: Path) -> None:
    """A person types slowly: the pause shows what they speak while what they typed next waits for its turn."""
    inbox: Inbox[Any] = Inbox(100)
    settings = Settings()
    loop = loop_of(settings, inbox, readers_of(tmp_path))
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with theirs:
        loop.newcomers.begin(1, ours, "here")
        (connection,) = loop.connections
        theirs.send(b"an")
        loop.newcomers.let_wait(connection)
        loop.newcomers.serve()
        theirs.send(b"na\n")
        loop.newcomers.let_wait(connection)
        loop.newcomers.paused(connection)
        loop.newcomers.serve()
        hellos = [command for _, command in loop.connections._to_hub if isinstance(command, Introduction)]
        assert [one.hello.name for one in hellos] == ["anna"]
        assert connection.events == READ
        loop.close()


def test_nobody_is_greeted_whose_first_word_waits_for_us(tmp_path: Path) -> None:
    """The server is behind: that is no pause of the peer, which may speak TLS and could not read a greeting."""
    inbox: Inbox[Any] = Inbox(100)
    loop = loop_of(Settings(), inbox, readers_of(tmp_path))
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with theirs:
        loop.newcomers.begin(1, ours, "here")
        (connection,) = loop.connections
        theirs.send(b'{"type":"hello","protocol":1,"name":"ann"}\n')
        loop.newcomers.let_wait(connection)
        loop.newcomers.paused(connection)
        assert (connection.phase, connection.introduced) == (NEW, False)
        loop.newcomers.serve()
        assert connection.phase is OPEN
        theirs.setblocking(False)
        with pytest.raises(BlockingIOError):
            theirs.recv(100)
        loop.close()


def test_sessions_that_are_over_leave_no_timers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many end in a minute. Who does not take what was sent to it is closed when its time is over."""
    monkeypatch.setattr("roomchat.net.connections.CLOSE_TIMEOUT", 0.0)
    settings = Settings()
    inbox: Inbox[Any] = Inbox(100)
    loop = loop_of(settings, inbox, readers_of(tmp_path))
    pairs = [socket.socketpair() for _ in range(20)]
    for number, (ours, theirs) in enumerate(pairs):
        ours.setblocking(False)
        loop.newcomers.begin(number, ours, "here")
        (connection,) = loop.connections
        before = len(loop._reactor._timers)
        loop.connections.let_leave(connection)
        if number < len(pairs) - 1:
            loop.connections.close(connection)
            assert not loop.connections._leaving
            assert len(loop._reactor._timers) <= before + (number == 0)
        theirs.close()
    loop.connections._close_leaving()
    assert not loop.connections
    loop.connections.let_leave(connection)
    assert not loop.connections._leaving
    loop.close()
