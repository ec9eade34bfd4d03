"""Coming into the chat: the lobby, a server that is away, and the name."""

from __future__ import annotations

import getpass
import signal
from pathlib import Path

import pytest

from roomchat import Client
from roomchat.terminal.arrival import NO_NAME, Arrival
from roomchat.terminal.typed.input import InputQueue, Typed
from roomchat.terminal.windows.display import PlainDisplay
from tests.emulator import ENTER, Emulated
from tests.peer import Peer
from tests.program import AWAY, Program, address_of, serve


def port_of(address: str) -> str:
    return address.rsplit(":", 1)[1]


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return {"XDG_STATE_HOME": str(tmp_path / "state"), "NO_COLOR": "1"}


# ---------------------------------------------------------------- the lobby


def test_people_meet_in_the_lobby() -> None:
    """Two who come without a word of where see each other come, and talk."""
    with serve() as server:
        address = address_of(server)
        with Emulated("join", address, "--name", "ann") as ann:
            ann.until("You are in lobby, alone for now.")
            with Emulated("join", address, "--name", "bob") as bob:
                bob.until("You are in lobby with: ann (1).")
                ann.until("bob (2) came in.")
                ann.type("hello" + ENTER)
                bob.until("ann: hello")
                bob.type("/dial ann" + ENTER)
                ann.until("bob (2) dialled you: you are in r1.")


@pytest.mark.parametrize("arguments", [["--room", "tea"], ["--dial", "1"]])
def test_a_person_who_names_a_place_goes_there_alone(arguments: list[str]) -> None:
    with serve() as server, Peer.at(address_of(server)) as peer:
        peer.hello("peer")
        with Emulated("join", address_of(server), "--name", "ann", *arguments) as ann:
            ann.until("r1, 2 here" if arguments[0] == "--dial" else "tea, 1 here")
            peer.send("rooms")
            rooms = peer.until("rooms")["rooms"]
            assert [room["room"] for room in rooms] == ["r1" if arguments[0] == "--dial" else "tea"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--dial", "99"], "Refused: Nobody has the UID 99."),
        (["--dial", "bob"], "No one here is called bob"),
        (["--room", "a b"], "Refused: 'a b' can't be a room name"),
    ],
)
def test_a_person_who_names_a_place_that_is_none_is_in_the_lobby(arguments: list[str], told: str) -> None:
    """They are told, and can talk to somebody."""
    with serve() as server, Emulated("join", address_of(server), "--name", "ann", *arguments) as ann:
        ann.until("lobby, 1 here")
        ann.until(told)


def test_a_pipe_goes_nowhere_by_itself() -> None:
    with serve() as server, Program("join", address_of(server), "--name", "bot") as bot:
        bot.expect("You are 1")
        bot.type("/rooms\n")
        bot.expect("There are no rooms yet")
        bot.end_input()
        assert bot.wait() == 0


def test_the_greeting_says_that_one_can_just_type() -> None:
    """Who is brought into the lobby need not go anywhere first, and is not told that there are no rooms."""
    with serve() as server, Emulated("join", address_of(server), "--name", "ann", columns=120) as ann:
        ann.until(
            "Type a message for your room, dial someone with /dial UID, or go into another room with /join ROOM."
        )
        ann.until("You are in lobby, alone for now.")
        assert not any("no rooms" in row for row in ann.shown)


@pytest.mark.parametrize("lobby", ["none", "NONE"])
def test_there_need_be_no_lobby(lobby: str) -> None:
    with serve("--lobby", lobby) as server, Emulated("join", address_of(server), "--name", "ann") as ann:
        ann.until("You are 1:")
        ann.until("Dial someone with /dial UID, or go into a room with /join ROOM.")
        ann.type("hello" + ENTER)
        ann.until("You are not in a room")


