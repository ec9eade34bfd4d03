"""What servers tell each other by the stream: inputs of their hubs, each with its time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from roomchat.chat.inputs import Input, Link
from roomchat.chat.record import AnyInput
from roomchat.errors import StreamRefused

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(tuple[int, int, AnyInput])


def encode(time: int, items: Iterable[tuple[Link, Input]]) -> list[bytes]:
    """Each as bytes. ``time``: milliseconds since 1970, when they came."""
    return [_encoder.encode((time, link, item)) for link, item in items]


def decode(inputs: Sequence[bytes]) -> tuple[int, list[tuple[Link, Input]]]:
    """The latest time of all (0: there are none), and what they are.

    Raises:
        StreamRefused: it can't be read, so the servers would not do the same.
    """
    time = 0
    items: list[tuple[Link, Input]] = []
    try:
        for one in inputs:
            at, link, item = _decoder.decode(one)
            time = max(time, at)
            items.append((link, item))
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise StreamRefused(
            f"The stream has something that this roomchat does not know: update it ({error})."
        ) from None
    return time, items
