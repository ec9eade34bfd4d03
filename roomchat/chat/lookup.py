"""Whom a UID means, here or not."""

from __future__ import annotations

from roomchat.chat.batch import Batch
from roomchat.chat.state import Client, Session
from roomchat.errors import NoSuchClient, Offline, SelfTarget, StorageUnavailable, YouBlocked


def find_peer(batch: Batch, client: Client, uid: int) -> Client | None:
    """The other client with that UID; None: it has no seat now, and can come back.

    Raises:
        SelfTarget, NoSuchClient: nobody ever had it; Offline: it has no seat now, and never has one again.
        StorageUnavailable: it has no seat, and the log can't be read.
    """
    if uid == client.uid:
        raise SelfTarget(uid=uid)
    if uid >= batch.registry.next_uid:
        raise NoSuchClient(uid=uid)
    peer = batch.registry.clients.get(uid)
    if peer is None and batch.offline_name(uid) is None:
        raise _gone(uid)
    return peer


def listener(batch: Batch, client: Client, uid: int) -> Client | None:
    """As ``find_peer``, for one who is to hear from the client.

    Raises:
        As ``find_peer``. YouBlocked: the client wants to hear nothing from that one. Offline, in the words for one
        who never comes back: that one wants to hear nothing from the client, which is not to learn it.
    """
    peer = find_peer(batch, client, uid)
    known = batch.known(uid) if peer is None else peer
    if uid in client.blocked:
        raise YouBlocked(who=known.name if known is not None else uid)
    if known is not None and client.uid in known.blocked:
        raise _gone(uid)
    return peer


def _gone(uid: int) -> Offline:
    return Offline(who=f"The person with UID {uid}")


def addressee(batch: Batch, session: Session, uid: int, n: int | None) -> Client | None:
    """As ``listener``, for a message that counts as handled: not if the log can't be read, so that it may come
    again with the same n."""
    try:
        return listener(batch, session.client, uid)
    except StorageUnavailable:
        if n is not None:
            batch.keep_counter(session, n - 1)
        raise


def whom(batch: Batch, client: Client, uid: int) -> tuple[Client | None, str]:
    """Who is meant, if they have a seat, and their name; behind ``look_for``.

    Raises:
        SelfTarget, NoSuchClient, Offline, StorageUnavailable
    """
    peer = find_peer(batch, client, uid)
    return peer, peer.name if peer is not None else batch.offline_name(uid) or f"UID {uid}"
