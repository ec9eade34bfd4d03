"""What the person's side knows of the chat, from the events so far."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from roomchat.client.client_events import ClientEvent, ConnectionBack, ConnectionLost
from roomchat.client.same import compared
from roomchat.protocol import (
    Away,
    Back,
    Banned,
    Entry,
    Invited,
    Joined,
    Kicked,
    Left,
    MemberJoined,
    MemberLeft,
    Person,
    PresenceSummary,
    Renamed,
    RoomsPage,
    Welcome,
    WhoPage,
    other_of,
    pair_room,
)

MAX_DIGITS = 15  # of a UID; all of them are safe in JSON


class Roster:
    """Who we are, where we are, and who has which UID. Belongs to the thread that receives; others may read it."""

    def __init__(self) -> None:
        self.uid = 0
        self.is_welcomed = False  # whether the server was there since the program began
        self.lobby: str | None = None  # the room where people meet first
        self.names: dict[int, str] = {}  # UID to name, of all whom we have heard of
        self._called: dict[str, int] = {}  # compared name to UID: who is, or was last, here under that name
        self.rooms: set[str] = set()  # all of which we have heard
        self.totals: dict[str, int] = {}  # of the rooms that we are in: how many are in it
        self.newest: dict[str, int] = {}  # of these rooms: the last seq before we came, or came back
        self.put_out: Kicked | Banned | None = None  # why we are not in a room any more, the last time
        self.last_whisperer: int | None = None  # the UID of who whispered to us last, and is not blocked
        self._here: dict[str, set[int]] = {}  # room to the UIDs that we know to be in it, and not away
        self._invited: set[str] = set()  # the private rooms that we were asked into
        self._returning = False  # from a lost connection: what the person knows comes again

    def update(self, event: ClientEvent) -> bool:
        """Take note of an event; whether it is news to the person."""
        match event:
            case ConnectionLost():
                self._returning = self.is_welcomed  # else it is still the first time
            case ConnectionBack():
                back, self._returning = self._returning, False
                return back  # else it is the first time, which the greeting has told
            case Welcome():
                self.uid, self.lobby, self.is_welcomed = event.uid, event.lobby, True
                self._meet(event.clients)
                self.rooms.update(room.room for room in event.rooms)
                return not self._returning
            case Joined():
                self._meet(event.members)
                self.rooms.add(event.room)
                again = self._returning and event.room in self._here and event.re is None  # nobody asked for it
                self.totals[event.room] = event.members_total
                if not again:
                    self.newest[event.room] = event.last_seq
                here = {person.uid for person in event.members if not person.away}
                self._here.setdefault(event.room, set()).update(here)
                return not again
            case Invited():
                known = event.room in self._invited
                self._invited.add(event.room)
                self.rooms.add(event.room)
                return event.re is not None or not known  # it comes again with each hello
            case Left():
                self._here.pop(event.room, None)
                self.totals.pop(event.room, None)
            case MemberJoined() | Back():
                self._call(event.uid, event.name)
                self._count(event.room, isinstance(event, MemberJoined))
                here = self._here.setdefault(event.room, set())
                known = event.uid in here
                here.add(event.uid)
                return not known
            case MemberLeft() | Away():
                self._here.get(event.room, set()).discard(event.uid)
                self._count(event.room, -isinstance(event, MemberLeft))
            case _:
                self._learn(event)
        return True

    def _learn(self, event: ClientEvent) -> None:
        """Of what is news in any case: whom and what it tells of."""
        if isinstance(event, Kicked | Banned) and event.whom == self.uid:
            self.put_out = event
        match event:
            case PresenceSummary():
                self.totals[event.room] = event.members_total
            case Entry() if event.uid:  # 0: that was an admin, whom nobody can call
                self.names[event.uid] = event.name  # it may be an old one
            case Renamed():
                self._call(event.uid, event.name)
            case WhoPage():
                self._meet(event.clients)
                if event.room in self.totals:
                    self.totals[event.room] = event.clients_total
            case RoomsPage():
                self.rooms.update(room.room for room in event.rooms)

    def return_as(self, uid: int, name: str, names: Mapping[int, str]) -> None:
        """Take who we were the last time; the server will say so again."""
        self.uid = uid
        if uid:
            self.names.setdefault(uid, name)
        self.remember(names)

    def remember(self, names: Mapping[int, str]) -> None:
        """Take what people were called before we came. It does not say that they are here."""
        for uid, name in names.items():
            self.names.setdefault(uid, name)

    def uid_of(self, who: str) -> int | None:
        """The UID of the only one who can be meant by a UID or a name; None: nobody, or more than one."""
        found = self.meant(who)
        return found[0] if len(found) == 1 else None

    def meant(self, who: str) -> list[int]:
        """All who can be meant by what was typed, by UID: digits are a UID, anything else is a name.

        An @ may stand before it. Old logs have names of digits, or with an @: then both fit, and the person has to
        choose, since what is private must not go to a guess.
        """
        found: set[int] = set()
        for reading in {who, who.removeprefix("@")}:
            if reading.isascii() and reading.isdigit() and len(reading) <= MAX_DIGITS:
                found.add(int(reading))
            found.update(self._bearers(reading))
        return sorted(found)

    def _bearers(self, name: str) -> list[int]:
        """Who is here by this name; else all who were."""
        wanted = compared(name)
        found = [uid for uid, one in list(self.names.items()) if compared(one) == wanted]
        here = self._called.get(wanted)
        return [here] if here is not None and here in found else found

    def whisperer(self, room: str) -> str:
        """The other one in a room of two, as a sentence calls them."""
        other = self.other(room)
        return self.names.get(other, f"UID {other}")

    def typed(self, room: str) -> str:
        """A room of two as it may be typed: by the other one's name, or else their UID."""
        other = self.other(room)
        return f"@{self.names.get(other, other)}"

    def other(self, room: str) -> int:
        """The UID of the other one in a room of two."""
        return other_of(room, self.uid)

    def is_offline(self, uid: int) -> bool:
        """Whether we know that someone whom we whisper with is not connected now."""
        room = self.pair(uid)
        return room in self._here and uid not in self._here[room]

    def pair(self, uid: int) -> str:
        """The room of two that belongs to us and someone else."""
        return pair_room(uid, self.uid)

    def here(self, room: str | None) -> set[int]:
        """The UIDs that we know to be in a room, and not away."""
        return self._here.get(room or "", set())

    def people(self, room: str | None) -> list[tuple[int, str]]:
        """UIDs and names of all whom we have heard of: who is in a room first, then by name."""
        here = self._here.get(room or "", set())
        known = [(uid, name) for uid, name in list(self.names.items()) if uid != self.uid]
        return sorted(known, key=lambda person: (person[0] not in here, person[1].casefold(), person[0]))

    def _count(self, room: str, more: int) -> None:
        if room in self.totals:
            self.totals[room] += more

    def _meet(self, people: Iterable[Person]) -> None:
        for person in people:
            self._call(person.uid, person.name)

    def _call(self, uid: int, name: str) -> None:
        """Somebody is here: the server gives a name to one at a time only."""
        self.names[uid] = name
        self._called[compared(name)] = uid
