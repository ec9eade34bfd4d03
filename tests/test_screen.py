"""The screen of ``roomchat join``, in an emulated terminal: what a person sees, and what their keys do."""

from __future__ import annotations

import io
import json
import queue
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from platformdirs import user_state_path
from prompt_toolkit.application import Application, create_app_session
from prompt_toolkit.data_structures import Size
from prompt_toolkit.input import create_pipe_input

from roomchat import Client
from roomchat.errors import ConnectError, Denied
from roomchat.protocol import Command, Join, Message, Ping
from roomchat.server import Server
from roomchat.settings import Settings
from roomchat.terminal.device.output import ScreenOutput
from roomchat.terminal.screen.screen import Screen
from roomchat.terminal.shown.render import CLOCK
from roomchat.terminal.terminal import Terminal
from roomchat.terminal.typed.input import InputQueue, Typed
from roomchat.terminal.windows.display import PlainDisplay
from tests.emulator import (
    CALLS_BRIEFLY,
    CTRL_C,
    CTRL_D,
    ENTER,
    HOME,
    PAGE_UP,
    SHIFT_TAB,
    TAB,
    UP,
    Emulated,
    alt,
    paste,
)
from tests.program import address_of
from tests.program import serve as serve_program

Serve = Callable[..., Server]


@pytest.fixture
def tea(serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Any]]:
    """People in the room tea of one server: ``tea("ann")`` at a screen, ``tea("bob", Client)`` as a program."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    server = serve()
    with ExitStack() as stack:

        def come(name: str, kind: type[Any] = Emulated, *arguments: str, room: str = "tea", **options: Any) -> Any:
            address = f"127.0.0.1:{server.address[1]}"
            if kind is Client:
                client = stack.enter_context(Client(address, name, state=False, on_event=lambda event: None))
                client.join("tea")
                return client
            screen = stack.enter_context(
                Emulated(
                    "join", address, "--name", name, *(["--room", room] if room else []), *arguments, **options
                )
            )
            screen.until("[tea]" if room else f"{name} (")
            return screen

        yield come


def said(screen: Emulated) -> list[str]:
    """The greetings, each behind its time."""
    return [row[6:] for row in screen.screen.middle if "hello" in row and row[:2].isdigit()]


def test_two_people_dial_and_chat(serve: Serve) -> None:
    """One dials the other; both see what is said once, with its time and name, and how many are there."""
    address = f"127.0.0.1:{serve().address[1]}"
    with Emulated("join", address) as nobody:
        nobody.until("Your name [")
        nobody.type(CTRL_D)
        assert nobody.wait() == 0
    with Emulated("join", address, "--name", "ann") as ann, Emulated("join", address) as bob:
        ann.until("You are 1:")
        bob.until("Your name [")
        bob.type("bob" + ENTER)
        bob.until("You are 2:")
        bob.type("/dial ann" + ENTER)
        ann.until("bob (2) dialled you: you are in r1.")
        ann.type("hello bob" + ENTER)
        bob.until("ann: hello bob")
        bob.type("hello ann" + ENTER)
        for screen in (ann, bob):
            screen.until("r1, 2 here")
            screen.until(lambda one: said(one) == ["ann: hello bob", "bob: hello ann"])  # not amid a painting


def test_what_comes_while_one_types_leaves_the_line_alone(tea: Callable[..., Any]) -> None:
    """Messages scroll above; the half-typed line and its cursor stay."""
    ann, bob = tea("ann"), tea("bob", Client)
    ann.type("half a sen")
    ann.until("[tea] half a sen")
    for number in range(30):
        bob.say(f"line {number}")
    ann.until("bob: line 29")
    ann.until(lambda screen: screen.typed == "[tea] half a sen")
    ann.type("tence" + ENTER)
    ann.until("ann: half a sentence")
    ann.type(PAGE_UP)
    ann.until("bob: line 0")
    lines = [row.rpartition("line ")[2] for row in ann.shown if "bob: line" in row]
    assert lines == [str(number) for number in range(len(lines))]


def test_who_is_dialled_in_the_middle_of_a_line_stays_where_it_was_meant_for(tea: Callable[..., Any]) -> None:
    """Otherwise words about somebody would go to them. Who types nothing is taken along."""
    ann = tea("ann", room="")
    ann.until("[lobby]")
    bob, cleo = tea("bob", Client), tea("cleo", Client)
    cleo.join("lobby")
    ann.until("cleo (3) came in")
    ann.type("bob is a bo")
    ann.until("[lobby] bob is a bo")
    bob.dial(1)
    ann.until("bob (2) dialled you: you are in r1, too.")
    ann.type("re" + ENTER)
    ann.until("ann: bob is a bore")
    bob.say("hello", "r1")
    ann.until(lambda screen: screen.listed("r1") == "1")
    ann.type("/room r1" + ENTER)
    ann.until(lambda screen: screen.typed == "[r1]")
    ann.until("bob: hello")
    assert "a bore" not in ann.read
    ann.type("/leave" + ENTER)
    ann.until("[lobby]")
    cleo.dial(1)
    ann.until("cleo (3) dialled you: you are in r2.")
    ann.until(lambda screen: screen.typed == "[r2]")


def test_what_is_typed_at_once_behind_a_change_of_window_goes_there(tea: Callable[..., Any]) -> None:
    """However fast: what is for one must not be heard by all; what is only begun goes along."""
    ann, bob = tea("ann"), tea("bob")
    ann.type("/query bob" + ENTER + "a secret" + ENTER + "/room tea" + ENTER + "for all" + ENTER)
    ann.until("ann: for all")
    assert "secret" not in ann.read
    bob.until("ann: for all")
    assert "secret" not in " ".join(bob.screen.middle[:-1]), "at the bottom it is told that somebody whispers"
    ann.type("/query bob" + ENTER + "another")
    ann.until("[@bob] another")
    ann.until("ann: a secret")
    ann.type(alt("1"))
    ann.until(lambda screen: screen.typed == "[tea]")


def test_long_text_is_wrapped_under_itself_and_wide_characters_stay_in_place(tea: Callable[..., Any]) -> None:
    """The rest of a message stands under its beginning; nothing goes beyond the edge."""
    ann, bob = tea("ann", columns=40), tea("bob", Client)
    bob.say("a sentence that is too long for one row of forty columns")
    bob.say("\u4f60\u597d" * 20 + " \N{THUMBS UP SIGN} end")
    ann.until("end")
    first = next(number for number, row in enumerate(ann.shown) if "a sentence" in row)
    indent = ann.shown[first].index("a sentence")
    assert ann.shown[first + 1].startswith(" " * indent + "for one row")
    wide = [row for row in ann.shown if "\u4f60" in row]
    assert "".join(row[indent:] for row in wide).replace(" ", "").startswith("\u4f60\u597d" * 20)
    ann.type("\u4f60\u597d ok")
    ann.until(lambda screen: screen.typed == "[tea] \u4f60\u597d ok" and screen.screen.cursor.x == 13)


def test_tab_completes_commands_people_and_rooms(tea: Callable[..., Any]) -> None:
    """Tab puts the next candidate in, and shows the others; Shift-Tab goes back."""
    ann, bob, _ = tea("ann"), tea("bob", Client), tea("bert", Client)
    ann.until("bert (3) came in")
    for keys, line in [
        ("/wh" + TAB, "/whisper"),
        (TAB, "/who"),
        (SHIFT_TAB, "/whisper"),
        ("b" + TAB, "/whisper bert"),
        (TAB, "/whisper bob"),
        (SHIFT_TAB, "/whisper bert"),
        (CTRL_C + "/dial 2" + TAB, "/dial bob"),
        (CTRL_C + "/leave t" + TAB, "/leave tea"),
        (CTRL_C + "ask @bo" + TAB, "ask @bob"),
        (CTRL_C + "bo" + TAB, "bob:"),
    ]:
        ann.type(keys)
        ann.until(lambda screen, line=line: screen.typed == f"[tea] {line}")
    ann.type("hi" + ENTER)
    ann.until("ann: bob: hi")
    assert bob.room == "tea"


def test_who_came_later_is_found_by_name(serve: Serve) -> None:
    """Nobody tells of people who are in no room of ours: the server is asked, and its list is not shown."""
    address = f"127.0.0.1:{serve().address[1]}"
    with ExitStack() as stack:
        people = []
        for name in ("ann", "bob"):  # one after the other
            people.append(stack.enter_context(Emulated("join", address, "--name", name)))
            people[-1].until(f"{name} (")
        ann, bob = people
        ann.type("/dial bob" + ENTER)
        bob.until("ann (1) dialled you")
        ann.until("You are in r1 with: bob (2).")
        ann.type("/whisper nobody hello" + ENTER)
        ann.until("No one here is called nobody")
        assert "2 here: " not in ann.read, "nobody asked for the list"
        ann.type("/who" + ENTER)
        ann.until("2 here: ")
        ann.type("/who r1" + ENTER)
        ann.until("2 in r1: ann (1), bob (2).")


def test_a_begun_command_is_explained(tea: Callable[..., Any]) -> None:
    """The bottom line says what fits, then how the command is typed; an unknown one is told the nearest."""
    ann = tea("ann")
    ann.type("/hi")
    ann.until("/history [N]: show earlier messages of the current room")
    ann.type(CTRL_C + "/dail 3" + ENTER)
    ann.until("There is no command /dail. Did you mean /dial?")
    ann.type("/help nick" + ENTER)
    ann.until("For example: /name eve")


def test_a_paste_of_twenty_lines_is_one_message(tea: Callable[..., Any]) -> None:
    """It waits for Enter, keeps its lines, and what could harm a terminal is shown as what it is."""
    ann, heard = tea("ann"), tea("bob")
    ann.type(paste("\r".join(f"line {number}" for number in range(1, 20)) + "\rred \x1b[31m\ttext\r"))
    ann.until("red \u241b[31m    text")
    ann.type(ENTER)
    for screen in (ann, heard):
        screen.until(lambda screen: screen.typed == "[tea]" and "text" in "".join(screen.shown[-3:]))
        rows = [row for row in screen.screen.middle if "line " in row]
        assert len(rows) == 19
        assert rows[0].endswith("ann: line 1")
        assert rows[1].strip() == "line 2"


def test_a_resize_does_no_harm(tea: Callable[..., Any]) -> None:
    """Narrower, wider, lower: the line stays, and all that was said is folded to the new width."""
    ann, bob = tea("ann"), tea("bob", Client)
    ann.type("stays")
    said = "it is wider or narrower or lower than before"
    bob.say(said)
    for columns, rows in [(30, 24), (100, 24), (60, 8), (20, 5), (300, 100), (80, 24)]:
        ann.resize(columns, rows)
        bob.say(f"end{columns}")
        ann.until(f"bob: end{columns}")
        ann.until(lambda screen: screen.typed == "[tea] stays")
        if rows > 5:
            ann.until(f"bob: {said}")
        assert sum("[tea] stays" in row for row in ann.shown) == 1


def test_ctrl_c_clears_then_asks_then_leaves(tea: Callable[..., Any]) -> None:
    """The first clears the line, the second asks, the third says goodbye; the terminal is as before."""
    ann, bob = tea("ann"), tea("bob")
    ann.type("never mind")
    ann.until("[tea] never mind")
    ann.type(CTRL_C)
    ann.until(lambda screen: screen.typed == "[tea]")
    ann.type(CTRL_C)
    ann.until("Press Ctrl-C again to quit.")
    ann.type("x")
    ann.until(lambda screen: "once more" not in "".join(screen.shown))
    ann.type(CTRL_C + CTRL_C + CTRL_C)
    assert ann.wait() == 0
    assert ann.shown == ["Goodbye."]
    assert ann.raw.rfind(b"\x1b[?2004l") > ann.raw.rfind(b"\x1b[?2004h")
    bob.until("ann (1) said goodbye.")


def test_only_the_main_thread_touches_the_application(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not made for others: one that asked for a repaint just when it ended raised, and was printed."""
    output = ScreenOutput(io.StringIO(), lambda: Size(rows=24, columns=80))
    monkeypatch.setattr(ScreenOutput, "from_pty", lambda stdout, **_: output)
    asked: list[str] = []
    invalidate = Application.invalidate

    def note(app: Application[None]) -> None:
        asked.append(threading.current_thread().name)
        invalidate(app)

    monkeypatch.setattr(Application, "invalidate", note)
    with create_pipe_input() as keys, create_app_session(input=keys, output=output):
        screen = Screen(colour=False, bell="never", clock=CLOCK)
        terminal = Terminal("localhost", screen.input, screen.windows, interactive=True, changed=screen.changed)
        screen.run(terminal, screen.changed)
        screen.changed()
    assert set(asked) == {threading.main_thread().name}


