"""What the terminal client costs a person: ``make bench-terminal``; the figures are in docs/measurements.md.

A real ``roomchat join`` in a pseudo-terminal, on a real server. Beside it, in the same rounds, what does as little
as can be: a program that echoes keys, and an interpreter that starts and ends.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from roomchat import Client  # noqa: E402
from tests.program import ROOMCHAT, Terminal, address_of, serve  # noqa: E402

KEYS = "αβγδεζηθικλμνξοπρστυ"  # typed one by one; nobody says these
CLEAR = "\x15"  # Ctrl-U
PAUSE = (0.03, 0.1)  # seconds between two keys
LONG = 1200.0  # seconds that a text is waited for: half a million messages, on a busy machine
SETTLED = 1.0  # seconds before anything is measured
QUIET = 0.01  # processors: what a program uses that has nothing more to show
WINDOW = 500  # messages on their way, when they are said as fast as it goes
ECHO = "import os, tty; tty.setraw(0); os.write(1, b'ready')\nwhile data := os.read(0, 99): os.write(1, data)"
SAID = "so the rain falls on every old roof while 会議は明日です and 漢字 한국어 🎉 🚀 ok, see https://chat.example/a/b"
_fork = multiprocessing.get_context("fork")


class Watched(Terminal):
    """A program in a pseudo-terminal; how soon it writes what is waited for."""

    def __init__(
        self, *arguments: str, program: Sequence[str] = ROOMCHAT, size: tuple[int, int] = (24, 80), home: str = ""
    ) -> None:
        """``size`` is in rows and columns."""
        self.begun = time.perf_counter()
        env = {"TERM": "xterm-256color", "XDG_STATE_HOME": home}
        super().__init__(*arguments, program=program, size=size, env=env)
        self.written = 0  # bytes

    def until(self, text: str) -> float:
        """The time at which it wrote that text. Raises TimeoutError."""
        wanted, seen, deadline = text.encode(), b"", time.monotonic() + LONG
        while data := self._receive(deadline):
            self.written += len(data)
            seen = seen[-len(wanted) :] + data
            if wanted in seen:
                return time.perf_counter()
        raise TimeoutError(f"{text!r} was not written")

    def read_for(self, seconds: float) -> None:
        """Take what it writes."""
        deadline = time.monotonic() + seconds
        while data := self._receive(deadline):
            self.written += len(data)

    def key_times(self, count: int) -> list[float]:
        """Milliseconds from a key to its echo."""
        rnd, times = random.Random(count), []
        for number in range(count):
            key = KEYS[number % len(KEYS)]
            if key == KEYS[0]:
                self.type(CLEAR)
                self.read_for(SETTLED / 2)
            self.read_for(rnd.uniform(*PAUSE))
            begun = time.perf_counter()
            self.type(key)
            times.append((self.until(key) - begun) * 1e3)
        return sorted(times)

    def cpu_share(self, seconds: float) -> float:
        """How much of a processor it uses."""
        before, begun = self.cpu(), time.monotonic()
        self.read_for(seconds)
        return (self.cpu() - before) / (time.monotonic() - begun)


def _speak(address: str, rooms: list[str], rate: float, count: int) -> None:
    """Say so many messages in each room; at a rate for all of them together, or as fast as it goes."""
    with Client(address, f"speaker-{os.getpid()}", state=False, on_event=lambda _: None) as client:
        for room in rooms:
            client.join(room)
        rnd, words, begun = random.Random(1), SAID.split(), time.monotonic()
        for number in range(count * len(rooms)):
            if rate:
                time.sleep(max(0.0, begun + number / rate - time.monotonic()))
            elif number % WINDOW == 0:
                client.flush()
            client.say(" ".join(rnd.choices(words, k=rnd.randint(2, 25))), rooms[number % len(rooms)])
        for room in rooms:
            client.say("that was all", room)


@contextmanager
def speaking(address: str, rooms: list[str], rate: float = 0, count: int = 10**9) -> Iterator[None]:
    """While somebody says so many messages in each room; in a process of its own."""
    process = _fork.Process(target=_speak, args=(address, rooms, rate, count))
    process.start()
    try:
        yield
        if process.exitcode:
            raise ChildProcessError("the one who speaks has failed")
    finally:
        process.kill()
        process.join()


def join(address: str, home: str, *rooms: str, size: tuple[int, int] = (24, 80)) -> Watched:
    """A person in these rooms."""
    options = [option for room in rooms for option in ("--room", room)]
    return Watched("join", address, "--name", "ann", *options, size=size, home=home)


def measure(address: str, home: str, keys: int, rooms: int, messages: int) -> Iterator[tuple[str, str, float]]:
    """One round: what was measured, its unit, how much."""
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    yield "start of an interpreter that does nothing", "s", time.perf_counter() - begun
    with join(address, home, "r0") as ann:
        yield "start to the first painting", "s", ann.until("F1 help") - ann.begun
        yield "its processor time", "s", ann.cpu()
        ann.read_for(SETTLED)
        yield "memory, just started", "MiB", ann.memory()
        yield "processors, idle", "", ann.cpu_share(3)
        with speaking(address, ["r0"], 50):
            ann.read_for(SETTLED)
            yield "processors, 50 messages/s", "", ann.cpu_share(5)
    with Watched(program=(sys.executable, "-c", ECHO)) as echo:
        echo.until("ready")
        times = echo.key_times(keys)
        yield "key to echo of a program that only echoes, p50", "ms", statistics.median(times)
        yield "the same, p99", "ms", times[len(times) * 99 // 100]
    for size in ((24, 80), (50, 200)):
        with join(address, home, "r0", size=size) as ann, speaking(address, ["r0"], 500):
            ann.read_for(3 * SETTLED)
            where = f"{size[1]}x{size[0]}, 500 messages/s"
            before, cpu = ann.written, ann.cpu_share(5)
            yield f"processors, {where}", "", cpu
            yield f"written, {where}", "kB/s", (ann.written - before) / 5e3
            times = ann.key_times(keys)
            yield f"key to echo, {where}, p50", "ms", statistics.median(times)
            yield f"key to echo, {where}, p99", "ms", times[len(times) * 99 // 100]
    names = [f"m{number}" for number in range(rooms)]
    if names:
        with join(address, home, *names) as ann:
            ann.until(f"You are in {names[-1]}")
            with speaking(address, names, count=messages):
                ann.until("that was all")
                while ann.cpu_share(SETTLED) > QUIET:  # the other rooms
                    pass
            yield f"memory, {rooms} rooms of {messages:,} messages", "MiB", ann.memory()


@click.command()
@click.option("--rounds", default=3, help="How often everything is measured.")
@click.option("--keys", default=200, help="How many keys are typed at a time.")
@click.option("--rooms", default=50, help="Rooms for the memory; 0: it is not measured.")
@click.option("--messages", default=10_000, help="Messages in each of them.")
def main(rounds: int, keys: int, rooms: int, messages: int) -> None:
    """Measure roomchat join; medians, in brackets the lowest and the highest round."""
    found: dict[tuple[str, str], list[float]] = {}
    for number in range(rounds):
        with tempfile.TemporaryDirectory(prefix="bench-") as home, serve("--rate", "0") as server:
            for what, unit, value in measure(address_of(server), home, keys, rooms, messages):
                found.setdefault((what, unit), []).append(value)
                click.echo(f"round {number + 1}  {what}: {value:.3g} {unit}", err=True)
    for (what, unit), values in found.items():
        click.echo(f"| {what} | {statistics.median(values):.3g} ({min(values):.3g}-{max(values):.3g}) {unit} |")
    for peer in ("irssi", "weechat"):
        if not shutil.which(peer):
            click.echo(f"{peer} is left out, because the PATH has no program called {peer}.")


if __name__ == "__main__":
    main()
