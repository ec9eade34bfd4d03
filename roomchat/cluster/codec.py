"""What servers tell each other by the stream: inputs of their hubs, each with its time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from msgspec.structs import replace

from roomchat.chat.inputs import AnyInput, Found, Input, Link
from roomchat.cluster.shared_order import LARGEST_INPUT
from roomchat.errors import StreamRefused

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(tuple[int, int, AnyInput])


def encode(time: int, items: Iterable[tuple[Link, Input]]) -> list[bytes]:
    """Each as bytes. ``time``: milliseconds since 1970, when they came."""
    encoded = []
    for link, item in items:
        one = _encoder.encode((time, link, item))
        if len(one) > LARGEST_INPUT and isinstance(item, Found) and item.row is not None:
            # Somebody who has whispered with fifty thousand. Up to where each was read is let go; else it would
            # be sent again and again, and nothing behind it.
            one = _encoder.encode((time, link, replace(item, row=replace(item.row, reads={}))))
        encoded.append(one)
    return encoded


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
