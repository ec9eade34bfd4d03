"""``roomchat send``, ``tail``, ``who`` and ``rooms``, in pipelines as scripts use them."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from roomchat.harmless import harmless
from roomchat.programs.tail import json_line, text_line
from roomchat.protocol import Action, Gap, Message
from roomchat.server import Server
from tests import warm
from tests.peer import Peer
from tests.program import Program, Terminal, address_of, serve

GOLDEN = Path(__file__).parent / "golden"


def shell(script: str, address: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run it with ``roomchat`` and ``$S``, the option that names the server."""
    function = f'roomchat() {{ {shlex.join(warm.command())} "$@"; }}\nS="--server {address}"\nset -o pipefail\n'
    return subprocess.run(
        ["bash", "-c", function + script],
        capture_output=True,
        text=True,
        check=False,
        timeout=40,
        env={**os.environ, "LOGNAME": "ann", "TZ": "UTC", **env},
    )


def address(server: Server) -> str:
    return f"127.0.0.1:{server.address[1]}"


# ---------------------------------------------------------------- send


def test_what_is_sent_is_there(serve: Callable[..., Server], connect: Callable[..., Peer]) -> None:
    """Words, a pipe as one message, lines as many; by one client, that nobody sees come or go."""
    server = serve()
    bob = connect(server, "bob")
    bob.join("tea")
    done = shell(
        r"""
        roomchat send tea two words $S &&
        printf 'one\n  two\n\n' | roomchat send tea $S &&
        printf 'a\n\nb\r\n' | roomchat send tea --lines $S &&
        roomchat send tea $S -- --dash &&
        printf 'not UTF-8: \xff' | roomchat send tea $S
        """,
        address(server),
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    said = [bob.expect("message") for _ in range(6)]
    assert [one["text"] for one in said] == ["two words", "one\n  two", "a", "b", "--dash", "not UTF-8: \ufffd"]
    assert {(one["uid"], one["name"]) for one in said} == {(2, "ann-send")}
    bob.send("ping")
    bob.expect("pong")


def test_a_pipe_of_many_lines_arrives_whole(
    serve: Callable[..., Server], connect: Callable[..., Peer]
) -> None:  # fmt: skip
    """More than wait for the server at a time, in order."""
    server = serve()
    bob = connect(server, "bob")
    bob.join("tea")
    done = shell("seq 1200 | roomchat send tea --lines $S", address(server))
    assert done.returncode == 0, done.stderr
    assert [one["text"] for one in bob.messages(1200)] == [str(i) for i in range(1, 1201)]


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("roomchat send tea '' $S", "An empty message says nothing."),
        ("roomchat send tea $S </dev/null", "An empty message says nothing."),
        (
            "printf 'a\\n%s\\nb' $(printf %09000d 0) | roomchat send tea --lines $S",
            "A message may have at most 8192",
        ),
        ("head -c 3000000 /dev/zero | tr '\\0' x | roomchat send tea $S", "A message may have at most 8192"),
        ("roomchat send 'a b' hi $S", "'a b' can't be a room name: it has a space in it."),
        ("roomchat send @1-2 hi $S", "@1-2 can't be joined or left: a room with @ is for two people who whisper."),
        (
            "roomchat send tea hi $S --name bob",
            "Someone here is called bob already; choose another name with --name.\n",
        ),
        ("echo | roomchat send tea $S", "An empty message says nothing.\n"),
        ("roomchat send tea hi $S --name 'b b'", "'b b' can't be a name: it has a space in it."),
        ("roomchat send tea hi --server localhost:1", "No server answers at localhost:1"),
    ],
)
def test_what_is_not_sent_is_one_sentence(
    serve: Callable[..., Server], connect: Callable[..., Peer], script: str, told: str
) -> None:
    """Exit code 1, nothing on stdout, and the reason."""
    server = serve()
    connect(server, "bob")
    done = shell(script, address(server))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"Error: {told}")
    assert done.stderr.count("\n") == 1


