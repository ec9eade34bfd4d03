"""An admin for tests: a connection to an admin socket, and `roomchat admin` as it is typed."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from click.testing import Result

from roomchat.chat.inputs import Administer
from roomchat.cli import main
from roomchat.protocol.admin_answers import AdminAnswer
from roomchat.protocol.administration import HubCommands
from tests.memory import Chat
from tests.peer import DEADLINE
from tests.program import runner


class Admin:
    """A connection to an admin socket."""

    def __init__(self, log: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(DEADLINE)
        self.socket.connect(f"{log}.admin")
        self._file = self.socket.makefile("rb")

    def send(self, data: bytes) -> None:
        """Whatever it is."""
        self.socket.sendall(data)

    def next(self) -> dict[str, Any]:
        """The next answer. Raises EOFError when the server has hung up."""
        line = self._file.readline()
        if not line:
            raise EOFError
        answer: dict[str, Any] = json.loads(line)
        return answer

    def ask(self, type: str, **fields: Any) -> dict[str, Any]:
        """The answer to a command."""
        self.send(json.dumps({"type": type, **fields}).encode() + b"\n")
        return self.next()

    def close(self) -> None:
        """End it."""
        self._file.close()
        self.socket.close()


@contextmanager
def admin(log: Path) -> Iterator[Admin]:
    """A connection that is closed at the end."""
    with closing(Admin(log)) as opened:
        yield opened


def run(log: Path, *words: str, **options: Any) -> Result:
    """`roomchat admin WORDS` for that log."""
    return runner().invoke(main, ["admin", *words, "--db", str(log)], **options)


def rows(result: Result) -> list[Any]:
    """What was printed with --json."""
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def answer(chat: Chat, command: HubCommands) -> AdminAnswer:
    """What the hub answers an admin who asks."""
    chat.batch((-1, Administer("root", command)))  # type: ignore[arg-type]  # its links are strings
    ((_, told),) = chat.answers
    chat.answers.clear()
    return told


def until(holds: Callable[[], bool]) -> None:
    """Look again and again, for what no event tells of."""
    give_up = time.monotonic() + DEADLINE
    while not holds():
        assert time.monotonic() < give_up
