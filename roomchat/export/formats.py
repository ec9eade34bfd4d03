"""The formats there are."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from roomchat.export.html import html
from roomchat.export.jsonl import jsonl
from roomchat.export.mbox import mbox
from roomchat.export.transcript import Transcript
from roomchat.export.txt import txt

Format = Callable[[Transcript], Iterator[bytes]]

FORMATS: dict[str, Format] = {"txt": txt, "jsonl": jsonl, "html": html, "mbox": mbox}
