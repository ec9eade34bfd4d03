"""What the server counts of itself, for whoever watches it: plain numbers, each written by one thread.

Any thread may look: a number that is one too low does no harm. So counting takes no lock, and all messages of a
batch share what it costs.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter

BATCH_BOUNDS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000)  # commands
# Seconds. A commit that waits for a good disk takes 0.1 to 1 ms, for a hard disk 10 ms.
COMMIT_BOUNDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Histogram:
    """How many values were in each range, and their sum."""

    __slots__ = ("bounds", "counts", "sum")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        """``bounds``: the largest value of each range, rising; there is one more range above."""
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def observe(self, value: float) -> None:
        """One more."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value


class HubFigures:
    """Written by the hub's thread."""

    __slots__ = ("awake", "batches", "commits", "deliveries", "log_bytes", "messages", "refused")

    def __init__(self) -> None:
        self.messages = 0  # entries of rooms, those of whispers, too
        self.deliveries = 0  # of these, to connections
        self.batches = Histogram(BATCH_BOUNDS)  # commands in each, without those that only a time brought about
        self.commits = Histogram(COMMIT_BOUNDS)  # seconds that the log took for each
        self.refused: Counter[str] = Counter()  # commands, by the code of the refusal
        self.log_bytes = 0  # of the database's files, about a second ago
        self.awake = 0.0  # when it last took what waited, on the monotonic clock; 0: not yet


class IoFigures:
    """Written by one I/O thread."""

    __slots__ = ("folded_bytes", "folds", "handshakes", "handshakes_begun", "refused")

    def __init__(self) -> None:
        self.handshakes_begun = 0  # of TLS
        self.handshakes = 0  # of these, those that were agreed on
        self.folds = 0  # of outboxes: what waited for a slow reader is left to the log
        self.folded_bytes = 0  # of memory that was given back by them
        self.refused: Counter[str] = Counter()  # connections that the hub never heard of, by the code
