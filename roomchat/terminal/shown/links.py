"""Links in what people say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import quote

MAX_URL = 2083  # bytes: what terminals take, as Internet Explorer once did
LINK = " link:"  # what a style has at its end, before the address, where the text is one

# Only what a browser or a mail program opens: `file:` and the like act on the machine of the person who clicks.
_LINK = re.compile(r"\b(?:https?://|mailto:)[^\s<>\"`{}|\\^\u2400-\u2421]+", re.IGNORECASE)
_STOPS = ".,;:!?'*_~\u2026\u3002\uff0c"  # at the end of a link these belong to the sentence
_BRACKETS = {")": "(", "]": "["}
_UNCHANGED = ":/?#@!$&'()*+,;=%~"  # what may stand in an address beside letters, digits and `-._`


class FoundLink(NamedTuple):
    """Where it stands in its text, and the address it leads to."""

    start: int
    end: int
    url: str


def find_links(text: str) -> Iterator[FoundLink]:
    """The links in a text that was made harmless."""
    if ":" not in text:
        return
    for match in _LINK.finditer(text):
        shown = _without_end(match[0])
        if url := safe_url(shown):
            yield FoundLink(match.start(), match.start() + len(shown), url)


def safe_url(text: str) -> str:
    """An address in plain ASCII, without blanks, brackets and control characters; "" if it is none for a link."""
    scheme, colon, rest = text.partition(":")
    if not colon or scheme.lower() not in {"http", "https", "mailto"} or not rest.strip("/"):
        return ""
    url = f"{scheme.lower()}:{quote(rest.encode(errors='replace'), safe=_UNCHANGED)}"
    return url if len(url) <= MAX_URL else ""


def linked(style: str, text: str) -> Iterator[tuple[str, str]]:
    """A text in pieces, each with its style; that of a link ends in ``LINK`` and the address."""
    done = 0
    for link in find_links(text):
        if link.start > done:
            yield style, text[done : link.start]
        yield f"{style}{LINK}{link.url}", text[link.start : link.end]
        done = link.end
    if done < len(text) or not text:
        yield style, text[done:]


def _without_end(link: str) -> str:
    """Without what belongs to the sentence around: a full stop, a bracket that was opened before."""
    while link:
        last = link[-1]
        opening = _BRACKETS.get(last)
        if last not in _STOPS and (opening is None or link.count(opening) >= link.count(last)):
            break
        link = link[:-1]
    return link