def test_someone_who_comes_back_is_where_they_were(tmp_path: Path, env: dict[str, str]) -> None:
    """A killed client is in its rooms again, and is not brought into the lobby as well."""
    with serve(db=tmp_path / "chat.db") as server:
        address = address_of(server)
        with Emulated("join", address, "--name", "ann", "--room", "tea", env=env) as ann:
            ann.until("[tea]")
            ann.type("hello" + ENTER)
            ann.until("ann: hello")
            ann.signal(signal.SIGKILL)
            ann.wait()
        with Peer.at(address) as peer, Emulated("join", address, "--name", "ann", env=env) as ann:
            peer.hello("peer")
            ann.until("[tea]")
            ann.type("/rooms" + ENTER)
            ann.expect(r"Rooms: tea \(1\)\.|Rooms: tea \(1\),")
            peer.send("rooms")
            assert [room["room"] for room in peer.until("rooms")["rooms"]] == ["tea"]


# ---------------------------------------------------------------- a server that is away


def test_what_is_typed_while_the_server_is_away_is_said_when_it_is_there(tmp_path: Path) -> None:
    """It tries by itself; commands that need no server are done at once, the others in their turn."""
    db = tmp_path / "chat.db"
    with serve(db=db) as server:
        address = address_of(server)
    with Emulated("join", address, "--name", "ann") as ann:
        ann.until("Trying again; what you type is kept.")
        ann.until("not connected, trying again")
        ann.type("hello" + ENTER + "/help quit" + ENTER + "/join tea" + ENTER + "in tea" + ENTER)
        ann.until("For example: /quit")
        ann.until("... /join tea")
        with serve("--port", port_of(address), db=db) as server:
            address_of(server)
            ann.until("ann: in tea")
            assert not any("connection is back" in row for row in ann.shown), "there was none before"
            with Peer.at(address) as peer:
                peer.hello("peer")
                for room, text in (("lobby", "hello"), ("tea", "in tea")):
                    peer.send("join", room=room)
                    assert peer.until("message")["text"] == text


@pytest.mark.parametrize("plain", [True, False])
def test_leaving_while_the_server_is_away(tmp_path: Path, env: dict[str, str], plain: bool) -> None:
    """What was typed for a known room is sent the next time."""
    db = tmp_path / "chat.db"
    with serve(db=db) as server:
        address = address_of(server)
    enter = "\n" if plain else ENTER
    arguments = ["join", address, "--name", "ann", "--room", "tea", *(["--plain"] if plain else [])]
    with Emulated(*arguments, env=env) as ann:
        ann.expect(AWAY)
        ann.type(f"hello{enter}/quit{enter}")
        ann.expect("1 line is not sent yet; it will be sent the next time")
        ann.type(f"/quit{enter}")
        assert ann.wait() == 0
        assert "Not sent, and not kept" not in ann.read
    with serve("--port", port_of(address), db=db) as server, Peer.at(address_of(server)) as peer:
        peer.hello("peer")
        with Emulated(*arguments, env=env) as ann:
            ann.expect("ann: hello")
        peer.send("join", room="tea")
        assert peer.until("message")["text"] == "hello"


def test_what_was_typed_for_nowhere_is_given_back(env: dict[str, str]) -> None:
    with serve() as server:
        address = address_of(server)
    with Emulated("join", address, "--name", "ann", env=env) as ann:
        ann.expect(AWAY)
        ann.type("hello" + ENTER)
        ann.until("... hello")
        ann.signal(signal.SIGTERM)
        assert ann.wait() == 130
        ann.until("Not sent, and not kept: hello")


def test_a_pipe_does_not_wait_for_a_server() -> None:
    with serve() as server:
        address = address_of(server)
    with Program("join", address, "--name", "ann") as ann:
        ann.end_input()
        assert ann.wait() == 1
        ann.expect("No server answers")


# ---------------------------------------------------------------- the name


def test_enter_takes_the_login_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """It stands in the prompt; what was chosen stays on the screen."""
    monkeypatch.setenv("LOGNAME", "ann")
    assert getpass.getuser() == "ann"
    with serve() as server, Emulated("join", address_of(server)) as ann:
        ann.until("Your name [ann]:")
        ann.type(ENTER)
        ann.until("You are 1:")
        ann.until("ann (1)")
        assert any("Your name [ann]: ann" in row for row in ann.shown)


