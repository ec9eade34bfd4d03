"""The program as people run it: real processes, real terminals."""

from __future__ import annotations

import importlib.util
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from roomchat import __version__
from roomchat.cli import main
from tests import warm
from tests.program import Program, Terminal, address_of, runner, serve

ROOT = Path(__file__).parent.parent


def no_server() -> str:
    """An address at which nobody listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{sock.getsockname()[1]}"


def test_version() -> None:
    """--version names the program and its version."""
    result = CliRunner().invoke(main, ["--version"])
    assert result.output == f"roomchat {__version__}\n"


def test_the_help_texts_are_in_the_docs() -> None:
    """docs/cli.md is what scripts/write_cli_docs.py writes."""
    spec = importlib.util.spec_from_file_location("write_cli_docs", ROOT / "scripts" / "write_cli_docs.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    assert (ROOT / "docs" / "cli.md").read_text() == script.text(), "run `make docs`"


def test_the_demo_plays() -> None:
    """scripts/demo.py, with its four processes, ends well."""
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "demo.py"], capture_output=True, text=True, check=False, timeout=50
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Everyone saw every message once" in done.stdout


# ---------------------------------------------------------------- serve


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_server_well(number: signal.Signals) -> None:
    """Ctrl-C and SIGTERM tell everyone, and end with 0; the client waits for the server to come back."""
    with serve() as server, Program("join", address_of(server), "--name", "ann") as client:
        client.expect("You are 1")
        server.signal(number)
        client.expect("Notice: The server is stopping")
        client.expect(r"^The server has closed the connection\. Trying again; what you type is kept\.$")
        assert server.wait() == 0
        assert server.output.endswith("Stopped.\n")
        client.end_input()
        assert client.wait() == 0


def test_a_configuration_is_utf8_in_every_locale(tmp_path: Path) -> None:
    """As TOML says; the locale of a service is often C."""
    config = tmp_path / "roomchat.toml"
    config.write_text('[serve]\nmotd = "Grüße"\n', encoding="utf-8")
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    with (
        serve("--config", str(config), env=ascii_only) as server,
        Program("join", address_of(server), "--name", "ann") as ann,
    ):
        ann.expect("Grüße")


@pytest.mark.parametrize("take", ["move", "remove"])
def test_a_hangup_opens_the_log_file_again(tmp_path: Path, take: str) -> None:
    """As programs that rotate logs expect: the server goes on, and writes to a new file of that name."""
    log = tmp_path / "chat.log"
    with serve("--debug", "1", "--log-file", str(log)) as server:
        address = address_of(server)
        if take == "move":
            log.rename(tmp_path / "chat.log.1")
        else:
            log.unlink()
        server.signal(signal.SIGHUP)
        until = time.monotonic() + 20
        while not log.exists():
            assert time.monotonic() < until
        with Program("join", address, "--name", "ann") as client:
            client.expect("You are 1")
        server.signal(signal.SIGTERM)
        assert server.wait() == 0
        assert "client 1 ann" in log.read_text()


def test_a_log_file_that_takes_nothing_costs_lines_only() -> None:
    """A full disk under the log, and a log that can't be opened again, end nothing."""
    with serve("--debug", "1", "--log-file", "/dev/full") as server:
        with Program("join", address_of(server), "--name", "ann") as client:
            client.expect("You are 1")
        server.signal(signal.SIGHUP)
        with Program("join", address_of(server), "--name", "bob") as client:
            client.expect("You are 2")
        server.signal(signal.SIGTERM)
        assert server.wait() == 0
        assert "Traceback" not in server.output


def test_the_start_says_what_one_needs_to_know(tmp_path: Path) -> None:
    """Where it listens, how to join, and what an acknowledgement means."""
    with serve(db=tmp_path / "chat.db") as server:
        address = address_of(server)
        server.expect(rf"Join from this machine with: roomchat join {address}$")
        server.expect(r"Every message is on disk before anyone sees it, in .*chat\.db\.$")
        server.expect(r"Ctrl-C to stop the server")
        server.signal(signal.SIGINT)
        assert server.wait() == 0


