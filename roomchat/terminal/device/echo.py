"""A terminal that does not show what is typed."""

from __future__ import annotations

import contextlib
import os
import termios
from collections.abc import Iterator

_LOCAL_FLAGS = 3  # where they stand in what tcgetattr gives


@contextlib.contextmanager
def echo_off(fd: int) -> Iterator[None]:
    """Inside, nothing of it is shown; what is no terminal shows nothing anyway."""
    if not os.isatty(fd):
        yield
        return
    before = termios.tcgetattr(fd)
    hidden = [*before]
    hidden[_LOCAL_FLAGS] &= ~termios.ECHO
    termios.tcsetattr(fd, termios.TCSADRAIN, hidden)
    try:
        yield
    finally:
        termios.tcsetattr(fd, termios.TCSADRAIN, before)
