"""The colours of styles on the screen."""

from __future__ import annotations

import os

from prompt_toolkit.output import ColorDepth
from prompt_toolkit.styles import Style

from roomchat.terminal.device.hyperlinks import link_style
from roomchat.terminal.shown.links import LINK

# For names. Of the 256 colours that terminals agree on, twelve whose luminance lies so that each stands out on
# black and on white alike: contrast at least 3.8 : 1 against both, where 4.58 is the most that there can be
# (WCAG 2.2, "contrast ratio"). tests/test_lines.py computes it.
NAME_COLOURS = ("#d70000", "#af5f00", "#878700", "#008700", "#00875f", "#008787", "#0087d7", "#5f5fff",
         "#af5fd7", "#d700d7", "#d7005f", "#af5f5f")  # fmt: skip
# Where there are only 16 colours: each person's own terminal makes these readable.
NAME_COLOURS_16 = ("ansired", "ansigreen", "ansiyellow", "ansiblue", "ansimagenta", "ansicyan")

STYLE = Style.from_dict(
    {
        "time": "#808080",
        "now": "reverse",  # the time of what is for this person: found at a glance when scrolling back
        "dim": "#808080",
        "trouble": "bold",
        "whisper": "italic",
        "mention": "bold",
        "link": "underline",
        "new": "bold #af5f00",
        "found": "reverse",
        "title": "reverse",
        "current": "reverse",
        "line": "#808080",
        "prompt": "bold",
        "pending": "#808080 italic",
        "toolbar": "#808080",
        "here": "bold noinherit",
        "unread": "bold noinherit",
        "alert": "reverse bold noinherit",
        "ok": "#008700",
        "lost": "reverse bold noinherit",
        "chosen": "reverse noinherit",
    }
)


def colour_depth(colour: bool | None) -> ColorDepth:
    """How many colours to use: as asked for, else as the environment says (NO_COLOR, see no-color.org; TERM)."""
    if colour is False or (colour is None and os.environ.get("NO_COLOR")):
        return ColorDepth.DEPTH_1_BIT
    many = "256color" in os.environ.get("TERM", "") or os.environ.get("COLORTERM", "") in {"truecolor", "24bit"}
    return ColorDepth.DEPTH_8_BIT if many else ColorDepth.DEPTH_4_BIT


def fragment_style(style: str, colours: ColorDepth) -> str:
    """A line's style as prompt_toolkit writes it."""
    style, _, url = style.partition(LINK)
    if url:
        return link_style(fragment_style(style, colours), url)
    if not style.startswith("name:"):
        return f"class:{style}" if style else ""
    uid = int(style.removeprefix("name:") or 0)
    names = NAME_COLOURS if colours is ColorDepth.DEPTH_8_BIT else NAME_COLOURS_16
    # Neighbours in the list look alike, neighbours in UID should not: steps that share no divisor with the length.
    return f"bold fg:{names[uid * 5 % len(names)]}"
