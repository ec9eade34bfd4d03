"""``roomchat trust``, and the options and questions by which people and scripts say whom they believe."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from roomchat.cli import main
from roomchat.server import Server
from roomchat.settings import Settings
from tests.emulator import ENTER, Emulated
from tests.peer import Peer
from tests.program import Program, Terminal, runner
from tests.trust import issue

Serve = Callable[..., Server]
Connect = Callable[..., Peer]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this person's servers are kept: none is known yet."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "roomchat"


def run(*arguments: str, **options: str) -> Result:
    return runner().invoke(main, arguments, **options)  # type: ignore[arg-type]


def where(server: Server) -> str:
    return f"tls://127.0.0.1:{server.address[1]}"


def lines(folder: Path) -> list[str]:
    path = folder / "known_servers"
    return path.read_text().splitlines() if path.exists() else []


def test_a_program_refuses_who_is_not_known(serve: Serve, folder: Path) -> None:
    """With the fingerprint, and what to say."""
    server = serve()
    result = run("who", "-s", where(server))
    assert result.exit_code == 1
    assert server.identity.fingerprint in result.stderr
    assert f"roomchat trust {where(server)}" in result.stderr
    assert not lines(folder)


@pytest.mark.parametrize("how", ["option", "variable", "settings file"])
def test_a_program_is_given_the_fingerprint(serve: Serve, tmp_path: Path, how: str) -> None:
    """On its line, for all of them, or for good."""
    server = serve()
    fingerprint = server.identity.fingerprint
    config = tmp_path / "config.toml"
    config.write_text(f'fingerprint = "{fingerprint}"\n' if how == "settings file" else "")
    options = ["--fingerprint", fingerprint] if how == "option" else []
    env = {"ROOMCHAT_FINGERPRINT": fingerprint} if how == "variable" else {}
    result = runner().invoke(main, ["--config", str(config), "who", "-s", where(server), *options], env=env)
    assert result.exit_code == 0, result.stderr


def test_a_fingerprint_in_the_settings_is_of_the_server_that_is_named_there(serve: Serve, tmp_path: Path) -> None:
    """Whoever asks another one is not told that its key has changed. Without a server it is of all."""
    server, other = serve(), serve()
    config = tmp_path / "config.toml"
    own = f'fingerprint = "{server.identity.fingerprint}"\n'
    config.write_text(f'server = "{where(server)}"\n{own}')
    spelled = where(server).replace("127.0.0.1", "localhost")
    for arguments in ([], ["-s", where(server)], ["-s", spelled]):
        assert run("--config", str(config), "who", *arguments).exit_code == 0
    assert "is not known yet" in run("--config", str(config), "who", "-s", where(other)).stderr
    with Program("--config", str(config), "join", where(other), "-n", "ann") as program:
        program.expect("is not known yet")
    config.write_text(own)
    assert "not the one that was given" in run("--config", str(config), "who", "-s", where(other)).stderr


@pytest.mark.parametrize("command", ["who", "rooms", "send tea hello"])
def test_a_program_may_believe_at_the_first_use(serve: Serve, folder: Path, command: str) -> None:
    """And only then."""
    server = serve()
    result = run(*command.split(), "-s", where(server), "--trust")
    assert result.exit_code == 0, result.stderr
    assert lines(folder) == [f"localhost:{server.address[1]} {server.identity.fingerprint}"]
    assert run("rooms", "-s", where(server)).exit_code == 0


def test_a_new_key_is_shown_and_trusted_by_word(folder: Path, tmp_path: Path) -> None:
    """Nothing else changes what is known of a server."""
    with Server(Settings(port=0)) as server:
        port, old = server.address[1], server.identity.fingerprint
        assert run("trust", where(server), "--yes").exit_code == 0
        assert "It is trusted already." in run("trust", where(server)).stdout
    cert, key = issue(tmp_path, "127.0.0.1")
    with Server(Settings(port=port, tls_cert=cert, tls_key=key)) as server:
        for options in ([], ["--trust"]):
            result = run("who", "-s", where(server), *options)
            assert result.exit_code == 1
            assert old in result.stderr
            assert server.identity.fingerprint in result.stderr
        result = run("trust", where(server))
        assert result.exit_code == 1
        assert f"It was known by another key: {old}" in result.stdout
        assert "There is nobody to ask" in result.stderr
        assert run("trust", where(server), "--fingerprint", old).exit_code == 1
        assert lines(folder) == [f"localhost:{port} {old}"]
        assert run("trust", where(server), "--fingerprint", server.identity.fingerprint).exit_code == 0
        assert run("who", "-s", where(server)).exit_code == 0
        assert run("trust", "--forget", where(server)).stdout == f"{where(server)} is forgotten.\n"
        assert not lines(folder)
        assert "was not known" in run("trust", "--forget", where(server)).stdout


def test_a_person_at_the_screen_is_asked(serve: Serve, folder: Path) -> None:
    """Before anything is sent; the chat begins then."""
    server = serve()
    with Emulated("join", where(server), "--name", "ann") as ann:
        ann.until("is not known yet. The fingerprint of its key is:")
        ann.until(lambda screen: screen.typed == "Do you trust it? [y/N]:")
        assert server.identity.fingerprint in ann.read.replace(" ", "-")
        assert not lines(folder)
        ann.type("y" + ENTER)
        ann.until("You are 1")
        assert lines(folder)


def test_a_person_in_plain_mode_is_asked(serve: Serve, folder: Path) -> None:
    """Who says no is in no chat, and can still go elsewhere. A line that was typed before is no answer."""
    with Terminal("join", where(serve()), "--plain") as terminal:
        terminal.expect("Your name")
        terminal.type("ann\ny\n")
        terminal.expect("Do you trust it")
        terminal.type("/quit\n")
        terminal.expect("Nothing was sent to it")
        assert terminal.wait() == 0
        assert not lines(folder)


def test_who_comes_through_a_pipe_is_not_asked(serve: Serve) -> None:
    """It ends with the sentence."""
    server = serve()
    with Program("join", where(server), "--name", "ann") as program:
        program.expect("is not known yet")
        assert program.wait() == 1


def test_a_server_that_is_away_is_no_reason_to_stay_out() -> None:
    """Whether it is believed is seen when it answers."""
    with Terminal("join", "tls://127.0.0.1:1", "--name", "ann", "--plain") as terminal:
        terminal.expect("No server answers")
        terminal.type("/quit\n")
        terminal.wait()


def test_tail_goes_on_encrypted(serve: Serve, connect: Connect) -> None:
    """As over any connection."""
    server = serve()
    ann = connect(server, "ann")
    ann.join("tea")
    with Program("tail", "tea", "-s", where(server), "--trust") as program:
        ann.until("member_joined")
        ann.send("say", room="tea", text="hello there")
        program.expect("hello there")


def test_a_server_says_how_others_join_it(tmp_path: Path) -> None:
    """Its fingerprint, and who is let in how; where only this machine can connect, its fingerprint."""
    options = ["serve", "--port", "0", "--db", str(tmp_path / "log.db")]
    with Program(*options, "--host", "0.0.0.0") as program:
        program.expect(r"From another machine: roomchat join \S+:\d+$")
        program.expect(r"^  ([0-9a-f]{4}-){15}[0-9a-f]{4}$")
        program.expect("clear text is taken from this machine only")
    with Program(*options, "--plaintext", "none") as program:
        address = program.expect(r"Join from this machine with: roomchat join (tls://localhost:\d+)$")[1]
        assert "nc localhost" not in program.output
        assert "roomchat join tls://" in run("who", "-s", address.replace("tls", "tcp")).stderr
        assert run("who", "-s", address, "--trust").exit_code == 0
    with Program(*options) as program:
        program.expect("Only this machine can connect")
        program.expect("fingerprint of its key, about which tls:// asks")
        program.expect(r"^  ([0-9a-f]{4}-){15}[0-9a-f]{4}$")
