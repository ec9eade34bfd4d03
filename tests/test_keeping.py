"""What was said is not lost: over a goodbye that nobody heard, a refusal, a fork, a closed state."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

import roomchat
from roomchat import Client, ConnectError, ConnectionLost, Denied, Message, Refusal
from roomchat.client.address import Address
from roomchat.client.session import OTHER_LOG, Session
from roomchat.client.state import State
from roomchat.errors import StateError
from roomchat.protocol import Join, Leave, Name, Say, Who
from roomchat.server import Server
from roomchat.settings import Settings
from tests import warm
from tests.inside import cut
from tests.peer import Peer
from tests.test_library import PATIENCE, Open, client, is_a, says, texts, until
from tests.test_session import welcome

__all__ = ["client"]  # the fixture


def test_what_was_said_before_a_goodbye_that_nobody_heard_is_sent_the_next_time(
    client: Open, tmp_path: Path
) -> None:  # fmt: skip
    """Its room is entered first; the other rooms were left."""
    database = str(tmp_path / "chat.db")
    with Server(Settings(port=0, db=database, drain=0.2)) as server:
        port = server.address[1]
        ann = client(server, "ann")
        for room in ("tea", "cake", "tart"):
            ann.join(room)
    until(ann, is_a(ConnectionLost))
    ann.say("to tea", "tea")
    ann.say("to cake", "cake")
    ann.close(timeout=0.01)
    with Server(Settings(port=port, db=database, drain=0.2)) as server:
        again = client(server, "ann")
        assert again.flush(PATIENCE)
        assert sorted(again.rooms) == ["cake", "tea"]
        assert sorted(texts([*until(again, says("to cake")), *again.events(0.01)])) == ["to cake", "to tea"]
        again.close()


def test_a_room_is_entered_before_what_was_said_in_it(serve: Callable[..., Server], tmp_path: Path) -> None:
    """Also where only the message is left of it, as after a kill between two steps."""
    server = serve()
    address = f"127.0.0.1:{server.address[1]}"
    with Client(address, "ann", state=tmp_path, request_timeout=PATIENCE):
        pass
    state, killed = State(Address("127.0.0.1", server.address[1]), "ann", tmp_path), Session("ann")
    state.load(killed)
    state.said(killed.n + 1, killed.say(Say(text="kept", room="cake")))
    state.close()
    with Client(address, "ann", state=tmp_path, request_timeout=PATIENCE) as ann:
        assert texts(until(ann, says("kept"))) == ["kept"]
        assert ann.rooms == ["cake"]


def test_a_refused_message_comes_back_with_its_text(serve: Callable[..., Server], client: Open) -> None:
    """With the reason if that is known, and also when the refusal was lost with a connection."""
    server = serve()
    ann = client(server, "ann")
    ann.say("nobody there", "nowhere")
    refusal = until(ann, is_a(Refusal))[-1]
    assert isinstance(refusal, Refusal)
    assert (refusal.text, refusal.room, refusal.code) == ("nobody there", "nowhere", "not_in_room")
    ann.whisper(99, "hello?")
    refusal = until(ann, is_a(Refusal))[-1]
    assert isinstance(refusal, Refusal)
    assert (refusal.text, refusal.uid) == ("hello?", 99)


def test_a_refusal_that_the_program_was_not_told_comes_again(
    serve: Callable[..., Server], client: Open, tmp_path: Path
) -> None:
    """The state forgets a message when its refusal is handled, not when it comes."""
    server = serve()
    ann = client(server, "ann")
    ann.say("nobody there", "nowhere")
    until(ann, is_a(Refusal))  # and killed, before it asked for the next event
    assert ann._state is not None
    ann._state.close()
    ann._connection._closing.set()  # nor does it come back
    cut(server)
    address = f"127.0.0.1:{server.address[1]}"
    with Client(address, "ann", state=tmp_path / "state", request_timeout=PATIENCE) as again:
        refusal = until(again, is_a(Refusal))[-1]
        assert isinstance(refusal, Refusal)
        assert refusal.text == "nobody there"
        again.join("tea")
        assert not [event for event in again.events(0.01) if isinstance(event, Refusal)]


def test_a_whisper_is_not_sent_to_whoever_has_the_uid_in_another_log(client: Open) -> None:
    """It comes back; what was for a room is said there."""
    with Server(Settings(port=0, drain=0.2)) as server:
        port = server.address[1]
        ann = client(server, "ann")
        ann.join("tea")
        bob = client(server, "bob")
        bob.close()
    until(ann, is_a(ConnectionLost))
    ann.whisper(2, "for bob")
    ann.say("for all", "tea")
    with Server(Settings(port=port, drain=0.2)):
        events = until(ann, says("for all"))
        (refusal,) = [event for event in events if isinstance(event, Refusal)]
        assert (refusal.text, refusal.code) == ("for bob", OTHER_LOG)
        ann.close()


def test_a_whisper_that_is_stored_is_not_told_as_refused(
    serve: Callable[..., Server], client: Open, connect: Callable[..., Peer]
) -> None:
    """Where more was said behind it than comes by itself, the history is looked through."""
    server = serve(history=5)
    bob = connect(server, "bob")
    ann = client(server, "ann")
    bob.sync()
    # Ann's thread hears nothing, so that she has seen nothing of the room of the two.
    with ann._connection._sending, ann._changed:
        n = ann._connection._number(roomchat.protocol.Whisper(uid=1, text="stored"))
        connection = ann._connection._connection
        assert connection is not None
        connection.send(ann._session.pending[n])
        bob.until("message", text="stored")
        for number in range(250):
            bob.send(type="whisper", uid=ann.uid, text=str(number))
        bob.sync()
        cut(server)
    assert ann.flush(PATIENCE)
    events = [*ann.events(0.01)]
    assert "stored" in texts(events)
    assert not [event for event in events if isinstance(event, Refusal)]


def test_a_room_is_left_behind_the_last_word_in_it(serve: Callable[..., Server], client: Open) -> None:
    """However much was said."""
    server = serve()
    ann = client(server, "ann")
    ann.join("tea")
    for number in range(300):
        ann.say(str(number))
    ann.leave()
    events = [*ann.events(0.01)]
    assert len(texts(events)) == 300
    assert not [event for event in events if isinstance(event, Refusal)]


def test_nothing_is_kept_behind_the_end_of_the_state(tmp_path: Path) -> None:
    """One thread closes it while another uses it: that thread does nothing any more, and nothing breaks."""
    for _ in range(20):
        state, session = State(Address("localhost", 5050), "ann", tmp_path), Session("ann")
        ended = threading.Event()

        def use(state: State = state, session: Session = session, ended: threading.Event = ended) -> None:
            while not state.closed:
                state.save(session)
                state.seen(1)
                state.reached("tea", 1)
            state.save(session)
            ended.set()

        user = threading.Thread(target=use)
        user.start()
        state.close()
        user.join()
        assert ended.is_set()
        with pytest.raises(StateError):
            state.said(1, Say(text="x", room="tea"))


def test_what_can_not_be_kept_is_not_said(serve: Callable[..., Server], client: Open) -> None:
    """Whoever is told so says it again, and it must not be there twice."""
    ann = client(serve(), "ann")
    ann.join("tea")
    assert ann._state is not None
    ann._state._connection.execute("PRAGMA query_only = 1")
    with pytest.raises(StateError):
        ann.say("once")
    ann._state._connection.execute("PRAGMA query_only = 0")
    ann.say("once")
    assert ann.flush(PATIENCE)
    assert texts([*ann.events(0.01)]) == ["once"]


def test_a_forked_child_can_not_use_its_parents_client(serve: Callable[..., Server], client: Open) -> None:
    """Every method says so, and the child's end changes nothing for the parent."""
    ann = client(serve(), "ann")
    ann.join("tea")
    uses = [
        ann.open, lambda: ann.say("child"), lambda: ann.whisper(1, "x"), lambda: ann.join("x"), ann.leave,
        lambda: ann.dial(1), lambda: ann.flush(1), lambda: ann.send(Who()), lambda: ann.request(Who()),
        lambda: [*ann.events(1)], lambda: ann.rooms, lambda: ann.pending,
        lambda: ann.ack(Message("tea", 1, 1, "ann", "", "x")),
    ]  # fmt: skip
    child = os.fork()
    if child == 0:
        wrong = 1
        try:
            for use in uses:
                with pytest.raises(ConnectError, match="process that made it"):
                    use()
            ann.close()
            wrong = 0
        finally:
            os._exit(wrong)
    assert os.waitpid(child, 0)[1] == 0
    ann.say("parent")
    assert ann.flush(PATIENCE)
    assert texts([*ann.events(0.01)]) == ["parent"]
    assert isinstance(ann._state, State)
    ann._state.save(ann._session)


