"""Hello: someone new, someone who comes back, someone who takes over from another connection."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from msgspec.structs import replace

from roomchat.chat import accounts, membership
from roomchat.chat.bans import check_may_come
from roomchat.chat.batch import Batch
from roomchat.chat.entering import go_into
from roomchat.chat.inputs import Introduction, KnownClient, KnownSession, Link, LoggedIn, SessionRow
from roomchat.chat.invitations import tell_asked
from roomchat.chat.servers import Servers
from roomchat.chat.state import Client, Peer, Room, Session
from roomchat.errors import (
    AccountNeeded,
    BadName,
    Refused,
    Replaced,
    ServerFull,
    TooManyRooms,
    UnknownToken,
    UnsupportedProtocol,
    WrongPassword,
)
from roomchat.protocol import FEATURES, PAGE, VERSION, Error, Hello, Left, Limits, Seq, Welcome, is_pair
from roomchat.version import __version__


class Welcoming:
    """What is needed to begin a session, beside the state of the chat.

    Args:
        epoch: the name of the log; cursors from another one are void.
    """

    def __init__(self, epoch: str) -> None:
        self.epoch = epoch
        self.servers = Servers()  # that share the chat

    def hello(self, batch: Batch, peer: Peer, introduction: Introduction | LoggedIn) -> None:
        """A connection says who it is; it becomes a session's."""
        command = introduction.hello
        if command.protocol != VERSION:
            raise UnsupportedProtocol(supported=VERSION, asked=command.protocol)
        session = self._session(batch, introduction)
        client = session.client
        rooms = list(batch.registry.clients_to_rooms[client.uid].values())
        if not any(room.is_open for room in rooms):  # else they know it already, or not
            batch.registry.save(client)
            client.announced = command.presence
        if session.link is not None:
            self._replace(batch, session.link)
        elif not client.links:
            membership.tell_back(batch, client, rooms)
        batch.registry.attach(session, peer)
        session.attempt = command.attempt  # saved by attach
        batch.keep_visit(session)
        batch.log(f"{peer} is client {client.uid} {client.name}")
        batch.reply(self._welcome(batch, session, command))
        if client.account and not (isinstance(introduction, Introduction) and introduction.password_hash):
            command = replace(command, rooms=self._rooms_of(batch, client, command.rooms))
        self._return_to_rooms(batch, client, command)
        if client.uid in batch.registry.asked:
            tell_asked(batch, client)
        if lobby := _lobby(batch):
            room, was_in = go_into(batch, client, lobby)
            batch.registry.look_at(session, room)
            if not was_in:
                membership.tell_devices(batch, client, room)
            batch.send(peer.link, membership.joined(batch.registry, client, room))
            self._replay(batch, client, room, None)

    def _session(self, batch: Batch, introduction: Introduction | LoggedIn) -> Session:
        """Whose the connection will be. Raises before anything is changed."""
        command, token_hash = introduction.hello, introduction.token_hash
        if isinstance(introduction, LoggedIn):
            return self._logged_in(batch, introduction)
        registers = introduction.password_hash
        if registers:
            accounts.check_may_register(batch, introduction.invite)
            batch.must_store()
        session = None
        if introduction.resumes:
            try:
                session = self._resumed(batch, token_hash, command, registers=bool(registers))
            except UnknownToken:
                if not introduction.is_new:
                    raise
        if session is None:
            self._check_rooms(batch, command, 0)
            if not (registers or batch.settings.guests):
                raise AccountNeeded
            session = self._newcomer(batch, command.name or "", token_hash)
        if registers and session.client.account is None:  # else it was made before, and the answer was lost
            accounts.make(batch, session.client, registers, introduction.invite)
        return session

    def _logged_in(self, batch: Batch, introduction: LoggedIn) -> Session:
        """A new session of an account, wherever that is now."""
        known = batch.known(introduction.uid)
        if known is None or known.account is None or known.account.changed != introduction.changed:
            raise WrongPassword
        self._check_rooms(batch, introduction.hello, known.uid)
        batch.must_store()
        client = batch.registry.clients.get(known.uid)
        if client is None:
            shown, key = self._old_name(batch, known)
            membership.check_free(batch, shown, key, known.uid)
            self._check_seat(batch, known.uid)
            client = Client.of(known, shown, key)
            self._give_seat(batch, client, known.sessions)
        session = accounts.open_session(batch, client, introduction.token_hash)
        if introduction.password_hash:
            batch.keep_account(client, introduction.password_hash)
        return session

    def _newcomer(self, batch: Batch, name: str, token_hash: bytes) -> Session:
        """The first session of a client that was never here: it gets a UID for good."""
        name, key = batch.name(name)
        membership.check_free(batch, name, key)
        self._check_seat(batch, None)
        batch.must_store()
        guest = batch.registry.peers[batch.link].terms.resume
        client = Client(batch.registry.new_uid(), name, key, guest)
        self._give_seat(batch, client, [SessionRow(1, token_hash)])
        batch.keep_newcomer(client)
        return client.sessions[0]

    def _resumed(self, batch: Batch, token_hash: bytes, command: Hello, *, registers: bool) -> Session:
        """The session whose token this is; its client under another name if it asks for one."""
        session, name = batch.registry.tokens.get(token_hash), command.name
        if session is not None and 0 < command.attempt <= session.attempt:
            raise Replaced  # the newer one came by another server, and overtook it
        if session is None:
            return self._from_log(batch, token_hash, command, registers=registers)
        client = session.client
        self._check_guest(batch, client, registers=registers)
        self._check_rooms(batch, command, client.uid)
        if registers and client.account is None:
            membership.check_free(batch, client.name, client.key, client.uid)
        if name is not None and batch.name(name)[0] != client.name:
            membership.rename(batch, client, name, besides=[] if session.link is None else [session.link])
        return session

    def _check_guest(self, batch: Batch, known: KnownClient, *, registers: bool) -> None:
        """Raises AccountNeeded where guests can't come in, and this is one."""
        if known.account is None and not (registers or batch.settings.guests):
            raise AccountNeeded

    def _from_log(self, batch: Batch, token_hash: bytes, command: Hello, *, registers: bool) -> Session:
        """A client that has lost its seat, or never had one since the server started, takes one again."""
        gone = batch.gone.get(token_hash)
        known: KnownClient | None = batch.row(token_hash) if gone is None else gone.client
        if known is None or (gone is not None and gone not in gone.client.sessions):  # it was logged out
            raise UnknownToken
        self._check_guest(batch, known, registers=registers)
        name = command.name
        self._check_rooms(batch, command, known.uid)
        shown, key = self._old_name(batch, known) if name in {None, known.name} else batch.name(name)
        membership.check_free(batch, shown, key, known.uid)
        self._check_seat(batch, known.uid)
        if shown != known.name:
            batch.must_store()
        client = Client.of(known, shown, key)
        self._give_seat(batch, client, known.sessions)
        if shown != known.name:
            batch.keep_name(client)
            if client.account is not None:
                batch.keep_account(client)
        return batch.registry.tokens[token_hash]

    def _check_rooms(self, batch: Batch, command: Hello, uid: int) -> None:
        """Before any of them is looked at: what one line makes the hub do must be bounded. Twice the limit, so
        that a client that was in more rooms before the limit was lowered still comes back, to as many as it may.

        Raises:
            TooManyRooms: more are named than a client can ever have been in.
        """
        named, limit = command.rooms or {}, 2 * batch.settings.max_rooms
        if len(named) > 2 * limit + len(batch.registry.pairs.get(uid, ())):
            raise TooManyRooms(limit=batch.settings.max_rooms)  # at once: it may be thousands
        pairs = sum(map(is_pair, named))
        if len(named) - pairs > limit or pairs > limit + len(batch.registry.pairs.get(uid, ())):
            raise TooManyRooms(limit=batch.settings.max_rooms)

    def _old_name(self, batch: Batch, known: KnownClient) -> tuple[str, str]:
        """The name that the log has; another one if it was taken when such names were still allowed."""
        try:
            return batch.name(known.name)
        except BadName:
            name = f"user-{known.uid}"
            while name in batch.registry.names:
                name += "-"
            return batch.name(name)

    def _give_seat(self, batch: Batch, client: Client, sessions: Iterable[KnownSession]) -> None:
        batch.registry.add_client(client, sessions)
        if batch.registry.peers[batch.link].terms.resume:
            batch.keep_seat(client, True)

    def _check_seat(self, batch: Batch, uid: int | None) -> None:
        """Whether there is a seat for this client, or without a UID for a newcomer: when there is none, whoever is
        away longest gives way.

        Raises:
            ShutOut: not for this one.
            ServerFull: everybody is here.
        """
        check_may_come(batch, uid)
        if not is_full(batch):
            return
        clients = batch.registry.clients
        for uid in batch.deadlines.away:  # in the order in which they went away, some of them back meanwhile
            client = clients.get(uid)
            if client is not None and not client.links:
                membership.leave_all(batch, client, "lost")
                return
        raise ServerFull(limit=batch.settings.max_clients)

    def _replace(self, batch: Batch, link: Link) -> None:
        """The session continues on another connection: this one is closed."""
        refusal = Replaced()
        batch.send(link, Error(code=refusal.code, message=str(refusal)))
        batch.close(link)

    def _welcome(self, batch: Batch, session: Session, command: Hello) -> Welcome:
        registry, settings, client = batch.registry, batch.settings, session.client
        return Welcome(
            uid=client.uid,
            name=client.name,
            device=session.device,
            token=session.token_hash.hex(),  # the connection puts the token itself in its place
            epoch=self.epoch,
            last_n=session.last_n,
            server=f"roomchat {__version__}",
            clients=[membership.person(one) for one in islice(registry.clients.values(), PAGE)],
            clients_total=len(registry.clients),
            rooms=[membership.summary(registry, room) for room in islice(registry.open_rooms.values(), PAGE)],
            rooms_total=len(registry.open_rooms),
            limits=Limits(settings.max_text, settings.max_name, settings.max_line, settings.max_rooms),
            motd=settings.motd or None,
            features=[feature for feature in FEATURES if feature in command.features],
            lobby=settings.lobby or None,
            account=client.account is not None,
            blocked=sorted(client.blocked),
            servers=self.servers.addresses(session.link) if len(self.servers.living) > 1 else [],
        )

    def _rooms_of(self, batch: Batch, client: Client, named: dict[str, Seq] | None) -> dict[str, Seq] | None:
        """An account comes back into the rooms that it stays in, if it still may. The others that a device names
        were left on another one, or it was put out there. Returns the rest of what it names."""
        lobby = batch.settings.lobby  # comes first, as for everybody: a new device looks at what comes first
        for key, name in sorted(client.rooms.items(), key=lambda one: one[1] != lobby):
            if key in batch.registry.clients_to_rooms[client.uid]:
                continue
            try:
                go_into(batch, client, name, asks=False)
            except TooManyRooms:
                break  # fewer may be had than before; if some are left, these come again
            except Refused:
                batch.keep_member(client, key, None)
        if named is None:
            return None
        rest = {}
        for name, cursor in named.items():
            try:
                key = membership.room_key(batch, name)
            except Refused:
                key = ""
            if is_pair(name) or key in batch.registry.clients_to_rooms[client.uid]:
                rest[name] = cursor
            else:
                batch.reply(Left(room=name))
        return rest

    def _return_to_rooms(self, batch: Batch, client: Client, command: Hello) -> None:
        """Every room that the seat is in, or that the client names, or that is its own to whisper in: joined, and
        caught up from the cursor named, or shown as on a first join."""
        registry, settings = batch.registry, batch.settings
        keeps_cursors = command.rooms is not None and command.epoch in (None, self.epoch)
        cursors: dict[str, int] = {}  # by room key
        rooms: dict[str, Room] = {}
        for name, cursor in (command.rooms or {}).items():
            try:
                if is_pair(name):
                    room = membership.find_room(batch, client, name)
                else:
                    room, _ = go_into(batch, client, name, asks=False)
            except Refused as refusal:
                batch.refuse(refusal)
                continue
            rooms[room.key] = room
            if keeps_cursors:
                cursors[room.key] = cursor
        whispers = [registry.rooms[key] for key in registry.pairs.get(client.uid, ())]
        for room in whispers:
            rooms[room.key] = room
            if room.key not in registry.clients_to_rooms[client.uid]:
                membership.enter(batch, client, room)
        if keeps_cursors:  # of the others it has seen nothing: not even their first whispers may be passed over
            for room in whispers:
                cursors.setdefault(room.key, 0)
        else:  # how much one hello brings must be bounded: something of those that were spoken in last
            whispers.sort(key=lambda room: room.last_said or "", reverse=True)
            cursors.update((room.key, room.last_seq) for room in whispers[settings.max_rooms :])
        rooms.update(registry.clients_to_rooms[client.uid])
        if lobby := _lobby(batch):
            rooms.pop(membership.room_key(batch, lobby), None)  # it comes last, and once
        for key, room in rooms.items():
            batch.reply(membership.joined(registry, client, room))
            self._replay(batch, client, room, cursors.get(key))

    def _replay(self, batch: Batch, client: Client, room: Room, after: int | None) -> None:
        """From a cursor; without one what was not read yet, and not less than a first join brings."""
        history, read = batch.settings.history, client.reads.get(room.key)
        if after is None and read is not None:
            after = max(0, min(read, room.last_seq - history))
        batch.replay(room, after, history)


def _lobby(batch: Batch) -> str:
    """Where the asker's wire has everybody be; nothing: nowhere."""
    settings, terms = batch.settings, batch.registry.peers[batch.link].terms
    if not terms.lobby:
        return ""
    return settings.only_room if terms.one_room else settings.lobby


def is_full(batch: Batch) -> bool:
    """Whether there is no seat for one more."""
    return 0 < batch.settings.max_clients <= len(batch.registry.clients)
