"""The lists beside the messages: the windows, and the people of a room."""

from __future__ import annotations

from prompt_toolkit.output import ColorDepth

from roomchat.harmless import harmless
from roomchat.terminal.device.theme import fragment_style
from roomchat.terminal.screen.status import Fragments, name_of
from roomchat.terminal.shown.lines import cell
from roomchat.terminal.shown.widths import shortened
from roomchat.terminal.shown.widths import width as width_of
from roomchat.terminal.windows.window import Window
from roomchat.terminal.windows.windows import Windows


def room_list(windows: Windows, width: int, height: int) -> Fragments:
    """The windows with their numbers and what is new in them.

    Where not all fit, the one that is looked at and those with something new stay, mentions first of all; the rest
    is counted.
    """
    rows: Fragments = []
    with windows.lock:
        shown = sorted(
            windows.all(),
            key=lambda one: (one is not windows.current, not one.mentions, not one.unread, one.number),
        )
        room = height if len(shown) <= height else max(0, height - 1)
        for window in sorted(shown[:room], key=lambda one: one.number):
            style = "class:current" if window is windows.current else _news_style(window)
            new = f" {window.unread}" if window.unread else ""
            mark = "!" if window.mentions else ""
            name = shortened(f"{window.number} {name_of(window, windows)}", width - len(new + mark))
            rows.append((style, f"{name}{' ' * (width - width_of(name) - len(new + mark))}{new}{mark}\n"))
    if len(shown) > room:
        rows.append(("class:toolbar", f"and {len(shown) - room} more"))
    return rows


def _news_style(window: Window) -> str:
    if window.mentions:
        return "class:alert"
    return "class:unread" if window.unread else "class:toolbar"


def people_list(windows: Windows, width: int, height: int) -> Fragments:
    """Who is in the room that is looked at."""
    with windows.lock:
        roster, room = windows.roster, windows.current.room
        here = sorted(roster.here(room), key=lambda uid: roster.names.get(uid, "").casefold())
        total = max(roster.totals.get(room or "", 0), len(here))
        shown = here[: max(0, height - 1)] if total > height else here
        rows: Fragments = [
            (fragment_style(f"name:{uid}", ColorDepth.DEPTH_8_BIT),
             shortened(f"{harmless(cell(roster.names.get(uid, '')))} {uid}", width) + "\n")
            for uid in shown
        ]  # fmt: skip
    if total > len(shown):
        rows.append(("class:toolbar", f"and {total - len(shown)} more"))
    return rows
