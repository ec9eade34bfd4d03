"""What a forked child has of its parent's clients: nothing that it may use, nothing that its end may disturb."""

from __future__ import annotations

import ctypes
import os
from typing import Protocol
from weakref import WeakSet


class Inherited(Protocol):
    """What is told that it is a child's copy. Other threads may have held its locks: it must not take them."""

    def _abandon(self) -> None: ...


_all: WeakSet[Inherited] = WeakSet()


def watch(one: Inherited) -> None:
    """Tell it, in each child."""
    _all.add(one)


def keep_for_ever(thing: object) -> None:
    """Never let it be finalised, not even at the interpreter's end: that would touch what the parent uses."""
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(thing))


def _abandon_all() -> None:
    for one in list(_all):
        one._abandon()


os.register_at_fork(after_in_child=_abandon_all)
