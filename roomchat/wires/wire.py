"""What the server asks of a dialect."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from roomchat.protocol import Command, Event, Malformed, Message


class Wire(Protocol):
    """One dialect on one connection.

    Only the I/O thread of its connection calls ``receive_data``. The rest has no state, so any thread may call
    it, and what it returns for one connection is right for every other with the same ``dialect``.
    """

    dialect: str

    def receive_data(self, data: bytes) -> Sequence[Command | Malformed]:
        """Feed bytes as they came from the peer; return the commands they complete.

        Args:
            data: any split of the stream, 0 bytes or more.
        """

    def encode(self, event: Event) -> bytes:
        """An event as it is sent."""

    def encode_messages(self, messages: Sequence[Message]) -> bytes:
        """Messages of one room as they are sent, in one piece."""

    def encode_log(self, lines: bytes) -> bytes:
        """Messages as the log has them (native lines), as they are sent."""
