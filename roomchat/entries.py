"""How entries are shown: each place where they are shown has a table of the kinds that it shows.

A table maps a kind (a subclass of ``Entry``) to a function that makes of an entry what is shown there. A kind that
has no row is not shown there, and neither is ``Unknown``; nothing else need know of that. The kinds that are words
of their sender look alike nearly everywhere: ``spoken`` makes their rows, and ``said`` tells them apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar

from roomchat.protocol import (
    ACTION,
    SPOKEN,
    Action,
    Banned,
    Deed,
    Deleted,
    Demoted,
    Entry,
    Kicked,
    Message,
    Muted,
    OwnerChanged,
    Promoted,
    Spoken,
    Tombstone,
    TopicChanged,
    Unbanned,
    Unknown,
    Unmuted,
)
from roomchat.times import utc

DELETED = "(deleted)"  # is shown in the place of words that were deleted

T = TypeVar("T")

Table = Mapping[type, Callable[..., T]]  # the first argument is the entry


def shown(table: Table[T], entries: Iterable[Entry | Unknown], *more: object) -> Iterator[T]:
    """What a table makes of entries, in their order. Its functions get ``more`` behind the entry."""
    for entry in entries:
        show = table.get(type(entry))
        if show is not None:
            yield show(entry, *more)


def spoken(show: Callable[..., T]) -> dict[type, Callable[..., T]]:
    """The rows of the kinds that are words, and of tombstones, which are shown as words that say so."""
    rows: dict[type, Callable[..., T]] = dict.fromkeys(SPOKEN.values(), show)
    rows[Tombstone] = lambda entry, *more, **named: show(_stand_in(entry), *more, **named)
    return rows


def _stand_in(entry: Tombstone) -> Message:
    return Message(entry.room, entry.seq, entry.uid, entry.name, entry.ts, DELETED, n=entry.n, device=entry.device)


def said(entry: Spoken) -> tuple[str, str]:
    """The words, and what stands before the name: ``"* "`` if they tell what their sender does, else nothing."""
    text = entry.text
    if isinstance(entry, Action):
        return "* ", text
    return ("* ", text.removeprefix(ACTION)) if text.startswith(ACTION) else ("", text)


def as_text(entry: Spoken) -> str:
    """The words as one text, where there is nothing but texts: a deed begins with ``"/me "``."""
    return ACTION + entry.text if isinstance(entry, Action) else entry.text


_DEEDS: dict[type[Deed], str] = {
    Deleted: "deleted a message in {room}",
    Kicked: "put {whom_name} out of {room}",
    Banned: "banned {whom_name} from {room}",
    Unbanned: "lifted the ban of {whom_name} from {room}",
    Muted: "muted {whom_name} in {room}",
    Unmuted: "let {whom_name} speak in {room} again",
    Promoted: "made {whom_name} a moderator of {room}",
    Demoted: "made {whom_name} a moderator of {room} no longer",
    OwnerChanged: "made {whom_name} the owner of {room}",
}


def deeds(show: Callable[..., T]) -> dict[type, Callable[..., T]]:
    """The rows of the kinds that tell what somebody has done about a room."""
    return dict.fromkeys((TopicChanged, *_DEEDS), show)


def deed(entry: Deed, time: Callable[[str], str] = utc) -> str:
    """What is said of a deed behind the name of whoever did it: ``put eve out of tea: spam``.

    Args:
        entry: as it stands in the log; what others wrote in it is not made harmless here.
        time: how a time (RFC 3339) is written; by itself in UTC, as nobody's zone is known.
    """
    if isinstance(entry, TopicChanged):
        about = f": {entry.topic}" if entry.topic else " to nothing"
        return f"set the topic of {entry.room}{about}"
    if isinstance(entry, OwnerChanged) and entry.whom == entry.uid:
        return f"became the owner of {entry.room}"
    whom = {"whom_name": getattr(entry, "whom_name", ""), "room": entry.room}
    until, reason = getattr(entry, "until", None), getattr(entry, "reason", "")
    return (
        _DEEDS[type(entry)].format_map(whom)
        + (f" until {time(until)}" if until else "")
        + (f": {reason}" if reason else "")
    )
