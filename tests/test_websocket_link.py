"""The Python client over a WebSocket, as a browser comes: through a proxy that passes on HTTP only."""

from __future__ import annotations

import socket
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import pytest

from roomchat import Client, ConnectError
from roomchat.server import Server
from roomchat.verify.proxy import Proxy, cut_all
from tests.trust import listening

Serve = Callable[..., Server]


@pytest.mark.parametrize("scheme", ["ws", "wss"])
def test_a_long_talk_over_lost_connections(serve: Serve, tmp_path: Path, scheme: str) -> None:
    """What is said comes once, however often the connection is cut; long lines, too."""
    proxy = Proxy(serve().address[:2])
    try:
        with Client(f"{scheme}://{proxy.address}", "ann", state=tmp_path, trust=True) as ann:
            ann.join("tea")
            for number in range(20):
                ann.say(f"{number} " + "\N{SEEDLING}" * 2000, "tea")
                if number % 8 == 5:
                    cut_all(proxy.links())
            numbers = [message.text.split()[0] for message in islice(ann.messages(own=True), 20)]
    finally:
        proxy.close()
    assert numbers == [str(number) for number in range(20)]


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        ([b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"], "404"),
        ([b"220 mail.example.org\r\n"], "not a roomchat server"),
        ([b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"], "Accept"),
        ([b"HTTP/1.1 101 Swit"], "lost"),
        ([], "lost"),
        ([b"\0" * 100_000], "not a roomchat server"),
    ],
)
def test_what_is_no_websocket_is_told_in_a_sentence(answers: list[bytes], why: str) -> None:
    """Neither a traceback nor an endless wait."""

    def answer(sock: socket.socket, read: list[bytes]) -> None:
        sock.recv(4096)
        for part in answers:
            sock.sendall(part)

    with listening(answer) as (address, _), pytest.raises(ConnectError, match=why):
        Client(address.replace("tls", "ws"), "ann", state=False).open()
