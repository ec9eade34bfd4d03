"""A search in the windows: page after page of their rooms' logs, while the person goes from hit to hit."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

from roomchat.client.client_events import ClientEvent
from roomchat.protocol import PAGE, Entry, Error, History, HistoryPage, Unknown
from roomchat.terminal.typed.input import FetchPage, LookFurther
from roomchat.terminal.windows.finding import Finding, Hit

_OURS = "search:"  # how the ids of pages begin that were asked for here
KeptBefore = Callable[[str, int | None, int], Sequence[Entry | Unknown]]


class Searching:
    """Not thread-safe: the display has a lock, which its callers hold.

    Args:
        go_to: shows a hit.
        ask: has the sending thread do something, behind what was typed before.
    """

    def __init__(self, go_to: Callable[[Hit], None], ask: Callable[[FetchPage | LookFurther], None]) -> None:
        self.kept_before: KeptBefore = lambda room, before, limit: ()  # entries that need no server
        self.finding: Finding | None = None  # what is shown and goes on
        self._last: Finding | None = None  # what /search alone goes on with
        self._go_to = go_to
        self._ask = ask
        self._ids = itertools.count(1)
        self._page = ""  # the id of the page that is on its way
        self._room = ""  # its room

    def start(self, finding: Finding) -> None:
        """Look for something; what was looked for before is over."""
        self.finding = self._last = finding
        self._page = ""
        self._step(1)
        self._go_on()

    def list(self, finding: Finding) -> None:
        """What was found already is listed; the first step goes to the newest of it."""
        finding.is_wanted = False
        self.finding = self._last = finding
        self._page = ""

    def step(self, by: int) -> bool:
        """To the hit that is older (1) or newer (-1) than the one looked at, also if the search was ended; False:
        nothing was ever looked for."""
        if self._last is None:
            return False
        is_ended, self.finding = self.finding is None, self._last
        self._step(by)
        if is_ended:
            self._go_on()
        return True

    def end(self) -> bool:
        """Stop; whether there was something to stop."""
        is_going, self.finding, self._page = self.finding is not None, None, ""
        return is_going

    def look_further(self, connected: bool) -> None:
        """Read the next page. On the thread that sends.

        Args:
            connected: whether the server can be asked; if not, ``resume`` goes on.
        """
        finding = self.finding
        log = finding.next_log() if finding is not None else None
        if finding is None or log is None or self._page:
            return
        if kept := self.kept_before(log.room, log.before, PAGE):
            self._take(finding, log.room, kept, more=True)
        elif connected:
            self._page, self._room = f"{_OURS}{next(self._ids)}", log.room
            self._ask(FetchPage(self._page, History(room=log.room, before=log.before, limit=PAGE)))
        elif finding.is_wanted and (hit := finding.step(1, anyway=True)) is not None:
            self._go_to(hit)

    def takes(self, event: ClientEvent) -> bool:
        """Whether an event is a page that was asked for here; it is looked through, if it still is of any use."""
        if not isinstance(event, HistoryPage | Error) or not str(event.re).startswith(_OURS):
            return False
        if event.re != self._page:
            return True
        self._page = ""
        if self.finding is not None:
            entries, more = (event.entries, event.more) if isinstance(event, HistoryPage) else ([], False)
            self._take(self.finding, self._room, entries, more=more)
        return True

    def drop(self, room: str, seq: int) -> None:
        """A message was deleted: nothing leads to it any more."""
        if self._last is not None:
            self._last.drop(room, seq)

    def resume(self) -> None:
        """The connection was lost, or is there again: what was asked for does not come."""
        self._page = ""
        self._go_on()

    def _take(self, finding: Finding, room: str, entries: Sequence[Entry | Unknown], *, more: bool) -> None:
        finding.take(room, entries, more=more)
        if finding.is_wanted:
            self._step(1)
        self._go_on()

    def _step(self, by: int) -> None:
        hit = self.finding.step(by) if self.finding is not None else None
        if hit is not None:
            self._go_to(hit)

    def _go_on(self) -> None:
        if self.finding is not None and not self.finding.is_over and not self._page:
            self._ask(LookFurther())
