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


class Deleted(Entry):
    """The words of the entry ``of`` are deleted; a ``Tombstone`` stands in their place."""

    of: Count


class Unknown(Struct, tag_field="type", tag=tag, gc=False):
    """An entry of a kind that this version does not know: a later server may keep more in a room than messages.
    Of all that is sent only entries have a ``seq``, so a cursor moves past it."""

    room: str
    seq: Count


SPOKEN: dict[Kind, type[Message | Action]] = {"message": Message, "action": Action}
AnyEntry = Message | Action | Tombstone | Deleted
