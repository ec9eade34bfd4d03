"""Keeps how the windows of one server stand, and puts them back at the next start."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterable

from roomchat.client.client import Client
from roomchat.protocol import PAGE, AnyEntry, Deleted, History, Unknown, is_pair
from roomchat.terminal.shown.focus import RoomFocus
from roomchat.terminal.windows.kept import Kept, KeptWindow
from roomchat.terminal.windows.timeline import Timeline
from roomchat.terminal.windows.window import Window

SCREENFUL = 60  # entries that a window has at once; there may be many windows
MAX_COUNTED = 1_000  # entries of a room that are counted as new; if there are more, the kept count holds


class Keeper:
    """Of one client. Any thread may call its methods, most of them with the display's lock held.

    Args:
        client: not open yet.
        focus: what is meant for the person.
        is_fresh: nothing of before is wanted.
    """

    def __init__(self, client: Client, focus: RoomFocus, *, is_fresh: bool) -> None:
        self.kept = Kept(client.kept_beside)
        self._focus = focus
        self._told = ""  # of what is wrong with it
        self._read_last: tuple[str | None, int, str] = None, 0, ""  # its room, its seq, and when that was
        self._writing = threading.Lock()
        self._is_closed = False
        self._forget_holes(client)
        if is_fresh:
            self.kept.keep_windows([])
        self._rooms = client.rooms

    def _forget_holes(self, client: Client) -> None:
        """What this session has read without this file, in a program, say, is a hole behind what is kept."""
        rooms, cursors = client.rooms, client.cursors
        for room in self.kept.rooms():
            if room not in rooms or self.kept.last(room) < cursors.get(room, 0):
                self.kept.forget(room)

    # ------------------------------------------------------------ windows

    def restored(self) -> tuple[list[Window], Window | None]:
        """The windows as they stood, with the end of what is kept of their rooms; which was looked at."""
        windows: dict[int, Window] = {}
        current = None
        missing = [room for room in self._rooms if not is_pair(room)]  # a kill came before they were kept
        for one in self.kept.windows():
            if (one.room in self._rooms or is_pair(one.room)) and one.number > 0:
                windows[one.number] = window = self._window(one)
                current = window if one.current else current
                missing = [room for room in missing if room != one.room]
        for room in missing:
            number = next(number for number in itertools.count(1) if number not in windows)
            windows[number] = self._window(KeptWindow(room, number, self.kept.last(room)))
        return [*windows.values()], current

    def _window(self, one: KeptWindow) -> Window:
        window = Window(one.room, one.number)
        window.live = Timeline(self.kept.before(one.room, None, SCREENFUL))
        window.read, window.read_at, window.draft = one.read, one.read_at, one.draft
        # After a kill more may have come than was counted.
        newer = [*filter(self._focus.is_of_others, self.newer(one.room, one.read))]
        wanting = [*filter(self._focus.wants, newer)]
        window.unread = max(one.unread, len(newer))
        window.mentions = max(one.mentions, len(wanting))
        if one.current:
            window.mark, window.mark_at = one.read, one.read_at
        return window

    def newer(self, room: str, read: int) -> list[AnyEntry | Unknown]:
        """What is kept of a room behind that seq, as far as it is counted."""
        if self.kept.last(room) <= read:
            return []
        # Nothing was ever read there, or it is no more among what is kept.
        return self.kept.after(room, read, MAX_COUNTED) or self.kept.before(room, None, MAX_COUNTED)

    def snapshot(self, windows: Iterable[Window], current: Window, now: str) -> Callable[[], None]:
        """How they stand now; what is returned writes it down, on any thread.

        Args:
            now: RFC 3339; until then the current one was read.
        """
        if self._read_last[:2] != (current.room, current.read):
            self._read_last = current.room, current.read, now
        kept = [
            KeptWindow(
                one.room, one.number, one.read, self._read_last[2] if one is current else one.read_at, one.draft,
                one.unread, one.mentions, one is current,
            )
            for one in windows
            if one.room is not None
        ]  # fmt: skip

        def write() -> None:
            with self._writing:
                if not self._is_closed:
                    self.kept.keep_windows(kept)
                    self.kept.wipe()

        return write

    def close(self, windows: Iterable[Window], current: Window, now: str) -> None:
        """Keep how they stand now, and end."""
        self._read_last = None, 0, ""
        self.snapshot(windows, current, now)()
        with self._writing:
            self._is_closed = True
            self.kept.close()

    # ------------------------------------------------------------ entries

    def page(self, history: History) -> list[AnyEntry | Unknown]:
        """The answer to a question for a page of a log, if it is kept."""
        room, limit = history.room or "", history.limit or PAGE
        if history.after is not None:
            return self.kept.after(room, history.after, limit)
        return self.kept.before(room, history.before, limit)

    def add(self, entry: AnyEntry | Unknown, *, wants: bool) -> bool:
        """Keep an entry; whether it is a new one, not one that came already before a crash."""
        is_new = entry.seq > self.kept.last(entry.room)
        if isinstance(entry, Deleted):
            self.kept.erase(entry.room, entry.of)
        self.kept.add(entry, wants)
        return is_new

    def has(self, entry: AnyEntry | Unknown) -> bool:
        """Whether it is kept, so that it need not come again."""
        return entry.seq <= self.kept.last(entry.room)

    def trouble(self) -> str:
        """What is wrong with keeping, if it was not told yet."""
        trouble, told = self.kept.trouble, self._told
        self._told = trouble
        return trouble if trouble != told else ""
