"""What a client must not forget, without a connection: cursors, numbers, and what is sent again.

Most of it are transcripts, which the page's session has, too: transcripts/session/.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomchat.client.address import Address
from roomchat.client.login import Login
from roomchat.client.session import CAUGHT_UP_ID, WINDOW, Session
from roomchat.client.session_files import kept_as, last_name
from roomchat.client.state import State, Unkept
from roomchat.errors import Denied
from roomchat.protocol import (
    Error,
    Joined,
    Limits,
    Message,
    Ping,
    Say,
    Welcome,
)
from tests.session_steps import Json, Steps, follows, load, parted


def welcome(last_n: int = 0, epoch: str = "e", token: str = "t") -> Welcome:
    """For ann, who is 1."""
    return Welcome(
        uid=1,
        name="ann",
        token=token,
        epoch=epoch,
        last_n=last_n,
        server="roomchat",
        clients=[],
        clients_total=0,
        rooms=[],
        rooms_total=0,
        limits=Limits(8192, 32, 65536, 100),
    )


def joined(room: str, last_seq: int = 0) -> Joined:
    return Joined(room=room, members=[], members_total=1, last_seq=last_seq)


def message(room: str, seq: int, uid: int = 2, n: int | None = None) -> Message:
    return Message(room, seq, uid, "bob", "2026-01-01T00:00:00.000Z", f"text {seq}", n=n)


def ann(room: str = "tea") -> Session:
    """Welcomed, and in a room."""
    session = Session("ann")
    session.receive(welcome())
    session.receive(joined(room))
    return session


@pytest.mark.parametrize("transcript", load(), ids=lambda one: one["about"])
def test_transcript(transcript: Json) -> None:
    """What is shown and sent, step by step."""
    taken = Steps(transcript.get("login"))
    for step in transcript["steps"]:
        asked, expected = parted(step)
        answer = taken.take(asked)
        assert follows(expected, answer), (step, answer)


def say(session: Session, text: str) -> Say:
    said = session.say(Say(text=text, room="tea"))
    assert isinstance(said, Say)
    return said


def test_every_hello_says_which_features_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server answers with those that it knows, too."""
    monkeypatch.setattr("roomchat.client.session.FEATURES", ("edits",))
    assert [Session("ann").hello().features, ann().hello().features] == [["edits"], ["edits"]]


def test_who_has_forgotten_what_it_saw_says_so_until_it_is_welcomed() -> None:
    """An errand does not ask for all that was ever whispered to it; a session that was in no room does."""
    session = Session("ann")
    session.receive(welcome())
    assert session.hello().rooms == {}
    session.forget()
    assert (session.hello().rooms, session.hello().rooms) == (None, None)
    session.receive(welcome())
    session.receive(message("@1-2", 4))
    assert session.hello().rooms == {"@1-2": 4}


def test_no_more_is_on_its_way_than_the_window_lets() -> None:
    """What comes back, or is refused, lets more go."""
    session = ann()
    said = [say(session, str(i)) for i in range(WINDOW + 3)]
    assert session.due() == said[:WINDOW]
    assert session.due() == []
    session.receive(message("tea", 1, uid=1, n=1))
    session.receive(Error(code="too_long", message="", n=2))
    assert session.due() == said[WINDOW : WINDOW + 2]
    again = session.receive(welcome(last_n=2)).send
    assert again == [*said[2 : WINDOW + 2], Ping(id=CAUGHT_UP_ID)]


@pytest.mark.parametrize(
    ("text", "room", "code"),
    [
        ("x" * 8193, "tea", "too_long"),
        ("x", "tea" * 30_000, "too_long"),
        ("\ud800", "tea", "bad_command"),
    ],
)
def test_what_the_server_can_not_read_is_not_numbered(text: str, room: str, code: str) -> None:
    """It would be refused without its number, and all behind it would wait for ever."""
    session = ann()
    with pytest.raises(Denied) as caught:
        session.say(Say(text=text, room=room))
    assert (caught.value.code, session.n, session.pending) == (code, 0, {})


