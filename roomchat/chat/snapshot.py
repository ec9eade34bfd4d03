"""All that a hub knows, as bytes, and a hub that knows it: whatever both are given next leads to the same.

The orders in the maps are part of it: pages and lists show them. What follows from something else is made anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

import msgspec
from msgspec import Struct

from roomchat.account import Account, Invite
from roomchat.chat.hub import Hub
from roomchat.chat.inputs import AnyInput, Found, Link, Place
from roomchat.chat.looks import looks
from roomchat.chat.registry import Registry
from roomchat.chat.rules import Rules
from roomchat.chat.servers import Life, Servers, shared, with_shared
from roomchat.chat.state import Client, Peer, Room, ServerBan, Session
from roomchat.dialect import Terms
from roomchat.errors import BadName
from roomchat.settings import Settings

# Of the shape of these bytes, as it was released. A change after that raises it, and LOGIC (chat/servers.py), for
# servers compare these bytes; and what was written before must still be read, for a server goes on from it.
VERSION = 1

_Keys = list[tuple[int, list[str]]]  # of rooms, by UID


class SnapshotError(ValueError):
    """It can't be read."""


class _Session(Struct, array_like=True):
    client: int  # which of the clients
    device: int
    token_hash: bytes
    last_n: int
    link: Link | None
    terms: Terms
    seen: int
    address: str
    current: str | None
    attempt: int


class _Client(Struct, array_like=True):
    uid: int
    name: str
    key: str
    guest: bool
    current: str | None
    reached: str | None
    announced: bool
    is_away: bool
    account: Account | None
    sessions: list[int]  # which of the sessions
    links: tuple[Link, ...]
    blocked: list[int]
    reads: dict[str, int]
    rooms: dict[str, str]


class _Room(Struct, array_like=True):
    key: str
    name: str
    last_seq: int
    last_said: str | None
    joined: int
    left: int
    private: bool
    rules: Rules | None


class _Registry(Struct, array_like=True):
    clients: list[_Client]  # those that have a seat, then others that somebody may still ask for
    seats: int  # how many have one
    sessions: list[_Session]
    rooms: list[_Room]
    rooms_of: list[list[str]]  # of each that has a seat
    members_of: list[tuple[str, list[int]]]
    open_rooms: list[str]
    names: list[int]  # UIDs of whose they are
    tokens: list[int]  # which of the sessions
    peers: list[tuple[Link, str, Terms, int | None]]
    addresses: dict[str, int]
    pairs: _Keys
    owned: _Keys
    asked: _Keys
    bans: list[tuple[int | str, ServerBan]]
    invites: list[tuple[bytes, Invite]]
    accounts: int
    next_uid: int
    next_room: int


class _Hub(Struct, array_like=True):
    version: int
    epoch: str
    settings: dict[str, Any]  # those that servers share
    servers: list[Life]
    last_slot: int
    time: int
    logic: int
    registry: _Registry
    deadlines: tuple[dict[Link, float], dict[Link, float], dict[int, float], dict[int, float], dict[str, float]]
    held: dict[Link, list[AnyInput]]
    answers: list[tuple[Link, list[Found]]]
    since: dict[Link, int]
    gone: list[int]  # which of the sessions
    ended: list[tuple[int, int]]
    deleted: list[Place]
    batches: int
    started: float
    last_used: float
    stats: dict[str, int]


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Hub)


def of(hub: Hub) -> bytes:
    """Between two batches: when the last one is committed."""
    registry = hub.registry
    clients, sessions = _all(hub)
    client_at = {id(client): at for at, client in enumerate(clients)}
    at_ = {id(session): at for at, session in enumerate(sessions)}
    taken = _Registry(
        [_client(one, [at_[id(session)] for session in one.sessions]) for one in clients],
        len(registry.clients),
        [_session(one, client_at[id(one.client)]) for one in sessions],
        [_Room(one.key, one.name, one.last_seq, one.last_said, one.joined, one.left, one.private, one.rules)
         for one in registry.rooms.values()],
        [[*registry.clients_to_rooms[uid]] for uid in registry.clients],
        [(key, [*members]) for key, members in registry.rooms_to_clients.items()],
        [*registry.open_rooms],
        [client.uid for client in registry.names.values()],
        [at_[id(session)] for session in registry.tokens.values()],
        [(peer.link, peer.address, peer.terms, at_[id(peer.session)] if peer.session else None)
         for peer in registry.peers.values()],
        registry.addresses,
        _keys(registry.pairs), _keys(registry.owned), _keys(registry.asked),
        [*registry.bans.items()], [*registry.invites.items()],
        registry.accounts, registry.next_uid, registry.next_room,
    )  # fmt: skip
    deadlines = hub._deadlines
    return _encoder.encode(
        _Hub(
            VERSION, hub._welcoming.epoch, shared(hub._settings), [*hub.servers.living.values()],
            hub.servers.last_slot, hub.servers.time, hub.servers.logic, taken,
            (deadlines.hellos, deadlines.logins, deadlines.lost, deadlines.away, deadlines.large_rooms),
            cast(Any, hub._held), [(link, [*found.values()]) for link, found in hub._answers.items()], hub._since,
            [at_[id(session)] for session in hub._gone.values()],
            [(at_[id(session)], batch) for session, batch in hub._ended.values()],
            sorted(hub._deleted, key=lambda place: (place.room, place.seq)),
            hub._batches, hub._started, hub._last_used, hub._stats,
        )
    )  # fmt: skip


