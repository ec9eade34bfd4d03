"""Connections that come and go: a session's client is here, away, or gone."""

from __future__ import annotations

from collections.abc import Iterable

from roomchat.chat import accounts, membership
from roomchat.chat.batch import Batch
from roomchat.chat.deadlines import Deadlines, set_last
from roomchat.chat.inputs import Connected, Disconnected, Introduction, KnownClient, Link, Refresh, Shutdown
from roomchat.chat.registry import Registry
from roomchat.chat.state import Client, Peer, Session
from roomchat.chat.welcome import is_full
from roomchat.errors import AlreadyRegistered, HelloTimeout, ServerFull, TooManyConnections
from roomchat.protocol import Bye, Goodbye, Notice

Seat = tuple[str, KnownClient]  # that was somebody's when the server ended: the name as it is compared, and who


def connected(batch: Batch, link: Link, command: Connected) -> None:
    """A connection: it has a while to say hello."""
    registry, settings, deadlines = batch.registry, batch.settings, batch.deadlines
    peer = registry.peers.get(link)
    if peer is None:
        if command.again:
            return  # it was closed meanwhile
        peer = registry.connect(link, command.address, command.terms)
        batch.log(f"{peer} connected")
    else:
        registry.set_terms(peer, command.terms)
        deadlines.introduced(link)
    if command.terms.resume:
        set_last(deadlines.hellos, link, batch.now + settings.hello_timeout)
    else:
        set_last(deadlines.logins, link, batch.now + settings.login_timeout)
        # A dialect without resume always makes a new client, so a full server can refuse it before its hello.
        # Not while someone is away: whose seat gives way, or the dialect is a wrong guess, and this connection
        # theirs with a late hello.
        if is_full(batch) and all(client.links for client in registry.clients.values()):
            raise ServerFull(limit=settings.max_clients)
    limit = settings.max_connections
    if registry.addresses[command.address] > limit:
        raise TooManyConnections(limit=limit)


def disconnected(batch: Batch, peer: Peer, command: Disconnected) -> None:
    """A connection is gone without a bye: its client's seat waits for it, if it is nowhere else. What was
    asked before is answered still: the peer may have ended only its own half."""
    batch.log(f"{peer} disconnected: {command.reason}")
    session = peer.session
    if session is None:
        batch.close(peer.link)
        return
    batch.keep_visit(session)
    batch.close(peer.link)
    accounts.drop_passing(batch, session)
    client = session.client
    if client.links:
        return
    if batch.settings.resume_window and client.resumes:
        set_last(batch.deadlines.away, client.uid, batch.now + batch.settings.resume_window)
        if batch.settings.away_after:
            set_last(batch.deadlines.lost, client.uid, batch.now + batch.settings.away_after)
        else:
            membership.tell_away(batch, client)
    else:
        membership.leave_all(batch, client, "lost")


def refresh(batch: Batch, session: Session, command: Refresh) -> None:
    """Who is there now, if the client is still in the room."""
    room = batch.registry.clients_to_rooms[session.client.uid].get(command.room)
    if room is not None:
        batch.reply(membership.who_page(batch.registry, room))


def restore(registry: Registry, deadlines: Deadlines, seats: Iterable[Seat], until: float) -> None:
    """At the start: those who had a seat when the server ended are away. Until then nobody else gets their
    names, which is what a newcomer could use a restart for."""
    for key, known in seats:
        if registry.alike(known.name, key) is None:  # of before such names were kept apart, there may be two
            client = Client.of(known, known.name, key)
            client.is_away = True
            registry.add_client(client, known.sessions)
            deadlines.away[known.uid] = until


def bye(batch: Batch, session: Session, command: Bye) -> None:
    """A client goes, and says so: its seat is free at once, if it is nowhere else. Its tokens and UID stay its
    own."""
    client = session.client
    batch.log(f"client {client.uid} {client.name} said goodbye")
    batch.keep_visit(session)
    batch.reply(Goodbye())
    batch.close(batch.link)
    accounts.drop_passing(batch, session)
    if not client.links:
        membership.leave_all(batch, client, "bye")


def hello_again(batch: Batch, session: Session, command: Introduction) -> None:
    """Once is enough."""
    raise AlreadyRegistered(uid=session.client.uid)


def shutdown(batch: Batch, command: Shutdown, links: Iterable[Link]) -> None:
    """The server ends: everyone on it, over these connections, is told, and let go without losing the seat."""
    for link in links:
        batch.send(link, Notice(text=command.text))
        batch.close(link)


def hello_overdue(batch: Batch, link: Link) -> None:
    """A connection said nothing of use for too long."""
    peer = batch.registry.peers.get(link)
    if peer is not None and peer.session is None:
        batch.link, batch.re = link, None
        settings = batch.settings
        batch.refuse(HelloTimeout(seconds=settings.hello_timeout if peer.terms.resume else settings.login_timeout))


def still_lost(batch: Batch, uid: int) -> None:
    """A client's last connection was lost a while ago."""
    client = batch.registry.clients.get(uid)
    if client is not None and not client.links and not client.is_away:
        membership.tell_away(batch, client)


def resume_window_over(batch: Batch, uid: int) -> None:
    """A client that was away did not come back in time."""
    client = batch.registry.clients.get(uid)
    if client is not None and not client.links:
        membership.leave_all(batch, client, "lost")
