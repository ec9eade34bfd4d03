"""What the person's side knows of the chat, from the events so far."""

from __future__ import annotations

from collections.abc import Iterable

from roomchat.protocol import (
    Entered,
    Event,
    Joined,
    Left,
    Message,
    Person,
    Renamed,
    Welcome,
    WhoPage,
)


class View:
    """Who we are, which room is the current one, and who has which UID. Belongs to the thread that receives;
    another may read it."""

    def __init__(self) -> None:
        self.uid = 0
        self.name = ""
        self.room: str | None = None  # the current one
        self.rooms: list[str] = []  # all that we are in, the one joined last at the end
        self.names: dict[int, str] = {}  # UID to name, of all whom we have heard of

    def update(self, event: Event | Message) -> None:
        """Take note of an event."""
        match event:
            case Welcome():
                self.uid, self.name = event.uid, event.name
                self._meet(event.clients)
            case Joined():
                self._meet(event.members)
                if not is_private(event.room):
                    self._forget(event.room)
                    self.rooms.append(event.room)
                    self.room = event.room
            case Left():
                self._forget(event.room)
                if self.room == event.room:
                    self.room = self.rooms[-1] if self.rooms else None
            case Entered() | Message():
                self.names[event.uid] = event.name
            case WhoPage():
                self._meet(event.clients)
            case Renamed():
                self.names[event.uid] = event.name
                if event.uid == self.uid:
                    self.name = event.name

    def uid_of(self, who: str) -> int | None:
        """A UID as typed, or that of the only one we know by this name."""
        if who.isascii() and who.isdigit():
            return int(who)
        found = [uid for uid, name in self.names.items() if name.casefold() == who.casefold()]
        return found[0] if len(found) == 1 else None

    def whisperer(self, room: str) -> str:
        """The name of the other one in a room of two."""
        uids = {int(uid) for uid in room[1:].split("-")}
        other = next(iter(uids - {self.uid}), self.uid)
        return self.names.get(other, str(other))

    def _meet(self, people: Iterable[Person]) -> None:
        self.names.update((person.uid, person.name) for person in people)

    def _forget(self, room: str) -> None:
        if room in self.rooms:
            self.rooms.remove(room)


def is_private(room: str) -> bool:
    """Whether a room is one of two who whisper."""
    return room.startswith("@")
