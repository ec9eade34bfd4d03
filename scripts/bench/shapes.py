"""What is measured: each shape is a function from a server to named figures."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from biglog import measure_accounts, measure_log, read_pages
from comeback import measure_comeback
from crew import WORKERS, Crew, Figures, Pace, deal
from crowd import Seat
from hostile import ATTACKS, GUESSERS, measure_hostile
from servers import (
    BROWSERS,
    CLUSTERS,
    INSPIRCD,
    NATS_CORE,
    PEERS,
    ROOMCHAT,
    ROOMCHAT_LIMITS,
    ROOMCHAT_NORMAL,
    ROOMCHAT_TLS,
    Kind,
    Process,
    running,
)
from stuck import measure_stuck
from terminal import measure_terminal, measure_windows

Measure = Callable[[Kind, Pace], Figures]
WINDOW = 100  # messages of a sender on their way at a time: what roomchat's own client allows itself
LOAD = 20_000  # deliveries a second
TIMED = 10  # members that latency is measured by
PARTS = 4  # in which those and the others come in by turns
GROWTH = (10, 100, 1000, 5000)  # members
GROWTH_RATE = 20.0  # messages a second in the room
MANY = 5000  # connections

ALL = (ROOMCHAT, ROOMCHAT_TLS, *PEERS)
LIMITS = (ROOMCHAT_LIMITS,)
WITH_BROWSERS = (ROOMCHAT, *BROWSERS)
WITH_CLUSTERS = (ROOMCHAT, *CLUSTERS, NATS_CORE)
WITH_NORMAL = (ROOMCHAT, ROOMCHAT_NORMAL, ROOMCHAT_TLS, *PEERS)


class Shape(NamedTuple):
    """One thing to measure."""

    name: str
    title: str
    measure: Measure
    kinds: tuple[Kind, ...] = ALL
    chart: str = ""  # the figure that the chart shows


def _talk(rooms: int, members: int, senders: int, load: int = 0, joiners: int = 0, pagers: int = 0) -> Measure:
    """Talk at a fixed load, spread evenly over the senders, or as fast as it goes: then each keeps a window of
    messages on their way. One counts as delivered when a member of the room that does not talk has it, for IRC
    servers do not send a message back to its sender.

    Args:
        joiners: so many come at once when the measuring begins. Into another room, or what is measured would be
            mostly how much more there is to deliver afterwards.
        pagers: so many ask for one page of the first room's history after another.
    """

    def measure(kind: Kind, pace: Pace) -> Figures:
        rate = load / (members if kind.dialect.echo else members - 1) / (rooms * senders)
        seats = deal(rooms, members, senders, TIMED if load else 0)
        storming = [[Seat(f"j{i}", "storm") for i in range(joiners)]] if joiners else []
        with running(kind) as server, Crew(server, seats) as crew, Crew(server, storming) as storm:
            crew.gather(PARTS if load else 1)
            if pagers:
                crew.talk(Pace(0.1, 0.5), window=20)  # something to read
            with ThreadPoolExecutor() as pool:
                seconds = pace.warm + pace.seconds
                reading = [pool.submit(read_pages, server.address, f"p{i}", "r0", seconds) for i in range(pagers)]
                figures = crew.talk(pace, rate=rate, window=0 if load else WINDOW, timed=load > 0, storm=storm)
            figures |= {"pages": sum(one.result() for one in reading) / seconds} if pagers else {}
            return figures | ({} if load else {"memory_mib": server.memory()})

    return measure


def measure_growth(kind: Kind, pace: Pace) -> Figures:
    """One room with more and more members, and always the same few messages a second."""
    figures: Figures = {}
    for members in GROWTH:
        with Process(kind) as server, Crew(server, deal(1, members, 5)) as crew:
            crew.gather()
            talk = crew.talk(pace, rate=GROWTH_RATE / 5)
        figures |= {f"cpu_us_{members}": talk["cpu_us"], "load_cpu": talk["load_cpu"]}
    return figures


def _arrive(room: str) -> Measure:
    """Clients that all connect, say hello, join the same room if there is one, and are silent."""

    def measure(kind: Kind, pace: Pace) -> Figures:
        seats = [[Seat(f"i{i}", room) for i in range(worker, MANY, WORKERS)] for worker in range(WORKERS)]
        with Process(kind) as server, Crew(server, seats) as crew:
            cpu, before = server.cpu(), server.memory()
            figures = {"seconds": crew.gather(), "cpu_s": server.cpu() - cpu, "memory_mib": server.memory()}
            time.sleep(min(1.0, pace.warm))
            return figures | {"kib_each": (server.memory() - before) / MANY * 1024}

    return measure


SHAPES = (
    Shape("room-100", "1 room of 100, 5 talk", _talk(1, 100, 5), chart="cpu_us"),
    Shape("rooms-10", "100 rooms of 10, 2 talk", _talk(100, 10, 2), chart="cpu_us"),
    Shape("room-1000", "1 room of 1,000, 5 talk", _talk(1, 1000, 5), chart="cpu_us"),
    Shape("browsers-100", "1 room of 100 over WebSockets, 5 talk", _talk(1, 100, 5), WITH_BROWSERS),
    Shape("browsers-1000", "1 room of 1,000 over WebSockets, 5 talk", _talk(1, 1000, 5), WITH_BROWSERS),
    Shape("load", f"1 room of 100 at {LOAD:,} deliveries/s", _talk(1, 100, 5, LOAD), WITH_NORMAL, "p99_ms"),
    Shape("load-rooms", f"100 rooms of 10 at {LOAD:,} deliveries/s", _talk(100, 10, 2, LOAD), WITH_NORMAL),
    Shape("cluster-6", "A room of 6 on one server and on three, one talks", _talk(1, 6, 1, 600), WITH_CLUSTERS),
    Shape("cluster-100", f"1 room of 100 at {LOAD:,} deliveries/s", _talk(1, 100, 5, LOAD), WITH_CLUSTERS),
    Shape("cluster-1000", "1 room of 1,000, 5 talk", _talk(1, 1000, 5), WITH_CLUSTERS),
    Shape("growth", "Members 10 to 5,000, 20 messages/s", measure_growth, (ROOMCHAT, INSPIRCD, NATS_CORE)),
    Shape("idle", "5,000 idle connections", _arrive(""), chart="kib_each"),
    Shape("arrival", "5,000 connect, say hello, join one room", _arrive("r0")),
    Shape("join-storm", "2,000 join another room while a room of 100 talks", _talk(1, 100, 5, LOAD, joiners=2000)),
    Shape("pages", "History pages while a room of 100 talks", _talk(1, 100, 5, LOAD, pagers=4), (ROOMCHAT,)),
    Shape("hostile", "A room of 100 beside those who try to hold it up", measure_hostile(ATTACKS), LIMITS),
    Shape("guesses", "A room of 100 beside 10,000 guesses", measure_hostile(GUESSERS), LIMITS),
    Shape("stuck", "A room of 100 talks while a member reads nothing", measure_stuck, (ROOMCHAT,)),
    Shape("comeback", "5,000 sessions come back after a kill", measure_comeback(0), (ROOMCHAT,)),
    Shape("comeback-hall", "The same, 2,000 of them in one room", measure_comeback(2000), (ROOMCHAT,)),
    Shape("log", "A log of 5 million messages", measure_log, (ROOMCHAT,)),
    Shape("accounts", "100,000 accounts that are away", measure_accounts, (ROOMCHAT,)),
    Shape("terminal", "roomchat join: its start, keys, processors", measure_terminal, (ROOMCHAT,)),
    Shape("windows", "roomchat join: 50 rooms of 10,000 messages", measure_windows, (ROOMCHAT,)),
)
