"""The common input of all formats."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo

from roomchat.errors import LogError
from roomchat.protocol import Message
from roomchat.wires.native import decode_entries


@dataclass(frozen=True)
class Transcript:
    """The messages of a room, read while they are written out: you can iterate over them once.

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

    def messages(self) -> Iterator[Message]:
        """The messages, one by one. Raises LogError if a line is not a message."""
        for piece in self.lines:
            try:
                entries = decode_entries(piece)
            except ValueError as error:
                raise LogError(f"The database is broken: a line is not an entry ({error}).") from error
            yield from (entry for entry in entries if isinstance(entry, Message))

    def time(self, message: Message) -> datetime:
        """The time of a message, in the zone. Raises LogError if that is not a time."""
        try:
            return datetime.fromisoformat(message.ts).astimezone(self.zone)
        except (ValueError, OverflowError) as error:
            raise LogError(f"The database is broken: {message.ts!r} is not a time.") from error
