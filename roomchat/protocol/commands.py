"""What a client asks."""

from __future__ import annotations

from msgspec import Struct

from roomchat.protocol.values import (
    Count,
    Duration,
    Features,
    Id,
    Invite,
    Kind,
    NewToken,
    Password,
    Reason,
    Seq,
    Topic,
    Uid,
    Uses,
    tag,
)  # fmt: skip


class Command(Struct, tag_field="type", tag=tag, kw_only=True, omit_defaults=True, gc=False):
    """What a client asks. ``id`` comes back as ``re`` in the reply."""

    id: Id = None

    def __repr__(self) -> str:
        """What stands in a log or an error: without what is secret."""
        shown = ((name, getattr(self, name)) for name in self.__struct_fields__)
        words = (f"{name}={'...' if value and name in SECRET else repr(value)}" for name, value in shown)
        return f"{type(self).__name__}({', '.join(words)})"


SECRET = frozenset({"token", "new_token", "password", "old", "new", "invite"})  # fields that prove who somebody is


class Hello(Command, gc=True):
    """The first command: a new client's name, or the token of a session that goes on.

    ``rooms`` names, for each room, the seq of the last message seen without a gap; ``epoch`` the log that these
    seqs are from. Without ``presence`` rooms are not told of the client's comings and goings. ``features`` are
    those that the client knows. With ``password`` it is a new session of the account that is called ``name``; or,
    where it is to ``register``, the client gets an account, for which it may need an ``invite``. A newcomer's
    ``new_token`` is to prove its session: by it a hello is known again whose welcome was lost. The ``attempt``
    rises with each of a session: one that comes late, by another server, replaces no newer one.
    """

    protocol: Count
    name: str | None = None
    token: str | None = None
    rooms: dict[str, Seq] | None = None
    epoch: str | None = None
    client: str | None = None
    presence: bool = True
    features: Features = []
    password: Password | None = None
    register: bool = False
    invite: Invite | None = None
    attempt: Count = 0
    new_token: NewToken | None = None


class Register(Command):
    """From now on the client is an account, with this password."""

    password: Password
    invite: Invite | None = None


class ChangePassword(Command, tag="password"):
    """Another password for the account."""

    old: Password
    new: Password


class Devices(Command):
    """The sessions of the account."""


class Logout(Command):
    """The end of the session for good: of this one, of another ``device``, or of all ``others``."""

    device: Uid | None = None
    others: bool = False


class Unregister(Command):
    """The end of the account: its name is free, and nobody ever gets its UID."""

    password: Password


class Dial(Command):
    """Into the room that ``uid`` is in, or into a new one with it."""

    uid: Uid


class Join(Command):
    """Into ``room``, with the messages after ``after``, or else the last ``history``; ``private``: into one
    of that name of its own, which nobody else gets into but by an ``invitation``."""

    room: str
    after: Seq | None = None
    history: Count | None = None
    private: bool = False
    invitation: str | None = None


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


class Delete(Command):
    """The words of the entry ``seq`` of ``room``, or of the current one, are to be nowhere any more."""

    seq: Seq
    room: str | None = None


class Block(Command):
    """Nothing more of the client ``uid``: no whispers, no dials, and clients show nothing of it."""

    uid: Uid


class Unblock(Command):
    """The end of that."""

    uid: Uid


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


class Read(Command):
    """This person has read ``room`` up to ``seq``."""

    room: str
    seq: Seq


class Stats(Command):
    """What the server counts."""


class Ping(Command):
    """Answered when everything before it has been handled."""


class Bye(Command):
    """The end of the session's seat in its rooms, and of the connection."""


class InRoom(Command, kw_only=True):
    """Something done in ``room``, or in the current one, by its owner or a moderator."""

    room: str | None = None


class SetTopic(InRoom, tag="topic"):
    """What the room is about from now on."""

    topic: Topic


class DoneTo(InRoom):
    """Something done to the client ``uid``."""

    uid: Uid


class Kick(DoneTo):
    """Out of the room; it may come back."""

    reason: Reason = ""


class Ban(DoneTo):
    """Out of the room, and not in again, for some ``seconds`` or for good; with ``address``, all guests from where
    that guest is connected are kept out, too."""

    seconds: Duration | None = None
    reason: Reason = ""
    address: bool = False


class Unban(DoneTo):
    """In again, if it wants to."""


class Mute(DoneTo):
    """What it says in the room is refused, for some ``seconds`` or for good."""

    seconds: Duration | None = None
    reason: Reason = ""


class Unmute(DoneTo):
    """It may speak again."""


class Promote(DoneTo):
    """A moderator from now on."""


class Demote(DoneTo):
    """No moderator any more."""


class PassOn(DoneTo, tag="owner"):
    """The room is that client's from now on; who had it is a moderator."""


class ShowRules(InRoom, tag="rules"):
    """Who has which role in the room; for those who have one, also who is kept out."""


class InviteTo(InRoom, tag="invite"):
    """The client ``uid`` into a private room; or, without one, whoever has the invitation that is the answer: so
    many ``uses`` of it for so many ``seconds``."""

    uid: Uid | None = None
    uses: Uses = 1
    seconds: Duration = 7 * 86400


class TakeBack(InRoom, tag="uninvite"):
    """The invitation of ``uid``, or that with this ``number``, does not hold any more."""

    uid: Uid | None = None
    number: Uid | None = None


AnyCommand = (
    Hello | Register | ChangePassword | Devices | Logout | Unregister | Dial | Join | Leave | Say | Whisper
    | Delete | Block | Unblock | Name | Who | Rooms | History | Read | Stats | Ping | Bye
    | SetTopic | Kick | Ban | Unban | Mute | Unmute | Promote | Demote | PassOn | ShowRules | InviteTo | TakeBack
)  # fmt: skip
