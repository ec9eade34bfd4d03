"""How entries are shown: each place where they are shown has a table of the kinds that it shows.

A table maps a kind (a subclass of ``Entry``) to a function that makes of an entry what is shown there. A kind that
has no row is not shown there, and neither is ``Unknown``; nothing else need know of that. The kinds that are words
of their sender look alike nearly everywhere: ``spoken`` makes their rows, and ``said`` tells them apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar

from roomchat.protocol import ACTION, SPOKEN, Action, Entry, Spoken, Unknown

T = TypeVar("T")

Table = Mapping[type, Callable[..., T]]  # the first argument is the entry


def shown(table: Table[T], entries: Iterable[Entry | Unknown], *more: object) -> Iterator[T]:
    """What a table makes of entries, in their order. Its functions get ``more`` behind the entry."""
    for entry in entries:
        show = table.get(type(entry))
        if show is not None:
            yield show(entry, *more)


def spoken(show: Callable[..., T]) -> dict[type, Callable[..., T]]:
    """The rows of the kinds that are words."""
    return dict.fromkeys(SPOKEN.values(), show)


def said(entry: Spoken) -> tuple[str, str]:
    """The words, and what stands before the name: ``"* "`` if they tell what their sender does, else nothing."""
    text = entry.text
    if isinstance(entry, Action):
        return "* ", text
    return ("* ", text.removeprefix(ACTION)) if text.startswith(ACTION) else ("", text)


def as_text(entry: Spoken) -> str:
    """The words as one text, where there is nothing but texts: a deed begins with ``"/me "``."""
    return ACTION + entry.text if isinstance(entry, Action) else entry.text
