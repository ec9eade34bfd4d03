"""The native lines over a WebSocket, on the one port."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosedOK
from websockets.sync.client import ClientConnection, connect

from roomchat.server import Server

Serve = Callable[..., Server]


@contextmanager
def opened(server: Server, name: str) -> Iterator[ClientConnection]:
    """A connection of somebody who is welcomed."""
    host, port = server.address
    with connect(f"ws://{host}:{port}/ws") as one:
        one.send(json.dumps({"type": "hello", "protocol": 1, "name": name}))
        assert told(one)[0]["type"] == "welcome"
        yield one


def told(one: ClientConnection) -> list[dict[str, Any]]:
    """The events of the next frame."""
    return [json.loads(line) for line in str(one.recv(20)).splitlines()]


def test_a_foreign_client_chats(serve: Serve) -> None:
    """It sends lines, several to a frame perhaps, is answered, pinged back, and told the end."""
    with opened(serve(), "kim") as one:
        one.send('{"type":"join","room":"tea"}\n{"type":"say","room":"tea","text":"hi"}')
        assert told(one)[0]["type"] == "joined"
        assert told(one)[0]["text"] == "hi"
        assert one.ping().wait(20)
        one.send('{"type":"bye"}')
        assert told(one)[0]["type"] == "bye"
        with pytest.raises(ConnectionClosedOK):
            one.recv(20)
