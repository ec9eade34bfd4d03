"""The messages as they are: the lines that the log keeps and that clients get (docs/protocol.md, "message").

What a terminal would obey is escaped, as JSON allows: whoever reads the JSON gets the very same values.
"""

from __future__ import annotations

from collections.abc import Iterator

from roomchat.export.transcript import Transcript
from roomchat.harmless import harmless_json


def jsonl(transcript: Transcript) -> Iterator[bytes]:
    """One JSON object a line."""
    for piece in transcript.lines:
        yield harmless_json(piece)
