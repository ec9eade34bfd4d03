"""What the terminal client costs a person: a real ``roomchat join`` in a pseudo-terminal, on a real server; the
figures are in docs/measurements.md. Beside it, in the same rounds, what does as little as can be: a program that
echoes keys, and an interpreter that starts and ends.
"""

from __future__ import annotations

import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection as Pipe

from crew import Figures, Pace, beside
from servers import Kind, Process

from roomchat import Client
from tests.program import Terminal

ROOMCHAT = (sys.executable, "-mroomchat")  # in one word: tests take a copy of a warm process for the two
TYPED = 150  # keys at a time
KEYS = "αβγδεζηθικλμνξοπρστυ"  # typed one by one; nobody says these
CLEAR = "\x15"  # Ctrl-U
PAUSE = (0.03, 0.1)  # seconds between two keys
ROOMS = [f"m{number}" for number in range(50)]  # for the memory
MESSAGES = 10_000  # in each of them
LONG = 1200.0  # seconds that a text is waited for: half a million messages, on a busy machine
SETTLED = 1.0  # seconds before anything is measured
QUIET = 0.01  # processors: what a program uses that has nothing more to show
WINDOW = 500  # messages on their way, when they are said as fast as it goes
ECHO = "import os, tty; tty.setraw(0); os.write(1, b'ready')\nwhile data := os.read(0, 99): os.write(1, data)"
SAID = "so the rain falls on every old roof while 会議は明日です and 漢字 한국어 🎉 🚀 ok, see https://chat.example/a/b"


class Watched(Terminal):
    """A program in a pseudo-terminal; how soon it writes what is waited for."""

    written = 0  # bytes

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

    def key_times(self) -> Figures:
        """Milliseconds from a key to its echo."""
        rnd, times = random.Random(TYPED), []
        for number in range(TYPED):
            key = KEYS[number % len(KEYS)]
            if key == KEYS[0]:
                self.type(CLEAR)
                self.read_for(SETTLED / 2)
            self.read_for(rnd.uniform(*PAUSE))
            begun = time.perf_counter()
            self.type(key)
            times.append((self.until(key) - begun) * 1e3)
        return {"key_p50_ms": statistics.median(times), "key_p99_ms": sorted(times)[TYPED * 99 // 100]}

    def cpu_share(self, seconds: float) -> float:
        """How much of a processor it uses."""
        before, begun = self.cpu(), time.monotonic()
        self.read_for(seconds)
        return (self.cpu() - before) / (time.monotonic() - begun)


def _join(server: Process, rooms: Sequence[str] = ("r0",), size: tuple[int, int] = (24, 80)) -> Watched:
    """A person in these rooms, whose terminal has so many rows and columns."""
    options = [option for room in rooms for option in ("--room", room)]
    env = {"TERM": "xterm-256color", "XDG_STATE_HOME": str(server.log.parent)}
    return Watched(
        "join", "{}:{}".format(*server.address), "--name", "ann", *options, program=ROOMCHAT, size=size, env=env
    )


def _speak(address: tuple[str, int], rooms: Sequence[str], rate: float, count: int, pipe: Pipe) -> None:
    """Say so many messages in each room; at a rate for all of them together, or as fast as it goes."""
    with Client("{}:{}".format(*address), f"speaker-{os.getpid()}", state=False, on_event=id) as client:
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


def measure_terminal(kind: Kind, pace: Pace) -> Figures:
    """The start, keys, processors: in silence, beside 50 messages a second, and beside 500 on two sizes."""
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    figures = {"interpreter_start_s": time.perf_counter() - begun}
    with Watched(program=(sys.executable, "-c", ECHO)) as echo:
        echo.until("ready")
        figures |= {f"echo_{name}": value for name, value in echo.key_times().items()}
    with Process(kind) as server:
        begun = time.perf_counter()
        with _join(server) as ann:
            figures |= {"start_s": ann.until("F1 help") - begun, "start_cpu_s": ann.cpu()}
            ann.read_for(SETTLED)
            figures |= {"memory_mib": ann.memory(), "idle_cpu": ann.cpu_share(3)}
            with beside(_speak, server.address, ["r0"], 50, 10**9):
                ann.read_for(SETTLED)
                figures["50_cpu"] = ann.cpu_share(5)
        for rows, columns in ((24, 80), (50, 200)):
            with (
                _join(server, size=(rows, columns)) as ann,
                beside(_speak, server.address, ["r0"], 500, 10**9),
            ):
                ann.read_for(3 * SETTLED)
                before = ann.written
                found = {"cpu": ann.cpu_share(5), "written_kb_s": (ann.written - before) / 5e3}
                found |= ann.key_times()
            figures |= {f"{columns}x{rows}_{name}": value for name, value in found.items()}
    return figures


def measure_windows(kind: Kind, pace: Pace) -> Figures:
    """Memory, when much has been said in many rooms."""
    with Process(kind) as server, _join(server, ROOMS) as ann:
        ann.until(f"You are in {ROOMS[-1]}")
        with beside(_speak, server.address, ROOMS, 0, MESSAGES):
            ann.until("that was all")
            while ann.cpu_share(SETTLED) > QUIET:  # the other rooms
                pass
        return {"memory_mib": ann.memory(), "cpu_s": ann.cpu()}
