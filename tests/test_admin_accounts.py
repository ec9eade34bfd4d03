"""What an admin does with accounts and invites."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from roomchat.chat.inputs import Introduction, LoggedIn
from roomchat.invites import read_invite
from roomchat.protocol import Bye, Hello, Join, Register
from roomchat.protocol.admin_answers import AccountAnswer, Failure, InvitesAnswer
from roomchat.protocol.administration import (
    ListInvites,
    MakeAccount,
    OfferInvite,
    PutPassword,
    RemoveAccount,
    RenameAccount,
    RevokeInvite,
)
from roomchat.server import Server
from tests.admin import admin, answer, rows, run
from tests.memory import Chat
from tests.peer import Peer
from tests.program import Terminal

Serve = Callable[..., Server]
Connect = Callable[..., Peer]

SECRET = "correct horse"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Of a server."""
    return tmp_path / "chat.db"


@pytest.fixture
def server(serve: Serve, log: Path) -> Server:
    """With an account that an admin has made."""
    server = serve(db=str(log), password_cost="cheapest", accounts="invite")
    assert run(log, "account", "add", "ann", "--password-file", "-", input=f"{SECRET}\n").stdout == "1 ann\n"
    return server


def refusal(peer: Peer, name: str) -> str:
    """What somebody new who says hello under that name is told."""
    peer.send("hello", protocol=1, name=name)
    return str(peer.expect("error")["code"])


def log_in(peer: Peer, name: str = "ann", password: str = SECRET) -> dict[str, Any]:
    peer.send("hello", protocol=1, name=name, password=password)
    return peer.next()


def test_an_account_is_made_and_can_log_in(server: Server, connect: Connect, log: Path) -> None:
    """Its name is its own at once; the password is in no log."""
    assert refusal(connect(server), "ANN") == "name_owned"
    welcome = log_in(connect(server))
    assert (welcome["type"], welcome["uid"], welcome["account"]) == ("welcome", 1, True)
    (row,) = rows(run(log, "account", "list", "--json"))
    assert (row["name"], row["account"], row["presence"]) == ("ann", True, "here")
    assert "1 ann account here 1 device 127.0.0.1" in run(log, "account", "list").stdout
    (change,) = rows(run(log, "audit", "--json"))
    assert change["what"] == {"type": "add_account", "name": "ann"}
    for path in log.parent.iterdir():
        assert path.is_socket() or SECRET.encode() not in path.read_bytes()
    again = run(log, "account", "add", "Ann", "--password-file", "-", input=SECRET)
    assert (again.exit_code, "is an account's name" in again.stderr) == (1, True)


def test_a_password_is_asked_for_and_not_shown(server: Server, connect: Connect, log: Path) -> None:
    """Twice, at a terminal."""
    with Terminal("admin", "account", "add", "bob", "--db", str(log)) as terminal:
        terminal.expect("The password: ")
        terminal.type(f"{SECRET}\n")
        terminal.expect("Once more: ")
        terminal.type(f"{SECRET}\n")
        terminal.expect("2 bob")
        assert terminal.wait() == 0
        assert SECRET not in terminal.output
    assert log_in(connect(server), "bob")["uid"] == 2


def test_a_password_is_changed(server: Server, connect: Connect, log: Path, tmp_path: Path) -> None:
    """The old one does not hold; the devices stay, or are logged out."""
    ann = connect(server)
    log_in(ann)
    file = tmp_path / "secret"
    file.write_text("another horse\r\nand more")
    assert run(log, "account", "password", "ann", "--password-file", str(file)).exit_code == 1
    file.chmod(0o600)
    assert run(log, "account", "password", "ann", "--password-file", str(file)).exit_code == 0
    ann.sync()
    assert log_in(connect(server))["code"] == "wrong_password"
    other = connect(server)
    assert log_in(other, password="another horse")["type"] == "welcome"
    assert run(log, "account", "password", "1", "--logout", "--password-file", str(file)).exit_code == 0
    for one in (ann, other):
        assert one.ended()[-1]["code"] == "logged_out"
    assert log_in(connect(server), password="another horse")["type"] == "welcome"


