"""What comes from a connection whose dialect is known, and how much of it the hub is handed."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from functools import partial
from hashlib import sha256

from msgspec.structs import replace

from roomchat.chat.inputs import Disconnected, Input, Introduction
from roomchat.net.connection import CLOSED, ENDED, OPEN, Connection
from roomchat.net.connections import Connections, ToHub
from roomchat.net.cost import DEAR, has_dear, surplus
from roomchat.net.inbox import Inbox
from roomchat.net.reactor import Reactor
from roomchat.protocol import Hello

READ_SIZE = 64 * 1024  # bytes read from a connection at a time; others get their turn in between
READ_TOKEN = 32  # bytes read for a token that the connection has
READ_LEAST = 4096  # bytes read in any case
MAX_TOKEN = 64  # characters of a session's token; ours have 32
MAX_DEAR = 16  # dear commands under way for one connection: a quarter of a mebibyte of answers


class Intake:
    """Of one I/O thread, which alone calls it."""

    def __init__(self, connections: Connections, inbox: Inbox[ToHub], reactor: Reactor) -> None:
        self._connections = connections
        self._inbox = inbox
        self._reactor = reactor
        self._waiting_for_inbox: list[Connection] = []
        # One object, so that the inbox knows it again.
        self._resume = partial(reactor.post, self._inbox_has_room)

    def read(self, connection: Connection, now: float) -> bytes:
        """What there is to be read, no more than the connection may pay for; nothing as well if it has ended or is
        broken, which is noted."""
        try:
            data = connection.transport.recv(_readable(connection.bucket.there(now)))
        except BlockingIOError:
            return b""
        except OSError as error:
            self._connections.lost(connection, error)
            return b""
        if connection.phase is ENDED:
            if not data:
                self._connections.close(connection)
            return b""
        connection.peer_ended = not data
        return data

    def receive(self, connection: Connection) -> None:
        """Read, and hand on what that completes."""
        now = time.monotonic()
        data = self.read(connection, now)
        if connection.phase is not OPEN:
            return  # nothing of it is of interest any more
        if data:
            self.take(connection, data, connection.wire.receive_data(data), now)
        elif connection.peer_ended:
            self.ended(connection, now)

    def ended(self, connection: Connection, now: float) -> None:
        """The peer sends no more: its last line may lack the end."""
        self.take(connection, b"", connection.wire.end_data(), now)
        self.hang_up(connection)

    def hang_up(self, connection: Connection) -> None:
        """Behind all that came before, the connection is gone."""
        connection.backlog.append(Disconnected("it hung up"))
        self.release(connection)

    def take(self, connection: Connection, data: bytes, commands: Sequence[Input], now: float) -> None:
        """Commands that came, and the bytes that they came in."""
        dear = has_dear(commands)
        if extra := surplus(data, commands, dear):
            self._connections.admission.worked(connection, extra, now)
        if not (dear or self._waits(connection)) and connection.bucket.spare(len(commands), now):
            # Nearly always: at once, for half the time.
            self._connections.send_to_hub(connection, commands)
            return
        connection.backlog.extend(commands)
        connection.dear = connection.dear or dear
        self.release(connection)

    def _waits(self, connection: Connection) -> bool:
        """Whether its next commands have to wait for something."""
        return bool(
            connection.backlog
            or connection.starved
            or connection.phase is CLOSED
            or connection.outbox.congested
            or self._inbox.full(self._resume)
        )

    def release(self, connection: Connection) -> None:
        """Hand as many commands to the hub as the connection has tokens for, if the inbox has room and the peer
        takes its replies."""
        if not (connection.starved or connection.phase is CLOSED or connection.outbox.congested):
            if connection.backlog and self._inbox.full(self._resume):
                connection.starved = True
                self._waiting_for_inbox.append(connection)
            else:
                self._pass_on(connection, time.monotonic())
        self._connections.watch(connection)

    def _pass_on(self, connection: Connection, now: float) -> None:
        backlog, bucket = connection.backlog, connection.bucket
        permitted = _permitted(connection) if connection.dear else len(backlog)
        tokens = bucket.take(permitted, now)
        commands = [backlog.popleft() for _ in range(tokens)]
        if connection.dear:
            connection.awaited += sum(map(_answers, commands))
            connection.dear = bool(backlog)
            commands = [_introduced(connection, one) if isinstance(one, Hello) else one for one in commands]
        self._connections.send_to_hub(connection, commands)
        if tokens < permitted or not bucket.there(now):
            connection.starved = True
            self._reactor.at(bucket.next(now), partial(self._go_on, connection))

    def _go_on(self, connection: Connection) -> None:
        connection.starved = False
        if connection.phase is not CLOSED:
            self.release(connection)

    def _inbox_has_room(self) -> None:
        waiting, self._waiting_for_inbox = self._waiting_for_inbox, []
        for connection in waiting:
            self._go_on(connection)


def _introduced(connection: Connection, hello: Hello) -> Introduction:
    """A hello without its token, which the hub need not know; a newcomer is offered one of 192 bits."""
    resumes = hello.token is not None
    token = hello.token if hello.token is not None else secrets.token_urlsafe(24)
    token_hash = sha256(token.encode()).digest()
    # What it need not be told any more, or is none of ours, is not kept: hellos can be sent for ever.
    if connection.tokens is not None and len(token) <= MAX_TOKEN:
        connection.tokens[token_hash.hex()] = token
    return Introduction(replace(hello, token=None), token_hash, resumes)


def _readable(tokens: int) -> int:
    """How many bytes are read of a connection with so many tokens. No more than it may pay for: a pile of tiny
    lines takes long to look through."""
    if tokens * READ_TOKEN >= READ_SIZE:
        return READ_SIZE
    return max(READ_LEAST, tokens * READ_TOKEN)


def _answers(command: Input) -> int:
    """How much of what one connection may be owed the answer is. What a person may ask is known once the hello is
    answered, so nothing goes beside that."""
    return MAX_DEAR if type(command) is Hello else type(command) in DEAR


def _permitted(connection: Connection) -> int:
    """How many of its commands may go to the hub, with no more answers under way than one may be owed."""
    awaited = connection.awaited
    for permitted, command in enumerate(connection.backlog):
        answers = _answers(command)
        if answers and awaited >= MAX_DEAR:
            return permitted
        awaited += answers
    return len(connection.backlog)
