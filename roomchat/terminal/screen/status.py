"""What stands around the messages: where one is, what is on its way, and how things stand. It only looks."""

from __future__ import annotations

from prompt_toolkit.formatted_text import StyleAndTextTuples

from roomchat.harmless import harmless
from roomchat.protocol import ACTION, Say, is_pair
from roomchat.terminal.editing.editor import Editor
from roomchat.terminal.shown.lines import cell
from roomchat.terminal.terminal import Terminal
from roomchat.terminal.typed.complete import Cycle, hint
from roomchat.terminal.typed.input import Question
from roomchat.terminal.unsent import messages
from roomchat.terminal.windows.window import Window
from roomchat.terminal.windows.windows import Windows

MAX_PENDING = 5  # lines of what is on its way; the rest is counted
MAX_PENDING_WIDTH = 200  # characters of one of these lines
SEPARATOR = ("class:toolbar", "  ")

Fragments = StyleAndTextTuples


def name_of(window: Window, windows: Windows) -> str:
    """A window as people know it, in one short word."""
    if window.room is None:
        return "server"
    return harmless(cell(windows.roster.typed(window.room) if is_pair(window.room) else window.room))


def prompt(question: Question | None, windows: Windows, window: Window, editor: Editor) -> str:
    """Where what is typed goes."""
    if editor.search_prompt:
        return editor.search_prompt
    if question is not None:
        return question.text
    return f"[{name_of(window, windows)}] " if window.room is not None else "> "


def title(terminal: Terminal, windows: Windows) -> Fragments:
    """The room that is looked at, and how many are there."""
    window = windows.current
    if windows.page is not None:
        return [("class:title", f" {windows.page.title}   Esc: back ")]
    if window.room is None:
        return [("class:title", f" {harmless(terminal.address)} ")]
    if is_pair(window.room):
        other = windows.roster.other(window.room)
        state = ", offline" if windows.roster.is_offline(other) else ""
        return [
            ("class:title", f" whispers with {harmless(windows.roster.whisperer(window.room))} ({other}){state} ")
        ]
    here = windows.roster.totals.get(window.room)
    count = f", {here} here" if here is not None and windows.connected else ""
    return [("class:title", f" {name_of(window, windows)}{count} ")]


def pending(terminal: Terminal, windows: Windows, window: Window) -> Fragments:
    """What was typed here and has not come back: what waits for the server, and what for the sending thread."""
    texts = [
        harmless(text.removeprefix(ACTION)[:MAX_PENDING_WIDTH].replace("\n", " / "))
        for text in pending_texts(terminal, windows, window)
    ]
    hidden = len(texts) - MAX_PENDING
    rows = [f"... and {hidden} before these", *(f"... {text}" for text in texts[-MAX_PENDING:])]
    return [("class:pending", "\n".join(rows if hidden > 0 else rows[1:]))] if texts else []


def pending_texts(terminal: Terminal, windows: Windows, window: Window) -> list[str]:
    """What was typed in a window and has not come back."""
    said = [] if windows.client is None else windows.client.pending
    rooms = [one.room if isinstance(one, Say) else windows.roster.pair(one.uid) for one in said]
    texts = [one.text for one, room in zip(said, rooms, strict=True) if room == window.room]
    if terminal.current_command and not windows.connected and not terminal.arrival.asking:
        texts.append(terminal.current_command)
    waiting = terminal.waiting()
    return texts + [one.text for one in waiting if one.room in {None, window.room}]


def bottom(
    terminal: Terminal, windows: Windows, text: str, cycle: Cycle | None, asked: str, called: str, *, above: int,
    below: int, listed: bool,
) -> Fragments:  # fmt: skip
    """The status row: what was just asked, what Tab offers, what a begun command does, or how things stand.

    Args:
        terminal, windows: what is looked at.
        text: what is typed.
        cycle: what Tab offers.
        asked: what the person was just asked.
        called: who wants them elsewhere.
        above: how many messages that came while the person was away stand above those that are shown.
        below: how many messages stand below those that are shown.
        listed: whether the rooms are listed elsewhere.
    """
    if asked:
        return [("class:alert", f" {asked} ")]
    if cycle is not None:
        return _offered(cycle)
    if hinted := hint(text):
        return [("class:toolbar", hinted)]
    if called or windows.notice:
        return [("class:alert", f" {called or harmless(windows.notice)} ")]
    lines = text.count("\n") + 1
    several: Fragments = [("class:here", f"{lines} lines, one message")] if lines > 1 else []
    parts = [part for part in [several, *_state(terminal, windows, above, below, listed)] if part]
    fragments: Fragments = []
    for part in parts:
        fragments += [SEPARATOR, *part] if fragments else part
    return fragments


def _offered(cycle: Cycle) -> Fragments:
    """From the chosen one on, so that it is seen however many there are."""
    fragments: Fragments = []
    for number, one in enumerate(cycle.offered[cycle.chosen :] + cycle.offered[: cycle.chosen]):
        name = harmless(one.text.strip())
        chosen = ("class:chosen", f"[{name}]") if number == 0 else ("class:toolbar", f" {name} ")
        fragments += [chosen, ("class:toolbar", f" {harmless(one.meaning)}" if number == 0 else ""), ("", " ")]
    return fragments


def _state(terminal: Terminal, windows: Windows, above: int, below: int, listed: bool) -> list[Fragments]:
    """What is not normal comes first: a narrow row is cut at its end."""
    roster = windows.roster
    client = windows.client if not windows.connected else None
    unsent = len(client.pending) + len(messages(terminal.waiting())) if client is not None else 0
    me = f"{harmless(roster.names.get(roster.uid, ''))} ({roster.uid})" if roster.uid else ""
    return [
        _connection(terminal, windows),
        [("class:lost", f" {unsent} not sent ")] if unsent else [],
        _search(windows),
        [("class:alert", f" {above} new above: Home ")] if above else [],
        [("class:alert", f" {below} below: End ")] if below else [],
        [] if listed else _activity(windows),
        [("class:here", "away")] if windows.focus.away is not None else [],
        [("class:toolbar", me)] if me else [],
        [("class:toolbar", "F1 help")],
    ]


def _search(windows: Windows) -> Fragments:
    """Which hit is looked at, of how many."""
    finding = windows.searching.finding
    if finding is None:
        return []
    keys = "End" if finding.is_vain else "F3 F4 End"
    return [("class:here", f"{harmless(finding.told)} ({keys})")]


def _connection(terminal: Terminal, windows: Windows) -> Fragments:
    """Nothing, if all is well."""
    if windows.connected:
        return []
    if windows.client is not None and (windows.roster.uid or terminal.arrival.waits):
        lost = "connection lost" if windows.roster.uid else "not connected"
        return [("class:lost", f" {lost}, trying again ")]
    if terminal.arrival.asking or windows.client is not None:
        return [("class:toolbar", harmless(terminal.address))]
    return [("class:lost", " not connected "), ("class:toolbar", " /connect HOST[:PORT]")]


def _activity(windows: Windows) -> Fragments:
    """The other rooms with something new, under their numbers; ``!`` where this person is wanted."""
    fragments: Fragments = []
    new = [window for window in windows.all() if window.unread and window is not windows.current]
    for window in sorted(new, key=lambda window: (not window.mentions, window.number)):
        mark = "!" if window.mentions else ""
        style = "class:alert" if mark else "class:unread"
        comma = [("class:toolbar", ", ")] if fragments else []
        fragments += [*comma, (style, f"{window.number} {name_of(window, windows)} +{window.unread}{mark}")]
    return fragments