def test_several_can_send_at_once(serve: Callable[..., Server], connect: Callable[..., Peer]) -> None:
    """While one of them has the name, the next gets a number; and the person is not in their way."""
    server = serve()
    ann = connect(server, "ann")
    ann.join("tea")
    with Program("send", "tea", "--lines", "--server", address(server), env={"LOGNAME": "ann"}) as first:
        first.type("one\n")
        assert ann.until("message")["name"] == "ann-send"
        assert shell("roomchat send tea two $S", address(server)).returncode == 0
        assert ann.until("message")["name"] == "ann-send-2"
        first.type("three\n")
        first.end_input()
        assert first.wait() == 0
    assert ann.until("message")["text"] == "three"


def test_a_server_that_does_not_confirm_is_told() -> None:
    """Exit code 1 after --timeout; and what was not confirmed is not said by the next one."""
    with serve() as server, Program("tail", "tea", "--server", address_of(server)) as tail:
        where = address_of(server)
        with Program("send", "tea", "--lines", "--timeout", "3", "--server", where) as send:
            send.type("one\n")
            tail.expect("one$")
            server.signal(signal.SIGSTOP)
            send.type("two\n")
            send.end_input()
            assert send.wait() == 1
            # Which of the two depends on how far it had come in.
            assert re.search(r"did not (confirm it|answer) within 3 seconds", send.output)
        server.signal(signal.SIGCONT)
        tail.expect("two$")
        assert shell("roomchat send tea three $S", where).returncode == 0
        tail.expect("three$")
        assert tail.output.count("two") == 1


def test_lines_survive_a_restart_of_the_server(tmp_path: Path) -> None:
    """What is said while the server is away is sent when it is back; both ends go on."""
    database = tmp_path / "chat.db"
    with serve(db=database) as first:
        where = address_of(first)
        with (
            Program("tail", "tea", "--server", where) as tail,
            Program("send", "tea", "--lines", "--server", where) as send,
        ):
            send.type("one\n")
            tail.expect("one$")
            first.signal(signal.SIGKILL)
            tail.expect(r"Trying again; nothing will be missing\.$")
            send.type("two\n")
            with serve("--port", where.rpartition(":")[2], db=database):
                tail.expect("two$")
                tail.expect(r"^Connected again\.$")
                send.end_input()
                assert send.wait() == 0
                tail.signal(signal.SIGINT)
                assert tail.wait() == 0
            assert [line.split()[-1] for line in tail.output.splitlines() if "send:" in line] == ["one", "two"]


def test_an_interrupted_send_says_so(serve: Callable[..., Server]) -> None:
    """Ctrl-C while it waits for its input: the exit code is that of an interrupt."""
    with Terminal("send", "tea", "--server", address(serve())) as send:
        send.expect("Type the message; Ctrl-D ends it")
        send.type("\x03")
        assert send.wait() == 130
        assert "Traceback" not in send.output


def test_send_works_where_nothing_can_be_kept(serve: Callable[..., Server]) -> None:
    """Without a folder for its state, as in a container, it is somebody new, but it sends."""
    done = shell("roomchat send tea hi $S", address(serve()), XDG_STATE_HOME="/proc/no")
    assert (done.returncode, done.stderr) == (0, "")


# ---------------------------------------------------------------- tail


def test_tail_in_a_pipeline(serve: Callable[..., Server], connect: Callable[..., Peer]) -> None:
    """It ends with what reads it, also when nothing more is said: the whole pipeline comes to its end."""
    server = serve()
    ann = connect(server, "ann")
    ann.join("tea")
    for text in ("one", "two", "three"):
        ann.send("say", text=text)
    ann.messages(3)
    done = shell("roomchat tail tea $S --name t | grep -m1 three", address(server))
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\+00:00 ann: three\n", done.stdout)