@pytest.mark.parametrize("keys", [CTRL_D, "/quit" + ENTER])
def test_leaving_sends_what_was_said(tea: Callable[..., Any], keys: str) -> None:
    """Ctrl-D on an empty line, and /quit, leave when all is sent."""
    ann, bob = tea("ann"), tea("bob")
    ann.type("my last words" + ENTER + keys)
    assert ann.wait() == 0
    assert ann.shown == ["Goodbye."]
    bob.until("ann: my last words")
    bob.until("ann (1) said goodbye.")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_closed_window_says_goodbye(tea: Callable[..., Any], number: signal.Signals) -> None:
    """SIGTERM and SIGHUP: the others see a goodbye, not a lost connection."""
    ann, bob = tea("ann"), tea("bob")
    ann.signal(number)
    assert ann.wait() == 0
    bob.until("ann (1) said goodbye.")


def test_the_server_is_killed_and_started_while_one_types(tmp_path: Path) -> None:
    """One line tells; what is typed is kept, shown as waiting, and sent; what is missed comes; all of it once."""
    database = tmp_path / "chat.db"
    with serve_program(db=database) as first:
        address = address_of(first)
        with (
            Emulated("join", address, "--name", "ann", "--room", "tea") as ann,
            Emulated("join", address, "--name", "bob", "--room", "tea") as bob,
        ):
            for screen in (ann, bob):
                screen.until("tea, 2 here")
            first.signal(signal.SIGKILL)
            for screen in (ann, bob):
                screen.until("connection lost, trying again")
            ann.type("in between" + ENTER + "half ty")
            ann.until("... in between")
            ann.until("[tea] half ty")
            bob.type("me too" + ENTER)
            with serve_program("--port", address.rpartition(":")[2], db=database):
                for screen in (ann, bob):
                    screen.until("bob: me too")
                    screen.until("ann: in between")
                    screen.until("tea, 2 here")
                ann.type("ped" + ENTER)
                bob.until("ann: half typed")
                for screen in (ann, bob):
                    screen.until("ann: half typed")
                    told = screen.read
                    for once in ("ann: in between", "bob: me too", "what you type is kept", "You are in tea"):
                        assert told.count(once) == 1, once
                    assert "... " not in told


