"""Several servers with one chat, as its hub sees them: they come, beat, end, and are missed."""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

import roomchat.chat
from roomchat.chat.hub import Hub
from roomchat.chat.inputs import (
    SERVER,
    Arrived,
    Beat,
    Connected,
    Disconnected,
    Inputs,
    Introduction,
    Link,
    Origin,
    Shutdown,
)
from roomchat.chat.registry import Registry
from roomchat.chat.servers import LOGIC, LOST, SETTINGS, first_link, shared
from roomchat.protocol import Hello, Join, Say
from roomchat.settings import Settings


class Shared:
    """A hub that several servers give inputs to."""

    def __init__(self) -> None:
        self.hub = Hub(Registry(), Settings(), epoch="e", now=0.0)
        self.now = 0.0
        self.sent: dict[Link, list[str]] = {}  # types of events, by connection

    def give(self, origin: Origin, *items: Any) -> None:
        """A frame of that server."""
        self.now += 0.01
        effects = self.hub.apply(Inputs(items, self.now, int(self.now * 1000), "now", origin=origin))
        self.hub.commit()
        for delivery in effects.deliveries:
            if hasattr(delivery, "event") and hasattr(delivery, "link"):
                self.sent.setdefault(delivery.link, []).append(type(delivery.event).__name__.lower())

    def come(self, name: str, incarnation: int = 1, **settings: Any) -> Origin:
        """A server arrives."""
        origin = Origin(name, incarnation)
        self.give(origin, (SERVER, Arrived(LOGIC, shared(Settings(**settings)), [f"{name}:1"])))
        return origin

    def slot(self, name: str) -> int:
        return self.hub.servers.living[name].slot

    def enter(self, origin: Origin, number: int, name: str, *, account: bool = False) -> Link:
        """Somebody comes, perhaps with a new account, over a connection of that server, into tea."""
        link = first_link(self.slot(origin.server)) + number
        hello = Hello(protocol=1, name=name, register=account)
        introduced = Introduction(hello, sha256(name.encode()).digest(), False, "hash" if account else "")
        self.give(origin, (link, Connected("10.0.0.1")), (link, introduced), (link, Join(room="tea")))
        return link

    def beat(self, origin: Origin, times: int = 1) -> None:
        for _ in range(times):
            self.give(origin, (SERVER, Beat(1)))

    def away(self, name: str) -> bool:
        return not self.hub.registry.names[name].links


@pytest.fixture
def chat() -> Shared:
    return Shared()


def test_people_of_two_servers_are_in_one_room(chat: Shared) -> None:
    one, two = chat.come("one"), chat.come("two")
    ann, bob = chat.enter(one, 1, "ann"), chat.enter(two, 1, "bob")
    assert ann != bob
    room = chat.hub.registry.rooms["tea"]
    assert chat.hub.registry.audience(room).links == (ann, bob)
    assert chat.hub.servers.addresses(bob) == ["two:1", "one:1"]


def test_who_is_not_heard_of_is_gone(chat: Shared) -> None:
    """Its people keep their seats, and what still comes from it counts for nothing."""
    one, two = chat.come("one"), chat.come("two")
    chat.enter(one, 1, "ann")
    bob = chat.enter(two, 1, "bob")
    chat.beat(one, LOST - 1)
    assert not chat.away("bob")
    chat.beat(two)
    chat.beat(one, LOST - 1)
    assert not chat.away("bob")
    chat.beat(one)
    assert chat.away("bob")
    assert list(chat.hub.servers.living) == ["one"]
    chat.give(two, (bob, Say(text="late", n=1)), (SERVER, Beat(1)))
    assert chat.hub.registry.rooms["tea"].last_seq == 0
    assert list(chat.hub.servers.living) == ["one"]


def test_one_that_is_alone_is_never_gone(chat: Shared) -> None:
    one = chat.come("one")
    chat.enter(one, 1, "ann")
    chat.beat(one, 3 * LOST)
    assert not chat.away("ann")


def test_beats_of_different_servers_do_not_add_up(chat: Shared) -> None:
    """Each may have gone on for a moment while nobody else could be heard."""
    one, two, _ = chat.come("one"), chat.come("two"), chat.come("three")
    for _ in range(LOST - 1):
        chat.beat(one)
        chat.beat(two)
    assert "three" in chat.hub.servers.living


