"""A server and three real ``roomchat join`` processes that play a scripted conversation.

Prints the three screens side by side at the end, and fails if a line is missing or twice on any of them.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from signal import SIGINT

from prompt_toolkit.utils import get_cwidth

from roomchat.verify.processes import Process, VerifyError

WIDTH = 46  # columns of a screen
LOST = r"Trying again; what you type is kept\.$"
# A line each: who types (>), says to all (=) or says while nobody is there (~) what; or who must see (?) what, a
# regular expression; or what is done (!) to the server. A name in braces is a UID.
PLAY = rf"""
ann > /dial {{bob}}
ann ? You started \S+\.
bob ? ann \({{ann}}\) dialled you: you are in \S+\.
cleo > /dial {{ann}}
cleo ? You are in \S+ with: ann .*, bob .*\.
ann bob ? cleo \({{cleo}}\) came in\.
ann = Good morning! Who is for tea?
bob = Me. The green one, please.
cleo = Ça va sans dire 🍵
ann = Then the three of us, at four.
server ! kill
ann bob cleo ? {LOST}
bob ~ Is anybody there?
server ! spawn
ann bob cleo ? bob: Is anybody there\?$
cleo = I am, of course.
bob > /whisper {{cleo}} I bring the cake.
bob cleo ? \[whisper with (bob|cleo)\] bob: I bring the cake\.$
bob > /quit
ann cleo ? bob \({{bob}}\) said goodbye\.
ann > See you, bob.
ann cleo ? ann: See you, bob\.$
ann > /quit
cleo > /quit
"""


class Screen(Process):
    """A process whose output shows what was typed as well, with a prompt, as the person would see it."""

    def __init__(self, folder: Path, name: str, *arguments: str) -> None:
        env = {"TZ": "UTC", "XDG_STATE_HOME": str(folder)}
        super().__init__([sys.executable, "-m", "roomchat", *arguments], folder / name, env)
        self.name = name
        self.spawn()

    def enter(self, line: str) -> None:
        """Type a line."""
        with open(self.log, "a") as log:
            log.write(f"> {line}\n")
        self.type(f"{line}\n")


def perform(folder: Path, screens: dict[str, Screen]) -> Iterator[str]:
    """All of it; what is not as it should be. Raises VerifyError or TimeoutExpired when it can't go on."""
    serve = ["serve", "--db", str(folder / "demo.db"), "--port"]
    server = screens["server"] = Screen(folder, "server", *serve, "0")
    address = server.expect(r"listens on (\S+)\.$")[1]
    server.command[-1] = address.rpartition(":")[2]  # when it is started again
    uids: dict[str, str] = {}
    for name in ("ann", "bob", "cleo"):
        screens[name] = Screen(folder, name, "join", address, "--name", name)
        uids[name] = screens[name].expect(r"You are (\d+):")[1]
    people = [screens[name] for name in uids]
    said = []  # patterns of what everyone must see
    for line in PLAY.strip().splitlines():
        names, sign, what = re.split(r" ([>=~?!]) ", line.format_map(uids), maxsplit=1)
        for one in [screens[name] for name in names.split()]:
            if sign == "?":
                one.expect(what)
            elif sign == "!":
                getattr(one, what)()
            else:
                one.enter(what)
        if sign in "=~":
            said.append(rf"\d\d:\d\d \[\S+\] {names}: {re.escape(what)}$")
        for one in people if sign == "=" else []:
            one.expect(said[-1])
    codes = {one.name: one.wait() for one in people}
    server.signal(SIGINT)
    codes["server"] = server.wait()
    yield from (f"{name} did not end well" for name, code in codes.items() if code)
    for one in people:
        places = [[match.start() for match in re.finditer(sentence, one.output, re.M)] for sentence in said]
        if any(len(place) != 1 for place in places) or places != sorted(places):
            yield f"{one.name} did not see each message exactly once, in order"
        if len(re.findall(LOST, one.output, re.M)) != 1:
            yield f"{one.name} did not see exactly one line about the server that was killed"
    if "cake" in screens["ann"].output:
        yield "ann saw a whisper that was not for her"


def column(screen: Screen) -> list[str]:
    """A screen, in its width; some characters are two columns wide."""
    lines = [textwrap.wrap(line, WIDTH, subsequent_indent="  ") or [""] for line in screen.output.splitlines()]
    rows = [screen.name, "─" * WIDTH, *(row for wrapped in lines for row in wrapped)]
    return [row + " " * (WIDTH - get_cwidth(row)) for row in rows]


def main() -> None:
    """Play, print, and exit with 1 if anything was not as it should be."""
    screens: dict[str, Screen] = {}
    faults: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        try:
            faults += perform(Path(folder), screens)
        except (VerifyError, subprocess.TimeoutExpired) as error:
            faults.append(str(error))
        finally:
            for screen in screens.values():
                screen.kill()
    server, *people = screens.values()
    print(server.output)
    print("\n".join(" │ ".join(row).rstrip() for row in zip_longest(*map(column, people), fillvalue=" " * WIDTH)))
    if faults:
        sys.exit(f"\nThe demo failed: {'; '.join(faults)}")
    print("\nThe server was killed once, and came back.")
    print("Everyone saw every message once, in one order; the whisper reached one only.")


if __name__ == "__main__":
    main()
