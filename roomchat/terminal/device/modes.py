"""A full-screen program that is stopped, goes on, is ended, or fails: the terminal is set as it should be.

prompt_toolkit sets it at the beginning, sets it back at the end, and paints anew when the window is resized. The
rest is here, and belongs to the main thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import signal
import termios
from collections.abc import Callable, Iterator
from typing import Any

from prompt_toolkit.application import Application
from prompt_toolkit.application.run_in_terminal import in_terminal

from roomchat.client.interrupt import SIGNALS

STOPS_WITHIN = 0.2  # seconds until a process that stops itself is stopped: a signal may go by another thread
ENDS_WITHIN = 8.0  # seconds; after that it waits for a terminal that takes nothing


class Modes:
    """Keeps the terminal set while ``watch`` lasts.

    Python's handlers of signals are used, not the event loop's: these also run while a terminal is written to that
    takes nothing.

    Args:
        app: the application that paints.
        leave: ends it soon; called when a signal says so.
    """

    def __init__(self, app: Application[Any], leave: Callable[[], None]) -> None:
        self._app = app
        self._leave = leave
        self._loop = asyncio.get_running_loop()
        self._fd = app.input.fileno()
        self._found = _modes(self._fd)
        self._set: list[Any] | None = None  # as it is while the application reads keys
        self._continued = asyncio.Event()
        self._suspension: asyncio.Task[None] | None = None

    @contextlib.contextmanager
    def watch(self) -> Iterator[None]:
        """Heed the signals that stop a program, let it go on, or end it."""
        handlers: dict[signal.Signals, Any] = {
            signal.SIGTSTP: self._stop,
            signal.SIGCONT: self._continue,
            signal.SIGALRM: self._give_up,
        }
        for number in SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:  # as with nohup
                handlers[number] = self._end
        before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
        self._app.after_render += self._remember
        try:
            yield
        finally:
            self._app.after_render -= self._remember
            self._app.renderer.reset()  # if it failed before it was running, nothing else has done it
            signal.setitimer(signal.ITIMER_REAL, 0)
            for number, handler in before.items():
                signal.signal(number, handler)

    def suspend(self) -> None:
        """Back to the shell, until it lets us go on."""
        if not self._has_other() and self._suspension is None:
            self._suspension = self._loop.create_task(self._suspend())

    async def _suspend(self) -> None:
        async with in_terminal():
            self._continued.clear()
            signal.signal(signal.SIGTSTP, signal.SIG_DFL)
            try:
                os.kill(0, signal.SIGTSTP)  # all that a shell has started as one job
                with contextlib.suppress(
                    asyncio.TimeoutError
                ):  # where no shell could let us go on, nothing stops us
                    await asyncio.wait_for(self._continued.wait(), STOPS_WITHIN)
            finally:
                signal.signal(signal.SIGTSTP, self._stop)
            self._set_modes(_modes(self._fd))  # if it is in the background now, it stops here
        self._suspension = None

    def _has_other(self) -> bool:
        """Whether something else has the terminal: an editor, the bare view. It is told in no other way."""
        return bool(self._app._running_in_terminal)

    # ------------------------------------------------------------ signals

    def _stop(self, number: int, frame: object) -> None:
        self._soon(self.suspend)

    def _end(self, number: int, frame: object) -> None:
        signal.setitimer(signal.ITIMER_REAL, ENDS_WITHIN)
        self._soon(self._leave)

    def _give_up(self, number: int, frame: object) -> None:
        if self._found is not None:
            with contextlib.suppress(termios.error):
                termios.tcsetattr(self._fd, termios.TCSANOW, self._found)
        os._exit(128 + signal.SIGTERM)

    def _continue(self, number: int, frame: object) -> None:
        """Somebody let us go on; perhaps in the background. A shell may have set the terminal otherwise."""
        if self._set is not None and not self._has_other():
            self._set_modes(self._set)
        self._soon(self._paint_again)

    def _set_modes(self, modes: list[Any] | None) -> None:
        """Set the terminal. In the background the system stops us here: we may not paint over the shell. We do
        not ask where we are, for the answer may be too late: a shell may just be bringing us back."""
        while modes is not None:
            try:
                termios.tcsetattr(self._fd, termios.TCSANOW, modes)
            except termios.error as error:
                if error.args[0] == errno.EINTR:  # stopped, and let go on
                    continue
            return

    def _paint_again(self) -> None:
        """The shell has written to the terminal."""
        self._continued.set()
        if not self._has_other() and self._app.is_running:
            self._app.renderer.reset()  # so that all of it is set and painted again
            self._app.invalidate()

    def _remember(self, app: Application[Any]) -> None:
        self._set = self._set or _modes(self._fd)

    def _soon(self, do: Callable[[], None]) -> None:
        """In the loop, and in the context of the application, which else is not known as the one that runs."""
        context = self._app.context.copy() if self._app.context is not None else None
        with contextlib.suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(do, context=context)


def repaint(app: Application[Any]) -> None:
    """Paint all of the screen anew: something else has written to it. What it covers stays as it is."""
    app.renderer.erase(leave_alternate_screen=False)
    app.invalidate()


@contextlib.contextmanager
def faults_end(app: Application[Any]) -> Iterator[None]:
    """While this lasts, a fault in what is painted, or in what a key does, ends the application, which raises it.
    Else it would go on half done, under a message that destroys the screen."""

    def end(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if not isinstance(error, Exception):
            error = RuntimeError(str(context.get("message")))
        if app.is_running and not app.is_done:
            app.exit(exception=error)

    loop = asyncio.get_running_loop()
    before = loop.get_exception_handler()
    loop.set_exception_handler(end)
    try:
        yield
    finally:
        loop.set_exception_handler(before)


def _modes(fd: int) -> list[Any] | None:
    """How a terminal is set; None if it is none."""
    try:
        return termios.tcgetattr(fd)
    except (OSError, termios.error):
        return None
