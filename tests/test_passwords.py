"""Passwords between a socket and the hub: checked in their turn, dear for who guesses, and seen nowhere."""

from __future__ import annotations

import itertools
import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from roomchat.chat.inputs import LoggedIn, NewAccount
from roomchat.dialect import Malformed
from roomchat.errors import BadPassword, TooManyTries
from roomchat.net.hashing import NICE, Hasher, HashingProcess, prepared
from roomchat.net.passwords import MAX_PER_ORIGIN, Judge, Passwords
from roomchat.net.throttle import (
    ACCOUNT_EVERY,
    FREE,
    FREE_ACCOUNTS,
    MAX_ACCOUNT_DELAY,
    MAX_DELAY,
    MAX_KEPT,
    Throttle,
)
from roomchat.protocol import ChangePassword, Hello, Register, Unregister
from roomchat.server import Server
from roomchat.settings import Settings
from roomchat.store.clients import StoredPassword
from tests.admin import admin
from tests.peer import Peer

SECRET = "correct horse"
DEADLINE = 20.0


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server(settings_of(tmp_path)) as server:
        yield server


def settings_of(folder: Path, **more: Any) -> Settings:
    return Settings(
        **{"port": 0, "db": str(folder / "log.db"), "drain": 0.2, "rate": 0.0, "password_cost": "cheapest"} | more
    )


def register(server: Server, name: str = "ann", password: str = SECRET) -> Peer:
    peer = Peer(server.address)
    peer.hello(name)
    peer.send("register", password=password)
    peer.expect("registered")
    return peer


def log_in(server: Server, name: str = "ann", password: str = SECRET) -> dict[str, Any]:
    """The answer to one hello."""
    with Peer(server.address) as peer:
        peer.send("hello", protocol=1, name=name, password=password)
        return peer.next()


# ---------------------------------------------------------------- what is kept


def test_the_recommended_cost_is_that_of_rfc_9106() -> None:
    """Its second choice: argon2id, three times over 64 MiB in four lanes."""
    hasher = Hasher(Settings().password_cost)
    kept = hasher.hash(SECRET)
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert hasher.is_right(kept, SECRET)
    assert not hasher.is_right(kept, SECRET + "s")
    assert not hasher.is_outdated(kept)
    assert Hasher("cheapest").is_outdated(kept)


def test_a_process_of_its_own_makes_the_hashes() -> None:
    """Another one, if it is ended; its arguments say nothing, and it ends with the server."""
    hasher = HashingProcess("cheapest")
    with closing(hasher):
        kept = hasher.hash(SECRET)
        assert hasher.is_right(kept, SECRET)
        assert not hasher.is_right(kept, SECRET + "s")
        assert not hasher.is_right(None, SECRET)
        assert not hasher.is_right(kept, "bell\a")
        with pytest.raises(BadPassword):
            hasher.hash("")
        first = hasher._process
        assert first is not None
        assert SECRET not in " ".join(first.args)
        first.kill()
        first.wait()
        assert hasher.is_right(kept, SECRET)
        second = hasher._process
        assert second is not None
        assert second.pid != first.pid
        assert os.getpriority(os.PRIO_PROCESS, second.pid) == os.getpriority(os.PRIO_PROCESS, 0) + NICE
    assert second.poll() == 0


def test_that_process_imports_nothing_from_where_the_server_was_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That may be a folder into which others write."""
    for name in ("argon2", "msgspec", "precis_i18n", "roomchat", "secrets"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit")
    monkeypatch.chdir(tmp_path)
    with closing(HashingProcess("cheapest")) as hasher:
        assert hasher.is_right(hasher.hash(SECRET), SECRET)


def test_that_process_ends_quietly_when_its_server_is_killed() -> None:
    """In the middle of a password."""
    command = [sys.executable, "-m", "roomchat.net.hashing", "cheapest"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        process.stdin.write(b'{"password":"correct horse"}\n')
        process.stdin.close()
        assert process.stderr.read() == b""
        assert process.wait(DEADLINE) == 0


def test_nobody_has_a_password_where_there_is_no_account() -> None:
    """It is compared with one nevertheless; what is no hash is nobody's, too."""
    hasher = Hasher("cheapest")
    assert not hasher.is_right(None, SECRET)
    assert not hasher.is_right("broken", SECRET)