def test_an_account_is_renamed(server: Server, connect: Connect, log: Path) -> None:
    """Here, where all are told, and when it is not here."""
    ann, bob = connect(server), connect(server, "bob")
    log_in(ann)
    for one in (ann, bob):
        one.join("tea")
    assert run(log, "account", "rename", "ann", "anna").stdout == "1 anna\n"
    for one in (ann, bob):
        told = one.until("renamed")
        assert (told["uid"], told["old"], told["name"]) == (1, "ann", "anna")
    ann.send("bye")
    ann.ended()
    assert run(log, "account", "rename", "anna", "bob").exit_code == 1  # somebody here is called so
    assert run(log, "account", "rename", "anna", "annie").exit_code == 0
    assert refusal(connect(server), "annie") == "name_owned"
    assert run(log, "account", "add", "cat", "--password-file", "-", input=SECRET).exit_code == 0
    taken = run(log, "account", "rename", "annie", "cat").stderr
    assert taken.endswith("choose another name, or rename that account first.\n"), taken
    assert connect(server).hello("anna")["uid"] == 4
    assert log_in(connect(server), "annie")["uid"] == 1


@pytest.mark.parametrize("here", [True, False])
def test_an_account_is_removed(server: Server, connect: Connect, log: Path, here: bool) -> None:
    """Nobody comes back as it, and its name is free; the UID is not."""
    ann = connect(server)
    token = log_in(ann)["token"]
    if not here:
        ann.send("bye")
        ann.ended()
    assert run(log, "account", "remove", "ann").exit_code == 0
    if here:
        assert ann.ended()[-1]["code"] == "logged_out"
    assert log_in(connect(server))["code"] == "wrong_password"
    again = connect(server)
    again.send("hello", protocol=1, token=token)
    assert again.next()["code"] == "unknown_token"
    assert connect(server).hello("ann")["uid"] == 2
    assert rows(run(log, "audit", "--json"))[0]["what"] == {"type": "remove_account", "name": "ann"}


def test_a_guest_is_no_account(server: Server, connect: Connect, log: Path) -> None:
    """It has no password to change, and goes by itself."""
    connect(server, "bob")
    for words in (["password", "bob", "--password-file", "-"], ["rename", "2", "rob"], ["remove", "bob"]):
        result = run(log, "account", *words, input=f"{SECRET}\n")
        assert (result.exit_code, result.stderr) == (1, "Error: bob is a guest, not an account.\n")


@pytest.mark.parametrize(
    ("words", "given", "code", "sentence"),
    [
        (["add", "cat"], SECRET, 1, "There is nobody to ask for the password; give --password-file."),
        (["add", "cat", "--password-file", "-"], "short", 1, "it has fewer than"),
        (["add", "cat", "--password-file", "-"], "", 1, "it is empty"),
        (["add", "cat", "--password-file", "-"], "\x1b" * 20, 1, "control character"),
        (["add", "cat", "--password-file", "/nowhere/x"], "", 1, "Can't read /nowhere/x"),
        (["add", "cat", "--password-file", "-"], b"\xff" * 20, 1, "not UTF-8"),
        (["add", "a cat", "--password-file", "-"], SECRET, 1, "it has a space in it"),
        (["rename", "ann", "a nn"], "", 1, "it has a space in it"),
        (["rename", "99", "cat"], "", 1, "Nobody has the UID 99."),
        (["add", "ann", "--password-file", "-"], SECRET, 1, "choose another name, or rename that account first."),
        (["remove", "nobody"], "", 1, "Nobody is called nobody"),
        (["remove", "99999999999999999999"], "", 1, "not a command"),
        (["password"], "", 2, "Missing argument"),
    ],
)
def test_bad_input_is_a_sentence(
    server: Server, log: Path, words: list[str], given: str | bytes, code: int, sentence: str
) -> None:
    """And changes nothing."""
    result = run(log, "account", *words, input=given)
    assert result.exit_code == code
    assert sentence in result.stderr
    assert isinstance(result.exception, SystemExit)
    assert len(rows(run(log, "audit", "--json"))) == 1


