"""``roomchat.Client`` against a real server, which is stopped, cut off and made to fail."""

from __future__ import annotations

import math
import os
import resource
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from roomchat import Client, ConnectError, ConnectionBack, ConnectionLost, Denied, Error, Message
from roomchat.client.address import Address
from roomchat.client.backoff import FIRST_PAUSE, Backoff
from roomchat.client.client import MAX_QUEUED
from roomchat.client.client_events import ClientEvent, ConnectionEnded
from roomchat.client.session import Session
from roomchat.client.state import State
from roomchat.dialect import Malformed
from roomchat.protocol import Action, Pong, Say
from roomchat.server import Server
from roomchat.settings import Settings
from roomchat.verify.proxy import Proxy, cut_all
from roomchat.wires.native import NativeClientWire
from tests.inside import cut, full_disk
from tests.peer import Peer

PATIENCE = 20.0  # seconds

Open = Callable[..., Client]


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Open]:
    """Open clients of a server; at the end all are closed."""
    with ExitStack() as stack:

        def start(server: Server, name: str, **options: Any) -> Client:
            address = f"127.0.0.1:{server.address[1]}"
            options = {"state": tmp_path / "state", "request_timeout": PATIENCE} | options
            opened = Client(address, name, **options).open()
            stack.callback(opened.close, timeout=0.1)
            return opened

        yield start


def until(client: Client, found: Callable[[ClientEvent], object]) -> list[ClientEvent]:
    """The client's events up to the first one for which it holds."""
    events = []
    for event in client.events(PATIENCE):
        events.append(event)
        if found(event):
            return events
    raise AssertionError(f"it never came, but {events}")


def until_end(messages: Iterator[Message]) -> Iterator[Message]:
    """Up to the one that says so."""
    for message in messages:
        yield message
        if message.text == "end":
            return


def texts(events: list[ClientEvent]) -> list[str]:
    return [event.text for event in events if isinstance(event, Message)]


def says(text: str) -> Callable[[ClientEvent], bool]:
    return lambda event: isinstance(event, Message) and event.text == text


def is_a(kind: type) -> Callable[[ClientEvent], bool]:
    return lambda event: isinstance(event, kind)


def test_requests_are_answered_or_denied(serve: Callable[..., Server], client: Open) -> None:
    """Joining, dialling and leaving return when they are done, and raise what the server says."""
    server = serve()
    ann, bob = client(server, "ann"), client(server, "bob")
    assert ann.dial(bob.uid).room == "r1"
    assert ann.rooms == ["r1"]
    assert bob.join("R1").members_total == 2
    ann.leave()
    assert (ann.rooms, ann.room) == ([], None)
    for refused, code in [
        (lambda: ann.dial(ann.uid), "self_target"),
        (lambda: ann.dial(99), "no_such_client"),
        (lambda: ann.join("a b"), "bad_name"),
        (lambda: ann.say("to whom?"), "not_in_room"),
    ]:
        with pytest.raises(Denied) as caught:
            refused()
        assert caught.value.code == code


def test_it_is_told_who_it_can_not_be(serve: Callable[..., Server], client: Open) -> None:
    """A name that is taken, and a server that is full, are refused when it opens."""
    server = serve(max_clients=1)
    client(server, "ann")
    for name, code in [("ANN", "name_taken"), ("bob", "server_full")]:
        with pytest.raises(Denied) as caught:
            client(server, name)
        assert caught.value.code == code


def test_a_cut_connection_costs_nothing(serve: Callable[..., Server], client: Open) -> None:
    """Cut again and again while both talk, each sees all of both, once, in one order."""
    server = serve()
    ann, bob = client(server, "ann"), client(server, "bob")
    ann.join("tea")
    bob.join("tea")
    for i in range(10):
        for j in range(20):
            ann.say(f"ann {i} {j}")
            bob.say(f"bob {i} {j}")
        cut(server)
    ann.flush(PATIENCE)
    bob.say("end")
    seen = [texts(until(one, says("end"))) for one in (ann, bob)]
    assert seen[0] == seen[1]
    assert len(seen[0]) == 401
    for name in ("ann", "bob"):
        assert [text for text in seen[0] if text.startswith(name)] == [
            f"{name} {i} {j}" for i in range(10) for j in range(20)
        ]


