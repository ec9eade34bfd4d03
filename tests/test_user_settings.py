"""The person's settings file, ``roomchat config``, and what shells complete."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import Result

from roomchat.cli import CLIENTS, main
from roomchat.cli.user_settings import load, options_of
from roomchat.errors import SettingsError
from roomchat.server import Server
from tests.program import Program, runner


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def run(file: Path, *arguments: str, **env: str) -> Result:
    return runner().invoke(main, ["--config", str(file), *arguments], env={"LOGNAME": "ann", **env})


def test_without_a_file_there_are_defaults() -> None:
    """It is told where the file would be; what is printed is such a file."""
    result = runner().invoke(main, ["config"], env={"LOGNAME": "ann"})
    assert result.exit_code == 0
    assert result.stdout.splitlines()[0].endswith("roomchat/config.toml (there is none yet)")
    assert set(tomllib.loads(result.stdout)) == set(CLIENTS)
    assert "# name is not set, so it is ann-send" in result.stdout


def test_config_tells_what_holds_and_where_from(file: Path) -> None:
    """At the top for all commands, in a table for one; the environment wins over both."""
    file.write_text('server = "chat.example.org"\nname = "bob"\n[tail]\nhistory = 5\njson = true\n')
    result = run(file, "config", ROOMCHAT_TAIL_HISTORY="7")
    assert result.exit_code == 0, result.output
    told = {line.split("#")[0].strip() or line: line for line in result.stdout.splitlines()}
    assert told['server = "chat.example.org"'].endswith("# file")
    assert told["history = 7"].endswith("# environment")
    assert told["json = true"].endswith("# file")
    assert told["timeout = 30.0"].endswith("# default")
    assert "# name is not set, so it is bob-tail" in told
    values = tomllib.loads(result.stdout)
    assert values["join"].items() >= {"server": "chat.example.org", "name": "bob"}.items()
    copy = file.with_name("copy.toml")
    copy.write_text(result.stdout)
    assert tomllib.loads(run(copy, "config").stdout) == values


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("nmae = 'x'", "'nmae' is not a setting; did you mean name?"),
        ("[tail]\nhistroy = 1", "'histroy' in [tail] is not a setting; did you mean history?"),
        ("[tale]\nhistory = 1", "[tale] is not a table of this file; did you mean [tail]?"),
        ("[serve]\nport = 1", "[serve] is not a table of this file; give a server's settings to"),
        ("[tail]\nhistory = 'many'", "'history' in [tail] must be a whole number, not \"many\"."),
        ("[tail]\nhistory = true", "'history' in [tail] must be a whole number, not true."),
        ("[tail]\nhistory = -1", "'history' in [tail] is not valid: -1 is not in the range 0<=x<=1000."),
        ("json = 'yes'", "'json' must be true or false, not \"yes\"."),
        ("name = 7", "'name' must be a text in quotes, not 7."),
        ("room = ['tea', 7]", "'room' must be a text in quotes, or a list of them, not ['tea', 7]."),
        ("timeout = '5'", "'timeout' must be a number, not \"5\"."),
        ("name = ", "Can't read"),
    ],
)
@pytest.mark.parametrize("command", [["config"], ["send", "tea", "hi"]])
def test_what_is_wrong_in_it_is_one_sentence(file: Path, text: str, told: str, command: list[str]) -> None:
    """An unknown key, a value of another type or out of its range: told with the file's name, exit code 1."""
    file.write_text(text)
    result = run(file, *command)
    assert result.exit_code == 1
    assert told in result.stderr
    assert str(file) in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_file_that_was_asked_for_must_be_there(file: Path) -> None:
    """A path that leads nowhere is told."""
    assert run(file, "config").stderr == f"Error: There is no file {file}.\n"


