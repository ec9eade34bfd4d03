"""``roomchat.Client`` and accounts: registering, logging in, devices, and what ends a client for good."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from roomchat import Client, ConnectionEnded, Denied, LoggedOut, Unregistered
from roomchat.client.login import Login
from roomchat.client.welcome import check_login
from roomchat.server import Server
from tests.test_passwords import SECRET, settings_of


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server(settings_of(tmp_path)) as server:
        yield server


@pytest.fixture
def address(server: Server) -> str:
    return f"127.0.0.1:{server.address[1]}"


def test_a_guest_registers_and_is_the_same_on_another_device(address: str, tmp_path: Path) -> None:
    """What one says the other hears; the token that was given is kept, and the password is not."""
    with Client(address, "ann", state=tmp_path / "desk") as desk:
        desk.join("tea")
        assert not desk.account
        desk.register(SECRET)
        assert desk.account
        with Client(address, "ann", state=tmp_path / "phone", password=SECRET) as phone:
            assert (phone.uid, phone.name, phone.account) == (1, "ann", True)
            desk.say("hello")
            assert next(phone.messages(own=True)).text == "hello"
        with Client(address, "ann", state=tmp_path / "phone") as phone:
            assert phone.uid == 1
            assert [one.device for one in phone.devices()] == [1, 2]
    for path in (one for one in tmp_path.rglob("*") if one.is_file()):
        assert SECRET.encode() not in path.read_bytes()


def test_an_account_is_made_with_the_first_hello(address: str, tmp_path: Path) -> None:
    """Or of the guest whose session is kept."""
    with Client(address, "ann", state=tmp_path) as ann:
        uid = ann.uid
    with Client(address, "ann", state=tmp_path, password=SECRET, register=True) as ann:
        assert (ann.uid, ann.account) == (uid, True)
    with Client(address, "bob", state=False, password=SECRET, register=True) as bob:
        assert bob.account
        assert SECRET not in repr(bob)
    with Client(address, "ann", state=tmp_path, password="whatever", register=True) as ann:
        assert ann.uid == uid, "it is known already"


def test_a_guests_session_does_not_stand_in_the_way_of_a_login(address: str, tmp_path: Path) -> None:
    """Under the same name, from the time before."""
    with Client(address, "ann", state=tmp_path) as guest:
        first = guest.uid
    with Client(address, "ann", state=False, password=SECRET, register=True) as ann:
        uid = ann.uid
    assert uid != first
    with pytest.raises(Denied, match="is an account's name") as refused, Client(address, "ann", state=tmp_path):
        pass
    assert refused.value.code == "name_owned"
    with Client(address, "ann", state=tmp_path, password=SECRET) as ann:
        assert ann.uid == uid


def test_what_is_refused(address: str) -> None:
    with Client(address, "ann", state=False) as ann:
        for ask, code in (
            (lambda: ann.register("short"), "bad_password"),
            (ann.devices, "no_account"),
            (lambda: ann.change_password(SECRET, SECRET), "no_account"),
        ):
            with pytest.raises(Denied) as refused:
                ask()
            assert refused.value.code == code
        ann.register(SECRET)
        with pytest.raises(Denied, match="already"):
            ann.register(SECRET)
        with pytest.raises(Denied, match="wrong"):
            ann.change_password("wrong horse", "battery staple")
        ann.change_password(SECRET, "battery staple")
        with pytest.raises(TypeError, match="password must be a str"):
            ann.register(b"bytes")  # type: ignore[arg-type]
    with pytest.raises(Denied, match="wrong"), Client(address, "ann", state=False, password=SECRET):
        pass


def ended(client: Client) -> ConnectionEnded:
    return next(event for event in client.events(20) if isinstance(event, ConnectionEnded))


def test_a_device_that_is_logged_out_has_ended(address: str, tmp_path: Path) -> None:
    """It does not come back as somebody new; with the password it does, as another device."""
    with (
        Client(address, "ann", state=tmp_path, password=SECRET, register=True) as ann,
        Client(address, "ann", state=False, password=SECRET) as phone,
    ):
        assert phone.logout(others=True) == [1]
        assert ended(ann).code == "logged_out"
    with pytest.raises(Denied, match="log in again") as refused, Client(address, "ann", state=tmp_path):
        pass
    assert refused.value.code == "logged_out"
    with Client(address, "ann", state=tmp_path, password=SECRET) as ann:
        assert [one.this for one in ann.devices()] == [False, True]
        assert ann.logout() == [3]
        assert any(isinstance(event, LoggedOut) for event in ann.events(20))
    with pytest.raises(Denied, match="is an account's name"), Client(address, "ann", state=tmp_path):
        pass


def test_an_account_that_ends(address: str, tmp_path: Path) -> None:
    """Under its name somebody new can come."""
    with Client(address, "ann", state=tmp_path, password=SECRET, register=True) as ann:
        ann.unregister(SECRET)
        assert any(isinstance(event, Unregistered) for event in ann.events(20))
    with Client(address, "ann", state=tmp_path) as ann:
        assert (ann.uid, ann.account) == (2, False)


# ---------------------------------------------------------------- what a hello says


def fields(login: Login, token: str | None, *, is_account: bool = False) -> dict[str, Any]:
    proof = login.proof(token, is_account=is_account)
    return {name: value for name, value in proof.items() if value is not None}


def test_the_token_goes_before_the_password() -> None:
    """Where it is an account's; a guest's is of no use to somebody who logs in."""
    assert [*fields(Login(), None)] == ["new_token"]
    assert fields(Login(), "guest") == {"token": "guest"}
    assert fields(Login(SECRET), None) == {"password": SECRET}
    assert fields(Login(SECRET), "guest") == {"password": SECRET}
    known = Login(SECRET)
    assert fields(known, "token", is_account=True) == {"token": "token"}
    assert known.has_answer("unknown_token", is_account=True)
    assert fields(known, None) == {"password": SECRET}
    known.welcomed(is_account=True)
    assert not known.unheard
    assert not known.has_answer("unknown_token", is_account=True), "it is forgotten with the welcome"


def test_an_answer_to_a_registration_that_was_lost() -> None:
    """The name is our own then, so the password is tried; else it is somebody else's."""
    login = Login(SECRET, register=True)
    assert fields(login, None) == {"password": SECRET, "register": True}
    assert not login.has_answer("name_owned", is_account=False)
    fields(login, None)
    assert fields(login, None) == {"password": SECRET, "register": True}
    assert login.has_answer("name_owned", is_account=False)
    assert fields(login, None) == {"password": SECRET}
    assert not login.has_answer("name_owned", is_account=False)
    assert SECRET not in repr(login)


def test_a_server_of_before_lets_nobody_in_as_a_guest_who_logs_in() -> None:
    """It passes over the password, as over all fields that it does not know."""
    login = Login(SECRET)
    login.proof(None, is_account=False)
    login.welcomed(is_account=False)
    with pytest.raises(Denied, match="knows no accounts"):
        check_login(login)
    guest = Login()
    guest.welcomed(is_account=False)
    check_login(guest)
