"""The log at the end: from its file, or by requests to a server that is not ours."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import msgspec

from roomchat.client.address import Address
from roomchat.client.connection import Connection
from roomchat.errors import ConnectError
from roomchat.protocol import VERSION, Error, Hello, Message, Ping, Pong
from roomchat.store.reader import LogReader
from roomchat.verify.check import Entry
from roomchat.verify.records import brief

PIECE = 1024 * 1024  # bytes read from the file at a time
PATIENCE = 20.0  # seconds for an answer

_decoder = msgspec.json.Decoder(Message)


def from_file(path: Path, rooms: Iterable[str]) -> dict[str, list[Entry]]:
    """All that stands in these rooms, whose names are their keys. Raises LogError."""
    with closing(LogReader(path)) as reader:
        return {room: _from_file(reader, room) for room in rooms}


def _from_file(reader: LogReader, room: str) -> list[Entry]:
    entries: list[Entry] = []
    end = 2**53 - 1  # above any seq
    after = 0
    while after < end:
        stretch = reader.after(room, after, end, PIECE)
        for piece in stretch.pieces:
            entries += map(_entry, _decoder.decode_lines(piece.lines))
        after = stretch.reached
    return entries


def from_server(address: Address, name: str, rooms: Iterable[str]) -> dict[str, list[Entry]]:
    """The same, as a newcomer gets it who asks for all from the beginning.

    Raises:
        ConnectError: it is lost, or the server refuses.
    """
    log: dict[str, list[Entry]] = {room: [] for room in rooms}
    with closing(Connection(address)) as connection:
        connection.send(Hello(protocol=VERSION, name=name, rooms=dict.fromkeys(log, 0)))
        connection.send(Ping())  # its answer comes behind all that
        while True:
            for event in connection.receive(PATIENCE):
                match event:
                    case Message():
                        log[event.room].append(_entry(event))
                    case Error():
                        raise ConnectError(event.message)
                    case Pong():
                        return log


def _entry(message: Message) -> Entry:
    return Entry(message.seq, message.uid, brief(message.text))
