"""The same inputs lead to the same: in processes with other hash seeds, and when a record is played again."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from roomchat.chat.record import Beginning, Difference, play
from roomchat.client.client import Client
from roomchat.errors import Denied, LogError
from roomchat.server import Server
from roomchat.settings import Settings
from roomchat.store.log import Log
from tests.peer import Peer
from tests.program import Program, address_of, serve

ROOT = Path(__file__).parent.parent


def printed(seed: int, hash_seed: int) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "tests.random_run", str(seed), "300"],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": str(hash_seed)},
        capture_output=True,
        text=True,
        check=True,
        timeout=50,
    )
    return done.stdout


@pytest.mark.parametrize("seed", [1, 2])
def test_no_order_depends_on_hashing(seed: int) -> None:
    """What is delivered, stored and known is the same whatever order sets would have."""
    one, *others = (printed(seed, hash_seed) for hash_seed in (0, 1, 77))
    assert len(set(one.splitlines())) > 100, "a run in which much happens"
    assert others == [one, one]


@pytest.fixture
def record(tmp_path: Path) -> Path:
    return tmp_path / "record"


def talk(server: Server) -> None:
    """A bit of everything: newcomers, somebody who comes back from the log, whispers to the absent."""
    address = f"127.0.0.1:{server.address[1]}"
    with Client(address, "ann", state=False) as ann, Peer(server.address) as bob:
        bob.hello("bob")
        token = bob.token
        ann.join("tea")
        bob.join("tea")
        for number in range(20):
            ann.say(f"{number}")
            bob.send("say", text="hi", n=number + 1)
        ann.flush(10)
        bob.send("bye")
        bob.until("bye")
        ann.whisper(bob.uid, "for later")
        ann.flush(10)
        with Peer(server.address) as again:
            again.send("hello", protocol=1, token=token, rooms={"tea": 3})
            assert again.until("message", text="for later")
            again.send("bye")
            again.until("bye")
        with pytest.raises(Denied, match="offline"):
            ann.dial(bob.uid)


def test_a_real_server_is_played_again(record: Path, tmp_path: Path) -> None:
    """Its record holds no token, is for its owner's eyes, and leads to the same in all its steps."""
    settings = Settings(port=0, db=str(tmp_path / "chat.db"), drain=0.2)
    with Server(settings, record=str(record)) as server, Peer(server.address) as peer:
        peer.hello("peer")
        talk(server)
        token = peer.token
    assert stat.S_IMODE(record.stat().st_mode) == 0o600
    assert token.encode() not in record.read_bytes()
    steps = [step for step, _ in play(record.read_bytes().splitlines(keepends=True))]
    assert steps[-1].state is not None, "the last step has the whole state"
    with Program("verify", "--replay", str(record)) as again:
        assert again.wait() == 0
        assert f"Played {len(steps)} steps" in again.output


def test_a_restarted_server_is_played_from_where_its_log_was(record: Path, tmp_path: Path) -> None:
    settings = Settings(port=0, db=str(tmp_path / "chat.db"), drain=0.2)
    with Server(settings) as server:
        talk(server)
    with Server(settings, record=str(record)) as server:
        talk(server)
    lines = record.read_bytes().splitlines(keepends=True)
    assert msgspec.json.decode(lines[0], type=Beginning).rooms
    assert sum(1 for _ in play(lines)) > 10


