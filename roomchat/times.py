"""Points in time as people type and read them, and as they are sent."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo


def beginning(text: str, zone: tzinfo | None) -> int:
    """The first moment that is meant, in milliseconds since 1970: of a date, its midnight.

    Args:
        text: RFC 3339 (``2024-05-01T08:00:00Z``), the same without an offset or seconds, or a date.
        zone: of times that name no offset, and of dates; None: this machine's.
    Raises:
        ValueError: it is none of these, as a sentence.
    """
    return _milliseconds(text, zone, timedelta())


def end(text: str, zone: tzinfo | None) -> int:
    """The first moment that is not meant any more: of a date, the midnight behind it, so the day belongs to it."""
    return _milliseconds(text, zone, timedelta(days=1))


def timestamp(wall: float) -> str:
    """RFC 3339 in UTC with milliseconds. ``wall``: seconds since 1970."""
    return rfc3339(int(wall * 1000))


def local(timestamp: str, form: str = "%Y-%m-%d %H:%M") -> str:
    """An RFC 3339 time in this machine's zone, as for strftime; a server that sends something else has it shown as
    it is."""
    try:
        return datetime.fromisoformat(timestamp).astimezone().strftime(form)
    except (ValueError, OverflowError):
        return timestamp


def day_of(timestamp: str | None) -> date:
    """The day here, of a message or now."""
    try:
        return (datetime.fromisoformat(timestamp) if timestamp else datetime.now()).astimezone().date()
    except (ValueError, OverflowError):
        return day_of(None)


def rfc3339(milliseconds: int) -> str:
    """A time since 1970 in RFC 3339, in UTC with milliseconds."""
    seconds, rest = divmod(milliseconds, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:03d}Z"


def utc(timestamp: str) -> str:
    """An RFC 3339 time for a sentence, where nothing is known of the zone of whoever reads it; what is none, as it
    is."""
    try:
        return f"{datetime.fromisoformat(timestamp).astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    except (ValueError, OverflowError):
        return timestamp


_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}  # seconds
_LASTING = re.compile(r"([1-9][0-9]{0,5})([smhdw])", re.IGNORECASE)


def seconds_of(text: str) -> int | None:
    """How long something is to last: ``90s``, ``15m``, ``2h``, ``7d``, ``4w``; None: it is no such time."""
    match = _LASTING.fullmatch(text)
    return None if match is None else int(match[1]) * _UNITS[match[2].lower()]


def _milliseconds(text: str, zone: tzinfo | None, days: timedelta) -> int:
    try:
        try:
            moment = datetime.combine(date.fromisoformat(text) + days, time())
        except ValueError:
            moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.astimezone() if zone is None else moment.replace(tzinfo=zone)
        return round(moment.timestamp() * 1000)
    except (ValueError, OverflowError):
        raise ValueError(
            f"{text!r} is not a time; "
            "write a date, 2024-05-01, or a time, 2024-05-01T08:30 or 2024-05-01T08:30:00Z."
        ) from None
