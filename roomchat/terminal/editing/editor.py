"""The line that is typed, in each window its own: edited as bash does it, without keys and without a screen."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from roomchat.harmless import harmless
from roomchat.terminal.editing.draft import Draft, Line
from roomchat.terminal.editing.edits import CHANGES, KILLS, MOVES, Edit, line_end, line_start
from roomchat.terminal.editing.input_history import InputHistory
from roomchat.terminal.editing.kill_ring import KillRing
from roomchat.terminal.editing.pasted import pasted
from roomchat.terminal.editing.typed_rows import Row, moved, rows
from roomchat.terminal.editing.typed_search import TypedSearch
from roomchat.terminal.typed.complete import Candidate, Cycle

Offer = Callable[[str], tuple[str, list[Candidate]]]
MAX_TEXT = 1_000_000  # characters; a paste beyond is cut: the server takes some thousands


class Editor:
    """Belongs to the main thread.

    Args:
        history: what was typed before.
        offer: what Tab may offer for the text before the cursor: the word there, and what it may become.
        look_up: called with the text before the cursor when nothing fits; it may call ``offer_again`` later.
        changed: called when the text of the window that is looked at is another one.
    """

    def __init__(
        self, history: InputHistory, offer: Offer, look_up: Callable[[str], None] = lambda before: None,
        changed: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        self.room: str | None = None  # whose line it is; None: the server's window
        self.search: TypedSearch | None = None
        self.cycle: Cycle | None = None  # what Tab offers
        self.columns = 80  # of a row, as it is painted
        self._history = history
        self.forget = history.forget
        self._offer = offer
        self._look_up = look_up
        self._sought: tuple[str, int] | None = None  # the line for which something is being looked up
        self._changed = changed
        self.draft = Draft()  # of the window that is looked at
        self._ring = KillRing()
        self._last = ""  # the command before
        self._yanked = 0  # characters that the last yank put in
        self._back = 0  # whose last word Alt-. took: 1 the newest line's
        self._column: int | None = None  # that Up and Down keep to
        self._looked_for = ""  # by Ctrl-R, the last time

    # ------------------------------------------------------------ what there is

    @property
    def text(self) -> str:
        """What is typed; what a search has found is not, until it is accepted."""
        return self._line.text

    @property
    def cursor(self) -> int:
        """Its place in the text."""
        return self._line.cursor

    @property
    def shown(self) -> tuple[str, int]:
        """The text to be shown and the cursor in it: what a search has found, or what is typed."""
        if self.draft.is_hidden:
            return "", 0
        if self.search is not None and self.search.found is not None:
            return self.search.found, self.search.at
        return self.text, self.cursor

    @property
    def search_prompt(self) -> str:
        """What stands before the line during a search; empty otherwise."""
        if self.search is None:
            return ""
        return f"({'nothing' if self.search.failed else 'search'}) {harmless(self.search.words)}: "

    @property
    def _line(self) -> Line:
        return self.draft.line

    def rows(self, text: str) -> Sequence[Row]:
        """How a text is folded."""
        return rows(text, self.columns)

    # ------------------------------------------------------------ windows

    def switch(self, draft: Draft, room: str | None) -> None:
        """Edit the line of another window, which is that of a room. A search ends: what was typed is back."""
        if draft is not self.draft or room != self.room:
            self._end()
            self.draft, self.room = draft, room
            self._changed()

    # ------------------------------------------------------------ what keys do

    def insert(self, character: str) -> None:
        """A key that stands for itself. What is harmful, and was not marked as pasted, becomes visible."""
        if self.search is not None:
            self.search.type(pasted(character))
            return
        self._edit(self._put(pasted(character)), typed=True)
        self._did("self-insert")

    def paste(self, text: str) -> None:
        """What was copied elsewhere; it stays here until Enter, also if it has several lines."""
        text = pasted(text[:MAX_TEXT]).rstrip("\n")
        if self.search is not None:
            self.search.type(text)
            return
        self._line.pause()
        self._edit(self._put(text))
        self._did("paste")

    def replace(self, text: str, draft: Draft) -> None:
        """All of a window's line is another text now; it can be undone."""
        self._end()
        text, line = pasted(text), draft.line
        line.edit(Edit(0, len(line.text), text, len(text)))
        self._changed()

    def accept(self, *, remember: bool = True) -> str:
        """The line is done: returns it, and begins the next one."""
        self._end()
        text = self.text
        if remember and text.strip() and not self.draft.is_hidden:
            self._history.add(text, self.room)
        self._begin_anew()
        return text

    def discard(self) -> None:
        """Clear the line; it is in the kill ring, and among what was typed before."""
        self._end()
        if not self.draft.is_hidden:
            self._ring.add(self.text)
            if self.text.strip():
                self._history.add(self.text, self.room)
        self._begin_anew()

    def run(self, command: str) -> None:
        """Carry out a command, by the name that readline has for it. See ``COMMANDS``.

        During a search it is done to what was found.
        """
        if self.draft.is_hidden and command not in _BLIND:
            return
        if self.search is not None and command not in _SEARCHING:
            self.accept_search()
        if command in _OTHERS:
            _OTHERS[command](self)
        elif command in MOVES:
            self._line.pause()
            self._line.cursor = MOVES[command](self.text, self.cursor)
        elif command in KILLS:
            self._kill(command)
        else:
            self._edit(CHANGES[command](self.text, self.cursor))
        self._did(command)

    # ------------------------------------------------------------ searching

    def accept_search(self) -> None:
        """What was found is typed now; Ctrl-_ brings back what was."""
        search, self.search = self.search, None
        if search is not None:
            self._looked_for = search.words or self._looked_for
            if search.found is not None:
                self._edit(Edit(0, len(self.text), search.found, search.at))

    def give_up_search(self) -> None:
        """What was typed is back."""
        if self.search is not None:
            self._looked_for = self.search.words or self._looked_for
            self.search = None

    # ------------------------------------------------------------ Tab

    def complete(self, by: int) -> None:
        """The next candidate for the word before the cursor, or the one before."""
        if self.draft.is_hidden:
            return
        self.accept_search()
        cycle = self.cycle
        if cycle is None:
            before, after = self.text[: self.cursor], self.text[self.cursor :]
            word, offered = self._offer(before)
            if not offered:
                self._sought = (self.text, self.cursor)
                self._look_up(before)
                return
            cycle = Cycle(before[: len(before) - len(word)], after, offered, 0 if by > 0 else -1)
            by = 0
        cycle.step(by)
        self._edit(Edit(0, len(self.text), cycle.text + cycle.after, len(cycle.text)))
        self._did("complete")
        self.cycle = cycle if len(cycle.offered) > 1 else None

    def offer_again(self) -> None:
        """More is known now: what Tab had nothing for is completed, if the line is still the same."""
        if self._sought == (self.text, self.cursor) and self.search is None and self.cycle is None:
            before = self.text[: self.cursor]
            self._sought = None
            if self._offer(before)[1]:
                self.complete(1)

    # ------------------------------------------------------------ within

    def _did(self, command: str) -> None:
        self._last = command
        self.cycle = None
        if command not in _KEEP_COLUMN:
            self._column = None

    def _end(self) -> None:
        """Whatever goes over several keys is over."""
        self.give_up_search()
        self._did("")

    def _begin_anew(self) -> None:
        self.draft.clear()
        self._changed()

    def _put(self, text: str) -> Edit:
        return Edit(self.cursor, self.cursor, text, self.cursor + len(text))

    def _edit(self, edit: Edit, *, typed: bool = False) -> str:
        before = self.text
        old = self._line.edit(edit, typed=typed)
        if self.text != before:
            self._changed()
        return old

    def _kill(self, command: str) -> None:
        at, there = self.cursor, KILLS[command](self.text, self.cursor)
        killed = self._edit(Edit(min(at, there), max(at, there), "", min(at, there)))
        if not self.draft.is_hidden:
            self._ring.add(killed, joins=self._last in KILLS, in_front=there < at)

    def _yank(self, text: str, instead_of: int = 0) -> None:
        start = self.cursor - instead_of
        self._edit(Edit(start, self.cursor, text, start + len(text)))
        self._yanked = len(text)

    def yank(self) -> None:
        """Put back what was taken out last."""
        self._yank(self._ring.newest())

    def yank_pop(self) -> None:
        """Right behind that: what was taken out before, in its place."""
        if self._last in {"yank", "yank-pop"}:
            self._yank(self._ring.older(), instead_of=self._yanked)

    def yank_last_arg(self) -> None:
        """The last word of the line before; again: of the one before that."""
        earlier = self._history.of(self.room)
        again = self._last == "yank-last-arg"
        self._back = min(self._back + 1 if again else 1, len(earlier))
        if earlier:
            words = earlier[-self._back].split()
            self._yank(words[-1] if words else "", instead_of=self._yanked if again else 0)

    def undo(self) -> None:
        """Take back the last change."""
        if self._line.undo():
            self._changed()

    def new_line(self) -> None:
        """Begin another line of the same message."""
        self._edit(self._put("\n"))

    def find_character(self, character: str, by: int) -> None:
        """To the next one of these in the line, or the one before."""
        self.accept_search()
        text, cursor = self.text, self.cursor
        if by > 0:
            found = text.find(character, cursor + 1, line_end(text, cursor))
        else:
            found = text.rfind(character, line_start(text, cursor), cursor)
        if found >= 0:
            self._line.cursor = found
        self._did("character-search")

    def revert(self) -> None:
        """Take back all changes of this line."""
        self._line.revert()
        self._changed()

    def go(self, by: int) -> None:
        """To a line that was typed in this window before, or after."""
        if self.draft.go(by, self._history.of(self.room)):
            self._changed()

    def go_row(self, by: int) -> None:
        """One row up or down; at the first or the last one, to another line."""
        to = moved(self.text, self.rows(self.text), self.cursor, by, self._column)
        if to is None:
            self._column = None
            self.go(by)
        else:
            self._line.cursor, self._column = to

    def look_back(self) -> None:
        """Begin a search, or go to the next older one that fits."""
        if self.search is None:
            self.search = TypedSearch([line.text for line in self._history.lines], self._looked_for)
        else:
            self.search.older()

    def look_forward(self) -> None:
        """The next newer one that fits. It begins no search: there is nothing newer than now."""
        if self.search is not None:
            self.search.newer()

    def rub_out(self) -> None:
        """One character less, of what is looked for or of the line."""
        if self.search is not None:
            self.search.rub_out()
        else:
            self._edit(CHANGES["backward-delete-char"](self.text, self.cursor))


_SEARCHING = {"reverse-search-history", "forward-search-history", "abort", "backward-delete-char"}
_BLIND = {"backward-delete-char", *KILLS}  # what is done to a line that is not shown
_KEEP_COLUMN = {"previous-row", "next-row"}
_FAR = 1_000_000  # lines

_OTHERS: dict[str, Callable[[Editor], None]] = {
    "yank": Editor.yank,
    "yank-pop": Editor.yank_pop,
    "yank-last-arg": Editor.yank_last_arg,
    "undo": Editor.undo,
    "revert-line": Editor.revert,
    "previous-row": lambda editor: editor.go_row(-1),
    "next-row": lambda editor: editor.go_row(1),
    "previous-history": lambda editor: editor.go(-1),
    "next-history": lambda editor: editor.go(1),
    "beginning-of-history": lambda editor: editor.go(-_FAR),
    "end-of-history": lambda editor: editor.go(_FAR),
    "reverse-search-history": Editor.look_back,
    "forward-search-history": Editor.look_forward,
    "backward-delete-char": Editor.rub_out,
    "abort": Editor.give_up_search,
    "new-line": Editor.new_line,
}
COMMANDS = {*MOVES, *KILLS, *CHANGES, *_OTHERS}
