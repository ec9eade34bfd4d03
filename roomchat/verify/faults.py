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
    SERVER_SLOW = "slow servers"  # as on a machine that does too much; see ``ClusterHosts.tick``
    NATS_SLOW = "slow NATS servers"
    STREAM_CUT = "cuts between servers and NATS"
    STREAM_STALL = "stalls between servers and NATS"  # nothing passes, and nobody is told
    SERVER_SPLIT = "partitions of a server from NATS"
    NATS_SPLIT = "partitions of a NATS server from the others"
    MACHINE_SPLIT = "partitions of a server and its NATS server from the others"
    DISK_SLOW = "slow disks of servers"  # see ``SlowDisk``


ENCRYPTED = {Kind.CHANGE, Kind.RENEW}  # the kinds that are only for clients that come encrypted
SPLITS = {Kind.SERVER_SPLIT, Kind.NATS_SPLIT, Kind.MACHINE_SPLIT}
SHARED = SPLITS | {
    Kind.SERVER_HANG, Kind.NATS_KILL, Kind.NATS_HANG, Kind.SERVER_SLOW, Kind.NATS_SLOW, Kind.STREAM_CUT,
    Kind.STREAM_STALL, Kind.DISK_SLOW,
}  # fmt: skip # those for several servers
HOSTS = SHARED | {Kind.SERVER_KILL, Kind.RENEW}  # those that meet servers, not connections of clients


# Seconds between two of a kind, and how long one lasts: at least and at most. The server's kills are counted
# by the person.
_EVERY = {
    Kind.CLIENT_KILL: 5.0,
    Kind.CUT: 0.5,
    Kind.CUT_ALL: 10.0,
    Kind.BLACKHOLE: 0.7,
    Kind.STALL: 2.0,
    Kind.SLOW: 30.0,  # each is as much as everybody may send in five seconds
    Kind.TEAR: 1.0,
    Kind.CHANGE: 1.0,
    Kind.RENEW: 3.0,
    Kind.SERVER_HANG: 20.0,
    Kind.NATS_KILL: 20.0,
    Kind.NATS_HANG: 30.0,
    Kind.SERVER_SLOW: 30.0,
    Kind.NATS_SLOW: 30.0,
    Kind.STREAM_CUT: 15.0,
    Kind.STREAM_STALL: 20.0,
    Kind.SERVER_SPLIT: 40.0,
    Kind.NATS_SPLIT: 60.0,
    Kind.MACHINE_SPLIT: 60.0,
    Kind.DISK_SLOW: 20.0,
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
    Kind.SERVER_HANG: (1.0, 8.0),
    Kind.NATS_KILL: (0.0, 3.0),
    Kind.NATS_HANG: (1.0, 8.0),
    Kind.SERVER_SLOW: (3.0, 8.0),
    Kind.NATS_SLOW: (3.0, 8.0),
    Kind.STREAM_CUT: (0.0, 0.0),
    Kind.STREAM_STALL: (0.5, 6.0),
    Kind.SERVER_SPLIT: (1.0, 8.0),
    Kind.NATS_SPLIT: (1.0, 8.0),
    Kind.MACHINE_SPLIT: (1.0, 8.0),
    Kind.DISK_SLOW: (3.0, 8.0),
}
# Of these, where there are several servers, one in so many lasts longer than they wait for each other (10 s).
_LASTING = SPLITS | {Kind.SERVER_KILL, Kind.SERVER_HANG, Kind.NATS_KILL, Kind.NATS_HANG}
_ONE_IN = 5
LONG = (12.0, 20.0)  # seconds


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
            is_long = kind in _LASTING and place % _ONE_IN == 1 and not without >= SHARED
            lasts = min(choose.uniform(*(LONG if is_long else _LASTS[kind])), seconds / 2)
            faults.append(Fault(at, kind, lasts, choose.random()))
    return sorted(faults, key=lambda fault: fault.at)
