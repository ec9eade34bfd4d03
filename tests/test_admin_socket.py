"""The admin socket: whose it is, what is left of it, and whatever is sent to it."""

from __future__ import annotations

import json
import os
import socket
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from click import ClickException
from hypothesis import given
from hypothesis import strategies as st

from roomchat.cli.admin import ask
from roomchat.errors import StartError
from roomchat.net.admin_socket import MAX_CONNECTIONS
from roomchat.protocol.administration import MAX_LINE
from roomchat.server import Server
from roomchat.settings import Settings
from tests.admin import Admin, admin, rows, run
from tests.peer import Peer
from tests.program import serve as serve_program

Serve = Callable[..., Server]
Connect = Callable[..., Peer]


def settings(log: Path) -> Settings:
    return Settings(port=0, db=str(log), drain=0.2)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A file in a folder whose name is short enough for a socket in it."""
    return tmp_path / "chat.db"


# ---------------------------------------------------------------- the socket


def test_the_socket_is_for_the_owner_alone_and_goes_with_the_server(log: Path) -> None:
    """The mode of its file is what keeps others out."""
    with Server(settings(log)):
        mode = os.stat(f"{log}.admin").st_mode
        assert stat.S_ISSOCK(mode)
        assert stat.S_IMODE(mode) == 0o600
    assert not os.path.exists(f"{log}.admin")


def test_nobody_else_may_open_it(serve: Serve, log: Path) -> None:
    """Another user is told whose it is. Root may, so the test has to be somebody else."""
    if os.geteuid() == 0:
        pytest.skip("root may open everything")
    serve(db=str(log))
    os.chmod(f"{log}.admin", 0)
    result = run(log, "stats")
    assert result.exit_code == 1
    assert result.stderr == f"Error: Only its owner may rule the server of {log}.\n"


def test_who_answers_in_the_place_of_the_server_is_told_nothing(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where all may write, as in /tmp, somebody else may have been first."""
    log.touch()
    stranger = max(os.geteuid(), 1000) + 1
    assert not ask.may_answer(stranger, log)
    assert not ask.may_answer(stranger, log.with_name("none"))
    assert all(ask.may_answer(uid, log) for uid in (None, 0, os.geteuid(), log.stat().st_uid))
    monkeypatch.setattr("roomchat.cli.admin.ask.user_of", lambda _: stranger)
    with closing(socket.socket(socket.AF_UNIX)) as listener:
        listener.bind(f"{log}.admin")
        listener.listen()
        with pytest.raises(ClickException, match="Somebody else answers"):
            ask.Admin(log)


def test_without_a_server_there_is_a_sentence(log: Path) -> None:
    """Whether or not there ever was one."""
    for words in (["stats"], ["room", "list"], ["account", "list"], ["audit"], ["backup", str(log) + ".copy"]):
        result = run(log, *words)
        assert result.exit_code == 1
        assert result.stderr.startswith(f"Error: No server runs with {log}; start it")


def test_what_a_killed_server_leaves_is_replaced(log: Path) -> None:
    """It is no obstacle for the next one, and until then nobody waits at it."""
    with serve_program(db=log) as killed:
        killed.expect("listens on")
        assert run(log, "ban", "10.0.0.7").exit_code == 0
        killed.kill()
    assert os.path.exists(f"{log}.admin")
    result = run(log, "stats")
    assert (result.exit_code, "No server runs" in result.stderr) == (1, True)
    with Server(settings(log)):
        assert [one["who"] for one in rows(run(log, "bans", "--json"))] == ["10.0.0.7"]  # what was answered holds


