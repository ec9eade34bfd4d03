"""Arguments, variables and files with anything in them: a sentence and an exit code, never a traceback."""

from __future__ import annotations

import contextlib
import subprocess
from pathlib import Path

import click
import pytest
from click.testing import Result
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from roomchat.cli import main
from tests.program import ROOMCHAT, runner

BAD = "caf\udce9"  # as Python gives an argument with the byte E9
NOWHERE = ["--server", "127.0.0.1:1"]


def run(*arguments: str, env: dict[str, str] | None = None) -> Result:
    return runner().invoke(main, arguments, env=env)


@pytest.mark.parametrize(
    "arguments",
    [
        ["who", BAD, *NOWHERE],
        ["tail", BAD, *NOWHERE],
        ["send", BAD, *NOWHERE, "hi"],
        ["join", "127.0.0.1:1", "--name", "x", "--room", BAD],
        ["join", "127.0.0.1:1", "--name", BAD],
        ["join", BAD],
        ["join", "127.0.0.1:1", "--name", "x", "--time-format", BAD],
        ["join", "127.0.0.1:1", "--name", "x", "--on-mention", BAD],
        ["send", "ops", *NOWHERE, "--name", BAD, "hi"],
        ["who", "--server", f"{BAD}:5"],
        ["who", *NOWHERE, "--fingerprint", BAD],
        ["trust", BAD],
        ["trust", "127.0.0.1:1", "--fingerprint", BAD],
        ["export", BAD, "--db", "/nowhere"],
        ["admin", "room", "show", BAD],
        ["export", "ops", "--since", BAD],
        ["export", "ops", "--timezone", BAD],
        ["serve", "--lobby", BAD],
        ["serve", "--host", BAD, "--db", ":memory:", "--port", "0"],
        ["verify", BAD],
    ],
    ids=lambda arguments: " ".join(arguments).encode("ascii", "replace").decode(),
)
def test_what_is_not_utf_8_is_told(arguments: list[str]) -> None:
    """Wherever it stands."""
    result = run(*arguments)
    assert result.exit_code in {1, 2}, result.exception
    assert isinstance(result.exception, SystemExit)
    result.stderr.encode()  # nothing of it is left in what is printed


@pytest.mark.parametrize("command", ["", " ", "play 'a sound"])
def test_what_is_no_command_is_told(command: str) -> None:
    """Before anything is joined."""
    result = run("join", "127.0.0.1:1", "--name", "x", "--on-mention", command)
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: --on-mention needs a command: ")


@pytest.mark.parametrize("variable", ["ROOMCHAT_JOIN_ROOM", "ROOMCHAT_JOIN_NAME"])
def test_variables_too(variable: str) -> None:
    """As options do."""
    result = run("join", "127.0.0.1:1", env={variable: BAD})
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)


def test_a_real_process_prints_one_sentence() -> None:
    """With the byte itself, from a shell."""
    done = subprocess.run([*ROOMCHAT, "who", b"caf\xe9"], capture_output=True, check=False, timeout=30)
    assert done.returncode == 1
    assert done.stderr.startswith(b"Error: ")
    assert done.stderr.count(b"\n") == 1


FLAGS = [
    "room",
    "show",
    "backup",
    "--server",
    "--name",
    "--since",
    "--db",
    "--json",
    "--room",
    "--dial",
    "--timezone",
    "-o",
    "-f",
    "--timeout",
    "--force",
    "--plain",
    "--",
]
VALUES = ["127.0.0.1:1", "localhost:1", "/nowhere/x", "@1-2", "-1", "", "\0", BAD, "2024-99-01", "nan", "1e999"]
# No system hands over surrogates but those that stand for bytes, as in BAD.
WORDS = st.text(max_size=12) | st.sampled_from(FLAGS + VALUES)

# What keeps each from starting something, or from waiting. The others read standard input, or write as it comes:
# for these the arguments are read, and no more.
KEPT = {
    "who": [*NOWHERE, "--timeout", "0.1"],
    "rooms": [*NOWHERE, "--timeout", "0.1"],
    "export": ["--db", "/nowhere/log.db"],
    "admin": ["--db", "/nowhere/log.db"],
    "config": [],
    "serve": ["--port", "99999"],
    "verify": ["--clients", "1"],
}


@examples(max_examples=250, deadline=None)
@given(st.sampled_from([*KEPT, "send", "tail", "join"]), st.lists(WORDS, max_size=5))
def test_no_arguments_give_a_traceback(command: str, words: list[str]) -> None:
    """Whatever is typed: the usage, a sentence, or the help."""
    if command in KEPT:
        result = run(command, *words, *KEPT[command])
        assert result.exception is None or isinstance(result.exception, SystemExit), repr(result.exception)
        assert result.exit_code in {0, 1, 2}
        return
    with contextlib.suppress(click.ClickException, click.exceptions.Exit):
        main.commands[command].make_context(command, words, parent=click.Context(main))


def test_a_settings_file_that_can_not_be_there_is_none(tmp_path: Path) -> None:
    """The home may be a file, or a place where nothing can be."""
    (tmp_path / "file").write_text("")
    for home in (tmp_path / "file", Path("/proc/x"), Path("/nonexistent")):
        result = run("config", env={"XDG_CONFIG_HOME": str(home)})
        assert result.exit_code == 0, result.stderr
