"""`roomchat verify`: the checker on records made by hand, real runs, and runs against seeded faults."""

from __future__ import annotations

import itertools
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from random import Random
from typing import Any

import pytest

from roomchat.client.address import Address
from roomchat.protocol import Message
from roomchat.server import Server
from roomchat.settings import Settings
from roomchat.store.api import Changes, SegmentRow, Snapshot
from roomchat.store.log import Log
from roomchat.verify.allowance import SAVED, SHARE, Allowance
from roomchat.verify.check import Entry, check, check_newcomer, check_traces
from roomchat.verify.check_people import check_people
from roomchat.verify.cluster import GIVEN_UP, ClusterHosts
from roomchat.verify.faults import ENCRYPTED, HOSTS, SHARED, SPLITS, Kind, schedule
from roomchat.verify.log import from_file, from_server
from roomchat.verify.options import Options
from roomchat.verify.processes import Process, ServerProcess, module
from roomchat.verify.proxy import Proxy
from roomchat.verify.records import (
    AnyRecord,
    Deleting,
    Ended,
    Gap,
    Joined,
    Marked,
    Quiet,
    Recorder,
    Refused,
    Said,
    Saying,
    Seen,
    Started,
    Stayed,
    Tail,
    Unanswered,
    brief,
)
from roomchat.verify.report import Result, summary
from roomchat.verify.run import Run
from roomchat.verify.slow_disk import TAKES, SlowDisk
from roomchat.wires.native import encode_entries
from tests import warm
from tests.program import Program, address_of, serve

MUTANTS = Path(__file__).parent / "mutants"

ANN, BOB = 1, 2
Story = tuple[dict[str, list[AnyRecord]], dict[str, list[Entry]]]


def story() -> Story:
    """Ann and bob in one room; all is well. Ann's program crashes; bob comes when something was said already."""
    log = [Entry(1, ANN, "a1"), Entry(2, ANN, "a2"), Entry(4, BOB, "b1"), Entry(5, ANN, "a3")]
    seen = [Seen("tea", entry.seq, entry.uid, entry.text) for entry in log]
    ann: list[AnyRecord] = [
        Started(ANN), Joined("tea", 0),
        Saying("tea", "a1"), Said(1, "a1"), Saying("tea", "a2"), Said(2, "a2"), *seen[:2],
        Started(ANN), seen[1], seen[2],
        Saying("tea", "a3"), Said(3, "a3"), seen[3], Saying("tea", ""), Said(4, ""), Refused(4, "empty_text"),
        Quiet(True),
    ]  # fmt: skip
    bob: list[AnyRecord] = [
        Started(BOB), Joined("tea", 2), Saying("tea", "b1"), Said(1, "b1"), *seen[1:], Quiet(True)
    ]  # fmt: skip
    return {"ann": ann, "bob": bob}, {"tea": log}


def replace(records: list[AnyRecord], old: AnyRecord, *new: AnyRecord) -> None:
    """Other records in the place of the last one like this."""
    place = len(records) - 1 - records[::-1].index(old)
    records[place : place + 1] = new


A1, A2, B1, A3 = (
    Seen("tea", 1, ANN, "a1"), Seen("tea", 2, ANN, "a2"), Seen("tea", 4, BOB, "b1"), Seen("tea", 5, ANN, "a3")
)  # fmt: skip


def test_a_story_without_a_fault_has_no_violation() -> None:
    """A jump of seq, a crash, a refusal, and a start in the middle are all well."""
    assert check(*story()) == []


def test_nothing_has_no_violation() -> None:
    """Whether anything happened at all is for the run to judge."""
    assert check({}, {}) == []


