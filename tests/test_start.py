"""How the program starts: only with what is needed, and interrupted at any moment it ends well."""

from __future__ import annotations

import ast
import os
import pty
import signal
import socket
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import get_args

import click
import pytest

import roomchat
from roomchat import protocol
from roomchat.cli import CLIENTS, main
from roomchat.verify.processes import PATIENCE
from tests.emulator import Emulated
from tests.program import ROOMCHAT, Program, Terminal, address_of, having, runner, serve

ROOT = Path(__file__).parent.parent


def imported_by(*arguments: str) -> set[str]:
    """The modules that `roomchat` with these arguments has imported at its end."""
    code = (
        "import atexit, sys\n"
        "from roomchat.__main__ import run\n"
        "atexit.register(lambda: print(*sys.modules, file=sys.stderr))\n"
        "run()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True, timeout=30
    )
    return set(done.stderr.split())


def test_the_version_needs_no_command() -> None:
    """Nothing of the client, the server or the disk is imported to tell a number."""
    modules = imported_by("--version")
    ours = {name.split(".")[1] for name in modules if name.startswith("roomchat.")}
    assert ours == {"__main__", "cli", "errors", "harmless", "version"}
    assert not {f"roomchat.cli.{name}" for name in main.commands} & modules
    assert not modules & {"msgspec", "prompt_toolkit", "sqlite3", "socket"}


def test_a_command_needs_no_other() -> None:
    """A client imports no server, and a server no client's terminal."""
    assert "roomchat.server" not in imported_by("join", "--help")
    assert "roomchat.terminal" not in imported_by("serve", "--help")


def test_the_help_has_a_line_for_each_command() -> None:
    """By their names in order, though none was imported before."""
    lines = runner().invoke(main, ["--help"]).stdout.partition("Commands:\n")[2].splitlines()
    assert [line.split()[0] for line in lines] == sorted(main.commands)
    assert all(len(line.split()) > 3 for line in lines)
    assert {main.commands[name].name for name in main.commands} == set(main.commands)
    assert set(CLIENTS) < set(main.commands)


def test_a_command_that_is_none_is_told() -> None:
    """With the one that was perhaps meant, where click says so."""
    result = runner().invoke(main, ["sned"])
    assert result.exit_code == 2
    assert "No such command 'sned'" in result.stderr
    if hasattr(click, "NoSuchCommand"):
        assert "Did you mean 'send'?" in result.stderr


def test_the_names_of_the_library_are_those_that_type_checkers_see() -> None:
    """What is imported late is what the file says once more for them."""
    tree = ast.parse(Path(roomchat.__file__).read_text(encoding="utf-8"))
    told = {
        alias.name: str(node.module)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("roomchat")
        for alias in node.names
    }
    assert set(told) == set(roomchat.__all__)
    assert set(dir(roomchat)) >= set(told)
    for name, module in told.items():
        assert getattr(roomchat, name) is getattr(sys.modules[module], name)
    with pytest.raises(AttributeError, match="no attribute 'Nonsense'"):
        _ = roomchat.Nonsense  # type: ignore[attr-defined]


def test_the_library_has_all_events_and_errors_at_its_top() -> None:
    """All that ``events`` may give, what those hold, and all that the methods of ``Client`` raise."""
    events = {*get_args(protocol.AnyEvent), *get_args(roomchat.ClientEvent)}
    needed = {kind.__name__ for kind in events} | {"Person", "RoomSummary", "Limits", "Refusal", "Unknown"}
    needed |= {"RoomchatError", "ConnectError", "Denied", "StateError"}
    assert needed <= set(roomchat.__all__)


def test_the_library_is_imported_when_it_is_used() -> None:
    """Not before: to import it costs next to nothing, and an event needs no client."""
    tell = "print(*sys.modules)"
    code = f"import sys; {tell}; import roomchat; {tell}; roomchat.Message; {tell}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)
    before, first, second = (set(line.split()) for line in done.stdout.splitlines())
    assert {name for name in first if name.startswith("roomchat")} == {"roomchat", "roomchat.version"}
    assert not (first - before) & {"typing", "msgspec"}
    assert not (second - before) & {"roomchat.client", "socket", "sqlite3"}


# ---------------------------------------------------------------- interrupted

# Goes before all of ours: stops where $STOP_AT says, for ever, and says so.
HOOK = """
import os, signal, socket, sys

def stop(*arguments, **options):
    os.write(2, b"reached\\n")
    while True:
        signal.pause()

class Finder:
    def find_spec(name, path=None, target=None):
        if name == os.environ["STOP_AT"]:
            stop()

sys.meta_path.insert(0, Finder)
if os.environ["STOP_AT"] == "create_connection":
    socket.create_connection = stop
"""


@pytest.fixture
def stop_at(tmp_path: Path) -> Callable[[str], dict[str, str]]:
    """Variables that have a program stop where a module is imported, or where it connects."""
    (tmp_path / "sitecustomize.py").write_text(HOOK)
    return lambda place: {"PYTHONPATH": f"{tmp_path}:{ROOT}", "STOP_AT": place}


