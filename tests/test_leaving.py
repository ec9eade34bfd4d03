"""Leaving the chat while the server is away: the person is told what waits, and it arrives the next time."""

from __future__ import annotations

import os
import re
import signal
import socket
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import warm
from tests.emulator import Emulated
from tests.peer import Peer
from tests.program import AWAY, Program, address_of, having, serve


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return {"XDG_STATE_HOME": str(tmp_path / "state")}


def arrive(address: str, db: Path, texts: list[str], env: dict[str, str]) -> None:
    """The server and the person are back; bob, who asks for the history, sees what was kept."""
    host, port = address.rsplit(":", 1)
    with serve("--port", port, db=db) as server:
        address_of(server)
        with Program("join", address, "--name", "ann", env=env) as ann:
            ann.expect("You are 1")
            with Peer((host, int(port))) as bob:
                bob.hello("bob")
                seen: list[object] = []
                for room in ("tea", "cake"):
                    bob.send("join", room=room)
                while len(seen) < len(texts):
                    seen.append(bob.until("message")["text"])
                assert sorted(map(str, seen)) == sorted(texts)


def quit_twice(ann: Program) -> None:
    ann.type("/quit\r")
    ann.expect(r"3 lines are not sent yet; they will be sent the next time\. Quit again to leave")
    ann.type("/quit\r")


def interrupt_twice(ann: Program) -> None:
    ann.type("\x03")
    ann.expect("3 lines are not sent yet")
    ann.type("\x03")


def end_twice(ann: Program) -> None:
    ann.type("\x04")
    ann.expect("3 lines are not sent yet")
    ann.type("\x04")


def hang_up(ann: Program) -> None:
    ann.signal(signal.SIGHUP)


def terminate(ann: Program) -> None:
    ann.signal(signal.SIGTERM)


def kill(ann: Program) -> None:
    ann.signal(signal.SIGKILL)


@pytest.mark.parametrize("leave", [quit_twice, interrupt_twice, end_twice, hang_up, terminate])
def test_what_was_typed_on_the_screen_arrives_the_next_time(
    leave: Callable[[Program], None], tmp_path: Path, env: dict[str, str]
) -> None:
    """In the room where it was said, and behind a /join that waited."""
    db = tmp_path / "chat.db"
    with serve(db=db) as server:
        address = address_of(server)
        ann = Emulated("join", address, "--name", "ann", "--room", "tea", env=env)
        ann.expect("You are in tea")
    with ann:
        ann.expect(AWAY)
        ann.type("one\rtwo\r/join cake\rthree\r")
        ann.expect(r"\.\.\. three")
        leave(ann)
        assert ann.wait() == 0
        assert "3 lines are not sent yet; they will be sent the next time." in ann.read
        assert "was not sent" not in ann.read
    arrive(address, db, ["one", "two", "three"], env)


def test_deeds_are_kept_as_deeds(tmp_path: Path, env: dict[str, str]) -> None:
    db = tmp_path / "chat.db"
    with serve(db=db) as server:
        address = address_of(server)
        ann = Emulated("join", address, "--name", "ann", "--room", "tea", env=env)
        ann.expect("You are in tea")
    with ann:
        ann.expect(AWAY)
        ann.type("/join cake\r/me waves\r")
        ann.expect("waves")
        terminate(ann)
        ann.wait()
    port = address.rpartition(":")[2]
    with serve("--port", port, db=db) as server, Peer.at(address_of(server)) as bob:
        bob.hello("bob")
        bob.join("cake")
        with Program("join", address, "--name", "ann", env=env):
            assert bob.until("action")["text"] == "waves"


def test_a_line_goes_to_the_first_room_of_this_time(tmp_path: Path, env: dict[str, str]) -> None:
    """Not to the one of a last time that has ended in a crash. What only the server could have told is shown."""
    db = tmp_path / "chat.db"
    with serve(db=db) as server:
        address = address_of(server)
        with Program("join", address, "--name", "ann", "--room", "tea", env=env) as ann:
            ann.expect("in tea")
            kill(ann)
            ann.wait()
    for first, kept in (["--room", "cake"], True), (["--dial", "bob"], False):
        with Emulated("join", address, "--name", "ann", *first, env=env) as ann:
            ann.expect(AWAY)
            ann.type(f"{first[1]} only\r")
            ann.expect(rf"\.\.\. (\[\w+\] )?{first[1]} only")  # not only that of before
            terminate(ann)
            ann.wait()
            assert ("Not sent, and not kept" in ann.read) is not kept
    arrive(address, db, ["cake only"], env)
    with serve("--port", address.rsplit(":", 1)[1], db=db) as server, Peer.at(address_of(server)) as bob:
        bob.hello("kim")
        assert bob.join("tea")["last_seq"] == 0
        assert bob.join("cake")["last_seq"] == 1