def test_the_name_of_the_last_time_is_offered() -> None:
    """Not that of a program; one that was taken on since leads to the same session."""
    with serve() as server:
        address = address_of(server)
        with Emulated("join", address, "--name", "Zoë") as ann:
            ann.until("Zoë (1)")
            ann.type("/quit" + ENTER)
            ann.until("Goodbye.")
        with Client(address, "bot", on_event=lambda event: None):
            pass
        with Emulated("join", address) as ann:
            ann.until("Your name [Zoë]:")
            ann.type(ENTER)
            ann.until("lobby, 1 here")  # who one is needs no server; leaving while it is away is another matter
            ann.type("/name moon" + ENTER + "/quit" + ENTER)
            ann.until("Goodbye.")
        with Emulated("join", address) as ann:
            ann.until("Your name [moon]:")
            ann.type(ENTER)
            ann.until("moon (1)")


def test_a_login_name_that_is_taken_is_not_offered_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "ann")
    with serve() as server, Peer.at(address_of(server)) as peer, Emulated("join", address_of(server)) as ann:
        peer.hello("ann")
        ann.until("Your name [ann]:")
        ann.type(ENTER)
        ann.until("Someone here is called ann already")
        ann.until("Your name:")
        ann.type("anna" + ENTER)
        ann.until("You are 2:")


def test_what_was_typed_for_a_room_is_no_name() -> None:
    """It is held: who has lost a name is asked for another while lines wait."""
    source = InputQueue()
    source.put(Typed("a secret", "tea"))
    source.put(Typed("anna"))
    display = PlainDisplay(lambda line: None, clock="%H:%M")
    with serve() as server:
        arrival = Arrival(
            address_of(server), None, "", [], display, source, interactive=True, receive=lambda event: None,
            changed=lambda: None,
        )  # fmt: skip
        assert arrival.say_hello()
        assert display.client is not None
        display.client.close()
    assert arrival.name == "anna"
    assert arrival.held == [Typed("a secret", "tea")]


def test_a_command_is_no_name() -> None:
    """It is told so, without the server; only to quit is done, by whoever takes the next line."""
    source, told = InputQueue(), list[str]()
    for line in ("/rooms", "/no such thing", "/quit"):
        source.put(Typed(line))
    display = PlainDisplay(lambda line: told.append(line.plain), clock="%H:%M")
    arrival = Arrival(
        "127.0.0.1:1", None, "ann", [], display, source, interactive=True, receive=lambda event: None,
        changed=lambda: None,
    )  # fmt: skip
    assert not arrival.say_hello()
    assert source.next() == Typed("/quit")
    assert told.count(NO_NAME) == 2


def test_why_the_server_lets_nobody_in_is_painted() -> None:
    """Nothing else happens behind it that would have it painted."""
    heard: list[str] = []
    display = PlainDisplay(lambda line: heard.append("line"), clock="%H:%M")
    with serve("--guests", "no") as server:
        arrival = Arrival(
            address_of(server), "ann", "", [], display, InputQueue(), interactive=True,
            receive=lambda event: None, changed=lambda: heard.append("changed"),
        )  # fmt: skip
        assert not arrival.say_hello()
    assert "line" in heard
    assert heard[-1] == "changed"


def test_a_name_that_was_taken_while_the_server_was_away_is_asked_for_again(
    tmp_path: Path, env: dict[str, str]
) -> None:
    """The rooms stay the same, and so does what was typed meanwhile."""
    db = tmp_path / "chat.db"
    with serve(db=db) as server, Peer.at(address_of(server)) as peer:
        peer.hello("ann")  # whose seat waits
    with serve() as server, Peer.at(address_of(server)) as witness:
        witness.hello("witness")
        witness.join("tea")
        address = address_of(server)
        ann = Emulated("join", address, "--name", "ann", "--room", "tea", env=env)
        ann.until("2 here")
        ann.type("hello" + ENTER)
        ann.until("ann: hello")  # so nothing is under way any more
    with ann:
        ann.expect(AWAY)
        ann.type("kept" + ENTER)
        with serve("--port", port_of(address), db=db) as server, Peer.at(address_of(server)) as peer:
            peer.hello("peer")
            ann.expect("1 line is not sent yet; it will be sent the next time")
            ann.expect("Someone here is called ann already")
            ann.until("Your name [ann]:")  # what is typed before is none
            ann.type("anna" + ENTER)
            ann.expect(r"anna \(\d\)")
            peer.send("join", room="tea")
            ann.type("here again" + ENTER)
            assert peer.until("message")["text"] == "here again"
