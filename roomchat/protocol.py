"""The words of the chat: what a client asks (commands) and what the server states (events).

These are plain values. How they look as bytes is the wires' business; docs/protocol.md describes the native
wire, on which they are JSON objects with the same field names. Field types and bounds are checked where bytes
become commands, so that nothing behind it meets a value of another type.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from msgspec import Meta, Struct

VERSION = 1  # of the protocol; `hello` names it
FEATURES: tuple[str, ...] = ("action",)  # known beyond that, by the names in docs/protocol.md

ACTION = "/me "  # a message that begins so is an action in words of before; docs/protocol.md, "action"
PAGE = 100  # entries in a list; whoever wants more asks for the next page

# 2**53 - 1: the largest integer that every JSON reader keeps exact (RFC 8259, section 6).
Uid = Annotated[int, Meta(ge=1, le=2**53 - 1)]
Seq = Annotated[int, Meta(ge=0, le=2**53 - 1)]
Count = Annotated[int, Meta(ge=0, le=2**53 - 1)]
# Far more, and longer ones, than there will be; a later client says hello to this server as well.
Features = Annotated[list[Annotated[str, Meta(max_length=64)]], Meta(max_length=100)]
# Long enough for a UUID; short, because it is sent back with every reply.
Id = Annotated[str, Meta(max_length=64)] | Annotated[int, Meta(ge=-(2**53) + 1, le=2**53 - 1)] | None
Kind = Literal["message", "action"]  # of what is said; see SPOKEN


def _tag(name: str) -> str:
    """``Say`` is ``{"type": "say"}``, ``MemberLeft`` is ``member_left``."""
    return re.sub(r"\B(?=[A-Z])", "_", name).lower()


# ---------------------------------------------------------------- rooms of two

PRIVATE = "@"  # begins the name of a room of two, so nobody can make or join one by its name
_PAIR = re.compile(r"@([0-9]{1,16})-([0-9]{1,16})")


def is_private(room: str) -> bool:
    """Whether a room is one of two who whisper, by its name or key."""
    return room.startswith(PRIVATE)


def private_room(one: int, other: int) -> str:
    """The room of two in which these UIDs whisper: ``@3-7``, the lower one first."""
    return f"{PRIVATE}{min(one, other)}-{max(one, other)}"


def pair_of(room: str) -> tuple[int, int] | None:
    """The UIDs of the two that a room belongs to; None for any other room."""
    match = _PAIR.fullmatch(room)
    return None if match is None else (int(match[1]), int(match[2]))


def other_of(room: str, uid: int) -> int:
    """The UID of the other one in a room of two; ``uid`` itself where there is none."""
    return next((one for one in pair_of(room) or () if one != uid), uid)


# ---------------------------------------------------------------- commands


class Command(Struct, tag_field="type", tag=_tag, kw_only=True, omit_defaults=True, gc=False):
    """What a client asks. ``id`` comes back as ``re`` in the reply."""

    id: Id = None


class Hello(Command, gc=True):
    """The first command: a new client's name, or the token of a session that goes on.

    ``rooms`` names, for each room, the seq of the last message seen without a gap; ``epoch`` the log that these
    seqs are from. Without ``presence`` rooms are not told of the client's comings and goings. ``features`` are
    those that the client knows.
    """

    protocol: Count
    name: str | None = None
    token: str | None = None
    rooms: dict[str, Seq] | None = None
    epoch: str | None = None
    client: str | None = None
    presence: bool = True
    features: Features = []


class Dial(Command):
    """Into the room that ``uid`` is in, or into a new one with it."""

    uid: Uid


class Join(Command):
    """Into ``room``, with the messages after ``after``, or else the last ``history``."""

    room: str
    after: Seq | None = None
    history: Count | None = None


class Leave(Command):
    """Out of ``room``, or out of the current one."""

    room: str | None = None


class Say(Command):
    """``text`` to everyone in ``room``, or in the current one, as an entry of that ``kind``; ``n`` counts what a
    session says from 1."""

    text: str
    room: str | None = None
    n: Uid | None = None
    kind: Kind = "message"


class Whisper(Command):
    """``text`` to ``uid`` alone, in the room that belongs to the two."""

    uid: Uid
    text: str
    n: Uid | None = None
    kind: Kind = "message"


class Name(Command):
    """From now on called ``name``."""

    name: str


class Who(Command):
    """The clients in ``room``, or all: a page of those with a UID above ``after``."""

    room: str | None = None
    after: Seq | None = None


class Rooms(Command):
    """The rooms with someone in them: a page of those that sort behind ``after``."""

    after: str | None = None


class History(Command):
    """Messages of ``room``, or of the current one: the last before ``before``, or the first after ``after``."""

    room: str | None = None
    before: Seq | None = None
    after: Seq | None = None
    limit: Count | None = None


class Stats(Command):
    """What the server counts."""


class Ping(Command):
    """Answered when everything before it has been handled."""


class Bye(Command):
    """The end of the session's seat in its rooms, and of the connection."""


