"""What a person sees of one server; and its simplest form, where all lines stand below each other."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable

from roomchat.client.client import Client
from roomchat.client.client_events import ClientEvent, ConnectionBack, ConnectionEnded, ConnectionLost
from roomchat.protocol import (
    Blocked,
    Deleted,
    Entry,
    HistoryPage,
    Joined,
    Left,
    Spoken,
    Unblocked,
    Welcome,
    WhoPage,
    is_pair,
)
from roomchat.terminal.shown.focus import RoomFocus
from roomchat.terminal.shown.lines import Line, line
from roomchat.terminal.shown.render import lines
from roomchat.terminal.shown.roster import Roster
from roomchat.terminal.shown.words import day_line
from roomchat.terminal.typed.help import page
from roomchat.times import day_of

MAX_WANTING = 500  # mentions and whispers that are remembered
MENTIONS = "Mentions"  # the title of the page that lists them


def _is_for_program(event: ClientEvent) -> bool:
    """Whether it answers a question of this program: those of the person have no id, or one that is a text."""
    return isinstance(event, WhoPage | HistoryPage | Blocked | Unblocked) and isinstance(event.re, int)


class Display(ABC):
    """Any thread may call its methods, and read its fields; ``lock`` guards what is shown, and its order.

    Args:
        clock: how times are written, as for strftime.
        is_tagged: whether each line says of which room it is.
    """

    comes_back = False  # whether it begins in the rooms of the last time

    def __init__(self, *, clock: str, is_tagged: bool) -> None:
        self.client: Client | None = None
        self.connected = False  # now; without a connection but with a client it tries to come back
        self.lock = threading.RLock()
        self._clock = clock
        self._is_tagged = is_tagged
        self.unsay: Callable[[str], None] = lambda words: None  # forgets what was typed, when it is deleted
        self.reset()

    def reset(self) -> None:
        """Nothing is known of a server."""
        self.client, self.connected = None, False
        self.roster = Roster()
        self.focus = RoomFocus(self.roster, is_tagged=self._is_tagged)
        self.wanting: deque[Spoken] = deque(maxlen=MAX_WANTING)  # what was said to this person, as it came

    def meet(self, client: Client, first: str | None = None, *, is_fresh: bool = False) -> None:
        """This is who we are, but it is not open yet.

        Args:
            client: with the session of the last time.
            first: the room that we go to; "": nobody knows yet; None: where we were.
            is_fresh: nothing of before is to be shown.
        """
        with self.lock:
            self.client = client
            self.focus.blocked = set(client.blocked)

    def part(self) -> None:  # noqa: B027 - not every display keeps something
        """The client is about to be closed: what comes now need not be shown, and comes again the next time."""

    def show(self, text: str, style: str = "dim") -> None:
        """Show what the client itself has to say; its lines are lines."""
        with self.lock:
            self.show_lines([line((style, one)) for one in text.split("\n")])

    def help(self, topic: str) -> None:
        """Show the page of help, or what one command does."""
        told = page(topic, keys=not self._is_tagged)
        with self.lock:
            if topic:
                self.show_lines(told)
            else:
                self.show_page("Help", told)

    @abstractmethod
    def show_lines(self, told: list[Line]) -> None:
        """Show lines where the person looks. With the lock held."""

    @abstractmethod
    def show_page(self, title: str, told: list[Line]) -> None:
        """Show a text to read. With the lock held."""

    @abstractmethod
    def look_at(self, room: str | None, announcement: ClientEvent | str = "") -> None:
        """Turn to a room, and tell it. With the lock held."""

    @abstractmethod
    def place(self, event: ClientEvent) -> None:
        """Show an event where it belongs. With the lock held."""

    def take(self, event: ClientEvent) -> bool:
        """Take note of an event, and show it; whether it need not come again the next time."""
        with self.lock:
            if isinstance(event, ConnectionLost | ConnectionEnded):
                self.connected = False
            elif isinstance(event, Welcome | ConnectionBack):
                self.connected = True
                if self.client is not None:
                    self.roster.remember(self.client.names)
                    self.learn_blocked()  # in another log they are others
            elif isinstance(event, Blocked | Unblocked):
                self.learn_blocked()
            self.note(event)
            if self.roster.update(event) and not _is_for_program(event):
                self.place(event)
        return True

    def note(self, event: ClientEvent) -> None:  # noqa: B027 - only windows count what is new
        """Take note of what is not shown. With the lock held."""

    def newest_wanting(self) -> list[Spoken]:
        """What was said to this person, the newest first."""
        return sorted(self.wanting, key=lambda entry: entry.ts, reverse=True)

    def _erase(self, event: Deleted) -> bool:
        """Nobody is reminded of words that are deleted; whether anybody would have been. With the lock held."""
        found = [one for one in self.wanting if (one.room, one.seq) == (event.room, event.of)]
        for entry in found:
            self.wanting.remove(entry)
        return bool(found)

    def learn_blocked(self) -> None:
        """Show nothing of those whom the person has blocked, as the client knows it by now."""
        with self.lock:
            if self.client is not None:
                self.focus.blocked = set(self.client.blocked)

    def look_further(self) -> None:
        """A search goes on; only where one goes from hit to hit there is one that does."""
        raise AssertionError("nothing goes on here")

    @abstractmethod
    def turn_to(self, room: str | None) -> bool:
        """Turn to a room that we are in, to whispers, or (None) to the server; False: that must be asked to, or it
        can't be looked at. With the lock held."""

    @abstractmethod
    def end_whispers(self, room: str) -> None:
        """Turn from whispers to something else. With the lock held."""

    @abstractmethod
    def numbered(self) -> list[tuple[int, str, int]]:
        """The rooms that the person is in, each with its number and how many messages are new."""

    def lines(self, event: ClientEvent) -> list[Line]:
        """The lines of an event; none of somebody who is blocked."""
        if self.focus.hides(event):
            return []
        return list(lines(event, self.roster, self.focus, self._clock))

    def rooms(self) -> list[str]:
        """The rooms that the person is in, in the order of their numbers."""
        return [room for _, room, _ in self.numbered()]


