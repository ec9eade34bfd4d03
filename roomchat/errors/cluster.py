"""What can go wrong between a server and the stream that it shares with others."""

from __future__ import annotations

from roomchat.errors.base import RoomchatError


class StreamError(RoomchatError):
    """Something about the stream; the sentence says what."""


class StreamRefused(StreamError):
    """Refused for good: the same again would be refused again. ``code`` is JetStream's, 0 where it has none."""

    def __init__(self, sentence: str, code: int = 0) -> None:
        super().__init__(sentence)
        self.code = code


class StreamUnknown(StreamError):
    """Whether it was done, or will yet be done, cannot be known from here: no answer, no leader, a connection that
    was lost. It is to be asked for again in a way that does no harm when it was done before."""


class StreamCut(StreamError):
    """The stream does not go on where this server has stopped: what lies between is gone, or it is another stream.
    Only a snapshot of another server helps."""


class NatsProtocolError(StreamError):
    """What came is not the NATS protocol, or more than is taken."""
