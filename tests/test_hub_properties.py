"""Whatever clients ask in whatever order, the hub's state agrees with itself, with a plain model, and with what
the clients were told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from roomchat.chat.inputs import Connected, Disconnected
from roomchat.chat.looks import looks
from roomchat.chat.registry import Registry
from roomchat.dialect import Terms
from roomchat.protocol import Bye, Command, Dial, Hello, Join, Leave, Name, Say, Whisper
from tests.memory import Chat, Event

RESUME_WINDOW = 10  # seconds
MAX_ROOMS = 2
HISTORY = 2  # messages
NOBODY = 10**6  # a UID that is never given


# ---------------------------------------------------------------- the registry against itself


def check_registry(registry: Registry) -> None:
    """The three maps agree, and all that is kept beside them follows from them."""
    clients, rooms_of, members_of = registry.clients, registry.clients_to_rooms, registry.rooms_to_clients
    pairs = {(uid, key) for uid, rooms in rooms_of.items() for key in rooms}
    assert pairs == {(uid, key) for key, members in members_of.items() for uid in members}
    assert clients.keys() == rooms_of.keys()
    assert all(members_of.values()), "a room without members is not in the map"
    assert all(members[uid] is clients[uid] for members in members_of.values() for uid in members)
    assert all(room is registry.rooms[key] for rooms in rooms_of.values() for key, room in rooms.items())
    assert all(room.last_seq or key in members_of for key, room in registry.rooms.items())
    assert registry.open_rooms == {key: registry.rooms[key] for key in members_of if key[0] != "@"}
    assert registry.room_keys == sorted(key for key in registry.rooms if key[0] != "@")
    assert registry.names == {client.key: client for client in clients.values()}
    accounts = [client for client in clients.values() if client.account]
    assert registry.looks == {look: one for one in clients.values() for look in looks(one.name, one.key)}
    assert len(registry.looks) == sum(len(looks(one.name, one.key)) for one in clients.values()), "two look alike"
    assert registry.accounts >= len(accounts)
    numbers = {client.uid: [session.device for session in client.sessions] for client in accounts}
    assert all(len(set(numbers[one.uid])) == len(numbers[one.uid]) for one in accounts)
    assert all(number < one.account.next_device for one in accounts for number in numbers[one.uid])
    sessions = [session for client in clients.values() for session in client.sessions]
    assert all(session.client is client for client in clients.values() for session in client.sessions)
    assert all(client.sessions for client in clients.values())
    assert registry.tokens == {session.token_hash: session for session in sessions}
    assert registry.addresses == Counter(peer.address for peer in registry.peers.values())
    linked = {peer.link: peer.session for peer in registry.peers.values() if peer.session is not None}
    assert linked == {session.link: session for session in sessions if session.link is not None}
    for uid, client in clients.items():
        assert [*client.links] == [session.link for session in client.sessions if session.link is not None]
        public = [room for room in rooms_of[uid].values() if room.key[0] != "@"]
        assert client.current in public or (client.current is None and not public)
    for key, room in registry.rooms.items():
        here = [link for member in members_of.get(key, {}).values() for link in member.links]
        assert sorted(registry.audience(room)) == sorted(here)


# ---------------------------------------------------------------- a plain model: who is where


@dataclass
class Seat:
    name: str
    rooms: set[str] = field(default_factory=set)  # public ones
    pairs: set[str] = field(default_factory=set)
    current: str | None = None  # None: there is none, or it is not known which, since that one was left
    lost: float | None = None  # when its connection was lost

    def enter(self, room: str) -> bool:
        """Whether there was room for one more."""
        if room not in self.rooms and len(self.rooms) == MAX_ROOMS:
            return False
        self.current = room
        self.rooms.add(room)
        return True

    def leave(self, room: str) -> None:
        self.rooms.remove(room)
        if self.current == room:
            self.current = None


# ---------------------------------------------------------------- a client: what it was told


class View:
    """What a client knows from the events that it got over one connection."""

    def __init__(self) -> None:
        self.members: dict[str, dict[int, tuple[str, bool]]] = {}  # by room; UID to name and whether away
        self.newest: dict[str, int] = {}  # by room: seq of the last message seen, or of the last before the join
        self.fresh: set[str] = set()  # rooms joined, and no message seen since

    def take(self, event: Event, log: dict[str, list[Event]]) -> None:
        kind, room, uid, name = (event.get(key) for key in ("type", "room", "uid", "name"))
        if kind == "joined":
            if room not in self.members:
                self.newest[room] = event["last_seq"]
                self.fresh.add(room)
            assert event["last_seq"] >= self.newest[room], "it would take the cursor back"
            self.members[room] = {one["uid"]: (one["name"], one.get("away", False)) for one in event["members"]}
        elif kind == "left":
            del self.members[room], self.newest[room]
        elif kind == "message":
            if room in self.fresh:
                assert event["seq"] <= self.newest[room] + 1, "a hole between the join and the first message"
                self.fresh.remove(room)
            else:
                assert event["seq"] == self.newest[room] + 1, "a hole, or a second time"
            assert event == log[room][event["seq"] - 1]
            self.newest[room] = event["seq"]
        elif kind == "member_joined":
            assert uid not in self.members[room]
            self.members[room][uid] = (name, False)
        elif kind == "member_left":
            assert self.members[room].pop(uid)[0] == name
        elif kind == "away":
            assert self.members[room][uid] == (name, False)
            self.members[room][uid] = (name, True)
        elif kind == "back":
            assert self.members[room][uid] == (name, True)
            self.members[room][uid] = (name, False)
        elif kind == "renamed":
            for members in self.members.values():
                if uid in members:
                    assert members[uid][0] == event["old"]
                    members[uid] = (name, members[uid][1])


# ---------------------------------------------------------------- people who ask the hub, and the model beside it


class World:
    """Each command is a method: it adds to the batch, and returns what the model makes of it, given the reply."""

    def __init__(self) -> None:
        self.chat = Chat(resume_window=RESUME_WINDOW, max_rooms=MAX_ROOMS, history=HISTORY, hello_timeout=10**6)
        self.inputs: list[tuple[str, Any]] = []
        self.number = 0  # of the command: its id
        self.links: dict[int, str] = {}  # of who is connected
        self.uids: dict[int, int] = {}
        self.tokens: dict[int, str] = {}
        self.views: dict[str, View] = {}
        # The model, by people's numbers.
        self.seats: dict[int, Seat] = {}
        self.names: dict[int, str] = {}
        self.last_n: Counter[int] = Counter()
        self.pairs: set[str] = set()
        self.ended: set[int] = set()  # in this batch
        self.dialled: set[str] = set()

    def batch(self, works: bool, pause: float, commands: list[tuple[Any, ...]]) -> None:
        """All of it at once; but what has to be looked up in the log first is the last of its batch, because the
        model takes commands in the order in which they were given."""
        self.chat.now += pause
        self.chat.disk_works = self.works = works
        rest = iter([*commands, None])
        while rest is not None:
            rest = self.take_turn(rest)

    def take_turn(self, commands: Iterator[tuple[Any, ...] | None]) -> Iterator[tuple[Any, ...] | None] | None:
        """A batch of these commands; the iterator if there are more."""
        chat = self.chat
        self.ended.clear()
        here, tokens = set(chat.registry.clients), set(chat.registry.tokens)
        steps: list[tuple[int, Callable[[Event], None]]] = []
        looked_up = False
        for command in commands:
            if command is None:
                commands = None
                break
            name, who, *arguments = command
            self.number, given = self.number + 1, len(self.inputs)
            if (name == "hello" or who in self.links) and (step := getattr(self, name)(who, *arguments)):
                steps.append((self.number, step))
            if looked_up := any(self.is_looked_up(one, here, tokens) for _, one in self.inputs[given:]):
                break
        chat.batch(*self.inputs)
        self.inputs.clear()
        replies: dict[int, Event] = {}
        for link, events in chat.received.items():
            for event in events:
                replies.setdefault(event.get("re"), event)
                self.views.setdefault(link, View()).take(event, chat.log)
        chat.received.clear()
        for number, step in steps:
            if looked_up and number == steps[-1][0]:
                self.end_seats()  # what is due is done before the answer comes
            step(replies.get(number, {"type": "nothing"}))
        self.end_seats()
        self.check()
        return commands

    def end_seats(self) -> None:
        for who, seat in list(self.seats.items()):
            if seat.lost is not None and seat.lost + RESUME_WINDOW <= self.chat.now:
                del self.seats[who]

    @staticmethod
    def is_looked_up(command: Any, here: set[int], tokens: set[bytes]) -> bool:
        if isinstance(command, Hello):
            return command.token is not None and sha256(command.token.encode()).digest() not in tokens
        if isinstance(command, Say) and (command.room or "").startswith("@"):
            return not set(map(int, command.room[1:].split("-"))) <= here
        return isinstance(command, Dial | Whisper) and command.uid not in here

    def check(self) -> None:
        """The hub against itself, against the model, and against what its clients know."""
        registry = self.chat.registry
        check_registry(registry)
        assert registry.clients.keys() == {self.uids[who] for who in self.seats}
        for who, seat in self.seats.items():
            client = registry.clients[self.uids[who]]
            (session,) = client.sessions
            assert (client.name, session.last_n) == (seat.name, self.last_n[who])
            assert (session.link is None) == (seat.lost is not None)
            assert registry.clients_to_rooms[client.uid].keys() == seat.rooms | seat.pairs
            assert seat.current is None or client.current.key == seat.current
            if session.link is not None:
                view = self.views[session.link]
                assert view.members == {
                    key: {uid: (one.name, not one.links) for uid, one in registry.rooms_to_clients[key].items()}
                    for key in registry.clients_to_rooms[client.uid]
                }
                assert view.newest == {key: len(self.chat.log[key]) for key in view.members}

    def ask(self, who: int, command: Command) -> None:
        command.id = self.number
        self.inputs.append((self.links[who], command))

    def online(self, who: int) -> Seat | None:
        """The seat of someone who has said hello with success."""
        seat = self.seats.get(who)
        return seat if seat is not None and seat.lost is None else None

    def pair(self, who: int, other: int) -> str:
        uids = sorted((self.uids.get(who, NOBODY), self.uids.get(other, NOBODY)))
        return f"@{uids[0]}-{uids[1]}"

    # ------------------------------------------------------------ commands

    def hello(self, who: int, rooms: dict[str, int]) -> Callable[[Event], None] | None:
        """Over a new connection; as a newcomer, or with the token. The old connection breaks after it."""
        token, old, link = self.tokens.get(who), self.links.get(who), f"{who}.{self.number}"
        if token is None and any(one.startswith(f"{who}.") for one, _ in self.inputs):
            return None  # it may have a token by now, which it does not know yet
        self.links[who] = link
        if self.number % 2:  # it said nothing at first, and was taken for a person
            self.inputs.append((link, Connected("10.0.0.1", Terms(resume=False))))
        self.inputs.append((link, Connected("10.0.0.1")))
        self.ask(who, Hello(protocol=1, name=None if token else f"p{who}", token=token, rooms=rooms))
        if old is not None:
            self.inputs.append((old, Disconnected("broken")))

        def model(reply: Event) -> None:
            if who not in self.seats:
                name = self.names.get(who, f"p{who}")
                taken = any(seat.name == name for seat in self.seats.values())
                if taken or not (self.works or who in self.ended):
                    assert reply["type"] == "error"
                    return
                self.seats[who], self.names[who] = Seat(name), name
            assert reply["type"] == "welcome"
            assert self.uids.setdefault(who, reply["uid"]) == reply["uid"]
            assert self.tokens.setdefault(who, reply["token"]) == reply["token"]
            assert (reply["name"], reply["last_n"]) == (self.names[who], self.last_n[who])
            seat = self.seats[who]
            seat.lost = None
            seat.pairs |= {pair for pair in self.pairs if str(self.uids[who]) in pair[1:].split("-")}
            for room in rooms:
                if room not in seat.rooms:
                    seat.enter(room)

        return model

    def lose(self, who: int) -> Callable[[Event], None]:
        self.inputs.append((self.links.pop(who), Disconnected("broken")))

        def model(reply: Event) -> None:
            if seat := self.online(who):
                seat.lost = self.chat.now

        return model

    def bye(self, who: int) -> Callable[[Event], None]:
        self.ask(who, Bye())
        del self.links[who]

        def model(reply: Event) -> None:
            assert reply["type"] == "bye"
            if self.online(who):
                del self.seats[who]
                self.ended.add(who)

        return model

    def join(self, who: int, room: str, history: int | None) -> Callable[[Event], None]:
        self.ask(who, Join(room=room, history=history))

        def model(reply: Event) -> None:
            seat = self.online(who)
            done = seat is not None and seat.enter(room)
            assert reply["type"] == ("joined" if done else "error")

        return model

    def leave(self, who: int, room: str | None) -> Callable[[Event], None]:
        self.ask(who, Leave(room=room))

        def model(reply: Event) -> None:
            seat = self.online(who)
            if seat and seat.rooms and (room is None or room in seat.rooms):
                assert room in (None, reply["room"])
                assert room or seat.current in (None, reply["room"])
                seat.leave(reply["room"])
            else:
                assert reply["type"] == "error"

        return model

    def say(self, who: int, room: str | int | None, n: int | None, text: str) -> Callable[[Event], None]:
        """Into a room, into that with someone, or into the current one."""
        key = self.pair(who, room) if isinstance(room, int) else room
        self.ask(who, Say(text=text, room=key, n=n))

        def model(reply: Event) -> None:
            seat = self.online(who)
            if seat and self.counts(who, n) and text and key in seat.rooms:
                seat.current = key

        return model

    def whisper(self, who: int, other: int, n: int | None) -> Callable[[Event], None]:
        uid = self.uids.get(other, NOBODY)
        self.ask(who, Whisper(uid=uid, text="psst", n=n))

        def model(reply: Event) -> None:
            if self.online(who) and self.counts(who, n) and who != other and uid != NOBODY:
                pair = self.pair(who, other)
                self.pairs.add(pair)
                self.seats[who].pairs.add(pair)
                if other in self.seats:
                    self.seats[other].pairs.add(pair)

        return model

    def counts(self, who: int, n: int | None) -> bool:
        """Whether a message is handled."""
        if not self.works or n not in (None, self.last_n[who] + 1):
            return False
        self.last_n[who] += n is not None
        return True

    def dial(self, who: int, other: int) -> Callable[[Event], None]:
        uid = self.uids.get(other, NOBODY)
        self.ask(who, Dial(uid=uid))

        def model(reply: Event) -> None:
            seat, peer = self.online(who), self.seats.get(other)
            if seat is None or peer is None or who == other or uid == NOBODY:
                assert reply["type"] == "error"
            elif peer.rooms:
                landed = reply.get("room")
                if landed is None:
                    assert reply["code"] == "too_many_rooms"
                    assert len(seat.rooms) == MAX_ROOMS
                    assert peer.current not in seat.rooms
                else:
                    assert landed in peer.rooms
                    assert peer.current in (None, landed)
                    assert seat.enter(landed)
            elif peer.lost is not None or len(seat.rooms) == MAX_ROOMS or not self.works:
                assert reply["type"] == "error"
            else:
                assert reply["room"] not in self.dialled
                self.dialled.add(reply["room"])
                assert seat.enter(reply["room"])
                assert peer.enter(reply["room"])

        return model

    def name(self, who: int, name: str) -> Callable[[Event], None]:
        self.ask(who, Name(name=name))

        def model(reply: Event) -> None:
            taken = any(seat.name == name for one, seat in self.seats.items() if one != who)
            if (seat := self.online(who)) and self.works and not taken:
                assert reply["type"] == "renamed"
                seat.name = self.names[who] = name
            else:
                assert reply["type"] == "error"

        return model


WHO = st.integers(0, 3)
ROOM = st.sampled_from(["a", "b", "c"])
N = st.none() | st.integers(1, 6)
COMMANDS = st.one_of(
    st.tuples(st.just("hello"), WHO, st.dictionaries(ROOM, st.integers(0, 4))),
    st.tuples(st.just("hello"), WHO, st.just({})),
    st.tuples(st.just("lose"), WHO),
    st.tuples(st.just("bye"), WHO),
    st.tuples(st.just("join"), WHO, ROOM, st.none() | st.integers(0, 3)),
    st.tuples(st.just("join"), WHO, ROOM, st.none()),
    st.tuples(st.just("leave"), WHO, ROOM | st.none()),
    st.tuples(st.just("say"), WHO, ROOM | WHO | st.none(), N, st.sampled_from(["hi", "there", ""])),
    st.tuples(st.just("say"), WHO, st.none(), st.none(), st.just("hi")),
    st.tuples(st.just("whisper"), WHO, WHO, N),
    st.tuples(st.just("dial"), WHO, WHO),
    st.tuples(st.just("name"), WHO, st.sampled_from(["p0", "p1", "q"])),
)
BATCHES = st.tuples(
    st.sampled_from([True, True, True, False]),
    st.sampled_from([0.0, 0.0, 4.0, RESUME_WINDOW]),
    st.lists(COMMANDS, max_size=10),
)


@settings(deadline=None, max_examples=450, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(1, 4), st.lists(BATCHES, min_size=1, max_size=10))
def test_all_agree(people, batches):
    """For any commands in any batches, with a disk that fails at times, the maps agree with each other and with a
    plain model, and each client knows who is in its rooms and has seen all that was said there since it came, once
    and in the one order of the room."""
    world = World()
    world.batch(True, 0.0, [("hello", who, {}) for who in range(people)])
    world.batch(True, 0.0, [("join", who, "a", None) for who in range(people)])
    for batch in batches:
        world.batch(*batch)
