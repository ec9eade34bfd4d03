"""What a client must not forget, without a connection: cursors, numbers, and what is sent again."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from roomchat.client.address import Address
from roomchat.client.session import CAUGHT_UP_ID, WINDOW, Session
from roomchat.client.session_files import kept_as, last_name
from roomchat.client.state import State, Unkept
from roomchat.client.verdicts import REFUSED, UNCERTAIN
from roomchat.errors import Denied, OutOfOrder, StorageUnavailable, UnknownToken
from roomchat.protocol import (
    Action,
    Error,
    Gap,
    HistoryPage,
    Join,
    Joined,
    Left,
    Limits,
    Message,
    Ping,
    Pong,
    Say,
    Unknown,
    Welcome,
)


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


def say(session: Session, text: str) -> Say:
    said = session.say(Say(text=text, room="tea"))
    assert isinstance(said, Say)
    return said


def test_the_first_hello_has_a_name_and_later_ones_a_token() -> None:
    """A new session asks for a name; one that goes on proves itself, and names its rooms and cursors."""
    session = Session("ann")
    assert (session.hello().name, session.hello().token) == ("ann", None)
    session.receive(welcome())
    session.receive(joined("tea", last_seq=70))
    session.receive(joined("cake"))
    session.receive(message("cake", 4))
    hello = session.hello()
    assert (hello.name, hello.token, hello.epoch) == (None, "t", "e")
    assert hello.rooms == {"tea": 20, "cake": 4}, "what the join to tea brings may come again"


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


def test_the_current_room_is_the_last_one_in_the_hello() -> None:
    """So that who dials us after a restart of the server lands there."""
    session = ann("tea")
    session.receive(joined("cake"))
    session.receive(joined("tea"))
    assert list(session.hello().rooms or {}) == ["cake", "tea"]


def test_each_message_is_shown_once() -> None:
    """One at or below the cursor was seen before."""
    session = ann()
    shown = [session.receive(message("tea", seq)).show for seq in (1, 2, 2, 1, 4)]
    assert [len(events) for events in shown] == [1, 1, 0, 0, 1]
    assert session.cursors == {"tea": 4}


def test_the_cursor_moves_past_an_entry_of_an_unknown_kind() -> None:
    """It is shown once, as any entry, and said to be seen in the next hello."""
    session = ann()
    unknown = [Unknown("tea", seq) for seq in (2, 2, 4)]
    shown = [session.receive(entry).show for entry in (message("tea", 1), *unknown, message("tea", 3))]
    assert shown == [[message("tea", 1)], [unknown[0]], [], [unknown[2]], []]
    assert session.hello().rooms == {"tea": 4}


@pytest.mark.parametrize("features", [["action"], []])
def test_an_action_is_sent_as_the_server_knows_it(features: list[str]) -> None:
    """To one that has messages only it goes as they said it before; whatever comes back is the answer to it."""
    session = ann()
    session.say(Say(text="waves", room="tea", kind="action"))
    welcomed = replace(welcome(), features=features)
    (sent,) = [one for one in session.receive(welcomed).send if isinstance(one, Say)]
    assert (sent.kind, sent.text) == (("action", "waves") if features else ("message", "/me waves"))
    back = Action if features else Message
    session.receive(back("tea", 1, 1, "ann", "2026-01-01T00:00:00.000Z", sent.text, n=1))
    assert not session.pending


@pytest.mark.parametrize("device", [1, 2])
def test_a_message_of_another_device_of_ours_is_not_the_one_that_we_wait_for(device: int) -> None:
    """It has our UID, and a number of its own: it is shown, and ours is still to be sent, or to come back."""
    session = Session("ann")
    session.receive(replace(welcome(), device=device))
    session.receive(joined("tea"))
    said = say(session, "mine")
    other = replace(message("tea", 1, uid=1, n=1), device=3 - device)
    assert session.receive(other).show == [other]
    assert session.pending == {1: said}
    assert session.receive(replace(welcome(), device=device)).send[0] == said
    session.receive(replace(message("tea", 2, uid=1, n=1), device=device))
    assert session.pending == {}


def test_a_look_into_history_finds_no_message_of_another_device() -> None:
    """What was handled and is only there from another device was refused."""
    session = ann()
    session.say(Say(text="mine", room="cake"))
    session.say(Say(text="mine", room="cake"))
    session.hello()
    session.receive(welcome(last_n=2))
    (ask,) = session.receive(Pong(re=CAUGHT_UP_ID)).send
    other = replace(message("cake", 1, uid=1, n=1), device=2)
    mine = message("cake", 2, uid=1, n=2)
    step = session.receive(HistoryPage(room="cake", entries=[other, mine], more=False, re=ask.id))
    assert step.found == [2]
    assert [(one.code, one.n) for one in step.show if isinstance(one, Error)] == [(REFUSED, 1)]


def test_a_gap_moves_the_cursor_and_is_shown() -> None:
    """What is gone is not asked for again."""
    session = ann()
    gap = Gap(room="tea", after=0, before=10)
    assert session.receive(gap).show == [gap]
    assert session.cursors == {"tea": 9}


def test_whether_something_was_said_in_a_room_that_one_is_put_out_of_is_uncertain() -> None:
    """It was handled: it stands there, or was refused. By a hello that names the room, or by a look into it."""
    session = ann()
    say(session, "one")
    session.say(Say(text="two", room="cake"))
    session.hello()
    session.receive(welcome(last_n=2))
    session.receive(Error(code="kicked", message="You were put out of tea."))
    step = session.receive(Pong(re=CAUGHT_UP_ID))
    assert [(one.code, one.n) for one in step.show if isinstance(one, Error)] == [(UNCERTAIN, 1)]
    (ask,) = step.send
    step = session.receive(Error(code="not_in_room", message="You are not in cake.", re=ask.id))
    assert [(one.code, one.n) for one in step.show if isinstance(one, Error)] == [(UNCERTAIN, 2)]
    assert not session.pending


def test_what_is_to_be_said_brings_nobody_back_who_was_put_out() -> None:
    """A room is joined again for it after a break, but not one that they were kicked out of."""
    session = ann()
    session.say(Say(text="one", room="tea"))
    session.receive(Left(room="tea", reason="kicked"))
    session.hello()
    assert not any(isinstance(one, Join) for one in session.receive(welcome()).send)
    session.receive(joined("tea"))
    session.hello()  # kicked meanwhile: it is not joined
    session.receive(welcome())
    assert Left(room="tea") in session.receive(Pong(re=CAUGHT_UP_ID)).show
    session.hello()
    assert not any(isinstance(one, Join) for one in session.receive(welcome()).send)
    session.receive(joined("tea"))
    session.receive(Pong(re=CAUGHT_UP_ID))
    session.receive(Left(room="tea"))
    session.hello()
    assert Join(room="tea") in session.receive(welcome()).send


def test_what_the_server_has_not_handled_is_sent_again_in_order() -> None:
    """After a welcome comes what is above its last n, and then the mark."""
    session = ann()
    said = [say(session, text) for text in ("one", "two", "three")]
    assert session.receive(welcome(last_n=1)).send == [said[1], said[2], Ping(id=CAUGHT_UP_ID)]
    session.receive(message("tea", 1, uid=1, n=1))
    assert list(session.pending) == [2, 3]
    assert say(session, "four").n == 4


def test_what_was_handled_and_does_not_come_was_refused() -> None:
    """When the mark is passed, the person is told."""
    session = ann()
    say(session, "one")
    say(session, "two")
    session.hello()
    session.receive(welcome(last_n=2))
    session.receive(joined("tea"))
    session.receive(message("tea", 1, uid=1, n=2))
    (error,) = session.receive(Pong(re=CAUGHT_UP_ID)).show
    assert isinstance(error, Error)
    assert (error.code, error.n) == (REFUSED, 1)
    assert not session.pending


def test_what_was_said_since_the_welcome_was_not_refused() -> None:
    """Rooms have no common order: of what is sent over this connection one may come back before the mark, and
    another that was said before it, in another room, after the mark."""
    session = ann()
    session.receive(welcome())
    say(session, "one")
    session.say(Say(text="two", room="cake"))
    session.receive(message("cake", 1, uid=1, n=2))
    assert session.receive(Pong(re=CAUGHT_UP_ID)).show == []
    assert list(session.pending) == [1]


def test_a_refusal_for_good_ends_a_message_and_another_does_not() -> None:
    """After storage_unavailable and out_of_order it is sent again; after anything else it is not."""
    session = ann()
    said = [say(session, text) for text in ("one", "two", "three")]
    assert session.receive(Error(code="too_long", message="", n=1)).retry is False
    step = session.receive(Error(code=StorageUnavailable.code, message="", n=2))
    assert (step.retry, len(step.show)) == (True, 1)
    step = session.receive(Error(code=OutOfOrder.code, message="", n=3))
    assert (step.retry, len(step.show)) == (True, 0)
    assert session.due() == said[1:]


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


def test_another_log_voids_cursors_and_numbers() -> None:
    """With another epoch rooms are joined anew, and what has not come back is numbered from where that log is."""
    session = ann()
    session.receive(message("tea", 5))
    say(session, "one")
    session.receive(message("tea", 6, uid=1, n=1))
    say(session, "two")
    say(session, "three")
    (hello,) = session.receive(Error(code=UnknownToken.code, message="")).send
    assert hello == Session("ann").hello()
    step = session.receive(welcome(epoch="another", token="new"))
    assert step.send == [
        Join(room="tea"),
        Say(text="two", room="tea", n=1),
        Say(text="three", room="tea", n=2),
        Ping(id=CAUGHT_UP_ID),
    ]
    assert session.cursors == {}
    assert session.receive(message("tea", 1)).show


def test_a_log_that_lost_its_end_is_followed() -> None:
    """A room whose last seq is below the cursor was put back: what is said there next is news."""
    session = ann()
    session.receive(message("tea", 9))
    session.receive(joined("tea", last_seq=5))
    assert session.receive(message("tea", 6)).show


def test_leaving_forgets_a_room() -> None:
    """It is not named in the next hello, and the room before is the current one."""
    session = ann("cake")
    session.receive(joined("tea"))
    session.receive(message("tea", 3))
    session.receive(Left(room="tea"))
    assert session.hello().rooms == {"cake": 0}
    assert session.room == "cake"


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


def test_the_answer_to_our_own_join_moves_us_also_while_we_come_back() -> None:
    """Rooms come back in any order and change nothing; what was asked while there was no connection does: what is
    said behind it was meant for there."""
    session = ann("tea")
    session.receive(welcome())
    session.receive(joined("tea"))
    assert session.room == "tea"
    session.receive(replace(joined("cake"), re=1))
    assert session.room == "cake"
    session.receive(joined("tea"))
    assert session.room == "cake"
