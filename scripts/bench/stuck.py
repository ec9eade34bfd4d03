"""What one member that reads nothing costs the others of its room, and the server: see docs/measurements.md."""

from __future__ import annotations

import json
import time

from asker import PING, PONG, Asker
from crew import Crew, Pace, deal
from servers import BenchError, Kind, Process

RATE = 60.0  # messages a second of each of 5 senders
FILL = Pace(0.1, 0.5)  # as fast as it goes
FILLED = 20_000  # messages, some 200 bytes each: carry the stuck one over the limit of its outbox
WINDOW = 100  # messages of a sender on their way at a time, meanwhile
BUFFER = 4096  # bytes, SO_RCVBUF of the stuck one; the system doubles it
ALLOWED = 5.0  # MiB that the server may grow by, with an outbox of 1 MiB: what Python keeps around it comes on top


def measure_stuck(kind: Kind, pace: Pace) -> dict[str, float]:
    """A room of 100 at a steady load without such a member, and then with it; after each much is said quickly.

    Raises:
        BenchError: a message was lost, came twice or out of order, also for the stuck one; the server grew or
            complained.
    """
    with Process(kind) as server, Crew(server, deal(1, 100, 5, pace.workers, 10)) as crew:
        crew.gather(4)
        passer_by = Asker(server.address, "passer-by")
        _fill(crew, passer_by)
        calm = crew.talk(pace, rate=RATE, latency=True)
        _join(Asker(server.address, "newcomer"), '"after":0')  # what reading the log costs once is there already
        before = server.memory(peak=True)
        stuck = Asker(server.address, "stuck", BUFFER)
        first = _join(stuck) + 1
        _fill(crew, passer_by)
        under = crew.talk(pace, rate=RATE, latency=True)
        grown = server.memory(peak=True) - before
        end = _join(passer_by) + 1
        begun = time.monotonic()
        unread = _catch_up(stuck, first, end)
        seconds = time.monotonic() - begun
        server.check_silent()
    if grown > ALLOWED:
        raise BenchError(f"the server grew by {grown:.1f} MiB")
    times = {
        f"{name}p{percent}_ms": outcome.percentile_ms(percent)
        for percent in (50, 99)
        for name, outcome in (("calm_", calm), ("", under))
    }
    return {**times, "memory_mib": before, "grown_mib": grown, "unread_mib": unread / 2**20, "seconds": seconds}


def _fill(crew: Crew, passer_by: Asker) -> None:
    """Much is said, twice; then somebody comes and goes: which is dropped for one that is over its limit."""
    for _ in range(2):
        said = 0.0
        while said < FILLED:
            said += crew.talk(FILL, window=WINDOW).deliveries * FILL.seconds / 100
        _join(passer_by)
        passer_by.ask(b'{"type":"leave","room":"r0"}\n', b'"type":"left"')


def _join(asker: Asker, history: str = '"history":0') -> int:
    """Into the room: its last seq."""
    command = f'{{"type":"join","room":"r0",{history}}}\n'.encode()
    joined = asker.ask(command + PING, PONG)
    last: int = next(json.loads(line)["last_seq"] for line in joined.splitlines() if b'"type":"joined"' in line)
    return last


def _catch_up(stuck: Asker, first: int, end: int) -> int:
    """It reads until it has everything: how many bytes.

    That is each seq, once, in order. And it is told anew who is there, which a server does when it has dropped
    comings and goings: so it was over its limit.
    """
    data = stuck.ask(PING, PONG) + stuck.ask(PING, PONG)  # who is there may come behind the first pong
    events = [json.loads(line) for line in data.splitlines()]
    seqs = [event["seq"] for event in events if event["type"] == "message"]
    if seqs != list(range(first, end)):
        raise BenchError(f"the stuck one got {len(seqs)} messages, not each of {first} to {end - 1} in order")
    if not any(event["type"] == "who" for event in events):
        raise BenchError("the stuck one was never over the limit of its outbox")
    return len(data)