@pytest.mark.parametrize("plain", [False, True])
def test_what_is_typed_behind_a_join_goes_there_over_a_lost_connection_too(tmp_path: Path, plain: bool) -> None:
    """Into a room that is new, and into one where one is already."""
    database = tmp_path / "chat.db"
    options = ["--plain"] if plain else []
    with serve_program(db=database) as first:
        address = address_of(first)
        with Emulated("join", address, "--name", "ann", *options) as ann:
            ann.until("You are 1")
            for room in ("cake", "tea"):
                ann.type(f"/join {room}{ENTER}")
                ann.until(f"You are in {room}")
            first.signal(signal.SIGKILL)
            ann.until("what you type is kept")
            waiting = ["for tea", "/join new", "for new", "/join cake", "for cake"]
            for line in waiting:
                ann.type(line + ENTER)
            if not plain:
                ann.until(
                    lambda screen: (
                        [row for row in screen.screen.middle if row.startswith("... ")]
                        == [f"... {line}" for line in waiting]
                    )
                )
            with (
                serve_program("--port", address.rpartition(":")[2], db=database) as second,
                Client(address_of(second), "bob") as bob,
            ):
                for room in ("tea", "new", "cake"):
                    bob.join(room)
                messages = (event for event in bob.events(timeout=20) if isinstance(event, Message))
                said = {(one.room, one.text) for one in islice(messages, 3)}
                assert said == {(room, f"for {room}") for room in ("tea", "new", "cake")}
                ann.type("and here" + ENTER)
                assert next(messages).room == "cake"


