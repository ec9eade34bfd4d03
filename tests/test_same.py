"""One server under several spellings is one server, and names are the same where the server says so."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomchat.chat.names import normal
from roomchat.client.address import parse_address
from roomchat.client.same import compared
from roomchat.client.session import Session
from roomchat.client.state import State
from roomchat.errors import BadName


@given(name=st.text(min_size=1, max_size=32) | st.sampled_from(["straße", "ＡＮＮ", "ｶﾞ", "ΣΑΣ", "İ", "Å"]))
def test_names_are_compared_as_the_server_does(name: str) -> None:
    """For all that may be a name."""
    try:
        key = normal(name, 32, "name")[1]
    except BadName:
        return
    assert compared(name) == key


def kept(tmp_path: Path, address: str, name: str) -> Path:
    state = State(parse_address(address), name, tmp_path)
    state.close()
    return state.path


@pytest.mark.parametrize(
    "spellings",
    [
        [
            "localhost",
            "127.0.0.1",
            "[::1]",
            "LOCALHOST",
            "localhost:5050",
            "127.1",
            "[0:0:0:0:0:0:0:1]",
            "localhost.",
        ],
        ["chat.example.org", "Chat.Example.ORG:5050", "chat.example.org."],
        ["[2001:db8::1]", "[2001:DB8:0:0::1]:5050"],
    ],
)
def test_spellings_of_a_server_are_one(tmp_path: Path, spellings: list[str]) -> None:
    """Whichever comes first."""
    assert len({kept(tmp_path, spelling, "ann") for spelling in spellings}) == 1
    assert kept(tmp_path, "other.example.org", "ann") != kept(tmp_path, spellings[0], "ann")
    assert kept(tmp_path, spellings[0] + ":5051" if "]" not in spellings[0] else "[::5]:1", "ann") != kept(
        tmp_path, spellings[0], "ann"
    )


def test_spellings_of_a_name_are_one(tmp_path: Path) -> None:
    """As the server has it."""
    assert kept(tmp_path, "h", "ａｎｎ") == kept(tmp_path, "h", "Ann") == kept(tmp_path, "h", "ann")
    assert kept(tmp_path, "h", "straße") != kept(tmp_path, "h", "strasse")


@pytest.mark.parametrize("old", ["127.0.0.1:5050", "LOCALHOST:5050", "[::1]:5050"])
def test_a_session_of_an_earlier_version_is_found(tmp_path: Path, old: str) -> None:
    """It was kept under the spelling that was typed."""
    state = State(parse_address("example.org"), "ann", tmp_path)
    session = Session("ann")
    session.token = "t"
    state.save(session)
    state.close()
    state.path.parent.rename(tmp_path / quote(old, safe=""))
    found = Session("ann")
    state = State(parse_address(old), "ann", tmp_path)
    state.load(found)
    state.close()
    assert found.token == "t"
