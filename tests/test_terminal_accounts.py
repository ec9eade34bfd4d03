"""A person and their account in the terminal: what is typed as a password is shown nowhere, and kept nowhere."""

from __future__ import annotations

import termios
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from roomchat.account import Invite
from roomchat.cli.passwords import read_password
from roomchat.invites import invite_line, new_token, read_invite
from roomchat.protocol import Device
from roomchat.server import Server
from roomchat.store.api import Changes
from roomchat.store.log import Log
from roomchat.terminal.editing.draft import Draft
from roomchat.terminal.editing.input_history import InputHistory
from roomchat.terminal.own_account import device_line
from roomchat.terminal.shown.roster import Roster
from roomchat.terminal.typed.commands import parse
from roomchat.terminal.typed.slash import TypingError
from tests.emulator import ENTER, Emulated
from tests.program import Program
from tests.test_passwords import SECRET, register, settings_of
from tests.typist import Typist


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server(settings_of(tmp_path)) as server:
        yield server


@pytest.fixture
def address(server: Server) -> str:
    return f"127.0.0.1:{server.address[1]}"


def env_of(folder: Path) -> dict[str, str]:
    return {"XDG_STATE_HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "NO_COLOR": "1"}


def asks(question: str) -> Callable[[Emulated], bool]:
    """Whether that is the prompt: what is typed is an answer to it."""
    return lambda screen: screen.typed.rstrip().endswith(question)


def chats(screen: Emulated) -> bool:
    """Whether nothing is asked, or being checked: what is typed is seen, and meant for the chat."""
    return screen.typed.startswith(("[", ">"))


def test_an_account_on_two_screens(address: str, tmp_path: Path) -> None:
    """Registered on one, logged in on the other; the password is on no screen and in no file."""
    with Emulated("join", address, "--name", "ann", env=env_of(tmp_path / "desk")) as ann:
        ann.until("You are in lobby")
        ann.type("/register" + ENTER)
        ann.until("A password for your account:")
        ann.type("short" + ENTER)
        ann.until("The same again:")
        ann.type(SECRET + ENTER)
        ann.until(asks("Once more, from the beginning (Enter: none):"))
        ann.type("short" + ENTER)  # and so on, until it is a good one: nothing of it is said to the room
        ann.until("The same again:")
        ann.type("short" + ENTER)
        ann.until(asks("Another password (Enter: none):"))
        ann.type(SECRET + ENTER)
        ann.until("The same again:")
        ann.type(SECRET[:3] + "\x15" + SECRET + ENTER)
        ann.until("You have an account: the name ann is yours")
        assert SECRET[:5].encode() not in ann.raw
        ann.until(chats)
        ann.type("\x1b[A")  # Up: the line before is the command
        ann.until(lambda one: one.typed.endswith("/register"))
        ann.type("\x15")
        with Emulated("join", address, "--name", "ann", "--login", env=env_of(tmp_path / "phone")) as phone:
            phone.until("Password for ann")
            phone.type(SECRET + ENTER)
            phone.until("You are in lobby")
            phone.until(chats)
            phone.type("/devices" + ENTER)
            phone.until("2: this one")
            phone.type("/logout others" + ENTER)
            phone.until("Logged out: 1.")
            ann.until("Password for ann (Enter: another name):")
            ann.type(SECRET + ENTER)
            ann.until("You are in lobby")
            assert SECRET[:5].encode() not in ann.raw + phone.raw
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(kept) > 3
    assert not [path for path in kept if SECRET.encode() in path.read_bytes()]


def test_in_plain_mode_nothing_is_echoed(address: str, tmp_path: Path) -> None:
    """The terminal shows again what is typed when the password is there, and when it never comes."""
    with Emulated("join", address, "--plain", "--name", "ann", env=env_of(tmp_path)) as ann:
        ann.until("You are in lobby")
        ann.type("/register" + ENTER)
        ann.until("A password for your account:")
        ann.until(lambda one: not echoes(one))
        ann.type(SECRET + ENTER)
        ann.until("The same again:")
        ann.until(lambda one: not echoes(one))
        ann.type(SECRET + ENTER)
        ann.until("You have an account: the name ann is yours")
        assert echoes(ann)
        assert SECRET[:5].encode() not in ann.raw
        ann.type("/password" + ENTER)
        ann.until("Your password:")
        ann.until(lambda one: not echoes(one))
        ann.type("\x03")
        ann.until("Goodbye.")
        ann.wait()
        assert echoes(ann)


def test_ctrl_c_at_the_first_question_leaves_a_terminal_that_shows_what_is_typed(
    address: str, tmp_path: Path
) -> None:
    """Before there is a screen."""
    with Emulated("join", address, "--name", "ann", "--login", env=env_of(tmp_path)) as ann:
        ann.until("Password for ann")
        ann.until(lambda one: not echoes(one))
        ann.type("\x03")
        assert ann.wait() == 130
        assert echoes(ann)


def echoes(terminal: Emulated) -> bool:
    return bool(termios.tcgetattr(terminal.master)[3] & termios.ECHO)


def test_a_name_of_an_account_needs_its_password_or_another(address: str, server: Server, tmp_path: Path) -> None:
    """Also one that looks like it."""
    register(server).close()
    with Emulated("join", address, "--name", "ann", env=env_of(tmp_path / "one")) as ann:
        ann.until("Password for ann (Enter: another name):")
        ann.type("a wrong guess" + ENTER + "a second guess" + ENTER)  # before the server has said what it thinks
        ann.until("The name or the password is wrong.")
        ann.until(asks("Password for ann (Enter: another name):"))
        ann.type(SECRET + ENTER)
        ann.until("You are 1:")
        ann.until(chats)
        ann.type("/login bob" + ENTER)
        ann.until("Password for bob:")
        ann.type(ENTER)
        ann.until("You are who you were.")
        ann.until(chats)
        ann.type("/unregister" + ENTER)
        ann.until("Your password, to end your account for good")
        ann.type(SECRET + ENTER)
        ann.until("Your account has ended. Type /connect to try again.")
        ann.until(chats)
        ann.type("/connect" + ENTER)
        ann.until("ann (2)")
    register(server, "bob").close()
    with Emulated("join", address, "--name", "bob", env=env_of(tmp_path / "two")) as bob:
        bob.until("Password for bob")
        bob.type(SECRET + ENTER)
        bob.until("bob (3)  F1 help")
        bob.until(chats)
        bob.type("/logout" + ENTER)
        bob.until("Password for bob")
    with Emulated("join", address, "--name", "b\u043eb", env=env_of(tmp_path / "two")) as other:
        other.until("is an account's name")
        other.type(ENTER)
        other.until("Your name")
        other.type("cat" + ENTER)
        other.until("You are in lobby")
        other.type("/password" + ENTER)
        other.until("You have no account here. To make one, type /register.")
        other.type("/login bob" + ENTER)
        other.until("Password for bob:")
        other.type("a wrong guess" + ENTER)
        other.until(asks("Password for bob (Enter: another name):"))
        other.type(ENTER)
        other.until("Your name [cat]:")  # who one was
        other.type(ENTER)
        other.until("cat (4)  F1 help")


def test_a_pipe_has_its_password_in_a_file(address: str, server: Server, tmp_path: Path) -> None:
    """Or in its lines, behind the command that asks; nothing else reads it."""
    register(server).close()
    file = tmp_path / "password"
    file.write_text(f"{SECRET}\n")
    file.chmod(0o600)
    arguments = ("join", address, "--plain", "--name", "ann", "--password-file", str(file))
    with Program(*arguments, env=env_of(tmp_path)) as pipe:
        pipe.type("/join tea\nhello\n/devices\n")
        pipe.end_input()
        assert pipe.wait() == 0
        assert "You are 1:" in pipe.output
    file.chmod(0o644)
    with Program(*arguments, env=env_of(tmp_path)) as pipe:
        assert pipe.wait() == 1
        assert "chmod 600" in pipe.output
    with Program("join", address, "--plain", "--name", "bob", env=env_of(tmp_path / "bob")) as pipe:
        pipe.type(f"/register\n{SECRET}\n{SECRET}\n/devices\n/unregister\n{SECRET}\n")
        pipe.end_input()
        pipe.wait()
        assert "1: this one" in pipe.output
        assert SECRET not in pipe.output


def test_the_settings_file_may_have_a_password(address: str, server: Server, tmp_path: Path) -> None:
    """Of the server that it names, if nobody else can read it; it is in no list of what is set."""
    register(server).close()
    file = tmp_path / "config.toml"
    file.write_text(f'server = "{address}"\nname = "ann"\npassword = "{SECRET}"\n')
    file.chmod(0o600)
    settings = ("--config", str(file))
    with Program(*settings, "send", "tea", "hello", env=env_of(tmp_path)) as send:
        assert send.wait() == 0, send.output
    with Program(*settings, "config", env=env_of(tmp_path)) as config:
        assert config.wait() == 0
        assert "password is set" in config.output
        assert SECRET not in config.output
    with Server(settings_of(tmp_path / "other")) as other:
        named = f"127.0.0.1:{other.address[1]}"
        with Program(*settings, "send", "--server", named, "tea", "hello", env=env_of(tmp_path)) as send:
            assert send.wait() == 0, "it comes as a guest, and says no password"
    file.chmod(0o640)
    with Program(*settings, "send", "tea", "hello", env=env_of(tmp_path)) as send:
        assert send.wait() == 1
        assert "chmod 600" in send.output


def test_a_password_from_a_descriptor(tmp_path: Path) -> None:
    """Which is a file, too; only its first line counts."""
    file = tmp_path / "password"
    file.write_text(f"{SECRET}\r\nand a note\n")
    file.chmod(0o600)
    with file.open() as opened:
        assert read_password(Path(f"/dev/fd/{opened.fileno()}")) == SECRET


# ---------------------------------------------------------------- what is typed and not shown


def test_a_hidden_line_leaves_nothing_behind(tmp_path: Path) -> None:
    """Not in what was typed before, not in the kill ring, not where it is kept, and not on the screen."""
    history = InputHistory(tmp_path / "typed")
    typist = Typist(["before"], history=history)
    shown = typist.editor.draft
    typist.press("half")
    typist.editor.switch(Draft(is_hidden=True), None)
    typist.press(SECRET)
    assert (typist.seen, typist.editor.draft.own_text) == (("", 0), "")
    # Kills, Tab, Backspace, Ctrl-R, Ctrl-P, Alt-., Ctrl-_.
    typist.press("\x15" + "wrong" + "\x17" + "an\tswer\x7f" + "\x12be\x10\x1b.\x1f" + "\r")
    assert typist.said == ["answebe"]
    typist.press(SECRET)
    typist.editor.discard()
    typist.editor.switch(shown, None)
    assert typist.editor.text == "half"
    typist.press("\x19")  # what was taken out last
    assert typist.editor.text == "half"
    assert [line.text for line in history.lines] == ["before"]
    assert SECRET not in (tmp_path / "typed").read_text()


def test_a_password_behind_a_command_is_not_remembered(tmp_path: Path) -> None:
    """Where it should not be, as on IRC; the command alone is."""
    history = InputHistory(tmp_path / "typed")
    for line in (
        "/login ann",
        f"/login ann {SECRET}",
        "/PASSWD old new",
        "/register abcdef",
        f"/unregister {SECRET}",
    ):
        history.add(line, None)
    assert [line.text for line in history.lines] == ["/login ann"]
    with pytest.raises(TypingError, match="asked for"):
        parse(f"/login ann {SECRET}", Roster())


def test_an_invite_is_a_line_to_paste() -> None:
    """With the fingerprint of the server's key, or without where an authority vouches for it."""
    token = new_token()
    key = "-".join(["3f2a"] * 16)
    line = invite_line("chat.example.org", token, key)
    assert line.startswith("roomchat join chat.example.org --invite ")
    code = line.rpartition(" ")[2]
    assert code.isalnum()
    assert read_invite(code.upper()) == (token, key)
    assert read_invite(token) == (token, None)
    for wrong in ("", token[:-3], f"{code}aa", "what is this?"):
        with pytest.raises(ValueError, match="not an invite"):
            read_invite(wrong)


def test_a_newcomer_with_an_invite_trusts_nothing_else(tmp_path: Path) -> None:
    """Where nobody else can come in: the line is pasted, a name and a password are asked for; the key is known."""
    settings = settings_of(tmp_path, accounts="invite", guests=False)
    token = new_token()
    log = Log(settings.db, "full")
    log.append(0, Changes(invites=[(sha256(token.encode()).digest(), Invite(1, 2**50))]))
    log.close()
    with Server(settings) as server:
        address = f"tls://127.0.0.1:{server.address[1]}"
        words = invite_line(address, token, server.identity.fingerprint).split()[1:]
        with Emulated(*words, env=env_of(tmp_path / "ann")) as ann:
            ann.until("Your name")
            ann.type("\x15ann" + ENTER)
            ann.until("A password for ann:")
            ann.type(SECRET + ENTER)
            ann.until("Repeat for confirmation:")
            ann.type(SECRET + ENTER)
            ann.until("You are in lobby")
            assert SECRET[:5].encode() not in ann.raw
        with Program("join", address, "--plain", "--name", "bob", "--trust", env=env_of(tmp_path / "bob")) as bob:
            bob.end_input()
            assert bob.wait() == 1
            assert "This server lets in people with an account only" in bob.output


def test_a_device_is_a_line() -> None:
    """What another machine tells of itself is harmless on the screen."""
    assert device_line(Device(1, "2026-05-01T08:00:00.000Z", "10.0.0.1", here=True)) == "1: here, from 10.0.0.1"
    assert device_line(Device(2, "", "")) == "2: not seen since it was logged in"
    assert "\x1b" not in device_line(Device(3, "soon", "\x1b[31m"))
