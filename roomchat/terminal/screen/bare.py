"""The bare view: lines on the ordinary screen of a terminal, uncut: for its mouse, its search, its scrollback."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from prompt_toolkit.application import Application
from prompt_toolkit.application.run_in_terminal import in_terminal

from roomchat.terminal.device.output import ScreenOutput

MAX_LINES = 1000  # the newest; on a slow line fewer
SLOW_SECONDS = 10.0  # what a slow line may take
PROMPT = "--- Press any key to return. ---"


class BareView:
    """Belongs to the main thread.

    Args:
        app: the application that covers the ordinary screen.
        output: the terminal.
    """

    def __init__(self, app: Application[Any], output: ScreenOutput) -> None:
        self._app = app
        self._output = output
        self._returned: asyncio.Event | None = None

    @property
    def is_shown(self) -> bool:
        """Whether it is on the screen."""
        return self._returned is not None

    async def show(self, title: str, lines: Iterable[str]) -> None:
        """Show lines until a key is pressed.

        Args:
            title: stands above them.
            lines: made harmless; the newest last.
        """
        if self.is_shown:
            return
        self._returned = asyncio.Event()
        try:
            async with in_terminal():
                self._write([f"--- {title} ---", *self._newest(list(lines)), PROMPT])
                with self._app.input.raw_mode(), self._app.input.attach(self._read):
                    await self._returned.wait()
        finally:
            self._returned = None

    def close(self) -> None:
        """Return; the application may be about to end."""
        if self._returned is not None:
            self._returned.set()

    def _read(self) -> None:
        if self._app.input.read_keys() or self._app.input.flush_keys() or self._app.input.closed:
            self.close()

    def _newest(self, lines: list[str]) -> list[str]:
        left = self._output.pace.speed * SLOW_SECONDS or float("inf")
        kept: list[str] = []
        for line in reversed(lines[-MAX_LINES:]):
            left -= len(line) + 2
            if left < 0 and kept:
                break
            kept.append(line)
        return kept[::-1]

    def _write(self, lines: Iterable[str]) -> None:
        self._output.enable_autowrap()
        self._output.write("\r\n".join(lines) + "\r\n")
        self._output.flush()
