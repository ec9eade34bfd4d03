"""A clock that is wrong: what it may do to the log, and what it may not."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from roomchat.server import Server
from roomchat.settings import Settings
from tests.conftest import QUIET
from tests.peer import Peer

Connect = Callable[..., Peer]
DAY = 86_400.0  # seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Set how far the machine's clock is off, in seconds."""
    real, off = time.time, [0.0]
    monkeypatch.setattr("roomchat.clock.time.time", lambda: real() + off[0])

    def shift(seconds: float) -> None:
        off[0] = seconds

    return shift


def run(path: Path, **settings: Any) -> Server:
    """A server on that log, to be entered."""
    return Server(Settings(**QUIET | {"db": str(path)} | settings))


def say(peer: Peer, *texts: str) -> list[str]:
    """Say something; the times that it got."""
    times = []
    for text in texts:
        peer.send("say", text=text)
        times.append(peer.until("message")["ts"])
    return times


def kept(path: Path) -> list[Any]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT last_seq, time FROM segments ORDER BY id").fetchall()


def test_times_in_the_log_never_go_back(tmp_path: Path, connect: Connect, clock: Callable[[float], None]) -> None:
    """Neither under a running server nor over a restart: what was said later has a time that is not earlier."""
    path = tmp_path / "chat.db"
    times: list[str] = []
    for offsets in ((0, -400 * DAY), (-2 * DAY, 60), (-DAY, 0)):
        with run(path) as server:
            ann = connect(server, f"ann-{offsets[0]}")
            ann.join("tea", history=0)
            for offset in offsets:
                clock(offset)
                times += say(ann, "hi")
    assert times == sorted(times)
    assert [moment for _, moment in kept(path)] == sorted(moment for _, moment in kept(path))


def test_a_clock_that_is_ahead_once_does_not_delete_the_log(
    tmp_path: Path,
    connect: Connect,
    clock: Callable[[float], None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A start with the clock a month ahead removes nothing of a log that is kept for thirty days."""
    path = tmp_path / "chat.db"
    with run(path, keep_days=30) as server:
        ann = connect(server, "ann")
        ann.join("tea")
        say(ann, "one", "two", "three")
    before = kept(path)
    clock(31 * DAY)
    for name in ("bob", "cid"):
        with run(path, keep_days=30) as server:
            connect(server, name).sync()
        assert kept(path) == before
    assert not [message for message in caplog.messages if message.startswith("removed")]


def test_a_jump_takes_a_day_more_at_the_most_and_it_is_told(
    tmp_path: Path,
    connect: Connect,
    clock: Callable[[float], None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Of messages of every day, those go that were due within a day of the newest one."""
    path = tmp_path / "chat.db"
    with run(path) as server:
        ann = connect(server, "ann")
        ann.join("tea")
        say(ann, *map(str, range(10)))
    with closing(sqlite3.connect(path)) as connection, connection:
        newest = int(time.time() * 1000)
        connection.execute("UPDATE segments SET time = ? - (10 - last_seq) * 86400000", (newest,))
    clock(500 * DAY)
    with run(path, keep_days=5.5) as server:
        connect(server, "bob").sync()
    assert [seq for seq, _ in kept(path)] == [6, 7, 8, 9, 10]  # 5 was kept for 5 days, and a day is allowed
    assert [message for message in caplog.messages if message.startswith("removed 5 pieces")]