def test_what_is_no_socket_is_left_alone(serve: Serve, log: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The chat does without, and says so."""
    Path(f"{log}.admin").write_text("mine")
    serve(db=str(log))
    assert "there can be no admin socket" in caplog.text
    assert Path(f"{log}.admin").read_text() == "mine"


def test_a_path_may_be_too_long_for_a_socket(
    serve: Serve, connect: Connect, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The chat runs all the same; both sides say why there is no admin."""
    log = tmp_path / ("x" * 120) / "chat.db"
    connect(serve(db=str(log)), "ann")
    assert "there can be no admin socket" in caplog.text
    result = run(log, "stats")
    assert result.exit_code == 1
    assert "too long" in result.stderr


def test_a_second_server_does_not_take_the_socket(serve: Serve, log: Path) -> None:
    """It is refused before it comes to that."""
    serve(db=str(log))
    with pytest.raises(StartError, match="Another roomchat server"):
        Server(settings(log)).start()
    assert run(log, "stats").exit_code == 0


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"", "bad_json"),
        (b"{", "bad_json"),
        (b"\xff", "bad_json"),
        (b"[" * 5000, "bad_command"),
        (b"17", "bad_command"),
        (b'{"type": "bye"}', "bad_command"),
        (b'{"type": "list_accounts", "after": -1}', "bad_command"),
        (b'{"type": "list_accounts", "after": "x"}', "bad_command"),
        (b'{"type": "list_accounts", "upto": 3}', "bad_command"),
        (b'{"type": "ban"}', "bad_command"),
        (b'{"type": "ban", "uid": 1}', "no_such_client"),
        (b'{"type": "ban", "uid": 1, "name": "ann"}', "bad_command"),
        (b'{"type": "ban", "name": "ann"}', "no_such_client"),
        (b'{"type": "ban", "name": "a n n"}', "bad_name"),
        (b'{"type": "ban", "address": "10.0.0"}', "bad_command"),
        (b'{"type": "ban", "address": "10.0.0.1", "seconds": 0}', "bad_command"),
        (b'{"type": "unban", "address": "10.0.0.1"}', "unchanged"),
        (b'{"type": "backup"}', "bad_command"),
        (b'{"type": "show_room", "room": ""}', "bad_name"),
        (b'{"type": "show_room", "room": "a b"}', "bad_name"),
        (b'{"type": "show_room", "room": "tea"}', "no_such_room"),
        (b'{"type": "show_room", "room": "@1-2"}', "no_such_room"),
    ],
)
def test_bad_lines_are_answered_and_the_next_one_works(serve: Serve, log: Path, line: bytes, code: str) -> None:
    """Each with a code and a sentence."""
    serve(db=str(log))
    with admin(log) as one:
        one.send(line + b"\n")
        answer = one.next()
        assert (answer["type"], answer["code"]) == ("failure", code)
        assert answer["message"].endswith(".")
        assert one.ask("server_stats")["type"] == "stats_answer"


def test_a_line_that_never_ends_is_refused(serve: Serve, log: Path) -> None:
    """Its sender is let go: it can't be told what comes next."""
    serve(db=str(log))
    with admin(log) as one:
        one.send(b"x" * (MAX_LINE + 1))
        assert one.next()["code"] == "too_long"
        with pytest.raises((EOFError, ConnectionResetError)):
            one.next()
    with admin(log) as another:
        assert another.ask("server_stats")["type"] == "stats_answer"


def test_lines_may_come_in_pieces_and_together(serve: Serve, log: Path) -> None:
    """Each is answered, in order."""
    serve(db=str(log))
    with admin(log) as one:
        one.send(b'{"type": "server_st')
        one.send(b'ats"}\n{"type": "list_rooms"}\n{"type": "list_')
        assert [one.next()["type"] for _ in range(2)] == ["stats_answer", "rooms_answer"]
        one.send(b'audit"}\n')
        assert one.next()["type"] == "audit_answer"


def test_admins_who_are_silent_lock_nobody_out(serve: Serve, log: Path) -> None:
    """Of too many, the one that was silent longest gives way."""
    serve(db=str(log))
    opened = [Admin(log) for _ in range(MAX_CONNECTIONS)]
    try:
        for one in opened:
            assert one.ask("server_stats")["type"] == "stats_answer"
        assert opened[0].ask("server_stats")["type"] == "stats_answer"
        with admin(log) as another:
            assert another.ask("server_stats")["type"] == "stats_answer"
            with pytest.raises((EOFError, ConnectionResetError)):
                opened[1].next()
            assert opened[0].ask("server_stats")["type"] == "stats_answer"
    finally:
        for one in opened:
            one.close()


def test_a_server_stops_while_an_admin_is_connected(log: Path) -> None:
    """The admin is let go, as everybody."""
    server = Server(settings(log))
    server.start()
    with admin(log) as one:
        assert one.ask("server_stats")["type"] == "stats_answer"
        server.stop()
        with pytest.raises((EOFError, ConnectionResetError)):
            one.next()


def test_no_bytes_break_it(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Whatever is sent: each line is answered by a line, and the server goes on."""
    log = tmp_path_factory.mktemp("any") / "chat.db"
    with Server(settings(log)) as server:

        @given(st.lists(LINES, max_size=5))
        def say(lines: list[bytes]) -> None:
            with admin(log) as one:
                one.send(b"".join(line + b"\n" for line in lines))
                assert all("type" in one.next() for _ in lines)
                assert one.ask("server_stats")["type"] == "stats_answer"

        say()
        assert not server.failed


COMMANDS = [
    "server_stats",
    "list_rooms",
    "show_room",
    "list_accounts",
    "list_audit",
    "backup",
    "list_present",
    "x",
]
LINES = st.binary(max_size=40).map(lambda data: data.replace(b"\n", b"")) | st.builds(
    lambda type, fields: json.dumps({"type": type, **fields}).encode(),
    st.sampled_from(COMMANDS),
    st.dictionaries(
        st.sampled_from(["after", "before", "room", "file", "upto"]),
        st.none() | st.integers() | st.text(max_size=40) | st.lists(st.integers(), max_size=2),
    ),
)