def test_a_password_is_the_same_however_it_is_typed() -> None:
    """Composed or not, and with whatever space."""
    assert prepared("zoe\u0301 \u3000x") == prepared("zo\u00e9  x")
    for wrong in ("", "bell\a"):
        with pytest.raises(BadPassword) as refused:
            prepared(wrong)
        assert wrong == "" or wrong not in str(refused.value)


# ---------------------------------------------------------------- who guesses


def test_who_guesses_waits_longer_and_longer() -> None:
    """From one address, whoever the guesses are for; up to a bound."""
    throttle, now, waits = Throttle(), 1000.0, []
    for number in range(30):
        waits.append(throttle.wait("1.2.3.4", number, known=False, now=now))
        now += waits[-1]
        throttle.failed("1.2.3.4", number, known=False, now=now)
    assert waits[:FREE] == [0.0] * FREE
    assert waits[FREE : FREE + 5] == [1.0, 2.0, 4.0, 8.0, 16.0]
    assert waits == sorted(waits)
    assert waits[-1] == MAX_DELAY
    assert throttle.wait("1.2.3.5", 0, known=False, now=now) == 0.0


def test_a_stranger_locks_nobody_out() -> None:
    """However many guess: where an account was logged in before that is not felt, elsewhere for half a minute."""
    throttle = Throttle()
    for number in range(1000):
        throttle.failed(f"10.0.{number // 250}.{number % 250}", "ann", known=False, now=1000.0)
    assert throttle.wait("192.168.0.1", "ann", known=True, now=1000.0) == 0.0
    assert throttle.wait("192.168.0.2", "ann", known=False, now=1000.0) == MAX_ACCOUNT_DELAY
    assert throttle.wait("192.168.0.2", "bob", known=False, now=1000.0) == 0.0


def test_an_account_of_ones_own_does_not_help_to_guess() -> None:
    """Between the guesses one logs in to it; they count on."""
    throttle = Throttle()
    for _ in range(FREE):
        throttle.failed("1.2.3.4", "ann", known=False, now=1000.0)
        throttle.succeeded("1.2.3.4", "eve")
    assert throttle.wait("1.2.3.4", "bob", known=False, now=1000.0) > 0
    assert throttle.wait("1.2.3.4", "eve", known=True, now=1000.0) == 0.0


def test_a_network_of_ipv6_is_one_address() -> None:
    throttle = Throttle()
    for number in range(FREE):
        throttle.failed(f"2001:db8::{number:x}", number, known=False, now=1000.0)
    assert throttle.wait("2001:db8::ffff:1", 99, known=False, now=1000.0) > 0
    assert throttle.wait("2001:db8:0:1::1", 99, known=False, now=1000.0) == 0.0


