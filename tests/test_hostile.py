"""A server, and people on it, that try to take the screen over: every text that comes is shown, and only shown."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomchat import protocol
from roomchat.harmless import MAX_MARKS, harmless
from roomchat.protocol import Message, Person, RoomSummary
from roomchat.terminal.editing.pasted import pasted
from roomchat.terminal.shown.focus import RoomFocus
from roomchat.terminal.shown.lines import fold
from roomchat.terminal.shown.render import lines
from roomchat.terminal.shown.roster import Roster
from roomchat.terminal.typed.complete import candidates
from tests.emulator import CTRL_C, ENTER, PAINTED, TAB, Emulated
from tests.peer import Peer

TIME = "2026-01-01T00:00:00.000Z"
# What the program itself sends: colours, moving and erasing, paste and cursor modes, titles and notices.
OWN = re.compile(
    r"\x1b(?:\[(?:[0-9;]*[mABCDGJK]|H|6n|2[23];0t|\?(?:1|7|12|25|1049|2004)[hl]|0 q)"
    r"|[78]|\](?:2|8|777);[^\x00-\x1f\x7f-\x9f]*\x1b\\)"
)
ATTACKS = {
    "links": "https://x.example/[ZeroWidthEscape]\x1b]8;;http://y.example\x1b\\ https://z.example/\u202e;\x07",
    "escape": "\x1b[2J\x1b[1;1H\x1b]0;owned\x07\x1bc\x1b[?1049h",
    "C1": "\x9b2J\x9d0;owned\x9c\x85",
    "line ends": "a\rb\x0bc\x0cd\x08\x08",
    "bidi": "\u202eabc\u2066\u2067x\u200f",
    "zero width": "\u200b\ufeff\u2060\u200d" * 50,
    "tags": "".join(chr(0xE0000 + ord(c)) for c in "hidden"),
    "marks": "\u0301" + "e" + "\u0300\u0489" * 1500,
    "vowels": "\uac00" + "\u1161" * 3000,
}  # fmt: skip


class Hostile:
    """A server for one client, which says whatever a test likes."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"

    def accept(self) -> None:
        """Take the client and its hello."""
        self._socket, _ = self._listener.accept()
        self._socket.makefile("rb").readline()

    def send(self, *events: object) -> None:
        """Say these."""
        self._socket.sendall(b"".join(msgspec.json.encode(event) + b"\n" for event in events))

    def close(self) -> None:
        """Hang up."""
        self._socket.close()
        self._listener.close()


@contextmanager
def hostile_server() -> Iterator[Hostile]:
    server = Hostile()
    try:
        yield server
    finally:
        server.close()


def welcome(text: str) -> protocol.Welcome:
    return protocol.Welcome(
        uid=1, name="ann", token="t", epoch="e", last_n=0, server=text,
        clients=[Person(1, "ann"), Person(2, text)], clients_total=2,
        rooms=[RoomSummary(text, 1, 0)], rooms_total=1, limits=protocol.Limits(8192, 32, 65536, 100), motd=text,
    )  # fmt: skip


def everything(text: str) -> list[object]:
    """Each event that has text of others in it."""
    return [
        protocol.Joined(room="tea", members=[Person(1, "ann"), Person(2, text)], members_total=2, last_seq=0,
                        by=2),
        protocol.MemberJoined(room="tea", uid=2, name=text),
        protocol.Away(room="tea", uid=2, name=text),
        protocol.Back(room="tea", uid=2, name=text),
        protocol.Renamed(uid=2, old=text, name=text),
        Message("tea", 1, 2, text, TIME, text),
        Message("tea", 2, 2, text, text, f"/me {text}"),
        Message("@1-2", 1, 2, text, TIME, f"ann {text}"),
        protocol.Action("tea", 3, 2, text, TIME, text),
        protocol.WhoPage(clients=[Person(2, text)], clients_total=1, room=text),
        protocol.RoomsPage(rooms=[RoomSummary(text, 1, 0)], rooms_total=1),
        protocol.HistoryPage(room=text, entries=[Message(text, 1, 2, text, TIME, text)], more=False),
        protocol.StatsPage(server=text, uptime=1.0, clients=1, away=0, rooms=1, messages=1, deliveries=1,
                           batches=1, largest_batch=1),
        protocol.MemberLeft(room="tea", uid=2, name=text, reason=text),
        protocol.PresenceSummary(room="tea", joined=1, left=0, members_total=2),
        protocol.Gap(room="tea", after=2, before=5),
        protocol.Notice(text=text),
        protocol.Error(code=text, message=text),
        protocol.Joined(room=text, members=[Person(1, "ann")], members_total=1, last_seq=0),
        Message(text, 1, 2, text, TIME, text),
        Message(text, 2, 1, "ann", TIME, text),
    ]  # fmt: skip


