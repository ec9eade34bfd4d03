"""What all of roomchat's refusals have in common."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar


class RoomchatError(Exception):
    """The base of all that follows; ``str()`` of it is a whole sentence."""


class Refused(RoomchatError):
    """A command that is not carried out. The keyword arguments fill in the sentence."""

    code: ClassVar[str]
    sentence: ClassVar[str]
    closes: ClassVar[bool] = False  # whether the server closes the connection after it

    def __init__(self, **details: object) -> None:
        super().__init__(self.sentence.format(**details))


def refusals(base: type[Refused] = Refused) -> Iterator[type[Refused]]:
    """All refusals, for the documentation and its test."""
    for kind in base.__subclasses__():
        yield kind
        yield from refusals(kind)
