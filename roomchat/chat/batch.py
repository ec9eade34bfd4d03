"""One batch while it is applied: what the commands read, and where they put what follows from them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Set
from typing import Any

from msgspec.structs import replace

from roomchat.account import Invite
from roomchat.chat.deadlines import Deadlines
from roomchat.chat.effects import AccountRow, Broadcast, Close, Delivery, Effects, ReadPage, Replay, Reply, Segment
from roomchat.chat.inputs import Found, Inputs, Key, KnownClient, Link, Place, Row
from roomchat.chat.looks import looks as looks_of
from roomchat.chat.names import normal_person
from roomchat.chat.registry import Registry
from roomchat.chat.rules import Rules
from roomchat.chat.state import Audience, Client, Room, Session
from roomchat.dialect import Malformed
from roomchat.errors import Refused, StorageUnavailable
from roomchat.protocol import PAGE, SPOKEN, AnyEntry, Error, Event, HistoryPage, Id, Person, Say, Whisper
from roomchat.settings import Settings

MAX_SEGMENT = 64 * 1024  # characters; outboxes hold, and readers fetch, whole segments, so none may be huge


class Missing(Exception):
    """What a command needs from the log is not here yet: it is looked up, and then the command comes again."""

    def __init__(self, key: Key) -> None:
        super().__init__(key)
        self.key = key


class Batch:
    """The state of the chat, the time, and the effects so far."""

    def __init__(
        self,
        registry: Registry,
        deadlines: Deadlines,
        settings: Settings,
        inputs: Inputs,
        gone: dict[bytes, Session],
        deleted: Set[Place],
        lobby: str | None,
    ) -> None:
        self.registry = registry
        self.deadlines = deadlines
        self.settings = settings
        self.now = inputs.now  # seconds of a clock that never goes back
        self.time = inputs.time  # milliseconds since 1970
        self.timestamp = inputs.timestamp  # the same for messages: RFC 3339
        self.lobby = lobby  # key of the room that everyone is in first; None: there is none
        self.effects = Effects()
        self.gone = gone  # sessions whose seat ended in this batch, or since a look-up began, by token hash
        self.deleted = deleted  # the same of entries whose words were deleted
        self.found: dict[Key, Found] = {}  # what was looked up for the command that is being carried out
        self.link: Link = 0  # whose command is being carried out
        self.re: Id = None  # its id
        self.storing = inputs.storing  # False: the disk takes nothing
        self._open: dict[str, Segment] = {}  # by room key: those that more messages may join

    # ------------------------------------------------------------ to one

    def reply(self, event: Event) -> None:
        """Answer the command that is being carried out."""
        event.re = self.re
        self.send(self.link, event)

    def send(self, link: Link, event: Event) -> None:
        """An event to one connection."""
        peer = self.registry.peers.get(link)
        if peer is not None and not peer.terms.echo:
            # It tells answers apart by their order alone: what it says next must not be told before this.
            for key in [key for key, segment in self._open.items() if link in segment.no_echo]:
                del self._open[key]
        self._deliver(Reply(link, event))

    def send_to(self, client: Client, event: Event) -> None:
        """An event to one client, wherever it is connected; to none, if it is away."""
        for link in client.links:
            self.send(link, event)

    def refuse(self, refusal: Refused, n: int | None = None) -> None:
        """Answer with an error, and close if it is one that closes."""
        self.refuse_malformed(Malformed.of(refusal), n)

    def refuse_malformed(self, malformed: Malformed, n: int | None = None) -> None:
        """As ``refuse``: the refusal of what was no command comes with it."""
        self.reply(Error(code=malformed.code, message=malformed.message, n=n))
        self.log(f"refused {self.registry.peers.get(self.link, self.link)}: {malformed.code}")
        if malformed.closes:
            self.close(self.link)

    def close(self, link: Link) -> None:
        """End a connection; it is none of ours from here on."""
        self._deliver(Close(link))
        self.registry.disconnect(self.registry.peers[link])
        self.effects.closed.append(link)

    def replay(self, room: Room, after: int | None, history: int) -> None:
        """Queue a replay of the log for the asker, from a cursor or of the last few messages, up to now.

        It is queued even when it is empty, because it marks the point in the stream from which live messages
        follow: so none arrives before ``joined`` with a seq above its ``last_seq``."""
        self._open.pop(room.key, None)
        if after is None and self.registry.peers[self.link].terms.pages:
            if history:
                self.read_page(room, room.last_seq + 1, None, min(history, PAGE))
            else:
                self.reply(HistoryPage(room=room.name, entries=[], more=room.last_seq > 0))
            after = room.last_seq
        elif after is None and not history:
            after = room.last_seq
        if after is not None:
            after = min(after, room.last_seq)  # a cursor may be ahead of a log that was put back from a backup
        self._deliver(Replay(self.link, room, after, history, room.last_seq))

    def read_page(self, room: Room, before: int, after: int | None, limit: int) -> None:
        """A page of history to the asker."""
        self._deliver(ReadPage(self.link, room, before, after, limit, self.re))

    # ------------------------------------------------------------ to a room

    def broadcast(self, room: Room, event: Event) -> None:
        """A state event to everyone in a room, behind what was said in it before."""
        self._open.pop(room.key, None)
        if room.key in self.registry.rooms_to_clients:
            self._deliver(Broadcast(room, self.registry.audience(room), event))

    def broadcast_once(self, rooms: Iterable[Room], event: Event, besides: Session) -> None:
        """A state event, once, to everyone who is in any of these rooms."""
        told = {besides.link}
        for room in rooms:
            self._open.pop(room.key, None)
            links = [link for link in self.registry.links(room) if link not in told]
            told.update(links)
            self._deliver(Broadcast(room, Audience(links), event))

    def say(self, room: Room, session: Session, command: Say | Whisper) -> None:
        """An entry with its text, to everyone in a room, the sender too."""
        client = session.client
        segment = self._open.get(room.key)
        if segment is None or segment.audience is not room.audience or segment.characters >= MAX_SEGMENT:
            segment = self._open_segment(room)
        text = command.text
        segment.characters += len(text)
        room.last_seq += 1
        make = SPOKEN[command.kind]
        entry = make(room.name, room.last_seq, client.uid, client.name, self.timestamp, text, n=command.n)
        if session.device != 1:  # left out, where it is that of nearly everyone
            entry.device = session.device
        segment.entries.append(entry)
        if client.guest:
            self._is_silent_no_more(client)
        if not session.terms.echo:
            segment.no_echo[self.link] = client.uid

    def enter(
        self, room: Room, who: Person | Client, make: Callable[..., AnyEntry], *fields: object, **more: object
    ) -> int:
        """An entry that is no words, to everyone in a room, whoever did it, too; behind ``must_store``.

        Args:
            room: in whose log it is.
            who: has done it.
            make: its kind.
            fields, more: those of that kind alone.
        Returns:
            Its seq.
        """
        self._open.pop(room.key, None)
        segment = self._open_segment(room)
        del self._open[room.key]  # of its own: who is in the room is perhaps another one behind it
        room.last_seq += 1
        entry = make(room.name, room.last_seq, who.uid, who.name, self.timestamp, *fields, **more)
        segment.entries.append(entry)
        client = self.registry.clients.get(who.uid)
        if client is not None and client.guest:
            self._is_silent_no_more(client)
        return room.last_seq

    def lay_down(self, room: Room, **changes: object) -> None:
        """Change the rules of a room; behind ``must_store``. Those of a room without entries are not stored before
        it has some: it goes with its last member."""
        self.registry.set_rules(room, replace(room.rules or Rules(), **changes))
        if room.last_seq:
            self.effects.rules[room.key] = room

    def _is_silent_no_more(self, client: Client) -> None:
        self.registry.save(client)
        client.guest = self.effects.guests[client.uid] = False

    def _open_segment(self, room: Room) -> Segment:
        """A new segment, which the next messages of the room may join."""
        self.registry.save(room)
        if not room.last_seq and room.rules is not None:
            self.effects.rules[room.key] = room
        room.last_said = self.timestamp
        segment = self._open[room.key] = Segment(room, self.registry.audience(room), [])
        self.effects.segments.append(segment)
        self._deliver(segment)
        return segment

    # ------------------------------------------------------------ to the disk

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
            return client.name if client.resumes else None
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
        here = next((registry.looks[look] for look in looks if look in registry.looks), None)
        if here is not None or not registry.accounts:
            return here.uid if here is not None else 0
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
        """The client has read a room up to there."""
        self.registry.mark_read(client, room.key, seq)
        self.effects.reads[client.uid, room.key] = seq

    def forget_read(self, client: Client, room: str) -> None:
        """It is of no interest any more how far a client has read there."""
        self.registry.mark_read(client, room, None)
        self.effects.reads[client.uid, room] = None

    def keep_next_room(self) -> None:
        """Store that the number of a room has been given away."""
        self.effects.next_room = self.registry.next_room

    # ------------------------------------------------------------

    def name(self, name: str) -> tuple[str, str]:
        """A client's name as it is shown and as it is compared. Raises BadName."""
        return normal_person(name, self.settings.max_name)

    def log(self, text: str) -> None:
        """A line for the log of what the server does; never what was said."""
        self.effects.log_lines.append(text)

    def _deliver(self, delivery: Delivery) -> None:
        self.effects.deliveries.append(delivery)


Handler = Callable[[Batch, Session, Any], None]  # a command of a session, which has said hello
