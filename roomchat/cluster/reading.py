"""Reading the stream from a position on, without I/O: every message once, in order, or it ends.

An ephemeral push consumer without acknowledgements: whatever is wrong with it, another takes its place.
"""

from __future__ import annotations

from typing import NamedTuple

from roomchat.cluster.nats_protocol import Message
from roomchat.cluster.stream import SECOND
from roomchat.errors import StreamCut, StreamUnknown

HEARTBEAT = 0.5  # seconds between signs of life while nothing comes
SILENCE = 1.25  # seconds: after two heartbeats that did not come, the consumer or its server is gone


class Delivery(NamedTuple):
    """A message of the stream."""

    position: int
    time: int  # ns since 1970, when its leader stored it; may go back where the leader changes
    body: bytes


class FlowControl(NamedTuple):
    """The server waits for an empty message to this subject before it sends much more."""

    reply: str


def request(stream: str, deliver: str, after: int) -> dict[str, object]:
    """What is asked of ``CONSUMER.CREATE.stream``: all that comes after the position ``after``, to the subject
    ``deliver``."""
    return {
        "stream_name": stream,
        "config": {
            "deliver_subject": deliver,
            "deliver_policy": "by_start_sequence",
            "opt_start_seq": after + 1,
            "ack_policy": "none",
            "replay_policy": "instant",
            "mem_storage": True,
            "num_replicas": 1,
            "flow_control": True,
            "idle_heartbeat": int(HEARTBEAT * SECOND),
            "inactive_threshold": 5 * SECOND,  # it goes when nobody listens to it any more
        },
    }


class Reading:
    """What one consumer delivers. One thread at a time."""

    def __init__(self, position: int) -> None:
        """``position``: of the last message that is known; 0: none."""
        self.position = position
        self._count = 0  # of messages that this consumer has delivered

    def take(self, message: Message) -> Delivery | FlowControl | None:
        """What came to the consumer's subject; None: a sign of life.

        Raises:
            StreamUnknown: something is missing: a new consumer is needed, perhaps on another server.
            StreamCut: the stream itself lacks what comes next.
        """
        if message.status:
            return self._control(message)
        try:
            words = message.reply.split(".")
            # $JS.ACK.STREAM.CONSUMER.deliveries.POSITION.COUNT.TIME.pending; newer servers put a domain and an
            # account before the stream, and may add words behind.
            at = 5 if len(words) == 9 else 7
            position, number, time = int(words[at]), int(words[at + 1]), int(words[at + 2])
        except (ValueError, IndexError):
            raise StreamUnknown("Something came to the consumer that is no message of the stream.") from None
        if number != self._count + 1:
            raise StreamUnknown(f"The consumer's message {self._count + 1} did not come.")
        if position <= self.position:  # its server has less of the stream than we have seen
            raise StreamUnknown(f"The consumer begins at {position}, but {self.position} is known.")
        if position > self.position + 1:
            raise StreamCut(f"The stream goes on at {position}, but {self.position + 1} is wanted.")
        self.position, self._count = position, number
        return Delivery(position, time, message.body)

    def _control(self, message: Message) -> FlowControl | None:
        if message.status == 409:  # as: the consumer was deleted, or its server shuts down
            raise StreamUnknown(f"The consumer has ended: {message.description}.")
        if message.status != 100:
            raise StreamUnknown(f"The consumer says {message.status} {message.description}.")
        if message.reply:
            return FlowControl(message.reply)
        if (last := message.headers.get("nats-last-consumer")) and last != str(self._count):
            raise StreamUnknown(f"The consumer has sent {last} messages, {self._count} came.")
        # A consumer that was asked to stop until flow control is answered says so again in each heartbeat.
        stalled = message.headers.get("nats-consumer-stalled")
        return FlowControl(stalled) if stalled else None
