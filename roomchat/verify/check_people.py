"""What the checker knows of people with several devices. Pure: no I/O in here.

The promises:

1. All devices of a person are one client, and no two of them the same device.
2. A read marker never goes back, nor past the last entry; in the end all devices know the same one, and it is not
   below what any of them was ever told. So it survives every kill of the server.
3. A person stays in its rooms, on all devices, whatever was killed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from roomchat.verify.check import Log, Records
from roomchat.verify.records import AnyRecord, Marked, Started, Stayed


def check_people(records: Records, log: Log) -> Iterator[str]:
    """All violations. A client whose name is PERSON.N is a device of that person."""
    people: dict[str, dict[str, Sequence[AnyRecord]]] = defaultdict(dict)
    for client, own in records.items():
        if person := client.rpartition(".")[0]:
            people[person][client] = own
        yield from _check_markers(client, own, log)
        yield from _check_rooms(client, own, log)
    for person, devices in people.items():
        yield from _check_devices(person, devices)
        yield from _check_last(person, devices)


def _check_markers(client: str, records: Sequence[AnyRecord], log: Log) -> Iterator[str]:
    ends = {room: max((entry.seq for entry in entries), default=0) for room, entries in log.items()}
    last: dict[str, int] = {}
    for record in records:
        if isinstance(record, Marked):
            room, read = record.room, record.read
            if read < last.get(room, 0):
                yield f"{client} was told that {room} is read up to seq {read}, before up to seq {last[room]}."
            newest = ends.get(room, 0)
            if read > newest:
                yield f"{client} was told that {room} is read up to seq {read}, but it ends with seq {newest}."
            last[room] = read


def _check_rooms(client: str, records: Sequence[AnyRecord], log: Log) -> Iterator[str]:
    for record in records:
        if isinstance(record, Stayed) and (left := [room for room in log if room not in record.rooms]):
            yield f"In the end {client} is not in {', '.join(left)} any more."


def _check_devices(person: str, devices: dict[str, Sequence[AnyRecord]]) -> Iterator[str]:
    """They share a UID, and each has a number of its own, from start to start."""
    uids: set[int] = set()
    numbers: dict[int, str] = {}
    for client, own in devices.items():
        for record in own:
            if isinstance(record, Started):
                uids.add(record.uid)
                if numbers.setdefault(record.device, client) != client:
                    yield f"{client} and {numbers[record.device]} are both device {record.device} of {person}."
    if len(uids) > 1:
        yield f"The devices of {person} are the clients {', '.join(map(str, sorted(uids)))}."


def _check_last(person: str, devices: dict[str, Sequence[AnyRecord]]) -> Iterator[str]:
    """What all devices know in the end."""
    highest: dict[str, int] = defaultdict(int)
    last: dict[str, dict[str, int]] = defaultdict(dict)
    for client, own in devices.items():
        for record in own:
            if isinstance(record, Marked):
                highest[record.room] = max(highest[record.room], record.read)
                last[record.room][client] = record.read
    for room, known in last.items():
        for client, read in known.items():
            if read < highest[room]:
                yield (
                    f"In the end {client} knows that {room} is read up to seq {read}, but {person} was told seq "
                    f"{highest[room]}."
                )
