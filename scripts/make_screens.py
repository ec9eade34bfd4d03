"""Makes the pictures in docs/images: the real program in an emulated terminal, its screens written as SVG.

Where there is a browser, those of the page, too (page_screens.py).

Run `make screens`, look at them, and commit them.
"""

from __future__ import annotations

import os
import re
import signal
import sys
import tempfile
from collections.abc import Iterator
from html import escape
from itertools import groupby
from operator import attrgetter
from pathlib import Path

from prompt_toolkit.utils import get_cwidth

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

import page_screens  # noqa: E402
from conversation import CALLED, GARDEN, HALF, TOOLS, WHISPERED  # noqa: E402

from roomchat import Client  # noqa: E402
from tests.emulator import ENTER, TAB, Emulated, alt  # noqa: E402
from tests.program import address_of, serve  # noqa: E402
from tests.web.browser import MISSING, executable  # noqa: E402

FOLDER = ROOT / "docs" / "images"
COLUMNS, ROWS = 78, 17
WIDE, HIGH, SIZE, EDGE, BAR = 8.4, 19, 14, 14, 30  # pixels: a cell, the letters, the frame, the bar at the top
GROUND, TEXT, BUTTONS = "#1c1f26", "#d8dce4", ("#e0625a", "#e0b04c", "#5fae5a")
LOOK = attrgetter("fg", "bold", "italics", "reverse")  # of a cell
FONT = "ui-monospace, 'SF Mono', Menlo, 'DejaVu Sans Mono', Consolas, monospace"


def main() -> None:
    """Play, and take a picture now and then."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, serve(db=Path(folder) / "chat.db") as server:
        os.environ["XDG_STATE_HOME"] = folder
        address = address_of(server)
        with (
            Emulated("join", address, "--name", "ann", columns=COLUMNS, rows=ROWS) as ann,
            Client(address, "bob", state=False, on_event=id) as bob,  # they look at nothing
            Client(address, "cleo", state=False, on_event=id) as cleo,
        ):
            chat(ann, bob, cleo)
            save(ann, "chat", "roomchat join")
            ann.type("\x03/whisper " + TAB)
            ann.until("/whisper bob")
            save(ann, "complete", "Tab completes commands, people and rooms")
            ann.type("\x03/help" + ENTER)
            ann.until("Talking")
            save(ann, "help", "/help")
            ann.type("\x1b")
            ann.until("cold frame")
            say(ann, bob, "Is there any tea left?")
            ann.type("Plenty! The kettle is on." + ENTER)
            ann.until("ann: Plenty!")
            server.signal(signal.SIGKILL)
            ann.until("trying again")
            ann.type("Bring your own cup." + ENTER + "This waits, too." + ENTER + "and I go on ty")
            ann.until("on ty")
            ann.until("... This waits")
            save(ann, "lost", "The server is away; what is typed is kept")
    if executable() is None:
        print("Not those of the page:", MISSING)
    else:
        page_screens.take(FOLDER)


def chat(ann: Emulated, bob: Client, cleo: Client) -> None:
    """A conversation that has everything in it."""
    ann.until("ann (")
    friends = {"bob": bob, "cleo": cleo}
    for friend in friends.values():
        friend.join("garden")
    ann.type("/join garden" + ENTER)
    ann.until("[garden]")
    for who, text in GARDEN:
        if who in friends:
            say(ann, friends[who], text)
        else:
            ann.type(text + ENTER)
            ann.until(f"ann: {text[:6]}")
    bob.whisper(3, WHISPERED)
    say(ann, friends[CALLED[0]], CALLED[1])
    bob.join("tools")
    ann.type("/join tools" + ENTER)
    ann.until("[tools]")
    ann.type(alt("2"))
    ann.until("[garden]")
    for text in TOOLS:
        bob.say(text, room="tools")
    ann.until(lambda screen: any(re.search(r"tools +2!", row) for row in screen.shown))
    ann.type(HALF)
    ann.until(HALF[-9:])


def say(ann: Emulated, who: Client, text: str) -> None:
    """Said, and seen."""
    who.say(text, room="garden")
    ann.until(text.removeprefix("/me ")[:20])


def save(screen: Emulated, name: str, title: str) -> None:
    """Write the screen, down to its last row with something in it."""
    rows = len(screen.shown)
    width, height = COLUMNS * WIDE + 2 * EDGE, rows * HIGH + BAR + 2 * EDGE
    buttons = [
        f'<circle cx="{18 + 18 * n}" cy="{BAR / 2}" r="5.5" fill="{fill}"/>' for n, fill in enumerate(BUTTONS)
    ]
    picture = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" width="{width:.0f}" '
        f'role="img" aria-label="{escape(title)}">',
        f'<title>{escape(title)}</title>\n<rect width="100%" height="100%" rx="9" fill="{GROUND}"/>',
        f'<path d="M0 {BAR}V9a9 9 0 0 1 9-9H{width - 9:.0f}a9 9 0 0 1 9 9V{BAR}z" fill="#2a2e37"/>',
        *buttons,
        f'<g font-family="{FONT}" font-size="{SIZE}" xml:space="preserve">',
        f'<text x="{width / 2:.0f}" y="{BAR - 10}" text-anchor="middle" fill="#9aa2b1" '
        f'font-size="12">{escape(title)}</text>',
        *(part for row in range(rows) for part in _row(screen, row)),
        "</g></svg>\n",
    ]
    (FOLDER / f"{name}.svg").write_text("\n".join(picture))


def _row(screen: Emulated, row: int) -> Iterator[str]:
    """Each word stands where its cells are, and is as wide as they are: so it fits whatever font there is."""
    cells, cursor, y = screen.screen.buffer[row], screen.screen.cursor, BAR + EDGE + row * HIGH
    for look, columns in groupby(range(COLUMNS), lambda x: LOOK(cells[x])):
        (colour, bold, italics, reverse), (first, *others) = look, columns
        text = "".join(cells[x].data for x in (first, *others))
        x, fill = EDGE + first * WIDE, TEXT if colour == "default" else f"#{colour}"
        if reverse:
            yield _box(x, y, get_cwidth(text), fill)
            fill = GROUND
        style = (' font-weight="bold"' if bold else "") + (' font-style="italic"' if italics else "")
        for word in re.finditer(r"[!-~]+|[^ -~]", text):
            at = x + get_cwidth(text[: word.start()]) * WIDE
            length = f' textLength="{get_cwidth(word[0]) * WIDE:.1f}"' if len(word[0]) > 1 else ""
            yield f'<text x="{at:.1f}" y="{y + HIGH - 5}" fill="{fill}"{style}{length}>{escape(word[0])}</text>'
    if cursor.y == row:
        yield _box(EDGE + cursor.x * WIDE, y, 1, TEXT)


def _box(x: float, y: int, columns: int, fill: str) -> str:
    return f'<rect x="{x:.1f}" y="{y}" width="{columns * WIDE:.1f}" height="{HIGH}" rx="2" fill="{fill}"/>'


if __name__ == "__main__":
    main()