@pytest.mark.parametrize(
    ("command", "place"),
    [
        ("--version", "roomchat.cli"),
        ("--version", "click"),
        ("--help", "roomchat.cli.export"),
        ("who", "roomchat.cli.lists"),
        ("who", "msgspec"),
        ("who", "platformdirs"),
        ("tail tea", "roomchat.wires.native"),
        ("send tea hi", "roomchat.client.session"),
        ("join", "roomchat.terminal.terminal"),
        ("serve --port 0 --db :memory:", "roomchat.server"),
        ("serve --port 0 --db :memory:", "sqlite3"),
        ("export tea", "roomchat.export.html"),
        ("verify", "roomchat.verify.run"),
    ],
)
def test_an_interrupt_while_it_imports(stop_at: Callable[[str], dict[str, str]], command: str, place: str) -> None:
    """Whatever is imported just then: no traceback, and the exit code of an interrupt."""
    with Program(*command.split(), env=stop_at(place)) as program:
        program.expect("^reached$")
        program.signal(signal.SIGINT)
        assert (program.wait(), program.output) == (130, "reached\n")


def ignoring(number: signal.Signals) -> list[str]:
    """The words of `roomchat` started by somebody who has a signal ignored."""
    code = f"import os, signal, sys; signal.signal({number}, signal.SIG_IGN); os.execv(sys.argv[1], sys.argv[1:])"
    return [sys.executable, "-c", code, *ROOMCHAT]


def test_an_interrupt_that_is_ignored(stop_at: Callable[[str], dict[str, str]]) -> None:
    """As a shell has it for what runs in the background: it stays ignored."""
    with subprocess.Popen(
        [*ignoring(signal.SIGINT), "--version"],
        stderr=subprocess.PIPE,
        env={**os.environ, **stop_at("roomchat.cli")},
    ) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == b"reached\n"
        process.send_signal(signal.SIGINT)
        process.terminate()
        assert process.wait(20) == -signal.SIGTERM


def as_new() -> list[object]:
    """How a terminal is that nobody has changed."""
    master, slave = pty.openpty()
    try:
        return termios.tcgetattr(master)
    finally:
        os.close(master)
        os.close(slave)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_a_signal_that_is_ignored_ends_no_client(number: signal.Signals) -> None:
    """As `nohup roomchat tail` has it: it goes on."""
    with serve() as server:
        where = ["--server", address_of(server)]
        with subprocess.Popen([*ignoring(number), "tail", "tea", *where], stdout=subprocess.PIPE) as tail:
            assert tail.stdout is not None
            for text in ("before", "after"):
                with Program("send", "tea", text, *where) as send:
                    assert send.wait() == 0, send.output
                assert tail.stdout.readline().decode().endswith(f": {text}\n")
                tail.send_signal(number)
            tail.terminate()
            assert tail.wait(PATIENCE) == 0


@pytest.mark.parametrize("place", ["roomchat.terminal.terminal", "prompt_toolkit", "asyncio"])
def test_ctrl_c_in_a_terminal_while_it_imports(stop_at: Callable[[str], dict[str, str]], place: str) -> None:
    """The key itself; the terminal is left as it was."""
    with Terminal("join", "--name", "ann", env=stop_at(place) | {"TERM": "xterm"}) as program:
        program.expect("^reached$")
        program.type("\x03")
        assert program.wait() == 130
        assert "Traceback" not in program.output
        assert termios.tcgetattr(program.master) == as_new()


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """A server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(PATIENCE)
        yield server


ASK = ["who -s {}", "rooms -s {}", "tail tea -s {}", "send tea hi -s {}", "trust -y {}", "join {} --name ann"]


@pytest.mark.parametrize("command", ASK)
def test_an_interrupt_while_the_server_says_nothing(silent: socket.socket, command: str) -> None:
    """Connected, but not let in yet."""
    address = f"127.0.0.1:{silent.getsockname()[1]}"
    soon = having("client.interrupt.GRACE = 0.1")
    with Program(*command.format(address).split(), program=soon) as program:
        connection, _ = silent.accept()
        with connection:
            program.signal(signal.SIGINT)
            assert program.wait() == 130
    assert "Traceback" not in program.output


@pytest.mark.parametrize("command", ["tail tea --server {}", "join {} --name ann"])
def test_an_interrupt_while_it_connects(stop_at: Callable[[str], dict[str, str]], command: str) -> None:
    """To a host that does not answer."""
    with Program(*command.format("127.0.0.1:1").split(), env=stop_at("create_connection")) as program:
        program.expect("^reached$")
        program.signal(signal.SIGINT)
        assert program.wait() == 130
    assert "Traceback" not in program.output


@pytest.mark.parametrize("how", ["key", "signal"])
def test_the_screen_gives_the_terminal_back(silent: socket.socket, how: str) -> None:
    """Left before the server has said anything: as who was never there."""
    address = f"127.0.0.1:{silent.getsockname()[1]}"
    with Emulated("join", address, "--name", "ann") as program:
        connection, _ = silent.accept()
        with connection:
            if how == "key":
                program.type("\x03")
                program.until("Press Ctrl-C again")
                program.type("\x03")
            else:
                program.signal(signal.SIGINT)
            assert program.wait() == 130
        assert program.shown == ["Goodbye."], "the terminal shows what it did before"
        assert termios.tcgetattr(program.master) == as_new()
