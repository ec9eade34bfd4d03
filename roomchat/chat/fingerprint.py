"""Short names of what the hub knows and of what it did, to compare two runs: the same, or not."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from msgspec import json

from roomchat.chat.effects import Broadcast, Delivery, Effects, Segment
from roomchat.chat.hub import Hub


def of_state(hub: Hub) -> str:
    """Of all that a hub knows between two batches, what is due and what waits included."""
    from roomchat.chat import snapshot  # 10 ms, which the start of a server does without

    return _short(snapshot.of(hub))


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
    return _short(json.encode(value))


def _short(data: bytes) -> str:
    return sha256(data).hexdigest()[:16]
