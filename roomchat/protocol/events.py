"""What the server states beside the entries of a room's log."""

from __future__ import annotations

from msgspec import Struct

from roomchat.protocol.entries import AnyEntry, Spoken, Unknown
from roomchat.protocol.values import Count, Features, Id, Role, Uid, tag


class Event(Struct, tag_field="type", tag=tag, kw_only=True, omit_defaults=True, gc=False):
    """What the server states. ``re`` is the ``id`` of the command that it answers."""

    re: Id = None


class Person(Struct, gc=False, omit_defaults=True):
    """A client in a list; ``away`` while its session waits for it to come back."""

    uid: Count
    name: str
    away: bool = False


class RoomSummary(Struct, gc=False, omit_defaults=True):
    """A room in a list; ``last_said`` is the time of its newest message."""

    room: str
    members_total: Count
    last_seq: Count
    last_said: str | None = None


class Limits(Struct, gc=False):
    """What the server takes: characters of a text and of a name, bytes of a line, rooms a client."""

    text: Count
    name: Count
    line: Count
    rooms: Count


class Welcome(Event, gc=True):
    """The answer to ``hello``. ``token`` proves the session, which is that of one ``device`` of the client;
    ``last_n`` is the last ``n`` that was handled;
    ``lobby`` is the room where people meet first, which they have to join like any other;
    ``features`` are those that client and server both know; ``account``: the client has one;
    ``blocked`` are the UIDs that its person has blocked;
    ``servers`` are those that share the chat, this one first, where there are several: each ``HOST:PORT``, and
    behind a blank the fingerprint of its key if no authority vouches for that.
    """

    uid: Count
    name: str
    token: str
    epoch: str
    last_n: Count
    server: str
    clients: list[Person]
    clients_total: Count
    rooms: list[RoomSummary]
    rooms_total: Count
    limits: Limits
    motd: str | None = None
    lobby: str | None = None
    device: Uid = 1
    features: Features = []
    account: bool = False
    blocked: list[Count] = []
    servers: list[str] = []


class Registered(Event):
    """You have an account."""

    uid: Count
    name: str


class PasswordChanged(Event):
    """The answer to ``password``."""


class Device(Struct, gc=False, omit_defaults=True):
    """A session of yours: where it is or was last, and when; ``here``: it is connected, ``this``: it asks."""

    device: Uid
    seen: str
    address: str
    here: bool = False
    this: bool = False


class DevicesPage(Event, gc=True, tag="devices"):
    """The answer to ``devices``, by their numbers."""

    devices: list[Device]


class LoggedOut(Event):
    """These sessions are over."""

    devices: list[Uid]


class Unregistered(Event):
    """The account is gone."""


class Joined(Event, gc=True):
    """You are in ``room``. ``by`` is who dialled, when the room was made by dialling or whispering. You have read,
    on whatever device, up to the seq ``read``; ``role`` is yours, ``topic`` what the room is about. ``device`` is
    which of yours has gone there, if it was another one."""

    room: str
    members: list[Person]
    members_total: Count
    last_seq: Count
    by: Count | None = None
    read: Count | None = None
    role: Role | None = None
    topic: str = ""
    device: Uid | None = None


class Left(Event):
    """You are no longer in ``room``; ``reason`` is ``kicked``, ``banned`` or ``removed``, if you did not leave."""

    room: str
    reason: str | None = None


class Presence(Event):
    """Something about a member of ``room``."""

    room: str
    uid: Count
    name: str


class MemberJoined(Presence):
    """A client came into the room."""


class MemberLeft(Presence):
    """A client went; ``reason`` is ``left``, ``bye``, ``lost``, ``kicked``, ``banned`` or ``shut_out``."""

    reason: str


class Away(Presence):
    """A member's connection is gone; its seat waits for it."""


class Back(Presence):
    """A member that was away is here again."""


class Renamed(Event):
    """A client that you share a room with has another name."""

    uid: Count
    old: str
    name: str


Statement = Event | AnyEntry | Unknown  # all that the server states


