"""What a batch needs of the log, and what it leaves there."""

from __future__ import annotations

from collections.abc import Set

from roomchat.account import Invite
from roomchat.chat.effects import AccountRow, Effects
from roomchat.chat.inputs import Found, Inputs, Key, KnownClient, Link, Place, Row
from roomchat.chat.looks import looks as looks_of
from roomchat.chat.registry import Registry
from roomchat.chat.state import Client, Room, Session
from roomchat.errors import StorageUnavailable

MAX_LEFT = 200  # read markers that a client has in rooms that it is not in any more


class Missing(Exception):
    """What a command needs from the log is not here yet: it is looked up, and then the command comes again."""

    def __init__(self, key: Key) -> None:
        super().__init__(key)
        self.key = key


class Keeping:
    """The part of a batch that is about the log."""

    def __init__(
        self, registry: Registry, inputs: Inputs, gone: dict[bytes, Session], deleted: Set[Place]
    ) -> None:  # fmt: skip
        self.registry = registry
        self.effects = Effects()
        self.storing = inputs.storing  # False: the disk takes nothing
        self.time = inputs.time  # milliseconds since 1970
        self.gone = gone  # sessions whose seat ended in this batch, or since a look-up began, by token hash
        self.deleted = deleted  # the same of entries whose words were deleted
        self.link: Link = 0  # whose command is being carried out
        self.found: dict[Key, Found] = {}  # what was looked up for the command that is being carried out

    def must_store(self) -> None:
        """Raises StorageUnavailable while the disk takes nothing."""
        if not self.storing:
            raise StorageUnavailable

    def keep_newcomer(self, client: Client) -> None:
        """Store a new client, and its sessions, if it can come back; else only that its UID is given away."""
        self.effects.next_uid = self.registry.next_uid
        if client.guest:
            self.keep_name(client)
            self.effects.sessions += client.sessions

    def keep_name(self, client: Client) -> None:
        """Store the name of a client that can come back."""
        self.effects.names[client.uid] = client.name

    def row(self, key: Key) -> Row | None:
        """A client as the log has it; None: nobody can come back as it.

        Raises:
            Missing: it is still to be looked up. Only before anything was changed: the command comes again.
            StorageUnavailable: the log can't be read.
        """
        return self.look_up(key).row

    def look_up(self, key: Key) -> Found:
        """What the log says. Raises as ``row``."""
        found = self.found.get(key)
        if found is None:
            raise Missing(key)
        if found.failed:
            raise StorageUnavailable
        return found

    def look_for(self, uid: int) -> None:
        """Raises Missing if a command needs the name of someone who has no seat, and it is not here yet."""
        registry = self.registry
        if uid in registry.clients or uid >= registry.next_uid or self._left(uid) is not None:
            return
        if uid not in self.found:
            raise Missing(uid)

    def offline_name(self, uid: int) -> str | None:
        """The name of someone who has no seat and can come back; None: nobody can come back with that UID. Behind
        ``look_for``.

        Raises:
            StorageUnavailable: the log can't be read.
        """
        if (client := self._left(uid)) is not None:
            return client.name if client.resumes or client.account else None
        row = self.row(uid)
        return row.name if row is not None else None

    def _left(self, uid: int) -> Client | None:
        gone = (session.client for session in reversed(self.gone.values()))
        return next((client for client in gone if client.uid == uid), None) if self.gone else None

    def keep_gone(self, session: Session) -> None:
        """A session has ended, or its client's seat: look-ups that have begun may not see that."""
        self.gone.pop(session.token_hash, None)  # so that the last one of a client stands last
        self.gone[session.token_hash] = session

    def known(self, uid: int) -> KnownClient | None:
        """A client, here or not, as it stands now; None: nobody can come back with that UID. Raises as ``row``."""
        return self.registry.clients.get(uid) or self._left(uid) or self.row(uid)

    def owner(self, looks: tuple[str, ...]) -> int:
        """The UID of the account whose name has one of these looks; 0: there is none. Raises as ``row``."""
        registry = self.registry
        here = [registry.looks[look] for look in looks if look in registry.looks]
        if owners := [client.uid for client in here if client.account]:
            return owners[0]
        if not registry.accounts:
            return 0
        for client in (session.client for session in reversed(self.gone.values())):
            if client.uid in registry.clients:
                continue
            if client.account and not set(looks_of(client.name, client.key)).isdisjoint(looks):
                return client.uid
        found = self.found.get(looks)
        if found is None:
            raise Missing(looks)
        if found.failed:
            raise StorageUnavailable
        changed = found.holder in registry.clients or self._left(found.holder) is not None
        return 0 if changed else found.holder  # of those the registry knows better

    def keep_seat(self, client: Client, taken: bool) -> None:
        """Store that the client has a seat, or has none any more. Best effort: a disk that takes nothing keeps
        nobody away, and then the name is free after a restart."""
        if self.storing:
            self.effects.seats[client.uid] = client.key if taken else None
            if client.guest:
                self.effects.guests[client.uid] = True

    def keep_account(self, client: Client, password_hash: str | None = None) -> None:
        """Store what belongs to an account; with its password, if that is new."""
        assert client.account is not None
        accounts = self.effects.accounts
        if password_hash is None and client.uid in accounts:
            password_hash = accounts[client.uid].password_hash
        accounts[client.uid] = AccountRow(
            client.key, looks_of(client.name, client.key), client.account, password_hash
        )  # fmt: skip

    def keep_visit(self, session: Session) -> None:
        """Store when, and from where, a device of an account was here. Best effort, as ``keep_seat``."""
        if self.storing and session.client.account and session.terms.resume:
            address = self.registry.peers[self.link].address
            self.registry.save(session)
            session.seen, session.address = self.effects.visits[session] = (self.time, address)

    def keep_invite(self, token_hash: bytes, invite: Invite | None) -> None:
        """There is an invite from now on, or none any more."""
        self.registry.set_invite(token_hash, invite)
        self.effects.invites[token_hash] = invite

    def keep_counter(self, session: Session, n: int) -> None:
        """The session's message ``n`` is handled, whatever comes of it."""
        counters = self.effects.counters
        if session not in counters:  # else it is saved already
            self.registry.save(session)
        session.last_n = counters[session] = n

    def keep_read(self, client: Client, room: Room, seq: int) -> None:
        """The client has read a room up to there. Markers of rooms that were left stay, for who comes again, but
        not of any number of them."""
        reads, registry = client.reads, self.registry
        if room.key not in reads:
            rooms, pairs = registry.clients_to_rooms[client.uid], registry.pairs.get(client.uid, {})
            if len(reads) >= len(rooms) + len(pairs) + MAX_LEFT:
                self.forget_read(client, next(key for key in reads if key not in rooms and key not in pairs))
        registry.mark_read(client, room.key, seq)
        self.effects.reads[client.uid, room.key] = seq

    def forget_read(self, client: Client, room: str) -> None:
        """It is of no interest any more how far a client has read there."""
        self.registry.mark_read(client, room, None)
        self.effects.reads[client.uid, room] = None

    def keep_member(self, client: Client, room: str, name: str | None) -> None:
        """An account stays in a room from now on, or (None) does not. Best effort, as ``keep_seat``. What was said
        there before it came is not new to it."""
        if client.account and self.storing and client.rooms.get(room) != name:
            self.registry.set_member(client, room, name)
            self.effects.members[client.uid, room] = name
            if name is not None and room not in client.reads:
                self.keep_read(client, self.registry.rooms[room], self.registry.rooms[room].last_seq)

    def keep_next_room(self) -> None:
        """Store that the number of a room has been given away."""
        self.effects.next_room = self.registry.next_room
