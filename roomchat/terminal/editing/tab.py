"""What Tab offers in a window, and how it comes to know more."""

from __future__ import annotations

from collections.abc import Callable

from roomchat.terminal.typed.complete import Candidate, asks_for_someone, candidates
from roomchat.terminal.typed.input import MeetEveryone
from roomchat.terminal.windows.windows import Windows


class Tab:
    """Belongs to the main thread.

    Args:
        windows: what is known.
        ask: has the sending thread ask.
        again: called on that thread when it has.
    """

    def __init__(
        self, windows: Windows, ask: Callable[[MeetEveryone], None], again: Callable[[], None]
    ) -> None:  # fmt: skip
        self._windows = windows
        self._ask = ask
        self._again = again

    def offer(self, before: str) -> tuple[str, list[Candidate]]:
        """The word before the cursor, and what it may become."""
        windows = self._windows
        return candidates(before, windows.roster, windows.rooms(), windows.current.room)

    def look_up(self, before: str) -> None:
        """Nothing fits: perhaps it is someone whom nobody has told us of. The server knows."""
        if asks_for_someone(before) and self._windows.connected:
            self._ask(MeetEveryone(self._again))
