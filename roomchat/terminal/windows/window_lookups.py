"""What a person looks up in the windows: there one scrolls, and goes from hit to hit."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from roomchat.client.client import Client
from roomchat.entries import said
from roomchat.harmless import harmless
from roomchat.protocol import Entry, Spoken, Unknown
from roomchat.terminal.shown.focus import RoomFocus
from roomchat.terminal.shown.lines import Line, line
from roomchat.terminal.shown.render import said_before
from roomchat.terminal.shown.words import counted
from roomchat.terminal.typed.local import Clear, Copy, LookUp, Mentions, ScrollBack, Search
from roomchat.terminal.typed.matching import has_words
from roomchat.terminal.typed.slash import TypingError
from roomchat.terminal.windows.display import MENTIONS
from roomchat.terminal.windows.finding import Finding, Hit
from roomchat.terminal.windows.lookups import DATED, Lookups
from roomchat.terminal.windows.window import Window
from roomchat.terminal.windows.windows import Windows

BACK = 50  # messages that /history goes back: a screen or two


class WindowLookups(Lookups):
    """Belongs to the thread that sends."""

    def __init__(self, windows: Windows) -> None:
        super().__init__(windows)
        self._windows = windows

    def run(self, client: Client, what: LookUp, room: str | None) -> None:
        """As in plain mode, but for what windows can do better. Raises TypingError, ConnectError."""
        windows = self._windows
        match what:
            case Search():
                self._look_for(what, room)
            case Mentions():
                self._show_mentions()
            case ScrollBack():
                with windows.lock:
                    _scroll_back(windows, what.count)
            case Clear():
                with windows.lock:
                    windows.current.clear()
            case Copy():
                self._copy_shown(what.number)
            case _:
                super().run(client, what, room)

    def _look_for(self, what: Search, room: str | None) -> None:
        windows = self._windows
        with windows.lock:
            if what.words:
                rooms = windows.rooms() if what.everywhere else [self._here(room)]
                windows.searching.start(Finding(what.words, rooms, partial(self._has_words, what.words)))
            elif not windows.searching.step(1):
                raise TypingError("Usage: /search WORDS, or /search -all WORDS to look in all your rooms.")

    def _has_words(self, words: str, entry: Spoken) -> bool:
        return entry.uid not in self._windows.focus.blocked and has_words(words, entry.text)

    def _show_mentions(self) -> None:
        """A page of them, the newest first, as they are gone through with the keys of a search."""
        windows = self._windows
        with windows.lock:
            entries = [entry for entry in windows.newest_wanting() if entry.uid not in windows.focus.blocked]
            if not entries:
                windows.show("Nobody has mentioned you, or whispered to you, yet.")
                return
            finding = Finding("mentions", (), lambda entry: True)
            for entry in entries:
                finding.add(Hit(entry.ts, entry.room, entry.seq))
            windows.searching.list(finding)
            everywhere = RoomFocus(windows.roster, is_tagged=True)
            told: list[Line] = [line(("dim", "F3 goes to the first of these, and on to the next; F4 goes back."))]
            for entry in entries:
                told += [replace(one, ring=0) for one in said_before([entry], windows.roster, everywhere, DATED)]
            windows.show_page(MENTIONS, told)

    def _copy_shown(self, number: int) -> None:
        """The hit that is looked at counts from itself; else the last message is the first."""
        windows = self._windows
        with windows.lock:
            window = windows.current
            entries = window.timeline.entries()
            spoken = [one for one in entries if isinstance(one, Spoken) and not windows.focus.hides(one)]
            if window.hit:
                spoken = [one for one in spoken if one.seq <= window.hit]
            if not 1 <= number <= len(spoken):
                raise TypingError(_cannot_copy(len(spoken)))
            windows.copied = _as_seen(said(spoken[-number])[1])


def _as_seen(text: str) -> str:
    """What goes into the clipboard, and from there perhaps into a shell: nothing in it is invisible. Tabs stay:
    what is copied may be code."""
    return "\n".join("\t".join(map(harmless, row.split("\t"))) for row in text.split("\n"))


def _cannot_copy(there: int) -> str:
    """Why not, when so many messages could be."""
    if not there:
        return "There is no message here to copy."
    return f"Only {counted(there, 'message')} can be copied here: /copy [N]"


def _scroll_back(windows: Windows, count: int | None) -> None:
    """So many messages from the newest; without a number, some before those that are looked at."""
    window = windows.current
    if window.room is None:
        raise TypingError("You are not in a room. Type /join ROOM to join one.")
    newest = window.live.last_seq
    if count is None:
        windows.go_to(window, max(1, _top_seq(window, newest) - BACK))
    else:
        windows.go_to(window, max(1, newest - count + 1))


def _top_seq(window: Window, newest: int) -> int:
    if window.place is None:
        return newest
    timeline = window.timeline
    for number in range(max(window.place.item, timeline.start), timeline.end):
        if isinstance(item := timeline[number], Entry | Unknown):
            return item.seq
    return newest
