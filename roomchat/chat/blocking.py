"""Blocking: somebody of whom a person wants to hear nothing more."""

from __future__ import annotations

from roomchat.chat.batch import Batch
from roomchat.chat.state import Client, Session
from roomchat.errors import NoSuchClient, SelfTarget, TooManyBlocked
from roomchat.protocol import Block, Blocked, Event, Unblock, Unblocked

MAX_BLOCKED = 1000  # by one client: each welcome tells them all


def block(batch: Batch, session: Session, command: Block) -> None:
    """From now on that client can't whisper to this one, or dial it, and is not told why."""
    client, uid = session.client, command.uid
    if uid == client.uid:
        raise SelfTarget(uid=uid)
    if uid >= batch.registry.next_uid:
        raise NoSuchClient(uid=uid)
    if uid not in client.blocked:
        if len(client.blocked) >= MAX_BLOCKED:
            raise TooManyBlocked(limit=MAX_BLOCKED)
        batch.must_store()
        _change(batch, client, uid, True)
    _tell(batch, client, Blocked(uid=uid), Blocked(uid=uid))


def unblock(batch: Batch, session: Session, command: Unblock) -> None:
    """From now on it can again."""
    client, uid = session.client, command.uid
    if uid in client.blocked:
        batch.must_store()
        _change(batch, client, uid, False)
    _tell(batch, client, Unblocked(uid=uid), Unblocked(uid=uid))


def _change(batch: Batch, client: Client, uid: int, blocked: bool) -> None:
    batch.registry.save(client)
    client.blocked = client.blocked | {uid} if blocked else client.blocked - {uid}
    batch.effects.blocks[client.uid, uid] = blocked


def _tell(batch: Batch, client: Client, answer: Event, event: Event) -> None:
    """All devices of a client; ``answer`` is that of the one that asked."""
    for link in client.links:
        if link != batch.link:
            batch.send(link, event)
    batch.reply(answer)
