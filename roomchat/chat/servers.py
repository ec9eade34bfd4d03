"""The servers that share one chat, each for one of its lives: who is there, who is gone, and what they agree on.

A server alone has none of this. Source: docs/cluster.md, "Who is there".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct, convert, field

from roomchat.chat.inputs import Arrived, Beat, Input, Link, Origin
from roomchat.settings import Settings

LOGIC = 1  # raised with each change of what the same inputs lead to: servers of two kinds can't share a chat
SLOT_BITS = 40  # of a link: so many connections a server can count in one life
LOST = 10  # beats of another server without a word of this one: it is gone

# What the hub reads: servers that differ in one of these would differ in what they do.
SETTINGS = (
    "accounts", "away_after", "guests", "hello_timeout", "history", "large_room", "large_room_interval", "lobby",
    "login_timeout", "max_clients", "max_connections", "max_devices", "max_history", "max_line", "max_name",
    "max_rooms", "max_text", "motd", "resume_window",
)  # fmt: skip


def first_link(slot: int) -> Link:
    """The number below all of the connections of that life of a server."""
    return slot << SLOT_BITS


def slot_of(link: Link) -> int:
    """The life of a server to which a connection belongs, or the question of an admin."""
    return abs(link) >> SLOT_BITS


def shared(settings: Settings) -> dict[str, Any]:
    """Those that all servers of a chat must have alike."""
    return {name: getattr(settings, name) for name in SETTINGS}


def with_shared(settings: Settings, values: dict[str, Any]) -> Settings:
    """A server's settings, but for those that are the chat's."""
    own = {name: getattr(settings, name) for name in settings.__dataclass_fields__ if name not in SETTINGS}
    return convert({**own, **values}, Settings)


class Life(Struct):
    """A server, from its arrival to its end."""

    slot: int  # its number among all lives of all servers, from 1
    name: str
    incarnation: int  # its number among the lives of this server
    addresses: list[str]  # for clients: HOST:PORT, and behind a blank the fingerprint of a key, if one is needed
    position: int = 0  # of the stream, up to where it had applied everything when it last said so
    snapshot: int = 0  # likewise: of the newest state that it keeps
    missed: dict[int, int] = field(default_factory=dict)  # slot of another to its beats since this one was heard

    @property
    def origin(self) -> Origin:
        """As in its inputs."""
        return Origin(self.name, self.incarnation)


class Servers:
    """Those that are there. Part of the hub's state: only what is in the inputs changes it."""

    def __init__(self, living: Iterable[Life] = (), last_slot: int = 0, time: int = 0, logic: int = LOGIC) -> None:
        self.living = {one.name: one for one in living}  # in the order of their arrival
        self.last_slot = last_slot
        self.time = time  # of the last inputs, as in ``Inputs``: no later ones are earlier
        self.logic = logic  # by which rules they work: not always by ours, or who comes could not find out

    def find(self, origin: Origin) -> Life | None:
        """The server, if it is there in this life."""
        life = self.living.get(origin.server)
        return life if life is not None and life.incarnation == origin.incarnation else None

    def hear(self, origin: Origin, items: Sequence[tuple[Link, Input]]) -> bool:
        """Something came from there. Returns whether it counts: not of who has not arrived, or is gone."""
        if (life := self.find(origin)) is not None:
            life.missed.clear()
            return True
        return bool(items) and isinstance(items[0][1], Arrived)

    def add(self, origin: Origin, addresses: list[str]) -> Life:
        """It has arrived."""
        self.last_slot += 1
        life = self.living[origin.server] = Life(self.last_slot, origin.server, origin.incarnation, addresses)
        return life

    def remove(self, life: Life) -> None:
        """It is gone."""
        del self.living[life.name]
        for one in self.living.values():
            one.missed.pop(life.slot, None)

    def beat(self, life: Life, beat: Beat) -> list[Life]:
        """It is there still. Returns those of which it has heard nothing for too long."""
        life.position, life.snapshot = beat.position, beat.snapshot
        lost = []
        for one in self.living.values():
            if one is not life:
                one.missed[life.slot] = one.missed.get(life.slot, 0) + 1
                if one.missed[life.slot] >= LOST:
                    lost.append(one)
        return lost

    def addresses(self, link: Link | None) -> list[str]:
        """Of all that are there; those of the one that has this connection first."""
        slot = slot_of(link or 0)
        lives = sorted(self.living.values(), key=lambda life: life.slot != slot)
        return [address for life in lives for address in life.addresses]


def differences(arrived: Arrived, logic: int, settings: Settings) -> list[str]:
    """Why a server can't be one of this chat, which has these rules and settings; nothing: it can."""
    if arrived.logic != logic:
        return [f"its roomchat works by rules {arrived.logic}, the others' by {logic}"]
    ours = shared(settings)
    different = [name for name in SETTINGS if arrived.settings.get(name) != ours[name]]
    return [f"its {name} is {arrived.settings.get(name)!r}, the others' {ours[name]!r}" for name in different]
