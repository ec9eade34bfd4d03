"""What a person has read: what the server says of other devices, and what it is to be told of this one."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable

from roomchat.client.client import Client
from roomchat.client.client_events import ClientEvent
from roomchat.errors import ConnectError
from roomchat.protocol import AnyEntry, Gap, Joined, Left, ReadMarker, Unknown
from roomchat.terminal.shown.focus import RoomFocus
from roomchat.terminal.windows.window import Window

Newer = Callable[[Window], Iterable[AnyEntry | Unknown]]


class Reading:
    """Read markers, as the server has them. Not thread-safe: the display has a lock, which its callers hold."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}  # room to seq

    def of(self, room: str) -> int:
        """Up to where a room was read, on whatever device; 0: nobody knows."""
        return self._known.get(room, 0)

    def has(self, item: AnyEntry | Unknown | Gap) -> bool:
        """Whether an entry was read, on whatever device."""
        return not isinstance(item, Gap) and item.seq <= self.of(item.room)

    def take(
        self, event: ClientEvent, of: Callable[[str], Window | None], focus: RoomFocus, newer: Newer
    ) -> None:  # fmt: skip
        """Take note of an event: what was read elsewhere is no news in its window.

        Args:
            event: any.
            of: tells the window of a room, if there is one.
            focus: tells what of it is for this person.
            newer: the entries that came to a window since it was read.
        """
        if isinstance(event, Left):
            self._known.pop(event.room, None)
        elif isinstance(event, Joined | ReadMarker):
            seq = event.read
            self._known[event.room] = seq or 0
            window = of(event.room)
            if window is not None and seq is not None and seq > window.read:
                window.read_elsewhere(seq)
                news = [entry for entry in newer(window) if entry.seq > seq and focus.is_of_others(entry)]
                window.unread = min(window.unread, len(news))
                window.mentions = min(window.mentions, sum(map(focus.wants, news)))


def tell(client: Client, windows: Iterable[Window]) -> Callable[[], None]:
    """What was read in these windows; what is returned tells the server, on any thread that may wait for it."""
    read = [(one.room, one.read) for one in windows if one.room is not None and one.read]

    def send() -> None:
        with contextlib.suppress(ConnectError):  # closed, or not open yet: the next time
            for room, seq in read:
                client.read(room, seq)

    return send
