"""Windows that stand as they stood the last time, over what is kept of their rooms."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from roomchat.client.client import Client
from roomchat.client.client_events import ClientEvent
from roomchat.client.same import same_room
from roomchat.protocol import (
    PAGE,
    AnyEntry,
    Entry,
    Joined,
    Left,
    Spoken,
    Unknown,
    Welcome,
    is_pair,
)
from roomchat.terminal.windows.display import MAX_WANTING
from roomchat.terminal.windows.keeper import Keeper
from roomchat.terminal.windows.kept import KEPT, SLACK
from roomchat.terminal.windows.reading import tell
from roomchat.terminal.windows.window import Window
from roomchat.terminal.windows.windows import Windows, now


class KeptWindows(Windows):
    """Any thread may call its methods."""

    comes_back = True

    def reset(self) -> None:
        """Nothing is known of a server."""
        super().reset()
        self._keeper: Keeper | None = None

    def meet(self, client: Client, first: str | None = None, *, is_fresh: bool = False) -> None:
        """Put back how the windows stood the last time."""
        with self.lock:
            super().meet(client, first, is_fresh=is_fresh)
            self.roster.return_as(client.uid, client.name, client.names)
            for window in self.all():  # of another name, which was refused
                if window.room is not None:
                    self.close(window.room)
            self._keeper = Keeper(client, self.focus, is_fresh=is_fresh)
            kept = self._keeper.kept
            self.searching.kept_before = kept.before
            self.past.kept = self._keeper.page
            self.wanting.extend(reversed(kept.mentions(MAX_WANTING)))
            windows, current = self._keeper.restored()
            for window in windows:
                self._list.put(window)
            if first is not None:
                current = self.of(same_room(first, self.rooms()))
            elif current is None:  # a kill came before it was kept
                current = self.of(client.room)
            if current is not None:
                self._turn_to(current)
            self._tell_trouble()

    def part(self) -> None:
        """Keep how the windows stand."""
        self.told()()
        with self.lock:
            if self._keeper is not None:
                self._keeper.close(self.all(), self.current, now())
                self._keeper = None

    def snapshot(self) -> Callable[[], None]:
        """How the windows stand now; what is returned writes it down, on any thread."""
        with self.lock:
            if self._keeper is None:
                return lambda: None
            return self._keeper.snapshot(self.all(), self.current, now())

    def told(self) -> Callable[[], None]:
        """What was read by now; what is returned tells the server, on any thread that may wait for it."""
        with self.lock:
            return (lambda: None) if self.client is None else tell(self.client, self.all())

    def newer(self, window: Window) -> Iterable[AnyEntry | Unknown]:
        """From what is kept, where more may be than in the window."""
        if self._keeper is None or window.room is None:
            return super().newer(window)
        return self._keeper.newer(window.room, window.read)

    def take(self, event: ClientEvent) -> bool:
        """Keep an entry, and show it; whether it is kept, so that it need not come again."""
        keeper = self._keeper
        if not isinstance(event, Entry | Unknown):
            return super().take(event)
        if keeper is None:  # it comes again the next time
            return False
        # Without the lock: painting need not wait for the disk.
        is_mine = isinstance(event, Spoken) and event.uid == self.roster.uid
        wants = self.focus.wants(event)
        if keeper.add(event, wants=wants) or is_mine:  # else it had come before a crash; our own was looked for
            super().take(event)
        self._tell_trouble()
        return keeper.has(event)

    def place(self, event: ClientEvent) -> None:
        """Take note of what a log has become, and show it."""
        if self._keeper is not None:
            match event:
                case Welcome() if self._keeper.kept.begin(f"{event.epoch} {event.uid}"):
                    self._begin_another_log()
                case Joined():
                    self._lose_end(self._keeper, event)
                    self._unmark(event)
                case Left():
                    self._keeper.kept.forget(event.room)
        super().place(event)

    def _begin_another_log(self) -> None:
        """What was shown of rooms is of another log, and whispers were with people of that log; or we are somebody
        else in the same log, because the server knows us no more."""
        self.wanting.clear()
        for window in self.all():
            if window.room is not None and is_pair(window.room):
                self.close(window.room)
            elif window.room is not None:
                window.begin()

    def _lose_end(self, keeper: Keeper, event: Joined) -> None:
        """The server may have lost the end of a room's log, which was put back from a backup."""
        window = self.of(event.room)
        if keeper.kept.last(event.room) > event.last_seq:
            keeper.kept.forget(event.room, after=event.last_seq)
            if window is not None:
                window.begin(keeper.kept.before(event.room, None, PAGE))
                self.snapshot()()  # what was counted there is void, also after a kill

    def go_to_first(self, window: Window) -> None:
        """While the server is away: to the beginning of what is kept."""
        with self.lock:
            self._unfold(window)
            super().go_to_first(window)

    def go_to(self, window: Window, seq: int) -> None:
        """While the server is away: in what is kept."""
        with self.lock:
            self._unfold(window)
            super().go_to(window, seq)

    def _unfold(self, window: Window) -> None:
        """Have all in the window that is kept, if the server can't be asked for single pages of it."""
        if self._keeper is not None and not self.connected and window.room is not None:
            window.live.prepend(self._keeper.kept.before(window.room, window.live.first_seq or None, KEPT + SLACK))

    def _unmark(self, event: Joined) -> None:
        """What comes from now on is seen by who looks there: if nothing was missed, nothing is new."""
        window = self.of(event.room)
        if window is not None and window.mark >= event.last_seq:
            window.mark = 0

    def _tell_trouble(self) -> None:
        if self._keeper is not None and (trouble := self._keeper.trouble()):
            self.show(trouble, "trouble")