def test_what_is_given_must_be_of_its_type(serve: Callable[..., Server], client: Open) -> None:
    """Bytes would be said as base64."""
    ann = client(serve(), "ann")
    ann.join("tea")
    b: object = b"x"
    five: object = 5
    uses: list[Callable[..., object]] = [
        ann.say, ann.join, ann.leave, lambda v: ann.say("x", v), lambda v: ann.whisper(1, v),
        lambda v: ann.request(Name(name=v)), lambda v: ann.send(Join(room=v)), ann.send,
        lambda v: Client("localhost", v, state=False), lambda v: Client(v, "x", state=False),
    ]  # fmt: skip
    for use in uses:
        for value in (b, five, bytearray(b"x")):
            with pytest.raises(TypeError, match=r"\.$"):
                use(value)
    for use in (
        ann.dial,
        lambda v: ann.whisper(v, "x"),
        lambda v: ann.join("x", v),
        lambda v: ann.join("x", after=v),
    ):
        for value in ("5", b, 1.5, True):
            with pytest.raises(TypeError):
                use(value)
    for command in (Say(text="x"), "who"):
        with pytest.raises(TypeError):
            ann.request(command)  # type: ignore[arg-type]
    for use in (
        lambda: ann.dial(0),
        lambda: ann.dial(2**70),
        lambda: ann.join("\udc80"),
        lambda: ann.whisper(0, "x"),
    ):
        with pytest.raises(Denied):
            use()
    assert ann.request(Leave()) is not None


