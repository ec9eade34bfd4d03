"""The common input of all formats."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo

from roomchat.errors import LogError
from roomchat.protocol import AnyEntry, Entry
from roomchat.wires.native import decode_entries


@dataclass
class Transcript:
    """The entries of a room, read while they are written out: you can iterate over them once.

    Args:
        room: its name, as it is shown.
        epoch: the random name of the log, so that messages of different logs are never taken for one.
        lines: native lines, oldest first, any number in each piece.
        zone: in which times are shown; None: this machine's.
    """

    room: str
    epoch: str
    lines: Iterable[bytes]
    zone: tzinfo | None = None
    left_out: int = 0  # entries passed over so far: their kinds are unknown, or not shown in the format

    def entries(self, kinds: Container[type]) -> Iterator[AnyEntry]:
        """The messages, one by one. Raises LogError if a line is not a message."""
        for piece in self.lines:
            try:
                entries = decode_entries(piece)
            except ValueError as error:
                raise LogError(f"The database is broken: a line is not an entry ({error}).") from error
            for entry in entries:
                if isinstance(entry, Entry) and type(entry) in kinds:
                    yield entry
                else:
                    self.left_out += 1

    def time(self, entry: Entry) -> datetime:
        """The time of a message, in the zone. Raises LogError if that is not a time."""
        try:
            return datetime.fromisoformat(entry.ts).astimezone(self.zone)
        except (ValueError, OverflowError) as error:
            raise LogError(f"The database is broken: {entry.ts!r} is not a time.") from error
