"""A room that talks while others try to hold it up: each attack beside the same talk without it."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import socket
import threading
import time
from collections.abc import Callable
from multiprocessing.synchronize import Event

from crew import Crew, Pace, deal
from servers import Kind, Process

Address = tuple[str, int]
# One turn of one attacker, which has that number; begun again when it ends.
Attack = Callable[[Address, int], None]

ATTACKERS = 10
MEMBERS = 100
RATE = 10.0  # messages a second of each of 5 senders: less than a server lets anyone say
FLOOD = 64 * 1024  # bytes at a time
STALL = 1.0  # seconds that a server takes nothing until an attacker begins anew


def _connect(address: Address, first: bytes = b"") -> socket.socket:
    sock = socket.create_connection(address, timeout=STALL)
    sock.sendall(first)
    return sock


def _hello(number: int) -> bytes:
    # The time, so that each turn is somebody new.
    return b'{"type":"hello","protocol":1,"name":"x%d-%d"}\n' % (number, time.monotonic_ns() % 10**9)


def _flood(first: bytes, garbage: bytes) -> Attack:
    """The same few bytes without end."""

    def attack(address: Address, number: int) -> None:
        with _connect(address, first) as sock:
            while True:
                sock.sendall(garbage * (FLOOD // len(garbage)))

    return attack


def _unread(command: bytes) -> Attack:
    """Hundreds of one command in one write, and nothing is ever read."""

    def attack(address: Address, number: int) -> None:
        with _connect(address, _hello(number) + command * 395):
            time.sleep(STALL)

    return attack


# Made once: the attackers are to cost the server, not this machine.
_ROOMS = b',"rooms":' + json.dumps({f"\ud55c{i}": 0 for i in range(3500)}).encode() + b"}\n"


def _map(address: Address, number: int) -> None:
    """A hello that names thousands of rooms."""
    with _connect(address, _hello(number)[:-2] + _ROOMS) as sock:
        sock.recv(FLOOD)


def _again(address: Address, number: int) -> None:
    """Connect, say as much as a newcomer may, and come again."""
    said = b'{"type":"join","room":"x"}\n' + b'{"type":"say","text":"x"}\n' * 390 + b'{"type":"bye"}\n'
    with _connect(address, _hello(number) + said) as sock:
        while sock.recv(FLOOD):
            pass


def _silent(address: Address, number: int) -> None:
    """Connections that say nothing, as many as there are descriptors."""
    with contextlib.ExitStack() as stack:
        for _ in range(50):
            stack.enter_context(_connect(address))
        time.sleep(STALL)


ATTACKS: dict[str, Attack] = {
    "blank_lines": _flood(_hello(0), b"\n"),
    "telnet_options": _flood(b"kim\n", b"\xff\xf1"),
    "no_end": _flood(b"", b'{"a":'),
    "people": _unread(b'{"type":"who"}\n'),
    "rooms": _unread(b'{"type":"rooms"}\n'),
    "room_map": _map,
    "again": _again,
    "silent": _silent,
}


def _run(name: str, address: Address, stop: Event) -> None:
    """The attackers, in a process of their own, until they are stopped."""

    def turns(number: int) -> None:
        while not stop.is_set():
            with contextlib.suppress(OSError):
                ATTACKS[name](address, number)
            time.sleep(0.01)  # else a server that hangs up at once would only be connected to

    for number in range(ATTACKERS):
        threading.Thread(target=turns, args=(number,), daemon=True).start()
    stop.wait()


def measure_hostile(kind: Kind, pace: Pace) -> dict[str, float]:
    """p50 and p99 of the room beside each attack, and their ratio to the talk without any just before it."""
    figures: dict[str, float] = {}
    for name in ATTACKS:
        with Process(kind) as server, Crew(server, deal(1, MEMBERS, 5, pace.workers, MEMBERS // 10)) as crew:
            crew.gather(4)
            calm = crew.talk(pace, rate=RATE, latency=True)
            stop = multiprocessing.Event()
            attackers = multiprocessing.Process(target=_run, args=(name, server.address, stop), daemon=True)
            attackers.start()
            try:
                time.sleep(1.0)  # the first bursts are over: what is measured is what lasts
                under = crew.talk(pace, rate=RATE, latency=True)
            finally:
                stop.set()
                attackers.join(5)
                attackers.kill()
        for percent in (50, 99):
            before, beside = calm.percentile_ms(percent), under.percentile_ms(percent)
            figures |= {f"{name}_p{percent}_ms": beside, f"{name}_p{percent}_ratio": beside / before}
    return figures