def test_what_is_said_while_the_server_is_away_is_sent_when_it_is_back(
    client: Open, tmp_path: Path
) -> None:  # fmt: skip
    """A restart shows as a lost and a found connection; requests wait for it, too."""
    database = str(tmp_path / "chat.db")
    with Server(Settings(port=0, db=database, drain=0.2)) as server:
        port = server.address[1]
        ann = client(server, "ann")
        ann.join("tea")
        ann.say("before")
        assert ann.flush(PATIENCE)
    until(ann, is_a(ConnectionLost))
    ann.say("meanwhile")
    assert not ann.flush(0.01)
    with Server(Settings(port=port, db=database, drain=0.2)):
        assert ann.join("cake").room == "cake"
        assert ann.flush(PATIENCE)
        assert texts(until(ann, is_a(ConnectionBack))) == ["meanwhile"]
        ann.close()


def test_another_log_on_the_same_port_is_begun_anew(client: Open) -> None:
    """A server that knows neither token nor room: the client introduces itself, and its messages arrive."""
    with Server(Settings(port=0, drain=0.2)) as server:
        port = server.address[1]
        ann = client(server, "ann")
        ann.join("tea")
        for i in range(3):
            ann.say(str(i))
        ann.flush(PATIENCE)
    ann.say("3")
    with Server(Settings(port=port, drain=0.2)):
        assert ann.flush(PATIENCE)
        assert texts(until(ann, says("3"))) == ["0", "1", "2", "3"]
        assert (ann.uid, ann.rooms) == (1, ["tea"])
        ann.close()


def test_it_waits_for_a_disk_that_takes_nothing(serve: Callable[..., Server], client: Open) -> None:
    """A refusal for want of disk is told, and the message is sent until it is stored, in order."""
    server = serve()
    ann = client(server, "ann")
    ann.join("tea")
    with full_disk(server):
        for i in range(20):
            ann.say(f"{i} {'x' * 8000}")
        until(ann, lambda event: isinstance(event, Error) and event.code == "storage_unavailable")
    assert ann.flush(PATIENCE)
    ann.say("end")
    bob = client(server, "bob")
    bob.join("tea", history=100)
    assert [text.split()[0] for text in texts(until(bob, says("end")))] == [*map(str, range(20)), "end"]


def test_who_takes_the_seat_over_ends_it(serve: Callable[..., Server], client: Open) -> None:
    """Replaced by another connection with its token, the client does not fight for the seat."""
    server = serve()
    ann = client(server, "ann")
    token = ann._session.token
    with Peer(server.address) as thief:
        thief.send(type="hello", protocol=1, token=token)
        thief.expect("welcome")
        events = until(ann, is_a(ConnectionEnded))
        assert isinstance(events[-1], ConnectionEnded)
        assert "another connection" in events[-1].reason
        with pytest.raises(Denied):
            ann.join("tea")


def test_what_the_program_does_not_take_is_not_received(serve: Callable[..., Server], client: Open) -> None:
    """Events wait in a bounded queue; then nothing more is read, and nothing is lost."""
    server = serve()
    ann, bob = (client(server, name, state=False) for name in ("ann", "bob"))
    ann.join("tea")
    bob.join("tea")
    talker = threading.Thread(target=lambda: [bob.say(str(i)) for i in range(12_000)])
    talker.start()
    bob_seen = texts(until(bob, says("11999")))
    talker.join()
    assert len(ann._queue) <= MAX_QUEUED
    assert texts(until(ann, says("11999"))) == bob_seen == [str(i) for i in range(12_000)]


def test_a_closed_client_comes_back_as_itself_but_in_no_room(
    serve: Callable[..., Server], client: Open
) -> None:  # fmt: skip
    """Goodbye leaves the rooms; the UID is the same the next time."""
    server = serve()
    first = client(server, "ann")
    first.join("tea")
    first.close()
    second = client(server, "ann")
    assert (second.uid, second.rooms) == (first.uid, [])


