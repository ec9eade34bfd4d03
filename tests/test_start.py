"""How the program starts: only with what is needed, and interrupted at any moment it ends well."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import get_args

import click
import pytest

import roomchat
from roomchat import protocol
from roomchat.cli import CLIENTS, main
from tests.program import runner


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
