"""What was copied elsewhere, made fit for the line that is typed."""

from __future__ import annotations

from roomchat.harmless import harmless

TAB = "    "


def pasted(text: str) -> str:
    """One text of several lines: its author may be another than who pastes it, so nothing in it is invisible."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", TAB).split("\n")
    return "\n".join(map(harmless, lines))
