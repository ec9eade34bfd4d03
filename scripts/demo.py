"""A server and three real ``roomchat join`` processes that play a scripted conversation.

Prints the three screens side by side at the end, and fails if a line is missing or twice on any of them.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import textwrap
import threading
import unicodedata
from itertools import zip_longest

ROOMCHAT = [sys.executable, "-m", "roomchat"]
PATIENCE = 20.0  # seconds until a line that does not come is given up
LOST = r"Trying again; what you type is kept\.$"
WIDTH = 46  # columns of a screen


class DemoError(Exception):
    """Something that should be on a screen is not."""


class Screen:
    """A process, what it has printed so far, and a way to type. Only the main thread types."""

    def __init__(self, name: str, command: list[str], folder: str) -> None:
        self.name = name
        self.lines: list[str] = []
        self._changed = threading.Condition()
        environment = {**os.environ, "PYTHONUNBUFFERED": "1", "TZ": "UTC", "XDG_STATE_HOME": folder}
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            bufsize=1,
            env=environment,
        )
        self._reader = threading.Thread(target=self._read, name=f"screen-{name}")
        self._reader.start()

    def type(self, line: str) -> None:
        """Type a line; it is shown on the screen with a prompt, as the person would see it."""
        with self._changed:
            self.lines.append(f"> {line}")
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def expect(self, pattern: str) -> re.Match[str]:
        """Wait until a line matches, and return how."""
        with self._changed:
            found = self._changed.wait_for(lambda: self._find(pattern), PATIENCE)
        if not found:
            raise DemoError(f"{self.name} never saw a line like: {pattern}")
        return found

    def end(self) -> int:
        """Wait for the process to end by itself; its exit code."""
        code = self._process.wait(PATIENCE)
        self._reader.join()
        return code

    def kill(self) -> None:
        """Make sure that nothing is left running."""
        self._process.kill()
        self._process.wait()
        self._reader.join()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def interrupt(self) -> None:
        """Ctrl-C."""
        self._process.send_signal(2)

    def _find(self, pattern: str) -> re.Match[str] | None:
        return next((match for line in self.lines if (match := re.search(pattern, line))), None)

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            with self._changed:
                self.lines.append(line.rstrip("\n"))
                self._changed.notify_all()


class Play:
    """One dials, a third dials in, everyone talks, the server is killed and comes back, one leaves."""

    def __init__(self, folder: str) -> None:
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
        database = os.path.join(self._folder, "demo.db")
        return Screen("server", [*ROOMCHAT, "serve", "--port", port, "--db", database], self._folder)

    def _dial(self) -> None:
        ann, bob, cleo = self.people
        ann.type(f"/dial {self.uids[1]}")
        ann.expect(r"You started (\S+)\.")
        bob.expect(rf"ann \({self.uids[0]}\) dialled you: you are in \S+\.")
        cleo.type(f"/dial {self.uids[0]}")
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
        bob.type(f"/whisper {self.uids[2]} I bring the cake.")
        for screen in (bob, cleo):
            screen.expect(r"\[whisper with (bob|cleo)\] bob: I bring the cake\.$")

    def _say(self, speaker: Screen, text: str, until_seen: bool = True) -> None:
        speaker.type(text)
        self._said.append(rf"\d\d:\d\d \[\S+\] {speaker.name}: {re.escape(text)}$")
        if until_seen:
            for screen in self.people:
                screen.expect(self._said[-1])

    def _go(self) -> None:
        ann, bob, cleo = self.people
        bob.type("/quit")
        for other in (ann, cleo):
            other.expect(rf"bob \({self.uids[1]}\) said goodbye\.")
        ann.type("See you, bob.")
        for screen in (ann, cleo):
            screen.expect(r"ann: See you, bob\.$")
            screen.type("/quit")
        for screen in self.people:
            check(screen.end() == 0, f"{screen.name}'s client did not end well")
        assert self.server is not None
        self.server.interrupt()
        check(self.server.end() == 0, "the server did not end well")

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
        play = Play(folder)
        try:
            play.perform()
        except (DemoError, subprocess.TimeoutExpired) as error:
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
