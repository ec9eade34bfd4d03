"""Many clients in one thread, for tests: connect them, send at once, wait until each has what it is to get."""

from __future__ import annotations

import json
import resource
import selectors
import socket
import time
from collections.abc import Callable, Iterable
from contextlib import contextmanager
from typing import Any

DEADLINE = 30.0  # seconds that one wait of the whole swarm may take


class Member:
    """One client of a swarm: its number, its socket and all events that it got."""

    def __init__(self, number: int, address: tuple[str, int]) -> None:
        self.number = number
        self.socket = socket.create_connection(address, timeout=DEADLINE)
        self.events: list[dict[str, Any]] = []
        self._rest = b""

    def send(self, type: str, **fields: object) -> None:
        """A command; small, so the system takes it at once."""
        try:
            self.socket.sendall(json.dumps({"type": type, **fields}).encode() + b"\n")
        except BrokenPipeError:
            while True:  # up to the end, with the reason before it
                self.receive()

    def receive(self) -> None:
        """What has come since the last time."""
        data = self.socket.recv(256 * 1024)
        assert data, f"the server ended the connection of member {self.number}, which got {self.events[-3:]}"
        *lines, self._rest = (self._rest + data).split(b"\n")
        self.events += map(json.loads, lines)

    def got(self, type: str) -> list[dict[str, Any]]:
        """The events of a type."""
        return [event for event in self.events if event["type"] == type]


class Swarm:
    """Clients ``0`` to ``count - 1``. One thread."""

    def __init__(self, address: tuple[str, int], count: int) -> None:
        self.members: list[Member] = []
        self._selector = selectors.DefaultSelector()
        try:
            for number in range(count):
                member = Member(number, address)
                self.members.append(member)
                self._selector.register(member.socket, selectors.EVENT_READ, member)
        except BaseException:
            self.close()
            raise

    def wait(self, done: Callable[[Member], bool]) -> None:
        """Receive until ``done`` holds for every member."""
        give_up = time.monotonic() + DEADLINE
        waiting = {member for member in self.members if not done(member)}
        while waiting:
            assert time.monotonic() < give_up, f"{len(waiting)} members still wait, one got {waiting.pop().events}"
            for key, _ in self._selector.select(1.0):
                key.data.receive()
                if key.data in waiting and done(key.data):
                    waiting.discard(key.data)

    def close(self) -> None:
        """Hang up."""
        self._selector.close()
        for member in self.members:
            member.socket.close()

    def __enter__(self) -> Swarm:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@contextmanager
def file_descriptors(count: int) -> Iterable[None]:
    """Allow this process that many, if the system does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = max(soft, count)
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
