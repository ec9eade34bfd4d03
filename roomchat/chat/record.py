"""A record of what a hub was given, and what came of it; played again, the same must come of it.

A file of JSON lines: a ``Beginning``, then a ``Step`` for each batch. It holds what people said, and no token, nor
what is kept of a password.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from roomchat.account import Invite
from roomchat.chat import fingerprint
from roomchat.chat.effects import Effects
from roomchat.chat.hub import Hub
from roomchat.chat.inputs import (
    Administer,
    AnyInput,
    Input,
    Inputs,
    Introduction,
    Link,
    LoggedIn,
    NewAccount,
    NewPassword,
    Row,
)
from roomchat.chat.registry import Registry
from roomchat.chat.rules import Rules
from roomchat.chat.sessions import Seat
from roomchat.chat.state import ServerBan
from roomchat.errors import Refused
from roomchat.protocol.administration import MakeAccount, PutPassword
from roomchat.settings import Settings
from roomchat.version import __version__


class Beginning(Struct):
    """What a log knows when a server starts; enough to make its hub."""

    version: str  # of roomchat
    settings: dict[str, Any]
    epoch: str
    now: float
    next_uid: int
    next_room: int
    rooms: list[tuple[str, str, int, str | None]]
    seats: list[tuple[str, Row]]
    accounts: int = 0
    invites: list[tuple[bytes, Invite]] = []
    rules: dict[str, Rules] = {}  # of rooms, by key
    bans: list[tuple[int | str, ServerBan]] = []

    @classmethod
    def of(
        cls, settings: Settings, *, epoch: str, now: float, next_uid: int, next_room: int,
        rooms: Iterable[tuple[str, str, int, str | None]], seats: Iterable[Seat], accounts: int = 0,
        invites: Iterable[tuple[bytes, Invite]] = (), rules: Mapping[str, Rules] = {},
        bans: Iterable[tuple[int | str, ServerBan]] = (),
    ) -> Beginning:  # fmt: skip
        """With what a log says."""
        kept = [(key, Row.of(client)) for key, client in seats]
        return cls(
            __version__, asdict(settings), epoch, now, next_uid, next_room, [*rooms], kept, accounts, [*invites],
            {**rules},
            [*bans],
        )  # fmt: skip

    def hub(self) -> Hub:
        """The hub of a server that starts so."""
        registry = Registry(
            next_uid=self.next_uid, next_room=self.next_room, rooms=self.rooms, accounts=self.accounts,
            invites=self.invites, rules=self.rules, bans=self.bans,
        )  # fmt: skip
        settings = msgspec.convert(self.settings, Settings)
        return Hub(registry, settings, epoch=self.epoch, seats=self.seats, now=self.now)


class Step(Struct):
    """A batch, whether the disk took it, and the fingerprints of what came of it."""

    items: Sequence[tuple[Link, AnyInput]]
    now: float
    time: int
    timestamp: str
    storing: bool
    stored: bool
    effects: str
    state: str | None = None  # after it was committed or rolled back; not in each step


def step(inputs: Inputs, effects: Effects, stored: bool, hub: Hub | None) -> Step:
    """What was done; with the state of the hub, if it is given."""
    state = None if hub is None else fingerprint.of_state(hub)
    made = fingerprint.of_effects(effects)
    items: Any = [(link, _without_hash(one)) for link, one in inputs.items]  # all are of kinds that a record holds
    return Step(items, inputs.now, inputs.time, inputs.timestamp, inputs.storing, stored, made, state)


def _without_hash(item: Input) -> Input:
    """A record is shown around, and nobody should have to guess at passwords because of it."""
    if isinstance(item, Introduction | LoggedIn | NewAccount | NewPassword) and item.password_hash:
        return replace(item, password_hash="...")
    if isinstance(item, Administer) and isinstance(item.command, MakeAccount | PutPassword):
        return replace(item, command=replace(item.command, password_hash="..."))
    return item


class Difference(Exception):
    """A record that is played again goes another way."""


def play(lines: Iterable[bytes]) -> Iterator[tuple[Step, Hub]]:
    """Play a record again.

    Yields:
        Each step, and the hub behind it.
    Raises:
        Difference: the same inputs led to something else, or to a fault. ValueError: it is no record.
    """
    lines = iter(lines)
    beginning = msgspec.json.decode(next(lines, b""), type=Beginning)
    try:
        hub = beginning.hub()
    except (Refused, LookupError, ArithmeticError) as error:
        raise ValueError(f"no server begins like that: {error!r}") from error
    decoder = msgspec.json.Decoder(Step)
    for number, line in enumerate(lines, start=1):
        if not line.endswith(b"\n"):
            return  # the server was killed while it wrote this
        one = decoder.decode(line)
        try:
            effects = hub.apply(Inputs(one.items, one.now, one.time, one.timestamp, one.storing))
            if one.stored:
                hub.commit()
            else:
                hub.rollback()
            state = None if one.state is None else fingerprint.of_state(hub)
        except Exception as error:
            raise Difference(f"Step {number} led to a fault: {error!r}") from error
        if fingerprint.of_effects(effects) != one.effects:
            raise Difference(f"Step {number} led to something else than what was recorded.")
        if state != one.state:
            raise Difference(f"After step {number} the state is another one than what was recorded.")
        yield one, hub
