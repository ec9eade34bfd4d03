"""Somebody wants this person: the bell, the title of the window, a notice outside of it."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable
from typing import NamedTuple, Protocol

from roomchat.harmless import harmless

RINGS = 3  # that may come at once
NOTICE_TIME = 6.0  # seconds for which a call is told on the screen
RING_EVERY = 10.0  # seconds until one more may come: a flood of mentions is heard, and no alarm
PROGRAM = "roomchat"  # how titles and notices begin


class Call(NamedTuple):
    """Somebody wants this person.

    ``room_name``: where, as people know it. ``who``: the one who called. ``text``: in which words. All as they
    came: whoever shows them makes them harmless. ``is_in_sight``: whether the person looks there.
    """

    room_name: str
    who: str
    text: str
    is_in_sight: bool = False

    def __str__(self) -> str:
        return f"[{self.room_name}] {self.who}: {self.text}"


class Calling(Protocol):
    """A terminal by which a person can be called."""

    def ring(self) -> None: ...
    def notify(self, title: str, body: str) -> None: ...
    def set_title(self, title: str) -> None: ...


class Caller:
    """Calls the person. Belongs to the main thread.

    Rings and notices are few: three at once, then one in ten seconds. Titles tell the whole count, and the command
    gets every call that it can keep up with.

    Args:
        terminal: by which.
        bell_level: the bell rings for what is at least this loud, as ``BELL_LEVELS``.
        run: runs the person's own command; returns at once.
        notifies: whether the terminal is to show notices.
        clock: seconds.
    """

    def __init__(
        self, terminal: Calling, bell_level: int, run: Callable[[Call], None] = lambda call: None,
        *, notifies: bool = True, clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._terminal = terminal
        self._bell_level = bell_level
        self._run = run
        self._notifies = notifies
        self._clock = clock
        self._rings = float(RINGS)  # that may come now
        self._counted = clock()
        self._title = ""
        self._last: Call | None = None  # that does not stand on the screen itself
        self._told = 0.0  # when it came

    def call(self, call: Call) -> None:
        """A whisper or a mention has come."""
        self._run(call)
        if not call.is_in_sight:
            self._last, self._told = call, self._clock()
        if self.ring(2) and self._notifies:
            self._terminal.notify(PROGRAM, str(call))

    def notice(self) -> str:
        """What to tell on the screen now: who has called from where the person does not look."""
        if self._last is None or self._clock() > self._told + NOTICE_TIME:
            return ""
        return harmless(f"Alt-A: {self._last}".replace("\n", " "))

    def dismiss(self) -> None:
        """The person has turned to another window, so they have seen it."""
        self._last = None

    def ring(self, loudness: int) -> bool:
        """Ring for what has come, as loud as a ``Line.ring``; whether it is time to tell of it."""
        if loudness < min(self._bell_level, 2) or not self._is_time():
            return False
        if loudness >= self._bell_level:
            self._terminal.ring()
        return True

    def show_title(self, room_name: str, wanted: int, unread: int) -> None:
        """Tell in the title where the person is, and how many mentions and whispers, or else messages, wait."""
        count = f" ({wanted}!)" if wanted else f" ({unread})" if unread else ""
        title = f"{PROGRAM}: {harmless(room_name)}{count}" if room_name else f"{PROGRAM}{count}"
        if title != self._title:
            self._title = title
            self._terminal.set_title(title)

    def _is_time(self) -> bool:
        now = self._clock()
        self._rings = min(float(RINGS), self._rings + (now - self._counted) / RING_EVERY)
        self._counted = now
        if self._rings < 1:
            return False
        self._rings -= 1
        return True


def split_command(command: str) -> list[str]:
    """A command in words, as a shell splits it.

    Raises:
        ValueError: it has none, or a quotation that does not end.
    """
    try:
        words = shlex.split(command)
    except ValueError:
        raise ValueError("a quotation does not end") from None
    if not words:
        raise ValueError("it is empty")
    return words
