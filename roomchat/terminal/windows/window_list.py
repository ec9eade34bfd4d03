"""The windows that there are, each under its number."""

from __future__ import annotations

import itertools

from roomchat.protocol import is_pair
from roomchat.terminal.windows.window import Window

SERVER = 0  # the number of the window that is of no room
# Besides the server's; more than anybody reads. Each may have some 1,500 messages, and a server that means harm
# could open them without end.
MAX_WINDOWS = 300


class WindowList:
    """Not thread-safe: the display has a lock."""

    def __init__(self) -> None:
        self._by_number: dict[int, Window] = {}
        self._by_room: dict[str | None, Window] = {}  # the one that was opened last, or again, is the last
        self.put(Window(None, SERVER))

    def all(self) -> list[Window]:
        """In the order of their numbers; the server's first."""
        return [window for _, window in sorted(self._by_number.items())]

    def of(self, room: str | None) -> Window | None:
        """The window of a room."""
        return self._by_room.get(room)

    def at(self, number: int) -> Window | None:
        """The window of that number."""
        return self._by_number.get(number)

    def open(self, room: str | None) -> Window:
        """The window of a room; a new one has the smallest number that is free."""
        window = self._by_room.pop(room, None)
        if window is None:
            window = Window(room, next(number for number in itertools.count(1) if number not in self._by_number))
        self.put(window)
        return window

    def put(self, window: Window) -> None:
        """One more, with a number of its own."""
        self._by_number[window.number] = self._by_room[window.room] = window

    def remove(self, window: Window) -> None:
        """There is no such window any more."""
        del self._by_number[window.number], self._by_room[window.room]

    def spare(self, *kept: Window) -> Window | None:
        """The one to close, if there are too many; none of those ``kept``.

        Rather without a line that was begun; rather whispers than a room; rather without something new; then the
        one in which nothing has come for longest.
        """
        if len(self._by_number) <= MAX_WINDOWS + 1:
            return None
        others = [one for one in self._by_room.values() if one.room is not None and one not in kept]
        return min(others, key=lambda one: (bool(one.draft), not is_pair(one.room or ""), bool(one.unread)))