def test_what_is_counted_has_a_bound() -> None:
    throttle = Throttle()
    for number in range(MAX_KEPT):
        throttle.failed(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", number, known=False, now=1000.0)
    assert len(throttle._counts) <= MAX_KEPT


@pytest.mark.parametrize("accounts", ["open", "invite"])
def test_one_address_makes_so_many_accounts(accounts: str) -> None:
    """Then one a minute, where anybody may; elsewhere invites say how many. A bad password is not counted."""
    made: Counter[str] = Counter()
    settings = Settings(accounts=accounts)
    reader: Any = OneAccount(lambda: None)
    judge = Judge(settings, reader, Hasher("cheapest"), Throttle(), threading.Condition(), made)
    with pytest.raises(BadPassword):
        judge.verdict(Register(password="short"), "2001:db8::", 7, b"")
    for number in range(FREE_ACCOUNTS):
        judge.verdict(Register(password=SECRET), f"2001:db8::{number:x}", 7, b"")
    hello = Hello(protocol=1, name="ann", password=SECRET, register=True)
    if accounts == "open":
        with pytest.raises(TooManyTries, match="accounts were made from your address"):
            judge.verdict(hello, "2001:db8::1", 0, b"")
    judge.verdict(hello, "2001:db8::1" if accounts == "invite" else "2001:db8:0:1::1", 0, b"")
    assert made["made"] == FREE_ACCOUNTS + 1


def test_an_account_more_can_be_made_after_a_while() -> None:
    """It is not waited for by trying."""
    throttle = Throttle()
    waits = [throttle.account("1.2.3.4", 1000.0 + number / 100) for number in range(FREE_ACCOUNTS + 3)]
    assert waits[:FREE_ACCOUNTS] == [0.0] * FREE_ACCOUNTS
    assert all(0 < wait <= ACCOUNT_EVERY for wait in waits[FREE_ACCOUNTS:])
    later = [throttle.account("1.2.3.4", 1000.0 + ACCOUNT_EVERY + more) for more in (1.0, 2.0)]
    assert later[0] == 0.0 < later[1]


def test_guesses_are_answered_and_then_put_off(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    """A wrong name and a wrong password get the same words; the log has who it was, and no password."""
    caplog.set_level(logging.DEBUG)
    register(server).close()
    answers = [log_in(server, name, "a wrong guess") for name in ("ann", "nobody", "no name", "ann", "ann")]
    assert {one["message"] for one in answers} == {"The name or the password is wrong."}
    # It was registered from this address, where only what is wrong for itself counts: ann has two left.
    assert {log_in(server, "ann", "a wrong guess")["code"] for _ in range(FREE)} == {
        "wrong_password",
        "too_many_tries",
    }
    assert "a wrong password for 'ann' from 127.0.0.1" in caplog.text
    assert "a wrong guess" not in caplog.text
    assert "a wrong password for nobody" in caplog.text, "a password that is typed for a name is not told"
    assert "no name" not in caplog.text


# ---------------------------------------------------------------- in its turn


def test_what_follows_a_password_waits_for_it(server: Server) -> None:
    """Whatever is sent in one piece is done in its order, as if nothing took time."""
    with Peer(server.address) as peer:
        peer.send("hello", protocol=1, name="ann", password=None, register=False)
        peer.send("join", room="tea")
        peer.send("register", password=SECRET)
        peer.send("say", text="1", n=1)
        peer.send("password", old="wrong horse", new="battery staple", id=1)
        peer.send("password", old=SECRET, new="battery staple", id=2)
        peer.send("password", old=SECRET, new="battery staple", id=3)
        peer.send("say", text="2", n=2)
        peer.send("unregister", password="battery staple")
        peer.send("say", text="3", n=3)
        got = []
        while not got or got[-1]["type"] != "unregistered":
            got.append(peer.next())
        assert [one.get("text") or one.get("code") or one["type"] for one in got] == [
            "welcome", "joined", "registered", "1", "wrong_password", "password_changed", "wrong_password", "2",
            "unregistered",
        ]  # fmt: skip
        assert peer.ended() == []
    assert log_in(server, "ann", "battery staple")["code"] == "wrong_password"
    with Peer(server.address) as peer:
        assert peer.hello("ann")["uid"] == 2, "the name is free, the UID is not given again"


NUMBERS = itertools.count(1)  # for names that nobody had


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(1, 400), max_size=12))
def test_the_order_does_not_depend_on_how_the_bytes_were_split(server: Server, cuts: list[int]) -> None:
    """Also where a piece ends in the middle of a password; and none of them comes back."""
    number = next(NUMBERS)
    lines: list[dict[str, Any]] = [
        {"type": "hello", "protocol": 1, "name": f"p{number}"},
        {"type": "devices"},
        {"type": "register", "password": SECRET},
        {"type": "join", "room": f"tea{number}"},
        {"type": "password", "old": "wrong horse", "new": "battery staple"},
        {"type": "say", "text": "1", "n": 1},
        {"type": "password", "old": SECRET, "new": "battery staple"},
        {"type": "register", "password": SECRET},
        {"type": "devices"},
        {"type": "say", "text": "2", "n": 2},
        {"type": "leave"},
        {"type": "unregister", "password": "battery staple"},
        {"type": "ping"},
    ]
    data = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    with Peer(server.address) as peer:
        start = 0
        for cut in [*sorted(cut for cut in cuts if cut < len(data)), len(data)]:
            peer.send_bytes(data[start:cut])
            start = cut
        events = peer.ended()
    told = [one.get("text") or one.get("code") or one["type"] for one in events if one["type"] != "read"]
    assert told == [
        "welcome", "no_account", "registered", "joined", "wrong_password", "1", "password_changed", "has_account",
        "devices", "2", "left", "unregistered",
    ]  # fmt: skip
    assert SECRET not in str(events)


