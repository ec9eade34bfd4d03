"""From what the hub wants delivered to what the I/O threads put into outboxes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from roomchat.chat.batch import MAX_SEGMENT
from roomchat.chat.effects import Broadcast, Close, Delivery, Effects, ReadPage, Replay, Reply, Segment
from roomchat.net.connection import Connection, Deliveries, Owner
from roomchat.net.outbox import End, Erasure, Item, LogRange, Packet, PageRequest
from roomchat.net.routes import Routes
from roomchat.protocol import AnyEntry, Deleted, Notice, Statement
from roomchat.wires.native import encode_entries
from roomchat.wires.wire import Wire


def deliver(deliveries: Iterable[Delivery], routes: Routes) -> None:
    """Hand a batch's deliveries to the I/O threads, in order, each event encoded once a dialect.

    Args:
        deliveries: of a batch that is stored; its segments are encoded.
        routes: to the connections; what is for one that is closed by now is dropped.
    """
    per_owner: dict[Owner, Deliveries] = {}
    for delivery in deliveries:
        if isinstance(delivery, Segment | Broadcast):
            if type(delivery) is Segment and type(delivery.entries[0]) is Deleted:  # it has a segment of its own
                erasure = Erasure(delivery.room.key, delivery.entries[0].of)
                for owner, _, connections in routes.groups(delivery.audience):
                    per_owner.setdefault(owner, []).append((erasure, connections))
            packets: dict[str, Packet] = {}
            for owner, wire, connections in routes.groups(delivery.audience):
                packet = packets.get(wire.dialect)
                if packet is None:
                    packet = packets[wire.dialect] = _packet(delivery, wire)
                if packet.data:  # not all is told in every dialect
                    items = per_owner.setdefault(owner, [])
                    if isinstance(delivery, Segment) and delivery.no_echo:
                        senders = [one for one in connections if one.number in delivery.no_echo]
                        items += [(item, (one,)) for one in senders for item in _without_echo(delivery, one)]
                        connections = [one for one in connections if one.number not in delivery.no_echo]
                    items.append((packet, connections))
        elif (connection := routes.get(delivery.link)) is not None:
            per_owner.setdefault(connection.owner, []).append((_item(delivery), (connection,)))
    for owner, items in per_owner.items():
        owner.deliver(items)


def joined(batches: Iterable[Effects], routes: Routes) -> Iterator[Delivery]:
    """What batches deliver that are stored together, in fewer pieces: what is said in a room by one after the
    other is one segment, as if it had come in one batch."""
    said: list[list[Segment]] = []
    latest: dict[str, list[Segment]] = {}  # by room key
    sizes: dict[str, int] = {}  # bytes of these
    for delivery in (one for effects in batches for one in effects.deliveries):
        if isinstance(delivery, Segment) and not isinstance(delivery.entries[0], Deleted):
            key = delivery.room.key
            parts = latest.get(key)
            if parts and parts[0].audience is delivery.audience and sizes[key] < MAX_SEGMENT:
                parts.append(delivery)
                sizes[key] += len(delivery.encoded)
            else:
                parts = latest[key] = [delivery]
                sizes[key] = len(delivery.encoded)
                said.append(parts)
        elif isinstance(delivery, Segment | Broadcast) or delivery.link in routes:
            yield from map(_one, said)
            yield delivery
            said, latest = [], {}
    yield from map(_one, said)


def _one(parts: list[Segment]) -> Segment:
    """All of these, which follow one another."""
    if len(parts) == 1:
        return parts[0]
    return Segment(
        parts[0].room,
        parts[0].audience,
        [entry for one in parts for entry in one.entries],
        b"".join(one.encoded for one in parts),
        no_echo={link: uid for one in parts for link, uid in one.no_echo.items()},
    )


def tell_all(routes: Routes, text: str) -> None:
    """A notice to everybody who has said hello, of which the hub does not know. Any thread may call it."""
    links = [number for number, connection in [*routes.items()] if connection.uid]
    deliver([Reply(link, Notice(text=text)) for link in links], routes)


def _without_echo(segment: Segment, connection: Connection) -> Iterator[Item | AnyEntry]:
    """The segment as its sender sees it when echo is off: other people's messages as packets, and each of its own
    as an entry, which the wire turns into an acknowledgement."""
    uid, key = segment.no_echo[connection.number], segment.room.key
    for own, group in groupby(segment.entries, lambda entry: entry.uid == uid):
        entries = list(group)
        if own:
            yield from entries
        elif data := connection.wire.encode_log(encode_entries(entries)):
            yield Packet(data, key, entries[0].seq, entries[-1].seq)


def _packet(delivery: Segment | Broadcast, wire: Wire) -> Packet:
    key = delivery.room.key
    if isinstance(delivery, Broadcast):
        return Packet(wire.encode(delivery.event), key)
    entries = delivery.entries
    return Packet(wire.encode_log(delivery.encoded), key, entries[0].seq, entries[-1].seq)


def _item(delivery: Reply | Replay | ReadPage | Close) -> Item | Statement:
    match delivery:
        case Reply():
            return delivery.event
        case Replay():
            return LogRange(
                delivery.room.key, delivery.after, delivery.upto, delivery.history, origin=delivery.upto
            )  # fmt: skip
        case ReadPage():
            return PageRequest(
                delivery.room.key, delivery.room.name, delivery.before, delivery.after, delivery.limit, delivery.re
            )
        case Close():
            return End()
