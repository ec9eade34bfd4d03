"""A WebSocket by hand, for what no library would send: frames of a client, and of a server."""

from __future__ import annotations

import json
from typing import Any

from tests.bare import Bare

TEXT, MORE, BINARY, LAST = (
    0x81,
    0x01,
    0x82,
    0x80,
)  # the first byte of a frame; MORE begins a message, LAST ends one
CLOSE, PING, PONG = 0x88, 0x89, 0x8A
BETWEEN = 0x00  # of a fragment between two others

HANDSHAKE = (
    b"GET /ws HTTP/1.1\r\nHost: localhost:5050\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


def frame(data: bytes, first: int = TEXT, mask: bytes = b"\x01\x7f\x80\x0a") -> bytes:
    """As a client sends it."""
    size = len(data)
    if size < 126:
        head = bytes((first, 0x80 | size))
    elif size < 1 << 16:
        head = bytes((first, 0x80 | 126)) + size.to_bytes(2)
    else:
        head = bytes((first, 0x80 | 127)) + size.to_bytes(8)
    return head + mask + bytes(one ^ mask[place % 4] for place, one in enumerate(data))


def unframed(data: bytes) -> tuple[list[tuple[int, bytes]], bytes]:
    """The frames of a server, each as its first byte and its data; and what is no whole frame."""
    found = []
    while len(data) >= 2:
        size, start = data[1], 2
        if size >= 126:
            start = 4 if size == 126 else 10
            if len(data) < start:
                break
            size = int.from_bytes(data[2:start])
        if len(data) < start + size:
            break
        found.append((data[0], data[start : start + size]))
        data = data[start + size :]
    return found, data


class Framed(Bare):
    """A connection that has become a WebSocket."""

    def __init__(self, address: tuple[str, int], name: str = "", handshake: bytes = HANDSHAKE) -> None:
        """With a name it says hello, and is welcome."""
        super().__init__(address, handshake)
        assert self.until(b"\r\n\r\n").startswith(b"HTTP/1.1 101 ")
        self._frames: list[tuple[int, bytes]] = []
        if name:
            self.say(type="hello", protocol=1, name=name)
            self.event("welcome")

    def say(self, **command: Any) -> None:
        """A command, in a frame of its own."""
        self.send(frame(json.dumps(command).encode()))

    def next(self) -> tuple[int, bytes]:
        """The next frame. Raises EOFError at the end of the connection."""
        while not self._frames:
            self._frames, self.received = unframed(self.received)
            if not self._frames:
                self._more()
        return self._frames.pop(0)

    def event(self, kind: str) -> dict[str, Any]:
        """The next event of a kind; those before it are passed over."""
        while True:
            first, data = self.next()
            assert first == TEXT, (first, data)
            for event in map(json.loads, data.splitlines()):
                if event["type"] == kind:
                    return event

    def end(self) -> tuple[int, list[tuple[int, bytes]]]:
        """The code with which the server ends it, 0 without one, and what comes before that."""
        frames = []
        try:
            while True:
                first, data = self.next()
                if first == CLOSE:
                    assert self.to_the_end() == b""
                    return int.from_bytes(data[:2]), frames
                frames.append((first, data))
        except EOFError:
            return 0, frames