def test_a_client_is_opened_once_and_before_it_is_used(serve: Callable[..., Server]) -> None:
    """Opening again is nothing; what needs a connection says at once that there is none."""
    server = serve()
    ann = Client(f"127.0.0.1:{server.address[1]}", "ann", state=False, request_timeout=PATIENCE)
    for use in (
        lambda: ann.join("tea"), lambda: ann.say("x", "tea"), lambda: ann.whisper(1, "x"), ann.events,
        lambda: ann.request(Who()), lambda: ann.send(Who()), ann.leave,
    ):  # fmt: skip
        with pytest.raises(ConnectError, match="not open yet"):
            use()
    with ann.open() as same:
        assert same is ann
        assert ann.open() is ann
        ann.join("tea")
    with (
        Client(f"127.0.0.1:{server.address[1]}", "bob", state=False, on_event=print) as bob,
        pytest.raises(RuntimeError, match="on_event"),
    ):
        bob.events()


def test_a_state_folder_is_a_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it is called."""
    monkeypatch.chdir(tmp_path)
    state = State(Address("localhost", 5050), "ann", Path("file:x?mode=memory"))
    state.save(Session("ann"))
    state.close()
    assert (tmp_path / "file:x?mode=memory").is_dir()
    assert state.path.stat().st_size


def test_a_cursor_that_was_lowered_is_kept_so(tmp_path: Path) -> None:
    """Else what is said next on a log that has lost its end would not come after a restart of the client."""
    state, session = State(Address("localhost", 5050), "ann", tmp_path), Session("ann")
    session.rooms["tea"], session.cursors["tea"] = 0, 900
    state.save(session)
    state.reached("tea", 900)
    session.cursors["tea"] = 5
    state.save(session)
    state.reached("tea", 4)
    state.close()
    again = Session("ann")
    state = State(Address("localhost", 5050), "ann", tmp_path)
    state.load(again)
    state.close()
    assert again.cursors == {"tea": 5}


def test_the_names_of_those_whom_one_whispers_with_are_kept(serve: Callable[..., Server], tmp_path: Path) -> None:
    """Nobody tells them again while these are offline. Another log has other people."""
    address = f"127.0.0.1:{serve().address[1]}"
    with (
        Client(address, "bob", state=False, request_timeout=PATIENCE) as bob,
        Client(address, "ann", state=tmp_path, request_timeout=PATIENCE) as ann,
    ):
        bob.whisper(ann.uid, "psst")
        assert next(message.text for message in ann.messages()) == "psst"
    with Client(address, "ann", state=tmp_path, request_timeout=PATIENCE) as ann:
        assert ann.names == {1: "bob"}
    session = Session("ann")
    session.names[1] = "bob"
    session.receive(welcome(epoch="another"))
    assert not session.names


def test_a_second_session_of_a_name_leaves_the_locks_of_the_first(tmp_path: Path) -> None:
    """Those of SQLite, which a process loses when it closes the file in any way: another one could remove what the
    first has written."""
    first = State(Address("h", 1), "ann", tmp_path)
    first.save(Session("ann"))
    second = State(Address("h", 1), "ann", tmp_path)
    shared = "510, 0x40000002"  # length and start of what SQLite locks to read
    code = f"import fcntl, sys; fcntl.lockf(open(sys.argv[1], 'r+b'), fcntl.LOCK_EX | fcntl.LOCK_NB, {shared})"
    command = [*warm.command("-c"), code, str(first.path)]
    taken = subprocess.run(command, check=False, capture_output=True, text=True)
    assert "BlockingIOError" in taken.stderr
    second.close()
    first.close()


def test_a_program_keeps_what_is_its_own_beside_its_session(
    serve: Callable[..., Server], client: Open, tmp_path: Path
) -> None:  # fmt: skip
    """Two that have the same name at the same time have a file each; one without a state has none."""
    server = serve()
    first, second = (Client(f"127.0.0.1:{server.address[1]}", "ann", state=tmp_path) for _ in range(2))
    places = [first.kept_beside, second.kept_beside]
    assert places[0] is not None
    assert places[0] != places[1]
    assert not places[0].exists()
    assert places[0].parent.stat().st_mode & 0o077 == 0
    assert Client("localhost", "ann", state=False).kept_beside is None
    first.close()
    second.close()
    with Client(f"127.0.0.1:{server.address[1]}", "ann", state=tmp_path, request_timeout=PATIENCE) as again:
        assert again.kept_beside == places[0]
