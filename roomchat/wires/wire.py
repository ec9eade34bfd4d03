"""The interface of a dialect to the server."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from roomchat.dialect import Answer, Malformed, Terms
from roomchat.entries import Table, shown
from roomchat.protocol import Command, Event, Statement
from roomchat.wires.native import decode_entries

T = TypeVar("T")


class Wire(Protocol):
    """One dialect on one connection.

    Only the I/O thread of its connection calls ``receive_data`` and ``reply``, so what a wire remembers of its
    connection needs no lock; reader threads read ``no_echo``, and nothing else of it. The encoders remember
    nothing: any thread may call them, and what they return for one connection is right for every other with the
    same ``dialect``. That is how a room's events are encoded once a dialect and not once a member.
    """

    dialect: str
    terms: Terms  # what the chat must know of its connections
    pace: float  # seconds between two writes, each of one line; 0: written as it comes
    greeting: bytes  # what the server says first
    farewell: bytes  # what it says last
    no_echo: int  # echo is off: the UID whose messages the log's replay skips; 0: none. Reader threads read it

    @property
    def counted(self) -> bytes | None:
        """What ``receive_data`` took last, as its cost is counted; None: as it came."""

    def receive_data(self, data: bytes) -> Sequence[Command | Malformed | Answer]:
        """Feed bytes as they came from the peer; return the commands they complete.

        Args:
            data: any split of the stream, 0 bytes or more.
        """

    def end_data(self) -> Sequence[Command | Malformed | Answer]:
        """The peer sends no more; return the commands that this completes."""

    def reply(self, event: Statement) -> bytes:
        """The bytes for this connection alone, perhaps none; the wire also learns from the event."""

    def encode(self, event: Event) -> bytes:
        """A state event as everyone in the room gets it. May be nothing."""

    def encode_log(self, lines: bytes) -> bytes:
        """Entries of one room, as native lines of the log, as they are sent, in one piece. May be nothing."""


def encode_log(lines: bytes, table: Table[T], line: Callable[[T], bytes]) -> bytes:
    """``Wire.encode_log`` of a dialect that shows entries in its own way.

    Args:
        table: what is made of each kind.
        line: the bytes of that.
    """
    return b"".join(map(line, shown(table, decode_entries(lines))))
