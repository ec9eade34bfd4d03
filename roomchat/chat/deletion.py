"""Deleting what was said: a tombstone takes its place in the log, and an entry tells those who have read it."""

from __future__ import annotations

from roomchat.chat import membership
from roomchat.chat.batch import Batch
from roomchat.chat.inputs import Place
from roomchat.chat.state import Client, Room, Session
from roomchat.errors import NoSuchMessage, NotYours
from roomchat.protocol import Delete, Deleted, Done


def delete(batch: Batch, session: Session, command: Delete) -> None:
    """Take the words of an entry out of the log. What is deleted already is deleted; nobody is told twice.

    Raises:
        NotInRoom, NoSuchMessage, NotYours
        StorageUnavailable: nothing is deleted.
        Missing: whose words they are is in the log.
    """
    client = session.client
    room = membership.own_room(batch, client, command.room)
    if not 0 < command.seq <= room.last_seq:
        raise NoSuchMessage(seq=command.seq, room=room.name)
    place = Place(room.key, command.seq)
    found = batch.look_up(place)
    if found.words is None:
        raise NoSuchMessage(seq=command.seq, room=room.name)
    if not may_delete(batch, room, client, found.words.uid):
        raise NotYours
    entry = command.seq
    # Another command may have deleted it since it was looked up.
    if not (found.deleted or place in batch.deleted or place in batch.effects.deletions):
        batch.must_store()
        batch.effects.deletions[place] = found.words
        entry = batch.enter(room, membership.person(client), Deleted, command.seq)
        batch.log(f"client {client.uid} deleted a message of {found.words.uid}")
    batch.reply(Done(room=room.name, entry=entry))


def may_delete(batch: Batch, room: Room, client: Client, author: int) -> bool:
    """Whether a member of a room may delete what the client with that UID has said there."""
    return client.uid == author or (
        room.rules is not None and room.rules.rank(client.uid) > room.rules.rank(author)
    )