# ---------------------------------------------------------------- events


class Event(Struct, tag_field="type", tag=_tag, kw_only=True, omit_defaults=True, gc=False):
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
    ``features`` are those that client and server both know.
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


class Joined(Event, gc=True):
    """You are in ``room``. ``by`` is who dialled, when the room was made by dialling or whispering."""

    room: str
    members: list[Person]
    members_total: Count
    last_seq: Count
    by: Count | None = None


class Left(Event):
    """You are no longer in ``room``."""

    room: str


class Presence(Event):
    """Something about a member of ``room``."""

    room: str
    uid: Count
    name: str


class MemberJoined(Presence):
    """A client came into the room."""


class MemberLeft(Presence):
    """A client went; ``reason`` is ``left``, ``bye`` or ``lost``."""

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


class _Counted(Struct, tag_field="type", tag=_tag, kw_only=True, omit_defaults=True, gc=False):
    """The last fields of an entry; its kind's own stand before them."""

    n: Count | None = None
    device: Uid = 1  # so far a client has one


class Entry(_Counted):
    """What a room's log is a sequence of. ``seq`` rises within the room; ``ts`` is RFC 3339 in UTC with
    milliseconds. ``n`` is of the sender's ``device``: a client knows its own entry by all three of ``uid``,
    ``device`` and ``n``.

    No ``Event``, and positional but for ``n`` and ``device``: entries are made more often than anything else, and
    positional fields halve the time for that.
    """

    room: str
    seq: Count
    uid: Count
    name: str
    ts: str


class Spoken(Entry):
    """An entry that is words of its sender."""

    text: str


class Message(Spoken):
    """What was said."""


class Action(Spoken):
    """What somebody does: ann's ``waves`` is shown as ``* ann waves``."""


class Unknown(Struct, tag_field="type", tag=_tag, gc=False):
    """An entry of a kind that this version does not know: a later server may keep more in a room than messages.
    Of all that is sent only entries have a ``seq``, so a cursor moves past it."""

    room: str
    seq: Count


SPOKEN: dict[Kind, type[Message | Action]] = {"message": Message, "action": Action}
AnyEntry = Message | Action
Statement = Event | AnyEntry | Unknown  # all that the server states


class WhoPage(Event, gc=True, tag="who"):
    """A page of clients, by rising UID. Without ``re``: what changed unseen while you were catching up."""

    clients: list[Person]
    clients_total: Count
    room: str | None = None


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


AnyCommand = (
    Hello | Dial | Join | Leave | Say | Whisper | Name | Who | Rooms | History | Stats | Ping | Bye
)  # fmt: skip
AnyEvent = (
    Welcome | Joined | Left | MemberJoined | MemberLeft | Away | Back | Renamed | WhoPage | RoomsPage | HistoryPage
    | StatsPage | Pong | Goodbye | PresenceSummary | Gap | Notice | Error | AnyEntry
)  # fmt: skip