@pytest.mark.parametrize("text", ATTACKS.values(), ids=ATTACKS)
def test_no_text_does_anything_to_the_screen(text: str) -> None:
    """On every way to the screen: no sequence but the program's own, no character that is not to be seen, and the
    line that is typed stays where it is."""
    with hostile_server() as server, Emulated("join", server.address, "--name", "ann", rows=40) as ann:
        server.accept()
        server.send(welcome(text), *everything(text))
        server.send(protocol.Joined(room="tea", members=[Person(1, "ann")], members_total=1, last_seq=2))
        server.send(Message("tea", 9, 2, "bob", TIME, "the end"))
        ann.until("bob: the end")
        ann.type("safe")
        ann.until("[tea] safe")
        ann.type(CTRL_C + "/join " + TAB)  # a hostile name must not come into the line, nor onto the bottom line
        ann.until("[tea] /join")
        ann.type(CTRL_C + "@" + TAB + CTRL_C + "done")
        ann.until("[tea] done")
        whole, _, _ = ann.raw.rpartition(PAINTED)  # of the next painting there may be a part of a sequence
        sent = OWN.sub("", whole.decode())
        assert sent == "".join(c for c in sent if c in "\r\n\a\b" or harmless(c) == c)
        ann.until(lambda one: one.screen.title.startswith("roomchat: tea"))  # it is set now and then
        cells = [row[x] for row in ann.screen.buffer.values() for x in range(80)]
        assert max(len(cell.data) for cell in cells) <= 1 + MAX_MARKS
        assert all(cell.bg == "default" for cell in cells)


def test_a_mark_at_the_start_of_a_name_stays_in_its_own_cell() -> None:
    """It does not change the character before the name."""
    roster = Roster()
    roster.update(welcome("bob"))
    focus = RoomFocus(roster, is_tagged=True)
    for event in everything("\u0301x"):
        for line in lines(event, roster, focus):  # type: ignore[arg-type]
            assert " \u0301" not in line.plain.replace("ann \u0301", "")  # that one its author has put there
            assert "[\u0301" not in line.plain


@given(st.text())
def test_what_is_pasted_is_harmless(text: str) -> None:
    """Line by line; and its lines are kept."""
    shown = pasted(text)
    assert all(harmless(line) == line for line in shown.split("\n"))
    assert "\r" not in shown


@given(st.text(st.characters() | st.sampled_from("\x1b\u202e\u0301 /@")), st.text())
def test_tab_offers_nothing_harmful(name: str, before: str) -> None:
    """Whatever others are called, and whatever is typed."""
    roster = Roster()
    roster.update(welcome(name))
    for text in (before, f"/dial {before}", f"/join {before}", f"@{before}"):
        word, offered = candidates(text, roster, ["tea", name], "tea")
        assert text.endswith(word)
        assert all(harmless(one.text) == one.text for one in offered)


@given(st.text(), st.integers(1, 100))
def test_no_row_is_wider_than_the_screen(text: str, width: int) -> None:
    """Folded to whatever width, all that is said is there, in its order."""
    from prompt_toolkit.utils import get_cwidth

    roster = Roster()
    roster.update(welcome("bob"))
    focus = RoomFocus(roster, is_tagged=True)
    for line in lines(Message("tea", 1, 2, "bob", TIME, text), roster, focus):
        rows = ["".join(piece.text for piece in row) for row in fold(line, width, get_cwidth)]
        assert "".join(rows).replace(" ", "") == line.plain.replace(" ", "")
        if width > 8:
            assert all(get_cwidth(row.rstrip()) <= width for row in rows)


def test_hostile_text_goes_through_a_real_server(serve, connect) -> None:
    """As anybody can send it: the others see it said, and nothing else happens."""
    server = serve()
    bob: Peer = connect(server, "bob")
    with Emulated("join", f"127.0.0.1:{server.address[1]}", "--name", "ann", "--room", "tea") as ann:
        ann.until("[tea]")
        bob.send("join", room="tea")
        bob.send("say", room="tea", text="\x1b[2J\x1b[H" + "\u0301" * 8000)
        ann.until("bob: \u241b[2J\u241b[H")
        ann.type("fine" + ENTER)
        ann.until("ann: fine")
