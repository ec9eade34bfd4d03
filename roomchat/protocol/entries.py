"""What a room's log is a sequence of."""

from __future__ import annotations

from msgspec import Struct

from roomchat.protocol.values import Count, Kind, Uid, tag


class _Counted(Struct, tag_field="type", tag=tag, kw_only=True, omit_defaults=True, gc=False):
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


class Tombstone(Entry):
    """In the place of words that were deleted: whose they were, and when they were said."""

    @classmethod
    def of(cls, entry: Entry) -> Tombstone:
        """For this entry."""
        return cls(entry.room, entry.seq, entry.uid, entry.name, entry.ts, n=entry.n, device=entry.device)


class Deed(Entry):
    """An entry that is no words: what somebody has done about the room, or to ``whom`` in it."""


class Deleted(Deed):
    """The words of the entry ``of`` are deleted; a ``Tombstone`` stands in their place."""

    of: Count


class TopicChanged(Deed, tag="topic"):
    """What the room is about from now on; ``""``: nothing in particular."""

    topic: str


class DeedTo(Deed):
    """Something done to one client, by its UID and the name that it had."""

    whom: Count
    whom_name: str


class _Reasoned(DeedTo, kw_only=True):
    reason: str = ""


class _Limited(_Reasoned, kw_only=True):
    until: str | None = None  # RFC 3339; None: for good


class Kicked(_Reasoned):
    """A client was put out of the room."""


class Banned(_Limited):
    """A client was put out of the room, if it was in it, and does not get in until the ban ends."""


class Unbanned(DeedTo):
    """A ban is over before its end."""


class Muted(_Limited):
    """What a client says in the room is refused until then."""


class Unmuted(DeedTo):
    """A client may speak again."""


class Promoted(DeedTo):
    """A client is a moderator from now on."""


class Demoted(DeedTo):
    """A client is a moderator no longer."""


class OwnerChanged(DeedTo, tag="owner"):
    """The room is ``whom``'s from now on."""


class Unknown(Struct, tag_field="type", tag=tag, gc=False):
    """An entry of a kind that this version does not know: a later server may keep more in a room than messages.
    Of all that is sent only entries have a ``seq``, so a cursor moves past it."""

    room: str
    seq: Count


SPOKEN: dict[Kind, type[Message | Action]] = {"message": Message, "action": Action}
AnyEntry = (
    Message | Action | Tombstone | Deleted | TopicChanged | Kicked | Banned | Unbanned | Muted | Unmuted | Promoted
    | Demoted | OwnerChanged
)  # fmt: skip
