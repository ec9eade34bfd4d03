"""How entries are shown: each place where they are shown has a table of the kinds that it shows.

A table maps a kind (a subclass of ``Entry``) to a function that makes of an entry what is shown there. A kind that
has no row is not shown there, and neither is ``Unknown``; nothing else need know of that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

from roomchat.protocol import AnyEntry, Unknown

T = TypeVar("T")

Table = Mapping[type, Callable[[Any], T]]


def shown(table: Table[T], entries: Iterable[AnyEntry | Unknown]) -> Iterator[T]:
    """What a table makes of entries, in their order."""
    for entry in entries:
        show = table.get(type(entry))
        if show is not None:
            yield show(entry)
