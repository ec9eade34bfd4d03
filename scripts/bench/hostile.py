"""A room that talks while others try to hold it up: each attack beside the same talk without it."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count
from multiprocessing.connection import Connection as Pipe

from crew import Crew, Figures, Pace, beside, deal
from servers import BALANCER, Kind, Process

from tests.peer import Peer

MEMBERS = 100
RATE = 10.0  # messages a second of each of 5 senders: less than a server lets anyone say
FLOOD = 64 * 1024  # bytes at a time
STALL = 1.0  # seconds that a server takes nothing until an attacker begins anew
PATIENCE = 120.0  # seconds that attackers who have an end are waited for


@dataclass(frozen=True)
class Attack:
    """Turns, each of a connection or more. In what is said, NAME and PLACE are new in each turn."""

    said: bytes = b""
    flood: bytes = b""  # and this without end
    reads: bool = False  # what comes, until the server hangs up; else nothing, for a while
    connections: int = 1  # of a turn: the last says something
    attackers: int = 10  # that take turns at a time
    turns: int = 0  # of all together; 0: without end
    source: str = ""  # the address that they come from


HELLO = b'{"type":"hello","protocol":1,"name":"NAME"'
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
# At passwords: from one address, at one account; and from as many as there are guesses, each at another account,
# so that nothing but the queue puts them off. All are of this machine, so clear text is taken.
# The third kind brings no password, and is refused: what such connections cost alone.
PROXY = b"PROXY TCP4 PLACE 127.0.0.1 1000 1000\r\n"
LOGIN = PROXY + HELLO + b',"password":"a guess"}\n' + BYE
MANY = Attack(LOGIN, reads=True, attackers=64, turns=10_000, source=BALANCER)
GUESSERS = {
    "one_address": replace(MANY, said=LOGIN.replace(b"PLACE", b"127.0.0.9").replace(b"NAME", b"ann"), attackers=1),
    "many_addresses": MANY,
    "no_passwords": replace(MANY, said=PROXY + b'{"type":"hello","protocol":2}\n' + BYE),
}


def _turn(attack: Attack, address: tuple[str, int], number: int) -> str:
    """How its end, or a refusal, was told; "" if it was not."""
    with contextlib.ExitStack() as stack:
        for _ in range(attack.connections):
            sock = socket.create_connection(address, PATIENCE if attack.turns else STALL, (attack.source, 0))
            stack.enter_context(sock)
        place = b"127.%d.%d.%d" % (number >> 16 & 255, number >> 8 & 255, number & 255)
        sock.sendall(attack.said.replace(b"NAME", b"x%d" % number).replace(b"PLACE", place))
        while attack.flood:
            sock.sendall(attack.flood * (FLOOD // len(attack.flood)))
        if attack.reads:
            first, *_ = [*sock.makefile("rb"), b"{}"]
            return str(json.loads(first).get("code", ""))
        time.sleep(STALL)
    return ""


def _run(attack: Attack, address: tuple[str, int], told: Pipe) -> None:
    """The attackers, in a process of their own: tells the seconds until the last turn, and how the turns ended."""
    numbers, codes = iter(range(1, attack.turns + 1) if attack.turns else count(1)), Counter[str]()

    def turns() -> None:
        for number in numbers:
            try:
                codes[_turn(attack, address, number)] += 1
            except OSError:
                codes["broken"] += 1
            if not attack.turns:
                time.sleep(0.01)  # else a server that hangs up at once would only be connected to

    begun, threads = (
        time.monotonic(),
        [threading.Thread(target=turns, daemon=True) for _ in range(attack.attackers)],
    )
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told.send({"seconds": time.monotonic() - begun, **codes})


def measure_hostile(attacks: dict[str, Attack]) -> Callable[[Kind, Pace], Figures]:
    """p50 and p99 of the room beside each attack, and their ratio to the talk without any just before it; of
    attacks with an end, how long they took, how many turns ended how, and the server's memory as well."""

    def measure(kind: Kind, pace: Pace) -> Figures:
        figures: Figures = {}
        for name, attack in attacks.items():
            with Process(kind) as server, Crew(server, deal(1, MEMBERS, 5, MEMBERS // 10)) as crew:
                with Peer(server.address) as ann:  # who has an account at which one can guess
                    ann.hello("ann", register=True, password="correct horse")
                crew.gather(4)
                calm = crew.talk(pace, rate=RATE, timed=True)
                found = {"calm_p99_ms": calm["p99_ms"], "memory_mib": server.memory()}
                with beside(_run, attack, server.address) as told:
                    time.sleep(1.0)  # the first bursts are over: what is measured is what lasts
                    under = crew.talk(pace, rate=RATE, timed=True)
                    found |= told.recv() if attack.turns and told.poll(PATIENCE) else {}
                found["peak_mib"] = server.memory(peak=True)
            for one in ("p50", "p99"):
                now = under[f"{one}_ms"]
                figures |= {f"{name}_{one}_ms": now, f"{name}_{one}_ratio": now / calm[f"{one}_ms"]}
            figures |= {f"{name}_{key}": value for key, value in found.items()} if attack.turns else {}
        return figures

    return measure
