"""What a request says of the answers that it takes."""

from __future__ import annotations

import re
from collections.abc import Iterable

_TAG = re.compile(r'(?:W/)?("[^"]*")')


def encoding(accept_encoding: str, offered: Iterable[str]) -> str | None:
    """Which of these encodings an ``Accept-Encoding`` likes best, of equals the first; None: it takes only what is
    not packed, as "", a request without one, does. Source: RFC 9110, 12.5.3."""
    found: dict[str, float] = {}
    for one in accept_encoding.lower().split(","):
        name, *parameters = (part.strip() for part in one.split(";"))
        found[name.removeprefix("x-")] = min((_weight(one) for one in parameters), default=1.0)  # x-gzip is gzip
    liked = {name: found.get(name, found.get("*", 0.0)) for name in offered}
    best = max(liked, key=liked.__getitem__, default=None)
    return best if best is not None and liked[best] > 0 else None


def _weight(parameter: str) -> float:
    """``q=0.5``; what is no number at all counts as none."""
    name, _, value = parameter.partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        weight = float(value)
    except ValueError:
        return 0.0
    return weight if weight > 0 else 0.0  # "nan" is above nothing, and nothing above it


def has_tag(if_none_match: str, tag: str) -> bool:
    """Whether somebody has what is called ``tag``, with its quotes, already. Source: RFC 9110, 13.1.2."""
    return if_none_match.strip() == "*" or tag.removeprefix("W/") in _TAG.findall(if_none_match)
