"""Read markers: up to where a person has read in a room, on whatever device."""

from __future__ import annotations

from roomchat.chat import membership
from roomchat.chat.batch import Batch
from roomchat.chat.state import Client, Session
from roomchat.protocol import Read, ReadMarker


def read(batch: Batch, session: Session, command: Read) -> None:
    """The marker goes there, but never back, nor past what was said; the person's other devices are told."""
    client = session.client
    room = membership.own_room(batch, client, command.room)
    reached = client.reads.get(room.key, 0)
    seq = min(command.seq, room.last_seq)
    if seq > reached:
        batch.must_store()  # what was told must not be less after a crash
        if not reached:
            _make_place(batch, client)
        batch.keep_read(client, room, seq)
        for link in client.links:
            if link != batch.link:
                batch.send(link, ReadMarker(room=room.name, read=seq))
    batch.reply(ReadMarker(room=room.name, read=max(seq, reached)))


def _make_place(batch: Batch, client: Client) -> None:
    """Markers of rooms that were left stay, for who comes again, but not of any number of them."""
    registry = batch.registry
    rooms, pairs = registry.clients_to_rooms[client.uid], registry.pairs.get(client.uid, {})
    if len(client.reads) < 2 * batch.settings.max_rooms + len(pairs):
        return
    left = next((key for key in client.reads if key not in rooms and key not in pairs), None)
    if left is not None:
        batch.forget_read(client, left)
