"""Plain text, fit for a terminal: a line a message, further lines of a message behind four spaces.

A line that begins with a digit begins a message: it has the time, the name, and what was said.
"""

from __future__ import annotations

from collections.abc import Iterator

from roomchat.entries import Table, deed, deeds, said, spoken
from roomchat.export.transcript import Transcript
from roomchat.harmless import harmless
from roomchat.protocol import Deed, Spoken

INDENT = " " * 4


def txt(transcript: Transcript) -> Iterator[bytes]:
    """``2024-05-01 08:28:03+02:00 ann: hello``."""
    for entry in transcript.entries(_SHOWN):
        time = transcript.time(entry).isoformat(" ", "seconds")
        yield _SHOWN[type(entry)](entry, time).encode()


def _spoken(entry: Spoken, time: str) -> str:
    star, text = said(entry)
    first, *rest = text.split("\n")
    name = f"* {harmless(entry.name)}" if star else f"{harmless(entry.name)}:"
    lines = [f"{time} {name} {harmless(first)}", *(INDENT + harmless(line) for line in rest)]
    return "".join(f"{line}\n" for line in lines)


def _deed(entry: Deed, time: str) -> str:
    return f"{time} -- {harmless(f'{entry.name} {deed(entry)}')}\n"


_SHOWN: Table[str] = spoken(_spoken) | deeds(_deed)
