"""A server with two hubs, as it were: every other connection gets messages that were said at the same time in
another order, with seqs that rise all the same."""

from __future__ import annotations

from msgspec.structs import replace

from roomchat import server
from roomchat.chat.effects import Segment
from roomchat.cli import main
from roomchat.net.audience import Audience
from roomchat.wires.native import encode_entries

deliver = server.deliver


def other_order(messages):
    """What was said, backwards; the seqs stay where they are."""
    return [
        replace(said, seq=place.seq) for said, place in zip(reversed(messages), messages, strict=True)
    ]  # fmt: skip


def deliver_twice(deliveries, lines):
    both = []
    for one in deliveries:
        if not isinstance(one, Segment):
            both.append(one)
            continue
        connections = [each for _, _, members in one.audience.groups for each in members]
        for rest, messages in enumerate([one.messages, other_order(one.messages)]):
            half = [each for each in connections if each.number % 2 == rest]
            part = Segment(one.room, Audience(half), messages)
            lines[id(part)] = encode_entries(messages)
            both.append(part)
    deliver(both, lines)


server.deliver = deliver_twice
main()