@given(st.data())
def test_nothing_is_lost_or_doubled_over_any_reconnects(data: st.DataObject) -> None:
    """Against a plain server that handles some of what is sent and then loses the connection, all comes once."""
    session = Session("ann")
    log: list[str] = []
    last_n = said = 0
    shown: list[int] = []
    session.receive(welcome())
    session.receive(joined("tea"))
    on_the_way: list[Say] = []
    for _ in range(data.draw(st.integers(1, 8))):
        for _ in range(data.draw(st.integers(0, 4))):
            said += 1
            say(session, str(said))
        on_the_way += [command for command in session.due() if isinstance(command, Say)]
        for command in on_the_way[: data.draw(st.integers(0, len(on_the_way)))]:
            assert command.n is not None
            if command.n == last_n + 1:
                last_n = command.n
                log.append(command.text)
        for seq in range(session.cursors.get("tea", 0) + 1, data.draw(st.integers(0, len(log))) + 1):
            shown += [one.seq for one in session.receive(own(log, seq)).show if isinstance(one, Message)]
        again = session.receive(welcome(last_n=last_n)).send
        on_the_way = [command for command in again if isinstance(command, Say)]
    log += [command.text for command in on_the_way]
    for seq in range(1, len(log) + 1):
        shown += [one.seq for one in session.receive(own(log, seq)).show if isinstance(one, Message)]
    assert log == [str(i + 1) for i in range(said)]
    assert shown == list(range(1, said + 1))
    assert not session.pending


def own(log: list[str], seq: int) -> Message:
    """Our own message with that place in the log; here every n is the seq."""
    return Message("tea", seq, 1, "ann", "2026-01-01T00:00:00.000Z", log[seq - 1], n=seq)


def test_the_state_brings_a_session_back(tmp_path: Path) -> None:
    """Token, rooms, handled cursors and pending messages are there again, in files of the user only."""
    address = Address("localhost", 5050)
    session = ann()
    state = State(address, "ann", tmp_path)
    state.save(session)
    said = say(session, "one")
    state.said(1, said)
    session.receive(message("tea", 7))
    session.receive(message("tea", 8))
    state.reached("tea", 7)
    state.close()
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}

    again = Session("ann")
    state = State(address, "ann", tmp_path)
    state.load(again)
    state.close()
    assert (again.uid, again.token, again.epoch, again.n, again.room) == (1, "t", "e", 1, "tea")
    assert (again.rooms, again.cursors, again.pending) == ({"tea": 0}, {"tea": 7}, {1: said})


def test_a_name_that_was_taken_on_leads_to_the_session(tmp_path: Path) -> None:
    """Of a person at a screen, unless another one began with that name; of a program never."""
    address = Address("localhost", 5050)
    state = State(address, "Zoë", tmp_path)
    session = ann()
    session.name = "moon"
    state.save(session)
    state.close()
    assert last_name(tmp_path, address) is None
    assert kept_as(tmp_path, address, "moon") == "moon"
    Path(f"{state.path}.kept").touch()
    assert last_name(tmp_path, Address("127.0.0.1", 5050)) == "moon"
    assert kept_as(tmp_path, address, "Moon") == "zoë"
    assert [kept_as(tmp_path, address, name) for name in ("Zoë", "bob")] == ["Zoë", "bob"]
    State(address, "moon", tmp_path).close()
    assert last_name(tmp_path, address) == "zoë"
    assert kept_as(tmp_path, address, "moon") == "moon"


def test_a_folder_that_cant_be_looked_into_has_no_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever claims a session there hears why not."""

    def deny(path: Path, **options: object) -> object:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "stat", deny)
    address = Address("localhost", 5050)
    assert last_name(tmp_path, address) is None
    assert kept_as(tmp_path, address, "ann") == "ann"
    with pytest.raises(Unkept, match="Permission denied"):
        State(address, "ann", tmp_path)


def test_two_programs_do_not_share_a_session(tmp_path: Path) -> None:
    """While one has it the second one gets another, and the first one's again when that is free."""
    address = Address("localhost", 5050)
    first = State(address, "ann", tmp_path)
    first.save(ann())
    second = State(address, "Ann", tmp_path)
    stranger = Session("Ann")
    second.load(stranger)
    assert stranger.token is None
    first.close()
    third = State(address, "ann", tmp_path)
    back = Session("ann")
    third.load(back)
    assert back.token == "t"
    second.close()
    third.close()


def test_a_newcomer_brings_a_token() -> None:
    """The same until it is welcomed, for then it is known again; never beside a password, or another token."""
    session = Session("ann")
    brought = session.hello().new_token
    assert brought is not None
    assert session.hello().new_token == brought
    session.receive(welcome(token=brought))
    assert (session.hello().token, session.hello().new_token) == (brought, None)
    session.receive(Error(code="unknown_token", message=""))
    assert session.hello().new_token not in {None, brought}
    assert Session("ann", Login("correct horse")).hello().new_token is None
