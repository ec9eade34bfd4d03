"""Standard output that is closed, full, or read by nobody any more: never a traceback, whatever the command."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import pytest

from roomchat.cli.output import _is_stream
from roomchat.protocol import Message
from roomchat.server import Server
from roomchat.store.api import Changes, SegmentRow
from roomchat.store.log import Log
from roomchat.wires.native import encode_entries
from tests import warm
from tests.peer import Peer

Words = Callable[[str], list[str]]
Output = Callable[[], AbstractContextManager[int]]

FULL = "Error: Can't write to standard output (No space left on device).\n"
CLOSED = "Error: There is no standard output to write to.\n"

# What prints by itself, what asks a server, and what reads a log: {server} and {log} are filled in.
PRINT = ["--help", "--version", "who --help", "config"]
ASK = ["who --server {server}", "rooms --server {server}", "tail tea --server {server}"]
TRUST = ["trust --yes tls://{server}", "trust --forget {server}"]
READ = ["export tea --db {log}"]
ADMIN = ["admin room list --db {log}"]
COMMANDS = PRINT + ASK + TRUST + READ + ADMIN


@pytest.fixture
def words(serve: Callable[..., Server], connect: Callable[..., Peer], tmp_path: Path) -> Words:
    """Makes words of a command, with the address of a server and its log; ann has said something in tea."""
    log = tmp_path / "chat.db"
    server = serve(db=str(log))
    ann = connect(server, "ann")
    ann.join("tea")
    ann.send("say", room="tea", text="hello", n=1)
    ann.expect("message")
    return lambda command: command.format(server=f"127.0.0.1:{server.address[1]}", log=log).split()


@contextmanager
def nobody_reads() -> Iterator[int]:
    """A pipe whose reader is gone already, as that of ``| head`` some time later."""
    reader, writer = os.pipe()
    os.close(reader)
    yield writer
    os.close(writer)


@contextmanager
def full_disk() -> Iterator[int]:
    with open("/dev/full", "wb") as file:
        yield file.fileno()


def run(words: list[str], stdout: int | None, **env: str) -> tuple[int, str]:
    """Exit code and standard error; None: standard output is closed."""
    done = subprocess.run(
        [*([] if stdout is not None else ["sh", "-c", 'exec "$@" >&-', "sh"]), *warm.command(), *words],
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        timeout=40,
        env={**os.environ, **env},
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize("buffered", ["", "1"], ids=["buffered", "unbuffered"])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_reader_who_had_enough_is_no_error(words: Words, command: str, buffered: str) -> None:
    """As `| head` has: it ends with 0 and says nothing."""
    with nobody_reads() as pipe:
        assert run(words(command), pipe, PYTHONUNBUFFERED=buffered) == (0, "")


@pytest.mark.parametrize("buffered", ["", "1"], ids=["buffered", "unbuffered"])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_full_disk_is_one_sentence(words: Words, command: str, buffered: str) -> None:
    """On standard error, with exit code 1."""
    with full_disk() as disk:
        assert run(words(command), disk, PYTHONUNBUFFERED=buffered) == (1, FULL)


@pytest.mark.parametrize("command", ["config", *ASK, *READ, *ADMIN])
def test_a_closed_output_is_one_sentence(words: Words, command: str) -> None:
    """Where what it prints is all that it does."""
    assert run(words(command), None) == (1, CLOSED)


@pytest.mark.parametrize("command", ["--help", "--version", "send tea hi --server {server}"])
def test_a_closed_output_may_not_matter(words: Words, command: str) -> None:
    """Who closes it before a help text wants none, and `send` prints nothing."""
    assert run(words(command), None) == (0, "")


@pytest.mark.parametrize("output", [nobody_reads, full_disk])
def test_send_prints_nothing(words: Words, output: Output) -> None:
    """So it needs nobody who reads it."""
    with output() as stdout:
        assert run(words("send tea hi --server {server}"), stdout) == (0, "")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize("what", ["source", "complete"])
def test_completion_ends_as_well(shell: str, what: str) -> None:
    """The shell's own script, and what a shell is offered."""
    env = {"_ROOMCHAT_COMPLETE": f"{shell}_{what}", "COMP_WORDS": "roomchat ", "COMP_CWORD": "1"}
    with nobody_reads() as pipe:
        assert run([], pipe, **env) == (0, "")
    with full_disk() as disk:
        assert run([], disk, **env) == (1, FULL)


