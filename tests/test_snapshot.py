"""A hub that was made from another one's state goes on as that one would have."""

from __future__ import annotations

import json
from contextlib import suppress
from hashlib import sha256
from typing import Any

import msgspec
import msgspec.inspect
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.msgpack import decode

from roomchat.chat import snapshot
from roomchat.chat.fingerprint import of_state
from roomchat.chat.inputs import Connected
from roomchat.chat.servers import LOGIC
from roomchat.chat.snapshot import SnapshotError
from roomchat.protocol import Hello, Join
from roomchat.settings import Settings
from tests.memory import Chat
from tests.random_run import run


def test_it_goes_on_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a conversation in which much happens, also while look-ups are under way, each batch is for a new hub."""
    plain = [[*run(seed, 200)] for seed in range(3)]
    batch = Chat._batch
    held = 0

    def anew(chat: Chat, items: Any) -> None:
        nonlocal held
        held += bool(chat.hub._held)
        data = snapshot.of(chat.hub)
        chat.hub = snapshot.hub(data, chat.settings)
        chat.registry = chat.hub.registry
        assert decode(snapshot.of(chat.hub)) == decode(data)
        batch(chat, items)

    monkeypatch.setattr(Chat, "_batch", anew)
    assert [[*run(seed, 200)] for seed in range(3)] == plain
    assert held


def test_its_bytes_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Servers compare them: those of one that went on, and those of one that began anew in between."""
    batch = Chat._batch

    def anew(chat: Chat, items: Any) -> None:
        chat.hub = snapshot.hub(snapshot.of(chat.hub), chat.settings)
        chat.registry = chat.hub.registry
        batch(chat, items)

    def states() -> list[bytes]:
        found: list[bytes] = []
        assert [*run(5, 100, lambda chat: found.append(snapshot.of(chat.hub)))]
        return found

    plain = states()
    monkeypatch.setattr(Chat, "_batch", anew)
    assert states() == plain


def whole_state() -> tuple[bytes, Settings]:
    """Of people in a room, with numbers for links as a server has them: so it can be read."""
    chat: Any = Chat()
    for link, name in enumerate(("ann", "bob"), 1):
        chat.batch((link, Connected("10.0.0.1")), (link, Hello(protocol=1, name=name)), (link, Join(room="tea")))
    data = snapshot.of(chat.hub)
    snapshot.hub(data, chat.settings)
    return data, chat.settings


WHOLE, SETTINGS = whole_state()


@given(st.integers(0, len(WHOLE) - 1), st.binary(min_size=1, max_size=3))
def test_what_is_none_is_refused(at: int, other: bytes) -> None:
    with pytest.raises(SnapshotError):
        snapshot.hub(WHOLE[:at], SETTINGS)
    with suppress(SnapshotError):  # or it is another one: a name may have changed
        snapshot.hub(WHOLE[:at] + other + WHOLE[at + len(other) :], SETTINGS)


def test_one_whose_settings_fit_nothing_is_refused() -> None:
    fields = decode(WHOLE)
    fields[2]["max_name"] = -24
    with pytest.raises(SnapshotError, match="does not agree"):
        snapshot.hub(msgspec.msgpack.encode(fields), SETTINGS)


def test_one_of_another_version_is_refused() -> None:
    chat = Chat()
    fields = decode(snapshot.of(chat.hub))
    with pytest.raises(SnapshotError, match="version 99"):
        snapshot.hub(msgspec.msgpack.encode([99, *fields[1:]]), chat.settings)


def shape(info: Any) -> Any:
    """A type with all that is in it, by name."""
    if isinstance(info, tuple):
        return [*map(shape, info)]
    if isinstance(info, msgspec.inspect.StructType):
        return [info.cls.__name__, info.tag, info.array_like, shape(info.fields)]
    if isinstance(info, msgspec.inspect.Field):
        return [info.encode_name, info.required, shape(info.type)]
    inner = ("item_type", "item_types", "key_type", "value_type", "types", "values")
    return [type(info).__name__, *(shape(getattr(info, name)) for name in inner if hasattr(info, name))]


def test_another_shape_is_another_version() -> None:
    """Of the state, or of what is asked and may wait in it, which is the shape of the stream, too. Until 1 is
    released put the new shape here; after that raise VERSION and LOGIC, and read what was written before."""
    text = json.dumps(shape(msgspec.inspect.type_info(snapshot._Hub)))
    assert (snapshot.VERSION, LOGIC, sha256(text.encode()).hexdigest()[:16]) == (1, 1, "87e7d1769d675fd1")


def test_what_is_due_and_what_waits_is_of_the_state() -> None:
    """Two hubs that differ in nothing else are not the same."""
    chat: Any = Chat()
    chat.batch((1, Connected("10.0.0.1")))
    known = [of_state(chat.hub)]
    (link,) = chat.hub._deadlines.hellos
    chat.hub._deadlines.hellos[link] += 1
    known.append(of_state(chat.hub))
    chat.hub._held[link] = [Join(room="tea")]
    assert len({*known, of_state(chat.hub)}) == 3
