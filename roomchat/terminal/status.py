"""What stands around the line that is typed: the prompt, what is on its way, the bottom line. It only looks."""

from __future__ import annotations

from prompt_toolkit.formatted_text import StyleAndTextTuples

from roomchat.harmless import harmless
from roomchat.protocol import ACTION, Say, is_private
from roomchat.terminal.complete import Cycle, hint
from roomchat.terminal.display import ChatDisplay
from roomchat.terminal.lines import cell
from roomchat.terminal.terminal import Terminal

MAX_PENDING = 5  # lines of what is on its way; the rest is counted
MAX_PENDING_WIDTH = 200  # characters of one of these lines
SEPARATOR = ("class:toolbar", "  ·  ")

Fragments = StyleAndTextTuples


def prompt(terminal: Terminal) -> str:
    """Where what is typed goes."""
    if terminal.arrival.asking:
        return terminal.arrival.asking
    room = terminal.display.focus.room
    return f"[{_name(room, terminal.display)}] " if room else "> "


def pending(terminal: Terminal, waiting: list[str]) -> Fragments:
    """What was typed and has not come back: what waits for the sending thread, and what for the server."""
    display = terminal.display
    said = [] if display.client is None else display.client.pending
    held = [terminal.current_command] if terminal.current_command and not display.connected else []
    waiting = [*held, *terminal.arrival.held, *waiting]
    texts = [f"{_target(one.room, display)}{one.text}" if isinstance(one, Say) else f"[whisper] {one.text}"
             for one in said[-MAX_PENDING:]]  # fmt: skip
    texts = [*texts, *waiting[:MAX_PENDING]][-MAX_PENDING:]
    hidden = len(said) + len(waiting) - len(texts)
    rows: Fragments = [("class:pending", f"... and {hidden} before these\n")] if hidden else []
    for text in texts:
        shown = harmless(text.removeprefix(ACTION)[:MAX_PENDING_WIDTH].replace("\n", " / "))
        rows.append(("class:pending", f"... {shown}\n"))
    if rows:
        rows[-1] = (rows[-1][0], rows[-1][1].removesuffix("\n"))
    return rows


def bottom(terminal: Terminal, text: str, cycle: Cycle | None, notice: str) -> Fragments:
    """The bottom line: what was just asked, what Tab offers, what a begun command does, or how things stand."""
    if notice:
        return [("class:alert", f" {notice} ")]
    if cycle is not None:
        return _offered(cycle)
    if hinted := hint(text):
        return [("class:toolbar", hinted)]
    return _state(terminal)


def _offered(cycle: Cycle) -> Fragments:
    """From the chosen one on, so that it is seen however many there are."""
    fragments: Fragments = []
    for number, one in enumerate(cycle.offered[cycle.chosen :] + cycle.offered[: cycle.chosen]):
        name = harmless(one.text.strip())
        chosen = ("class:chosen", f"[{name}]") if number == 0 else ("class:toolbar", f" {name} ")
        fragments += [chosen, ("class:toolbar", f" {harmless(one.meaning)}" if number == 0 else ""), ("", " ")]
    return fragments


def _state(terminal: Terminal) -> Fragments:
    display = terminal.display
    fragments: Fragments = []
    if display.connected:
        fragments += [("class:ok", "●"), ("class:toolbar", " connected")]
    elif display.client is not None and (display.roster.uid or terminal.arrival.waits):
        lost = "connection lost" if display.roster.uid else "not connected"
        fragments += [("class:lost", f" ○ {lost}, trying again ")]
    elif terminal.arrival.asking or display.client is not None:
        fragments += [("class:toolbar", f"○ {harmless(terminal.address)}")]
    else:
        fragments += [("class:lost", " ○ not connected "), ("class:toolbar", " /connect HOST[:PORT]")]
    room = display.focus.room
    if room is not None:
        here = "" if is_private(room) else f": {display.roster.totals.get(room, 1)} here"
        fragments += [SEPARATOR, ("class:here", _name(room, display)), ("class:toolbar", here)]
    fragments += _others(display)
    if display.focus.away is not None:
        fragments += [SEPARATOR, ("class:here", "away")]
    if display.roster.uid:
        name = display.roster.names.get(display.roster.uid, "")
        fragments += [SEPARATOR, ("class:toolbar", f"{harmless(name)} ({display.roster.uid})")]
    return fragments


def _others(display: ChatDisplay) -> Fragments:
    """The other rooms under their numbers, with what is new in them; ``!`` where one is mentioned. Those with
    something new come first: a narrow line is cut at its end."""
    fragments: Fragments = []
    unread_in = display.focus.unread
    numbered = [one for one in enumerate(display.rooms(), start=1) if one[1] != display.focus.room]
    for number, room in sorted(numbered, key=lambda one: one[1] not in unread_in):
        fragments.append(SEPARATOR)
        unread = unread_in.get(room)
        shown = f"{number} {_name(room, display)}"
        if unread is None:
            fragments.append(("class:toolbar", shown))
        else:
            mark = "!" if unread.mentioned else ""
            fragments.append(("class:alert" if mark else "class:unread", f"{shown} +{unread.count}{mark}"))
    return fragments


def _name(room: str, display: ChatDisplay) -> str:
    return harmless(cell(display.roster.typed(room) if is_private(room) else room))


def _target(room: str | None, display: ChatDisplay) -> str:
    """The room of what is on its way, if it is not the one looked at."""
    return f"[{room}] " if room and room != display.focus.room else ""