def hub(data: bytes, settings: Settings) -> Hub:
    """A hub that knows it.

    Args:
        data: of another one.
        settings: of this server; those that servers share come from the snapshot.
    Raises:
        SnapshotError: it is none, or one of another version.
    """
    try:
        kept = _decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise SnapshotError(f"The state of the chat can't be read ({error}).") from None
    if kept.version != VERSION:
        raise SnapshotError(f"The state of the chat is of version {kept.version}; this roomchat knows {VERSION}.")
    try:
        return _made(kept, settings)
    except (LookupError, ValueError, BadName) as error:
        raise SnapshotError(f"The state of the chat does not agree with itself ({error!r}).") from None


def _all(hub: Hub) -> tuple[list[Client], list[Session]]:
    """Whoever is known, each once; first those that have a seat."""
    found = {id(client): client for client in hub.registry.clients.values()}
    sessions = {id(session): session for client in found.values() for session in client.sessions}
    for session in [*hub._gone.values(), *(session for session, _ in hub._ended.values())]:
        found.setdefault(id(session.client), session.client)
        for one in (session, *session.client.sessions):
            sessions.setdefault(id(one), one)
    return [*found.values()], [*sessions.values()]


def _keys(index: Mapping[int, Iterable[str]]) -> _Keys:
    return [(uid, [*keys]) for uid, keys in index.items()]


def _key(room: Room | None) -> str | None:
    return None if room is None else room.key


def _client(client: Client, sessions: list[int]) -> _Client:
    return _Client(
        client.uid, client.name, client.key, client.guest, _key(client.current),
        _key(client.reached), client.announced, client.is_away, client.account, sessions, client.links,
        sorted(client.blocked), client.reads, client.rooms,
    )  # fmt: skip


def _session(session: Session, client: int) -> _Session:
    return _Session(
        client, session.device, session.token_hash, session.last_n, session.link, session.terms, session.seen,
        session.address, _key(session.current), session.attempt,
    )  # fmt: skip


def _made(kept: _Hub, settings: Settings) -> Hub:
    registry, sessions = _made_registry(kept.registry)
    made = Hub(registry, with_shared(settings, kept.settings), epoch=kept.epoch, now=kept.started)
    made._welcoming.servers = Servers(kept.servers, kept.last_slot, kept.time, kept.logic)
    deadlines = made._deadlines
    for kind, queue in zip(("hellos", "logins", "lost", "away", "large_rooms"), kept.deadlines, strict=True):
        getattr(deadlines, kind).update(queue)
    made._held = {link: [*items] for link, items in kept.held.items()}
    made._answers = {link: {one.key: one for one in found} for link, found in kept.answers}
    made._since = kept.since
    made._gone = {sessions[at].token_hash: sessions[at] for at in kept.gone}
    made._ended = {sessions[at].token_hash: (sessions[at], batch) for at, batch in kept.ended}
    made._deleted = {*kept.deleted}
    made._batches, made._last_used, made._stats = kept.batches, kept.last_used, kept.stats
    return made


def _made_registry(kept: _Registry) -> tuple[Registry, list[Session]]:
    registry = Registry(
        next_uid=kept.next_uid, next_room=kept.next_room, accounts=kept.accounts, invites=kept.invites,
        bans=kept.bans,
    )  # fmt: skip
    for row in kept.rooms:
        room = Room(
            row.key, row.name, row.last_seq, row.last_said, None, row.joined, row.left, private=row.private
        )
        room.rules = row.rules
        room.mutes = (row.rules.mutes or None) if row.rules is not None else None
        registry._add_room(room)
    rooms = registry.rooms
    clients = [
        Client(
            one.uid, one.name, one.key, one.guest, rooms.get(one.current or ""), rooms.get(one.reached or ""),
            one.announced, one.is_away, one.account, (), one.links, 0, frozenset(one.blocked), one.reads,
            one.rooms,
        )
        for one in kept.clients
    ]  # fmt: skip
    sessions = [
        Session(
            clients[one.client], one.device, one.token_hash, one.last_n, one.link, one.terms, one.seen,
            one.address, rooms.get(one.current or ""), one.attempt,
        )
        for one in kept.sessions
    ]  # fmt: skip
    for client, one in zip(clients, kept.clients, strict=True):
        client.sessions = tuple([sessions[at] for at in one.sessions])
    registry.fill(clients[: kept.seats], kept.rooms_of, dict(kept.members_of))
    here = registry.clients
    registry.open_rooms = {key: rooms[key] for key in kept.open_rooms}
    registry.names = {here[uid].key: here[uid] for uid in kept.names}
    registry.looks = {
        look: client for client in registry.names.values() for look in looks(client.name, client.key)
    }
    registry.tokens = {sessions[at].token_hash: sessions[at] for at in kept.tokens}
    registry.peers = {
        link: Peer(link, address, terms, None if at is None else sessions[at])
        for link, address, terms, at in kept.peers
    }
    registry.addresses = kept.addresses
    registry.pairs = {uid: dict.fromkeys(keys) for uid, keys in kept.pairs}
    registry.owned = {uid: {key: rooms[key] for key in keys} for uid, keys in kept.owned}
    registry.asked = {uid: {key: rooms[key] for key in keys} for uid, keys in kept.asked}
    registry.begin()
    return registry, sessions
