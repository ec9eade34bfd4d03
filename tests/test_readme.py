"""The shell lines of README do what it says; its Python is in test_library_doc.py."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from roomchat.server import Server
from tests import warm
from tests.program import Program
from tests.test_library_doc import README, indented

Serve = Callable[..., Server]


def block(before: str) -> str:
    """The first indented lines behind these words."""
    lines = README.partition(before)[2].partition("\n    ")[2].partition("\n\n")[0]
    return indented(f"    {lines}")


@pytest.fixture
def shell(serve: Serve, tmp_path: Path) -> Callable[[str], subprocess.Popen[str]]:
    """Start a shell in which ``roomchat`` is this one, with a server in its settings."""
    config = tmp_path / "config.toml"
    config.write_text(f'server = "127.0.0.1:{serve().address[1]}"\n')

    def start(script: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            ["bash", "-c", f'set -eo pipefail; roomchat() {{ {shlex.join(warm.command())} "$@"; }}\n{script}'],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "LOGNAME": "ann", "ROOMCHAT_CONFIG": str(config)},
            start_new_session=True,
        )

    return start


def test_a_pipe_says_what_it_is_given(shell: Callable[[str], subprocess.Popen[str]]) -> None:
    with shell(block("Pipes work too")) as done:
        assert "kitchen: the kettle is on\n" in done.communicate(timeout=40)[0]
    assert done.returncode == 0


def test_the_lines_for_scripts(shell: Callable[[str], subprocess.Popen[str]]) -> None:
    send, tail, lists = block("## In scripts").splitlines()
    with shell(f"{send}\n{lists}") as done:
        shown = done.communicate(timeout=40)[0]
    assert done.returncode == 0
    assert json.loads(shown.splitlines()[-1])["room"] == "ops"
    if shutil.which("jq") is None:
        pytest.skip("there is no jq here")
    with shell(tail.replace("--json", "--json --history 1")) as follows:
        assert follows.stdout is not None
        assert "Filesystem" in follows.stdout.readline()
        os.killpg(follows.pid, signal.SIGKILL)


def test_a_server_is_run_like_that(tmp_path: Path) -> None:
    """On a free port; its file of settings as well."""
    command = block("## Run a server").replace("5050", "0").replace("0.0.0.0", "127.0.0.1")
    command = command.replace("roomchat.log", str(tmp_path / "roomchat.log"))
    config = tmp_path / "roomchat.toml"
    config.write_text(block("and a line in a file").replace("5050", "0"))
    for arguments in (shlex.split(command)[1:], ["serve", "--config", str(config)]):
        with Program(*arguments, env={"XDG_DATA_HOME": str(tmp_path)}) as server:
            server.expect("Press Ctrl-C to stop")
            server.signal(signal.SIGINT)
            assert server.wait() == 0
    assert (tmp_path / "roomchat.log").exists()
