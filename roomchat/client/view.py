"""What the person's side knows of the chat, from the events so far."""

from __future__ import annotations

from collections.abc import Iterable

from roomchat.client.seat import ConnectionBack, ConnectionLost, Shown
from roomchat.protocol import (
    Away,
    Back,
    Entered,
    Exited,
    Joined,
    Left,
    Message,
    Person,
    Renamed,
    Welcome,
    WhoPage,
)

MAX_DIGITS = 15  # of a UID; all of them are safe in JSON


class View:
    """Who we are, where we are, and who has which UID. Belongs to the thread that receives; others may read it."""

    def __init__(self) -> None:
        self.uid = 0
        self.names: dict[int, str] = {}  # UID to name, of all whom we have heard of
        self._here: dict[str, set[int]] = {}  # room to the UIDs that we know to be in it, and not away
        self._returning = False  # from a lost connection: what the person knows comes again

    def update(self, event: Shown) -> bool:
        """Take note of an event; whether it is news to the person."""
        match event:
            case ConnectionLost():
                self._returning = True
            case ConnectionBack():
                self._returning = False
            case Welcome():
                self.uid = event.uid
                self._meet(event.clients)
                return not self._returning
            case Joined():
                self._meet(event.members)
                known = event.room in self._here
                here = {person.uid for person in event.members if not person.away}
                self._here.setdefault(event.room, set()).update(here)
                return not (self._returning and known)
            case Left():
                self._here.pop(event.room, None)
            case Entered() | Back():
                self.names[event.uid] = event.name
                here = self._here.setdefault(event.room, set())
                known = event.uid in here
                here.add(event.uid)
                return not known
            case Exited() | Away():
                self._here.get(event.room, set()).discard(event.uid)
            case Message() | Renamed():
                self.names[event.uid] = event.name
            case WhoPage():
                self._meet(event.clients)
        return True

    def uid_of(self, who: str) -> int | None:
        """A UID as typed, or that of the only one we know by this name."""
        if who.isascii() and who.isdigit():
            return int(who) if len(who) <= MAX_DIGITS else None
        found = [uid for uid, name in list(self.names.items()) if name.casefold() == who.casefold()]
        return found[0] if len(found) == 1 else None

    def whisperer(self, room: str) -> str:
        """The name of the other one in a room of two."""
        uids = {int(uid) for uid in room[1:].split("-") if uid.isascii() and uid.isdigit()}
        other = next(iter(uids - {self.uid}), self.uid)
        return self.names.get(other, str(other))

    def _meet(self, people: Iterable[Person]) -> None:
        self.names.update((person.uid, person.name) for person in people)
