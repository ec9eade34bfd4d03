"""Keys, as a terminal sends them, to the line that is typed; and to bash, which shows how it is to be."""

from __future__ import annotations

import asyncio
import os
import pty
import select
import shlex
import shutil
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from prompt_toolkit.application import Application
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.layout import Layout, Window
from prompt_toolkit.output import DummyOutput

from roomchat.terminal.device.sequences import guard
from roomchat.terminal.editing.editing_keys import editing_keys
from roomchat.terminal.editing.editor import Editor
from roomchat.terminal.editing.input_history import InputHistory
from roomchat.terminal.screen.input_pane import InputPane
from roomchat.terminal.typed.complete import Candidate

DEADLINE = 10.0  # seconds
NAMES = ("ann", "anton", "bob")


def offered(before: str) -> tuple[str, list[Candidate]]:
    """What Tab offers: names."""
    word = before.rsplit(" ", 1)[-1]
    return word, [Candidate(name, name) for name in NAMES if name.startswith(word)]


class Typist:
    """Somebody who types. What a line leads to is told in ``said``.

    Args:
        earlier: what was typed before, the oldest first.
    """

    def __init__(self, earlier: Iterable[str] = (), *, history: InputHistory | None = None) -> None:
        history = InputHistory(Path("/proc/no/such/place")) if history is None else history
        self.editor = Editor(history, offered)
        self.said: list[str] = []
        for line in earlier:
            history.add(line, None)

    def accept(self) -> None:
        self.said.append(self.editor.accept())

    def interrupt(self) -> None:
        self.said.append("interrupt")

    def leave(self) -> None:
        self.said.append("leave")

    def edit_outside(self) -> None:
        self.said.append("edit outside")

    def press(self, keys: str) -> Typist:
        """Press these keys, all at once. Raises what goes wrong meanwhile."""
        with create_pipe_input() as pipe:
            guard(pipe)
            pane = InputPane(self.editor, lambda: "> ", editing_keys(self))
            app: Application[None] = Application(
                Layout(Window(pane)), input=pipe, output=DummyOutput(), full_screen=True
            )
            pipe.send_bytes(keys.encode())
            pipe.close()
            asyncio.run(self._run(app))
        return self

    async def _run(self, app: Application[None]) -> None:
        faults: list[BaseException | str] = []
        asyncio.get_running_loop().set_exception_handler(
            lambda loop, context: faults.append(context.get("exception") or context["message"])
        )
        with suppress(EOFError):  # there are no more keys
            await app.run_async(set_exception_handler=False)
        assert not faults

    @property
    def seen(self) -> tuple[str, int]:
        """The text, and the cursor in it."""
        return self.editor.shown


class Bash:
    """A bash that tells what stands in its line. Always the same keys: Emacs's, as nobody has changed them."""

    def __init__(self, process: subprocess.Popen[bytes], keyboard: int, answers: int, folder: Path) -> None:
        self._process = process
        self._keyboard = keyboard
        self._answers = answers
        self._folder = folder

    def press(self, keys: str, earlier: Iterable[str] = ()) -> tuple[str, int]:
        """Type into an empty line, with that history; returns the text, and the cursor in it."""
        history = self._folder / "history"
        history.write_text("".join(f"{line}\n" for line in earlier))
        os.write(self._keyboard, f"\x05\x15history -c; history -r {shlex.quote(str(history))}\r".encode())
        self._answer("\x1e")  # the prompt is there
        os.write(self._keyboard, keys.encode())
        text, _, cursor = self._answer("\x1e").rpartition("|")
        os.write(self._keyboard, b"\x05\x15\r")
        return text, int(cursor)

    def _answer(self, key: str) -> str:
        os.write(self._keyboard, key.encode())
        answer, deadline = b"", time.monotonic() + DEADLINE
        while not answer.endswith(b"\0"):
            ready, _, _ = select.select([self._answers, self._keyboard], [], [], deadline - time.monotonic())
            assert ready, "bash does not answer"
            if self._keyboard in ready:
                os.read(self._keyboard, 65536)
            if self._answers in ready:
                answer += os.read(self._answers, 65536)
        return answer.rstrip(b"\0").decode()


def _has_bash() -> bool:
    """Older ones do not tell of their line, and other systems name their locales otherwise."""
    if sys.platform != "linux" or shutil.which("bash") is None:
        return False
    version = subprocess.run(["bash", "-c", "echo $BASH_VERSINFO"], capture_output=True, check=True).stdout
    return int(version) >= 5


@contextmanager
def bash() -> Iterator[Bash | None]:
    """One bash for many tests, as it takes longer to start than to ask; None where there is none that can tell."""
    if not _has_bash():
        yield None
        return
    keyboard, terminal = pty.openpty()
    folder = Path(tempfile.mkdtemp())
    told = folder / "answers"  # bash closes what it inherits beside its terminal
    os.mkfifo(told)
    answers = os.open(told, os.O_RDWR)
    attributes = termios.tcgetattr(terminal)
    attributes[3] &= ~termios.ISIG
    attributes[0] &= ~termios.IXON
    termios.tcsetattr(terminal, termios.TCSANOW, attributes)
    environment = {
        "PATH": os.environ["PATH"], "TERM": "xterm", "LC_ALL": "C.UTF-8", "INPUTRC": "/dev/null",
        "HISTFILE": "", "PS1": "", "HOME": "/",
    }  # fmt: skip
    process = subprocess.Popen(
        ["bash", "--norc", "--noprofile", "-i"], stdin=terminal, stdout=terminal, stderr=terminal,
        env=environment, start_new_session=True,
    )  # fmt: skip
    os.close(terminal)
    tell = rf"""'"\C-^": printf "%s|%d\0" "$READLINE_LINE" "$READLINE_POINT" >{told}'"""
    os.write(keyboard, f"bind -x {tell}; history -c\r".encode())
    try:
        yield Bash(process, keyboard, answers, folder)
    finally:
        process.kill()
        process.wait()
        os.close(keyboard)
        os.close(answers)
        shutil.rmtree(folder)
