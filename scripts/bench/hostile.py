"""A room that talks while others try to hold it up: each attack beside the same talk without it."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import socket
import threading
import time
from dataclasses import dataclass
from multiprocessing.synchronize import Event

from crew import Crew, Figures, Pace, deal
from servers import Kind, Process

ATTACKERS = 10
MEMBERS = 100
RATE = 10.0  # messages a second of each of 5 senders: less than a server lets anyone say
FLOOD = 64 * 1024  # bytes at a time
STALL = 1.0  # seconds that a server takes nothing until an attacker begins anew


@dataclass(frozen=True)
class Attack:
    """One turn of one attacker, which is begun again when it ends."""

    said: bytes = b""
    flood: bytes = b""  # and this without end
    reads: bool = False  # what comes, until the server hangs up; else nothing, for a while
    connections: int = 1  # of which the last says something


HELLO = b'{"type":"hello","protocol":1,"name":"NAME"'  # a name that is new in each turn
ROOMS = json.dumps({f"\ud55c{i}": 0 for i in range(3500)}).encode()
SAY = b'{"type":"join","room":"x"}\n' + b'{"type":"say","text":"x"}\n' * 390  # as much as a newcomer may
BYE = b'{"type":"bye"}\n'
ATTACKS = {
    "blank_lines": Attack(HELLO + b"}\n", b"\n"),
    "telnet_options": Attack(b"kim\n", b"\xff\xf1"),
    "no_end": Attack(b"", b'{"a":'),
    "people": Attack(HELLO + b"}\n" + b'{"type":"who"}\n' * 395),
    "rooms": Attack(HELLO + b"}\n" + b'{"type":"rooms"}\n' * 395),
    "room_map": Attack(HELLO + b',"rooms":' + ROOMS + b"}\n" + BYE, reads=True),
    "again": Attack(HELLO + b"}\n" + SAY + BYE, reads=True),
    "silent": Attack(connections=50),
}


def _turn(attack: Attack, address: tuple[str, int], number: int) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(attack.connections):
            sock = stack.enter_context(socket.create_connection(address, timeout=STALL))
        sock.sendall(attack.said.replace(b"NAME", b"x%d-%d" % (number, time.monotonic_ns() % 10**9)))
        while attack.flood:
            sock.sendall(attack.flood * (FLOOD // len(attack.flood)))
        while attack.reads and sock.recv(FLOOD):
            pass
        if not attack.reads:
            time.sleep(STALL)


def _run(attack: Attack, address: tuple[str, int], stop: Event) -> None:
    """The attackers, in a process of their own, until they are stopped."""

    def turns(number: int) -> None:
        while not stop.is_set():
            with contextlib.suppress(OSError):
                _turn(attack, address, number)
            time.sleep(0.01)  # else a server that hangs up at once would only be connected to

    for number in range(ATTACKERS):
        threading.Thread(target=turns, args=(number,), daemon=True).start()
    stop.wait()


def measure_hostile(kind: Kind, pace: Pace) -> Figures:
    """p50 and p99 of the room beside each attack, and their ratio to the talk without any just before it."""
    figures: Figures = {}
    for name, attack in ATTACKS.items():
        with Process(kind) as server, Crew(server, deal(1, MEMBERS, 5, MEMBERS // 10)) as crew:
            crew.gather(4)
            calm = crew.talk(pace, rate=RATE, timed=True)
            stop = multiprocessing.Event()
            attackers = multiprocessing.Process(target=_run, args=(attack, server.address, stop), daemon=True)
            attackers.start()
            try:
                time.sleep(1.0)  # the first bursts are over: what is measured is what lasts
                under = crew.talk(pace, rate=RATE, timed=True)
            finally:
                stop.set()
                attackers.join(5)
                attackers.kill()
        for one in ("p50", "p99"):
            beside = under[f"{one}_ms"]
            figures |= {f"{name}_{one}_ms": beside, f"{name}_{one}_ratio": beside / calm[f"{one}_ms"]}
    return figures