class WhoPage(Event, gc=True, tag="who"):
    """A page of clients, by rising UID. Without ``re``: what changed unseen while you were catching up."""

    clients: list[Person]
    clients_total: Count
    room: str | None = None
    owner: Count | None = None
    moderators: list[Count] = []


class Restrained(Struct, gc=False, omit_defaults=True):
    """Somebody who is banned from a room, or muted in it, ``until`` a time (RFC 3339) or for good."""

    uid: Count
    name: str
    until: str | None = None
    reason: str = ""
    address: bool = False


class OpenInvitation(Struct, gc=False):
    """An invitation to a private room that still holds: how often, until when (RFC 3339), and who has made it."""

    number: Count
    uses: Count
    until: str
    by: Count


class RulesPage(Event, gc=True, tag="rules"):
    """What is laid down for ``room``. All but ``topic``, ``owner`` and ``moderators`` is told to those two
    only; ``invited`` are those who have not come yet."""

    room: str
    topic: str = ""
    owner: Person | None = None
    moderators: list[Person] = []
    banned: list[Restrained] = []
    muted: list[Restrained] = []
    invited: list[Person] = []
    invitations: list[OpenInvitation] = []


class Invited(Event):
    """The client ``uid`` asks ``whom`` into a private room: told to both."""

    room: str
    uid: Count
    name: str
    whom: Count
    whom_name: str


class Invitation(Event):
    """What lets somebody into a private room: its ``token``, for so many ``uses`` until then (RFC 3339)."""

    room: str
    token: str
    number: Count
    uses: Count
    until: str


class Blocked(Event):
    """The client ``uid`` is blocked, by the person whose client this is."""

    uid: Count


class Unblocked(Event):
    """It is blocked no longer."""

    uid: Count


class Done(Event):
    """What was asked for is done: the ``entry`` of ``room`` with that seq tells everyone."""

    room: str
    entry: Count


class RoomsPage(Event, gc=True, tag="rooms"):
    """A page of rooms."""

    rooms: list[RoomSummary]
    rooms_total: Count


class HistoryPage(Event, gc=True, tag="history"):
    """Entries, oldest first; ``more`` when there are others in the direction that was asked."""

    room: str
    entries: list[AnyEntry | Unknown]
    more: bool

    @property
    def messages(self) -> list[Spoken]:
        """What was said; to ask for the next page, go by ``entries``."""
        return [entry for entry in self.entries if isinstance(entry, Spoken)]


class ReadMarker(Event, tag="read"):
    """You have read ``room`` up to the seq ``read``, here or on another device. Not called ``seq``: only an entry
    has that, also for a client that does not know this event."""

    room: str
    read: Count


class StatsPage(Event, gc=True, tag="stats"):
    """Counters since the server started, and what is there now."""

    server: str
    uptime: float  # seconds
    clients: Count
    away: Count
    rooms: Count
    messages: Count
    deliveries: Count
    batches: Count
    largest_batch: Count


class Pong(Event):
    """The answer to ``ping``."""


class Goodbye(Event, tag="bye"):
    """The answer to ``bye``; the connection is closed after it."""


class PresenceSummary(Event):
    """In a large room: how many came and went since the last such event."""

    room: str
    joined: Count
    left: Count
    members_total: Count


class Gap(Event):
    """The messages of ``room`` after ``after`` and before ``before`` are no longer in the log."""

    room: str
    after: Count
    before: Count


class Notice(Event):
    """Something that everyone should know."""

    text: str


class Error(Event):
    """A command was refused; ``n`` is its, when it had one. docs/protocol.md lists the codes."""

    code: str
    message: str
    n: Count | None = None


AnyEvent = (
    Welcome | Registered | PasswordChanged | DevicesPage | LoggedOut | Unregistered
    | Joined | Left | MemberJoined | MemberLeft | Away | Back | Renamed | WhoPage | RoomsPage | HistoryPage
    | ReadMarker | StatsPage | RulesPage | Invited | Invitation | Done | Blocked | Unblocked | Pong | Goodbye
    | PresenceSummary | Gap | Notice | Error | AnyEntry
)  # fmt: skip