def test_any_option_of_a_command_can_be_set(file: Path) -> None:
    """Whatever options a command has or will have; a flag is true or false."""

    @click.command()
    @click.option("--time-format", default="%H:%M")
    @click.option("--bell/--no-bell")
    @click.option("--colour", type=click.Choice(["auto", "never"]))
    def join(**options: object) -> None:
        """For the test."""

    file.write_text('time-format = "%H"\nbell = true\n[join]\ncolour = "never"\n')
    settings = load(file, {"join": join}, must_exist=True)
    assert settings.defaults == {"join": {"time_format": "%H", "bell": True, "colour": "never"}}
    file.write_text('[join]\ncolour = "pink"\n')
    with pytest.raises(SettingsError, match=r"'colour' in .join. is not valid: 'pink' is not one of"):
        load(file, {"join": join}, must_exist=True)


@pytest.mark.parametrize(
    ("text", "rooms"),
    [('room = "tea"', ["tea"]), ('room = ["tea", "ops"]', ["tea", "ops"]), ("[join]\nroom = []", [])],
)
def test_what_may_be_given_several_times_is_a_list(file: Path, text: str, rooms: list[str]) -> None:
    """One of them needs no brackets."""
    file.write_text(text)
    result = run(file, "config")
    assert tomllib.loads(result.stdout)["join"].get("room", []) == rooms
    copy = file.with_name("copy.toml")
    copy.write_text(result.stdout)
    assert tomllib.loads(run(copy, "config").stdout)["join"].get("room", []) == rooms


def test_a_mistake_in_it_keeps_no_server_from_starting(file: Path) -> None:
    """It is a person's; serve, export and verify do not read it."""
    file.write_text("nonsense")
    with Program(
        "--config", str(file), "serve", "--port", "0", "--db", ":memory:", "--idle-exit", "0.1"
    ) as server:
        assert server.wait() == 0


def test_the_settings_hold(serve: Callable[..., Server], file: Path) -> None:
    """Server and name come from the file; a flag wins over them. The name is the person's own in `join` only."""
    file.write_text(f'server = "127.0.0.1:{serve().address[1]}"\nname = "bob"\n')
    where = {"ROOMCHAT_CONFIG": str(file)}
    with Program("join", "--room", "tea", env=where) as join:
        join.expect("You are in tea")
        with Program("send", "tea", "hi", env=where) as send:
            assert send.wait() == 0, send.output
        join.expect("bob-send: hi")
        with Program("send", "tea", "ho", "--name", "x", env=where) as send:
            assert send.wait() == 0, send.output
        join.expect("x: ho")
    with Program("send", "tea", "hi", "--server", "localhost:1", env=where) as send:
        assert send.wait() == 1


def test_keys_are_the_options_as_they_are_written() -> None:
    """`--json` is `json`, whatever it is called inside; where join's server is, is a setting as well."""
    assert "json" in options_of(CLIENTS["tail"])
    assert all("server" in options_of(command) for command in CLIENTS.values())


# ---------------------------------------------------------------- completion


def complete(*words: str, shell: str = "bash") -> list[str]:
    """What a shell is offered for the last of the words."""
    env = {"_ROOMCHAT_COMPLETE": f"{shell}_complete", "COMP_WORDS": " ".join(["roomchat", *words])}
    env["COMP_CWORD"] = words[-1] if shell == "fish" else str(len(words))
    with Program(env=env) as program:
        assert program.wait() == 0
        separator = "\t" if shell == "fish" else ","
        lines = program.output.split("\n")
        return [line.split(separator)[1] if shell == "bash" else line for line in lines if line]


def test_commands_and_formats_are_completed() -> None:
    """The shell is offered commands, options and the formats there are."""
    assert complete("ex") == ["export"]
    assert complete("export", "tea", "--format", "") == ["txt", "jsonl", "html", "mbox"]
    assert "--history" in complete("tail", "tea", "--hi")
    assert any("jsonl" in line for line in complete("export", "tea", "--format", "j", shell="zsh"))
    assert any("jsonl" in line for line in complete("export", "tea", "--format", "j", shell="fish"))


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_there_is_something_to_switch_it_on(shell: str) -> None:
    """The line in README.md makes the shell's own script."""
    with Program(env={"_ROOMCHAT_COMPLETE": f"{shell}_source"}) as program:
        assert program.wait() == 0
        assert "_ROOMCHAT_COMPLETE" in program.output or "_roomchat_completion" in program.output.lower()
