"""A copy of another server's log comes whole, and of one moment."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from roomchat.cluster import copying
from roomchat.cluster.copying import Copies
from roomchat.cluster.nats_address import Address
from roomchat.cluster.nats_protocol import Message
from roomchat.cluster.stream import Cluster, Plan
from roomchat.store.log import Log

CLUSTER = Cluster([Address("127.0.0.1", 1, False)], Plan("chat"), "ann", 1)


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    """Of a log that is open."""
    with closing(Log(str(tmp_path / "chat.db"), "normal")):
        yield tmp_path / "chat.db"


def ask(copies: Copies, at: int, copy: int) -> tuple[int, int, bytes]:
    """A piece: bytes of the whole, which copy it is of, and what is in it; zeros where there is none."""
    body = json.dumps({"at": at, "copy": copy}).encode()
    piece = copies._answer(Message(copying.subject(CLUSTER, "ann"), 1, "", {}, 0, "", body))
    return (*copying._HEAD.unpack_from(piece), piece[copying._HEAD.size :]) if piece else (0, 0, b"")


def test_two_may_ask_at_once(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What each gets is one copy; when another was made, the first is told that it can't go on."""
    monkeypatch.setattr(copying, "PIECE", 4096)
    with closing(Copies(CLUSTER, path)) as copies:
        size, first, start = ask(copies, 0, 0)
        assert ask(copies, 0, 0) == (size, first, start)
        rest = b"".join(ask(copies, at, first)[2] for at in range(4096, size, 4096))
        assert start + rest == (path.parent / "chat.db.copies" / "copy.db").read_bytes()
        copies._drop()
        _, second, _ = ask(copies, 0, 0)
        assert second not in (0, first)
        assert ask(copies, 4096, first) == (0, 0, b"")


def test_nothing_is_left_of_one(path: Path) -> None:
    """Also of one that was not whole when its server was killed, or could not be made."""
    left = path.parent / "chat.db.copies"
    left.mkdir()
    (left / ".copy.db.0123.part").write_bytes(b"half")
    with closing(Copies(CLUSTER, path)) as copies:
        assert not left.exists()
        path.rename(path.with_name("away.db"))
        assert ask(copies, 0, 0) == (0, 0, b"")
        path.with_name("away.db").rename(path)
        assert ask(copies, 0, 0)[0]
        assert left.stat().st_mode & 0o777 == 0o700
    assert not left.exists()