def test_what_can_not_be_served_is_one_sentence(tmp_path: Path) -> None:
    """A taken port, a database in use, of another program or broken: told in a sentence, exit code 1."""
    foreign, broken, used = tmp_path / "foreign.db", tmp_path / "broken.db", tmp_path / "used.db"
    with sqlite3.connect(foreign) as connection:
        connection.execute("CREATE TABLE things (thing)")
    connection.close()
    broken.write_bytes(b"this is not a database, but long enough to look like one" * 100)
    with serve(db=used) as server:
        port = address_of(server).rpartition(":")[2]
        for arguments, told in [
            (["--port", port, "--db", ":memory:"], "is taken"),
            (["--port", "0", "--db", str(used)], "Another roomchat server is using"),
            (["--port", "0", "--db", str(foreign)], "is a database of another program"),
            (["--port", "0", "--db", str(broken)], "is not a roomchat database, or a broken one"),
            (["--port", "0", "--db", "/proc/no/such/place.db"], "Can't write to the folder"),
            (
                ["--port", "0", "--db", ":memory:", "--host", "192.0.2.1"],
                "This machine has no address 192.0.2.1; give",
            ),
            (
                ["--port", "0", "--db", ":memory:", "--host", "no.invalid"],
                "There is no host 'no.invalid'; give",
            ),
            (["--log-file", "/proc/no/log"], "Can't write to the log file"),
            (["--config", str(tmp_path / "none.toml")], "Error: There is no file "),
            (["--config", "/proc/self/mem"], "Error: Can't read /proc/self/mem: Input/output error.\n"),
        ]:
            with Program("serve", *arguments) as other:
                assert other.wait() == 1
                assert other.output.startswith("Error: ")
                assert told in other.output
                assert other.output.count("\n") == 1


@pytest.mark.parametrize("option", ["--log-file", "--record"])
@pytest.mark.parametrize("ending", ["", "-wal", "-shm", "-journal", ".lock"])
def test_a_server_writes_nothing_else_into_its_database(option: str, ending: str, tmp_path: Path) -> None:
    """Whatever the file is called, and also before there is one."""
    (tmp_path / "link").symlink_to(tmp_path / f"chat.db{ending}")
    for target in (tmp_path / f"chat.db{ending}", tmp_path / "link"):
        with serve(option, str(target), db=tmp_path / "chat.db") as server:
            assert server.wait() == 2
            assert "belongs to the server's database" in server.output
    assert os.listdir(tmp_path) == ["link"]


def test_a_log_is_not_written_into_another_database(tmp_path: Path) -> None:
    """A backup, say."""
    backup = tmp_path / "backup.db"
    with closing(sqlite3.connect(backup)) as connection:
        connection.execute("CREATE TABLE one (two)")
    before = backup.read_bytes()
    with serve("--log-file", str(backup)) as server:
        assert server.wait() == 2
        assert "is a database" in server.output
    assert backup.read_bytes() == before


def test_options_come_from_the_line_then_the_environment_then_the_file(tmp_path: Path) -> None:
    """The command line wins over the environment, and that over the file."""
    config = tmp_path / "roomchat.toml"
    config.write_text('[serve]\nmotd = "file"\nmax-clients = 1\nport = 1\n')
    environment = {"ROOMCHAT_SERVE_MOTD": "environment"}
    with (
        serve("--config", str(config), env=environment) as server,
        Program("join", address_of(server), "--name", "ann") as ann,
    ):
        ann.expect("^environment$")
        with Program("join", address_of(server), "--name", "bob") as bob:
            assert bob.wait() == 1
            assert bob.output == "Error: The server is full (limit: 1); try again later.\n"


WRONG = [
    "wires = 5",
    "wires = [1]",
    'motd = ["a"]',
    "port = 1.5",
    "rate = true",
    "motd = {a = 1}",
    'port = "many"',
]


@pytest.mark.parametrize(
    "text", ["[serve]\ncolour = 1\n", "[serve\n", "serve = 5", "[[serve]]", *(f"[serve]\n{one}" for one in WRONG)]
)
def test_a_wrong_file_is_told(tmp_path: Path, text: str) -> None:
    """An unknown option, no TOML, or a wrong value is refused before anything starts."""
    config = tmp_path / "roomchat.toml"
    config.write_text(text)
    with Program("serve", "--config", str(config)) as server:
        assert server.wait() in {1, 2}
        assert "Error: " in server.output
        assert "Traceback" not in server.output


