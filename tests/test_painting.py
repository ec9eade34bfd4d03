"""What is painted is what the model says: the application itself paints on an emulated screen, in this process."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import product
from typing import NamedTuple, TextIO, cast

import pyte
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prompt_toolkit import utils
from prompt_toolkit.application import create_app_session
from prompt_toolkit.application.current import set_app
from prompt_toolkit.data_structures import Size
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.input.vt100_parser import Vt100Parser
from prompt_toolkit.renderer import Renderer

from roomchat.client.client import Client
from roomchat.protocol import Message
from roomchat.terminal.device.output import ScreenOutput
from roomchat.terminal.device.pace import Pace
from roomchat.terminal.editing.typed_rows import row_of
from roomchat.terminal.screen import status
from roomchat.terminal.screen.screen import Screen
from roomchat.terminal.screen.status import Fragments
from roomchat.terminal.shown.render import CLOCK
from roomchat.terminal.terminal import Terminal
from roomchat.terminal.typed.input import Hidden, Input, InputQueue, Typed
from roomchat.terminal.windows.display import PlainDisplay
from roomchat.terminal.windows.window import Window
from roomchat.terminal.windows.windows import Windows
from tests.emulator import END, ENTER, HOME, PAGE_DOWN, PAGE_UP, UP, Glass, alt, paste
from tests.windows import BOB, ME, WHISPERS, Desk

LEFT, RIGHT, BACKSPACE, F1, F2, CTRL_N = "\x1b[D", "\x1b[C", "\x7f", "\x1bOP", "\x1bOQ", "\x0e"
CTRL_A, CTRL_W, CTRL_L = "\x01", "\x17", "\x0c"


class Painting:
    """A screen without a terminal behind it: what it writes goes to the emulator at once."""

    def __init__(self, stack: ExitStack, columns: int, rows: int) -> None:
        self.columns, self.rows = columns, rows
        self.glass = Glass(columns, rows)
        self.output = self._output(self.glass)
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setattr(utils, "_CHAR_SIZES_CACHE", utils._CHAR_SIZES_CACHE)  # it is another one while a screen is
        patch.setattr(ScreenOutput, "open", lambda stdout: self.output)
        keys = stack.enter_context(create_pipe_input())
        stack.enter_context(create_app_session(input=keys, output=self.output))
        self.screen = Screen(colour=False, bell="never", clock=CLOCK)
        self.screen._stage._loop = asyncio.get_running_loop()
        self.screen.terminal = Terminal("localhost", self.screen.input, self.screen.windows, interactive=True)
        self.screen.windows.meet(Client("localhost", "ann", state=False))
        stack.callback(self.screen.windows.part)
        self.desk = Desk(windows=self.screen.windows)
        for room in ("tea", "ops"):
            self.desk.log(room, 250)
            self.desk.join(room, 30)
        self.app = self.screen._application()
        stack.enter_context(set_app(self.app))
        self._parser = Vt100Parser(self.app.key_processor.feed)

    def _output(self, glass: Glass) -> ScreenOutput:
        class Stdout:
            encoding = "utf-8"
            write = pyte.Stream(glass).feed

            def flush(self) -> None:
                pass

            def fileno(self) -> int:
                return sys.__stderr__.fileno() if sys.__stderr__ is not None else 2

        output = ScreenOutput(cast(TextIO, Stdout()), lambda: Size(self.rows, self.columns), term="xterm")
        output.pace = Pace(clock=lambda: 0.0)  # nothing takes time, so nothing is put off
        return output

    def paint(self) -> None:
        """As the application does it; what the sending thread was asked for is done."""
        self.app.before_render.fire()
        self.app.renderer.render(self.app, self.app.layout)
        queue = self.screen.input
        while queue._lines and (request := queue.next()) is not None:
            if isinstance(request, Typed):
                self.desk.say(request.room or "tea", request.text, ME)
            else:
                self.desk.ask(request)

    def press(self, keys: str) -> None:
        """Keys, as the terminal sends them."""
        self._parser.feed_and_flush(keys)
        self.app.key_processor.process_keys()

    def resize(self, columns: int, rows: int) -> None:
        """The window is drawn larger or smaller."""
        self.columns, self.rows = columns, rows
        self.glass.resize(rows, columns)
        self.app.renderer.erase(leave_alternate_screen=False)

    def fresh(self) -> Glass:
        """How the same looks on a screen on which nothing was before."""
        glass = Glass(self.columns, self.rows)
        renderer = Renderer(self.app.renderer.style, self._output(glass), full_screen=True)
        renderer.render(self.app, self.app.layout)
        return glass

    # ------------------------------------------------------------ what must hold

    def assert_painted(self) -> None:
        """No row is a stale one, the messages are those of the model, and the cursor is where one types."""
        fresh = self.fresh()
        assert self.glass.display == fresh.display
        assert (self.glass.cursor.x, self.glass.cursor.y) == (fresh.cursor.x, fresh.cursor.y)
        assert not self.glass.cursor.hidden
        self._assert_messages()
        self._assert_cursor()

    def _assert_messages(self) -> None:
        pane, window = self.screen.messages, self.screen.windows.looked_at
        view = window.view(pane._rows_of(window), pane._height)
        rows = ["".join(piece.text for piece in row).rstrip() for row in view]
        middle = self.glass.middle + [""] * self.rows
        start = middle.index(rows[0]) if rows else 0
        assert middle[start : start + len(rows)] == rows

    def _assert_cursor(self) -> None:
        """What stands left of it is the prompt and what is typed before it, and nothing else."""
        editor = self.screen.editor
        text, cursor = editor.shown
        rows = editor.rows(text)
        number = row_of(rows, cursor)
        before = text[rows[number].start : cursor]
        cells = self.glass.buffer[self.glass.cursor.y]
        left = "".join(cells[x].data for x in range(self.glass.cursor.x)).rpartition("│")[2]
        assert left.endswith(before)
        prompt = left.removesuffix(before).rstrip(" …")  # it is shortened where there is little room
        assert self.screen.prompt().startswith(prompt) if number == 0 else not prompt


class Step(NamedTuple):
    """Something that happens."""

    kind: str
    text: str = ""
    number: int = 0


words = st.text(st.sampled_from("ab \u4f60\u597d\N{THUMBS UP SIGN}é"), min_size=1, max_size=40)
texts = words | words.map(lambda text: text * 30) | st.just("https://example.org/" + "x" * 200)
keys = st.sampled_from(
    [PAGE_UP, PAGE_UP, PAGE_DOWN, HOME, END, alt("1"), alt("2"), alt("3"), alt("a"), CTRL_N, F1, F2, ENTER, UP,
     LEFT, LEFT, RIGHT, BACKSPACE, CTRL_A, CTRL_W, CTRL_L, alt(ENTER), paste("one\rtwo\rthree")]
)  # fmt: skip
step = st.one_of(
    st.builds(Step, st.just("resize"), texts, st.integers(0, 10_000)),
    st.builds(Step, st.sampled_from(["tea", "ops", WHISPERS]), texts, st.integers(1, 5)),
    st.builds(Step, st.just("answer")),
    st.builds(Step, st.just("keys"), keys),
    st.builds(Step, st.just("keys"), words),
)
sizes = st.tuples(st.integers(20, 300), st.integers(5, 100)) | st.tuples(st.integers(20, 90), st.integers(5, 15))


def do(painting: Painting, one: Step) -> None:
    """Have it happen."""
    match one.kind:
        case "resize":
            columns, rows = 20 + one.number % 130, 5 + one.number // 130 % 30
            painting.resize(columns, rows)
        case "answer" if painting.desk.asked:
            painting.desk.answer()
        case "keys":
            painting.press(one.text)
        case room if room in painting.desk.logs or room == WHISPERS:
            for _ in range(one.number):
                painting.desk.say(room, one.text, BOB)


def paint_on(columns: int, rows: int, paint: Callable[[Painting], None]) -> None:
    """In a loop, which what is painted needs."""

    async def run() -> None:
        with ExitStack() as stack:
            painting = Painting(stack, columns, rows)
            painting.paint()
            paint(painting)

    asyncio.run(run())


@settings(max_examples=40, deadline=None)
@given(sizes, st.lists(step, max_size=15))
def test_what_is_painted_is_what_the_model_says(size: tuple[int, int], steps: list[Step]) -> None:
    """After any resizes, messages, pages and keys, painted one after the other or together."""

    def paint(painting: Painting) -> None:
        for number, one in enumerate(steps):
            do(painting, one)
            if number % 3:
                painting.paint()
                painting.paint()  # the first has asked for more of the log, and the second says that it comes
                painting.assert_painted()

    paint_on(*size, paint)


def test_it_fits_into_every_size() -> None:
    """From 20 to 300 columns and 5 to 100 rows the newest message and the whole of the line are there."""

    def paint(painting: Painting) -> None:
        painting.press("a line")
        painting.desk.say("ops", "the newest")
        for columns, rows in product([20, 21, 39, 71, 72, 73, 300], [5, 7, 8, 10, 100]):
            painting.resize(columns, rows)
            painting.paint()
            painting.paint()
            painting.assert_painted()
            assert painting.glass.typed == "[ops] a line"
            assert "newest" in " ".join(painting.glass.middle)

    paint_on(80, 24, paint)


def test_it_comes_back_from_every_size() -> None:
    """However small the window was, with the people beside the room; all is there when it has room again."""

    def paint(painting: Painting) -> None:
        painting.press("a line" + F2)
        painting.desk.say("ops", "the newest")
        for columns, rows in [*product([1, 2, 3, 4, 5, 19], [1, 2, 3, 4]), *product([1, 2, 3, 300], [1, 100])]:
            for size in ((columns, rows), (100, 24)):
                painting.resize(*size)
                painting.paint()
            assert painting.glass.typed.startswith("[ops] a line")
            assert "newest" in " ".join(painting.glass.middle)

    paint_on(80, 24, paint)


def test_each_window_has_its_own_line() -> None:
    """With its cursor; what is typed behind the key is in the other one, painted or not."""

    def paint(painting: Painting) -> None:
        painting.press("for ops" + LEFT + LEFT + alt("1") + "for tea" + CTRL_N + "-")
        painting.paint()
        assert painting.glass.typed == "[ops] for o-ps"
        painting.assert_painted()
        painting.press(alt("1") + "!" + ENTER + "more")
        painting.paint()
        painting.paint()
        assert painting.glass.typed == "[tea] more"
        assert "ann: for tea!" in " ".join(painting.glass.middle)
        assert not any(isinstance(entry, Message) and entry.uid == ME for entry in painting.desk.logs["ops"])

    paint_on(80, 24, paint)


def test_what_is_on_its_way_is_looked_up_once_a_painting(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be a lot, and it may change meanwhile."""
    asked: list[str | None] = []

    def pending(terminal: Terminal, windows: Windows, window: Window) -> Fragments:
        asked.append(window.room)
        return [("", "... on its way")]

    def paint(painting: Painting) -> None:
        monkeypatch.setattr(status, "pending", pending)
        painting.paint()
        assert asked == ["ops"]
        assert "... on its way" in painting.glass.middle

    paint_on(80, 24, paint)


