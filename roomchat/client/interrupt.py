"""Ctrl-C for a program with threads and locks."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import threading
from collections.abc import Callable

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
GRACE = 2.0  # seconds that what was interrupted has to end by itself
# Seconds until the main thread looks up: a signal may go to any of our threads. That ends no wait here, and Python
# runs the handler at the next step of this one.
LOOKS_UP = 0.5


def run_interruptible(work: Callable[[], None], interrupt: Callable[[], None]) -> bool:
    """Do the work in a thread of its own, while this one, which must be the main thread, waits for signals.

    Python's KeyboardInterrupt may come between any two steps of the main thread, also between taking a lock and
    entering the block that gives it back: then nobody gets it any more. So no exception is thrown into the work:
    it is asked to end. A second signal ends the process at once.

    Args:
        work: what is done; what it raises is raised here.
        interrupt: called in this thread at the first signal; makes the work end soon.
    Returns:
        Whether a signal came.
    """
    interrupted = False
    happened: queue.SimpleQueue[Exception | int | None] = queue.SimpleQueue()  # `put` may be called by handlers

    def run() -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 - raised where the work was started
            happened.put(error)
        else:
            happened.put(None)

    def note(number: int, frame: object) -> None:
        nonlocal interrupted
        if interrupted:
            os._exit(128 + number)
        interrupted = True
        happened.put(number)

    # What is ignored stays so: by nohup, or for what a script has in its background.
    heeded = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, note) for number in heeded}
    try:
        # A daemon: work that waits for a server that does not answer must not keep a person who wants to go.
        threading.Thread(target=run, name="roomchat-send", daemon=True).start()
        outcome = _next(happened)
        if isinstance(outcome, int):
            interrupt()
            try:
                outcome = happened.get(timeout=GRACE)
            except queue.Empty:
                outcome = None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if isinstance(outcome, Exception) and not interrupted:
        raise outcome
    return interrupted


def _next(happened: queue.SimpleQueue[Exception | int | None]) -> Exception | int | None:
    """Wait for it in the main thread."""
    while True:
        with contextlib.suppress(queue.Empty):
            return happened.get(timeout=LOOKS_UP)
