"""What a server says at its start: lines that can be copied, with no word in them that stands for another."""

from __future__ import annotations

from pathlib import Path

import pytest

from roomchat.cli.greeting import greeting
from roomchat.client.address import Address, parse_address
from roomchat.net.identity import Identity
from roomchat.net.self_signed import make_file
from roomchat.settings import Settings
from tests.trust import issue


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Called tea, with these addresses."""
    addresses = ["192.0.2.7", "2001:db8::7"]
    monkeypatch.setattr("socket.gethostname", lambda: "tea")
    monkeypatch.setattr("roomchat.cli.greeting.addresses_of_host", lambda: addresses)
    return addresses


@pytest.fixture
def identity(tmp_path: Path) -> Identity:
    """A key of the server's own."""
    make_file(tmp_path / "own.pem", ["localhost"])
    return Identity(tmp_path / "own.pem", ours=True)


def joins(host: str, port: int, identity: Identity) -> list[str]:
    """The commands by which one comes in; the first one is for this machine."""
    told = greeting(Address(host, port), Settings(), identity).splitlines()
    return [one.partition("roomchat join")[2].strip() for one in told if "roomchat join" in one]


@pytest.mark.parametrize(
    ("host", "port", "commands"),
    [
        ("127.0.0.1", 5050, [""]),
        ("127.0.0.1", 6000, ["127.0.0.1:6000"]),
        ("0.0.0.0", 5050, ["", "192.0.2.7", "tea"]),
        ("0.0.0.0", 6000, ["localhost:6000", "192.0.2.7:6000", "tea:6000"]),
        ("::", 6000, ["localhost:6000", "192.0.2.7:6000", "tea:6000"]),
        ("192.0.2.7", 6000, ["192.0.2.7:6000"]),
        ("2001:db8::7", 6000, ["[2001:db8::7]:6000"]),
    ],
)
def test_who_comes_from_where(identity: Identity, host: str, port: int, commands: list[str]) -> None:
    """The number first: it needs nobody who knows names."""
    assert joins(host, port, identity) == commands


@pytest.mark.parametrize("port", [5050, 6000])
def test_an_address_of_ipv6_can_be_copied(identity: Identity, machine: list[str], port: int) -> None:
    """On a machine that has no other."""
    machine.remove("192.0.2.7")
    assert parse_address(joins("::", port, identity)[1]) == Address("2001:db8::7", port)


def test_a_machine_without_a_network_has_a_name(identity: Identity, machine: list[str]) -> None:
    """It is all that is known."""
    machine.clear()
    assert joins("0.0.0.0", 5050, identity) == ["", "tea"]


def test_a_certificate_says_the_name(tmp_path: Path) -> None:
    """With another one, or a number, people would be asked whether they trust it."""
    cert, key = issue(tmp_path, "*.example.org", "chat.example.org", "192.0.2.7")
    assert joins("0.0.0.0", 5050, Identity(Path(cert), Path(key))) == ["", "chat.example.org"]


def pages(host: str, identity: Identity, **settings: object) -> list[str]:
    """Where it is said that the page is; the first one is for this machine."""
    told = greeting(Address(host, 6000), Settings(**settings), identity).splitlines()  # type: ignore[arg-type]
    return [one.rpartition(" ")[2] for one in told if "browser" in one]


@pytest.mark.parametrize(
    ("host", "plaintext", "addresses"),
    [
        ("127.0.0.1", "local", ["http://localhost:6000/"]),
        ("127.0.0.1", "none", ["https://localhost:6000/"]),
        ("0.0.0.0", "local", ["http://localhost:6000/", "https://192.0.2.7:6000/"]),
        ("192.0.2.7", "local", ["https://192.0.2.7:6000/"]),
        ("192.0.2.7", "all", ["http://192.0.2.7:6000/"]),
        ("2001:db8::7", "local", ["https://[2001:db8::7]:6000/"]),
    ],
)
def test_where_the_page_is(identity: Identity, host: str, plaintext: str, addresses: list[str]) -> None:
    """In clear where that is served."""
    assert pages(host, identity, plaintext=plaintext) == addresses
    assert pages(host, identity, plaintext=plaintext, wires=("native",)) == []
