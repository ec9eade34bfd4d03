"""What is to happen later if nothing happens before."""

from __future__ import annotations

from typing import Any

from roomchat.chat.inputs import Link


class Deadlines:
    """Queues of deadlines, in seconds of the hub's clock. In each all wait equally long, so the oldest
    entry is always the next one, and setting one costs a dict operation.

    Deadlines are never cancelled. When one is due, its handler checks the condition again and does nothing if it
    no longer holds; so a rollback has nothing to restore here.
    """

    def __init__(self) -> None:
        self.hellos: dict[Link, float] = {}  # link: until when its hello must have come
        self.logins: dict[Link, float] = {}  # link: likewise, where a person types
        self.lost: dict[int, float] = {}  # UID: when others are told that a client is away
        self.away: dict[int, float] = {}  # UID: until when an away client keeps its seat
        self.large_rooms: dict[str, float] = {}  # room key: when its comings and goings are told next
        self._queues: tuple[dict[Any, float], ...] = (
            self.hellos, self.logins, self.lost, self.away, self.large_rooms,
        )  # fmt: skip

    def next(self) -> float | None:
        """The time of the first deadline of all; None while there is none."""
        return min((next(iter(queue.values())) for queue in self._queues if queue), default=None)

    def introduced(self, link: Link) -> None:
        """The connection need not say who it is any more: it has, or is gone."""
        self.hellos.pop(link, None)
        self.logins.pop(link, None)

    def drop_due(self, now: float) -> None:
        """Forget what was due: it has been looked at."""
        for queue in self._queues:
            for key in due(queue, now):
                del queue[key]


def set_last(queue: dict[int, float], key: int, deadline: float) -> None:
    """Set a deadline that is later than all in the queue."""
    queue.pop(key, None)
    queue[key] = deadline


def due(queue: dict[Any, float], now: float) -> list[Any]:
    """What is due, in order."""
    keys = []
    for key, deadline in queue.items():
        if deadline > now:
            break
        keys.append(key)
    return keys
