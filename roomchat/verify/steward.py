"""What a client does about the order in rooms: in one that is everybody's, and in private ones of its own."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress

from roomchat.client.client import Client
from roomchat.client.client_events import ClientEvent, ConnectionLost
from roomchat.errors import ConnectError
from roomchat.protocol import (
    Away,
    Ban,
    Command,
    Done,
    Entry,
    Error,
    Invited,
    InviteTo,
    Join,
    Joined,
    Kick,
    Left,
    MemberJoined,
    MemberLeft,
    Mute,
    Presence,
    SetTopic,
    Unban,
    Unmute,
    private_of,
)
from roomchat.verify import records
from roomchat.verify.allowance import DEED, JOIN, Allowance
from roomchat.verify.records import Recorder

OWN = "den"  # the private room that some clients have
BUSY = 2  # things at once that an owner does


class Steward:
    """Of one client. The thread that talks calls ``act``, the one that listens ``note``.

    Args:
        room: that is everybody's; whoever comes first owns it.
        say: says something in a room, and writes that down.
        allowance: how much may be asked for.
        has_own: whether it makes a private room.
    """

    def __init__(
        self,
        chat: Client,
        recorder: Recorder,
        room: str,
        choose: random.Random,
        say: Callable[[str], None],
        allowance: Allowance,
        has_own: bool,
    ) -> None:
        self._chat = chat
        self._recorder = recorder
        self._room = room
        self._choose = choose
        self._say = say
        self._allowance = allowance
        self._has_own = has_own
        self._people: set[int] = set()  # UIDs that it has heard of
        self._inside: dict[str, set[int]] = {}  # room to who is there
        self._owned: set[str] = set()
        self._asked_into: list[str] = []
        self._asks = False  # to come into the room, and has no answer yet

    def act(self) -> None:
        """Do something, as far as there is a connection."""
        with suppress(ConnectError):
            for _ in range(BUSY if self._owned else 1):
                self._act(self._choose)

    def _ask(self, command: Command) -> None:
        """Raises ConnectError: there is no connection."""
        self._allowance.spend(JOIN if isinstance(command, Join) else DEED)
        self._chat.send(command)

    def _act(self, choose: random.Random) -> None:
        if self._room not in self._inside and not self._asks:
            self._asks = True
            self._recorder.write(records.Asking(self._room))
            self._ask(Join(room=self._room, history=0))
        elif self._room not in self._inside:
            return
        elif self._asked_into and choose.random() < 0.5:
            self._ask(Join(room=self._asked_into.pop(), history=0))
        elif self._has_own and not any(private_of(room) for room in self._owned):
            self._ask(Join(room=OWN, private=True, history=0))
        elif self._owned and choose.random() < 0.6:
            self._keep_order(choose.choice(sorted(self._owned)), choose)
        else:
            self._say(choose.choice(sorted(self._inside)))

    def _keep_order(self, room: str, choose: random.Random) -> None:
        others = sorted(self._people - {self._chat.uid})
        if not others:
            return
        members = self._inside.get(room, set())
        here = sorted(members - {self._chat.uid})
        uid = choose.choice(here if here and choose.random() < 0.6 else others)
        if private_of(room) is not None:
            if uid in members:
                self._ask(Kick(uid=uid, room=room))
            else:
                self._recorder.write(records.Inviting(room, uid))
                self._ask(InviteTo(uid=uid, room=room))
            return
        deeds: list[Command] = [
            Kick(uid=uid, room=room), Kick(uid=uid, room=room), Kick(uid=uid, room=room), Ban(uid=uid, room=room),
            Unban(uid=uid, room=room), Unban(uid=uid, room=room), Unban(uid=uid, room=room),
            Mute(uid=uid, room=room), Unmute(uid=uid, room=room), Unmute(uid=uid, room=room),
            SetTopic(topic=f"about {uid}", room=room),
        ]  # fmt: skip
        self._ask(choose.choice(deeds))

    # ------------------------------------------------------------ what it hears

    def note(self, event: ClientEvent) -> bool:
        """Take note of an event; whether it was about a room of the steward's."""
        if isinstance(event, ConnectionLost | Error):
            self._asks = False
            return False
        room = getattr(event, "room", None)
        if room is None or not (room == self._room or room.startswith("+")):
            return False
        match event:
            case Joined():
                self._asks = self._asks and room != self._room
                self._recorder.write(records.Entered(room, event.last_seq, event.device is not None))
                self._inside[room] = {person.uid for person in event.members}
                self._people |= self._inside[room]
                if event.role == "owner":
                    self._owned.add(room)
            case Left():
                self._inside.pop(room, None)
            case Invited() if event.whom == self._chat.uid:
                self._asked_into.append(room)
            case MemberJoined():
                self._inside.setdefault(room, set()).add(event.uid)
                self._people.add(event.uid)
            case Away() if room in self._owned and event.uid % 2:
                with suppress(ConnectError):  # so that some are put out while they are not there
                    self._ask(Kick(uid=event.uid, room=room))
            case MemberLeft():
                self._inside.setdefault(room, set()).discard(event.uid)
            case Done():
                self._recorder.write(records.Answered(room, event.entry))
        if isinstance(event, Entry | Presence | Joined | Invited):
            self._recorder.write(records.Heard(room, event.seq if isinstance(event, Entry) else 0))
        return True