def plain(show: Callable[[str], object]) -> PlainDisplay:
    """Without a screen; each line as a text."""
    return PlainDisplay(lambda line: show(line.plain), clock=CLOCK)


def test_a_command_waits_for_the_server_however_long_it_is_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Were it given up, what was typed behind it would be said in the room before."""
    impatient = partial(Client, request_timeout=0.1, state=False)
    monkeypatch.setattr("roomchat.terminal.arrival.Client", impatient)
    typed, shown, told = InputQueue(), queue.SimpleQueue[str](), []

    def until(text: str, timeout: float = 10.0) -> None:
        while not told or text not in told[-1]:
            told.append(shown.get(timeout=timeout))

    settings = Settings(db=str(tmp_path / "chat.db"), port=0, drain=0.2)
    with Server(settings) as server:
        port = server.address[1]
        ann = Terminal(f"127.0.0.1:{port}", typed, plain(shown.put), interactive=True)
        running = threading.Thread(target=ann.run, args=("ann", [Join(room="tea")]), daemon=True)
        running.start()
        until("You are in tea")
    until("what you type is kept")
    typed.put(Typed("/join new"))
    typed.put(Typed("for new"))
    with pytest.raises(queue.Empty):
        until("did not answer", timeout=0.5)
    with Server(replace(settings, port=port)):
        until("[new] ann: for new")
        typed.end()
        running.join(10)
    assert not running.is_alive()


@pytest.mark.parametrize("failure", [Denied("name_taken", "Taken."), ConnectError("The end.")])
def test_a_connection_that_ends_for_good_in_the_middle_of_coming_in_leaves_the_person_there(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    """The end is an event of its own, which says what can be done: another name, another server."""
    request = Client.request

    def fail(client: Client, command: Command) -> object:
        if isinstance(command, Ping):
            raise failure
        return request(client, command)

    monkeypatch.setattr(Client, "request", fail)
    monkeypatch.setattr("roomchat.terminal.arrival.Client", partial(Client, state=False))
    typed, shown = InputQueue(), list[str]()
    ann = Terminal(f"127.0.0.1:{serve().address[1]}", typed, plain(shown.append), interactive=True)
    typed.put(Typed("/help quit"))
    typed.end()
    ann.run("ann", [Join(room="tea")])
    assert "You are in tea, alone for now." in shown
    assert "For example: /quit" in shown


def test_a_burst_of_ten_thousand_messages_leaves_typing_alone(tea: Callable[..., Any]) -> None:
    """What is typed in the middle of it is seen in the middle of it; then all can be read, to the first one."""
    ann, bob = tea("ann"), tea("bob", Client)
    for number in range(10_000):
        bob.say(f"burst {number}")
    ann.until("bob: burst ")
    ann.type("still here")
    ann.until("[tea] still here")
    assert "burst 9999" not in "\n".join(ann.shown)
    ann.until("burst 9999")
    ann.until(lambda screen: screen.typed == "[tea] still here")
    ann.type(CTRL_C + HOME)
    ann.until("the beginning")
    ann.until("bob: burst 0")


def test_other_rooms_wait_and_are_counted(tea: Callable[..., Any]) -> None:
    """What is said elsewhere is counted in the list, a mention marked; turning there shows what is new."""
    ann, bob = tea("ann", program=CALLS_BRIEFLY), tea("bob", Client)
    bob.say("read before")
    ann.until("read before")
    ann.type("/join cake" + ENTER)
    ann.until("[cake]")
    bob.say("one")
    bob.say("where is Ann?")
    ann.until(lambda screen: screen.listed("tea") == "2!")
    assert "bob: one" not in ann.read
    ann.resize(60, 24)  # without a list
    ann.until("1 tea +2")
    ann.type("to cake" + alt("1"))
    ann.until("[tea]")
    ann.until("bob: where is Ann?")
    assert ann.typed == "[tea]", "what was begun for cake stays there"
    rows = [row.strip() for row in ann.shown]
    new = next(number for number, row in enumerate(rows) if row.startswith("--- new"))
    assert rows[new - 1].endswith("bob: read before")
    assert rows[new + 1].endswith("bob: one")
    ann.type("/room cake" + ENTER)
    ann.until("[cake] to cake")
    ann.type(CTRL_C + "/room 1" + ENTER)
    ann.until("[tea]")
    ann.until("bob: one")
    assert "--- new" not in ann.read


def test_whispers_and_mentions_ring(tea: Callable[..., Any]) -> None:
    """A whisper, and one's name, ring the bell; other messages, one's own and old ones do not."""
    bob = tea("bob", Client)
    bob.say("old words for ann")
    ann = tea("ann")
    ann.until("old words")
    bob.say("nothing for Anna")
    ann.until("nothing")
    assert b"\a" not in ann.raw
    bob.say("this is for ann!")
    ann.until("this is")
    assert ann.raw.count(b"\a") == 1
    bob.whisper(ann_uid := 2, "psst")
    ann.until(lambda screen: screen.listed("@bob") == "1!")
    assert ann.raw.count(b"\a") == 2
    ann.type("/query bob" + ENTER + "yes?" + ENTER)
    ann.until("[@bob]")
    ann.until("ann: yes?")
    assert ann.raw.count(b"\a") == 2
    assert ann_uid == 2


def test_a_whisper_to_someone_who_is_offline_waits_and_says_so(tea: Callable[..., Any]) -> None:
    """Once for each time that the other one is away."""
    bob = tea("bob", Client)
    ann = tea("ann")
    bob.close()
    ann.until("bob (1) said goodbye.")
    ann.type("/query bob" + ENTER + "one" + ENTER)
    ann.until("bob is offline and will see your whispers later.")
    ann.type("two" + ENTER)
    ann.until("ann: two")
    assert ann.read.count("is offline") == 1


def test_who_comes_back_is_not_told_of_the_whispers_of_before(tea: Callable[..., Any]) -> None:
    """What is told of a room of two is told when it begins, and not again for each at every start."""
    bob = tea("bob", Client)
    ann = tea("ann")
    ann.type("/query bob" + ENTER + "one" + ENTER)
    ann.until("Whispers go only to you and bob")
    ann.until("ann: one")
    ann.type("/quit" + ENTER)
    ann.wait()
    bob.close()
    ann = tea("ann")
    ann.until(lambda screen: screen.listed("@bob") == "")
    ann.type("/whisper nobody two" + ENTER)
    ann.until("No one here is called nobody; /who lists everyone. To reach someone who is")
    ann.type(alt("2"))
    ann.until("[@bob]")
    ann.type("two" + ENTER)
    ann.until("bob is offline and will see your whispers later.")
    ann.until("ann: two")
    assert "Whispers go only" not in ann.read


def test_whoever_leaves_while_one_whispers_with_them_is_offline(tea: Callable[..., Any]) -> None:
    bob = tea("bob", Client)
    ann = tea("ann")
    ann.type("/query bob" + ENTER + "one" + ENTER)
    ann.until("ann: one")
    assert "is offline" not in ann.read
    bob.close()
    ann.until("bob (1), offline")
    ann.type("two" + ENTER + "three" + ENTER)
    ann.until("ann: three")
    assert ann.read.count("is offline") == 1


def test_rooms_that_are_empty_say_when_something_was_last_said(tea: Callable[..., Any]) -> None:
    bob = tea("bob", Client)
    bob.say("the last word")
    ann = tea("ann", room="")
    bob.close()
    ann.type("/rooms" + ENTER)
    ann.expect(r"tea \(0, last said \d{4}-\d\d-\d\d \d\d:\d\d\)")


def test_the_client_does_what_it_does_alone(tea: Callable[..., Any]) -> None:
    """/me, /away with its answer, /block: what they are, and what others see of them."""
    ann, bob = tea("ann"), tea("bob")
    ann.type("/me puts the kettle on" + ENTER)
    bob.until("* ann puts the kettle on")
    ann.type("/away back at four" + ENTER)
    bob.until("* ann is away: back at four")
    bob.type("/msg ann are you there?" + ENTER + "/msg ann hello?" + ENTER)
    ann.until("bob: hello?")
    bob.type("/query ann" + ENTER)
    bob.until("bob: hello?")
    bob.until("* ann is away: back at four")
    ann.type("/away" + ENTER + "/query bob" + ENTER + "here again" + ENTER)
    bob.until("ann: here again")
    assert bob.read.count("* ann is away") == 1
    ann.type("/room tea" + ENTER)
    bob.type("/room tea" + ENTER)
    bob.until("* ann is back")
    bob.type("/block ann" + ENTER)
    bob.until("You have blocked ann (1).")
    ann.type("unheard" + ENTER)
    ann.until("ann: unheard")
    bob.type("and now?" + ENTER)
    bob.until("bob: and now?")  # so what came before it has come
    assert "unheard" not in bob.read
    bob.type("/unblock 1" + ENTER)
    bob.until("You hear from ann (1) again.")
    ann.type("heard" + ENTER)
    bob.until("ann: heard")
    assert "ann: unheard" in bob.read, "it was not lost, only hidden"


def test_what_was_typed_is_kept_between_runs(tea: Callable[..., Any]) -> None:
    """The arrow keys bring it back, several lines as one; the file is the user's own."""
    ann = tea("ann")
    ann.type("one" + ENTER + paste("two\rlines") + ENTER + "/quit" + ENTER)
    assert ann.wait() == 0
    path = user_state_path("roomchat") / "typed"
    kept = [json.loads(line)["text"] for line in path.read_text().splitlines()]
    assert kept == ["one", "two\nlines", "/quit"]
    assert path.stat().st_mode & 0o777 == 0o600
    again = tea("ann")
    again.type(UP + UP)
    again.until(lambda screen: screen.typed.endswith("lines"))
    again.type(UP + UP)
    again.until(lambda screen: screen.typed == "[tea] one")