def test_what_was_made_is_there_after_a_kill(server: Server, log: Path) -> None:
    """What was answered is on the disk."""
    with closing(sqlite3.connect(f"file:{log}?mode=ro", uri=True)) as connection:
        assert connection.execute("SELECT uid, key FROM accounts").fetchall() == [(1, "ann")]
        assert connection.execute("SELECT count(*) FROM looks").fetchone() == (1,)


def test_names_that_look_alike_are_listed(server: Server, connect: Connect, log: Path) -> None:
    """Guests may have them: an account of one of them is for the admin to settle."""
    for name in ("bob", "cat", "b0b"):
        guest = connect(server)
        guest.hello(name)
        guest.join("tea")
        guest.send("say", room="tea", text="hi")  # else it is forgotten
        guest.send("bye")
        guest.ended()
    assert [one["uid"] for one in rows(run(log, "account", "list", "--collisions", "--json"))] == [2, 4]


# ---------------------------------------------------------------- invites


def test_an_invite_lets_so_many_register(server: Server, connect: Connect, log: Path) -> None:
    """It is one line to paste, with the key; it is shown once."""
    made = run(log, "invite", "--uses", "2", "--host", "chat.example.org")
    words = made.stdout.split()
    port, fingerprint = server.address[1], server.identity.fingerprint
    assert words[:-1] == f"roomchat join chat.example.org:{port} --invite".split()
    token, key = read_invite(words[-1])
    assert key == fingerprint
    (listed,) = rows(run(log, "invites", "--json"))
    assert (listed["uses"], listed["id"] in made.stderr) == (2, True)
    for name, told in (("bob", "welcome"), ("cat", "welcome"), ("dan", "error")):
        peer = connect(server)
        peer.send("hello", protocol=1, name=name, register=True, password=SECRET, invite=token)
        assert peer.next()["type"] == told
    assert rows(run(log, "invites", "--json")) == []


def test_an_invite_may_be_a_link(server: Server, log: Path) -> None:
    """For browsers: what is secret stands behind the #; only on this machine it may be in clear."""
    port = server.address[1]
    for host, url in (("chat.example.org", f"https://chat.example.org:{port}"), ("localhost", f"http://localhost:{port}"),
                      ("https://chat.example.org", "https://chat.example.org:443")):  # fmt: skip
        link, token = run(log, "invite", "--link", "--host", host).stdout.strip().split("/#invite=")
        assert (link, read_invite(token)) == (url, (token, None))


def test_an_invite_may_name_another_port(server: Server, log: Path) -> None:
    """That of a machine before this one; what is no address is a sentence, and makes no invite."""
    for host in ("chat.example.org:5999", "[2001:db8::1]:5999"):
        assert run(log, "invite", "--host", host).stdout.startswith(f"roomchat join {host} --invite ")
    assert run(log, "invite", "--host", "chat.example.org:5050").stdout.split()[2] == "chat.example.org"
    wrong = run(log, "invite", "--host", "chat:port")
    assert (wrong.exit_code, "'port' is not a port" in wrong.stderr) == (2, True)
    assert len(rows(run(log, "invites", "--json"))) == 3


def test_an_invite_can_be_taken_back(server: Server, connect: Connect, log: Path) -> None:
    """By its id."""
    (made,) = rows(run(log, "invite", "--for", "2h", "--json"))
    assert read_invite(made["line"].split()[-1])[0] == made["token"]
    assert run(log, "revoke", made["id"].upper()).exit_code == 0
    peer = connect(server)
    peer.send("hello", protocol=1, name="bob", register=True, password=SECRET, invite=made["token"])
    assert peer.next()["code"] == "invite_needed"
    missing = run(log, "revoke", made["id"])
    assert (missing.exit_code, missing.stderr.startswith("Error: There is no invite ")) == (1, True)
    assert [one["what"]["type"] for one in rows(run(log, "audit", "--json"))][:2] == [
        "revoke_invite",
        "make_invite",
    ]
    assert made["token"] not in run(log, "audit", "--json").stdout