@pytest.mark.skipif(not shutil.which("jq"), reason="jq is not installed")
def test_tail_and_jq_and_send(serve: Callable[..., Server], connect: Callable[..., Peer]) -> None:
    """A bot of one line: what is said in one room is sent to another."""
    server = serve()
    ann = connect(server, "ann")
    ann.join("tea")
    ann.send("say", text="one")
    ann.sync()
    ann.join("cake")
    bot = (
        "roomchat tail tea --json $S | jq -r --unbuffered 'select(.name != \"ann-send\") | .text'"
        " | roomchat send cake --lines $S"
    )
    function = f'roomchat() {{ {shlex.join(warm.command())} "$@"; }}\nS="--server {address(server)}"\n'
    environment = {**os.environ, "LOGNAME": "ann"}
    with subprocess.Popen(["bash", "-c", function + bot], env=environment, start_new_session=True) as process:
        try:
            assert ann.until("message", room="cake")["text"] == "one"
            ann.send("say", text="two", room="tea")
            assert ann.until("message", room="cake")["text"] == "two"
        finally:
            os.killpg(process.pid, signal.SIGTERM)  # it has no end of its own


def test_tail_begins_where_it_is_told(serve: Callable[..., Server], connect: Callable[..., Peer]) -> None:
    """The last few; those behind a number; those since a time; and what is said meanwhile comes once."""
    server = serve()
    ann = connect(server, "ann")
    ann.join("tea")
    for i in range(1, 151):
        ann.send("say", text=str(i))
        if i == 30:
            ann.messages(30)
    at = ann.messages(120)[70]  # number 101
    since = [one for one in (ann_said(server)) if one["ts"] >= at["ts"]]
    for options, expected in [
        ("--history 3", [148, 149, 150]),
        ("--history 0 --after 0", [*range(1, 151)]),
        ("--after 140", [*range(141, 151)]),
        (f"--since {at['ts']}", [one["seq"] for one in since]),
        ("--since 2020-01-01", [*range(1, 151)]),
    ]:
        done = shell(
            f"roomchat tail tea --json {options} $S | head -{len(expected)} | sed 's/.*seq\":\\([0-9]*\\).*/\\1/'",
            address(server),
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert [int(line) for line in done.stdout.split()] == expected


def ann_said(server: Server) -> list[dict[str, str]]:
    done = shell("roomchat tail tea --json --after 0 $S | head -150", address(server))
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_tail_refuses_what_it_can_not_do(serve: Callable[..., Server]) -> None:
    """Two beginnings, no time, no server, no such room: a sentence."""
    server = serve()
    for script, code, told in [
        ("roomchat tail tea $S --since 2024-01-01 --after 3", 2, "both say where to begin"),
        ("roomchat tail tea $S --since soon", 2, "'soon' is not a time"),
        ("roomchat tail tea --server localhost:1", 1, "No server answers"),
        ("roomchat tail tea --server localhost:http", 2, "'http' is not a port"),
        ("roomchat tail 'a b' $S", 1, "can't be a room name"),
    ]:
        done = shell(script, address(server))
        assert (done.returncode, done.stdout) == (code, "")
        assert told in done.stderr
        assert "Traceback" not in done.stderr


HOSTILE = Message("tea", 1, 2, "b\x1b[2Job", "2024-05-01T08:28:03.123Z", "a\nb\r\x9b2J\u202e\x7f")


def test_a_line_is_a_message_and_moves_no_terminal() -> None:
    """Whatever it says: in text with visible signs, in JSON escaped."""
    for line in (text_line(HOSTILE), json_line(HOSTILE)):
        assert line.count(b"\n") == 1
        assert line.endswith(b"\n")
        assert harmless(line.decode()[:-1]) == line.decode()[:-1]
    assert json.loads(json_line(HOSTILE))["text"] == HOSTILE.text
    gap = Gap(room="tea", after=3, before=9)
    assert json.loads(json_line(gap)) == {"type": "gap", "room": "tea", "after": 3, "before": 9}
    assert "after 3 and before 9 are missing" in text_line(gap).decode()


def test_an_action_is_a_line_with_a_star() -> None:
    """A message of an older client that says the same looks the same; in JSON each is what it is."""
    head = ("tea", 1, 2, "bob", "2024-05-01T08:28:03.123Z")
    action, message = Action(*head, "waves"), Message(*head, "/me waves")
    assert text_line(action) == text_line(message)
    assert text_line(action).endswith(b" * bob waves\n")
    assert [json.loads(json_line(one))["type"] for one in (action, message)] == ["action", "message"]


# ---------------------------------------------------------------- who, rooms, and how all look


def test_the_lists_are_as_they_were(serve: Callable[..., Server], connect: Callable[..., Peer]) -> None:
    """who, rooms and tail, for people and as JSON, against what was kept. To keep a new one: REWRITE_GOLDEN=1."""
    server = serve()
    ann, bob, cleo = (connect(server, name) for name in ("ann", "Bjørn", "cleo"))
    ann.join("tea")
    bob.join("tea")
    bob.join("Kuchen")
    bob.send("say", text="zwei\nZeilen", n=1)
    bob.until("message")
    bob.join("den")
    bob.send("say", text="gone", n=2)
    bob.until("message")
    bob.send("leave")
    bob.until("left")
    cleo.reset()
    ann.sync()
    while not any(one["uid"] == 3 and one.get("away") for one in everyone(ann)):
        pass
    done = shell(
        """
        show() { echo "\\$ roomchat $*"; roomchat "$@" $S; echo; }
        show who
        show who --json
        show who tea --json
        show rooms
        show rooms --json
        echo '$ roomchat tail kuchen --history 1'; roomchat tail kuchen --history 1 $S | head -1; echo
        echo '$ roomchat tail kuchen --history 1 --json'; roomchat tail kuchen --history 1 --json $S | head -1
        """,
        address(server),
    )
    assert (done.returncode, done.stderr) == (0, "")
    shown = re.sub(r"\d{4}-\d\d-\d\d([ T])\d\d:\d\d:\d\d(\.\d+)?", r"2024-05-01\g<1>08:28:03\2", done.stdout)
    shown = re.sub(r"said .*", "said 2024-05-01 08:28", shown)
    shown = re.sub(r"\.\d{3}Z", ".000Z", shown)
    kept = GOLDEN / "programs.txt"
    if os.environ.get("REWRITE_GOLDEN"):
        kept.write_text(shown)
    assert shown == kept.read_text()


def everyone(peer: Peer) -> list[dict[str, object]]:
    peer.send("who")
    return peer.until("who")["clients"]


def test_lists_of_any_length_come_whole(serve: Callable[..., Server], connect: Callable[..., Peer]) -> None:
    """The server gives pages of a hundred; the lists are not cut."""
    server = serve()
    for i in range(250):
        peer = connect(server, f"p{i}")
        peer.join(f"room{i}")
        if i % 2:
            peer.join("hall")
    done = shell("roomchat who $S; echo; roomchat who hall $S; echo; roomchat rooms --json $S", address(server))
    everybody, hall, rooms = done.stdout.split("\n\n")
    assert everybody.splitlines() == [f"{i + 1} p{i}" for i in range(250)]
    assert hall.splitlines() == [f"{i + 1} p{i}" for i in range(1, 250, 2)]
    assert {json.loads(line)["room"] for line in rooms.splitlines()} == {"hall", *(f"room{i}" for i in range(250))}
    assert len(rooms.splitlines()) == 251


def test_a_list_may_be_cut(serve: Callable[..., Server], connect: Callable[..., Peer]) -> None:
    """`| head` is no error; a room that is not there is one."""
    server = serve()
    for i in range(3):
        connect(server, f"p{i}").join(f"room{i}")
    done = shell("roomchat rooms $S | head -1", address(server))
    assert (done.returncode, done.stdout, done.stderr) == (0, "room0 1\n", "")
    done = shell("roomchat who nowhere $S", address(server))
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "Error: There is no room nowhere.\n")
