"""What comes from a connection whose dialect is known, and how much of it the hub is handed."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from functools import partial
from hashlib import sha256
from typing import cast

from msgspec.structs import replace

from roomchat.chat.inputs import Disconnected, Input, Introduction, Offer
from roomchat.dialect import Malformed
from roomchat.errors import PasswordInClear
from roomchat.net.connection import CLOSED, ENDED, OPEN, Connection
from roomchat.net.connections import Connections, ToHub
from roomchat.net.cost import DEAR, has_dear, surplus
from roomchat.net.inbox import Inbox
from roomchat.net.passwords import Passwords, Secret, bare, has_password
from roomchat.net.reactor import Reactor
from roomchat.protocol import Hello, InviteTo, Join

READ_SIZE = 64 * 1024  # bytes read from a connection at a time; others get their turn in between
READ_TOKEN = 32  # bytes read for a token that the connection has
READ_LEAST = 4096  # bytes read in any case
MAX_TOKEN = 64  # characters of a session's token; ours have 32
MAX_DEAR = 16  # dear commands under way for one connection: a quarter of a mebibyte of answers


class Intake:
    """Of one I/O thread, which alone calls it."""

    def __init__(
        self, connections: Connections, inbox: Inbox[ToHub], reactor: Reactor, passwords: Passwords
    ) -> None:  # fmt: skip
        self._connections = connections
        self._inbox = inbox
        self._passwords = passwords
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
            wire = connection.wire
            commands = wire.receive_data(data)
            self.take(connection, data if wire.counted is None else wire.counted, commands, now)
        elif connection.peer_ended:
            self.ended(connection, now)

    def ended(self, connection: Connection, now: float) -> None:
        """The peer sends no more: its last line may lack the end, but not if it was cut off."""
        if not connection.transport.cut:
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
            commands = [_for_hub(connection, one) for one in commands]
        self._connections.send_to_hub(connection, commands)
        if tokens < permitted or not bucket.there(now):
            connection.starved = True
            self._reactor.at(bucket.next(now), partial(self._go_on, connection))
        elif backlog and not connection.awaited and has_password(backlog[0]):
            bucket.take(1, now)
            self._judge(connection, backlog.popleft())

    def _judge(self, connection: Connection, command: Input) -> None:
        """A password is checked; the commands behind it wait for that, and it for the answers to those before."""
        connection.starved = True
        if not connection.unheard:
            self._judged(connection, Malformed.of(PasswordInClear(), getattr(command, "id", None)))
            return
        token_hash = _keep_token(connection, command.token) if isinstance(command, Hello) else b""
        self._passwords.judge(
            cast(Secret, command),
            connection.address,
            connection.uid,
            token_hash,
            lambda verdict: self._reactor.post(partial(self._judged, connection, verdict)),
        )

    def _judged(self, connection: Connection, verdict: Input) -> None:
        """The hub gets it in the place of the command."""
        connection.starved = False
        if connection.phase is not CLOSED:
            connection.awaited += MAX_DEAR
            self._connections.send_to_hub(connection, [verdict])
            self._connections.watch(connection)

    def _go_on(self, connection: Connection) -> None:
        connection.starved = False
        if connection.phase is not CLOSED:
            self.release(connection)

    def _inbox_has_room(self) -> None:
        waiting, self._waiting_for_inbox = self._waiting_for_inbox, []
        for connection in waiting:
            self._go_on(connection)


def _for_hub(connection: Connection, command: Input) -> Input:
    """A command without the secrets in it, which the hub need not know: with their hashes, or new ones."""
    if isinstance(command, Hello):
        return _introduced(connection, command)
    if isinstance(command, Join) and command.invitation is not None:
        return replace(command, invitation=sha256(command.invitation.encode()).hexdigest())
    if isinstance(command, InviteTo) and command.uid is None:
        token = secrets.token_urlsafe(24)
        token_hash = sha256(token.encode()).digest()
        connection.offers[token_hash.hex()] = token
        while len(connection.offers) > MAX_DEAR:  # of those before, all that were not refused have been told
            del connection.offers[next(iter(connection.offers))]
        return Offer(command, token_hash)
    return command


def _introduced(connection: Connection, hello: Hello) -> Introduction:
    """A hello without its token, which the hub need not know; a newcomer brings one, or gets one of 192 bits."""
    token = hello.token if hello.token is not None else hello.new_token
    token_hash = _keep_token(connection, token)
    return Introduction(bare(hello), token_hash, token is not None, is_new=hello.token is None)


def _keep_token(connection: Connection, token: str | None) -> bytes:
    """The hash of a hello's token, or of a new one; the token is kept for the welcome."""
    token = token if token is not None else secrets.token_urlsafe(24)
    token_hash = sha256(token.encode()).digest()
    # What it need not be told any more, or is none of ours, is not kept: hellos can be sent for ever.
    if connection.tokens is not None and len(token) <= MAX_TOKEN:
        connection.tokens[token_hash.hex()] = token
    return token_hash


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
        if (answers and awaited >= MAX_DEAR) or has_password(command):
            return permitted
        awaited += answers
    return len(connection.backlog)
