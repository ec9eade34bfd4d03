"""The screen: one line to type in, at the bottom of an ordinary terminal; what happens scrolls away above it.

Three threads meet here: the main thread reads keys and paints, one sends what is typed, one receives. Only the
main thread touches the terminal.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
import threading
from collections.abc import Callable

from prompt_toolkit.application import Application
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.document import Document
from prompt_toolkit.filters import Condition
from prompt_toolkit.key_binding import merge_key_bindings
from prompt_toolkit.layout import (
    BufferControl,
    ConditionalContainer,
    Dimension,
    FormattedTextControl,
    HSplit,
    Layout,
    VerticalAlign,
    Window,
)
from prompt_toolkit.utils import get_cwidth
from prompt_toolkit.widgets import SearchToolbar

from roomchat.client.interrupt import GRACE, SIGNALS
from roomchat.terminal import status
from roomchat.terminal.complete import Cycle, candidates
from roomchat.terminal.input import InputQueue
from roomchat.terminal.input_history import InputHistory
from roomchat.terminal.keys import key_bindings
from roomchat.terminal.lines import BELL_LEVELS, Line
from roomchat.terminal.printer import Printer, ScreenOutput
from roomchat.terminal.terminal import Terminal
from roomchat.terminal.theme import STYLE, colour_depth

MAX_INPUT_ROWS = 10  # rows of what is typed; more scroll
QUIT_WINDOW = 3.0  # seconds in which a second Ctrl-C leaves
QUITS = {"/quit", "/exit", "/bye"}


class Screen:
    """A person's terminal. ``run`` belongs to the main thread; any thread may call ``show`` and ``changed``.

    Args:
        colour: whether to use colours; None: as the environment says.
        bell: for which messages it rings: ``never``, ``mentions`` (and whispers), ``all``.
    """

    def __init__(self, *, colour: bool | None, bell: str) -> None:
        self.input = InputQueue()
        self._output = ScreenOutput.from_pty(sys.stdout)
        assert isinstance(self._output, ScreenOutput)
        self._colours = colour_depth(colour)
        self._printer = Printer(self._output, self._colours, BELL_LEVELS[bell])
        self.show: Callable[[Line], None] = self._printer.show
        self.interrupted = False  # whether the person left by Ctrl-C, or a signal came
        self.cycle: Cycle | None = None
        self._cycling = False  # the text is changed by Tab, not by the person
        self._owes = False  # whether the person was told that something is not sent
        self._asked = 0.0  # when Ctrl-C asked, in the loop's time
        self._leaving = ""
        self._failure: Exception | None = None
        self._app: Application[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._terminal: Terminal

    def changed(self) -> None:
        """Something that stands around the line has changed."""
        if self._app is not None and not self._app.invalidated:
            self._ask_main(self._app.invalidate)  # from another thread it may raise, when it is just ending

    def run(self, terminal: Terminal, work: Callable[[], None]) -> None:
        """Paint, and do the work in another thread; returns when that ends. Raises what it raises."""
        self._terminal = terminal
        self._worker = threading.Thread(target=self._work, args=(work,), name="roomchat-send", daemon=True)
        before = {number: signal.getsignal(number) for number in SIGNALS}
        try:
            asyncio.run(self._run())
        except (EOFError, OSError):  # the terminal is gone
            terminal.interrupt()
            self._worker.join(GRACE)
            return
        finally:
            for number, handler in before.items():  # asyncio puts Python's own in their place
                signal.signal(number, handler)
        if self._failure is not None and not self._leaving:  # who leaves need not be told what they left
            raise self._failure

    # ------------------------------------------------------------ the thread that sends

    def _work(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 - raised where the work was started
            self._failure = error
        self._ask_main(self._exit)

    def _ask_main(self, do: Callable[[], None]) -> None:
        """Have the main thread do it, as long as it paints. Any thread may call it."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(do)

    # ------------------------------------------------------------ the main thread

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._app = self._application()
        for number in SIGNALS:
            self._loop.add_signal_handler(number, self._leave_interrupted)
        try:
            await self._app.run_async(pre_run=self._begin, handle_sigint=False, set_exception_handler=False)
        finally:
            self._printer.close()

    def _begin(self) -> None:
        assert self._app is not None
        assert self._loop is not None
        self._printer.open(self._app, self._loop)
        self._worker.start()

    def _application(self) -> Application[None]:
        self.buffer = Buffer(history=InputHistory(), multiline=True, on_text_changed=self._edited)
        search = SearchToolbar()
        is_pending = Condition(lambda: bool(self._pending()))
        root = HSplit(
            [
                ConditionalContainer(
                    Window(FormattedTextControl(self._pending), dont_extend_height=True), filter=is_pending
                ),
                Window(
                    BufferControl(self.buffer, search_buffer_control=search.control),
                    height=Dimension(min=1, max=MAX_INPUT_ROWS),
                    wrap_lines=True,
                    dont_extend_height=True,
                    get_line_prefix=self._prefix,
                ),
                search,
                Window(FormattedTextControl(self._bottom), height=1, dont_extend_height=True),
            ],
            align=VerticalAlign.TOP,
        )
        return Application(
            Layout(root, focused_element=self.buffer),
            key_bindings=merge_key_bindings([key_bindings(self)]),
            style=STYLE,
            color_depth=self._colours,
            output=self._output,
            erase_when_done=True,
        )

    def _pending(self) -> status.Fragments:
        return status.pending(self._terminal, self.input.waiting())

    def _bottom(self) -> status.Fragments:
        assert self._loop is not None
        asked = self._loop.time() < self._asked + QUIT_WINDOW
        notice = self._leaving or ("Press Ctrl-C again to quit." if asked else "")
        return status.bottom(self._terminal, self.buffer.text, self.cycle, notice)

    def _prefix(self, number: int, wraps: int) -> status.Fragments:
        prompt = status.prompt(self._terminal)
        first = number == 0 and wraps == 0
        return [("class:prompt", prompt if first else " " * get_cwidth(prompt))]

    def _edited(self, buffer: Buffer) -> None:
        self._asked = 0.0
        self.input.half_typed = bool(buffer.text)
        if not self._cycling:
            self.cycle = None

    # ------------------------------------------------------------ what keys do

    def accept(self) -> None:
        """What is typed is done."""
        text = self.buffer.text.encode(errors="replace").decode().rstrip("\n")
        if text.strip() and not self._terminal.arrival.asking:
            self.buffer.append_to_history()
        if text.lower().partition(" ")[0].strip() in QUITS and not self._terminal.display.connected:
            self.leave_away()  # the sending thread may wait for the server
        elif text.strip() or self._terminal.arrival.asking:
            self._owes = False
            self.input.put(text)
        self._clear()

    def _clear(self) -> None:
        self.buffer.reset()
        self.input.half_typed = False

    def complete(self, by: int) -> None:
        """The next candidate for the word before the cursor, or the one before."""
        display = self._terminal.display
        if self.cycle is None:
            before = self.buffer.document.text_before_cursor
            word, offered = candidates(before, display.roster, display.rooms(), display.focus.room)
            if not offered:
                return
            start = before[: len(before) - len(word)]
            self.cycle = Cycle(start, self.buffer.document.text_after_cursor, offered, 0 if by > 0 else -1)
            self.cycle.step(0)
        else:
            self.cycle.step(by)
        self._cycling = True
        self.buffer.document = Document(self.cycle.text + self.cycle.after, len(self.cycle.text))
        self._cycling = False
        if len(self.cycle.offered) == 1:
            self.cycle = None

    def switch_room(self, number: int) -> None:
        """To the room of that number."""
        rooms = self._terminal.display.rooms()
        if number <= len(rooms):
            self.input.put(f"/room {rooms[number - 1]}")

    def interrupt(self) -> None:
        """Ctrl-C: clears the line, then asks, then leaves."""
        assert self._loop is not None
        if self._leaving or self._loop.time() < self._asked + QUIT_WINDOW:
            self._leave_interrupted()
        elif self.buffer.text:
            self._clear()
        else:
            self._tell_what_waits()
            self._asked = self._loop.time()
            self._loop.call_later(QUIT_WINDOW, self.changed)

    def leave(self) -> None:
        """When what was typed is sent, if there is somebody to send it to."""
        if not self._terminal.display.connected:
            self.leave_away()
            return
        self._leaving = "Quitting when everything is sent. Press Ctrl-C to quit at once."
        self.input.end()

    def leave_away(self) -> None:
        """When nothing waits for the server, or the person leaves though they were told what does."""
        if not self._tell_what_waits():
            self.leave_now()

    def _tell_what_waits(self) -> bool:
        """Once; whether it was told just now."""
        waits = "" if self._owes else self._terminal.waits()
        if waits:
            self._owes = True
            self._terminal.display.show(f"{waits} Quit again to leave.", "trouble")
        return bool(waits)

    def leave_now(self) -> None:
        """Whatever is waited for; the others are told."""
        assert self._loop is not None
        self._leaving = "Leaving."
        # It waits for the server a moment; the screen does not.
        threading.Thread(target=self._terminal.interrupt, daemon=True).start()
        self._loop.call_later(GRACE, self._exit)

    def _leave_interrupted(self) -> None:
        self.interrupted = True
        self.leave_now()

    def _exit(self) -> None:
        if self._app is not None and self._app.is_running and not self._app.is_done:
            self._app.exit()
