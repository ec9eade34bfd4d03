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


def other_order(entries):
    """What was said, backwards; the seqs stay where they are."""
    return [
        replace(said, seq=place.seq) for said, place in zip(reversed(entries), entries, strict=True)
    ]  # fmt: skip


def deliver_twice(deliveries):
    both = []
    for one in deliveries:
        if not isinstance(one, Segment):
            both.append(one)
            continue
        connections = [each for _, _, members in one.audience.groups for each in members]
        for rest, entries in enumerate([one.entries, other_order(one.entries)]):
            half = [each for each in connections if each.number % 2 == rest]
            both.append(Segment(one.room, Audience(half), entries, encode_entries(entries)))
    deliver(both)


server.deliver = deliver_twice
main()
