"""One page to read: it needs nothing from elsewhere, runs nothing, and is light or dark as the screen is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime
from html import escape

from roomchat.entries import Table, deed, deeds, said, spoken
from roomchat.export.transcript import Transcript
from roomchat.harmless import harmless
from roomchat.protocol import Deed, Entry, Spoken

COLOURS = 8  # of names, by UID; each has 4.5 : 1 against its background (WCAG 2, AA), light and dark

_LIGHT = ("#a4262c", "#7a5200", "#3b6d11", "#00695c", "#005ea2", "#4b3fb5", "#8a2be2", "#a02064")
_DARK = ("#ff8a80", "#f0b45a", "#a5d66f", "#5fd4c4", "#7cb8ff", "#b3a8ff", "#d7a1ff", "#ff8fc0")

_STYLE = """\
:root { color-scheme: light dark; --paper: #fff; --ink: #1b1b1f; --faint: #5f6068; --line: #e3e3e8; }
body { max-width: 52rem; margin: 2rem auto; padding: 0 1rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: .9rem; color: var(--faint); border-bottom: 1px solid var(--line); margin: 2rem 0 .5rem; }
header p, footer { color: var(--faint); font-size: .9rem; margin: .25rem 0; }
footer { margin-top: 2rem; border-top: 1px solid var(--line); padding-top: .5rem; }
article { display: grid; grid-template-columns: 3.5rem 9rem 1fr; gap: 0 .75rem; padding: .1rem .25rem; }
article:target { background: var(--line); }
article > a { color: var(--faint); text-decoration: none; font-variant-numeric: tabular-nums; }
article > a:hover { text-decoration: underline; }
article > b { overflow-wrap: anywhere; }
article > p { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; min-width: 0; }
@media (max-width: 40rem) { article { grid-template-columns: 3.5rem 1fr; } article > p { grid-column: 1 / -1; } }
"""


def html(transcript: Transcript) -> Iterator[bytes]:
    """The page, a message at a time. Each message has its seq as an anchor: ``#m17``."""
    yield _head(transcript).encode()
    day: date | None = None
    count = 0
    for entry in transcript.entries(_SHOWN):
        count += 1
        time = transcript.time(entry)
        if time.date() != day:
            day = time.date()
            yield f"<h2>{day:%A}, {day.day} {day:%B %Y}</h2>\n".encode()
        yield _SHOWN[type(entry)](entry, time).encode()
    messages = "1 message" if count == 1 else f"{count} messages"
    yield f"<footer>{messages}, exported by roomchat.</footer>\n</body>\n</html>\n".encode()


def _head(transcript: Transcript) -> str:
    room = escape(harmless(transcript.room))
    zone = "this page was made in" if transcript.zone is None else escape(str(transcript.zone))
    return (
        '<!DOCTYPE html>\n<html lang="">\n<head>\n<meta charset="utf-8">\n'
        # Belt and braces: were something in a message not escaped, it still could not run or fetch anything.
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{room}</title>\n<style>\n{_STYLE}{_colours()}</style>\n</head>\n<body>\n"
        f"<header><h1><bdi>{room}</bdi></h1><p>Times are in the zone {zone}.</p></header>\n"
    )


def _colours() -> str:
    light = "".join(f".c{number} {{ color: {colour}; }}\n" for number, colour in enumerate(_LIGHT))
    dark = "".join(f"  .c{number} {{ color: {colour}; }}\n" for number, colour in enumerate(_DARK))
    ink = "  :root { --paper: #1b1b1f; --ink: #e6e6ea; --faint: #a0a0aa; --line: #35353c; }\n"
    return f"{light}@media (prefers-color-scheme: dark) {{\n{ink}{dark}}}\n"


def _spoken(entry: Spoken, time: datetime) -> str:
    star, text = said(entry)
    return _article(entry, time, star, text)


def _deed(entry: Deed, time: datetime) -> str:
    return _article(entry, time, "-- ", deed(entry))


def _article(entry: Entry, time: datetime, star: str, text: str) -> str:
    name = escape(harmless(entry.name))
    exactly = time.isoformat(" ", "seconds")
    return (
        f'<article id="m{entry.seq}"><a href="#m{entry.seq}" title="{exactly}">'
        f'<time datetime="{time.isoformat(timespec="milliseconds")}">{time:%H:%M}</time></a>'
        f'<b class="c{entry.uid % COLOURS}" title="UID {entry.uid}">{star}<bdi>{name}</bdi></b>'
        f'<p dir="auto">{_text(text)}</p></article>\n'
    )


def _text(text: str) -> str:
    """Escaped, and with nothing in it that a page can't hold or that reorders it; lines and tabs stay."""
    return escape("".join(part if part in "\n\t" else harmless(part) for part in re.split(r"([\n\t])", text)))


_SHOWN: Table[str] = spoken(_spoken) | deeds(_deed)
