"""A signal that goes by another thread than the main one, as the system may choose, ends what waits there."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from roomchat.client.client import Client
from roomchat.client.interrupt import run_interruptible
from roomchat.server import Server
from tests.peer import DEADLINE

Serve = Callable[..., Server]


class Signalled(Exception):
    """What a handler raises, as Python's own for Ctrl-C does."""


@contextmanager
def other_thread(stop: Callable[[], object]) -> Iterator[None]:
    """SIGTERM goes by another thread, most likely while the main one waits already; it must not wait on.

    Args:
        stop: ends the wait if the signal has not.
    """
    woke = threading.Event()
    in_time = []

    def take_one() -> None:
        woke.wait(0.1)
        signal.pthread_kill(threading.get_ident(), signal.SIGTERM)
        in_time.append(woke.wait(DEADLINE))
        stop()

    thread = threading.Thread(target=take_one)
    thread.start()
    try:
        yield
        woke.set()
    finally:
        thread.join()
    assert in_time == [True]


@contextmanager
def handler(handle: Callable[[int, FrameType | None], object]) -> Iterator[None]:
    """Of SIGTERM."""
    before = signal.signal(signal.SIGTERM, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def test_of_a_command() -> None:
    """The work is asked to end."""
    asked = threading.Event()
    with other_thread(asked.set):
        assert run_interruptible(lambda: asked.wait() and None, asked.set)


def test_of_a_server(serve: Serve) -> None:
    """It ends."""
    server = serve()
    with handler(lambda *_: server.end()), other_thread(server.end):
        server.wait()


def test_of_a_program(serve: Serve) -> None:
    """Its handler runs, and may raise what ends it, while it waits for an event."""

    def fail(*_: object) -> None:
        raise Signalled

    client = Client(f"127.0.0.1:{serve().address[1]}", "ann", state=False)
    with client, handler(fail), other_thread(client.close), suppress(Signalled):
        list(client.events())
