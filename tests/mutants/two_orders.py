"""A server with two hubs, as it were: every other connection gets messages that were said at the same time in
another order, with seqs that rise all the same."""

from __future__ import annotations

from msgspec.structs import replace

from roomchat import hub_thread
from roomchat.chat.effects import Segment
from roomchat.chat.state import Audience
from roomchat.cli import main
from roomchat.wires.native import encode_entries

deliver = hub_thread.deliver


def other_order(entries):
    """What was said, backwards; the seqs stay where they are."""
    return [
        replace(said, seq=place.seq) for said, place in zip(reversed(entries), entries, strict=True)
    ]  # fmt: skip


def deliver_twice(deliveries, routes):
    both = []
    for one in deliveries:
        if not isinstance(one, Segment):
            both.append(one)
            continue
        for rest, entries in enumerate([one.entries, other_order(one.entries)]):
            half = [link for link in one.audience.links if link % 2 == rest]
            both.append(Segment(one.room, Audience(half), entries, encode_entries(entries)))
    deliver(both, routes)


hub_thread.deliver = deliver_twice
main()