def test_it_does_not_resume_and_takes_the_log_from_a_place_on(
    serve: Callable[..., Server], client: Open, tmp_path: Path
) -> None:
    """It is the same one as before, in no room, with nothing to send again; a room comes from any seq on."""
    server = serve()
    bob = client(server, "bob")
    bob.join("tea")
    for number in range(1, 101):
        bob.say(str(number))
    assert bob.flush(PATIENCE)
    address = f"127.0.0.1:{server.address[1]}"
    state = State(Address("127.0.0.1", server.address[1]), "ann", tmp_path / "state")
    killed = Session("ann")
    killed.rooms["cake"] = 0
    killed.say(Say(text="never sent", room="cake"))
    state.save(killed)
    state.close()
    with Client(address, "ann", state=tmp_path / "state", request_timeout=PATIENCE, resume=False) as ann:
        assert (ann.rooms, ann.pending) == ([], [])
        assert ann.join("tea", after=10).last_seq == 100
        assert texts(until(ann, says("100"))) == [str(number) for number in range(11, 101)]


def test_a_request_may_wait_for_ever(serve: Callable[..., Server], client: Open) -> None:
    """No number is too large for the system's own waits."""
    server = serve()
    for name, seconds in (("ann", math.inf), ("bob", 1e300), ("cyd", 10**9)):
        assert client(server, name, request_timeout=seconds).join("tea").room == "tea"


def test_messages_are_what_was_said(serve: Callable[..., Server], client: Open) -> None:
    """In one room, however it is spelled, or in all; what the client said itself only if that is asked for."""
    server = serve()
    ann, bob = client(server, "ann"), client(server, "bob")
    for room in ("tea", "den"):
        ann.join(room)
        bob.join(room)
    assert ann.whisper(bob.uid, "psst")
    for text in ("one", "two"):
        ann.say(text, "tea")
        bob.say(f"{text} of bob", "tea")
        ann.say(text, "den")
        assert ann.flush(PATIENCE)
        assert bob.flush(PATIENCE)
    ann.say("end", "TEA")
    assert [one.text for one in until_end(bob.messages("Tea"))] == ["one", "two", "end"]
    for one, text in ((ann, "three"), (bob, "four"), (ann, "five"), (bob, "end")):
        one.say(text, "den" if one is ann else "tea")
        assert one.flush(PATIENCE)
    assert [one.text for one in until_end(bob.messages(own=True))] == ["three", "four", "five", "end"]
    with pytest.raises(TypeError):
        bob.messages(b"tea")  # type: ignore[arg-type]


def test_what_somebody_does_is_an_action(serve: Callable[..., Server], client: Open) -> None:
    """To all, and to one; it is counted and comes back as a message does, and is among what was said."""
    server = serve()
    ann, bob = client(server, "ann"), client(server, "bob")
    for one in (ann, bob):
        one.join("tea")
    assert ann.say("waves", "tea", kind="action") == 1
    assert ann.whisper(bob.uid, "winks", kind="action") == 2
    assert ann.flush(10)
    found = bob.messages()
    assert [(type(one), one.text, one.n) for one in (next(found), next(found))] == [
        (Action, "waves", 1),
        (Action, "winks", 2),
    ]
    for say in (lambda: ann.say("la", "tea", kind="song"), lambda: ann.whisper(bob.uid, "la", kind="song")):  # type: ignore[arg-type]
        with pytest.raises(Denied):
            say()


def test_messages_end_as_the_client_does(serve: Callable[..., Server], client: Open) -> None:
    """Quietly when it is closed; with an error when the server does not take it back: no bot ends unseen."""
    server = serve()
    ann, bob = client(server, "ann"), client(server, "bob")
    closer = threading.Thread(target=ann.close)
    closer.start()
    assert not [*ann.messages()]
    closer.join()
    with Peer(server.address) as thief:
        thief.send(type="hello", protocol=1, token=bob._session.token)
        thief.expect("welcome")
        with pytest.raises(Denied, match="another connection"):
            next(bob.messages())


def test_its_repr_says_who_it_is_and_how_it_stands(
    serve: Callable[..., Server], client: Open, tmp_path: Path
) -> None:
    """Not what proves that it is that one."""
    server = serve()
    address = f"127.0.0.1:{server.address[1]}"
    ann = Client(address, "ann", state=tmp_path)
    assert repr(ann) == f"<roomchat.Client 'ann' (no UID yet) at {address}, not open>"
    with ann:
        assert repr(ann) == f"<roomchat.Client 'ann' (1) at {address}, open>"
        assert ann._session.token
        assert ann._session.token not in repr([vars(ann), *ann.events(0.01)])
    assert repr(ann).endswith("closed>")


