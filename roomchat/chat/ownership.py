"""Whose a room is, and when it becomes another's."""

from __future__ import annotations

from roomchat.chat.batch import Batch
from roomchat.chat.rules import Rules, with_one, without_one
from roomchat.chat.state import Client, Room
from roomchat.protocol import OwnerChanged, Person


def give(batch: Batch, room: Room, by: Client | Person, to: Client | Person) -> int:
    """Make somebody the owner of a room, in the place of whoever is it; behind ``must_store``. Returns the seq of
    that entry."""
    rules = room.rules or Rules()
    moderators = without_one(rules.moderators, to.uid)
    if rules.owner is not None and rules.owner in batch.registry.clients:
        moderators = with_one(moderators, rules.owner, rules.owner_name)
    batch.lay_down(
        room,
        owner=to.uid,
        owner_name=to.name,
        moderators=moderators,
        bans=without_one(rules.bans, to.uid),
        mutes=without_one(rules.mutes, to.uid),
    )
    return batch.enter(room, by, OwnerChanged, to.uid, to.name)


def owner_gone(batch: Batch, client: Client) -> None:
    """The seat of a guest ends: its rooms go to whoever has been a moderator for longest and has a seat, or else
    are nobody's; but a private room, into which nobody could be asked any more, goes to whoever has been in it for
    longest. Not while the disk takes nothing: then they stay its own."""
    registry = batch.registry
    if client.account or not batch.storing:
        return
    for room in [*registry.owned.get(client.uid, {}).values()]:
        rules = room.rules or Rules()
        heirs = [registry.clients[uid] for uid in rules.moderators if uid in registry.clients]
        if room.private:
            heirs += registry.rooms_to_clients.get(room.key, {}).values()
        if (heir := next(iter(heirs), None)) is None:
            batch.lay_down(room, owner=None, owner_name="")
            continue
        batch.lay_down(
            room,
            owner=heir.uid,
            owner_name=heir.name,
            moderators=without_one(rules.moderators, heir.uid),
            mutes=without_one(rules.mutes, heir.uid),
        )
        batch.enter(room, client, OwnerChanged, heir.uid, heir.name)