def test_idle_exit_ends_an_unused_server() -> None:
    """With nobody connected for so long it says so and ends with 0."""
    with serve("--idle-exit", "0.2") as server:
        assert server.wait() == 0
        assert "Stopping: nobody was connected for 0.2 seconds.\n" in server.output


def test_debug_logs_what_is_done_but_not_what_is_said(tmp_path: Path) -> None:
    """With -d 1 the log has connects, names, UIDs, rooms, joins, leaves and refusals; without it nothing."""
    logs = [tmp_path / "0.log", tmp_path / "1.log"]
    for level, log in enumerate(logs):
        with serve("-d", str(level), "--log-file", str(log)) as server:
            with Program("join", address_of(server), "--name", "ann") as ann:
                ann.type("/join tea\nsecret\n/leave\n/dial 99\n")
                ann.end_input()
                assert ann.wait() == 1  # nobody has that UID
            server.signal(signal.SIGINT)
            assert server.wait() == 0
    assert logs[0].read_text() == ""
    text = logs[1].read_text()
    for part in ["connected", "is client 1 ann", "made tea", "entered tea", "left tea", "no_such_client"]:
        assert part in text
    assert "secret" not in text


def test_a_second_interrupt_ends_at_once() -> None:
    """Asked twice, the server does not wait for a client that takes nothing."""
    with serve() as server:
        host, _, port = address_of(server).rpartition(":")
        with socket.create_connection((host, int(port))) as stuck:
            stuck.sendall(b'{"type":"hello","protocol":1,"name":"stuck"}\n')
            server.expect("Ctrl-C to stop the server")
            server.signal(signal.SIGINT)
            server.expect("Ctrl-C again")
            server.signal(signal.SIGINT)
            assert server.wait() in {130, 0, -signal.SIGINT}, "0, or ended by it, if it was done already"


# ---------------------------------------------------------------- join


@pytest.mark.parametrize("terminal", [True, False])
def test_a_name_is_asked_for_until_it_will_do(terminal: bool) -> None:
    """Without --name it is asked for; taken or wrong, it is asked for again."""
    with serve() as server, Program("join", address_of(server), "--name", "ann") as ann:
        ann.expect("You are 1")
        with (Terminal if terminal else Program)("join", address_of(server), "--plain") as bob:
            bob.expect("Your name")
            bob.type("Ann\n")
            bob.expect("Someone here is called ann already")
            bob.type("b o b\n")
            bob.expect("'b o b' can't be a name: it has a space in it")
            bob.type("bob\n")
            bob.expect("You are 2: others reach you with /dial 2")
            bob.type("/quit\n")
            assert bob.wait() == 0


def test_a_refused_name_in_a_pipe_ends_it() -> None:
    """With --name and a pipe there is nobody to ask: the lines are chat, not names."""
    with serve() as server, Program("join", address_of(server), "--name", "a b") as client:
        client.type("hello\n")
        assert client.wait() == 1
        assert client.output == "Error: 'a b' can't be a name: it has a space in it.\n"


def test_two_people_in_two_terminals() -> None:
    """One dials the other with --dial, a third comes with --room; Ctrl-C says goodbye to the others."""
    with (
        serve() as server,
        Terminal("join", address_of(server), "--name", "ann", "--plain") as ann,
    ):
        ann.expect("You are 1")
        with Terminal("join", address_of(server), "--name", "bob", "--dial", "1", "--plain") as bob:
            room = bob.expect(r"You started (r\d+)")[1]
            ann.expect(rf"bob \(2\) dialled you: you are in {room}")
            ann.type("hi bob\n")
            bob.expect(rf"\[{room}\] ann: hi bob")
            with Terminal("join", address_of(server), "--name", "cleo", "--room", room, "--plain") as cleo:
                cleo.expect(rf"\[{room}\] ann: hi bob")
                bob.expect(r"cleo \(3\) came in")
                bob.type("\x03")
                cleo.expect(r"bob \(2\) said goodbye")
            assert bob.wait() == 0
            assert bob.output.endswith("Goodbye.\n")


