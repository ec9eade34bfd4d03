"""One server under several spellings is one server, and names are the same where the server says so."""

from __future__ import annotations

import fcntl
import shutil
from itertools import permutations
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


# ---------------------------------------------------------------- names that version 0.1.0 took for one


SERVER = quote("h:5050", safe="")  # as a folder


def made(folder: Path, name: str, file: str, *, token: str | None = None) -> None:
    """A session as that version kept it, of a program that was killed: what it said last is beside the file."""
    (folder / SERVER).mkdir(exist_ok=True)
    state = State(parse_address("h"), "maker", folder)
    session = Session(name)
    session.token = token or name
    state.save(session)
    for part in ("", "-wal", "-shm"):
        shutil.copy(f"{state.path}{part}", folder / SERVER / f"{file}{part}")
    state.close()
    for path in state.path.parent.glob("maker*"):
        path.unlink()
    (folder / SERVER / f"{file}.lock").write_bytes(b"")


def token_of(folder: Path, name: str) -> str | None:
    """Of the session that a program under this name gets; it is kept again."""
    session, state = Session(name), State(parse_address("h"), name, folder)
    state.load(session)
    session.token = session.token or f"new {name}"
    state.save(session)
    state.close()
    return session.token


@pytest.mark.parametrize("order", [*permutations(["straße", "strasse", "STRASSE"])], ids="-".join)
@pytest.mark.parametrize(
    ("files", "tokens"),
    [
        ({"strasse.db": "straße"}, {"straße": "straße", "strasse": "new"}),
        ({"strasse.db": "Strasse"}, {"straße": "new", "strasse": "Strasse"}),
        ({"strasse.db": "Straße", "strasse+2.db": "strasse"}, {"straße": "Straße", "strasse": "strasse"}),
        ({"strasse.db": "strasse", "strasse+2.db": "straße"}, {"straße": "straße", "strasse": "strasse"}),
        ({"strasse.db": "renamed"}, {"straße": "new", "strasse": "renamed"}),
    ],
    ids=str,
)
def test_a_session_goes_to_whose_name_is_in_it(
    tmp_path: Path, files: dict[str, str], tokens: dict[str, str], order: tuple[str, ...]
) -> None:
    """Whoever comes first, and it stays there."""
    for file, name in files.items():
        made(tmp_path, name, file)
    for name in (*order, *order):
        wanted = tokens[name.lower()]
        found = token_of(tmp_path, name)
        assert found is not None
        assert found.lower() == (f"new {name}".lower() if wanted == "new" else wanted.lower())


def test_a_wide_name_comes_to_the_others_of_its_name(tmp_path: Path) -> None:
    """As one more session of that name, where there is one already."""
    wide = quote("ａｎｎ")
    made(tmp_path, "ann", f"{wide}.db", token="wide")
    assert token_of(tmp_path, "ａｎｎ") == "wide"
    made(tmp_path, "renamed", f"{wide}.db", token="wider")
    assert [token_of(tmp_path, name) for name in ("ａｎｎ", "ann")] == ["wide", "wide"]
    first = State(parse_address("h"), "ann", tmp_path)
    assert token_of(tmp_path, "ann") == "wider"
    first.close()


def test_a_session_in_use_is_moved_when_it_is_free(tmp_path: Path) -> None:
    """By a program of the older version, say."""
    made(tmp_path, "straße", "strasse.db")
    with open(tmp_path / SERVER / "strasse.db.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert token_of(tmp_path, "strasse") == "new strasse"
    assert token_of(tmp_path, "straße") == "straße"


def test_a_session_that_took_another_name_stays_where_it_is(tmp_path: Path) -> None:
    """Only those of the older version are moved, and these only once; a damaged one is left as it is."""
    state, session = State(parse_address("h"), "strasse", tmp_path), Session("straße")
    session.token = "t"
    state.save(session)
    state.close()
    assert [token_of(tmp_path, name) for name in ("straße", "strasse")] == ["new straße", "t"]
    (tmp_path / SERVER / "fluss.db").write_bytes(b"no database")
    assert token_of(tmp_path, "fluß") == "new fluß"
