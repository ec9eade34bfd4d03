"""A server and three real ``roomchat join`` processes that play a scripted conversation. With ``--cluster``: three
servers that share one chat, one for each of them, and three NATS servers.

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

from roomchat.verify.nats import nats_servers
from roomchat.verify.processes import Process, VerifyError

WIDTH = 46  # columns of a screen
LOST = r"Trying again; what you type is kept\.$"
# A line each: who types (>), says to all (=) or says while nobody is there (~) what; or who must see (?) what, a
# regular expression; or what is done (!) to a server. A name in braces is a UID.
OPENING = r"""
ann > /dial {bob}
ann ? You started \S+\.
bob ? ann \({ann}\) dialled you: you are in \S+\.
cleo > /dial {ann}
cleo ? You are in \S+ with: ann .*, bob .*\."""
PLAY = rf"""{OPENING}
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


CLUSTER = rf"""{OPENING}
ann = I am on the first server, bob on the second, cleo on the third.
bob = And it is one chat.
server-2 ! kill
bob ? {LOST}
ann ~ Bob's server was killed, ours goes on.
ann cleo ? ann: Bob's server was killed, ours goes on\.$
bob ~ Is anybody there?
server-2 ! spawn
ann bob cleo ? bob: Is anybody there\?$
nats-1 ! kill
cleo = One of the three NATS servers is gone. This may take some seconds.
nats-1 ! spawn
bob > /whisper {{cleo}} I bring the cake.
bob cleo ? \[whisper with (bob|cleo)\] bob: I bring the cake\.$
ann > /quit
bob > /quit
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


def serve(folder: Path, servers: dict[str, Process], count: int) -> list[str]:
    """Start them, more than one as a cluster; where they listen."""
    more: list[str] = []
    if count > 1:
        nodes = nats_servers(folder)
        servers |= {f"nats-{number}": node for number, (node, _) in enumerate(nodes, start=1)}
        for node, _ in nodes:
            node.spawn()
        more = ["--cluster", ",".join(f"nats://127.0.0.1:{port}" for _, port in nodes)]
    names = ["server"] if count == 1 else [f"server-{number}" for number in range(1, count + 1)]
    for name in names:
        named = [*more, "--server-name", name] if more else []
        servers[name] = Screen(folder, name, "serve", "--db", str(folder / f"{name}.db"), *named, "--port", "0")
    addresses = [servers[name].expect(r"listens on (\S+)\.$")[1] for name in names]
    for name, address in zip(names, addresses, strict=True):
        servers[name].command[-1] = address.rpartition(":")[2]  # when it is started again
    return addresses


def perform(
    folder: Path, servers: dict[str, Process], screens: dict[str, Screen], is_cluster: bool
) -> Iterator[str]:
    """All of it; what is not as it should be. Raises VerifyError or TimeoutExpired when it can't go on."""
    addresses = serve(folder, servers, 3 if is_cluster else 1)
    uids: dict[str, str] = {}
    for name, address in zip(("ann", "bob", "cleo"), addresses if is_cluster else 3 * addresses, strict=True):
        screens[name] = Screen(folder, name, "join", address, "--name", name)
        uids[name] = screens[name].expect(r"You are (\d+):")[1]
    people = [screens[name] for name in uids]
    said = []  # patterns of what everyone must see
    for line in (CLUSTER if is_cluster else PLAY).strip().splitlines():
        names, sign, what = re.split(r" ([>=~?!]) ", line.format_map(uids), maxsplit=1)
        if sign == "!":
            getattr(servers[names], what)()
        for one in [screens[name] for name in names.split() if sign != "!"]:
            if sign == "?":
                one.expect(what)
            else:
                one.enter(what)
        if sign in "=~":
            said.append(rf"\d\d:\d\d \[\S+\] {names}: {re.escape(what)}$")
        for one in people if sign == "=" else []:
            one.expect(said[-1])
    codes = {one.name: one.wait() for one in people}
    for name, server in servers.items():
        if name.startswith("server"):
            server.signal(SIGINT)
            codes[name] = server.wait()
    yield from (f"{name} did not end well" for name, code in codes.items() if code)
    for one in people:
        places = [[match.start() for match in re.finditer(sentence, one.output, re.M)] for sentence in said]
        if any(len(place) != 1 for place in places) or places != sorted(places):
            yield f"{one.name} did not see each message exactly once, in order"
        if len(re.findall(LOST, one.output, re.M)) != (one.name == "bob" or not is_cluster):
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
    is_cluster = "--cluster" in sys.argv[1:]
    servers: dict[str, Process] = {}
    screens: dict[str, Screen] = {}
    faults: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        try:
            faults += perform(Path(folder), servers, screens, is_cluster)
        except (VerifyError, subprocess.TimeoutExpired) as error:
            faults.append(str(error))
        finally:
            for process in [*screens.values(), *servers.values()]:
                process.kill()
    print("\n".join(server.output for server in servers.values() if isinstance(server, Screen)))
    rows = zip_longest(*map(column, screens.values()), fillvalue=" " * WIDTH)
    print("\n".join(" │ ".join(row).rstrip() for row in rows))
    if faults:
        sys.exit(f"\nThe demo failed: {'; '.join(faults)}")
    killed = "A server and a NATS server were" if is_cluster else "The server was"
    print(f"\n{killed} killed once, and came back.")
    print("Everyone saw every message once, in one order; the whisper reached one only.")


if __name__ == "__main__":
    main()
