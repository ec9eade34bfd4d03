"""How many columns a text takes: by what people see as one character, and by what this terminal makes of it.

Terminals agree on letters, marks and full width. They do not agree on emoji of several code points: a family of
three takes two columns where they are drawn as one, six where they are not. So the terminal is asked
(``QUESTIONS``). Until it answers, such an emoji gets as many columns as it takes anywhere. It is always drawn so
that what comes next stands right (``placed``): the cursor is where it seems to be, there may only be a gap.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from itertools import pairwise

from prompt_toolkit import utils
from prompt_toolkit.layout import screen
from wcwidth import wcwidth

from roomchat.terminal.shown.clusters import JOINER, TONES, clusters, kind_of

MAX_MEASURED = 10_000  # texts whose width is remembered, if it takes more than counting
_EMOJI_FROM = "\U0001f000"
_EMOJI_STYLE = "\ufe0f"
_TURNS_EMOJI = set("0123456789#*\u203c\u2049")  # beside symbols: what ``_EMOJI_STYLE`` makes an emoji of


@dataclass(frozen=True)
class Widths:
    """Columns in which terminals differ. As it begins: as many as in any of them."""

    joined: bool = False  # several emoji with joiners between them are one of 2 columns
    toned: bool = False  # a colour of skin takes no columns of its own
    flag: int = 4  # columns of a flag, which is two letters
    emoji: bool = True  # a narrow symbol that is to look like an emoji takes 2 columns


# What is drawn to learn them, each from the first column on; then the terminal tells where its cursor is.
QUESTIONS = (
    "\U0001f468\u200d\U0001f469\u200d\U0001f467",  # a family
    "\U0001f44d\U0001f3fd",  # a thumb with a tone
    "\U0001f1e9\U0001f1ea",  # a flag
    "\u2764\ufe0f",  # a heart, which is a narrow symbol without the sign behind it
)


def learned(columns: list[int]) -> Widths:
    """What the answers to ``QUESTIONS`` mean; each is the number of columns that it took."""
    family, thumb, flag, heart = columns
    return Widths(joined=family == 2, toned=thumb == 2, flag=2 if flag == 2 else 4, emoji=heart != 1)


class Columns(dict[str, int]):
    """How many columns a text takes, remembered. Any thread may look up; all else is for the one that paints."""

    def __init__(self) -> None:
        super().__init__()
        self.widths = Widths()
        self._answers: list[int] = []

    def __missing__(self, text: str) -> int:
        if len(text) > 1 and text.isascii() and text.isprintable():
            return len(text)
        columns = sum(self._cluster(one) for one in clusters(text))
        if len(self) >= MAX_MEASURED:
            self.clear()
        self[text] = columns
        return columns

    def measure(self) -> None:
        """From now on prompt_toolkit measures so, too; it would add up code points."""
        utils._CHAR_SIZES_CACHE = self  # type: ignore[assignment]

    def question(self) -> str:
        """What asks the terminal, from the corner of an empty screen; nothing of it stays there."""
        self._answers = []
        return "".join(f"\x1b[H{one}\x1b[6n" for one in QUESTIONS) + "\x1b[H\x1b[K"

    def answer(self, report: str) -> bool:
        """Where the terminal says that its cursor is, as it says it; whether all that was painted is wrong now."""
        found = re.fullmatch(r"\x1b\[\d+;(\d{1,4})R", report)
        if found is None or len(self._answers) == len(QUESTIONS):
            return False
        self._answers.append(int(found[1]) - 1)
        return len(self._answers) == len(QUESTIONS) and self.learn(learned(self._answers))

    def learn(self, widths: Widths) -> bool:
        """How this terminal draws; whether that is new."""
        is_new = widths != self.widths
        if is_new:
            self.widths = widths
            self.clear()
            screen._CHAR_CACHE.clear()  # each cell there knows its width
        return is_new

    def _cluster(self, cluster: str) -> int:
        first = cluster[0]
        if len(cluster) == 1:
            return max(0, wcwidth(first))
        if kind_of(first) == "Letter":
            return self.widths.flag
        columns, symbol = max(0, wcwidth(first)), first
        for before, character in pairwise(cluster):
            if character in TONES:
                columns += 0 if self.widths.toned else 2
            elif character == _EMOJI_STYLE:
                narrow = wcwidth(symbol) == 1 and (symbol in _TURNS_EMOJI or kind_of(symbol) == "Symbol")
                columns += narrow and self.widths.emoji and not (self.widths.joined and columns >= 2)
            elif before == JOINER and kind_of(character) == "Symbol":
                columns += 0 if self.widths.joined else max(0, wcwidth(character))
                symbol = character
            elif unicodedata.category(character) == "Mc":
                columns += 1
        return columns


columns = Columns()  # of this process's terminal; there is one


def width(text: str) -> int:
    """Columns that a text of one row takes."""
    return columns[text]


def shortened(text: str, available: int) -> str:
    """A text that is no wider than that, with an ellipsis where it was cut."""
    if width(text) <= available:
        return text
    return fitting(text, available - 1) + "…" if available > 0 else ""


def fitting(text: str, available: int) -> str:
    """As many of its characters as there are columns for."""
    kept: list[str] = []
    for one in clusters(text):
        available -= width(one)
        if available < 0:
            break
        kept.append(one)
    return "".join(kept)


def placed(text: str) -> str:
    """How to draw a text so that each part of it stands right, whatever the terminal thinks of its emoji.

    The columns of such a cluster are made empty, it is drawn, and the cursor goes from where it was by as many
    columns.
    """
    if not _UNCERTAIN.search(text):
        return text
    return "".join(_placed(cluster, width(cluster)) for cluster in clusters(text))


# What terminals may differ in: emoji, since one may be older than they are, what makes them of other symbols, and
# scripts with marks that take a column.
_UNCERTAIN = re.compile("[\U0001f000-\U0001fbff\u200d\ufe0f\u0900-\u0dff\u0f00-\u109f\u1780-\u17ff]")


def _placed(cluster: str, width: int) -> str:
    if not _UNCERTAIN.search(cluster) or (len(cluster) == 1 and cluster < _EMOJI_FROM):
        return cluster
    empty = f"\x1b7{' ' * width}\x1b8" if width else ""
    forward = f"\x1b[{width}C" if width else ""
    return f"{empty}\x1b7{cluster}\x1b8{forward}"
