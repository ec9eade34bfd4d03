"""Where the screen is painted: the main thread, while others work; until they end, by a signal, or by a fault."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import threading
from collections.abc import Callable

from prompt_toolkit.application import Application

from roomchat.client.interrupt import GRACE
from roomchat.terminal.device.modes import Modes, faults_end
from roomchat.terminal.device.pace import Pace

PAINT_INTERVAL = 0.05  # seconds between two paintings of what comes; keys are painted at once


class _Listening(logging.Handler):
    """Keeps what is logged off the screen; a failure that is logged is one."""

    def __init__(self, failed: Callable[[BaseException | None], None]) -> None:
        super().__init__()
        self._failed = failed

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info:
            self._failed(record.exc_info[1])


class Stage:
    """Runs an application. ``run`` is for the main thread; any thread may call ``changed``, ``ask`` and ``exit``.

    Args:
        make: makes the application, in its loop.
        tick: called in the main thread before what comes is painted, also while something else has the terminal.
        leave: ends all soon; called in the main thread when a signal says so.
        pace: of the line.
    """

    def __init__(
        self, make: Callable[[], Application[None]], tick: Callable[[], None], leave: Callable[[], None],
        pace: Pace,
    ) -> None:  # fmt: skip
        self._make = make
        self._tick = tick
        self._leave = leave
        self._pace = pace
        self._failure: BaseException | None = None
        self._is_due = False  # a painting will come
        self._settling: set[Callable[[], object]] = set()  # will be done aside
        self._is_put_off = False  # one will come that shows what a slow line could not take yet
        self._painted = 0.0  # when the last one was, in the loop's time
        self._app: Application[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.modes: Modes | None = None

    def run(self, work: Callable[[], None], stop: Callable[[], None]) -> BaseException | None:
        """Paint, and do the work in another thread; returns when that ends, with what it has raised.

        Args:
            work: what is done.
            stop: makes the work end soon; called when the terminal is gone, or what is painted fails.
        Raises:
            Exception: painting, or another thread, has failed.
        """
        self._worker = threading.Thread(target=self._work, args=(work,), name="roomchat-send", daemon=True)
        before, threading.excepthook = threading.excepthook, lambda told: self._failed(told.exc_value)
        log, handler = logging.getLogger(), _Listening(self._failed)
        log.addHandler(handler)
        gc.freeze()  # what the imports have made stays: looking through it again takes 15 ms, while keys wait
        try:
            asyncio.run(self._run())
        except (EOFError, OSError):  # the terminal is gone
            self._stop(stop)
        except Exception:
            self._stop(stop)
            raise
        finally:
            threading.excepthook = before
            log.removeHandler(handler)
        return self._failure

    def changed(self) -> None:
        """Something that is shown has changed: paint it soon."""
        if not self._is_due:
            self._is_due = True
            self.ask(self._soon)

    def ask(self, do: Callable[[], None]) -> None:
        """Have the main thread do it, as long as it paints."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(do)

    def later(self, seconds: float, do: Callable[[], None]) -> None:
        """Do it in so many seconds, if it still paints then. In the main thread."""
        assert self._loop is not None
        self._loop.call_later(seconds, do)

    def settle(self, seconds: float, make: Callable[[], Callable[[], object]]) -> None:
        """In so many seconds, make something to be done, and have another thread do it, so that a key need not
        wait for the disk. Nothing, if that will come already. In the main thread."""
        assert self._loop is not None
        if make not in self._settling:
            self._settling.add(make)
            self._loop.call_later(seconds, self._settle, make)

    def exit(self) -> None:
        """End the application."""
        self.ask(self._exit)

    # ------------------------------------------------------------ other threads

    def _work(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 - given to whoever has started the work
            self._failure = error
        self.exit()

    def _failed(self, error: BaseException | None) -> None:
        """A thread of the client has failed: the chat would stand still, with Python's words over the screen."""
        self._failure = self._failure or error
        self.exit()

    # ------------------------------------------------------------ the main thread

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        app = self._app = self._make()
        self.modes = Modes(app, self._leave)
        with self.modes.watch(), faults_end(app):
            await app.run_async(pre_run=self._worker.start, handle_sigint=False, set_exception_handler=False)

    def _soon(self) -> None:
        assert self._loop is not None
        self._loop.call_later(max(0.0, self._painted + PAINT_INTERVAL - self._loop.time()), self._paint)

    def _paint(self) -> None:
        assert self._loop is not None
        self._is_due = False
        self._painted = self._loop.time()
        self._tick()
        wait = self._pace.wait()
        if wait and not self._is_put_off:
            self._is_put_off = True
            self._loop.call_later(wait, self._put_off)
        if self._app is not None:
            self._app.invalidate()

    def _settle(self, make: Callable[[], Callable[[], object]]) -> None:
        assert self._loop is not None
        self._settling.discard(make)
        self._loop.run_in_executor(None, make())

    def _put_off(self) -> None:
        self._is_put_off = False
        self.changed()

    def _exit(self) -> None:
        if self._app is not None and self._app.is_running and not self._app.is_done:
            self._app.exit()

    def _stop(self, stop: Callable[[], None]) -> None:
        stop()
        if self._worker.is_alive():
            self._worker.join(GRACE)
