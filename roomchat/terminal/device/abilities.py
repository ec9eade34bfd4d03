"""What a terminal can do beyond text, as far as its environment tells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

# Terminals that obey operating system commands (OSC), or drop those that they do not know. Others may print them:
# the Linux console did so for years, and so do real VT100s and Emacs's term. New terminals call themselves
# xterm-something.
_TAKE_OSC = (
    "xterm", "tmux", "screen", "rxvt", "alacritty", "foot", "kitty", "wezterm", "ghostty", "konsole", "vte",
    "gnome", "iterm", "contour", "mlterm", "mintty", "st-", "stterm", "ms-terminal",
)  # fmt: skip
_OLD_VTE = 5000  # before 0.50 (2017) it printed unknown commands, or fell over links


@dataclass(frozen=True)
class Abilities:
    """What may be sent to a terminal.

    ``title``: a title of its window, and a stack of them. ``links``: OSC 8. ``clipboard``: OSC 52. ``notices``:
    which OSC shows one, 9 or 777; 0: none. ``is_tmux``: whether tmux stands between.
    """

    title: bool = False
    links: bool = False
    clipboard: bool = False
    notices: int = 0
    is_tmux: bool = False


def abilities(environ: Mapping[str, str]) -> Abilities:
    """What the terminal of this environment takes: nothing, if it may print what it does not know.

    GNU screen gets a title only: it prints what stands behind the first 256 to 768 bytes of a longer command. (By
    its TERM, as it comes over ssh, tmux may look like it.) A notice goes by OSC 777, except to iTerm2, which has
    only OSC 9; two would be two notices in many terminals.
    """
    term = environ.get("TERM", "")
    if not term.startswith(_TAKE_OSC):
        return Abilities()
    is_screen = bool(environ.get("STY")) or (term.startswith("screen") and not environ.get("TMUX"))
    if is_screen and not term.startswith("tmux"):  # perhaps one within the other: then both variables are set
        return Abilities(title=True)
    is_tmux = bool(environ.get("TMUX")) or term.startswith("tmux")
    vte = environ.get("VTE_VERSION", "")
    if vte.isdecimal() and int(vte[:9]) < _OLD_VTE:
        return Abilities(title=True)
    is_iterm = environ.get("TERM_PROGRAM") == "iTerm.app" or environ.get("LC_TERMINAL") == "iTerm2"
    return Abilities(title=True, links=True, clipboard=True, notices=9 if is_iterm else 777, is_tmux=is_tmux)