# What is changed in the story, and how it is told. Each is (whose records, what, what instead).
CHANGES = {
    "not in the log": (
        "bob", B1, [B1, Seen("tea", 3, ANN, "ghost")], "bob saw seq 3 of tea ('ghost'), but it is not in the log."
    ),
    "another text": (
        "bob", B1, [Seen("tea", 4, BOB, "bx")],
        "bob saw 'bx' by client 2 as seq 4 of tea; the log has 'b1' by client 2 there.",
    ),
    "another sender": (
        "bob", B1, [Seen("tea", 4, ANN, "b1")],
        "bob saw 'b1' by client 1 as seq 4 of tea; the log has 'b1' by client 2 there.",
    ),
    "twice": ("bob", A3, [A3, A3], "bob saw seq 5 of tea ('a3') twice."),
    "twice, not at once": ("bob", A3, [A3, A2], "bob saw seq 2 of tea ('a2') twice."),
    "backwards": ("bob", A2, [B1, A2], "bob saw seq 2 of tea ('a2') after seq 4."),
    "missed": ("ann", B1, [], "ann never saw seq 4 of tea (the first is 'b1')."),
    "missed at the end": ("bob", A3, [], "bob never saw seq 5 of tea (the first is 'a3')."),
    "not the last one again": ("ann", Started(ANN), [Started(ANN), A1], "ann saw seq 1 of tea ('a1') twice."),
    "again and again": ("ann", B1, [A2, B1], "ann saw seq 2 of tea ('a2') twice."),
    "said and gone": (
        "bob", Quiet(True), [Saying("tea", "b2"), Said(2, "b2"), Quiet(True)],
        "bob said 'b2' as its message 2, but it is not in the log and was not refused.",
    ),
    "refused and there": (
        "bob", Quiet(True), [Refused(1, "refused"), Quiet(True)],
        "bob was told that its message 1 ('b1') was refused, but it is in the log.",
    ),
    "a number twice": ("ann", Said(2, "a2"), [Said(1, "a2")], "ann gave two messages the number 1: 'a1', 'a2'."),
    "pending": ("bob", Quiet(True), [Quiet(False)], "At the end bob still waited for a message of its own."),
    "said by nobody": ("bob", Saying("tea", "b1"), [], "seq 4 of tea is 'b1' in the log, but nobody said that."),
    "said elsewhere": (
        "bob", Saying("tea", "b1"), [Saying("den", "b1")],
        "seq 4 of tea is 'b1' by client 2 in the log; bob said it in den.",
    ),
    "someone else": ("ann", Started(ANN), [Started(3)], "ann was client 1 and came back as client 3."),
    "no answer": (
        "bob", Quiet(True), [Unanswered("join tea", "Silence."), Quiet(True)],
        "bob waited in vain for the answer to 'join tea': Silence.",
    ),
    "a fault of the server": (
        "bob", Quiet(True), [Refused(None, "internal_error"), Quiet(True)],
        "bob was refused something because of a fault in the server (internal_error).",
    ),
    "not taken back": ("bob", Quiet(True), [Ended("Full."), Quiet(True)], "bob was not taken back: Full."),
    "a false gap": (
        "bob", A3, [Gap("tea", 2, 9), A3],
        "bob was told that tea has nothing between seq 2 and 9, but seq 4 is in the log.",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("whose", "old", "new", "sentence"), CHANGES.values(), ids=CHANGES)
def test_each_violation_is_found(whose: str, old: AnyRecord, new: list[AnyRecord], sentence: str) -> None:
    """One change of the story, and the sentence that tells of it."""
    records, log = story()
    replace(records[whose], old, *new)
    assert sentence in check(records, log)


def deleted() -> Story:
    """Ann has deleted her second message when bob had seen it; cat comes later, and reads that it is gone."""
    records, log = story()
    log["tea"][1] = Entry(2, ANN, "", gone=True)
    log["tea"].append(Entry(6, ANN, "", of=2))
    told = Seen("tea", 6, ANN, "", of=2)
    replace(records["ann"], Quiet(True), Deleting("tea", 2), told, Quiet(True))
    replace(records["bob"], Quiet(True), told, Quiet(True))
    seen = [A1, Seen("tea", 2, ANN, "", gone=True), B1, A3]
    records["cat"] = [Started(3), Joined("tea", 0), *seen, told]
    return records, log


def test_a_deletion_is_no_violation() -> None:
    """Neither for those who saw the words before, nor for who did not."""
    assert check(*deleted()) == []


DELETIONS = {
    "by nobody": (
        "ann", Deleting("tea", 2), [],
        "seq 2 of tea by client 1 is deleted in the log, but they did not do that.",
    ),
    "the words of another": (
        "cat", B1, [Seen("tea", 4, BOB, "", gone=True)],
        "cat saw '' by client 2 as seq 4 of tea; the log has 'b1' by client 2 there.",
    ),
    "of another": (
        "bob", Seen("tea", 6, ANN, "", of=2), [Seen("tea", 6, ANN, "", of=1)],
        "bob saw '' by client 1 as seq 6 of tea; the log has '' by client 1 there.",
    ),
    "not told": (
        "bob", Seen("tea", 6, ANN, "", of=2), [], "bob never saw seq 6 of tea (the first is '').",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("whose", "old", "new", "sentence"), DELETIONS.values(), ids=DELETIONS)
def test_each_wrong_deletion_is_found(whose: str, old: AnyRecord, new: list[AnyRecord], sentence: str) -> None:
    """One change of the story with a deletion, and the sentence that tells of it."""
    records, log = deleted()
    replace(records[whose], old, *new)
    assert sentence in check(records, log)


def test_a_deletion_that_the_log_does_not_tell_of_is_found() -> None:
    """And one that it tells of only."""
    records, log = deleted()
    del log["tea"][-1]
    assert "seq 2 of tea is deleted in the log, and no entry tells of it." in check(records, log)
    records, log = deleted()
    log["tea"][1] = Entry(2, ANN, "a2")
    assert "The log of tea tells that seq 2 is deleted, but 'a2' is there." in check(records, log)


def test_words_that_are_left_in_a_file_are_found() -> None:
    """By their beginning; those of another message that begins alike do not count."""
    said = Seen("tea", 1, ANN, brief("bot-1 says 1 ".ljust(99, ".")))
    records = {"bot-1": [Started(ANN), said]}
    log = {"tea": [Entry(1, ANN, "", gone=True)]}
    assert list(check_traces(records, log, b'{"text":"bot-1 says 12 ..."}')) == []
    assert list(check_traces(records, log, b'\0\0"bot-1 says 1 ..')) == [
        "seq 1 of tea is deleted, but 'bot-1 says 1 ' is in the files of the log."
    ]


def test_a_newcomer_who_is_told_of_what_is_deleted_is_found() -> None:
    """Wherever the server had it from; and one to whom something is missing."""
    _, log = deleted()
    assert list(check_newcomer(log, log)) == []
    told = {"tea": [*log["tea"]]}
    told["tea"][1] = Entry(2, ANN, "a2")
    assert list(check_newcomer(told, log)) == [
        "A newcomer to tea is told 'a2' as seq 2, where the log has 'a deletion' as seq 2."
    ]
    assert list(check_newcomer({}, log)) == ["A newcomer to tea is told nothing, where the log has 'a1' as seq 1."]


def test_a_text_twice_in_the_log_is_found() -> None:
    """Even where everyone has seen it twice, each with its seq."""
    records, log = story()
    log["tea"].append(Entry(6, BOB, "b1"))
    for own in records.values():
        own.append(Seen("tea", 6, BOB, "b1"))
    assert check(records, log) == ["'b1' is in the log twice: seq 4 of tea, and seq 6 of tea."]


def test_a_log_that_does_not_rise_is_found() -> None:
    """The order of the log itself."""
    records, log = story()
    log["tea"].reverse()
    assert "The log of tea has seq 4 after seq 5." in check(records, log)


def test_two_orders_are_found_by_what_was_seen_alone() -> None:
    """Also with seqs that rise for both."""
    records, log = story()
    records["bob"] = [Started(BOB), Joined("tea", 0), Seen("tea", 1, ANN, "a2"), Seen("tea", 2, ANN, "a1")]
    assert "In tea, bob saw 'a2' before 'a1', and ann saw it after." in check(records, log)


def test_what_a_gap_names_is_not_missed() -> None:
    """Nothing else is forgiven by it."""
    records, log = story()
    del log["tea"][2]  # as if retention had removed bob's message, which ann saw
    records["ann"].remove(B1)
    replace(records["bob"], B1, Gap("tea", 2, 5))
    del records["bob"][2:4]
    assert check(records, log) == []


def test_who_was_let_in_must_see_what_follows() -> None:
    """Even if it has never seen anything."""
    records, log = story()
    records["cat"] = [Started(3), Joined("tea", 4)]
    assert check(records, log) == ["cat never saw seq 5 of tea (the first is 'a3')."]


def test_people_with_several_devices_are_checked() -> None:
    """Their markers, their devices, and the rooms that they stay in."""
    _, log = story()
    ann = [Started(ANN, 1), Marked("tea", 0), Marked("tea", 2), Started(ANN, 1), Marked("tea", 4), Stayed(["tea"])]
    phone = [Started(ANN, 2), Marked("tea", 2), Marked("tea", 4), Stayed(["tea", "den"])]

    def found(**changed: list[AnyRecord]) -> list[str]:
        records = {"ann.1": [*ann], "ann.2": [*phone], "bob": [Started(BOB)]}
        return list(check_people(records | {name.replace("_", "."): own for name, own in changed.items()}, log))

    assert found() == []
    assert found(ann_2=[Started(ANN, 2), Marked("tea", 4), Marked("tea", 3), Marked("tea", 4)]) == [
        "ann.2 was told that tea is read up to seq 3, before up to seq 4."
    ]
    assert found(ann_2=[Started(ANN, 2), Marked("tea", 3)]) == [
        "In the end ann.2 knows that tea is read up to seq 3, but ann was told seq 4."
    ]
    assert "ann.2 was told that tea is read up to seq 6, but it ends with seq 5." in found(
        ann_2=[Started(ANN, 2), Marked("tea", 6)]
    )
    assert found(ann_2=[Started(ANN, 2), Stayed([])]) == ["In the end ann.2 is not in tea any more."]
    assert found(ann_2=[Started(ANN, 1)]) == ["ann.2 and ann.1 are both device 1 of ann."]
    assert found(ann_2=[Started(BOB, 2)]) == ["The devices of ann are the clients 1, 2."]


def test_records_are_read_while_they_are_written(tmp_path: Path) -> None:
    """Whole lines, each once; none while there is no file."""
    path = tmp_path / "ann.jsonl"
    tail = Tail(path)
    assert tail.read() == []
    recorder = Recorder(path)
    recorder.write(Started(1))
    assert tail.read() == [Started(1)]
    with open(path, "ab") as file:
        file.write(b'{"type":"quiet","do')
        file.flush()
        assert tail.read() == []
        file.write(b'ne":true}\n')
    assert tail.read() == [Quiet(True)]
    recorder.close()


def test_long_texts_are_told_apart() -> None:
    """What stands for a text in the records is short, and differs where the text does."""
    assert brief("short") == "short"
    assert len(brief("x" * 8000)) < 50
    assert brief("x" * 8000) != brief("x" * 7999 + "y")


def test_a_person_asks_for_less_than_a_server_takes() -> None:
    """However many devices ask, and whatever faults have asked for besides: that is made up for."""
    now = 0.0
    allowance = Allowance(clock=lambda: now)
    asked = 0
    for tenth in range(6000):
        now = tenth / 10
        if tenth == 3000:
            allowance.spend(SAVED)
            asked += int(SAVED)
        while allowance.is_there:
            allowance.spend(5)
            asked += 5
    assert SHARE * Settings.rate * now <= asked <= SHARE * Settings.rate * now + SAVED + 5
    assert asked < Settings.rate * now


def test_the_schedule_comes_from_the_seed() -> None:
    """The same again for the same seed, in order of time, each kind at least once, as many kills as asked for."""
    faults = schedule(5, 60, 20)
    assert faults == schedule(5, 60, 20) != schedule(6, 60, 20)
    assert [fault.at for fault in faults] == sorted(fault.at for fault in faults)
    assert {fault.kind for fault in schedule(5, 1, 1)} == set(Kind)
    assert {fault.kind for fault in schedule(5, 1, 1, ENCRYPTED | SHARED)} == set(Kind) - ENCRYPTED - SHARED
    assert sum(fault.kind is Kind.SERVER_KILL for fault in faults) == 20


def test_where_there_are_several_servers_some_faults_are_long() -> None:
    """Longer than the servers wait for each other; and a minute has more than twenty faults of servers."""
    faults = schedule(5, 3600, 300, ENCRYPTED)
    for kind in (Kind.SERVER_KILL, Kind.SERVER_HANG, Kind.NATS_KILL, Kind.NATS_HANG, *SPLITS):
        lasting = [fault.lasts for fault in faults if fault.kind is kind]
        assert any(12 <= lasts <= 20 for lasts in lasting)
        assert sum(lasts > 10 for lasts in lasting) < len(lasting) / 2
    assert sum(fault.kind in HOSTS for fault in faults) > 20 * 60
    assert all(fault.lasts < 10 for fault in schedule(5, 3600, 300, SHARED))


def test_a_partition_holds_back_what_comes_new_too(tmp_path: Path) -> None:
    """Nothing passes and nobody is told, over old connections and new ones, until the last partition is over."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        proxy = Proxy(listening.getsockname())
        to = ("127.0.0.1", int(proxy.address.rpartition(":")[2]))
        try:
            with ExitStack() as stack:
                old = stack.enter_context(socket.create_connection(to))
                server, _ = listening.accept()
                stack.enter_context(server)
                for _ in range(2):
                    proxy.hold()
                new = stack.enter_context(socket.create_connection(to))
                other, _ = listening.accept()
                stack.enter_context(other)
                for sock in (old, new):
                    sock.sendall(b"a")
                proxy.release()
                assert not select.select([server, other], [], [], 0.1)[0]
                proxy.release()
                for sock in (server, other):
                    sock.settimeout(20)
                    assert sock.recv(1) == b"a"
        finally:
            proxy.close()


def test_a_proxy_keeps_nothing_of_links_that_are_gone() -> None:
    """Also where nobody asks for them: an hour has thousands."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        proxy = Proxy(listening.getsockname())
        to = ("127.0.0.1", int(proxy.address.rpartition(":")[2]))
        try:
            for _ in range(20):
                with socket.create_connection(to) as client:
                    server, _ = listening.accept()
                    server.close()
                    client.settimeout(20)
                    assert client.recv(1) == b""
            assert len(proxy._links) < 10
        finally:
            proxy.close()


def test_a_server_that_went_astray_is_a_violation(tmp_path: Path) -> None:
    """It has stopped by itself, and not because it was given up; or it could not begin, and tries again."""
    hosts = ClusterHosts(Options(cluster=True), tmp_path)
    hosts.servers = [ServerProcess(["roomchat"], tmp_path, f"chat-{number}") for number in (1, 2, 3)]
    astray = "This server knows something else than the others: it needs a copy of one of them."
    hosts.servers[0].log.write_text(
        f"Stopping: {GIVEN_UP}.\nComing back.\nStopping. Press Ctrl-C again.\nStopped.\n"
    )
    hosts.servers[1].log.write_text(f"Stopping: {astray}.\nComing back.\n")
    hosts.servers[2].log.write_text("The stream was made anew. Coming back.\n2026-01-01 00:00:00 ERROR oh no\n")
    assert [*hosts._went_astray()] == [
        f"server-2 has stopped by itself: {astray}", "server-3 has stopped by itself: The stream was made anew.",
        "server-3 has logged: oh no",
    ]  # fmt: skip
    assert hosts.counts["given up"] == 1


def test_states_are_compared_where_all_have_kept_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the same position, which all have come to since: a difference is found; what is old is not compared."""
    hosts = ClusterHosts(Options(cluster=True), tmp_path)
    hosts.servers = [ServerProcess(["roomchat"], tmp_path, f"chat-{number}") for number in (1, 2, 3)]
    with ExitStack() as stack:
        logs = [stack.enter_context(closing(Log(str(server.db), "normal"))) for server in hosts.servers]

        def keep(position: int, *states: bytes) -> None:
            for log, state in zip(logs, states, strict=True):
                log.keep(Snapshot(position, "", b"{}", state))

        keep(7, b"old", b"old", b"old")
        later = iter([(9, b"a", b"a", b"a"), (11, b"b", b"b", b"c")])
        monkeypatch.setattr("time.sleep", lambda _: keep(*next(later)))
        assert hosts._compare_states() == []
        assert hosts._compare_states() == [
            "The states of server-1, server-2, server-3 at position 11 are not the same."
        ]


def test_a_slow_disk_holds_up_writes(tmp_path: Path) -> None:
    """Each for a while, but not for so long that it would fail; and none when it is over."""
    with closing(Log(str(tmp_path / "chat.db"), "normal")) as log:
        begun = time.monotonic()
        disk = SlowDisk(tmp_path / "chat.db", Random(1))
        for seq in itertools.takewhile(lambda _: disk.writes < 3, itertools.count(1)):
            log.append(0, Changes([SegmentRow("tea", "tea", seq, seq, b"")]))
        assert time.monotonic() - begun >= 3 * TAKES[0]
        disk.end()
        log.append(0, Changes([SegmentRow("tea", "tea", seq + 1, seq + 1, b"")]))


def test_what_passes_is_torn_or_changed() -> None:
    """Half of the next piece and then nothing; or one bit of it is another, and the next is as it was sent."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        proxy = Proxy(listening.getsockname())
        try:
            with socket.create_connection(("127.0.0.1", int(proxy.address.rpartition(":")[2]))) as client:
                server, _ = listening.accept()
                with server:
                    server.settimeout(20)
                    client.sendall(b"abcd")
                    assert server.recv(4) == b"abcd"
                    (link,) = proxy.links()
                    link.change()
                    client.sendall(b"abcd")
                    assert server.recv(4) == b"abbd"
                    client.sendall(b"abcd")
                    assert server.recv(4) == b"abcd"
                    link.tear()
                    client.sendall(b"abcd")
                    assert server.recv(4) + server.recv(4) == b"ab"
        finally:
            proxy.close()


# ---------------------------------------------------------------- real runs

PROGRAMS = {
    tuple(Options.server_command): warm.ROOMCHAT,
    tuple(Options.worker_command): "roomchat.verify.worker",
}
execute = Process._execute


def copied(self: Process, command: Sequence[str], stdin: int, output: int) -> Any:
    """A process of a run is not executed, either: see `warm`."""
    if not warm.can_start(self._env):
        return execute(self, command, stdin, output)
    for start, program in PROGRAMS.items():
        if tuple(command[: len(start)]) == start:
            return warm.Copy(command[len(start) :], stdin, output, self._env, program)
    return warm.Copy(command[2:], stdin, output, self._env, command[1])  # a mutant


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[Result, list[str]]]:
    """A short run with few clients; the records are in the test's own folder. Returns the lines it showed, too."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(Process, "_execute", copied)

    def start(**options: Any) -> tuple[Result, list[str]]:
        lines: list[str] = []
        run = Run(Options(**{"seed": 1, "clients": 6, "rooms": 2} | options), lines.append)
        result = run.run()
        assert run.folder.exists() is not result.passed, "the records are kept if and only if something is wrong"
        return result, [*lines, *summary(result)]

    return start


@pytest.mark.long
def test_a_short_run_finds_nothing(run: Callable[..., tuple[Result, list[str]]]) -> None:
    """The real server and clients, encrypted, half of them in a WebSocket, with faults of every kind, keep every
    promise."""
    result, lines = run(seconds=5, kills=2, tls=True, websocket=True)
    assert result.passed, lines
    assert result.faults[Kind.SERVER_KILL] == 2
    assert all(result.faults[kind] for kind in set(Kind) - SHARED)
    assert result.counts["came back"] == result.counts["said"] == result.counts["in the log"]
    assert result.counts["seen"] == 6 * result.counts["in the log"]
    assert result.counts["deleted"]
    assert result.counts["marked"]
    assert lines[-1] == "Violations: 0."


@pytest.mark.skipif("ROOMCHAT_SLOW" not in os.environ, reason="takes two minutes; ROOMCHAT_SLOW=1 runs it")
@pytest.mark.timeout(400)
def test_a_run_of_several_servers_finds_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every kind of fault meets them, the stream's leader, too; and their states are compared."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    lines: list[str] = []
    result = Run(Options(seed=1, seconds=20, clients=6, cluster=True), lines.append).run()
    assert result.passed, [*lines, *summary(result)]
    assert all(result.faults[kind] for kind in SHARED)
    assert result.leader_hit
    assert result.counts["states compared"]


def test_entries_of_a_later_version_are_passed_over_and_counted(tmp_path: Path) -> None:
    """In the file of a log, and in what a server sends."""
    said = Message("tea", 1, ANN, "ann", "2026-01-01T00:00:00.000Z", "a1")
    lines = encode_entries([said]) + b'{"type":"reacted","room":"tea","seq":2,"target":1}\n'
    with closing(Log(str(tmp_path / "chat.db"), "normal")) as log:
        log.append(0, Changes([SegmentRow("tea", "tea", 1, 2, lines)]))
    with Server(Settings(port=0, db=str(tmp_path / "chat.db"))) as server:
        for found in (
            from_file(tmp_path / "chat.db", ["tea"]),
            from_server(Address(*server.address), "checker", ["tea"]),
        ):
            assert found.log == {"tea": [Entry(1, ANN, "a1")]}
            assert found.passed_over == 1
    result = Result()
    result.counts["passed over"] = 1
    assert "Entries in the log that are not messages, and were not checked: 1." in summary(result)


@pytest.mark.long
def test_the_command(tmp_path: Path) -> None:
    """At an address nothing is killed; the seed is shown; it ends with 0 and leaves nothing behind."""
    with (
        serve("--rate", "0") as server,
        Program(
            "verify", address_of(server), "--seconds", "1", "--seed", "4", "--clients", "3",
            env={"TMPDIR": str(tmp_path)},
        ) as verify,
    ):  # fmt: skip
        verify.expect("^Seed 4")
        assert verify.wait() == 0, verify.output
        assert "kills of the server" not in verify.output
        assert "Repeat the run with --seed 4." in verify.output
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_nothing_behind(tmp_path: Path, number: signal.Signals) -> None:
    """In the middle of a run all its processes end, and its folder is removed."""
    with Program("verify", "--seed", "4", env={"TMPDIR": str(tmp_path)}) as verify:
        verify.expect("the faults begin")
        verify.signal(number)
        assert verify.wait() == 1
        assert "Stopped before the end, so nothing is proven." in verify.output
        assert list(tmp_path.iterdir()) == []


def test_a_run_in_which_nothing_happens_proves_nothing(run: Callable[..., tuple[Result, list[str]]]) -> None:
    """A chat in which nobody talks is no proof."""
    result, lines = run(seconds=1, worker_command=[sys.executable, str(MUTANTS / "silent_worker.py")])
    assert not result.violations
    assert not result.passed
    assert lines[-1] == "Only 0 messages were said."


# Which mutant takes the place of which process, and how the violation may be told.
SEEDED = [
    ("server", "no_n_check", "is in the log twice"),
    ("server", "early_delivery", "not in the log|the log has|but it is in the log"),
    ("worker", "newest_cursor", "never saw"),
    ("server", "lossy_outbox", "never saw"),
    ("server", "two_orders", "before"),
    ("server", "stale_reader", "A newcomer to .* is told"),
    ("server", "marker_goes_back", r"read up to seq \d+, before up to seq"),
]


@pytest.mark.parametrize(("process", "name", "sentence"), SEEDED, ids=[name for _, name, _ in SEEDED])
def test_the_checker_finds_a_seeded_fault(
    run: Callable[..., tuple[Result, list[str]]], monkeypatch: pytest.MonkeyPatch, process: str, name: str,
    sentence: str,
) -> None:  # fmt: skip
    """Each of the ways in which chats lose, double or mix up messages, in an otherwise real run."""
    if name != "lossy_outbox":  # only an outbox has to be filled, which is half of the work
        monkeypatch.setattr("roomchat.verify.run.FLOOD_MESSAGES", 10)
    command = [sys.executable, str(MUTANTS / f"{name}.py")]
    kills = 0 if name == "stale_reader" else 1  # what it remembers ends with it
    result, lines = run(seed=2, seconds=2, kills=kills, patience=1, **{f"{process}_command": command})
    assert any(re.search(sentence, violation) for violation in result.violations), lines


def test_nothing_is_imported_from_where_it_was_started(tmp_path: Path) -> None:
    """That may be a folder into which others write."""
    for name in ("click", "msgspec", "roomchat", "runpy"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('from here')")
    ran = subprocess.run(
        [*module("roomchat"), "--version"], check=False, cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert ran.stdout.startswith("roomchat ")
    assert ran.returncode == 0
