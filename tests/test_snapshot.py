"""A hub that was made from another one's state goes on as that one would have."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.msgpack import decode

from roomchat.chat import snapshot
from roomchat.chat.snapshot import SnapshotError
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


@given(st.data())
def test_what_is_none_is_refused(data: st.DataObject) -> None:
    chat = Chat()
    chat.hellos("ann", "bob")
    whole = snapshot.of(chat.hub)
    at = data.draw(st.integers(0, len(whole) - 1))
    for broken in (whole[:at], whole[:at] + data.draw(st.binary(min_size=1, max_size=3)) + whole[at + 1 :]):
        with suppress(SnapshotError):  # or it is another one: a name may have changed
            snapshot.hub(broken, chat.settings)


def test_one_of_another_version_is_refused() -> None:
    chat = Chat()
    fields = decode(snapshot.of(chat.hub))
    with pytest.raises(SnapshotError, match="version 99"):
        snapshot.hub(msgspec.msgpack.encode([99, *fields[1:]]), chat.settings)
