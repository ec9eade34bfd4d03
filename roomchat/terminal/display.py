"""What a person sees of one server: which lines are shown, and which wait until their room is looked at."""

from __future__ import annotations

import threading
from collections.abc import Callable

from roomchat.client.client import Client
from roomchat.client.client_events import ClientEvent, ConnectionBack, ConnectionEnded, ConnectionLost
from roomchat.protocol import Entry, Gap, Joined, Left, Spoken, Unknown, Welcome, WhoPage, is_private
from roomchat.speaker import speaker
from roomchat.terminal.commands import HELP_COLUMN
from roomchat.terminal.focus import RoomFocus
from roomchat.terminal.lines import Line, cell, line
from roomchat.terminal.render import dialled_elsewhere, lines
from roomchat.terminal.roster import Roster
from roomchat.times import day_of


class ChatDisplay:
    """Any thread may call its methods, and read its fields; ``lock`` guards what is shown, and its order.

    Args:
        show_line: shows a line; called with the lock held.
        everything: show all rooms at once, each line with its room; else one, and the others wait.
        clock: how times are written, as for strftime.
        is_begun: whether words are typed that are meant for the room that is looked at.
    """

    def __init__(
        self, show_line: Callable[[Line], None], *, everything: bool, clock: str,
        is_begun: Callable[[], bool] = lambda: False,
    ) -> None:  # fmt: skip
        self.client: Client | None = None
        self.connected = False  # now; without a connection but with a client it tries to come back
        self.roster = Roster()
        self.focus = RoomFocus(self.roster, everything=everything)
        self.pending_switches: set[str] = (
            set()
        )  # rooms shown already, whose ``joined`` is on its way: it is no news
        self.lock = threading.RLock()
        self._show_line = show_line
        self._clock = clock
        self._is_begun = is_begun
        self._day = day_of(None)

    def show(self, text: str, style: str = "dim") -> None:
        """Show what the client itself has to say; its lines are lines."""
        with self.lock:
            for one in text.split("\n"):
                self._show_line(line((style, one), indent=HELP_COLUMN if one.startswith("/") else 0))

    def show_event(self, event: ClientEvent) -> None:
        """Show what has happened, with its day if that is another one than before. With the lock held."""
        if isinstance(event, Entry) and (day := day_of(event.ts)) != self._day:
            self._day = day
            self._show_line(line(("dim", f"--- {day:%A, %d %B %Y} ---")))
        for one in lines(event, self.roster, self.focus, self._clock):
            self._show_line(one)

    def take(self, event: ClientEvent) -> bool:
        """Show an event, or keep it until its room is looked at; whether the person has it."""
        with self.lock:
            if isinstance(event, ConnectionLost | ConnectionEnded):
                self.connected = False
                self.pending_switches.clear()
            elif isinstance(event, Welcome | ConnectionBack):
                self.connected = True
                if self.client is not None:
                    self.roster.remember(self.client.names)
            if (
                isinstance(event, WhoPage) and event.re is not None
            ):  # the client asked, not the person: /who has no id
                self.roster.update(event)
                return True
            # Our own coming into a room that is shown already is no news.
            if self.roster.update(event) and not (
                isinstance(event, Joined) and self._is_pending_switch(event.room)
            ):
                self._place(event)
            return not (isinstance(event, Entry | Unknown | Gap) and event.room in self.focus.unread)

    def _is_pending_switch(self, room: str) -> bool:
        if room not in self.pending_switches:
            return False
        self.pending_switches.remove(room)
        return True

    def _place(self, event: ClientEvent) -> None:
        current = None if self.client is None else self.client.room
        if isinstance(event, Left):
            self.focus.drop(event.room)
            if self.focus.room in {None, event.room}:
                self.look_at(current, announcement=event)
                return
        if isinstance(event, Joined) and self._interrupts(event):
            self._show_line(line(("mention", dialled_elsewhere(event, self.roster)), ring=2))
        elif isinstance(event, Joined) and event.room == current:
            self.look_at(current, announcement=event)
        elif self.focus.takes(event):
            self.show_event(event)
        elif isinstance(event, Spoken) and self._calls(event):
            name = cell(speaker(event.uid, event.name))
            self._show_line(line(("mention", f"[{cell(event.room)}] {name} mentions you."), ring=2))

    def _interrupts(self, event: Joined) -> bool:
        """Whether somebody dials us in the middle of a line: it must not end in front of others than it was begun
        for, perhaps the one that it is about."""
        dialled = event.re is None and event.by not in {None, self.roster.uid} and not is_private(event.room)
        elsewhere = not self.focus.everything and self.focus.room not in {None, event.room}
        return dialled and elsewhere and self._is_begun()

    def _calls(self, entry: Spoken) -> bool:
        """Whether a message in a room that nobody looks at is to be told at once."""
        focus = self.focus
        return entry.uid not in focus.ignored and focus.is_mentioned(entry) and not focus.is_old(entry)

    def look_at(self, room: str | None, announcement: ClientEvent | str) -> None:
        """Switch to a room: tell it, then show what was said there meanwhile. With the lock held."""
        count, events = self.focus.look_at(room)
        if isinstance(announcement, str):
            self.show(announcement)
        else:
            self.show_event(announcement)
        if count > (kept := sum(isinstance(event, Spoken) for event in events)):
            self.show(f"{count - kept} older messages are not shown; /history {min(count, 1000)} shows more.")
        self.focus.catching_up = True
        for event in events:
            self.show_event(event)
        self.focus.catching_up = False
        if events and self.client is not None:
            self.client.ack(events[-1])

    def rooms(self) -> list[str]:
        """The rooms that the person is in, in the order of their numbers: private ones last."""
        rooms = [] if self.client is None else self.client.rooms
        return sorted(rooms, key=is_private)