def test_a_closed_client_says_so(serve: Callable[..., Server], client: Open) -> None:
    """After the end, and after a beginning that failed, everything but closing again is refused."""
    server = serve(max_clients=1)
    ann = client(server, "ann")
    ann.close()
    ann.close()
    for use in (ann.open, lambda: ann.join("tea"), lambda: ann.say("x", "tea"), lambda: ann.whisper(1, "x")):
        with pytest.raises(ConnectError, match="This client is closed"):
            use()


def test_a_program_that_fails_is_not_waited_for(serve: Callable[..., Server], client: Open) -> None:
    """When its own callback raises, whoever waits for the client is told."""
    failed = threading.Event()

    def fail(event: ClientEvent) -> None:
        if isinstance(event, ConnectionEnded):
            failed.set()
        if isinstance(event, Message):
            raise ZeroDivisionError("in the program")

    server = serve()
    ann = client(server, "ann", on_event=fail)
    ann.join("tea")
    ann.say("one")
    assert failed.wait(PATIENCE)
    with pytest.raises(ConnectError, match="in the program"):
        ann.join("cake")


def test_an_event_that_is_not_known_is_passed_over() -> None:
    """A later server may send more."""
    wire = NativeClientWire()
    assert wire.receive_data(b'{"type":"sparkle","x":1}\n{"type":"pong","x":1}\n{"type":"pong"}\n') == [
        Pong(),
        Pong(),
    ]
    (bad,) = wire.receive_data(b'{"type":"joined"}\n')
    assert isinstance(bad, Malformed)


@pytest.mark.parametrize("name", ["字" * 32, "a/../b", "ann.db", "."])
def test_any_name_has_a_state_of_its_own(tmp_path: Path, name: str) -> None:
    """Whatever a name is made of, it is a file in that folder."""
    state = State(Address("localhost", 5050), name, tmp_path)
    assert state.path.parent.parent == tmp_path
    state.close()


def test_who_closes_second_waits_for_the_first(client: Open) -> None:
    """When close returns all is over, whichever thread has done it: nothing runs that the end would disturb."""
    with Server(Settings(port=0, drain=0.2)) as server:
        ann = client(server, "ann")
        ann.join("tea")
        ann.say("on its way")
        closers = [threading.Thread(target=ann.close) for _ in range(4)]
        for closer in closers:
            closer.start()
        ann.close()
        assert not [one for one in threading.enumerate() if one.name == "roomchat-receive"]
        for closer in closers:
            closer.join()


def test_a_connection_that_was_of_use_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However short it was: whoever has much to say over a line that is cut again and again comes back at once as
    long as something of it arrives each time, and does not wait longer and longer."""
    pauses: list[float] = []

    def pause(backoff: Backoff) -> float:
        pauses.append(backoff._pause)
        backoff._pause *= 2
        return 0.0

    monkeypatch.setattr(Backoff, "next", pause)
    with Server(Settings(port=0, db=str(tmp_path / "chat.db"), rate=50.0, burst=1)) as server:
        proxy = Proxy(server.address)

        def end(event: ClientEvent) -> None:
            if isinstance(event, Message):
                cut_all(proxy.links())

        try:
            with Client(proxy.address, "ann", state=False, on_event=end) as ann:
                ann.join("tea")
                for number in range(6):
                    ann.say(f"{number}", "tea")
                assert ann.flush(20)
        finally:
            proxy.close()
    assert len(pauses) > 2
    assert {*pauses} == {FIRST_PAUSE}


def test_a_program_with_very_many_files_has_a_client(tmp_path: Path) -> None:
    """More than select(2) can take."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 2000:
        pytest.skip("more files may not be open here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2000), hard))
    try:
        with Server(Settings(port=0, db=str(tmp_path / "chat.db"))) as server, ExitStack() as stack:
            for _ in range(1100):
                stack.callback(os.close, os.open(os.devnull, os.O_RDONLY))
            with Client(f"127.0.0.1:{server.address[1]}", "ann", state=False, request_timeout=PATIENCE) as ann:
                assert ann.join("tea").room == "tea"
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
