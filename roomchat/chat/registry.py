"""Who is here and in which rooms. Only this file edits the three maps."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Mapping
from functools import partial

from roomchat.account import Account, Invite
from roomchat.chat.inputs import KnownSession, Link
from roomchat.chat.looks import looks
from roomchat.chat.rule_book import RuleBook
from roomchat.chat.rules import Rules
from roomchat.chat.state import Audience, Client, Peer, Room, ServerBan, Session
from roomchat.dialect import Terms


class Registry(RuleBook):
    """The three maps and what belongs to them. Only the hub's thread calls it.

    clients: UID to client, for all that have a seat.
    clients_to_rooms: UID to the rooms the client is in (by key), in the order it joined them.
    rooms_to_clients: room key to the members (by UID), in the order they came. A room with nobody in it is not
        in there.

    Every change can be taken back until the next ``begin``, for a batch that could not be stored.
    """

    def __init__(
        self,
        *,
        next_uid: int = 1,
        next_room: int = 1,
        rooms: Iterable[tuple[str, str, int, str | None]] = (),
        accounts: int = 0,
        invites: Iterable[tuple[bytes, Invite]] = (),
        rules: Mapping[str, Rules] = {},
        bans: Iterable[tuple[int | str, ServerBan]] = (),
    ) -> None:
        """What a log knew before: the next numbers, (key, name, last seq, last said) of each room, how many
        accounts there are, which invites, the rules of some rooms, by key, and whom or what is banned."""
        super().__init__()
        self.clients: dict[int, Client] = {}
        self.clients_to_rooms: dict[int, dict[str, Room]] = {}
        self.rooms_to_clients: dict[str, dict[int, Client]] = {}
        self.rooms: dict[str, Room] = {}  # all that have members or messages; some 250 bytes each
        self.open_rooms: dict[str, Room] = {}  # those with members, but for rooms of two and private ones
        self.uids: list[int] = []  # of the clients, rising: lists are pages of these, and are asked for often
        self.room_keys: list[str] = []  # of all rooms but those, likewise
        self.names: dict[str, Client] = {}
        self.looks: dict[str, Client] = {}  # by each look of their names; no two have one in common
        self.accounts = accounts  # how many there are, here or not
        self.invites: dict[bytes, Invite] = dict(invites)  # by the hashes of their tokens
        self.tokens: dict[bytes, Session] = {}  # by token hash
        self.peers: dict[Link, Peer] = {}
        self.addresses: dict[str, int] = {}  # connections an address
        self.pairs: dict[int, dict[str, None]] = {}  # UID to its rooms of two, here or not, in order
        self.bans = dict(bans)  # of the server: by UID, or by place for newcomers
        self.next_uid = next_uid
        self.next_room = next_room
        for row in sorted(rooms):  # so that each key is put behind the others: no list is moved
            room, known = Room(*row), rules.get(row[0])
            room.private = known is not None and known.private
            self._add_room(room)
            self.set_rules(room, known)
        self.begin()

    def fill(
        self, clients: Iterable[Client], rooms_of: Iterable[Iterable[str]], members_of: Mapping[str, Iterable[int]]
    ) -> None:
        """A new registry has its three maps as another one had them; what belongs to them is for the caller.

        Args:
            clients: those that have a seat.
            rooms_of: for each of them keys of rooms, all of which are there already.
            members_of: key of a room to UIDs.
        """
        self.clients = {client.uid: client for client in clients}
        self.uids = sorted(self.clients)
        rows = zip(self.clients, rooms_of, strict=True)
        self.clients_to_rooms = {uid: {key: self.rooms[key] for key in keys} for uid, keys in rows}
        self.rooms_to_clients = {key: {uid: self.clients[uid] for uid in uids} for key, uids in members_of.items()}

    # ------------------------------------------------------------ taking back

    def begin(self) -> None:
        """From here on changes can be taken back; those before stay."""
        self._undo = [partial(self._restore_numbers, self.next_uid, self.next_room, self.accounts)]
        self._batch += 1

    def rollback(self) -> None:
        """Take back all changes since ``begin``."""
        for undo in reversed(self._undo):
            undo()
        self.uids = sorted(self.clients)
        self.begin()

    def _restore_numbers(self, next_uid: int, next_room: int, accounts: int) -> None:
        self.next_uid, self.next_room, self.accounts = next_uid, next_room, accounts

    # ------------------------------------------------------------ connections

    def connect(self, link: Link, address: str, terms: Terms) -> Peer:
        """A new connection."""
        peer = Peer(link, address, terms)
        self._put(self.peers, link, peer)
        self._put(self.addresses, address, self.addresses.get(address, 0) + 1)
        return peer

    def set_terms(self, peer: Peer, terms: Terms) -> None:
        """A connection turned out to speak another dialect than it was thought to; before its hello."""
        self._undo.append(partial(setattr, peer, "terms", peer.terms))
        peer.terms = terms

    def disconnect(self, peer: Peer) -> None:
        """A connection is gone, or is none of ours any more."""
        self._drop(self.peers, peer.link)
        count = self.addresses[peer.address] - 1
        if count:
            self._put(self.addresses, peer.address, count)
        else:
            self._drop(self.addresses, peer.address)
        if peer.session is not None and peer.session.link == peer.link:
            self._link(peer.session, None)

    def attach(self, session: Session, peer: Peer) -> None:
        """The session goes on over this connection from now on."""
        self._undo.append(partial(setattr, peer, "session", peer.session))
        peer.session = session
        self._link(session, peer.link)
        session.terms = peer.terms  # saved by _link

    def _link(self, session: Session, link: Link | None) -> None:
        client = session.client
        self.save(session)
        self.save(client)
        session.link = link
        client.links = tuple([one.link for one in client.sessions if one.link is not None])
        for room in self.clients_to_rooms[client.uid].values():
            self._audience_changed(room)

    # ------------------------------------------------------------ clients

    def new_uid(self) -> int:
        """A UID that nobody ever had."""
        self.next_uid += 1
        return self.next_uid - 1

    def add_client(self, client: Client, sessions: Iterable[KnownSession]) -> None:
        """A client takes a seat, with these sessions, none of them connected yet."""
        new = self._batch  # saved already: a rollback takes them away as a whole
        client.saved_in = new
        client.sessions = tuple(
            [
                Session(
                    client, one.device, one.token_hash, one.last_n,
                    seen=one.seen, address=one.address, saved_in=new,
                )
                for one in sessions
            ]
        )  # fmt: skip
        self._put(self.clients, client.uid, client)
        insort(self.uids, client.uid)
        self._put(self.clients_to_rooms, client.uid, {})
        self._put_name(client)
        for session in client.sessions:
            self._put(self.tokens, session.token_hash, session)

    def remove_client(self, client: Client) -> None:
        """A client that is in no room any more gives its seat up, with all its sessions."""
        assert not self.clients_to_rooms[client.uid], "it must leave its rooms first"
        self._drop(self.clients, client.uid)
        del self.uids[bisect_left(self.uids, client.uid)]
        self._drop(self.clients_to_rooms, client.uid)
        self._drop_name(client)
        for session in client.sessions:
            self._drop(self.tokens, session.token_hash)

    def rename(self, client: Client, name: str, key: str) -> None:
        """A client has another name, which nobody else has."""
        self._drop_name(client)
        self.save(client)
        client.name, client.key = name, key
        self._put_name(client)

    def set_account(self, client: Client, account: Account | None) -> None:
        """A client has an account from now on, or another form of it, or none any more."""
        self.save(client)
        self.accounts += (account is not None) - (client.account is not None)
        client.account = account

    def _put_name(self, client: Client) -> None:
        self._put(self.names, client.key, client)
        for look in looks(client.name, client.key):
            self._put(self.looks, look, client)

    def _drop_name(self, client: Client) -> None:
        self._drop(self.names, client.key)
        for look in looks(client.name, client.key):
            self._drop(self.looks, look)

    def alike(self, name: str, key: str, uid: int = 0) -> Client | None:
        """Who has a seat, is not that client, and goes by this name or by one that looks like it."""
        found = map(self.looks.get, looks(name, key))
        return next((one for one in found if one is not None and one.uid != uid), None)

    def add_session(self, client: Client, device: int, token_hash: bytes) -> Session:
        """One more, not connected yet."""
        session = Session(client, device, token_hash, saved_in=self._batch)
        self.save(client)
        client.sessions = (*client.sessions, session)
        self._put(self.tokens, token_hash, session)
        return session

    def remove_session(self, session: Session) -> None:
        """One less, that is not connected."""
        client = session.client
        self.save(client)
        client.sessions = tuple([one for one in client.sessions if one is not session])
        self._drop(self.tokens, session.token_hash)

    def set_invite(self, token_hash: bytes, invite: Invite | None) -> None:
        """There is an invite, or there is none any more."""
        self._put_or_drop(self.invites, token_hash, invite)

    def mark_read(self, client: Client, room: str, seq: int | None) -> None:
        """A client has read a room up to there; None: that is of no interest any more."""
        self._put_or_drop(client.reads, room, seq)

    def set_member(self, client: Client, room: str, name: str | None) -> None:
        """An account stays in a room from now on, or (None) does not."""
        self._put_or_drop(client.rooms, room, name)

    def set_ban(self, who: int | str, ban: ServerBan | None) -> None:
        """A UID, or a place, is banned from now on, or is not."""
        self._put_or_drop(self.bans, who, ban)

    # ------------------------------------------------------------ rooms

    def room(self, key: str, name: str, *, private: bool = False) -> Room:
        """The room with that key; made, with that name, if there is none."""
        room = self.rooms.get(key)
        if room is None:
            room = Room(key, name, private=private)
            self._undo.append(partial(self._forget_room, room))
            self._add_room(room)
        return room

    def new_room(self) -> Room:
        """A room with a name that no room ever had: ``r1``, ``r2``, ..."""
        while (name := f"r{self.next_room}") in self.rooms:
            self.next_room += 1
        self.next_room += 1
        return self.room(name, name)

    def enter(self, client: Client, room: Room) -> None:
        """A client becomes a member of a room that it is not in."""
        self._put(self.clients_to_rooms[client.uid], room.key, room)
        if room.key not in self.rooms_to_clients:
            self._put(self.rooms_to_clients, room.key, {})
            if room.is_open:
                self._put(self.open_rooms, room.key, room)
        self._put(self.rooms_to_clients[room.key], client.uid, client)
        self._audience_changed(room)
        self.set_current(client, room)

    def leave(self, client: Client, room: Room) -> None:
        """A member goes. The room goes with its last member, unless it has messages."""
        rooms = self.clients_to_rooms[client.uid]
        members = self.rooms_to_clients[room.key]
        self._drop(rooms, room.key)
        self._drop(members, client.uid)
        if not members:
            self._drop(self.rooms_to_clients, room.key)
            if room.is_open:
                self._drop(self.open_rooms, room.key)
            if not room.last_seq:
                self.set_rules(room, None)
                self._undo.append(partial(self._add_room, room))
                self._forget_room(room)
        self._audience_changed(room)
        for session in client.sessions:
            if session.current is room:
                self.save(session)
                session.current = None
        if room in (client.current, client.reached):
            self.save(client)
            others = [other for other in reversed(rooms.values()) if other.pair is None]
            if client.reached is room:
                client.reached = next((other for other in others if not other.private), None)
            if client.current is room:
                client.current = client.reached or next(iter(others), None)

    def set_current(self, client: Client, room: Room) -> None:
        """The client's current room is this one, unless that is one of two. Nobody can dial into those, nor into
        private ones: a dial of it leads where it would without them."""
        if client.current is not room and room.pair is None:
            self.save(client)
            client.current = room
            if not room.private:
                client.reached = room

    def look_at(self, session: Session, room: Room) -> None:
        """What an account says on this device goes there, whatever it does on others."""
        if session.client.account and session.current is not room and room.pair is None:
            self.save(session)
            session.current = room

    def audience(self, room: Room) -> Audience:
        """The connections of the members that are not away; the same object until that changes."""
        if room.audience is None:
            room.audience = Audience(self.links(room))
        return room.audience

    def links(self, room: Room) -> list[Link]:
        """The connections of the members that are not away, in the order the members came."""
        members = self.rooms_to_clients.get(room.key, {})
        return [link for member in members.values() for link in member.links]

    def _audience_changed(self, room: Room) -> None:
        room.audience = None
        self._undo.append(partial(setattr, room, "audience", None))  # one made since then is wrong again

    def _add_room(self, room: Room) -> None:
        self.rooms[room.key] = room
        if room.is_open:
            insort(self.room_keys, room.key)
        for uid in room.pair or ():
            self.pairs.setdefault(uid, {})[room.key] = None

    def _forget_room(self, room: Room) -> None:
        del self.rooms[room.key]
        if room.is_open:
            del self.room_keys[bisect_left(self.room_keys, room.key)]
        for uid in room.pair or ():
            self.pairs[uid].pop(room.key, None)
            if not self.pairs[uid]:
                del self.pairs[uid]
