"""The faults and their times: a schedule from a seed. Pure: no I/O in here."""

from __future__ import annotations

import random
from collections.abc import Set
from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """The kinds of faults; the value is the plural for a person."""

    SERVER_KILL = "kills of the server"
    CLIENT_KILL = "kills of clients"
    CUT = "cut connections"
    CUT_ALL = "cuts of all connections"
    BLACKHOLE = "lost acknowledgements"  # what the server sends is held back, then the connection is cut
    STALL = "stalled connections"  # nothing passes in either direction, then all of it
    SLOW = "slow readers in a flood"
    TEAR = "connections cut in the middle of something"
    CHANGE = "changed bytes"  # by somebody on the way; only where that is to be noticed
    RENEW = "renewed certificates"  # the file of the server's is another
    SERVER_HANG = "servers that hung"  # and went on, perhaps when the others had given them up
    NATS_KILL = "kills of NATS servers"
    NATS_HANG = "NATS servers that hung"
    STREAM_CUT = "cuts between servers and NATS"


ENCRYPTED = {Kind.CHANGE, Kind.RENEW}  # the kinds that are only for clients that come encrypted
SHARED = {Kind.SERVER_HANG, Kind.NATS_KILL, Kind.NATS_HANG, Kind.STREAM_CUT}  # those for several servers
HOSTS = SHARED | {Kind.SERVER_KILL, Kind.RENEW}  # those that meet servers, not connections of clients


# Seconds between two of a kind, and how long one lasts: at least and at most. The server's kills are counted
# by the person.
_EVERY = {
    Kind.CLIENT_KILL: 5.0,
    Kind.CUT: 0.5,
    Kind.CUT_ALL: 10.0,
    Kind.BLACKHOLE: 0.7,
    Kind.STALL: 2.0,
    Kind.SLOW: 10.0,
    Kind.TEAR: 1.0,
    Kind.CHANGE: 1.0,
    Kind.RENEW: 3.0,
    Kind.SERVER_HANG: 15.0,
    Kind.NATS_KILL: 15.0,
    Kind.NATS_HANG: 20.0,
    Kind.STREAM_CUT: 10.0,
}
_LASTS = {
    Kind.SERVER_KILL: (0.0, 0.5),  # how long it stays down, besides its start
    Kind.CLIENT_KILL: (0.0, 1.0),
    Kind.CUT: (0.0, 0.0),
    Kind.CUT_ALL: (0.0, 0.0),
    Kind.BLACKHOLE: (0.5, 1.2),
    Kind.STALL: (0.2, 1.5),
    Kind.SLOW: (2.0, 4.0),
    Kind.TEAR: (0.0, 0.0),
    Kind.CHANGE: (0.0, 0.0),
    Kind.RENEW: (0.0, 0.0),
    Kind.SERVER_HANG: (1.0, 15.0),
    Kind.NATS_KILL: (0.0, 3.0),
    Kind.NATS_HANG: (1.0, 8.0),
    Kind.STREAM_CUT: (0.0, 0.0),
}


@dataclass(frozen=True)
class Fault:
    """One of them. ``choice``, from 0 to 1, says whom it meets."""

    at: float  # seconds from the beginning
    kind: Kind
    lasts: float  # seconds
    choice: float


def schedule(seed: int, seconds: float, kills: int, without: Set[Kind] = frozenset()) -> list[Fault]:
    """The faults of that time, at least one of each kind, in order of time.

    Args:
        seed: the same gives the same.
        seconds: how long.
        kills: of the server.
        without: kinds that are left out.
    """
    choose = random.Random(seed)
    counts = {kind: max(1, round(seconds / every)) for kind, every in _EVERY.items()}
    counts[Kind.SERVER_KILL] = kills
    counts = {kind: count for kind, count in counts.items() if kind not in without}
    faults = []
    for kind, count in counts.items():
        for place in range(count):
            # Each in its own share of the time, so that there are no long quiet times.
            at = seconds * (place + choose.random()) / count
            lasts = min(choose.uniform(*_LASTS[kind]), seconds / 2)
            faults.append(Fault(at, kind, lasts, choose.random()))
    return sorted(faults, key=lambda fault: fault.at)
