"""What one member that reads nothing costs the others of its room, and the server: see docs/measurements.md."""

from __future__ import annotations

import time

import msgspec
from crew import Crew, Figures, Pace, deal
from servers import BenchError, Kind, Process

from tests.peer import Peer

RATE = 60.0  # messages a second of each of 5 senders
FILL = Pace(0.1, 0.5)  # as fast as it goes
FILLED = 20_000  # messages, some 200 bytes each: carry the stuck one over the limit of its outbox
WINDOW = 100  # messages of a sender on their way at a time, meanwhile
BUFFER = 4096  # bytes, SO_RCVBUF of the stuck one; the system doubles it
ALLOWED = 5.0  # MiB that the server may grow by, with an outbox of 1 MiB: what Python keeps around it comes on top


def measure_stuck(kind: Kind, pace: Pace) -> Figures:
    """A room of 100 at a steady load without such a member, and then with it; after each much is said quickly.

    Raises:
        BenchError: a message was lost, came twice or out of order, also for the stuck one; the server grew or
            complained.
    """
    with Process(kind) as server, Crew(server, deal(1, 100, 5, 10)) as crew:
        crew.gather(4)
        passer_by = _come(server, "passer-by")
        _fill(crew, passer_by)
        calm = crew.talk(pace, rate=RATE, timed=True)
        newcomer = _come(server, "newcomer")
        newcomer.join("r0", after=0)
        newcomer.sync()  # what reading the log costs once is there already
        before = server.memory(peak=True)
        stuck = _come(server, "stuck", receive_buffer=BUFFER)
        first = stuck.join("r0", history=0)["last_seq"] + 1
        _fill(crew, passer_by)
        under = crew.talk(pace, rate=RATE, timed=True)
        grown = server.memory(peak=True) - before
        end = passer_by.join("r0", history=0)["last_seq"] + 1
        begun = time.monotonic()
        events = stuck.sync() + stuck.sync()  # who is there may come behind the first pong
        seconds = time.monotonic() - begun
        server.check_silent()
    seqs = [event["seq"] for event in events if event["type"] == "message"]
    if seqs != list(range(first, end)):
        raise BenchError(f"the stuck one got {len(seqs)} messages, not each of {first} to {end - 1} in order")
    if not any(event["type"] == "who" for event in events):  # in place of the comings and goings that were dropped
        raise BenchError("the stuck one was never over the limit of its outbox")
    if grown > ALLOWED:
        raise BenchError(f"the server grew by {grown:.1f} MiB")
    unread = len(msgspec.json.encode(events)) / 2**20
    figures = {"memory_mib": before, "grown_mib": grown, "unread_mib": unread, "seconds": seconds}
    for name in ("p50_ms", "p99_ms"):
        figures |= {f"calm_{name}": calm[name], name: under[name]}
    return figures


def _come(server: Process, name: str, receive_buffer: int | None = None) -> Peer:
    peer = Peer(server.address, receive_buffer=receive_buffer)
    peer.hello(name)
    return peer


def _fill(crew: Crew, passer_by: Peer) -> None:
    """Much is said, twice; then somebody comes and goes: which is dropped for one that is over its limit."""
    for _ in range(2):
        said = 0.0
        while said < FILLED:
            said += crew.talk(FILL, window=WINDOW)["deliveries"] * FILL.seconds / 100
        passer_by.join("r0", history=0)
        passer_by.send("leave", room="r0")
        passer_by.until("left")