def test_a_password_is_good_on_any_device_and_after_a_restart(tmp_path: Path) -> None:
    """Each has a number of its own, and a token that stands for it; also when a number's device is gone."""
    with Server(settings_of(tmp_path)) as server:
        with register(server) as peer:
            tokens = [peer.token]
        for _ in range(2):
            tokens.append(log_in(server)["token"])
    with Server(settings_of(tmp_path)) as server:
        for device, token in enumerate(tokens, start=1):
            with Peer(server.address) as peer:
                peer.send("hello", protocol=1, token=token)
                welcome = peer.next()
                assert (welcome["uid"], welcome.get("device", 1)) == (1, device)
                if device == 3:
                    peer.send("logout")
                    peer.until("logged_out", devices=[3])
        assert log_in(server)["device"] == 4
        with Peer(server.address) as peer:
            peer.send("hello", protocol=1, token=tokens[2])
            peer.expect("error", code="unknown_token")


@pytest.mark.parametrize("away", [False, True])
def test_too_many_devices(tmp_path: Path, *, away: bool) -> None:
    """The one that was not seen for longest goes; never one that is here, if one is not."""
    with Server(settings_of(tmp_path, max_devices=2)) as server, register(server) as first:
        second = Peer(server.address)
        second.send("hello", protocol=1, name="ann", password=SECRET)
        token = second.next()["token"]
        if away:
            second.send("bye")
            second.until("bye")
        third = log_in(server)
        assert third["device"] == 3
        if away:
            first.sync()
            with Peer(server.address) as again:
                again.send("hello", protocol=1, token=token)
                again.expect("error", code="unknown_token")
        else:
            first.until("error", code="logged_out")
        second.close()


# ---------------------------------------------------------------- a queue of its own


class OneAccount:
    """A log with one account in it."""

    def __init__(self, entered: Callable[[], object], kept: StoredPassword | None = None) -> None:
        self._entered = entered
        self._kept = kept or StoredPassword(7, Hasher("cheapest").hash(SECRET), 1, frozenset())

    def password(self, key: str | int) -> StoredPassword | None:
        self._entered()
        return self._kept if key in ("ann", 7) else None

    def close(self) -> None:
        """Nothing is open."""


def test_who_has_nothing_waiting_goes_before_who_has_most() -> None:
    """Where there are too many, the last one of those is refused; where all have as many, whoever comes."""
    passwords = Passwords(Settings(password_queue=4), lambda: OneAccount(lambda: None))  # type: ignore[arg-type]
    hello, busy = Hello(protocol=1, name="ann", password=SECRET), []
    for number, address in enumerate(["10.0.0.1", "10.0.0.2", "10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"]):
        passwords.judge(hello, address, 0, b"", lambda _, number=number: busy.append(number))  # type: ignore[misc]
    assert busy == [3, 2]
    passwords.judge(hello, "10.0.0.5", 0, b"", lambda _: busy.append(6))
    assert busy == [3, 2, 6]
    passwords.stop()


def test_of_ipv6_a_network_is_known() -> None:
    """Where somebody was logged in before, the machine has another address every day."""
    known = StoredPassword(7, Hasher("cheapest").hash(SECRET), 1, frozenset({"2001:db8::1"}))
    throttle, lock = Throttle(), threading.Condition()
    for number in range(1000):
        throttle.failed(f"10.0.{number // 250}.{number % 250}", 7, known=False, now=time.monotonic())
    reader = OneAccount(lambda: None, known)
    judge = Judge(Settings(), reader, Hasher("cheapest"), throttle, lock, Counter())  # type: ignore[arg-type]
    hello = Hello(protocol=1, name="ann", password=SECRET)
    assert isinstance(judge.verdict(hello, "2001:db8::2", 0, b""), LoggedIn)
    with pytest.raises(TooManyTries):
        judge.verdict(hello, "2001:db8:0:1::2", 0, b"")