def test_an_invite_ends_by_itself() -> None:
    """It is in no list any more."""
    chat = Chat(accounts="invite")
    answer(chat, OfferInvite(token_hash=b"h" * 32, uses=1, seconds=60))
    assert len(invites(chat)) == 1
    chat.wait(61)
    assert invites(chat) == []
    assert isinstance(answer(chat, RevokeInvite(id=(b"h" * 32).hex()[:8])), Failure)


def test_an_invite_is_of_no_use_where_nobody_registers() -> None:
    """That is told."""
    told = answer(Chat(accounts="closed"), OfferInvite(token_hash=b"h" * 32, uses=1, seconds=60))
    assert isinstance(told, Failure)
    assert told.code == "accounts_closed"


def invites(chat: Chat) -> list[Any]:
    told = answer(chat, ListInvites())
    assert isinstance(told, InvitesAnswer)
    return told.invites


# ---------------------------------------------------------------- on the hub


def test_an_account_that_is_not_here_costs_no_seat() -> None:
    """Whatever is done with it, it has none afterwards, and nobody is told of it."""
    chat = Chat()
    chat.hello("bob")
    chat.do("bob", Join(room="tea"))
    chat.received.clear()
    made = answer(chat, MakeAccount(name="ann", password_hash="h"))
    assert isinstance(made, AccountAnswer)
    for command in (
        PutPassword(uid=made.uid, password_hash="i", logout=True),
        RenameAccount(name="ann", to="anna"),
        RemoveAccount(name="anna"),
    ):
        assert isinstance(answer(chat, command), AccountAnswer), command
        assert set(chat.registry.clients) == {1}
    assert chat.registry.accounts == 0
    assert not chat.received


def test_a_name_that_only_looks_like_an_account_is_not_it() -> None:
    """Whoever rules copies the name of a troll, who has chosen it for that."""
    chat = Chat()
    uid = chat.hello("ann")["uid"]
    chat.do("ann", Register(password=SECRET), Bye())
    assert answer(chat, RemoveAccount(name="\u0430nn")).code == "no_such_client"
    assert answer(chat, RemoveAccount(name="Ann")).uid == uid


def test_who_begins_to_register_beside_it_learns_of_it() -> None:
    """What was looked up before an admin took the name is not believed."""
    chat = Chat()
    answer(chat, MakeAccount(name="zoe", password_hash="h"))  # so that there is something to look up
    chat.connect("late")
    hello = Hello(protocol=1, name="ann")
    chat._batch([("late", Introduction(hello, b"x" * 32, resumes=False, password_hash="p"))])
    ((link, key),) = [(one.link, one.key) for one in chat.effects.lookups]
    found = chat._found(key)  # nobody is called so, by now
    answer(chat, MakeAccount(name="ann", password_hash="h"))
    chat._batch([(link, found)])
    assert [one.get("code") for one in chat.take("late")] == ["name_owned"]


def test_a_login_that_was_checked_before_is_void() -> None:
    """Where an admin has changed the password, or removed the account, since."""
    for change in (PutPassword(uid=1, password_hash="i"), RemoveAccount(uid=1)):
        chat = Chat()
        answer(chat, MakeAccount(name="ann", password_hash="h"))
        answer(chat, change)
        chat.connect("ann")
        told = chat.do("ann", LoggedIn(Hello(protocol=1, name="ann"), b"t" * 32, 1, 1))  # type: ignore[arg-type]
        assert [one.get("code") for one in told] == ["wrong_password"]


def test_the_socket_takes_no_hash(server: Server, log: Path) -> None:
    """What the hub gets of a password is made here."""
    with admin(log) as one:
        assert one.ask("add_account", name="eve", password_hash="h")["code"] == "bad_command"
        assert one.ask("add_account", name="eve")["code"] == "bad_command"
        assert one.ask("add_account", name="eve", password="x" * 2000)["code"] == "bad_command"
        assert one.ask("set_password", name="ann", password=SECRET, address="10.0.0.1")["code"] == "bad_command"
