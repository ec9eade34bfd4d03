"""A server and three real ``roomchat join`` processes that play a scripted conversation.

Prints the three screens side by side at the end, and fails if a line is missing or twice on any of them.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import textwrap
import unicodedata
from itertools import zip_longest
from pathlib import Path
from signal import SIGINT

from roomchat.verify.processes import Process, VerifyError

ROOMCHAT = [sys.executable, "-m", "roomchat"]
LOST = r"Trying again; what you type is kept\.$"
WIDTH = 46  # columns of a screen


class DemoError(Exception):
    """Something that should be on a screen is not."""


class Screen(Process):
    """A process whose output shows what was typed as well, with a prompt, as the person would see it."""

    def __init__(self, name: str, command: list[str], folder: Path) -> None:
        super().__init__(command, folder / name, {"TZ": "UTC", "XDG_STATE_HOME": str(folder)})
        self.name = name
        self.spawn()

    def enter(self, line: str) -> None:
        """Type a line."""
        with open(self.log, "a") as log:
            log.write(f"> {line}\n")
        self.type(f"{line}\n")

    @property
    def lines(self) -> list[str]:
        """All of it that has been looked at."""
        return self.output.splitlines()


class Play:
    """One dials, a third dials in, everyone talks, the server is killed and comes back, one leaves."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._said: list[str] = []  # patterns of what everyone must see
        self.server: Screen | None = None
        self.people: list[Screen] = []
        self.uids: list[str] = []

    def perform(self) -> None:
        """All of it. Raises DemoError at the first thing that is not as it should be."""
        self.server = self._serve("0")
        address = self.server.expect(r"listens on (\S+)\.$")[1]
        for name in ("ann", "bob", "cleo"):
            self.people.append(Screen(name, [*ROOMCHAT, "join", address, "--name", name], self._folder))
            self.uids.append(self.people[-1].expect(r"You are (\d+):")[1])
        self._dial()
        self._talk(self.server, address.rpartition(":")[2])
        self._go()
        self._judge()

    def _serve(self, port: str) -> Screen:
        database = str(self._folder / "demo.db")
        return Screen("server", [*ROOMCHAT, "serve", "--port", port, "--db", database], self._folder)

    def _dial(self) -> None:
        ann, bob, cleo = self.people
        ann.enter(f"/dial {self.uids[1]}")
        ann.expect(r"You started (\S+)\.")
        bob.expect(rf"ann \({self.uids[0]}\) dialled you: you are in \S+\.")
        cleo.enter(f"/dial {self.uids[0]}")
        cleo.expect(r"You are in \S+ with: ann .*, bob .*\.")
        for other in (ann, bob):
            other.expect(rf"cleo \({self.uids[2]}\) came in\.")

    def _talk(self, server: Screen, port: str) -> None:
        ann, bob, cleo = self.people
        self._say(ann, "Good morning! Who is for tea?")
        self._say(bob, "Me. The green one, please.")
        self._say(cleo, "Ça va sans dire 🍵")
        self._say(ann, "Then the three of us, at four.")
        server.kill()
        for screen in self.people:
            screen.expect(LOST)
        self._say(bob, "Is anybody there?", until_seen=False)
        self.server = self._serve(port)
        for screen in self.people:
            screen.expect(self._said[-1])
        self._say(cleo, "I am, of course.")
        bob.enter(f"/whisper {self.uids[2]} I bring the cake.")
        for screen in (bob, cleo):
            screen.expect(r"\[whisper with (bob|cleo)\] bob: I bring the cake\.$")

    def _say(self, speaker: Screen, text: str, until_seen: bool = True) -> None:
        speaker.enter(text)
        self._said.append(rf"\d\d:\d\d \[\S+\] {speaker.name}: {re.escape(text)}$")
        if until_seen:
            for screen in self.people:
                screen.expect(self._said[-1])

    def _go(self) -> None:
        ann, bob, cleo = self.people
        bob.enter("/quit")
        for other in (ann, cleo):
            other.expect(rf"bob \({self.uids[1]}\) said goodbye\.")
        ann.enter("See you, bob.")
        for screen in (ann, cleo):
            screen.expect(r"ann: See you, bob\.$")
            screen.enter("/quit")
        for screen in self.people:
            check(screen.wait() == 0, f"{screen.name}'s client did not end well")
        assert self.server is not None
        self.server.signal(SIGINT)
        check(self.server.wait() == 0, "the server did not end well")

    def _judge(self) -> None:
        for screen in self.people:
            places = [[i for i, line in enumerate(screen.lines) if re.search(one, line)] for one in self._said]
            check(all(len(place) == 1 for place in places), f"{screen.name} did not see each message exactly once")
            check(places == sorted(places), f"{screen.name} saw the messages in another order")
            lost = sum(bool(re.search(LOST, line)) for line in screen.lines)
            check(lost == 1, f"{screen.name} saw {lost} lines about the server that was killed, not one")
        check(not any("cake" in line for line in self.people[0].lines), "ann saw a whisper that was not for her")


def check(good: bool, complaint: str) -> None:
    """Raises DemoError with the complaint unless it is good."""
    if not good:
        raise DemoError(complaint)


def side_by_side(screens: list[Screen]) -> str:
    """The screens as columns."""
    columns = []
    for screen in screens:
        wrapped = [
            part
            for line in screen.lines
            for part in textwrap.wrap(line, WIDTH, subsequent_indent="  ") or [""]
        ]  # fmt: skip
        columns.append([screen.name, "─" * WIDTH, *wrapped])
    rows = zip_longest(*columns, fillvalue="")
    return "\n".join(" │ ".join(padded(cell) for cell in row).rstrip() for row in rows)


def padded(text: str) -> str:
    """The text in a column's width; some characters are two columns wide."""
    columns = sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
    return text + " " * (WIDTH - columns)


def main() -> None:
    """Play, print, and exit with 1 if anything was not as it should be."""
    failure: Exception | None = None
    with tempfile.TemporaryDirectory() as folder:
        play = Play(Path(folder))
        try:
            play.perform()
        except (DemoError, VerifyError, subprocess.TimeoutExpired) as error:
            failure = error
        finally:
            for screen in (play.server, *play.people):
                if screen is not None:
                    screen.kill()
    if play.server is not None:
        print("\n".join(play.server.lines), end="\n\n")
    print(side_by_side(play.people))
    if failure is not None:
        sys.exit(f"\nThe demo failed: {failure}")
    print("\nThe server was killed once, and came back.")
    print("Everyone saw every message once, in one order; the whisper reached one only.")


if __name__ == "__main__":
    main()
