"""A client for tests: a blocking socket, one JSON object a line, a deadline on every wait."""

from __future__ import annotations

import itertools
import json
import socket
import ssl
import struct
import time
from collections import deque
from typing import Any

from roomchat.wires.plain_text import GREETING

DEADLINE = 20.0  # seconds; far above what anything takes, even on a loaded machine

GREETED, PROMPT = GREETING.encode().split(b"\n")

Event = dict[str, Any]


class Peer:
    """One connection to a server. Not thread-safe: one thread at a time."""

    def __init__(
        self,
        address: tuple[str, int],
        *,
        receive_buffer: int | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Connect. A small ``receive_buffer`` (bytes) makes a peer that does not read felt soon."""
        self.socket = socket.socket()
        if receive_buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(DEADLINE)
        try:
            self.socket.connect(address)
            if tls is not None:
                self.socket = tls.wrap_socket(self.socket)
        except OSError:
            self.socket.close()
            raise
        self.uid = 0  # from the welcome
        self.token = ""  # likewise
        self._lines: deque[bytes] = deque()  # received, not looked at yet
        self._rest = b""  # of a line whose end is still to come
        self._ids = itertools.count(1)

    @classmethod
    def at(cls, address: str) -> Peer:
        """Connect to HOST:PORT."""
        host, _, port = address.rpartition(":")
        return cls((host, int(port)))

    # ------------------------------------------------------------ sending

    def send(self, type: str, **fields: object) -> None:
        """A command."""
        self.send_bytes(json.dumps({"type": type, **fields}).encode() + b"\n")

    def send_bytes(self, data: bytes) -> None:
        """Whatever it is."""
        self.socket.sendall(data)

    # ------------------------------------------------------------ receiving

    def next(self) -> Event:
        """The next event. Raises EOFError when the server has ended the connection."""
        return json.loads(self._line())

    def expect(self, type: str, **fields: object) -> Event:
        """The next event, which must be of this type and have these fields."""
        event = self.next()
        assert _is(event, type, fields), f"expected {type} {fields}, got {event}"
        return event

    def until(self, type: str, **fields: object) -> Event:
        """The next event of this type with these fields; all before it are dropped."""
        return self.collect(type, **fields)[-1]

    def collect(self, type: str, **fields: object) -> list[Event]:
        """All events up to the next one of this type with these fields, and that."""
        events = [self.next()]
        while not _is(events[-1], type, fields):
            events.append(self.next())
        return events

    def messages(self, count: int) -> list[Event]:
        """The next ``count`` messages; other events are dropped."""
        return [self.until("message") for _ in range(count)]

    def ended(self) -> list[Event]:
        """All events up to the end of the connection, by the server."""
        events = []
        while True:
            try:
                events.append(self.next())
            except EOFError:
                return events

    # ------------------------------------------------------------ what most tests do

    def hello(self, name: str, **fields: object) -> Event:
        """Say hello as someone new; return the welcome."""
        return self._welcomed(name=name, **fields)

    def resume(self, token: str, **fields: object) -> Event:
        """Say hello with the token of a session; return the welcome."""
        return self._welcomed(token=token, **fields)

    def join(self, room: str, **fields: object) -> Event:
        """Join a room; return the ``joined``. What is sent before it is dropped."""
        self.send("join", room=room, **fields)
        return self.until("joined")

    def sync(self) -> list[Event]:
        """Wait until all that was sent before is handled; return the events that came until then."""
        id = f"sync-{next(self._ids)}"
        self.send("ping", id=id)
        return self.collect("pong", re=id)[:-1]

    # ------------------------------------------------------------ ending

    def half_close(self) -> None:
        """Send no more; still receive."""
        self.socket.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """End it the hard way: the server gets a reset."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def close(self) -> None:
        """End it; a second time does no harm."""
        self.socket.close()

    def __enter__(self) -> Peer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _welcomed(self, **fields: object) -> Event:
        self.send("hello", protocol=1, **fields)
        welcome = self.expect("welcome")
        self.uid, self.token = welcome["uid"], welcome["token"]
        return welcome

    def _line(self) -> bytes:
        """The next line; not what greets a person, which comes first when our hello was long on its way."""
        give_up = time.monotonic() + DEADLINE
        while not self._lines:
            self.socket.settimeout(max(0.001, give_up - time.monotonic()))
            data = self.socket.recv(256 * 1024)
            if not data:
                assert not self._rest, f"the last line has no end: {self._rest[:200]!r}"
                raise EOFError
            *lines, self._rest = (self._rest + data).split(b"\n")
            self._lines.extend(lines)
        line = self._lines.popleft()
        return self._line() if line == GREETED else line.removeprefix(PROMPT)


def _is(event: Event, type: str, fields: dict[str, object]) -> bool:
    return event["type"] == type and all(event.get(key) == value for key, value in fields.items())
