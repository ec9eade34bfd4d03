"""What the terminal does with what has come, beside painting it: calls, the title, the clipboard."""

from __future__ import annotations

from collections.abc import Callable

from roomchat.terminal.device.calls import NOTICE_TIME, Caller
from roomchat.terminal.device.output import ScreenOutput
from roomchat.terminal.screen.status import name_of
from roomchat.terminal.windows.windows import Windows


class Attention:
    """Belongs to the main thread.

    Args:
        windows: the windows.
        output: the terminal.
        caller: calls the person by it.
        paint_in: has all painted anew in so many seconds.
    """

    def __init__(
        self, windows: Windows, output: ScreenOutput, caller: Caller, paint_in: Callable[[float], None]
    ) -> None:
        self._windows = windows
        self._output = output
        self._caller = caller
        self._paint_in = paint_in

    def tick(self) -> None:
        """Something has come: call the person, if it is for them."""
        if self._windows.copied:
            self._copy()
        ring, calls = self._windows.calls.take()
        for call in calls:
            self._caller.call(call)
        if not calls:
            self._caller.ring(ring)
        elif self._caller.notice():
            self._paint_in(NOTICE_TIME)
        with self._windows.lock:
            windows = self._windows.all()
            mentions, unread = sum(one.mentions for one in windows), sum(one.unread for one in windows)
            name = name_of(self._windows.current, self._windows)
        self._caller.show_title(name, mentions, unread)

    def _copy(self) -> None:
        """Put into the clipboard what is to be there."""
        text, self._windows.copied = self._windows.copied, ""
        if self._output.copy(text):
            self._windows.show("Copied, if your terminal lets programs do so.")
        else:
            self._windows.show(
                "Your terminal lets no program copy. Alt-L shows the room for its mouse.", "trouble"
            )