def test_keys_answer_the_question_that_is_painted() -> None:
    """One that comes during a painting stands in the next one; one that is over gets no answer, and the next one
    does not get that. What is hidden is nowhere."""

    def paint(painting: Painting) -> None:
        source, editor = painting.screen.input, painting.screen.editor

        def taken() -> list[Input]:
            given, source._lines = [*source._lines], deque()
            return given

        with ExitStack() as asked:
            come = [source.asking("Your password: ", is_hidden=True)]
            painting.app.before_render += lambda _: asked.enter_context(come.pop()) if come else None
            painting.paint()
            assert painting.glass.typed == "[ops]"
            painting.press("to the room" + ENTER)
            assert taken() == [Typed("to the room", "ops")]
            painting.paint()
            assert painting.glass.typed == "Your password:"
            painting.press("secret" + ENTER + "half")
            assert taken() == [Hidden("secret")]
        with source.asking("The same again: ", is_hidden=True):
            painting.press(" of it" + ENTER)
            assert taken() == []
            painting.paint()
            painting.press(ENTER)
            assert taken() == [Hidden("")]
        painting.press("secret" + ENTER)
        assert taken() == []
        painting.paint()
        assert (editor.text, painting.screen.shown.draft) == ("", "")
        assert "secret" not in " ".join(painting.glass.rows)

    paint_on(80, 24, paint)


def test_what_was_typed_before_a_question_was_seen_is_done_behind_it() -> None:
    """It was meant for what stood there; the answer is what is typed when the question stands there."""
    source, asks = InputQueue(), threading.Event()
    display = PlainDisplay(lambda line: None, clock=CLOCK)
    terminal = Terminal("localhost", source, display, interactive=True, changed=asks.set)
    source.put(Typed("one", "tea"))
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(terminal.arrival.ask_hidden, "Your password: ")
        assert asks.wait(20)
        source.put(Typed("two", "tea"))
        source.answer(None, "no answer")
        source.answer(source.question, "secret")
        assert answer.result(20) == "secret"
    assert [source.next() for _ in range(2)] == [Typed("one", "tea"), Typed("two", "tea")]
    assert source.question is None
