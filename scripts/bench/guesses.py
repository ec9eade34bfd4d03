"""Ten thousand guesses at passwords beside a room that talks: ``python scripts/bench/guesses.py``; see
docs/measurements.md.

From one address, one guess after the other; and from ten thousand, each at another account, so that nothing puts
them off but the queue. Beside these as many hellos without a password, which are refused: what connections cost
alone.
"""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import socket
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.synchronize import Event
from typing import Any

from crew import Crew, Pace, deal
from servers import ROOMCHAT_LIMITS, SERVE, Kind, Process

GUESSES = 10_000
MEMBERS = 100
RATE = 10.0  # messages a second of each of 5 senders
AT_ONCE = {"one address": 1, "10,000 addresses": 64, "no passwords": 64}  # that wait for their answers
BALANCER = "127.0.0.2"  # who says from where a guess comes; all are of this machine, so clear text is taken
KIND = Kind("roomchat, limits", ROOMCHAT_LIMITS.dialect, f"{SERVE} --proxy-from {BALANCER}")
PACE = Pace(seconds=10.0)


def guess(address: tuple[str, int], number: int, *, spread: bool, has_password: bool) -> str:
    """One login; the code of its refusal."""
    place = f"127.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}" if spread else "127.0.0.9"
    name = f"name{number}" if spread else "ann"
    hello = {"type": "hello", "protocol": 1, "name": name, "password": f"guess {number}"}
    if not has_password:
        hello = {"type": "hello", "protocol": 2}
    with socket.create_connection(address, timeout=60, source_address=(BALANCER, 0)) as sock:
        sock.sendall(f"PROXY TCP4 {place} 127.0.0.1 1000 1000\r\n{json.dumps(hello)}\n".encode())
        answer = sock.makefile("rb").readline()
    return str(json.loads(answer).get("code", "let in")) if answer else "hung up"


def attack(address: tuple[str, int], kind: str, stop: Event, told: Any) -> None:
    """All guesses, or as many as there are before it is to stop; tells how they were answered."""

    def one(number: int) -> str | None:
        if stop.is_set():
            return None
        with contextlib.suppress(OSError):
            return guess(address, number, spread=at_once > 1, has_password=kind != "no passwords")
        return "broken"

    at_once = AT_ONCE[kind]
    begun = time.monotonic()
    with ThreadPoolExecutor(at_once) as pool:
        codes = Counter(code for code in pool.map(one, range(1, GUESSES + 1)) if code)
    told.send((time.monotonic() - begun, codes))


def measure(name: str) -> None:
    """The room, the room beside the guesses, and what became of them."""
    with (
        Process(KIND) as server,
        Crew(server, deal(1, MEMBERS, 5, MEMBERS // 10)) as crew,
        socket.create_connection(server.address) as ann,
    ):
        ann.sendall(b'{"type":"hello","protocol":1,"name":"ann","register":true,"password":"correct horse"}\n')
        assert b'"account":true' in ann.makefile("rb").readline()
        crew.gather(4)
        calm = crew.talk(PACE, rate=RATE, timed=True)
        memory = server.memory()
        stop, (ours, theirs) = multiprocessing.Event(), multiprocessing.Pipe(duplex=False)
        process = multiprocessing.Process(target=attack, args=(server.address, name, stop, theirs), daemon=True)
        process.start()
        time.sleep(1.0)
        under = crew.talk(PACE, rate=RATE, timed=True)
        if not ours.poll(120):
            stop.set()
        seconds, codes = ours.recv()
        process.join()
        print(
            f"{name}: {sum(codes.values()):,} guesses in {seconds:.0f} s: {dict(codes)}\n"
            f"    p50 {calm['p50_ms']:.2f} -> {under['p50_ms']:.2f} ms, p99 {calm['p99_ms']:.2f} -> "
            f"{under['p99_ms']:.2f} ms; memory {memory:.0f} -> {server.memory():.0f} MiB, "
            f"at most {server.memory(peak=True):.0f}"
        )


if __name__ == "__main__":
    for one in sys.argv[1:] or AT_ONCE:
        measure(one)
