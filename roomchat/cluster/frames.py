"""Frames, and who may rely on them: every server accepts the same ones, each once, whatever the broker does.

A frame is (server, incarnation, n, inputs). It counts only if its n follows the last one accepted of that
incarnation; a newer incarnation begins at 1, and ends the older ones for good. All servers see the same stream, so
they accept the same frames; nothing is asked of the broker but one order. Source: docs/cluster.md, "Exactly once".
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple

from roomchat.errors import NatsProtocolError, StreamRefused

MAX_SERVER = 64  # bytes of a server's name

_MAGIC, _VERSION = b"rc", 1
_HEAD = struct.Struct(">2sBBQQI")  # magic, version, bytes of the name, incarnation, n, number of inputs
_SIZE = struct.Struct(">I")


class Frame(NamedTuple):
    """What a server puts into the stream at once."""

    server: str  # its name
    incarnation: int  # rises with each of its starts
    n: int  # 1, 2, 3, ... of that incarnation
    inputs: Sequence[bytes]  # in their order; what is in them is not known here


def encode(frame: Frame) -> bytes:
    """As bytes, for the stream."""
    name = frame.server.encode()
    assert 0 < len(name) <= MAX_SERVER, name
    pieces = [_HEAD.pack(_MAGIC, _VERSION, len(name), frame.incarnation, frame.n, len(frame.inputs)), name]
    for one in frame.inputs:
        pieces += (_SIZE.pack(len(one)), one)
    return b"".join(pieces)


def decode(data: bytes) -> Frame:
    """A frame out of the stream.

    Raises:
        NatsProtocolError: it is no frame of ours; all servers pass it over alike.
        StreamRefused: it is one of a newer roomchat. Who passed it over would differ from who can read it.
    """
    try:
        magic, version, length, incarnation, n, count = _HEAD.unpack_from(data)
        if magic != _MAGIC:
            raise ValueError
        if version != _VERSION:
            raise StreamRefused(
                f"The stream has frames of version {version}; this roomchat knows {_VERSION}: update it."
            )
        at = _HEAD.size + length
        server = data[_HEAD.size : at].decode()
        inputs = []
        for _ in range(count):
            (size,) = _SIZE.unpack_from(data, at)
            at += _SIZE.size + size
            inputs.append(data[at - size : at])
        if at != len(data) or not 0 < length <= MAX_SERVER:
            raise ValueError
    except (struct.error, ValueError):
        raise NatsProtocolError("A frame in the stream can't be read.") from None
    return Frame(server, incarnation, n, inputs)


class Verdict(Enum):
    """What a frame is to a reader. All but ``ACCEPTED`` are passed over."""

    ACCEPTED = "accepted"
    REPEATED = "repeated"  # it was accepted before
    GAP = "gap"  # one before it is missing: it will come again, behind that one
    FENCED = "fenced"  # a newer start of that server has been seen


class Reader:
    """What has been accepted of every server: part of the state that is the same everywhere, and of snapshots."""

    def __init__(self, last: dict[str, tuple[int, int]] | None = None) -> None:
        """``last``: of each server the incarnation and n of its last accepted frame, as in a snapshot."""
        self.last = dict(last or {})

    def judge(self, server: str, incarnation: int, n: int) -> Verdict:
        """Whether this frame is to be applied; if so it is the last one now."""
        known, last = self.last.get(server, (0, 0))
        if incarnation < known:
            return Verdict.FENCED
        if incarnation > known:
            last = 0
        if n <= last:
            return Verdict.REPEATED
        if n != last + 1:
            return Verdict.GAP
        self.last[server] = (incarnation, n)
        return Verdict.ACCEPTED
