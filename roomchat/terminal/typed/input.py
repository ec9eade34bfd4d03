"""What a person types, for a thread that must also notice when there is nothing left to type for."""

from __future__ import annotations

import os
import select
import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import NamedTuple

from roomchat.protocol import History
from roomchat.terminal.device.echo import echo_off

READ_SIZE = 64 * 1024  # bytes
_WAKE, _STOP = b"w", b"s"  # what goes through the pipe of a reader that waits


class Typed(NamedTuple):
    """A typed line, and the room it was typed for; None: where the lines before it lead."""

    text: str
    room: str | None = None


@dataclass(frozen=True, repr=False)
class Hidden:
    """An answer that nobody may see: it is in no list of what waits, and kept nowhere."""

    text: str


@dataclass(frozen=True)
class FetchPage:
    """A page of the log is looked at: it is to be asked for, under that id."""

    page: str
    history: History


@dataclass(frozen=True)
class Visit:
    """A room that we are in is looked at again: the server, where others dial us, is to be told."""

    room: str


@dataclass(frozen=True)
class LookFurther:
    """A search goes on, behind what was typed before it."""


@dataclass(frozen=True)
class MeetEveryone:
    """Somebody is to be named of whom we may not have heard; ``then`` is called when we have."""

    then: Callable[[], None]


@dataclass(frozen=True, eq=False)
class Question:
    """What stands in the prompt until it is answered. Two that say the same are two."""

    text: str
    is_hidden: bool  # what is typed is not shown, and comes as `Hidden`


Input = Typed | Hidden | FetchPage | Visit | LookFurther | MeetEveryone


class InputSource(ABC):
    """Where lines come from. Only one thread takes them; any thread may call ``stop``, which ends its waiting."""

    taken = ""  # the line that was taken last, until the next one is asked for
    question: Question | None = None  # that is asked now. Any thread may look

    def __iter__(self) -> Iterator[Input]:
        """Lines without their line feeds, until there are no more or ``stop`` is called."""
        while (line := self.next()) is not None:
            yield line

    def typed(self) -> Iterator[Typed]:
        """Only what is typed."""
        return (one for one in self if isinstance(one, Typed))

    @abstractmethod
    def next(self) -> Input | None:
        """The next line; None at the end."""

    @abstractmethod
    def waiting(self) -> list[Typed]:
        """The lines that nobody has taken."""

    def is_begun(self) -> bool:
        """Whether the person has begun a line, or lines wait: these words are meant for where they are now."""
        return bool(self.waiting())

    @abstractmethod
    def put_back(self, line: str) -> None:
        """It is the next line again. For the thread that has taken it."""

    @abstractmethod
    def anew(self) -> AbstractContextManager[list[Typed]]:
        """Inside, only what is typed from now on is taken. Behind it comes what was typed before, and behind that
        what is put into the list. For the thread that takes lines."""

    @contextmanager
    def asking(self, text: str, *, is_hidden: bool = False) -> Iterator[None]:
        """Inside, that is the question. For the thread that takes lines."""
        self.question = Question(text, is_hidden)
        try:
            yield
        finally:
            self.question = None

    @abstractmethod
    def wake(self) -> None:
        """End one waiting with an empty line, now or when it begins."""

    @abstractmethod
    def stop(self) -> None:
        """End the waiting, now or when it begins."""


