"""Deleting what was said: a tombstone takes its place in the log, and an entry tells those who have read it."""

from __future__ import annotations

from roomchat.chat import membership
from roomchat.chat.batch import Batch
from roomchat.chat.inputs import Found, Place
from roomchat.chat.state import Client, Room, Session
from roomchat.errors import NoSuchMessage, NotYours
from roomchat.protocol import Delete, Deleted, Done, Person, Tombstone


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
    found = batch.look_up(Place(room.key, command.seq))
    if found.words is None:
        raise NoSuchMessage(seq=command.seq, room=room.name)
    if not may_delete(batch, room, client, found.words.uid):
        raise NotYours
    batch.reply(Done(room=room.name, entry=erase(batch, room, found, found.words, membership.person(client))))


def erase(batch: Batch, room: Room, found: Found, words: Tombstone, who: Person) -> int:
    """Put a tombstone in the place of words, unless it stands there, and tell the room who did it.

    Args:
        found: what was looked up, with ``words``.
        who: deletes them.
    Returns:
        The seq of the entry that tells of it; that of the words, if they were deleted before.
    Raises:
        StorageUnavailable: nothing is deleted.
    """
    place = Place(room.key, words.seq)
    # Another command may have deleted them since they were looked up.
    if found.deleted or place in batch.deleted or place in batch.effects.deletions:
        return words.seq
    batch.must_store()
    batch.effects.deletions[place] = words
    batch.log(f"{who.uid} deleted a message of client {words.uid}")
    return batch.enter(room, who, Deleted, words.seq)


def may_delete(batch: Batch, room: Room, client: Client, author: int) -> bool:
    """Whether a member of a room may delete what the client with that UID has said there."""
    return client.uid == author or (
        room.rules is not None and room.rules.rank(client.uid) > room.rules.rank(author)
    )
