"""A server with two rooms, somebody in them who talks, and people at terminals."""

from __future__ import annotations

import re
import termios
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from roomchat.client.client import Client
from roomchat.server import Server
from tests.emulator import ENTER, Emulated
from tests.program import ROOMCHAT

COMMAND = re.compile(rb"\x1b\][^\x07\x1b]*(\x07|\x1b\\)")  # an operating system command


class Tea:
    """A server with bob in tea and ops."""

    def __init__(self, address: str, stack: ExitStack) -> None:
        self.address = address
        self._stack = stack
        self.bob = stack.enter_context(Client(address, "bob", state=False))
        for room in ("ops", "tea"):
            self.bob.join(room)

    def ann(self, *options: str, room: str = "tea", **others: Any) -> Emulated:
        """A person who looks at tea, and is in ops, too."""
        arguments = ["join", self.address, "--name", "ann", "--room", "ops", "--room", room, *options]
        ann = self._stack.enter_context(Emulated(*arguments, **others))
        ann.until("[tea]")
        ann.until("tea, 2 here")
        return ann

    def shell(self) -> Emulated:
        """A shell at a terminal."""
        env = {"PS1": "sh> ", "HISTFILE": "/dev/null", "BASH_SILENCE_DEPRECATION_WARNING": "1"}
        shell = Emulated("--norc", "--noprofile", "-i", program=["/bin/bash"], env=env)
        self._stack.enter_context(shell)
        shell.until("sh>")
        command = " ".join([*ROOMCHAT, "join", self.address, "--name", "ann", "--room", "tea"])
        shell.type(f"printf 'before\\n'; {command}" + ENTER)
        shell.until("[tea]")
        shell.until("tea, 2 here")
        return shell


@contextmanager
def tearoom(serve: Callable[..., Server], folder: Path, patch: pytest.MonkeyPatch) -> Iterator[Tea]:
    """One in which the environment tells nothing of the terminal that the tests run in."""
    patch.setenv("XDG_STATE_HOME", str(folder / "state"))
    patch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
    for name in ("TMUX", "STY", "NO_COLOR", "VTE_VERSION", "TERM_PROGRAM", "LC_TERMINAL"):
        patch.delenv(name, raising=False)
    with ExitStack() as stack:
        host, port = serve().address[:2]
        yield Tea(f"{host}:{port}", stack)


def bells(screen: Emulated) -> int:
    """How often the bell has rung."""
    return COMMAND.sub(b"", screen.raw).count(b"\a")


def is_left_as_found(screen: Emulated) -> bool:
    """Each mode that was set has been set back, and the terminal reads lines again."""
    last: dict[bytes, bytes] = {}
    for modes, state in re.findall(rb"\x1b\[\?([\d;]+)([hl])", screen.raw):
        for mode in modes.split(b";"):
            last[mode] = state
    normal = {b"25": b"h", b"7": b"h"}
    wrong = {mode for mode, state in last.items() if state != normal.get(mode, b"l")}
    titles = screen.raw.count(b"\x1b[22;0t"), screen.raw.count(b"\x1b[23;0t")
    modes = termios.tcgetattr(screen.master)
    return not wrong and titles[0] == titles[1] > 0 and modes == screen.found and not screen.screen.is_alternate
