"""The past of the windows: where in their logs one looks, and the pages of these that are fetched for it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import NamedTuple

from roomchat.client.client_events import ClientEvent
from roomchat.protocol import PAGE, Error, History, HistoryPage
from roomchat.terminal.typed.input import FetchPage
from roomchat.terminal.windows.timeline import Logged, Timeline
from roomchat.terminal.windows.viewport import Place
from roomchat.terminal.windows.window import Window

FIRST_SEQ = 1  # of every room
_OURS = "page:"  # how the ids of pages begin that were asked for here


class Page(NamedTuple):
    """A page of the log that was asked for."""

    window: Window
    timeline: Timeline  # which it belongs to
    history: History  # what was asked for; with ``after`` it goes behind what is there, else before that
    seq: int  # the entry to look at when it is there; 0: none


class Past:
    """Not thread-safe: the display has a lock, which its callers hold.

    Args:
        ask: has the sending thread ask the server for a page.
        is_connected: whether it can.
    """

    def __init__(self, ask: Callable[[FetchPage], None], is_connected: Callable[[], bool]) -> None:
        self.kept: Callable[[History], Sequence[Logged]] = lambda history: ()  # a page that need not be asked for
        self._ask = ask
        self._is_connected = is_connected
        self._pages: dict[str, Page] = {}  # that are on their way, by their id
        self._ids = itertools.count(1)

    # ------------------------------------------------------------ where one looks

    def older(self, window: Window) -> None:
        """Fetch the page before all that a window has; nothing if it is on its way, or there is none."""
        first = window.timeline.first_seq
        if first == FIRST_SEQ:
            window.timeline.is_whole = True
        elif not window.timeline.is_whole:
            self._fetch(window, History(room=window.room, before=first or None, limit=PAGE))

    def newer(self, window: Window) -> None:
        """Fetch the page behind what is looked at far above."""
        if window.past is not None:
            self._fetch(window, History(room=window.room, after=window.past.last_seq, limit=PAGE))

    def go_to_first(self, window: Window) -> None:
        """Look at the beginning of the log."""
        is_on_its_way = window.past is not None and not window.past.first_seq  # another part of the log
        if is_on_its_way or not (window.timeline.is_whole or window.timeline.first_seq == FIRST_SEQ):
            self.go_to(window, FIRST_SEQ)
        else:
            window.to_first()

    def go_to(self, window: Window, seq: int) -> None:
        """Look at an entry, wherever in the log it is."""
        if 0 < window.live.first_seq <= seq:
            window.past = None
        elif self._is_connected() and not (window.past and window.past.first_seq <= seq <= window.past.last_seq):
            window.past = Timeline(is_whole=seq <= PAGE // 2)
            window.is_fetching = False
            after = max(0, seq - PAGE // 2)
            self._fetch(window, History(room=window.room, after=after, limit=PAGE), seq)
        _show(window, seq)

    # ------------------------------------------------------------ pages

    def takes(self, event: ClientEvent) -> bool:
        """Whether an event is a page that was asked for, or its refusal; it is put where it belongs."""
        if not isinstance(event, HistoryPage | Error) or not str(event.re).startswith(_OURS):
            return False
        page = self._pages.pop(str(event.re), None)
        if page is None:  # of before the connection was lost
            return True
        page.window.is_fetching = False
        if isinstance(event, HistoryPage) and page.timeline is page.window.timeline:  # else one looks elsewhere
            _put(page, [one for one in event.entries if one.room == page.window.room], event.more)
        return True

    def lose(self) -> None:
        """The connection is lost: what was asked for does not come."""
        for page in self._pages.values():
            page.window.is_fetching = False
        self._pages.clear()

    def _fetch(self, window: Window, history: History, seq: int = 0) -> None:
        if window.is_fetching or window.room is None:
            return
        page = Page(window, window.timeline, history, seq)
        if kept := self.kept(history):
            _put(page, kept, True)
        elif self._is_connected():
            name = f"{_OURS}{next(self._ids)}"
            window.is_fetching = True
            self._pages[name] = page
            self._ask(FetchPage(name, history))


def _put(page: Page, entries: Sequence[Logged], more: bool) -> None:
    window, timeline = page.window, page.timeline
    more = more and _is_further(page.history, entries)
    if page.history.after is not None:
        timeline.extend(entries)
        if not more or 0 < window.live.first_seq <= timeline.last_seq + 1:
            window.join_past()
    else:
        timeline.prepend(entries)
        timeline.is_whole = not more
        if not window.unread:  # what was said before one came is not new
            window.read = max(window.read, window.live.last_seq)
    if page.seq:
        _show(window, page.seq)


def _is_further(asked: History, entries: Sequence[Logged]) -> bool:
    """Whether a page has something of what was asked for; else a server goes in circles."""
    if asked.after is not None:
        return any(one.seq > asked.after for one in entries)
    return any(asked.before is None or one.seq < asked.before for one in entries)


def _show(window: Window, seq: int) -> None:
    number = window.timeline.find(seq)
    window.place = Place(window.timeline.start if number is None else number, 0)
    window.wanted = number
