"""Many short sessions, one after the other: what stays of them in the server's memory."""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping
from itertools import pairwise

from crew import Pace
from servers import Kind, Process

STEPS = (1000, 20_000, 40_000)  # sessions
ADDRESSES = 8  # that they come from: one address may make only so many connections at a time
PATIENCE = 30.0  # seconds


def measure_brief(kind: Kind, pace: Pace) -> Mapping[str, float]:
    """MiB of memory after few sessions and after many: connect, say hello, leave with bye."""
    figures: dict[str, float] = {}
    with Process(kind) as server:
        for first, end in pairwise((0, *STEPS)):
            _come_and_go(server.address, first, end)
            figures[f"mib_{end}"] = server.memory() / 2**20
    return figures


def _come_and_go(server: tuple[str, int], first: int, end: int) -> None:
    def work(address: int) -> None:
        source = (f"127.0.1.{address + 1}", 0)
        for number in range(first + address, end, ADDRESSES):
            with socket.create_connection(server, PATIENCE, source_address=source) as sock:
                sock.sendall(b'{"type":"hello","protocol":1,"name":"s%d"}\n{"type":"bye"}\n' % number)
                while sock.recv(4096):
                    pass

    threads = [threading.Thread(target=work, args=(address,)) for address in range(ADDRESSES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