def test_a_new_life_ends_the_old_one(chat: Shared) -> None:
    one = chat.come("one")
    ann = chat.enter(one, 1, "ann")
    again = chat.come("one", 2)
    assert chat.away("ann")
    assert chat.slot("one") == 2
    chat.give(one, (ann, Say(text="from before", n=1)))
    assert chat.hub.registry.rooms["tea"].last_seq == 0
    chat.enter(again, 1, "bob")
    assert not chat.away("bob")


def test_a_hello_that_was_overtaken_changes_nothing(chat: Shared) -> None:
    """It waited at one server, while the same program came by another one."""
    one, two = chat.come("one"), chat.come("two")
    chat.enter(one, 1, "ann")
    first, second = (first_link(chat.slot(name)) + 2 for name in ("one", "two"))
    early, late = (
        Introduction(Hello(protocol=1, token="t", attempt=attempt), sha256(b"ann").digest(), True)
        for attempt in (7, 8)
    )
    chat.give(two, (second, Connected("10.0.0.1")), (second, late))
    chat.give(one, (first, Connected("10.0.0.1")), (first, early))
    assert chat.hub.registry.names["ann"].links == (second,)
    assert chat.sent[first] == ["error"]
    another = Introduction(Hello(protocol=1, token="t"), sha256(b"ann").digest(), True)
    chat.give(one, (first + 1, Connected("10.0.0.1")), (first + 1, another))
    assert chat.hub.registry.names["ann"].links == (first + 1,)


def test_an_account_is_away_when_its_server_is_gone(chat: Shared) -> None:
    """When it was last there is kept, as of any lost connection."""
    one, two = chat.come("one"), chat.come("two")
    chat.enter(two, 1, "ann", account=True)
    chat.beat(one, LOST)
    assert chat.away("ann")
    assert chat.hub.registry.names["ann"].sessions[0].seen


def test_one_ends_and_the_others_go_on(chat: Shared) -> None:
    one, two = chat.come("one"), chat.come("two")
    ann, bob = chat.enter(one, 1, "ann"), chat.enter(two, 1, "bob")
    chat.give(two, (SERVER, Shutdown("Good night.")))
    assert "notice" in chat.sent[bob]
    assert "notice" not in chat.sent[ann]
    assert (chat.away("ann"), chat.away("bob")) == (False, True)
    chat.give(one, (SERVER, Shutdown("Good night.")))
    assert not chat.hub.servers.living


def test_who_works_otherwise_is_not_let_in(chat: Shared) -> None:
    """While others are there; the first one says what the settings are."""
    one = chat.come("one", max_text=100)
    chat.come("two", max_text=200)
    assert list(chat.hub.servers.living) == ["one"]
    chat.give(Origin("three", 1), (SERVER, Arrived(LOGIC + 1, shared(Settings(max_text=100)))))
    assert list(chat.hub.servers.living) == ["one"]
    chat.give(one, (SERVER, Shutdown("")))
    two = chat.come("two", 2, max_text=200)
    link = chat.enter(two, 1, "ann")
    chat.give(two, (link, Say(text="x" * 150, n=1)))
    assert chat.hub.registry.rooms["tea"].last_seq == 1


def test_a_look_up_of_one_that_is_gone_is_forgotten(chat: Shared) -> None:
    one, two = chat.come("one"), chat.come("two")
    link = first_link(chat.slot("two")) + 1
    hello = Introduction(Hello(protocol=1, token="t"), sha256(b"t").digest(), True)
    chat.give(two, (link, Connected("10.0.0.1")), (link, hello), (link, Disconnected("lost")))
    assert chat.hub._held
    chat.beat(one, LOST)
    assert not chat.hub._held
    assert not chat.hub.registry.peers


def test_all_that_the_hub_reads_is_agreed_on() -> None:
    """A setting that the hub looks at, and that servers could have unlike, would make them differ."""
    sources = [path.read_text() for path in Path(roomchat.chat.__path__[0]).glob("*.py")]
    read = {name for source in sources for name in re.findall(r"settings\.(\w+)", source)}
    assert read & Settings.__dataclass_fields__.keys() == {*SETTINGS, "idle_exit"}
