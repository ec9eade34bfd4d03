"""Short names of what the hub knows and of what it did, to compare two runs: the same, or not."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from msgspec import json

from roomchat.chat.effects import Broadcast, Delivery, Effects, Segment
from roomchat.chat.hub import Hub
from roomchat.chat.state import Session


def of_state(hub: Hub) -> str:
    """Of all that a hub knows, the order in its maps included: pages and lists show it."""
    registry = hub.registry
    return _digest(
        [
            [[client.uid, client.name, client.key, client.guest, client.account,
              client.current and client.current.key, client.reached and client.reached.key, client.announced,
              [*map(_session, client.sessions)], client.links, [*client.reads.items()], [*client.rooms.items()],
              sorted(client.blocked)]
             for client in registry.clients.values()],
            [[uid, *rooms] for uid, rooms in registry.clients_to_rooms.items()],
            [[key, *members] for key, members in registry.rooms_to_clients.items()],
            [[room.key, room.name, room.last_seq, room.last_said, room.joined, room.left, room.rules]
             for room in registry.rooms.values()],
            [*registry.open_rooms], registry.uids, registry.room_keys, [*registry.names],
            [*registry.looks], registry.accounts, [*registry.invites.items()],
            [[peer.link, peer.address, peer.session and _session(peer.session)]
             for peer in registry.peers.values()],
            [[uid, *keys] for uid, keys in registry.pairs.items()],
            [[uid, *keys] for uid, keys in registry.owned.items()],
            [[uid, *keys] for uid, keys in registry.asked.items()],
            registry.next_uid, registry.next_room, [*registry.bans.items()],
        ]
    )  # fmt: skip


def _session(session: Session) -> list[Any]:
    return [
        session.client.uid, session.device, session.token_hash, session.last_n, session.link, session.seen,
        session.address, session.current and session.current.key,
    ]  # fmt: skip


def of_effects(effects: Effects) -> str:
    """Of all that a batch leads to, in order."""
    return _digest(
        [
            [_delivery(delivery) for delivery in effects.deliveries],
            [*effects.names.items()],
            [[one.client.uid, one.device, one.token_hash] for one in effects.sessions],
            [[one.client.uid, one.device, n] for one, n in effects.counters.items()], [*effects.seats.items()],
            [*effects.guests.items()], [*effects.reads.items()], [*effects.members.items()],
            [[uid, one.key, one.looks, one.account, one.password_hash is None]
             for uid, one in effects.accounts.items()],
            [[one.client.uid, one.device, *visit] for one, visit in effects.visits.items()],
            [[one.client.uid, one.device] for one in effects.ended], effects.forgotten,
            [*effects.invites.items()], [[key, room.rules] for key, room in effects.rules.items()],
            effects.next_uid, effects.next_room,
            effects.audit, effects.answers, [*effects.deletions.items()], [*effects.blocks.items()],
            [*effects.bans.items()], [*effects.purges.items()], effects.lookups,
            effects.stop, effects.over, effects.closed,
        ]
    )  # fmt: skip


def _delivery(delivery: Delivery) -> list[Any]:
    kind = type(delivery).__name__
    match delivery:
        case Segment():
            return [
                kind,
                delivery.room.key,
                delivery.audience.links,
                delivery.entries,
                [*delivery.no_echo.items()],
            ]
        case Broadcast():
            return [kind, delivery.room.key, delivery.audience.links, delivery.event]
        case _:
            room = getattr(delivery, "room", None)
            fields = [getattr(delivery, name) for name in delivery.__struct_fields__ if name != "room"]
            return [kind, room and room.key, fields]


def _digest(value: Any) -> str:
    return sha256(json.encode(value)).hexdigest()[:16]