class PlainDisplay(Display):
    """All lines as they come, each with its room.

    Args:
        show_line: shows a line; called with the lock held.
        clock: as for ``Display``.
    """

    def __init__(self, show_line: Callable[[Line], None], *, clock: str) -> None:
        self._show_line = show_line
        self._day = day_of(None)
        super().__init__(clock=clock, is_tagged=True)

    def show_lines(self, told: list[Line]) -> None:
        """Show lines."""
        for one in told:
            self._show_line(one)

    def show_page(self, title: str, told: list[Line]) -> None:
        """It is shown like anything else."""
        self.show_lines(told)

    def look_at(self, room: str | None, announcement: ClientEvent | str = "") -> None:
        """What is typed goes there now."""
        self.focus.room = room
        if isinstance(announcement, str):
            self.show(announcement)
        else:
            self.show_event(announcement)

    def turn_to(self, room: str | None) -> bool:
        """Turn to whispers; the server has to say so of any other room."""
        if room is None or not is_pair(room):
            return False
        name = self.roster.whisperer(room)
        self.look_at(room, f"You are now chatting privately with {name}. Type /room NAME to return to a room.")
        return True

    def end_whispers(self, room: str) -> None:
        """Back to where we were."""
        if room != self.focus.room:
            return
        current = None if self.client is None else self.client.room
        self.look_at(current, f"You are in {current} now." if current else "You are not in a room now.")

    def numbered(self) -> list[tuple[int, str, int]]:
        """The rooms, those of two last; all that was said is shown."""
        rooms = [] if self.client is None else self.client.rooms
        return [(number, room, 0) for number, room in enumerate(sorted(rooms, key=is_pair), start=1)]

    def place(self, event: ClientEvent) -> None:
        """Show it; one's own coming and going changes where what is typed goes."""
        current = None if self.client is None else self.client.room
        is_left = isinstance(event, Left) and self.focus.room in {None, event.room}
        if is_left or (isinstance(event, Joined) and event.room == current):
            self.look_at(current, event)
        else:
            self.show_event(event)

    def show_event(self, event: ClientEvent) -> None:
        """Show it, with its day if that is another one than before."""
        if isinstance(event, Spoken) and self.focus.wants(event):
            self.wanting.append(event)
        elif isinstance(event, Deleted):
            self._erase(event)
        if isinstance(event, Entry) and not self.focus.hides(event) and (day := day_of(event.ts)) != self._day:
            self._day = day
            self._show_line(day_line(day))
        self.show_lines(self.lines(event))
