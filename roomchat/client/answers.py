"""Which answers are waited for, and which have come."""

from __future__ import annotations

import itertools
import threading
from typing import TypeVar

from msgspec.structs import replace

from roomchat.protocol import Command, Event

C = TypeVar("C", bound=Command)


class Answers:
    """Any thread may call its methods; ``changed`` guards them and is told of each answer."""

    def __init__(self, changed: threading.Condition) -> None:
        self._changed = changed
        self._ids = itertools.count(1)
        self._asked: dict[int, Command] = {}  # by id
        self._come: dict[int, Event] = {}

    def ask(self, command: C) -> tuple[int, C]:
        """The id under which its answer will come, and the command with it."""
        asked = next(self._ids)
        command = replace(command, id=asked)
        with self._changed:
            self._asked[asked] = command
        return asked, command

    def has(self, asked: int) -> bool:
        """Whether it is answered."""
        return asked in self._come

    def take(self, asked: int) -> Event | None:
        """The answer, if it has come. It is not waited for any more."""
        with self._changed:
            self._asked.pop(asked, None)
            return self._come.pop(asked, None)

    def pending(self) -> list[Command]:
        """What is waited for, to be asked again over a new connection."""
        with self._changed:
            return [command for asked, command in self._asked.items() if asked not in self._come]

    def received(self, event: object) -> None:
        """An event has come; it may be one of them."""
        if isinstance(event, Event) and event.re in self._asked:
            with self._changed:
                self._come.setdefault(event.re, event)
                self._changed.notify_all()
