"""The screen: a window for each room, above the line that is typed.

Three threads meet here: the main thread reads keys and paints, one sends what is typed, one receives. Only the
main thread touches the terminal.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Sequence
from weakref import WeakKeyDictionary

from prompt_toolkit.application import Application
from prompt_toolkit.layout import Layout

from roomchat.client.interrupt import GRACE
from roomchat.protocol import is_pair
from roomchat.terminal.device import sequences
from roomchat.terminal.device.calls import Caller
from roomchat.terminal.device.hyperlinks import LinkStyle
from roomchat.terminal.device.mention_command import MentionCommand
from roomchat.terminal.device.modes import repaint
from roomchat.terminal.device.output import ScreenOutput
from roomchat.terminal.device.theme import STYLE, colour_depth
from roomchat.terminal.editing.draft import Draft
from roomchat.terminal.editing.editing_keys import editing_keys
from roomchat.terminal.editing.editor import Editor
from roomchat.terminal.editing.input_history import InputHistory
from roomchat.terminal.editing.other_editor import OtherEditor
from roomchat.terminal.editing.pasted import pasted
from roomchat.terminal.editing.tab import Tab
from roomchat.terminal.screen import status
from roomchat.terminal.screen.attention import Attention
from roomchat.terminal.screen.bare import BareView
from roomchat.terminal.screen.input_pane import InputPane
from roomchat.terminal.screen.keys import key_bindings
from roomchat.terminal.screen.layout import WIDE, layout
from roomchat.terminal.screen.messages import MessagesPane
from roomchat.terminal.screen.stage import Stage
from roomchat.terminal.shown.lines import BELL_LEVELS
from roomchat.terminal.shown.widths import columns
from roomchat.terminal.terminal import Terminal
from roomchat.terminal.typed.commands import is_reading, settled
from roomchat.terminal.typed.input import InputQueue, Question, Typed, Visit
from roomchat.terminal.unsent import leads
from roomchat.terminal.windows.kept_windows import KeptWindows
from roomchat.terminal.windows.window import Window
from roomchat.terminal.windows.windows import Windows

QUIT_WINDOW = 3.0  # seconds in which a second Ctrl-C leaves
QUITS = {"/quit", "/exit", "/bye"}
READ_INTERVAL = 3.0  # seconds that what is read may be ahead of what the server is told: all in a room tell it
KEEP_INTERVAL = 0.5  # seconds that what is typed and read may be ahead of what is kept of it


class Screen:
    """A person's terminal. ``run`` belongs to the main thread; any thread may call ``changed``.

    Args:
        colour: whether to use colours; None: as the environment says.
        bell: for which messages it rings: ``never``, ``mentions`` (and whispers), ``all``.
        clock: how times are written, as for strftime.
        notify: whether the terminal is to show notices.
        on_mention: the command to run for each mention and whisper, in words; none: nothing.
        mouse: whether the wheel scrolls; then it takes Shift to select text.
    """

    def __init__(
        self, *, colour: bool | None, bell: str, clock: str, notify: bool = True, on_mention: Sequence[str] = (),
        mouse: bool = False,
    ) -> None:  # fmt: skip
        self.input = InputQueue()
        self._kept = KeptWindows(clock=clock, is_begun=self.input.is_begun, ask=self.input.put)
        self.windows: Windows = self._kept
        self._output = ScreenOutput.open(sys.stdout)
        columns.measure()
        self._colours = colour_depth(colour)
        self._mouse = mouse
        self._command = MentionCommand(on_mention, self._tell) if on_mention else None
        run = self._command.run if self._command is not None else lambda call: None
        self._caller = Caller(self._output, BELL_LEVELS[bell], run, notifies=notify)
        attention = Attention(
            self.windows, self._output, self._caller, lambda seconds: self._stage.later(seconds, self.changed)
        )
        self._stage = Stage(self._application, attention.tick, self._leave_interrupted, self._output.pace)
        self.changed = self._stage.changed
        self.interrupted = False  # whether the person left by Ctrl-C, or a signal came
        tab = Tab(self.windows, self.input.put, self._look_again)
        self.editor = Editor(InputHistory(), tab.offer, tab.look_up, self._edited)
        self._other_editor = OtherEditor(self.editor, self._tell)
        self._owes = False  # whether the person was told that something is not sent
        self.windows.unsay = self.editor.forget
        self._asked, self._leaving = float("-inf"), ""  # when Ctrl-C asked; what is told of leaving
        self.pending: status.Fragments = []  # what of the window is on its way, at the next painting
        self._led_from: Window | None = None  # where something was typed that leads to another window
        self.terminal: Terminal

    def run(self, terminal: Terminal, work: Callable[[], None]) -> None:
        """Paint, and do the work in another thread; returns when that ends. Raises what it raises."""
        self.terminal = terminal
        try:
            failure = self._stage.run(work, terminal.interrupt)
        finally:
            if self._command is not None:
                self._command.close()
        if failure is not None and not self._leaving:  # who leaves need not be told what they left
            raise failure

    # ------------------------------------------------------------ what is painted

    def _application(self) -> Application[None]:
        self._drafts: WeakKeyDictionary[Window | Question, Draft] = WeakKeyDictionary()
        self.question: Question | None = None  # that was painted last
        self.shown = self.windows.current  # whose line is typed: the window that was painted last
        self._edit(self.shown)
        self.typed = InputPane(self.editor, self.prompt, editing_keys(self))
        self.messages = MessagesPane(self.windows, self._colours, self._output.pace, mouse=self._mouse)
        self.shows_people = False
        app: Application[None] = Application(
            Layout(layout(self), focused_element=self.typed),
            key_bindings=key_bindings(self),
            style=STYLE,
            color_depth=self._colours,
            output=self._output,
            full_screen=True,
            erase_when_done=True,
            mouse_support=self._mouse,
            terminal_size_polling_interval=None,  # a signal tells it
        )
        app.renderer.style = LinkStyle(app.renderer.style)
        self._bare = BareView(app, self._output)
        self._app = app
        app.before_render += lambda _: self._ask()
        sequences.guard(app.input)
        return app

    def size(self) -> tuple[int, int]:
        size = self._output.get_size()
        return size.columns, size.rows

    def is_wide(self) -> bool:
        return self.size()[0] >= WIDE

    def _ask(self) -> None:
        """Keys answer the question that is painted now, also if there is another one meanwhile."""
        self.question = self.input.question
        self._edit(self.shown)
        self._sync()

    def _sync(self) -> None:
        """The line that is typed belongs to the window that is painted now."""
        is_on_its_way = self.terminal.is_on_its_way(self.question)  # before one looks where it has led
        window = self.windows.current
        if window is not self.shown:
            if self.shown is self._led_from and not window.draft:  # what was begun behind it goes along
                self._drafts[window] = self._drafts.pop(self.shown)
                window.draft, self.shown.draft = self.shown.draft, ""
            self.shown = window
            self._caller.dismiss()
            self._edit(window)
            self.changed()  # the title, too
        self._led_from = self._led_from if is_on_its_way else None
        self.pending = status.pending(self.terminal, self.windows, window)
        self._stage.settle(KEEP_INTERVAL, self._kept.snapshot)
        self._stage.settle(READ_INTERVAL, self._kept.told)

    def _tell(self, text: str) -> None:
        """What goes wrong beside the chat. Any thread may call it."""
        self.windows.show(text, "trouble")
        self.changed()

    def _edit(self, window: Window) -> None:
        """Have its line edited, from now on; or an answer that nobody may see."""
        if self.question is not None and self.question.is_hidden:
            draft = self._drafts.setdefault(self.question, Draft(is_hidden=True))
        elif window in self._drafts:
            draft = self._drafts[window]
        else:
            draft = self._drafts[window] = Draft(pasted(window.draft))
        self.editor.switch(draft, window.room)

    def bottom(self) -> status.Fragments:
        asked = time.monotonic() < self._asked + QUIT_WINDOW
        question = self._leaving or ("Press Ctrl-C again to quit." if asked else "")
        return status.bottom(
            self.terminal, self.windows, self.editor.text, self.editor.cycle, question, self._caller.notice(),
            above=self.messages.new_above, below=self.messages.below, listed=self.is_wide())  # fmt: skip

    def prompt(self) -> str:
        return status.prompt(self.question, self.windows, self.shown, self.editor)

    def _edited(self) -> None:
        self._asked = float("-inf")
        if self.editor.text:
            self.windows.notice = ""
        if not self.editor.draft.is_hidden:
            self.shown.draft = self.editor.draft.own_text
        self.input.half_typed = bool(self.editor.text)

    def _look_again(self) -> None:
        self._stage.ask(self.editor.offer_again)
        self.changed()

    # ------------------------------------------------------------ what keys do

    def suspend(self) -> None:
        """Back to the shell; ``fg`` returns."""
        assert self._stage.modes is not None
        self._stage.modes.suspend()

    def repaint(self) -> None:
        """Paint all of the screen anew."""
        repaint(self._app)

    def show_bare(self) -> None:
        """The room on the ordinary screen, until a key is pressed."""
        windows = self.windows
        with windows.lock:
            window = windows.looked_at
            lines = [one.plain for item in window.timeline for one in windows.lines_of(item)]
            name = status.name_of(window, windows)
        self._app.create_background_task(self._bare.show(name, lines))

    def accept(self) -> None:
        """What is typed is done."""
        if self.editor.draft.is_hidden:
            self.input.answer(self.question, self.editor.accept())
            return
        text = self.editor.accept(remember=self.question is None).rstrip("\n")
        if text.lower().partition(" ")[0].strip() in QUITS and not self.terminal.display.connected:
            self.leave_away()  # the sending thread may wait for the server
        elif text.strip() or self.question is not None:
            self._owes = False
            self.windows.notice = ""
            self.windows.close_page()
            if not is_reading(text):
                self.newest()
            text = settled(text, self.windows.roster)
            is_led = self._led_from is not None or self.terminal.is_on_its_way(self.question)
            self.input.put(Typed(text, None if is_led else self.shown.room))
            if leads(text, self.windows.roster):
                self._led_from = self.shown
        else:
            self.windows.close_page()

    def edit_outside(self) -> None:
        """Edit the line in the person's own editor."""
        if not self.editor.draft.is_hidden:
            self._app.create_background_task(self._other_editor.edit())

    def switch_window(self, number: int) -> None:
        """To the window of that number."""
        if (window := self.windows.at(number)) is not None:
            self._turn_to(window)

    def switch_beside(self, by: int) -> None:
        """To the next window, or the one before."""
        self._turn_to(self.windows.beside(by))

    def switch_wanting(self) -> None:
        """To the window where this person is wanted most."""
        if (window := self.windows.next_wanting()) is not None:
            self._turn_to(window)

    def _turn_to(self, window: Window) -> None:
        self._sync()
        self._led_from = None  # what was begun behind a command goes along with that, not with this key
        self.windows.visit(window)
        if window.room is not None and not is_pair(window.room):
            self.input.put(Visit(window.room))
        self._sync()  # what is typed behind the key is meant for there, also before that is painted

    def first(self) -> None:
        """To what is new, if that begins above; else to the beginning of the log."""
        window = self.windows.looked_at
        if self.messages.new_above:
            self.windows.go_to(window, window.mark + 1)
        else:
            self.windows.go_to_first(window)

    def newest(self) -> None:
        """Down to what is newest."""
        self.windows.end_search()
        with self.windows.lock:
            self.windows.looked_at.to_newest()

    def find(self, by: int) -> None:
        """To the hit of the last search that is older (1) or newer (-1)."""
        with self.windows.lock:
            if not self.windows.searching.step(by):
                self.windows.notice = "Nothing was looked for yet. /search WORDS finds messages."

    def help(self) -> None:
        """A page of what can be typed, and of the keys."""
        self.input.put(Typed("/help"))

    def told_place(self, report: str) -> None:
        """The terminal tells where its cursor is: we have asked how wide its emoji are."""
        if columns.answer(report):
            self.repaint()

    def toggle_people(self) -> None:
        """Show who is here, or not."""
        self.shows_people = not self.shows_people

    def interrupt(self) -> None:
        """Ctrl-C: clears the line, then asks, then leaves."""
        if self._leaving or time.monotonic() < self._asked + QUIT_WINDOW:
            self._leave_interrupted()
        elif self.editor.text:
            self.editor.discard()
        elif not self.windows.end_search():
            self._tell_what_waits()
            self._asked = time.monotonic()
            self._stage.later(QUIT_WINDOW, self.changed)

    def leave(self) -> None:
        """When what was typed is sent, if there is somebody to send it to."""
        if self.terminal.display.connected:
            self._leaving = "Quitting when everything is sent. Press Ctrl-C to quit at once."
            self.input.end()
        else:
            self.leave_away()

    def leave_away(self) -> None:
        """When nothing waits for the server, or the person leaves though they were told what does."""
        if not self._tell_what_waits():
            self.leave_now()

    def _tell_what_waits(self) -> bool:
        """Once; whether it was told just now."""
        if waits := "" if self._owes else self.terminal.waits():
            self._owes = True
            self.windows.show(f"{waits} Quit again to leave.", "trouble")
        return bool(waits)

    def leave_now(self) -> None:
        """Whatever is waited for; the others are told."""
        self._leaving = "Leaving."
        self._bare.close()
        self._other_editor.close()
        # It waits for the server a moment; the screen does not.
        threading.Thread(target=self.terminal.interrupt, daemon=True).start()
        self._stage.later(GRACE, self._stage.exit)

    def _leave_interrupted(self) -> None:
        self.interrupted = True
        self.leave_now()
