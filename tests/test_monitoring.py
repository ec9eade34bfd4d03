"""What those who watch a server see of it: its figures and its health, of a server that runs."""

from __future__ import annotations

import re
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path

import pytest

from roomchat.server import Server
from roomchat.site.health import STUCK, trouble
from roomchat.site.metrics import HELP, LABELS
from tests.admin import until
from tests.inside import full_disk
from tests.peer import DEADLINE, Peer
from tests.trust import trusting

Serve = Callable[..., Server]
Connect = Callable[..., Peer]

OPERATE = Path(__file__).parent.parent / "docs" / "operate.md"


def get(server: Server, path: str) -> tuple[int, str]:
    """The status, and what it says."""
    connection = HTTPConnection(*server.address, timeout=DEADLINE)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def figures(server: Server) -> dict[str, float]:
    """By name, with the label if there is one."""
    status, text = get(server, "/metrics")
    assert status == 200
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def test_the_figures_are_what_has_happened(serve: Serve, connect: Connect) -> None:
    """What people have been told is counted by then."""
    server = serve(password_cost="cheapest")
    before = figures(server)
    ann, bob = connect(server, "ann"), connect(server, "bob", tls=trusting())
    for one in (ann, bob):
        one.join("tea")
    for number in range(3):
        ann.send("say", room="tea", text=str(number))
        bob.until("message")
    ann.send("dial", uid=99)
    ann.until("error")
    ann.send("register", password="correct horse")
    ann.until("registered")
    now = figures(server)
    told = {re.sub(r"(_bucket)?\{.*|_count$|_sum$", "", name) for name in now}
    assert {name for name in told if name.startswith("roomchat_")} == {
        name for name in HELP if "cluster" not in name
    }
    assert now["roomchat_messages_total"] == 3
    assert now["roomchat_deliveries_total"] == 6
    assert now['roomchat_connections{wire="native"}'] == 2
    assert now['roomchat_connections{wire="http"}'] == 1
    assert (now["roomchat_clients"], now["roomchat_rooms"], now["roomchat_accounts"]) == (2, 1, 1)
    assert now['roomchat_refused_total{code="no_such_client"}'] == 1
    assert now['roomchat_passwords_checked_total{result="made"}'] == 1
    assert now["roomchat_tls_handshakes_started_total"] == now["roomchat_tls_handshakes_total"] == 1
    assert 3 <= now["roomchat_commit_seconds_count"] <= now["roomchat_batch_commands_count"]
    assert now["roomchat_batch_commands_sum"] >= 9
    assert now["roomchat_log_bytes"] > 0
    assert now["roomchat_log_writable"] == 1
    assert now['roomchat_http_requests_total{status="200"}'] >= 1
    assert all(now[name] >= value for name, value in before.items() if name.endswith("_total"))


def test_a_full_disk_is_seen_and_when_it_is_over(serve: Serve, connect: Connect, tmp_path: Path) -> None:
    """The server finds out by itself: nobody would say anything where people are sent to healthy servers alone."""
    server = serve(db=str(tmp_path / "chat.db"))
    ann = connect(server, "ann")
    ann.join("tea")
    assert get(server, "/healthz") == (200, "ok\n")
    with full_disk(server):
        ann.send("say", room="tea", text="x" * 8000)
        ann.until("error")
        status, sentence = get(server, "/healthz")
        assert (status, figures(server)["roomchat_log_writable"]) == (503, 0)
        assert "disk" in sentence
    until(lambda: get(server, "/healthz")[0] == 200)


def test_why_no_messages_are_taken() -> None:
    """Each reason in a sentence; a machine that stands still for a moment is none."""
    assert trouble(stopping=False, unstored=False, silent=STUCK) == ""
    sentences = {
        trouble(stopping=True, unstored=True, silent=0),
        trouble(stopping=False, unstored=True, silent=0),
        trouble(stopping=False, unstored=False, silent=STUCK + 1),
    }
    assert len(sentences) == 3
    assert all(one.endswith(".") for one in sentences)


def test_the_docs_have_all_figures() -> None:
    """Each in a row of the table, with its label and its meaning."""
    rows = re.findall(r"^\| `(roomchat_\w+)(?:\{(\w+)\})?` \| (.*) \|$", OPERATE.read_text(encoding="utf-8"), re.M)
    assert rows == [(name, LABELS.get(name, ""), told) for name, told in HELP.items()]


@pytest.mark.parametrize("name", HELP)
def test_names_are_as_prometheus_wants_them(name: str) -> None:
    """Units in full, and a sum says that it is one."""
    assert re.fullmatch(r"roomchat_[a-z_]+", name)
    assert not re.search(r"_(ms|kb|count|sum|bucket)$", name)
