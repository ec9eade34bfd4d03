"""Changes that can be taken back until the batch that made them is stored."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from msgspec.structs import astuple

from roomchat.chat.state import Client, Room, Session


class Undo:
    """What a registry needs to take a batch back. Only the hub's thread calls it."""

    def __init__(self) -> None:
        self._undo: list[Callable[[], object]] = []
        self._batch = 0  # the number of the one that is applied

    def save(self, record: Room | Client | Session) -> None:
        """Must be called before fields of a record are changed."""
        if record.saved_in != self._batch:
            self._undo.append(partial(_restore, record, astuple(record)))
            record.saved_in = self._batch

    def _put(self, mapping: dict[Any, Any], key: object, value: object) -> None:
        """``mapping[key] = value``, to be taken back."""
        self._undo.append(partial(_put_back, mapping, key, mapping.get(key, _ABSENT)))
        mapping[key] = value

    def _drop(self, mapping: dict[Any, Any], key: object) -> None:
        """``del mapping[key]``, to be taken back (then as the newest entry)."""
        self._undo.append(partial(_put_back, mapping, key, mapping[key]))
        del mapping[key]

    def _put_or_drop(self, mapping: dict[Any, Any], key: object, value: object | None) -> None:
        """``mapping[key] = value``, or with None: it is not there any more. To be taken back."""
        if value is not None:
            self._put(mapping, key, value)
        elif key in mapping:
            self._drop(mapping, key)


_ABSENT = object()


def _restore(record: Room | Client | Session, values: tuple[Any, ...]) -> None:
    for field, value in zip(record.__struct_fields__, values, strict=True):
        setattr(record, field, value)


def _put_back(mapping: dict[Any, Any], key: object, value: object) -> None:
    if value is _ABSENT:
        mapping.pop(key, None)
    else:
        mapping[key] = value
