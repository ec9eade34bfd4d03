"""The checker's part about order in rooms and private rooms: what was done is held against what clients saw.

The promises, each with a function below:

1. What was answered is in the log: a deed that the server has said is done.
2. Who was put out of a room at seq k sees nothing above k before they have asked to come in again; who was banned,
   nothing before the ban has ended; and nobody speaks in a room while they are banned or muted there.
3. Nobody hears of a private room who was not asked into it; and who was put out of it, not before they were asked
   again.

Pure: no I/O in here.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from roomchat import protocol
from roomchat.protocol import Banned, Deed, DeedTo, Kicked, Muted, Spoken, Unbanned, Unmuted
from roomchat.verify.records import (
    Answered,
    Asking,
    Entered,
    Heard,
    Inviting,
    Record,
    Refused,
    Said,
    Saying,
    Started,
    brief,
)

RoomLog = Mapping[str, Sequence[protocol.AnyEntry]]  # by room
Records = Mapping[str, Sequence[Record]]  # by client

ORDER = "order"  # the room in which order is kept
END = 2**53


def check_order(records: Records, log: RoomLog) -> Iterator[str]:
    """All violations, as sentences for a person."""
    uids = {
        client: {record.uid for record in own if isinstance(record, Started)} for client, own in records.items()
    }
    texts = {entry.seq: brief(entry.text) for entry in log.get(ORDER, ()) if isinstance(entry, Spoken)}
    asked = {client: _asked(own, texts) for client, own in records.items()}
    yield from check_spoken(log)
    for client, own in records.items():
        yield from check_answered(client, own, log)
        persons = [ask for other, asks in asked.items() if uids[other] & uids[client] for ask in asks]
        yield from check_put_out(client, own, uids[client], persons, log)
        yield from check_private(client, own, uids[client], records, log)


def check_answered(client: str, own: Sequence[Record], log: RoomLog) -> Iterator[str]:
    """The entry that a ``done`` names is there."""
    deeds = {(room, entry.seq) for room, entries in log.items() for entry in entries if isinstance(entry, Deed)}
    for record in own:
        if isinstance(record, Answered) and (record.room, record.entry) not in deeds:
            yield f"{client} was told that seq {record.entry} of {record.room} is what it asked; it is not."


def check_spoken(log: RoomLog) -> Iterator[str]:
    """Who is banned or muted says nothing."""
    for room, entries in log.items():
        silenced: dict[str, set[int]] = {"banned": set(), "muted": set()}
        for entry in entries:
            match entry:
                case Banned():
                    silenced["banned"].add(entry.whom)
                case Unbanned():
                    silenced["banned"].discard(entry.whom)
                case Muted():
                    silenced["muted"].add(entry.whom)
                case Unmuted():
                    silenced["muted"].discard(entry.whom)
                case Spoken():
                    for how, whom in silenced.items():
                        if entry.uid in whom:
                            yield f"Client {entry.uid} was {how} in {room}, and said seq {entry.seq} there."


def check_put_out(
    client: str, own: Sequence[Record], uids: set[int], asked: Sequence[_Ask], log: RoomLog
) -> Iterator[str]:  # fmt: skip
    """Nothing is seen in an open room by who was put out of it. A hello that brings one back asks for nothing.

    ``asked``: when the person has, on whatever device.
    """
    fates = {room: _Fate.of(entries, uids) for room, entries in log.items()}
    let_in: dict[str, int] = {}  # room: the highest last_seq with which it came in
    for record in own:
        match record:
            case Entered():
                let_in[record.room] = max(record.last_seq, let_in.get(record.room, 0))
            case Heard() if record.seq and not record.room.startswith("+"):
                fate, since = fates[record.room], let_in.get(record.room, 0)
                where = f"seq {record.seq} of {record.room}"
                kicks = bisect_left(fate.kicks, record.seq)
                if kicks and not any(one.may_be_between(fate.kicks[kicks - 1], since) for one in asked):
                    yield f"{client} was kicked, did not ask to come back, and saw {where}."
                for begin, end in fate.bans:
                    if begin < record.seq and since < end:
                        yield f"{client} was banned at seq {begin}, and saw {where}."


class _Ask(Struct):
    """Somebody has asked to come in: carried out when the newest seq of the room was between these two."""

    least: int
    most: int

    def may_be_between(self, least: int, most: int) -> bool:
        """Whether it may have been carried out between those two."""
        return max(self.least, least) <= min(self.most, most)


def _asked(own: Sequence[Record], texts: Mapping[int, str]) -> list[_Ask]:
    """When a client has asked to come into the room where order is kept, in which these texts were said. So does
    its library, when it begins anew, where it has something to say still: whatever had put it out is forgotten."""
    asks: list[_Ask] = []
    newest, is_open = 0, 0  # the highest seq that it has heard; how many of the asks have no answer yet
    pending: dict[str, int] = {}  # what has not come back, and its number, where that is known
    for record in own:
        match record:
            case Asking():
                asks.append(_Ask(newest, END))
                is_open += 1
            case Started() if pending:
                asks.append(_Ask(newest, END))
                is_open += 1
            case Saying(room=room) if room == ORDER:
                pending[record.text] = 0
            case Said() if record.text in pending:
                pending[record.text] = record.n
            case Refused():
                pending = {text: n for text, n in pending.items() if n != record.n}
            case Entered(room=room, by_other=False) if room == ORDER:
                for ask in asks[len(asks) - is_open :]:
                    ask.most = record.last_seq
                is_open = 0
            case Heard(room=room) if room == ORDER:
                newest = max(newest, record.seq)
                pending.pop(texts.get(record.seq, ""), None)
    return asks


class _Fate(Struct):
    """What was done to a client in a room: the seqs of kicks, and of bans, from and to."""

    kicks: list[int]
    bans: list[tuple[int, int]]

    @classmethod
    def of(cls, entries: Sequence[protocol.AnyEntry], uids: set[int]) -> _Fate:
        to_it = [entry for entry in entries if isinstance(entry, DeedTo) and entry.whom in uids]
        ends = [entry.seq for entry in to_it if isinstance(entry, Unbanned)]
        bans = [entry.seq for entry in to_it if isinstance(entry, Banned)]
        return cls(
            [entry.seq for entry in to_it if isinstance(entry, Kicked)],
            [(begin, next((end for end in ends if end > begin), END)) for begin in bans],
        )


def check_private(
    client: str, own: Sequence[Record], uids: set[int], records: Records, log: RoomLog
) -> Iterator[str]:
    """A private room is heard of by those who are asked in."""
    invited = Counter(
        record.room
        for theirs in records.values()
        for record in theirs
        if isinstance(record, Inviting) and record.uid in uids
    )
    fates = {room: _Fate.of(entries, uids) for room, entries in log.items()}
    for record in own:
        if not isinstance(record, Heard) or (private := protocol.private_of(record.room)) is None:
            continue
        if private[0] in uids:
            continue
        fate = fates.get(record.room)
        if invited[record.room] <= (bisect_left(fate.kicks, record.seq) if fate else 0):
            yield f"{client} heard of the private room {record.room} (seq {record.seq}), and was not asked in."


def order_rooms(records: Records) -> list[str]:
    """The rooms of which stewards have heard."""
    heard = {record.room for own in records.values() for record in own if isinstance(record, Entered | Inviting)}
    return sorted({ORDER, *heard})


def count_order(log: RoomLog) -> Counter[str]:
    """How much was done."""
    entries = [entry for entries in log.values() for entry in entries]
    return Counter(
        {
            "kicked": sum(isinstance(entry, Kicked) for entry in entries),
            "banned": sum(isinstance(entry, Banned) for entry in entries),
            "private rooms": sum(room.startswith("+") for room in log),
        }
    )
