"""What a peer's bytes cost beyond the one token of each command in them."""

from __future__ import annotations

from collections.abc import Collection

from roomchat.chat.sessions import Input
from roomchat.protocol import Dial, Hello, History, Join, Rooms, Stats, Who

BYTES = 16 * 1024  # for a token; a message of the longest text has 8 KiB, and may cost no more than a short one
_RARE = (b"\r", b"\xff")  # what plain lines and telnet may have
ROOMS = 32  # in a hello, for a token

# Commands with much work or a long answer, and their tokens beyond the first.
DEAR: dict[type, int] = {Hello: 4, Who: 4, Rooms: 4, History: 4, Join: 1, Dial: 1, Stats: 1}


def has_dear(commands: Collection[Input]) -> bool:
    """Whether any of them is dear; 30 ns each."""
    return not DEAR.keys().isdisjoint(map(type, commands))


def surplus(data: bytes, commands: Collection[Input], dear: bool) -> float:
    """Tokens. So work is paid for, not lines: also blank lines, telnet's options, and what is never completed.

    Args:
        data: as it came from the peer.
        commands: that it completed.
        dear: whether there are dear ones among them.
    """
    # Each of these signs costs some work in one dialect or another; the bytes cost some in all.
    work = max(data.count(b"\n"), len(data) / BYTES)
    for sign in _RARE:
        if sign in data:  # nearly never; to look takes a tenth of the time that counting does
            work = max(work, data.count(sign))
    tokens = max(0.0, work - len(commands))
    if dear:
        tokens += sum(DEAR.get(type(command), 0) for command in commands)
        tokens += sum(len(one.rooms or ()) // ROOMS for one in commands if isinstance(one, Hello))
    return tokens
