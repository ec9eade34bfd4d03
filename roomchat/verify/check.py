"""The checker: it compares the records of the clients with the log. Pure: no I/O in here.

The promises, each with a function below:

1. Every message that anyone saw is in the log, as the same message with the same seq. The log holds each text
   once, with its sender and its room.
2. A client sees the messages of a room by rising seq, each once. It misses none up to the end, from the first that
   it sees, or that comes after it was let in, except for messages that a gap names. After a crash of the client
   only the message that it saw last may come once more.
3. All clients see the messages of a room in one order.
4. Every message that was sent is in the log or was refused, never both; in the end nothing is pending.
5. What its sender has deleted is a tombstone in the log, with the same seq, and an entry tells of it; nothing else
   is one. Its words are in no file of the log, and a newcomer is told what the log has.
6. A client is taken back each time, and is the same one: its UID stays.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise, zip_longest

from msgspec import Struct

from roomchat.client.verdicts import UNCERTAIN
from roomchat.verify.records import (
    AnyRecord,
    Deleting,
    Ended,
    Gap,
    Joined,
    Quiet,
    Refused,
    Said,
    Saying,
    Seen,
    Started,
    Unanswered,
    beginning,
)

FAULT = "internal_error"  # what a server's refusal is called that is its own fault


class Entry(Struct, frozen=True):
    """A message in the log. ``text`` is as in the records, see ``records.brief``.

    Or, without one, a tombstone (``gone``), or what tells that the message ``of`` was deleted.
    """

    seq: int
    uid: int
    text: str
    gone: bool = False
    of: int = 0


Records = Mapping[str, Sequence[AnyRecord]]  # by the client's name, in the order in which they were written
Log = Mapping[str, Sequence[Entry]]  # by room, in the order in which they stand there


def check(records: Records, log: Log) -> list[str]:
    """All violations, as sentences for a person; empty if every promise was kept."""
    found = [*check_log(records, log), *check_deletions(records, log), *check_order(records)]
    deleting = _deleting(records)
    for client, own in records.items():
        found += check_seat(client, own)
        found += check_said(client, own, log)
        found += _Reader(client, log, deleting).check(own)
    return found


# ---------------------------------------------------------------- the log


def check_log(records: Records, log: Log) -> Iterator[str]:
    """Seqs rise, and each text stands there once, as it was said."""
    speakers = {
        record.text: (client, record.room)
        for client, own in records.items()
        for record in own
        if isinstance(record, Saying)
    }
    uids = {client: _uids(own) for client, own in records.items()}
    places: dict[str, str] = {}
    for room, entries in log.items():
        for one, two in pairwise(entries):
            if two.seq <= one.seq:
                yield f"The log of {room} has seq {two.seq} after seq {one.seq}."
        for entry in entries:
            if not entry.text:
                continue
            place = f"seq {entry.seq} of {room}"
            if entry.text in places:
                yield f"{entry.text!r} is in the log twice: {places[entry.text]}, and {place}."
            places[entry.text] = place
            speaker, where = speakers.get(entry.text, (None, room))
            if speaker is None:
                yield f"{place} is {entry.text!r} in the log, but nobody said that."
            elif entry.uid not in uids[speaker] or where != room:
                yield (
                    f"{place} is {entry.text!r} by client {entry.uid} in the log; {speaker} said it in {where}."
                )


def check_deletions(records: Records, log: Log) -> Iterator[str]:
    """What is gone was deleted by whoever said it, and an entry tells of it; what such an entry names is gone."""
    deleting = _deleting(records)
    uids = {client: _uids(own) for client, own in records.items()}
    for room, entries in log.items():
        gone = {entry.seq: entry.uid for entry in entries if entry.gone}
        told = {entry.of for entry in entries if entry.of}
        kept = {entry.seq: entry.text for entry in entries if entry.text}
        for seq, uid in gone.items():
            if not any(uid in uids[client] for client in deleting.get((room, seq), ())):
                yield f"seq {seq} of {room} by client {uid} is deleted in the log, but they did not do that."
            if seq not in told:
                yield f"seq {seq} of {room} is deleted in the log, and no entry tells of it."
        for seq in sorted(told & kept.keys()):
            yield f"The log of {room} tells that seq {seq} is deleted, but {kept[seq]!r} is there."


def check_traces(records: Records, log: Log, files: bytes) -> Iterator[str]:
    """Nothing of what is gone is in the files of the log, not even between what they hold."""
    gone = {(room, entry.seq) for room, entries in log.items() for entry in entries if entry.gone}
    words: dict[bytes, tuple[str, int]] = {}  # the beginning of a text, which no other has, to where it was
    for own in records.values():
        for record in own:
            if isinstance(record, Seen) and record.text and (record.room, record.seq) in gone:
                words[beginning(record.text).encode()] = record.room, record.seq
    # Of the names. The files are gone through once, and not once for each text: an hour's have a gigabyte.
    lengths = {begins.index(b" ") for begins in words}
    for found in re.finditer(rb" says \d+ ", files):
        for length in lengths:
            begins = files[max(0, found.start() - length) : found.end()]
            if begins in words:
                room, seq = words.pop(begins)
                yield f"seq {seq} of {room} is deleted, but {begins.decode()!r} is in the files of the log."


def check_newcomer(told: Log, log: Log) -> Iterator[str]:
    """Whoever comes in the end is told what the log has: no words from a memory of before they were deleted."""
    for room, entries in log.items():
        for one, two in zip_longest(told.get(room, ()), entries):
            if one != two:
                yield f"A newcomer to {room} is told {_brief(one)}, where the log has {_brief(two)}."
                break


def _brief(entry: Entry | None) -> str:
    return f"{entry.text or 'a deletion'!r} as seq {entry.seq}" if entry is not None else "nothing"


def _deleting(records: Records) -> dict[tuple[str, int], list[str]]:
    """(Room, seq) to the clients that were about to delete it."""
    found: dict[tuple[str, int], list[str]] = defaultdict(list)
    for client, own in records.items():
        for record in own:
            if isinstance(record, Deleting):
                found[record.room, record.seq].append(client)
    return found


# ---------------------------------------------------------------- what one client saw


class _Reader:
    """Goes through the records of one client."""

    def __init__(self, client: str, log: Log, deleting: Container[tuple[str, int]]) -> None:
        self._client = client
        self._deleting = deleting
        self._log = {room: {entry.seq: entry for entry in entries} for room, entries in log.items()}
        self._last: dict[str, int] = {}  # room: the highest seq that was seen
        self._seen: dict[str, set[int]] = defaultdict(set)
        self._again: dict[str, int] = {}  # room: the seq that may come once more
        self._joined: dict[str, int] = {}  # room: last_seq when it was let in for the first time
        self._gaps: dict[str, list[Gap]] = defaultdict(list)

    def check(self, records: Iterable[AnyRecord]) -> Iterator[str]:
        """All violations in the messages that it saw."""
        latest: Seen | None = None
        for record in records:
            match record:
                case Started() if latest is not None:
                    self._again[latest.room] = latest.seq
                case Joined():
                    self._joined.setdefault(record.room, record.last_seq)
                case Gap():
                    self._gaps[record.room].append(record)
                case Seen():
                    yield from self._check_place(record)
                    yield from self._check_log(record)
                    latest = record
        for room in sorted(self._joined.keys() | self._seen.keys()):
            yield from self._check_gaps(room)
            yield from self._check_whole(room)

    def _check_place(self, seen: Seen) -> Iterator[str]:
        """It comes behind those before it, unless it may come again."""
        last = self._last.get(seen.room, 0)
        again = self._again.pop(seen.room, None)
        if seen.seq <= last and not seen.seq == last == again:
            if seen.seq in self._seen[seen.room]:
                yield f"{self._client} saw seq {seen.seq} of {seen.room} ({seen.text!r}) twice."
            else:
                yield f"{self._client} saw seq {seen.seq} of {seen.room} ({seen.text!r}) after seq {last}."
        self._last[seen.room] = max(last, seen.seq)
        self._seen[seen.room].add(seen.seq)

    def _check_log(self, seen: Seen) -> Iterator[str]:
        """The log has the same message there."""
        entry = self._log.get(seen.room, {}).get(seen.seq)
        if entry is None:
            yield f"{self._client} saw seq {seen.seq} of {seen.room} ({seen.text!r}), but it is not in the log."
        elif entry.gone and seen.text and entry.uid == seen.uid and (seen.room, seen.seq) in self._deleting:
            return  # it was deleted later; whoever comes in the end must not be told the words
        elif (entry.uid, entry.text, entry.gone, entry.of) != (seen.uid, seen.text, seen.gone, seen.of):
            yield (
                f"{self._client} saw {seen.text!r} by client {seen.uid} as seq {seen.seq} of {seen.room}; "
                f"the log has {entry.text!r} by client {entry.uid} there."
            )

    def _check_gaps(self, room: str) -> Iterator[str]:
        """The messages that a gap names are really gone."""
        for gap in self._gaps[room]:
            kept = [seq for seq in self._log.get(room, {}) if gap.after < seq < gap.before]
            if kept:
                yield (
                    f"{self._client} was told that {room} has nothing between seq {gap.after} and {gap.before}, "
                    f"but seq {kept[0]} is in the log."
                )

    def _check_whole(self, room: str) -> Iterator[str]:
        """Nothing is missing from the first that it had to see up to the end of the log."""
        seen = self._seen[room]
        start = min(seen, default=self._joined.get(room, 0) + 1) - 1
        start = min(start, self._joined.get(room, start))
        missing = [
            seq
            for seq in self._log.get(room, {})
            if seq > start
            and seq not in seen
            and not any(gap.after < seq < gap.before for gap in self._gaps[room])
        ]
        for first, last, count in _stretches(missing, list(self._log.get(room, {}))):
            what = f"seq {first}" if count == 1 else f"{count} messages, seq {first} to {last},"
            text = self._log[room][first].text
            yield f"{self._client} never saw {what} of {room} (the first is {text!r})."


def _stretches(missing: list[int], all_seqs: list[int]) -> Iterator[tuple[int, int, int]]:
    """(first, last, how many) of those that stand next to each other in the log."""
    places = {seq: place for place, seq in enumerate(all_seqs)}
    stretch: list[int] = []
    for seq in missing:
        if stretch and places[seq] != places[stretch[-1]] + 1:
            yield stretch[0], stretch[-1], len(stretch)
            stretch = []
        stretch.append(seq)
    if stretch:
        yield stretch[0], stretch[-1], len(stretch)


# ---------------------------------------------------------------- all together


def check_order(records: Records) -> Iterator[str]:
    """Any two clients saw what both saw in one order. Does not look at seqs nor at the log.

    Compares each with the next only: where all saw the same messages, which is checked elsewhere, that is enough.
    """
    orders: dict[str, dict[str, dict[str, int]]] = defaultdict(dict)  # room: client: text: place
    for client, own in records.items():
        for record in own:
            if isinstance(record, Seen) and record.text:
                order = orders[record.room].setdefault(client, {})
                order.setdefault(record.text, len(order))
    for room, clients in orders.items():
        for (one, first), (two, second) in pairwise(clients.items()):
            shared = [text for text in second if text in first]
            for before, after in pairwise(shared):
                if first[before] > first[after]:
                    yield f"In {room}, {two} saw {before!r} before {after!r}, and {one} saw it after."


def check_said(client: str, records: Iterable[AnyRecord], log: Log) -> Iterator[str]:
    """Its messages are in the log, or were refused, and nothing is pending."""
    in_log = {entry.text for entries in log.values() for entry in entries if entry.text}
    gone = {(room, entry.seq) for room, entries in log.items() for entry in entries if entry.gone}
    said: dict[int, str] = {}
    unsure: set[int | None] = set()  # put out of the room, it can't know
    refusals: set[int | None] = set()  # may be written down before what they refuse: two threads write
    done = True
    for record in records:
        match record:
            case Said():
                if record.n in said:
                    yield f"{client} gave two messages the number {record.n}: {said[record.n]!r}, {record.text!r}."
                said[record.n] = record.text
            case Refused():
                (unsure if record.code == UNCERTAIN else refusals).add(record.n)
            case Seen() if record.text and (record.room, record.seq) in gone:
                in_log.add(record.text)
            case Quiet():
                done = record.done
    refused = {text for n, text in said.items() if n in refusals}
    for n, text in said.items():
        if text in refused and text in in_log:
            yield f"{client} was told that its message {n} ({text!r}) was refused, but it is in the log."
        elif text not in refused and text not in in_log and n not in unsure:
            yield f"{client} said {text!r} as its message {n}, but it is not in the log and was not refused."
    if not done:
        yield f"At the end {client} still waited for a message of its own."


def check_seat(client: str, records: Sequence[AnyRecord]) -> Iterator[str]:
    """It is the same one each time, and is taken back each time."""
    for record in records:
        match record:
            case Ended():
                yield f"{client} was not taken back: {record.reason}"
            case Unanswered():
                yield f"{client} waited in vain for the answer to {record.what!r}: {record.reason}"
            case Refused() if record.code == FAULT:
                yield f"{client} was refused something because of a fault in the server (internal_error)."
    for one, two in pairwise(_uids(records)):
        yield f"{client} was client {one} and came back as client {two}."


def _uids(records: Iterable[AnyRecord]) -> list[int]:
    """Its UIDs, one after the other; one if all is well."""
    return list(dict.fromkeys(record.uid for record in records if isinstance(record, Started)))
