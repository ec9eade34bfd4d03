"""What a client gives to its program: the server's events, and four of its own."""

from __future__ import annotations

from msgspec import Struct

from roomchat.protocol import Error, Kind, Statement


class Refusal(Error, kw_only=True, tag="refusal"):
    """The error for something that was said, made by the client: ``text`` is what was not said, and ``room`` or
    ``uid`` whom it was for."""

    text: str
    room: str | None = None
    uid: int | None = None
    kind: Kind = "message"


class ConnectionLost(Struct):
    """Among the events: from here on the client tries to come back. What is said meanwhile is kept."""

    reason: str


class ConnectionBack(Struct):
    """Among the events: the client is back, and all that was missed stands before this. ``server``: where, if that
    is another one of several that share the chat."""

    server: str = ""


class ConnectionEnded(Struct):
    """The last of the events: the server does not take the client back, and it does not try again."""

    reason: str
    code: str = ""  # of the refusal, if it was one, or of ``UnknownServer``


ClientEvent = Statement | ConnectionLost | ConnectionBack | ConnectionEnded
