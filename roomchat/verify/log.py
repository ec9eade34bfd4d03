"""The log at the end: from its file, or by requests to a server that is not ours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from roomchat import protocol
from roomchat.client.address import Address
from roomchat.client.connection import Connection
from roomchat.client.known_servers import KnownServers, users_folder
from roomchat.client.trust import Trust
from roomchat.errors import ConnectError, LogError
from roomchat.protocol import VERSION, AnyEntry, Deleted, Error, Hello, Ping, Pong, Spoken, Tombstone, Unknown
from roomchat.store.reader import SqliteReader
from roomchat.verify.check import Entry
from roomchat.verify.records import brief
from roomchat.wires.native import decode_entries

READ_BYTES = 1024 * 1024  # bytes read from the file at a time
ANSWER_TIMEOUT = 20.0  # seconds for an answer


@dataclass
class Found:
    """What was said in each room, and how many entries of other kinds stand among that."""

    log: dict[str, list[Entry]]
    passed_over: int = 0

    def add(self, entry: AnyEntry | Unknown) -> None:
        """Take note of an entry, as it comes."""
        if isinstance(entry, Spoken):
            self.log[entry.room].append(Entry(entry.seq, entry.uid, brief(entry.text)))
        elif isinstance(entry, Tombstone | Deleted):
            of = entry.of if isinstance(entry, Deleted) else 0
            self.log[entry.room].append(Entry(entry.seq, entry.uid, "", isinstance(entry, Tombstone), of))
        else:
            self.passed_over += 1


def from_file(path: Path, rooms: Iterable[str]) -> Found:
    """All that stands in these rooms, whose names are their keys. Raises LogError."""
    found = Found({room: [] for room in rooms})
    with closing(SqliteReader(path)) as reader:
        for room in found.log:
            for entry in _entries(reader, room):
                found.add(entry)
    return found


def all_of(path: Path, rooms: Iterable[str]) -> dict[str, list[AnyEntry]]:
    """All entries of these rooms, of whatever kind. Raises LogError."""
    with closing(SqliteReader(path)) as reader:
        return {
            room: [entry for entry in _entries(reader, room) if isinstance(entry, protocol.Entry)]
            for room in rooms
        }


def spoken_of(entries: Iterable[AnyEntry]) -> list[Entry]:
    """What was said among these."""
    return [Entry(one.seq, one.uid, brief(one.text)) for one in entries if isinstance(one, Spoken)]


def _entries(reader: SqliteReader, room: str) -> Iterator[AnyEntry | Unknown]:
    end = 2**53 - 1  # above any seq
    after = 0
    while after < end:
        result = reader.after(room, after, end, READ_BYTES)
        for part in result.slices:
            try:
                yield from decode_entries(part.lines)
            except ValueError as error:
                raise LogError(f"The log is broken: a line of {room} is not an entry ({error}).") from error
        after = result.reached


def from_server(address: Address, name: str, rooms: Iterable[str]) -> Found:
    """The same, as a newcomer gets it who asks for all from the beginning.

    Raises:
        ConnectError: it is lost, or the server refuses.
    """
    found = Found({room: [] for room in rooms})
    with closing(Connection(address, trust=Trust(address, KnownServers(users_folder())))) as connection:
        connection.send(Hello(protocol=VERSION, name=name, rooms=dict.fromkeys(found.log, 0)))
        connection.send(Ping())  # its answer comes behind all that
        while True:
            for event in connection.receive(ANSWER_TIMEOUT):
                match event:
                    case protocol.Entry() | Unknown():
                        found.add(event)
                    case Error():
                        raise ConnectError(event.message)
                    case Pong():
                        return found