class InputQueue(InputSource):
    """What a person does at the screen. Any thread may call its methods. A line may have line feeds in it: it was
    pasted."""

    def __init__(self) -> None:
        self.half_typed = False  # whether there is text that is no line yet
        self._changed = threading.Condition()
        self._lines: deque[Input] = deque()
        self._ended = False
        self._stopped = False

    def put(self, line: Input) -> None:
        """One more line."""
        with self._changed:
            self._lines.append(line)
            self._changed.notify()

    def answer(self, question: Question | None, text: str) -> None:
        """What was typed and not shown; nothing, if that is not the question any more: it may be the next one."""
        if question is self.question:
            self.put(Hidden(text))

    def wake(self) -> None:
        """End one waiting with an empty line, now or when it begins."""
        with self._changed:
            self._lines.appendleft(Typed(""))
            self._changed.notify()

    def end(self) -> None:
        """No more lines come; those that wait are taken still."""
        with self._changed:
            self._ended = True
            self._changed.notify()

    def waiting(self) -> list[Typed]:
        """The lines that nobody has taken."""
        with self._changed:
            return [line for line in self._lines if isinstance(line, Typed) and line.text]

    def is_begun(self) -> bool:
        """Whether the person has begun a line, or lines wait: these words are meant for where they are now."""
        return self.half_typed or super().is_begun()

    def put_back(self, line: str) -> None:
        """It is the next line again."""
        with self._changed:
            self._lines.appendleft(Typed(line))

    @contextmanager
    def anew(self) -> Iterator[list[Typed]]:
        """See `InputSource.anew`."""
        with self._changed:
            before, self._lines = self._lines, deque()
        late: list[Typed] = []
        try:
            yield late
        finally:
            with self._changed:
                self._lines = before + deque(late) + self._lines

    def next(self) -> Input | None:
        """The next line; None at the end."""
        with self._changed:
            self.taken = ""
            self._changed.wait_for(lambda: self._lines or self._ended or self._stopped)
            line = self._lines.popleft() if self._lines and not self._stopped else None
            self.taken = line.text if isinstance(line, Typed) else ""
            return line

    def stop(self) -> None:
        """End the waiting, now or when it begins."""
        with self._changed:
            self._stopped = True
            self._changed.notify()


class StandardInput(InputSource):
    """Lines from standard input: a terminal, a pipe or a file."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._rest = b""
        self._ended = False
        self._stopped = False
        self._stop_reader, self._stop_writer = os.pipe()

    @contextmanager
    def asking(self, text: str, *, is_hidden: bool = False) -> Iterator[None]:
        """See `InputSource.asking`."""
        with super().asking(text, is_hidden=is_hidden), echo_off(self._fd) if is_hidden else nullcontext():
            yield

    @property
    def _is_hidden(self) -> bool:
        return self.question is not None and self.question.is_hidden

    def next(self) -> Typed | Hidden | None:
        """The next line; None at the end."""
        while b"\n" not in self._rest and not self._ended and not self._stopped:
            ready, _, _ = select.select([self._fd, self._stop_reader], [], [])
            if self._stop_reader in ready:
                if os.read(self._stop_reader, 1) == _WAKE:
                    return Typed("")
                break
            self._read()
        if not self._rest or self._stopped:
            return None
        line, _, self._rest = self._rest.partition(b"\n")
        # What can't be read as UTF-8 becomes a replacement character: JSON could not carry it.
        text = line.removesuffix(b"\r").decode(errors="replace")
        return Hidden(text) if self._is_hidden else Typed(text)

    def _read(self) -> None:
        try:
            data = os.read(self._fd, READ_SIZE)
        except OSError:  # a folder, or a terminal that is gone
            data = b""
        self._ended = not data
        self._rest += data

    def put_back(self, line: str) -> None:
        """It is the next line again."""
        self._rest = f"{line}\n".encode() + self._rest

    @contextmanager
    def anew(self) -> Iterator[list[Typed]]:
        """See `InputSource.anew`."""
        while select.select([self._stop_reader], [], [], 0)[0]:
            os.read(self._stop_reader, 1)  # who was to wake up is awake; an end is known without it
        while not self._ended and select.select([self._fd], [], [], 0)[0]:
            self._read()
        before, self._rest = self._rest, b""
        late: list[Typed] = []
        try:
            yield late
        finally:
            self._rest = before + "".join(f"{one.text}\n" for one in late).encode() + self._rest

    def waiting(self) -> list[Typed]:
        """The lines that were read, and nobody has taken."""
        lines = [] if self._is_hidden else self._rest.decode(errors="replace").split("\n")
        return [Typed(line.removesuffix("\r")) for line in lines if line]

    def wake(self) -> None:
        """End one waiting with an empty line, now or when it begins."""
        os.write(self._stop_writer, _WAKE)

    def stop(self) -> None:
        """End the waiting, now or when it begins."""
        self._stopped = True
        os.write(self._stop_writer, _STOP)

    def close(self) -> None:
        """Free what it holds; not the input itself."""
        os.close(self._stop_reader)
        os.close(self._stop_writer)
