"""Where a program asks the library for what can't be, it is told at once: no method waits for ever."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

import roomchat.client.connection
from roomchat import Client, ConnectError, ConnectionLost, Message
from roomchat.client.address import Address
from roomchat.client.client_events import ClientEvent
from roomchat.client.session import Session
from roomchat.client.state import State
from roomchat.protocol import Bye, Command, Hello, Join, Ping, Say, Whisper
from roomchat.server import Server
from tests.test_hostile_server import WELCOME, fake
from tests.test_library import PATIENCE, Open, client, is_a, says, texts, until

__all__ = ["client"]  # the fixture


@pytest.mark.parametrize("kind", [Message, roomchat.protocol.Welcome])
def test_on_event_can_not_wait(serve: Callable[..., Server], client: Open, kind: type) -> None:
    """Neither on the receiving thread nor, before ``open`` returns, on that of its caller."""
    chat: list[Client] = []
    raised: list[object] = []
    done = threading.Event()

    def on_event(event: ClientEvent) -> None:
        if isinstance(event, kind):
            ann = chat[0]
            uses: list[Callable[[], object]] = [
                lambda: ann.request(Ping()), lambda: ann.join("den"), lambda: ann.dial(1), ann.leave, ann.flush,
                ann.open, ann.close, ann.events,
            ]  # fmt: skip
            for use in uses:
                try:
                    use()
                except RuntimeError as error:
                    raised.append("on_event" in str(error))
            done.set()

    server = serve()
    chat.append(
        Client(f"127.0.0.1:{server.address[1]}", "ann", on_event=on_event, state=False, request_timeout=PATIENCE)
    )
    with chat[0] as ann:
        ann.join("tea")
        ann.say("hello")
        assert done.wait(PATIENCE)
        assert raised == [True] * 8
        assert ann.join("den").room == "den"


def test_a_callback_that_ends_the_thread_is_not_waited_for(serve: Callable[..., Server], client: Open) -> None:
    """``sys.exit`` on the receiving thread ends no program; who waits for the client is told."""

    def leave(event: ClientEvent) -> None:
        if isinstance(event, Message):
            sys.exit("enough")

    ann = client(serve(), "ann", on_event=leave)
    ann.join("tea")
    ann.say("one")
    with pytest.raises(ConnectError, match="enough"):
        ann.join("den")
    assert ann.flush()


def test_flush_needs_an_open_client(serve: Callable[..., Server], tmp_path: Path) -> None:
    """Before that nothing that the state has kept can come back."""
    server = serve()
    state, session = State(Address(*server.address), "ann", tmp_path), Session("ann")
    session.say(Say(text="kept", room="tea"))
    state.save(session)
    state.close()
    ann = Client(f"127.0.0.1:{server.address[1]}", "ann", state=tmp_path)
    assert [one.text for one in ann.pending] == ["kept"]
    with pytest.raises(ConnectError, match="not open yet"):
        ann.flush()
    ann.close()


@pytest.mark.parametrize(
    ("command", "method"),
    [
        (Say(text="x"), "say"),
        (Whisper(uid=1, text="x"), "whisper"),
        (Hello(protocol=1), "open"),
        (Bye(), "close"),
    ],
)
def test_commands_that_have_a_method_of_their_own(
    serve: Callable[..., Server], client: Open, command: Command, method: str
) -> None:
    """Sent by hand a goodbye would end the client behind its back, and a message would have no number."""
    ann = client(serve(), "ann")
    for use in (ann.send, ann.request):
        with pytest.raises(TypeError, match=rf"{method}\(\)"):
            use(command)
    assert ann.request(Join(room="tea"))


def test_a_goodbye_that_was_not_asked_for_is_a_lost_connection() -> None:
    """The program's wait for events does not outlive the thread that receives them."""
    answer = b"".join(json.dumps(one).encode() + b"\n" for one in (WELCOME, {"type": "bye"}))
    with fake(answer, ends=True) as (address, _), Client(address, "ann", state=False) as ann:
        assert until(ann, is_a(ConnectionLost))
        ann.close(timeout=0)


def test_a_server_that_takes_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is stopped, say: whoever says something is not kept until it goes on."""
    monkeypatch.setattr(roomchat.client.connection, "SEND_TIMEOUT", 0.2)
    large = {"text": 10**6, "name": 32, "line": 2**20, "rooms": 1}  # thirty of these fit into no buffer
    joined = {"type": "joined", "room": "tea", "members": [], "members_total": 1, "last_seq": 0}
    answer = b"".join(json.dumps(one).encode() + b"\n" for one in (WELCOME | {"limits": large}, joined))
    with fake(answer) as (address, _), Client(address, "ann", state=False) as ann:
        until(ann, is_a(roomchat.Joined))
        for _ in range(30):
            ann.say("x" * 10**6, "tea")
        assert len(ann.pending) == 30
        until(ann, is_a(ConnectionLost))
        ann.close(timeout=0)


def test_what_the_constructor_is_given_must_be_of_its_type() -> None:
    """A coroutine function would be called and never run."""

    async def on_event(event: ClientEvent) -> None:
        pass

    five: object = 5
    for options in ({"on_event": five}, {"on_event": on_event}, {"request_timeout": "5"}):
        with pytest.raises(TypeError, match=r"\.$"):
            Client("localhost", "ann", state=False, **options)  # type: ignore[arg-type]


def test_a_forked_child_does_not_wait_for_events(serve: Callable[..., Server], client: Open) -> None:
    """Not even those that its parent had begun to take, and it changes nothing that is kept."""
    ann = client(serve(), "ann")
    events = ann.events()
    child = os.fork()
    if child == 0:
        wrong = 1
        try:
            for use in (lambda: next(events), lambda: ann.block(1)):
                with pytest.raises(ConnectError, match="process that made it"):
                    use()
            wrong = 0
        finally:
            os._exit(wrong)
    assert os.waitpid(child, 0)[1] == 0
    ann.join("tea")
    ann.say("parent")
    assert texts(until(ann, says("parent"))) == ["parent"]
