"""Bans of the server: whom they keep out, whom they do not, and for how long."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomchat.chat.bans import place_of
from roomchat.chat.inputs import Connected
from roomchat.protocol import Dial, Hello, Join, Say
from roomchat.protocol.admin_answers import BansAnswer, Failure
from roomchat.protocol.administration import Ban, ListBans, Unban
from roomchat.server import Server
from roomchat.settings import Settings
from tests.admin import answer, rows, run
from tests.memory import Chat, snapshot
from tests.peer import Peer

Serve = Callable[..., Server]
Connect = Callable[..., Peer]

TOLD = "You are banned from this server"


def bans(chat: Chat) -> list[int | str]:
    told = answer(chat, ListBans())
    assert isinstance(told, BansAnswer)
    return [one.who for one in told.bans]


def come(chat: Chat, link: str, address: str, **hello: Any) -> list[dict[str, Any]]:
    """A connection from there that says hello; what it is told."""
    chat.batch((link, Connected(address)), (link, Hello(protocol=1, **hello)))
    return chat.take(link)


def shut_out(told: list[dict[str, Any]]) -> bool:
    return [one.get("code") for one in told] == ["shut_out"]


def test_who_is_banned_is_put_out_and_does_not_come_back() -> None:
    """Whatever token it has; the others learn that it went, and why."""
    chat = Chat()
    token = chat.hello("ann")["token"]
    chat.hello("bob")
    for name in ("ann", "bob"):
        chat.do(name, Join(room="tea"))
    chat.take("bob")
    answer(chat, Ban(name="ANN", reason="Be kind."))
    told = chat.take("ann")[-1]
    assert (told["code"], told["message"]) == ("shut_out", f"{TOLD}: Be kind.")
    assert "ann" in chat.closed
    gone = chat.take("bob")[-1]
    assert (gone["type"], gone["uid"], gone["reason"]) == ("member_left", 1, "shut_out")
    assert shut_out(come(chat, "again", "10.9.9.9", token=token))
    assert chat.do("bob", Dial(uid=1))[-1]["code"] == "offline"
    assert chat.do("bob", Say(room="tea", text="peace", n=1))[-1]["type"] == "message"


def test_newcomers_from_where_a_guest_is_are_kept_out() -> None:
    """Not those who were here before, nor from elsewhere."""
    chat = Chat()
    chat.connect("ann", "bob", address="10.0.0.1")
    tokens = {name: chat.do(name, Hello(protocol=1, name=name))[0]["token"] for name in ("ann", "bob")}
    told = answer(chat, Ban(uid=1))
    assert isinstance(told, BansAnswer)
    assert [one.who for one in told.bans] == [1, "10.0.0.1"]
    assert shut_out(come(chat, "new", "10.0.0.1", name="eve"))
    assert come(chat, "bob again", "10.0.0.1", token=tokens["bob"])[0]["type"] == "welcome"
    assert come(chat, "elsewhere", "10.0.0.2", name="fay")[0]["type"] == "welcome"
    answer(chat, Unban(address="10.0.0.1"))
    assert come(chat, "new again", "10.0.0.1", name="eve")[0]["type"] == "welcome"
    assert shut_out(come(chat, "ann again", "10.0.0.1", token=tokens["ann"]))


@pytest.mark.parametrize("address", ["127.0.0.1", "127.3.2.1", "::1", "::ffff:127.0.0.1", "local"])
def test_a_proxy_on_this_machine_is_nobodys_place(address: str) -> None:
    """All who come over it would be meant."""
    chat = Chat()
    come(chat, "ann", address, name="ann")
    answer(chat, Ban(uid=1))
    assert bans(chat) == [1]
    assert come(chat, "new", address, name="eve")[0]["type"] == "welcome"


def test_newcomers_may_be_left_alone() -> None:
    """Where many people share an address."""
    chat = Chat()
    chat.hello("ann")
    answer(chat, Ban(uid=1, newcomers=False))
    assert bans(chat) == [1]


def test_a_ban_may_end_by_itself() -> None:
    """Until then its end is told; afterwards it is in no list."""
    chat = Chat()
    token = chat.hello("ann")["token"]
    answer(chat, Ban(uid=1, seconds=60, newcomers=False))
    chat.wait(59)
    told = come(chat, "early", "10.0.0.1", token=token)
    assert told[0]["message"] == f"{TOLD} until 1970-01-01 00:17 UTC."
    chat.wait(1)
    assert bans(chat) == []
    assert isinstance(answer(chat, Unban(uid=1)), Failure)
    assert come(chat, "late", "10.0.0.1", token=token)[0]["type"] == "welcome"


def test_who_is_away_or_not_here_can_be_banned() -> None:
    """By the UID: the seat ends, the token does not open another."""
    chat = Chat(resume_window=5)
    tokens = [chat.hello(name)["token"] for name in ("ann", "bob")]
    chat.lose("ann", "bob")
    answer(chat, Ban(uid=1))
    assert set(chat.registry.clients) == {2}
    chat.wait(6)
    answer(chat, Ban(uid=2))
    for link, token in zip("xy", tokens, strict=True):
        assert shut_out(come(chat, link, "10.0.0.1", token=token))


def test_what_the_disk_does_not_take_is_no_ban() -> None:
    """Nobody is put out, and a rollback leaves all as it was."""
    chat = Chat()
    chat.hello("ann")
    before = snapshot(chat.registry), dict(chat.registry.bans)
    chat.disk_works = False
    told = answer(chat, Ban(uid=1))
    assert isinstance(told, Failure)
    assert told.code == "storage_unavailable"
    assert (snapshot(chat.registry), dict(chat.registry.bans)) == before


def test_bans_are_kept(serve: Serve, connect: Connect, tmp_path: Path) -> None:
    """Over a restart, and after a kill too: what was answered is on the disk."""
    log = tmp_path / "chat.db"
    settings = {"db": str(log), "port": 0}
    with Server(Settings(**settings)) as server, Peer(server.address) as ann:
        token = ann.hello("ann")["token"]
        assert run(log, "ban", "ann", "--for", "2d", "--reason", "\x1b[31mbad").exit_code == 0
        assert ann.until("error")["code"] == "shut_out"
        run(log, "ban", "2001:db8::17")
        run(log, "ban", "10.0.0.7")
        run(log, "unban", "10.0.0.7")
    server = serve(**settings)
    again = connect(server)
    again.send("hello", protocol=1, token=token)
    assert again.next()["code"] == "shut_out"
    listed = rows(run(log, "bans", "--json"))
    assert [one["who"] for one in listed] == [1, "2001:db8::/64"]
    assert run(log, "bans").stdout.splitlines()[1] == "2001:db8::/64 for good"
    assert "\x1b" not in run(log, "bans").stdout
    for whom in ("2001:db8::/64", "1"):
        assert run(log, "unban", whom).exit_code == 0
    missing = run(log, "unban", "1")
    assert (missing.exit_code, missing.stderr) == (1, "Error: UID 1 is not banned.\n")
    back = connect(server)
    back.resume(token)


@pytest.mark.parametrize("duration", ["", "0s", "-1d", "7", "d", "1y", "9999999d", "1.5h", "\u0661d"])
def test_a_duration_that_is_none_is_told(tmp_path: Path, duration: str) -> None:
    """Before a server is asked."""
    result = run(tmp_path / "chat.db", "ban", "1", f"--for={duration}")
    assert result.exit_code == 2
    assert "write 90s, 15m, 2h, 7d or 4w." in result.stderr


@given(st.ip_addresses())
def test_a_place_is_one_of_its_own(address: Any) -> None:
    """It has one name, which a banned newcomer's address leads to."""
    place = place_of(str(address))
    assert place_of(place.partition("/")[0]) == place
