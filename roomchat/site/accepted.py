"""What a request says of the answers that it takes."""

from __future__ import annotations

import re

_TAG = re.compile(r'(?:W/)?("[^"]*")')


def takes_gzip(accept_encoding: str) -> bool:
    """Whether an ``Accept-Encoding`` lets gzip through; "" is a request without one, which takes only what is not
    packed. Source: RFC 9110, 12.5.3."""
    found: dict[str, float] = {}
    for one in accept_encoding.lower().split(","):
        name, *parameters = (part.strip() for part in one.split(";"))
        found[name] = min((_weight(one) for one in parameters), default=1.0)
    for name in ("gzip", "x-gzip", "*"):
        if name in found:
            return found[name] > 0
    return False


def _weight(parameter: str) -> float:
    """``q=0.5``; what is no number at all counts as none."""
    name, _, value = parameter.partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0


def has_tag(if_none_match: str, tag: str) -> bool:
    """Whether somebody has what is called ``tag``, with its quotes, already. Source: RFC 9110, 13.1.2."""
    return if_none_match.strip() == "*" or tag.removeprefix("W/") in _TAG.findall(if_none_match)
