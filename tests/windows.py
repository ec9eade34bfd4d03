"""Windows of a person, over a server that is a list of entries for each room; its answers wait to be given."""

from __future__ import annotations

from collections.abc import Sequence

from roomchat.client.client_events import ConnectionBack, ConnectionLost
from roomchat.protocol import (
    PAGE,
    AnyEntry,
    HistoryPage,
    Joined,
    Left,
    Limits,
    Message,
    Person,
    Unknown,
    Welcome,
    is_pair,
)
from roomchat.terminal.shown.render import CLOCK
from roomchat.terminal.shown.widths import width as width_of
from roomchat.terminal.typed.input import FetchPage, Input
from roomchat.terminal.windows.folded_rows import FoldedRow, FoldedRows
from roomchat.terminal.windows.timeline import Timeline
from roomchat.terminal.windows.viewport import RowsOf
from roomchat.terminal.windows.window import Window
from roomchat.terminal.windows.windows import Windows

ME, BOB = 1, 2
WHISPERS = "@1-2"
NAMES = {ME: "ann", BOB: "bob", 3: "cleo"}
LIMITS = Limits(text=8192, name=32, line=65536, rooms=100)


class Desk:
    """``ann`` at her windows; she looks at a pane of ``width`` and ``height``. ``windows``: those of a screen."""

    def __init__(self, width: int = 60, height: int = 10, windows: Windows | None = None) -> None:
        self.logs: dict[str, list[AnyEntry | Unknown]] = {}
        self.came: dict[str, list[Message]] = {}  # while she was there
        self.asked: list[FetchPage] = []
        self.width, self.height = width, height
        self.windows = windows or Windows(clock=CLOCK, is_begun=lambda: False, ask=self.ask)
        people = [Person(uid, name) for uid, name in NAMES.items()]
        self.windows.take(
            Welcome(
                uid=ME, name="ann", token="t", epoch="e", last_n=0, server="s", clients=people,
                clients_total=len(people), rooms=[], rooms_total=0, limits=LIMITS, motd="",
            )
        )  # fmt: skip

    def ask(self, request: Input) -> None:
        """What the sending thread is asked for."""
        if isinstance(request, FetchPage):
            self.asked.append(request)

    @property
    def window(self) -> Window:
        """Which is looked at."""
        return self.windows.current

    def of(self, room: str) -> Window:
        """The window of a room; there must be one."""
        window = self.windows.of(room)
        assert window is not None
        return window

    # ------------------------------------------------------------ what the server does

    def log(self, room: str, entries: int, step: int = 1) -> None:
        """So much has been said there; of the numbers between two entries ``step - 1`` are of none."""
        self.logs[room] = []
        for number in range(entries):
            self.logs[room].append(self._entry(room, BOB, f"old {number}", 1 + number * step))

    @staticmethod
    def _entry(room: str, uid: int, text: str, seq: int) -> Message:
        ts = f"2026-01-{1 + seq // 50 % 28:02}T12:{seq % 60:02}:00.000Z"
        return Message(room, seq, uid, NAMES[uid], ts, text)

    def join(self, room: str, replayed: int = 0) -> None:
        """Come into a room; the last entries of its log come by themselves."""
        log = self.logs.setdefault(room, [])
        last = log[-1].seq if log else 0
        self.windows.take(
            Joined(room=room, members=[Person(ME, "ann")], members_total=1, last_seq=last, re=1)
        )  # fmt: skip
        for entry in log[len(log) - replayed :]:
            self.windows.take(entry)

    def leave(self, room: str) -> None:
        """And out of it."""
        self.windows.take(Left(room=room))

    def say(self, room: str, text: str, uid: int = BOB, step: int = 1) -> None:
        """Somebody says something, and it comes at once."""
        log = self.logs.setdefault(room, [])
        entry = self._entry(room, uid, text, log[-1].seq + step if log else 1)
        log.append(entry)
        self.came.setdefault(room, []).append(entry)
        self.windows.take(entry)

    def answer(self, number: int = 0) -> None:
        """Give the answer to one of the questions that wait."""
        request = self.asked.pop(number)
        room, after, before = request.history.room or "", request.history.after, request.history.before
        limit = request.history.limit or PAGE
        if after is not None:
            found = [entry for entry in self.logs[room] if entry.seq > after]
            page = found[:limit]
        else:
            found = [entry for entry in self.logs[room] if before is None or entry.seq < before]
            page = found[-limit:]
        self.windows.take(HistoryPage(room=room, entries=page, more=len(found) > limit, re=request.page))

    def lose(self) -> None:
        """The connection is lost, with all answers, and comes back."""
        self.asked.clear()
        self.windows.take(ConnectionLost("lost"))
        self.windows.take(ConnectionBack())

    # ------------------------------------------------------------ what the person does

    @property
    def rows_of(self) -> RowsOf[FoldedRow]:
        """As the pane of the messages has it."""
        windows = self.windows
        return windows.looked_at.rows(windows.lines_of, self.width, width_of, is_away=not windows.connected)

    def look(self) -> list[str]:
        """What is painted; more of the log is asked for, as the pane does it."""
        window = self.windows.looked_at
        rows = window.view(self.rows_of, self.height)
        if window.top(self.rows_of, self.height).item - window.span.start < self.height:
            self.windows.fetch_older(window)
        if window.past is not None and len(window.below(self.rows_of, self.height)) < self.height:
            self.windows.fetch_newer(window)
        return ["".join(piece.text for piece in row).rstrip() for row in rows]

    def look_until_quiet(self) -> list[str]:
        """Look, until all that was asked for is answered."""
        rows = self.look()
        for _ in range(1000):
            if not self.asked:
                return rows
            self.answer()
            rows = self.look()
        raise AssertionError("it asks for ever")

    def scroll(self, by: int) -> None:
        """More than 0 is down."""
        self.windows.looked_at.scroll(self.rows_of, self.height, by)

    def turn_to(self, room: str) -> None:
        """Look at a room, or at whispers."""
        self.windows.turn_to(room)

    # ------------------------------------------------------------ what must hold

    def assert_sound(self) -> None:
        """No window has an entry twice, out of order, or leaves one out; what is counted as new is what is new."""
        for window in self.windows.all():
            if window.room is not None:
                for timeline in filter(None, (window.live, window.past)):
                    self._assert_without_hole(window.room, timeline)
                log = self.logs[window.room]
                have = [entry.seq for entry in window.live.entries()]
                assert not have or have[-1] == log[-1].seq, "the newest is here"
                new = [entry for entry in self.came.get(window.room, []) if entry.seq > window.read]
                others = [entry for entry in new if entry.uid != ME]
                assert window.unread == len(others)
                wanted = [one for one in others if is_pair(one.room) or "ann" in one.text]
                assert window.mentions == len(wanted)
        self._assert_folded(self.windows.looked_at)

    def _assert_folded(self, window: Window) -> None:
        """What is remembered of its rows is as if it were folded now."""
        self.rows_of  # noqa: B018 - it forgets what does not hold any more
        remembered, window._folded = window._folded, FoldedRows()
        rows_of = self.rows_of
        assert {number: rows_of(number) for number in remembered._rows} == remembered._rows
        assert {number: window._folded.head(number) for number in remembered._rows} == remembered._heads
        window._folded = remembered

    def _assert_without_hole(self, room: str, timeline: Timeline) -> None:
        have = [entry.seq for entry in timeline.entries()]
        if have:
            whole = [entry.seq for entry in self.logs[room]]
            start = whole.index(have[0])
            assert have == whole[start : start + len(have)]
            assert not timeline.is_whole or start == 0


def numbers(rows: Sequence[str], word: str = "old") -> list[int]:
    """Of rows that tell of numbered messages, the numbers."""
    return [int(row.rpartition(f"{word} ")[2]) for row in rows if f": {word} " in row]
