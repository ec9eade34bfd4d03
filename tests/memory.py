"""The hub with all that is around it in memory: a clock that tests move, a dict for the disk, no socket."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from itertools import count
from typing import Any

from msgspec.json import decode as json_decode
from msgspec.json import encode as json_encode
from msgspec.structs import replace

from roomchat.chat.effects import AccountRow, Broadcast, Close, Delivery, Effects, ReadPage, Replay, Reply, Segment
from roomchat.chat.hub import Hub
from roomchat.chat.inputs import (
    Connected,
    Disconnected,
    EndOfAccount,
    Found,
    Input,
    Inputs,
    Introduction,
    Key,
    LoggedIn,
    NewAccount,
    NewPassword,
    Offer,
    Place,
    Row,
    SessionRow,
)
from roomchat.chat.names import normal_person
from roomchat.chat.registry import Registry
from roomchat.chat.rules import Rules
from roomchat.chat.state import Session
from roomchat.dialect import Answer, Malformed
from roomchat.errors import NoAccount, WrongPassword
from roomchat.protocol import (
    ChangePassword,
    Command,
    Hello,
    HistoryPage,
    Invitation,
    InviteTo,
    Join,
    Message,
    Register,
    Spoken,
    Tombstone,
    Unregister,
    Welcome,
)  # fmt: skip
from roomchat.protocol.admin_answers import AdminAnswer
from roomchat.settings import Settings
from roomchat.wires.detect import Detector, Refused, Verdict
from roomchat.wires.native import decode_entries, encode, encode_entries
from roomchat.wires.table import Dialects
from roomchat.wires.wire import Wire

Event = dict[str, Any]  # as the peer reads it


class Chat:
    """A server without sockets: links are strings, and whatever is sent to one waits in ``received``, as events,
    or, for a link that was opened as bytes, in ``sent``, as bytes.

    It does with each batch what the server's hub thread does: apply, store, commit (or roll back and apply again
    when the disk takes nothing), deliver. With bytes it does what an I/O thread does, but for the pauses of a
    wire that asks for them.
    """

    EPOCH = "the-epoch"

    def __init__(self, **settings: Any) -> None:
        self.settings = Settings(**{"away_after": 0.0} | settings)
        self.now = 1000.0  # seconds
        self.disk_works = True
        self.log: dict[str, list[Event]] = defaultdict(list)  # room key to its messages
        self.clients: dict[int, Row] = {}  # by UID
        self.accounts: dict[int, tuple[AccountRow, str]] = {}  # by UID, with its password
        self.rules: dict[str, bytes] = {}  # of rooms, by key, as JSON
        self.received: dict[str, list[Event]] = defaultdict(list)  # by link
        self.sent: dict[str, bytearray] = defaultdict(bytearray)  # by link that was opened as bytes
        self.closed: set[str] = set()
        self.effects = Effects()  # of the last batch
        self.answers: list[tuple[int, AdminAnswer]] = []  # to admins
        self._dialects = Dialects(self.settings, self._time)
        self._wires: dict[str, Wire] = {}
        self._detectors: dict[str, Detector] = {}  # of links that were opened as bytes: until they are told apart
        self._raw: set[str] = set()  # links that were opened as bytes
        self._new_tokens = map("token-{}".format, count(1))
        self._tokens: dict[str, str] = {}  # by their hashes
        self.log_reads = True  # False: look-ups fail
        self.registry = Registry()
        self.hub = Hub(self.registry, self.settings, epoch=self.EPOCH, now=self.now)

    # ------------------------------------------------------------ what tests do

    def batch(self, *inputs: tuple[str, Input | bytes]) -> None:
        """Commands, or bytes, from links: all in one batch. What that looks up is found in the next one."""
        for _ in self.all_of(*inputs):
            pass

    def all_of(self, *inputs: tuple[str, Input | bytes]) -> Iterator[Effects]:
        """As ``batch``; the effects of it, and of those in which something was found."""
        decoded = self._decoded(inputs)
        while True:
            self._batch(decoded)
            yield self.effects
            if not self.effects.lookups:
                return
            decoded = [(one.link, self._found(one.key)) for one in self.effects.lookups]

    def apply(self, inputs: Iterable[tuple[str, Input]], later: float = 0.0) -> Effects:
        """Apply a batch that is neither committed nor taken back yet, some seconds from now."""
        return self.hub.apply(Inputs(self._decoded(inputs), self.now + later, int(self.now * 1000), self._time()))

    def _decoded(self, inputs: Iterable[tuple[str, Input | bytes]]) -> list[tuple[str, Input]]:
        decoded: list[tuple[str, Input]] = []
        for link, item in inputs:
            items = self._wire(link).receive_data(item) if isinstance(item, bytes) else [item]
            decoded += [(link, self._judged(link, one)) for one in items]
        return decoded

    def _batch(self, decoded: list[tuple[str, Input]]) -> None:
        before = None if self.disk_works else snapshot(self.registry)
        self.effects = self._apply(decoded)
        lines = [encode_entries(segment.entries) for segment in self.effects.segments]
        if self.effects.stored and not self.disk_works:
            self.hub.rollback()
            assert snapshot(self.registry) == before, "a rollback leaves all as it was"
            self.effects = self._apply(decoded, storing=False)
            assert not self.effects.stored, "something still needs the disk"
            lines = []
        self._store(lines)
        self.hub.commit()
        for delivery in self.effects.deliveries:
            self._deliver(delivery)
        self.answers += self.effects.answers

    def connect(self, *links: str, address: str = "10.0.0.1") -> None:
        """New connections, in one batch."""
        for link in links:
            self._wires[link] = self._dialects.make("native")
        self.batch(*((link, Connected(address)) for link in links))

    def do(self, link: str, *commands: Command | bytes) -> list[Event]:
        """Commands of one connection, in one batch; returns what it is sent that was not taken yet."""
        self.batch(*((link, command) for command in commands))
        return self.take(link)

    def hello(self, link: str, name: str | None = None, **fields: Any) -> Event:
        """A new connection that says hello; returns the welcome and leaves what follows it."""
        self.connect(link)
        self.batch((link, Hello(protocol=1, name=name or (None if "token" in fields else link), **fields)))
        welcome = self.received[link].pop(0)
        assert welcome["type"] == "welcome", welcome
        return welcome

    def hellos(self, *names: str) -> list[int]:
        """Newcomers; returns their UIDs, and nothing waits for anyone afterwards."""
        uids = [self.hello(name)["uid"] for name in names]
        self.received.clear()
        return uids

    def lose(self, *links: str) -> None:
        """Connections break, in one batch."""
        self.batch(*((link, Disconnected("it hung up")) for link in links))

    def wait(self, seconds: float) -> None:
        """Time passes; what falls due happens at its time."""
        until = self.now + seconds
        while (due := self.hub.deadline()) is not None and due <= until and not self.effects.stop:
            self.now = max(self.now, due)
            self.batch()
        self.now = until

    def take(self, link: str) -> list[Event]:
        """What was sent to a connection since the last time."""
        return self.received.pop(link, [])

    def restart(self) -> None:
        """A kill -9, and the next start: what is stored is known, no connection is left, and nobody has a seat."""
        self.closed |= {peer.link for peer in self.registry.peers.values()}
        rooms = [(key, log[-1]["room"], log[-1]["seq"], log[-1]["ts"]) for key, log in self.log.items() if log]
        rules = {key: json_decode(one, type=Rules) for key, one in self.rules.items()}
        self.registry = Registry(
            next_uid=max(self.clients, default=0) + 1, rooms=rooms, rules=rules, accounts=len(self.accounts)
        )  # fmt: skip
        self.received.clear()
        self.hub = Hub(self.registry, self.settings, epoch=self.EPOCH, now=self.now)

    # ------------------------------------------------------------ links that are bytes, of any dialect

    def open(self, link: str) -> None:
        """A new connection of which nothing is known."""
        self._raw.add(link)
        self._detectors[link] = Detector(self._dialects)

    def feed(self, link: str, data: bytes) -> None:
        """Bytes from a connection, in one piece, which are one batch; nothing if it was closed."""
        if link in self.closed:
            return
        if link in self._detectors:
            self._detected(link, self._detectors[link].feed(data))
        else:
            self.batch((link, data))

    def pause(self, link: str) -> None:
        """A connection was silent for as long as it takes to guess."""
        if link in self._detectors:
            self._detected(link, self._detectors[link].paused())
        if link in self._detectors:
            self._introduce(link, self._detectors[link].guess())

    def half_close(self, link: str) -> None:
        """A connection sends no more."""
        if link in self._detectors:
            self._detected(link, self._detectors[link].paused())
        if link not in self.closed:
            self.lose(link)

    def dialect(self, link: str) -> str:
        """What a connection turned out to speak; "" while that is open."""
        return "" if link in self._detectors or link not in self._wires else self._wires[link].dialect

    def take_bytes(self, link: str) -> bytes:
        """What was sent to a connection since the last time."""
        return bytes(self.sent.pop(link, b""))

    def _detected(self, link: str, verdict: Verdict | None) -> None:
        if verdict is None:
            return
        detector = self._detectors.pop(link)
        if isinstance(verdict, Refused):
            if link in self._wires:
                self.lose(link)
            self.sent[link] += verdict.data
            self.closed.add(link)
        else:
            self._introduce(link, verdict.wire)
            if link not in self.closed:
                self.batch((link, bytes(detector.data)))

    def _introduce(self, link: str, wire: Wire) -> None:
        guessed = self._wires[link].dialect if link in self._wires else None
        self._wires[link] = wire
        if wire.dialect != guessed:
            self.sent[link] += wire.greeting
            self.batch((link, Connected("10.0.0.1", wire.terms)))

    # ------------------------------------------------------------ what is around the hub

    def _time(self) -> str:
        time = datetime.fromtimestamp(self.now, UTC).isoformat(timespec="milliseconds")
        return time.replace("+00:00", "Z")

    def _apply(self, items: list[tuple[str, Input]], storing: bool = True) -> Effects:
        return self.hub.apply(Inputs(items, self.now, int(self.now * 1000), self._time(), storing))

    def _judged(self, link: str, one: Input) -> Input:
        """As the net does it: what proves anything comes no further. The hash of a password is itself."""
        if isinstance(one, Hello):
            return self._introduced(one)
        if isinstance(one, Join) and one.invitation is not None:
            return replace(one, invitation=sha256(one.invitation.encode()).hexdigest())
        if isinstance(one, InviteTo) and one.uid is None:
            return self._offered(one)
        if isinstance(one, Register):
            return NewAccount(one.password, hash_of(one.invite), one.id)
        if isinstance(one, ChangePassword | Unregister):
            peer = self.registry.peers.get(link)
            uid = peer.session.client.uid if peer and peer.session else 0
            account, password = self.accounts.get(uid, (None, None))
            given = one.old if isinstance(one, ChangePassword) else one.password
            if account is None or password != given:
                return Malformed.of(WrongPassword() if account else NoAccount(), one.id)
            if isinstance(one, Unregister):
                return EndOfAccount(account.account.changed, one.id)
            return NewPassword(one.new, account.account.changed, one.id)
        return one

    def _offered(self, invite: InviteTo) -> Offer:
        token = next(self._new_tokens)
        token_hash = sha256(token.encode()).digest()
        self._tokens[token_hash.hex()] = token
        return Offer(invite, token_hash)

    def _introduced(self, hello: Hello) -> Input:
        token = next(self._new_tokens) if hello.token is None else hello.token
        token_hash = sha256(token.encode()).digest()
        self._tokens[token_hash.hex()] = token
        bare = replace(hello, token=None, password=None, invite=None)
        if hello.password is None or hello.register:
            made = hello.password if hello.register and hello.password else ""
            return Introduction(bare, token_hash, hello.token is not None, made, hash_of(hello.invite))
        key = normal_person(hello.name or "", self.settings.max_name)[1]
        for uid, (account, password) in self.accounts.items():
            if account.key == key and password == hello.password:
                return LoggedIn(bare, token_hash, uid, account.account.changed)
        return Malformed.of(WrongPassword(), hello.id)

    def _store(self, lines: list[bytes]) -> None:
        for uid, name in self.effects.names.items():
            self.clients.setdefault(uid, Row(uid, name, [])).name = name
        for session in self.effects.sessions:
            self.clients[session.client.uid].sessions.append(SessionRow(session.device, session.token_hash))
        for session, n in self.effects.counters.items():
            self._row(session).last_n = n
        for session, (seen, address) in self.effects.visits.items():
            self._row(session).seen, self._row(session).address = seen, address
        for session in self.effects.ended:
            if (row := self._row(session)) is not None:
                self.clients[session.client.uid].sessions.remove(row)
        for uid, account in self.effects.accounts.items():
            self.clients[uid].account = account.account
            password = account.password_hash or self.accounts[uid][1]
            self.accounts[uid] = (account, password)
        for (uid, room), name in self.effects.members.items():
            rooms = self.clients[uid].rooms
            rooms.pop(room, None)
            if name is not None:
                rooms[room] = name
        for (uid, room), seq in self.effects.reads.items():
            reads = self.clients[uid].reads
            reads.pop(room, None)
            if seq is not None:
                reads[room] = seq
        for (uid, whom), blocked in self.effects.blocks.items():
            row = self.clients[uid]
            row.blocked = row.blocked | {whom} if blocked else row.blocked - {whom}
        for place, tombstone in self.effects.deletions.items():
            log = self.log[place.room]
            (at,) = [i for i, one in enumerate(log) if one["seq"] == place.seq]
            log[at] = _events(encode(tombstone))[0]
        for uid in self.effects.forgotten:
            self.clients.pop(uid, None)
            self.accounts.pop(uid, None)
        looks = [look for account, _ in self.accounts.values() for look in account.looks]
        assert len(looks) == len(set(looks)), "two accounts look alike"
        for room in self.effects.rules.values():
            self.rules[room.key] = json_encode(room.rules)
        for segment, data in zip(self.effects.segments, lines, strict=True):
            log = self.log[segment.room.key]
            for message in _events(data):
                assert not log or message["seq"] > log[-1]["seq"], "seqs must rise"
                log.append(message)
        for key, upto in self.effects.purges.items():
            self.log[key] = [one for one in self.log[key] if one["seq"] > upto]

    def _row(self, session: Session) -> Any:
        sessions = self.clients[session.client.uid].sessions
        return next((row for row in sessions if row.device == session.device), None)

    def _found(self, key: Key) -> Found:
        if not (self.disk_works and self.log_reads):
            return Found(key, None, failed=True)
        if isinstance(key, Place):
            at = next((one for one in self.log[key.room] if one["seq"] == key.seq), None)
            (entry,) = decode_entries(_lines([at])) if at else (None,)
            if not isinstance(entry, Spoken | Tombstone):
                return Found(key)
            return Found(key, words=Tombstone.of(entry), deleted=isinstance(entry, Tombstone))
        if isinstance(key, tuple):
            owners = (uid for uid, (one, _) in self.accounts.items() if not set(one.looks).isdisjoint(key))
            return Found(key, holder=next(owners, 0))
        rows = [one for one in self.clients.values() if one.sessions or one.account]
        row = next((one for one in rows if key in {one.uid, *(each.token_hash for each in one.sessions)}), None)
        return Found(key, None if row is None else Row.of(row))

    def _deliver(self, delivery: Delivery) -> None:
        match delivery:
            case Segment():
                lines = encode_entries(delivery.entries)
                for link in delivery.audience:
                    wire, uid = self._wire(link), delivery.no_echo.get(link)
                    if uid is None:
                        self._send(link, wire.encode_log(lines))
                        continue
                    for one in delivery.entries:
                        told = wire.reply(one) if one.uid == uid else wire.encode_log(encode_entries([one]))
                        self._send(link, told)
            case Broadcast():
                for link in delivery.audience:
                    self._send(link, self._wire(link).encode(delivery.event))
            case Reply():
                if isinstance(delivery.event, Welcome):
                    delivery.event.token = self._tokens[delivery.event.token]
                if isinstance(delivery.event, Invitation):
                    delivery.event.token = self._tokens[delivery.event.token]
                event = delivery.event
                data = event.data if isinstance(event, Answer) else self._wire(delivery.link).reply(event)
                self._send(delivery.link, data)
            case Replay():
                self._send(delivery.link, self._wire(delivery.link).encode_log(self._replay(delivery)))
            case ReadPage():
                self._send(delivery.link, self._wire(delivery.link).reply(self._page(delivery)))
            case Close():
                assert delivery.link not in self.closed, "closed twice"
                self.closed.add(delivery.link)

    def _wire(self, link: str) -> Wire:
        """Native for a link that was never introduced: its ``Connected`` stood in a batch."""
        if link not in self._wires:
            self._wires[link] = self._dialects.make("native")
        return self._wires[link]

    def _send(self, link: str, data: bytes) -> None:
        assert link not in self.closed, f"{link} is closed and still gets {data!r}"
        if link in self._raw:
            self.sent[link] += data
        else:
            self.received[link] += _events(data)

    def _replay(self, replay: Replay) -> bytes:
        messages = [one for one in self.log[replay.room.key] if one["seq"] <= replay.upto]
        if replay.after is not None:
            return _lines(one for one in messages if one["seq"] > replay.after)
        return _lines(messages[-replay.history :])

    def _page(self, page: ReadPage) -> HistoryPage:
        found = [one for one in self.log[page.room.key] if (page.after or 0) < one["seq"] < page.before]
        start = 0 if page.after is not None else max(0, len(found) - page.limit)
        messages = found[start : start + page.limit]
        return HistoryPage(
            room=page.room.name,
            entries=[*decode_entries(_lines(messages))],
            more=len(found) > len(messages),
            re=page.re,
        )


def hash_of(invite: str | None) -> bytes | None:
    """As the hub knows an invite."""
    return None if invite is None else sha256(invite.encode()).digest()


def snapshot(registry: Registry) -> dict[str, Any]:
    """All that a registry holds, to compare; the order in its dicts is left out, a rollback may change it."""
    return {
        "clients": {
            uid: (
                id(one),
                one.uid,
                one.name,
                one.key,
                one.guest,
                one.account,
                id(one.current),
                one.announced,
                one.links,
                [_session(session) for session in one.sessions],
                {**one.reads},
                {**one.rooms},
                one.blocked,
            )
            for uid, one in registry.clients.items()
        },
        "clients_to_rooms": {
            uid: set(map(id, rooms.values())) for uid, rooms in registry.clients_to_rooms.items()
        },
        "rooms_to_clients": {key: set(map(id, who.values())) for key, who in registry.rooms_to_clients.items()},
        "rooms": {
            key: (id(room), room.key, room.name, room.last_seq, room.joined, room.left, room.rules)
            for key, room in registry.rooms.items()
        },
        "audiences": {key: set(registry.audience(room)) for key, room in registry.rooms.items()},
        "room keys": list(registry.room_keys),
        "open rooms": {key: id(room) for key, room in registry.open_rooms.items()},
        "names": {key: id(one) for key, one in registry.names.items()},
        "looks": {look: id(one) for look, one in registry.looks.items()},
        "invites": dict(registry.invites),
        "tokens": {token_hash: _session(one) for token_hash, one in registry.tokens.items()},
        "peers": {link: (id(peer), peer.address, id(peer.session)) for link, peer in registry.peers.items()},
        "addresses": dict(registry.addresses),
        "asked": {uid: set(rooms) for uid, rooms in registry.asked.items()},
        "owned": {uid: set(rooms) for uid, rooms in registry.owned.items()},
        "pairs": {uid: set(keys) for uid, keys in registry.pairs.items()},
        "bans": dict(registry.bans),
        "numbers": (registry.next_uid, registry.next_room, registry.accounts),
    }


def _session(one: Session) -> tuple[Any, ...]:
    return (
        id(one),
        id(one.client),
        one.device,
        one.token_hash,
        one.last_n,
        one.link,
        one.terms,
        one.seen,
        one.address,
    )


def _events(data: bytes) -> list[Event]:
    return [json.loads(line) for line in data.splitlines()]


def _lines(messages: Iterable[Event]) -> bytes:
    return b"".join(json.dumps(one).encode() + b"\n" for one in messages)


def brief(events: Iterable[Event]) -> list[str]:
    """Events in short, to compare: a message is ``room: text``, all else its type and its room."""
    words = []
    for event in events:
        if event["type"] == Message.__struct_config__.tag:
            words.append(f"{event['room']}: {event['text']}")
        else:
            words.append(" ".join(filter(None, (event["type"], event.get("code"), event.get("room")))))
    return words
