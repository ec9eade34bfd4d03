"""One batch while it is applied: what the commands read, and where they put what follows from them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Set, Sized
from typing import Any

import msgspec
from msgspec.structs import replace

from roomchat.chat.deadlines import Deadlines
from roomchat.chat.effects import Broadcast, Close, Delivery, ReadPage, Replay, Reply, Segment
from roomchat.chat.inputs import Inputs, Link, Place
from roomchat.chat.keeping import Keeping
from roomchat.chat.names import normal_person
from roomchat.chat.registry import Registry
from roomchat.chat.rules import MAX_BYTES, Rules
from roomchat.chat.state import Audience, Client, Room, Session
from roomchat.dialect import Malformed
from roomchat.errors import ListFull, Refused
from roomchat.protocol import PAGE, SPOKEN, AnyEntry, Error, Event, HistoryPage, Id, Person, Say, Whisper
from roomchat.settings import Settings

MAX_SEGMENT = 64 * 1024  # characters; outboxes hold, and readers fetch, whole segments, so none may be huge


class Batch(Keeping):
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
        super().__init__(registry, inputs, gone, deleted)
        self.deadlines = deadlines
        self.settings = settings
        self.origin = inputs.origin  # of several servers: the one that this comes from
        self.position = inputs.position
        self.now = inputs.now  # seconds of a clock that never goes back
        self.timestamp = inputs.timestamp  # `time` for messages: RFC 3339
        self.lobby = lobby  # key of the room that everyone is in first; None: there is none
        self.re: Id = None  # that of the command which is being carried out
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
        self.effects.refusals.append(malformed.code)
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

    def broadcast_once(self, rooms: Iterable[Room], event: Event, besides: Iterable[Link]) -> None:
        """A state event, once, to everyone who is in any of these rooms."""
        told = {*besides}
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

    def purge(self, room: Room) -> None:
        """Keep nothing that was said in a room so far, nor that was laid down for it; behind ``must_store``."""
        self._open.pop(room.key, None)
        self.registry.set_rules(room, Rules(private=room.private))
        self.registry.save(room)
        room.last_said = None
        if room.last_seq:
            self.effects.rules[room.key] = room
            self.effects.purges[room.key] = room.last_seq

    def lay_down(self, room: Room, **changes: object) -> None:
        """Change the rules of a room; behind ``must_store``. Those of a room without entries are not stored before
        it has some: it goes with its last member."""
        self.registry.set_rules(room, replace(room.rules or Rules(), **changes))
        if room.last_seq:
            self.effects.rules[room.key] = room

    def list_one_more(self, room: Room, **changes: Sized | int) -> None:
        """As ``lay_down``, for what adds to a list. Raises ListFull: all of it together has a bound, too."""
        if len(msgspec.json.encode(replace(room.rules or Rules(), **changes))) > MAX_BYTES:
            raise ListFull(limit=max(len(listed) for listed in changes.values() if isinstance(listed, Sized)) - 1)
        self.lay_down(room, **changes)

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