def test_a_full_queue_refuses_and_one_address_does_not_fill_it() -> None:
    held, entered = threading.Event(), threading.Event()

    def wait() -> None:
        entered.set()
        held.wait(DEADLINE)

    settings = Settings(password_cost="cheapest", password_queue=6)
    passwords = Passwords(settings, lambda: OneAccount(wait))  # type: ignore[arg-type]
    thread = threading.Thread(target=passwords.run)
    thread.start()
    answers: list[Any] = []
    all_done = threading.Event()

    def done(answer: Any) -> None:
        answers.append(answer)
        if len(answers) == 4 + 7:
            all_done.set()

    hello = Hello(protocol=1, name="ann", password=SECRET)
    try:
        passwords.judge(hello, "first", 0, b"", done)
        assert entered.wait(DEADLINE)
        for number in range(MAX_PER_ORIGIN + 2):
            passwords.judge(hello, f"2001:db8::{number}", 0, b"", done)
        assert [one.code for one in answers] == ["busy"] * 2
        for number in range(4):
            passwords.judge(hello, f"10.0.0.{number}", 0, b"", done)
        assert [one.code for one in answers] == ["busy"] * 4
        held.set()
        assert all_done.wait(DEADLINE)
        assert [type(one) for one in answers[4:]] == [LoggedIn] * 7
    finally:
        held.set()
        passwords.stop()
        thread.join()
    passwords.judge(hello, "late", 0, b"", answers.append)
    assert answers[-1].code == "busy"


# ---------------------------------------------------------------- nowhere to be seen


@given(st.text(min_size=1))
def test_a_password_is_in_no_representation(password: str) -> None:
    """Of what has it: those end in logs."""
    commands = [
        Hello(protocol=1, name="ann", password="<" + password, token="<" + password, invite="<" + password),
        Register(password="<" + password),
        ChangePassword(old="<" + password, new="<" + password),
        Unregister(password="<" + password),
    ]
    for command in commands:
        assert "<" not in repr(command)
        assert "<" not in f"{[command]}"


def test_a_record_has_neither_passwords_nor_what_is_kept_of_them(tmp_path: Path) -> None:
    """It is played again all the same."""
    from roomchat.chat.record import play

    record = tmp_path / "record"
    with Server(settings_of(tmp_path), record=str(record)) as server, register(server) as peer:
        peer.send("password", old=SECRET, new="battery staple")
        peer.until("password_changed")
        log_in(server, "ann", "battery staple")
        with Peer(server.address) as other:
            other.send("hello", protocol=1, name="bob", password="bobs own secret", register=True)
            other.expect("welcome", account=True)
            other.send("unregister", password="bobs own secret")
            other.until("unregistered")
        with admin(tmp_path / "log.db") as one:
            one.ask("add_account", name="cyd", password="cyds own secret")
            one.ask("set_password", name="cyd", password="cyds new secret")
    written = record.read_bytes()
    for secret in (SECRET, "battery staple", "bobs own secret", "cyds", "$argon2"):
        assert secret.encode() not in written
    assert sum(1 for _ in play(written.splitlines(keepends=True))) > 5


def test_no_password_is_taken_in_clear_text_from_elsewhere(tmp_path: Path) -> None:
    """Also where other clear text is."""
    with Server(settings_of(tmp_path, plaintext="all", proxy_from=("127.0.0.1",))) as server:
        with Peer(server.address) as peer:
            peer.send_bytes(b"PROXY TCP4 192.0.2.1 192.0.2.2 1234 5050\r\n")
            peer.hello("ann")
            peer.send("register", password=SECRET)
            peer.expect("error", code="tls_required")
            assert peer.ended() == []
        with Peer(server.address) as peer:
            peer.send_bytes(b"PROXY TCP4 127.0.0.1 127.0.0.1 1234 5050\r\n")
            peer.hello("bob")
            peer.send("register", password=SECRET)
            peer.expect("registered")


def test_a_new_password_is_no_password() -> None:
    """What is to become one is looked at before the hub hears of it."""
    settings = Settings(password_cost="cheapest", password_threads=1)
    passwords = Passwords(settings, lambda: OneAccount(lambda: None))  # type: ignore[arg-type]
    thread = threading.Thread(target=passwords.run)
    thread.start()
    answers: list[Any] = []
    done = threading.Event()
    try:
        for password in ("short", "12345678", "bell\a345"):
            done.clear()
            command = Register(password=password)
            passwords.judge(command, "here", 3, b"", lambda one: (answers.append(one), done.set()))
            assert done.wait(DEADLINE)
    finally:
        passwords.stop()
        thread.join()
    assert [type(one) for one in answers] == [Malformed, NewAccount, Malformed]
    assert "12345678" not in repr(answers)
