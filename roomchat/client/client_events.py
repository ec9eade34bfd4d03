"""What a client gives to its program: the server's events, and three of its own."""

from __future__ import annotations

from msgspec import Struct

from roomchat.protocol import Statement


class ConnectionLost(Struct):
    """Among the events: from here on the client tries to come back. What is said meanwhile is kept."""

    reason: str


class ConnectionBack(Struct):
    """Among the events: the client is back, and all that was missed stands before this."""


class ConnectionEnded(Struct):
    """The last of the events: the server does not take the client back, and it does not try again."""

    reason: str
    code: str = ""  # of the refusal, if it was one


ClientEvent = Statement | ConnectionLost | ConnectionBack | ConnectionEnded