def test_a_killed_server_is_played_up_to_its_end(record: Path, tmp_path: Path) -> None:
    with serve("--record", str(record), db=tmp_path / "chat.db") as server:
        with Peer.at(address_of(server)) as peer:
            peer.hello("ann")
            peer.join("tea")
        server.signal(signal.SIGKILL)
        server.wait()
    record.write_bytes(record.read_bytes() + b'{"items":[[1,{"ty')
    with Program("verify", "--replay", str(record)) as again:
        assert again.wait() == 0
        again.expect("every step had the same result")


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda lines: [*lines[:3], lines[3].replace(b'"effects":"', b'"effects":"0'), *lines[4:]], "Step 3 "),
        (lambda lines: [*lines[:-1], lines[-1].replace(b'"state":"', b'"state":"0')], "the state"),
    ],
)
def test_a_difference_is_found(
    record: Path, tmp_path: Path, spoil: Callable[[list[bytes]], list[bytes]], told: str
) -> None:
    """In what came of a step, or in the whole state at the end."""
    with Server(Settings(port=0, db=str(tmp_path / "chat.db"), drain=0.2), record=str(record)) as server:
        talk(server)
    lines = spoil(record.read_bytes().splitlines(keepends=True))
    with pytest.raises(Difference, match=told):
        list(play(lines))


@pytest.mark.parametrize("data", [b"", b"{}\n", b"what\n", b'{"version":"x"}\n', b"\xff\n"])
def test_what_is_no_record_is_one_sentence(record: Path, data: bytes) -> None:
    record.write_bytes(data)
    with Program("verify", "--replay", str(record)) as again:
        assert again.wait() == 1
        again.expect("can't be played as a record")


BEGINNING = {"version": "1", "epoch": "e", "now": 1, "next_uid": 1, "next_room": 1, "rooms": [], "seats": []}


@pytest.mark.parametrize("settings", [{"lobby": "a b"}, {"wires": 5}, {"max_name": "\x1b[2J"}])
def test_a_record_of_no_server_is_one_sentence(record: Path, settings: dict[str, object]) -> None:
    record.write_text(json.dumps({**BEGINNING, "settings": settings}) + "\n")
    with Program("verify", "--replay", str(record)) as again:
        assert again.wait() == 1
        again.expect("can't be played as a record")
        assert "Traceback" not in again.output


def test_a_fault_of_the_hub_is_named(record: Path) -> None:
    """Two people with one token: no server has ever had that."""
    hello = {"type": "introduction", "token_hash": "AAAA", "resumes": False}
    items: list[tuple[int, dict[str, object]]] = []
    for link, name in (1, "ann"), (2, "bob"):
        items.append((link, {"type": "connected", "address": "here"}))
        items.append((link, {**hello, "hello": {"type": "hello", "protocol": 1, "name": name}}))
        items.append((link, {"type": "bye"}))
    items[2], items[3:] = items[3], [items[4], items[2], items[5]]
    step = {"items": items, "now": 1, "time": 1, "timestamp": "", "storing": True, "stored": True, "effects": ""}
    record.write_text(json.dumps({**BEGINNING, "settings": {}}) + "\n" + json.dumps(step) + "\n")
    with pytest.raises(Difference, match="Step 1 led to a fault: KeyError"):
        list(play(record.read_bytes().splitlines(keepends=True)))


def test_a_record_replaces_no_file(record: Path) -> None:
    record.write_text("precious")
    with serve("--record", str(record)) as server:
        assert server.wait() == 1
        server.expect("Can't write a record")
    assert record.read_text() == "precious"


def test_a_disk_that_takes_nothing_is_played_as_well(
    record: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch that was taken back, and came again without the disk."""
    append_all, fails = Log.append_all, [False]

    def append_or_not(self: Log, *arguments: object) -> None:
        if fails[0]:
            raise LogError("full")
        append_all(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Log, "append_all", append_or_not)
    settings = Settings(port=0, db=str(tmp_path / "chat.db"), drain=0.2)
    with Server(settings, record=str(record)) as server, Peer(server.address) as peer:
        peer.hello("ann")
        peer.join("tea")
        fails[0] = True
        peer.send("say", text="lost", n=1)
        assert peer.until("error")["code"] == "storage_unavailable"
        fails[0] = False
        peer.send("say", text="kept", n=1)
        assert peer.until("message")["text"] == "kept"
    lines = record.read_bytes().splitlines(keepends=True)
    assert any(json.loads(line)["stored"] is False for line in lines[1:])
    assert sum(1 for _ in play(lines)) == len(lines) - 1
