"""A day in the life of two people at their terminals: three rooms, a night, restarts, and words that wait."""

from __future__ import annotations

import re
import signal
from pathlib import Path

from tests.emulator import END, ENTER, HOME, PAGE_DOWN, Emulated, alt
from tests.program import address_of, serve

CTRL_U = "\x15"
NIGHT = 530  # messages
MENTION = 412  # which of them is for ann
ROOMS = "tea,ops,tart"


def at_terminal(name: str, address: str, folder: Path, *arguments: str) -> Emulated:
    """A person who keeps what is theirs in a folder of their own."""
    env = {"XDG_STATE_HOME": str(folder / name)}
    return Emulated("join", address, "--name", name, *arguments, env=env, columns=100, rows=40)


def say_in_the_night(bob: Emulated, numbers: range) -> None:
    """As somebody types; and he sees what he says."""
    for start in range(numbers.start, numbers.stop, 50):
        some = range(start, min(start + 50, numbers.stop))
        bob.type("".join(("ann: " if n == MENTION else "") + f"night {n}." + ENTER for n in some))
        bob.until(f"night {some[-1]}.")


def read_down(ann: Emulated) -> list[str]:
    """All that is read on the way from what is shown down to the newest, each row once."""
    read: list[str] = []
    for page in range(100):
        shown = [row for row in ann.screen.middle[1:-2] if row]
        overlap = max((n for n in range(len(shown) + 1) if read[len(read) - n :] == shown[:n]), default=0)
        read += shown[overlap:]
        if f"night {NIGHT - 1}." in shown[-1]:
            return read
        ann.type(CTRL_U + PAGE_DOWN + f"page {page}")  # when that is there the key before it was heeded
        ann.until(lambda screen, page=page: screen.typed == f"[tea] page {page}")
    raise AssertionError("never came to the newest, but to:\n" + "\n".join(shown))


def test_a_day(tmp_path: Path) -> None:
    """Nothing that was said is lost, shown twice, or out of reach; and nothing has to be typed again."""
    options = ["--db", str(tmp_path / "chat.db"), "--rate", "0"]
    with serve(*options[2:], db=options[1]) as server:
        address = address_of(server)
        port = ["--port", address.rpartition(":")[2]]
        bob = at_terminal("bob", address, tmp_path, "--room", ROOMS)
        with bob:
            with at_terminal("ann", address, tmp_path, "--room", ROOMS) as ann:  # the day
                for screen in (bob, ann):
                    screen.until("[tart]")
                    screen.type(alt("1"))
                    screen.until("[tea]")
                bob.type("the first words" + ENTER)
                ann.until("bob: the first words")
                ann.type("see you tomorrow" + ENTER)
                bob.until("ann: see you tomorrow")
                ann.type("for the morn" + alt("2"))
                ann.until("[ops]")
                ann.type("what of the" + alt("3") + alt("2"))
                ann.until("[ops] what of the")
                ann.signal(signal.SIGHUP)
                assert ann.wait() == 0
            say_in_the_night(bob, range(300))
            server.signal(signal.SIGTERM)
            bob.until("connection lost, trying again")
            bob.type("night 300." + ENTER)
            bob.until("... night 300.")
            with serve(*port, *options[2:], db=options[1]) as again:
                address_of(again)
                bob.until("bob: night 300.")
                say_in_the_night(bob, range(301, NIGHT))
                with at_terminal("ann", address, tmp_path) as ann:  # the morning
                    ann.until("[ops] what of the")
                    ann.until(lambda screen: screen.listed("tea") == f"{NIGHT}!")
                    ann.type(alt("a"))
                    ann.until("[tea] for the morn")
                    ann.until(f"bob: night {NIGHT - 1}.")
                    ann.type(CTRL_U + HOME)
                    ann.until("bob: the first words")
                    read = read_down(ann)
                    nights = [re.search(r"bob: (?:ann: )?night (\d+)\.", row) for row in read]
                    assert [int(found[1]) for found in nights if found] == list(range(NIGHT))
                    new = next(number for number, row in enumerate(read) if row.startswith("--- new since"))
                    said = [row for row in read[:new] if row[:2].isdigit()]
                    assert said[-1].endswith("ann: see you tomorrow")
                    assert "bob: night 0." in " ".join(read[new + 1 : new + 3])
                    ann.type(CTRL_U + END)
                    ann.until(lambda screen: screen.listed("tea") == "")
                    again.signal(signal.SIGTERM)
                    ann.until("connection lost, trying again")
                    ann.type("good morning, bob" + ENTER + "/quit" + ENTER)
                    ann.until("1 line is not sent yet; it will be sent the next time.")
                    ann.type("/quit" + ENTER)
                    assert ann.wait() == 0
                    assert ann.read == "1 line is not sent yet; it will be sent the next time. Goodbye."
            with (
                serve(*port, *options[2:], db=options[1]) as last,
                at_terminal("ann", address, tmp_path) as ann,
            ):
                address_of(last)
                for screen in (bob, ann):  # as waiting, too, in one painting at the most
                    screen.until("ann: good morning, bob")
                    screen.until(lambda screen: screen.read.count("good morning") == 1)