def test_a_pipe_is_sent_whole_before_it_ends() -> None:
    """`printf ... | roomchat join` ends with 0 when all its lines came back from the server."""
    with serve() as server, Program("join", address_of(server), "--name", "ann") as ann:
        ann.type("/join tea\n" + "".join(f"line {i}\n" for i in range(300)))
        ann.end_input()
        assert ann.wait() == 0
        said = [line for line in ann.output.splitlines() if "ann: line" in line]
        assert [line.rpartition(" ")[2] for line in said] == [str(i) for i in range(300)]


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("hello\n", "You are not in a room"),
        ("/join tea\n/whisper nobody x\n", "nobody"),
        ("/join tea\n/whisper 99 x\n", "99"),
        ("/join tea\n/nosuch\n", "/nosuch"),
        ("/join tea\n/whisper\n", "/whisper UID TEXT"),
        ("/join tea\n" + "y" * 9000 + "\n", "9000"),
    ],
    ids=lambda text: text[:20].strip(),
)
def test_a_pipe_that_was_not_understood_ends_with_1(typed: str, told: str) -> None:
    """The reason stands on standard error; the lines behind it are said all the same."""
    with serve() as server:
        done = subprocess.run(
            [*warm.command(), "join", address_of(server), "--name", "ann"],
            input=typed + "/join den\nafter\n",
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
    assert done.returncode == 1
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert "ann: after" in done.stdout


def test_what_can_not_be_sent_holds_nothing_up() -> None:
    """Too long a line, and UIDs that are none, are refused here; what follows is said."""
    with serve() as server, Program("join", address_of(server), "--name", "ann") as ann:
        ann.type("/join tea\n" + "x" * 70_000 + "\n/whisper 0 hi\n/whisper " + "9" * 5000 + " hi\nafter\n")
        ann.end_input()
        assert ann.wait() == 1
        assert "Refused: A message may have at most 8192 characters; this one has 70000." in ann.output
        assert "0 is not a valid UID" in ann.output
        assert "ann: after" in ann.output
        assert "Traceback" not in ann.output


def test_a_terminated_client_says_goodbye() -> None:
    """SIGTERM and a closed window are like Ctrl-C: the others see a goodbye, not a lost connection."""
    with serve() as server, Program("join", address_of(server), "--name", "ann", "--room", "tea") as ann:
        ann.expect("You are in tea")
        for number in (signal.SIGTERM, signal.SIGHUP):
            with Program("join", address_of(server), "--name", "bob", "--room", "tea") as bob:
                bob.expect("You are in tea")
                bob.signal(number)
                assert bob.wait() == 0
        ann.expect(r"(?s)said goodbye.*said goodbye")


def test_an_impatient_person_can_leave_while_the_server_is_away() -> None:
    """With the server gone, Ctrl-C ends the client though something is unsent."""
    with (
        serve() as server,
        Terminal("join", address_of(server), "-n", "ann", "-r", "tea", "--plain") as ann,
    ):
        ann.expect("You are in tea")
        server.signal(signal.SIGKILL)
        ann.expect("what you type is kept")
        ann.type("unsent\n")
        ann.type("\x03")
        assert ann.wait() == 0
        assert "Goodbye.\n" in ann.output


def test_no_server_is_one_sentence() -> None:
    """Nobody there, or no such host: told in a sentence, exit code 1."""
    for address, told in [
        (no_server(), "No server answers at"),
        ("no-such-host.invalid", "There is no host 'no-such-host.invalid'"),
    ]:
        with Program("join", address, "--name", "ann") as client:
            assert client.wait() == 1
            assert client.output.startswith("Error: ")
            assert told in client.output
            assert client.output.count("\n") == 1


@pytest.mark.parametrize(
    "command", ["join", "verify", "who --server", "rooms -s", "tail tea -s", "send tea hi -s"]
)
@pytest.mark.parametrize(
    ("address", "told"),
    [
        (":5050", "':5050' does not name a host; write HOST or HOST:PORT."),
        ("host:", "'' is not a port; a port is a number from 1 to 65535."),
        ("host:99999", "'99999' is not a port; a port is a number from 1 to 65535."),
        ("host:abc", "'abc' is not a port; a port is a number from 1 to 65535."),
        ("my host", "'my host' can't be a host; write a name such as localhost, or an IP address."),
        ("", "'' does not name a host; write HOST or HOST:PORT."),
    ],
)
def test_a_wrong_address_is_one_sentence(command: str, address: str, told: str) -> None:
    """Wherever one is given, with the exit code of a wrong command line."""
    result = runner().invoke(main, [*command.split(), address])
    assert (result.exit_code, result.stderr) == (2, f"Error: {told}\n")


@pytest.mark.parametrize(
    ("host", "told"),
    [
        ("", "--host is empty; give an address of this machine, or 0.0.0.0 to let others in."),
        (" ", "--host is empty; give an address of this machine, or 0.0.0.0 to let others in."),
        ("localhost:5980", "--host takes no port; write --host localhost --port 5980."),
        ("[::1]:5980", "--host takes no port; write --host ::1 --port 5980."),
        ("a host", "'a host' can't be a host; write a name such as localhost, or an IP address."),
        ("[localhost]", "'[localhost]' can't be a host; write a name such as localhost, or an IP address."),
    ],
)
def test_a_wrong_host_is_one_sentence(tmp_path: Path, host: str, told: str) -> None:
    """On the command line, in the environment and in the file."""
    config = tmp_path / "roomchat.toml"
    config.write_text(f"[serve]\nhost = {host!r}\n")
    for arguments, env in [
        (["--host", host], {}),
        (["--config", str(config)], {}),
        *([([], {"ROOMCHAT_SERVE_HOST": host})] if host else []),  # an empty variable sets nothing
    ]:
        result = runner().invoke(main, ["serve", "--db", ":memory:", *arguments], env=env)
        assert (result.exit_code, result.stderr) == (2, f"Error: {told}\n")


@pytest.mark.parametrize("host", ["[::1]", "::1", " 127.0.0.1 "])
def test_a_host_is_read_as_people_write_it(host: str) -> None:
    """With the brackets that an address with a port has; what it says then can be given to join."""
    with serve("--host", host) as server, Program("join", address_of(server), "--name", "ann") as client:
        client.expect("You are 1")


def test_another_kind_of_server_is_told() -> None:
    """Something that is no roomchat server is called that."""
    with (
        socket.create_server(("127.0.0.1", 0)) as other,
        Program("join", f"127.0.0.1:{other.getsockname()[1]}", "--name", "ann") as client,
    ):
        connection, _ = other.accept()
        with connection:
            connection.sendall(b"220 mail.example.org ESMTP\r\n")
            assert client.wait() == 1
        assert client.output.endswith("is not a roomchat server.\n")


def test_a_killed_server_is_one_line_on_the_screen(tmp_path: Path) -> None:
    """After kill -9 and a restart what was typed meanwhile is said, what was said is seen, and nothing twice."""
    database = tmp_path / "chat.db"
    with serve(db=database) as first:
        address = address_of(first)
        with (
            Program("join", address, "--name", "bob", "--room", "tea") as bob,
            Program("join", address, "--name", "ann", "--room", "tea") as ann,
        ):
            for client in (ann, bob):
                client.expect(r"You are in tea with|came in")
            ann.type("before\n")
            bob.expect("ann: before")
            first.signal(signal.SIGKILL)
            bob.expect("what you type is kept")
            bob.type("in between\n")
            with serve("--port", address.rpartition(":")[2], db=database):
                ann.expect("bob: in between")
                for client in (ann, bob):
                    client.expect(r"^The connection is back\.$")
                ann.type("after\n")
                bob.expect("ann: after")
                for client in (ann, bob):
                    client.end_input()
                    assert client.wait() == 0
            said = re.findall(r"^\d\d:\d\d \[tea\] (.*)$", bob.output, re.MULTILINE)
            assert said == ["ann: before", "bob: in between", "ann: after"]
            assert bob.output.count("what you type is kept") == 1
            assert bob.output.count("You are") == 2, "who and where, once"


def test_a_killed_client_goes_on_where_it_was() -> None:
    """Started again with the same name it has the same UID, and sees what it missed, once."""
    with serve() as server, Program("join", address_of(server), "--name", "ann", "--room", "tea") as ann:
        ann.expect("You are in tea")
        with Program("join", address_of(server), "--name", "bob", "--room", "tea") as bob:
            bob.expect("You are in tea")
            ann.type("one\n")
            bob.expect("ann: one")
            bob.type("/who\n")
            bob.expect("2 here")  # so it is done with what came before that
            bob.signal(signal.SIGKILL)
            bob.wait()
        ann.expect("bob .* is away")
        ann.type("two\n")
        ann.expect("ann: two")
        with Program("join", address_of(server), "--name", "bob") as bob:
            bob.expect("You are 2")
            bob.expect("ann: two")
            bob.end_input()
            assert bob.wait() == 0
            assert "ann: one" not in bob.output


def test_two_programs_of_one_person_have_two_seats() -> None:
    """The second one with the same name finds that taken: it does not push the first one out."""
    with serve() as server, Program("join", address_of(server), "--name", "ann") as ann:
        ann.expect("You are 1")
        with Program("join", address_of(server), "--name", "ann") as other:
            assert other.wait() == 1
            assert other.output == "Error: Someone here is called ann already; choose another name.\n"
        ann.type("/who\n")
        ann.expect(r"1 here: ann \(1\)")


def test_a_pipe_stops_where_it_can_not_go() -> None:
    """Behind a refused /join nothing is said: it would be heard in another room than it was meant for."""
    with serve() as server, Program("join", address_of(server), "--name", "ann", "--room", "tea") as ann:
        ann.expect("You are in tea")
        with Program("join", address_of(server), "--name", "bob", "--room", "tea") as bob:
            bob.type("hello\n/join no such room\nfor their ears only\n")
            bob.end_input()
            assert bob.wait() == 1
            assert "Stopped: 'no such room' can't be a room name" in bob.output
        ann.expect("bob: hello")
        ann.expect("said goodbye")
        with Program("join", address_of(server), "--name", "bob", "--dial", "999") as bob:
            bob.type("to nobody\n")
            assert bob.wait() == 1
        assert "for their ears only" not in ann.output


@pytest.mark.parametrize(
    "line", ["/dial nobody", "/call x", "/query nobody", "/room nowhere", "/join", "/room @x"]
)
def test_a_pipe_stops_where_it_is_not_understood(line: str) -> None:
    """The next lines were meant for somebody else than those who are in the room now."""
    with serve() as server, Program("join", address_of(server), "--name", "ann", "--room", "tea") as ann:
        ann.expect("You are in tea")
        with Program("join", address_of(server), "--name", "bob", "--room", "tea") as bob:
            bob.type(f"hello\n{line}\nfor their ears only\n")
            bob.end_input()
            assert bob.wait() == 1
            assert "Error: Stopped: " in bob.output
        ann.expect("bob: hello")
        ann.expect("said goodbye")
        assert "for their ears only" not in ann.output


@pytest.mark.parametrize("who", ["1", "ann", "@ANN"])
def test_who_is_dialled_may_be_named(who: str) -> None:
    """As in the chat: by UID, or by the name of somebody who is on the server."""
    with serve() as server, Program("join", address_of(server), "--name", "ann") as ann:
        ann.expect("You are 1")
        with Program("join", address_of(server), "--name", "bob", "--dial", who) as bob:
            bob.type("only you\n")
            ann.expect(r"bob \(2\) dialled you")
            ann.expect("bob: only you")
            bob.end_input()
            assert bob.wait() == 0


@pytest.mark.parametrize(
    ("who", "told"), [("nobody", "No one here is called nobody"), ("0", "0 is not a valid UID"), ("", "/dial UID")]
)
def test_who_is_nobody_is_told(who: str, told: str) -> None:
    """And nothing of what was meant for them is said to anybody else."""
    with serve() as server, Program("join", address_of(server), "--name", "ann", "--room", "tea") as ann:
        ann.expect("You are in tea")
        with Program("join", address_of(server), "--name", "bob", "--room", "tea", "--dial", who) as bob:
            bob.type("only you\n")
            assert bob.wait() == 1
            assert "Error: Stopped: " in bob.output
            assert told in bob.output
        ann.expect("said goodbye")
        assert "only you" not in ann.output