def test_a_whisper_whose_name_was_asked_for_is_given_back(tmp_path: Path, env: dict[str, str]) -> None:
    """The connection is lost while the server is asked; then the person leaves."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with Emulated("join", f"127.0.0.1:{port}", "--name", "ann", env=env) as ann:
            client, _ = silent.accept()
            with client:
                client.recv(65536)
                client.sendall(
                    b'{"type":"welcome","uid":1,"name":"ann","token":"t","epoch":"e","last_n":0,"server":"s",'
                    b'"clients":[],"clients_total":0,"rooms":[],"rooms_total":0,'
                    b'"limits":{"text":99,"name":9,"line":999,"rooms":9}}\n'
                )
                ann.expect("You are 1")
                ann.type("/whisper zork meet me at six\r")
                while b'"who"' not in client.recv(65536):
                    pass
                terminate(ann)
                ann.wait()
        assert "Not sent, and not kept: /whisper zork meet me at six" in ann.read


@pytest.mark.parametrize("leave", [hang_up, terminate, kill])
def test_a_pipe_says_what_waits_and_fails(
    leave: Callable[[Program], None], tmp_path: Path, env: dict[str, str]
) -> None:
    """And it arrives the next time, after a kill as well."""
    db = tmp_path / "chat.db"
    with serve(db=db) as server:
        address = address_of(server)
        ann = Program("join", address, "--name", "ann", "--room", "tea", env=env)
        ann.expect("in tea")
    with ann:
        ann.expect(AWAY)
        ann.type("one\ntwo\n/rooms\n")
        ann.expect("There is no connection now")
        leave(ann)
        assert ann.wait() != 0
        assert leave is kill or "2 lines are not sent yet; they will be sent the next time." in ann.output
    arrive(address, db, ["one", "two"], env)


def test_what_waits_for_one_server_is_kept_while_on_another(tmp_path: Path, env: dict[str, str]) -> None:
    """/connect says what waits, and nothing of it goes elsewhere."""
    db = tmp_path / "chat.db"
    with serve(db=db) as server:
        address = address_of(server)
        soon = having("terminal.terminal.EXIT_FLUSH_TIMEOUT = 0.5")
        ann = Program("join", address, "--name", "ann", "--room", "tea", program=soon, env=env)
        ann.expect("in tea")
    with ann, serve() as other:
        ann.expect(AWAY)
        ann.type(f"one\n/connect {address_of(other)}\n")
        ann.expect("1 line is not sent yet; it will be sent the next time")
        ann.expect("Connecting to")
        ann.type("/quit\n")
        assert ann.wait() == 0
    arrive(address, db, ["one"], env)


def test_a_line_that_is_refused_is_shown(tmp_path: Path, env: dict[str, str]) -> None:
    """With its reason, in plain lines."""
    with serve() as server, Program("join", address_of(server), "--name", "ann", env=env) as ann:
        ann.expect("You are 1")
        ann.type("/whisper 99 hello there\n")
        ann.expect("Refused: .*\nYou wrote: hello there")
        ann.type("to nobody\n")
        ann.expect("Refused: .*\nYou wrote: to nobody")


def limited(*arguments: str, blocks: int) -> list[str]:
    """A program whose files can't grow beyond that: a full disk."""
    size = blocks * 1024
    code = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))"
    return [*warm.command("-c"), f"{code}; from roomchat.__main__ import run; run()", *arguments]


@pytest.mark.parametrize("blocks", [8, 60, 200])
@pytest.mark.parametrize("program", ["send", "join"])
def test_a_full_disk_of_the_client_is_one_sentence(
    program: str, blocks: int, tmp_path: Path, env: dict[str, str]
) -> None:
    """No traceback; and where the input is to be sent from again is told, or all of it was said."""
    with serve() as server:
        address = address_of(server)
        arguments = {
            "send": ["send", "ops", "--lines", "--server", address, "--timeout", "10"],
            "join": ["join", address, "--name", "ann", "--room", "ops"],
        }[program]
        done = subprocess.run(
            limited(*arguments, blocks=blocks), env={**os.environ, **env}, capture_output=True, text=True,
            check=False, timeout=50, input="".join(f"\nline {number} {'x' * 200}\n" for number in range(300)),
        )  # fmt: skip
    assert "Traceback" not in done.stderr
    assert "not connected" not in done.stdout
    assert ".." not in done.stderr
    if done.returncode and program == "send":
        assert re.search(r"The input from line \d+ on was not sent\.", done.stderr) or re.search(
            "kept|keep", done.stderr
        )


@pytest.mark.parametrize("content", [b"garbage" * 1000, None])
def test_a_damaged_state_is_named(content: bytes | None, tmp_path: Path, env: dict[str, str]) -> None:
    """The same by all programs, with what to do."""
    with serve() as server:
        address = address_of(server)
        for arguments in (
            ["join", address, "--name", "ann"],
            ["send", "tea", "x", "--server", address, "--name", "ann"],
        ):
            with Program(*arguments, env=env) as ran:
                ran.end_input()
                assert ran.wait() == 0
            (path,) = (tmp_path / "state").rglob("ann.db")
            kept = path.read_bytes()
            if content is None:
                with sqlite3.connect(path) as connection:
                    connection.execute("UPDATE identity SET value = x'00' WHERE key = 'token'")
                connection.close()
            else:
                path.write_bytes(content)
            with Program(*arguments, env=env) as ran:
                ran.end_input()
                assert ran.wait() == 1
            assert f"{path} can't be read" in ran.output
            assert "Remove that file" in ran.output
            path.write_bytes(kept)