def test_an_export_of_much_ends_early(tmp_path: Path) -> None:
    """Far more than a pipe holds: the first line is read, then nobody reads."""
    path = tmp_path / "big.db"
    with closing(Log(str(path), "normal")) as log:
        texts = [Message("tea", seq, 1, "ann", "2024-05-01T08:28:03.000Z", "x" * 1000) for seq in range(1, 501)]
        log.append(1, Changes([SegmentRow("tea", "tea", 1, 500, encode_entries(texts))]))
    with subprocess.Popen(
        [*warm.command(), "export", "tea", "--db", str(path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as export:
        assert export.stdout is not None
        assert export.stderr is not None
        export.stdout.readline()
        export.stdout.close()
        assert (export.wait(20), export.stderr.read()) == (0, b"")


# ---------------------------------------------------------------- those that do something beside


@pytest.mark.parametrize(
    ("output", "told"),
    [
        (nobody_reads, ""),
        (full_disk, "Can't write to standard output (No space left on device). The server goes on.\n"),
    ],
)
def test_a_server_goes_on(output: Output, told: str) -> None:
    """What it prints at its start is a courtesy: the chat does not end with it."""
    words = ["serve", "--port", "0", "--db", ":memory:", "--idle-exit", "0.1"]
    with output() as stdout:
        assert run(words, stdout) == (0, told)


def test_a_server_needs_no_output() -> None:
    """As those have none that something starts in the background."""
    assert run(["serve", "--port", "0", "--db", ":memory:", "--idle-exit", "0.1"], None) == (0, "")


@pytest.mark.parametrize(
    ("output", "told"),
    [(nobody_reads, "Error: Stopped before the end, so nothing is proven.\n"), (full_disk, FULL)],
)
def test_a_proof_that_nobody_reads_is_none(tmp_path: Path, output: Output, told: str) -> None:
    """0 would say that it is proven. Nothing is left behind."""
    with output() as stdout:
        assert run(["verify"], stdout, TMPDIR=str(tmp_path)) == (1, told)
    assert list(tmp_path.iterdir()) == []


def test_a_replay_that_nobody_reads_has_happened(tmp_path: Path) -> None:
    """Its exit code says so."""
    record = tmp_path / "record"
    words = ["serve", "--port", "0", "--db", ":memory:", "--idle-exit", "0.1", "--record", str(record)]
    assert run(words, subprocess.DEVNULL) == (0, "")
    with nobody_reads() as pipe:
        assert run(["verify", "--replay", str(record)], pipe) == (0, "")
    with full_disk() as disk:
        assert run(["verify", "--replay", str(record)], disk) == (1, FULL)


def test_join_ends_where_nobody_reads(words: Words) -> None:
    """The chat is over when it can't be shown; a full disk is told."""
    command = words("join {server} --name bob --room tea")
    with nobody_reads() as pipe:
        assert run(command, pipe) == (0, "")
    with full_disk() as disk:
        assert run(command, disk) == (1, FULL)
    assert run(command, None) == (
        1,
        "Error: join needs standard input and output; give it </dev/null or >/dev/null.\n",
    )


@pytest.mark.parametrize(
    ("path", "is_stream"),
    [("/dev/stdout", True), ("/dev/fd/3", True), ("/dev/shm/tea.html", False), ("tea.html", False)],
)
def test_what_is_in_memory_is_a_file(path: str, is_stream: bool) -> None:
    """It is there whole or not at all, and not replaced unasked, as anywhere else; a device is written to."""
    assert _is_stream(Path(path)) is is_stream
