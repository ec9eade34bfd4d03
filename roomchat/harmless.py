"""The one place where text from others is made fit for a terminal or a log line."""

from __future__ import annotations

import re
import unicodedata

# What a terminal obeys, what reorders the text around it, and what nobody can see. Written out rather than read
# from unicodedata: scanning all of Unicode took 0.16 s of every start. A test holds it against unicodedata.
# Kept although invisible: U+200C and U+200D, which part and join letters in several scripts and hold emoji
# together.
_HARMFUL = re.compile(
    "["
    "\u0000-\u001f\u007f-\u009f"  # C0 with escape and the line feed, DEL, C1
    "\u00ad"  # soft hyphen
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # bidi marks, embeddings, overrides, isolates
    "\u180e\u200b\u2060-\u2065\u206a-\u206f\ufeff"  # other invisible formats
    "\u2028\u2029"  # line and paragraph separators
    "\ufff9-\ufffb\U0001d173-\U0001d17a"  # annotations, musical beams and slurs
    "\U000e0000-\U000e007f"  # tags: a whole invisible alphabet
    "\ud800-\udfff"  # lone surrogates, which can't be encoded
    "]"
)

# What takes no cell of its own is drawn into the one before. Real text stacks a handful (Hebrew with vowels and
# accents five, Vietnamese two, an emoji two); a heap of them is drawn over the lines around.
MAX_MARKS = 8
# A quick look for where there may be more: no letters or digits; Korean vowels and finals are letters.
_HEAP = re.compile(rf"(?:[^\w\x00-\x7f]|[\u1160-\u11ff\ud7b0-\ud7ff]){{{MAX_MARKS + 1},}}")


def _takes_no_cell(character: str) -> bool:
    return (
        unicodedata.category(character) in {"Mn", "Me", "Cf"}
        or "\u1160" <= character <= "\u11ff"
        or ("\ud7b0" <= character <= "\ud7ff")
    )


def _low(match: re.Match[str]) -> str:
    """No character with more than ``MAX_MARKS`` that take no cell; the rest is counted."""
    kept: list[str] = []
    height = dropped = 0
    for character in [*match[0], ""]:
        if character and _takes_no_cell(character):
            height += 1
            dropped += height > MAX_MARKS
            if height > MAX_MARKS:
                continue
        else:
            height = 0
            if dropped:
                kept.append(f"<+{dropped} marks>")
                dropped = 0
        kept.append(character)
    return "".join(kept)


def _visible(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(0x2400 + code)  # the Unicode block "Control Pictures"
    if code == 0x7F:
        return "\u2421"
    return f"<U+{code:04X}>"


def harmless(text: str) -> str:
    """Text in which nothing moves the cursor, changes colours, turns the reading direction or ends the line.

    Each such character is replaced by something visible, so that an attempt is seen, and so is a heap of marks on
    one character; all else stays as it is.
    Line feeds are replaced too: split the text first where lines are to stay lines.
    """
    text = _HARMFUL.sub(_visible, text)
    return text if text.isascii() else _HEAP.sub(_low, text)


def harmless_json(lines: bytes) -> bytes:
    """JSON Lines that mean the same, with all that is harmful escaped: also the DEL, C1 and bidi characters that
    JSON would let through.

    Raises:
        ValueError: it is no UTF-8.
    """
    if lines.isascii() and b"\x7f" not in lines:
        return lines  # JSON has escaped the rest of ASCII already
    # Cut at the line feeds only: they stand between the objects, never inside of one.
    return b"\n".join(_HARMFUL.sub(_escaped, line.decode()).encode() for line in lines.split(b"\n"))


def _escaped(match: re.Match[str]) -> str:
    units = match[0].encode("utf-16-be")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))
