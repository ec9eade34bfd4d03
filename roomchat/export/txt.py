"""Plain text, fit for a terminal: a line a message, further lines of a message behind four spaces.

A line that begins with a digit begins a message: it has the time, the name, and what was said.
"""

from __future__ import annotations

from collections.abc import Iterator

from roomchat.export.transcript import Transcript
from roomchat.harmless import harmless

INDENT = " " * 4


def txt(transcript: Transcript) -> Iterator[bytes]:
    """``2024-05-01 08:28:03+02:00 ann: hello``."""
    for message in transcript.messages():
        time = transcript.time(message).isoformat(" ", "seconds")
        first, *rest = message.text.split("\n")
        lines = [
            f"{time} {harmless(message.name)}: {harmless(first)}",
            *(INDENT + harmless(line) for line in rest),
        ]
        yield "".join(f"{line}\n" for line in lines).encode()