def test_an_address_that_is_none_is_told_before_the_name_is_asked_for() -> None:
    """Nothing that could be typed would help."""
    with Emulated("join", "localhost:99999") as nobody:
        assert nobody.wait() == 2
        assert "65535" in nobody.shown[0]
        assert "name" not in "".join(nobody.shown)


def test_it_starts_without_a_server_and_connects_later(serve: Serve) -> None:
    """Nobody answers: it says so, and /connect goes to a server, and to another one. What was typed comes back."""
    first, second = serve(), serve()
    with Emulated("join", "127.0.0.1:1", "--name", "ann") as ann:
        ann.until("No server answers at 127.0.0.1:1")
        ann.until("not connected")
        ann.type("hello" + ENTER)
        ann.until("... hello")
        for server in (first, second):
            ann.type(f"/connect 127.0.0.1:{server.address[1]}" + ENTER)
            ann.until(f"Connecting to 127.0.0.1:{server.address[1]}.")
            ann.until("lobby, 1 here")
            returned = "127.0.0.1:1 was not reached, so this was not sent: You wrote: hello"
            assert (returned in ann.read) == (server is first)
        ann.type("/connect" + ENTER + "/quit" + ENTER)
        assert ann.wait() == 0


def test_nothing_is_said_by_colour_alone(tea: Callable[..., Any]) -> None:
    """With NO_COLOR, or --no-colour, there are none; without, a name has one."""
    coloured, plain, asked = tea("ann"), tea("bob", env={"NO_COLOR": "1"}), tea("cleo", Emulated, "--no-colour")
    coloured.type("hello" + ENTER)
    for screen in (coloured, plain, asked):
        screen.until("ann: hello")
        row = next(number for number, row in enumerate(screen.shown) if "ann: hello" in row)
        colours = {screen.screen.buffer[row][x].fg for x in range(80)}
        assert (colours != {"default"}) == (screen is coloured)
