"""Read markers: up to where a person has read in a room, on whatever device."""

from __future__ import annotations

from roomchat.chat import membership
from roomchat.chat.batch import Batch
from roomchat.chat.state import Session
from roomchat.protocol import Read, ReadMarker


def read(batch: Batch, session: Session, command: Read) -> None:
    """The marker goes there, but never back, nor past what was said; the person's other devices are told."""
    client = session.client
    room = membership.own_room(batch, client, command.room)
    reached = client.reads.get(room.key, 0)
    seq = min(command.seq, room.last_seq)
    if seq > reached:
        batch.must_store()  # what was told must not be less after a crash
        batch.keep_read(client, room, seq)
        for link in client.links:
            if link != batch.link:
                batch.send(link, ReadMarker(room=room.name, read=seq))
    batch.reply(ReadMarker(room=room.name, read=max(seq, reached)))
