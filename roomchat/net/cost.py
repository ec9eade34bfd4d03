"""What a peer's bytes cost beyond the one token of each command in them."""

from __future__ import annotations

from collections.abc import Collection

from roomchat.chat.inputs import Input
from roomchat.protocol import (
    Ban,
    ChangePassword,
    Demote,
    Dial,
    Hello,
    History,
    InviteTo,
    Join,
    Kick,
    Mute,
    PassOn,
    Promote,
    Register,
    Rooms,
    SetTopic,
    ShowRules,
    Stats,
    TakeBack,
    Unban,
    Unmute,
    Unregister,
    Who,
)  # fmt: skip

BYTES_PER_TOKEN = 16 * 1024  # a message of the longest text has 8 KiB, and may cost no more than a short one
ROOMS_PER_TOKEN = 32  # in a hello

# Commands with much work or a long answer, and their tokens beyond the first.
DEAR: dict[type, int] = {
    Hello: 4, Who: 4, Rooms: 4, History: 4, Join: 1, Dial: 1, Stats: 1,
    Register: 20, ChangePassword: 20, Unregister: 20,
}  # fmt: skip
# These write all that is laid down for a room, or tell it.
DEAR |= dict.fromkeys(
    (SetTopic, Kick, Ban, Unban, Mute, Unmute, Promote, Demote, PassOn, ShowRules, InviteTo, TakeBack), 4
)


_none_of = frozenset(DEAR).isdisjoint


def has_dear(commands: Collection[Input]) -> bool:
    """Whether any of them is dear; 20 ns each."""
    return not _none_of(map(type, commands))


def surplus(data: bytes, commands: Collection[Input], dear: bool) -> float:
    """Tokens. So work is paid for, not lines: also blank lines, telnet's options, and what is never completed.

    Args:
        data: as it came from the peer.
        commands: that it completed.
        dear: whether there are dear ones among them.
    """
    # Each of these signs costs some work in one dialect or another; the bytes cost some in all.
    count = len(commands)
    work: float = data.count(b"\n")
    if b"\r" in data or b"\xff" in data:  # nearly never; to look takes a tenth of the time that counting does
        work = max(work, data.count(b"\r"), data.count(b"\xff"))
    if work * BYTES_PER_TOKEN < len(data):
        work = len(data) / BYTES_PER_TOKEN
    tokens = work - count if work > count else 0.0
    if dear:
        tokens += sum(DEAR.get(type(command), 0) for command in commands)
        tokens += sum(len(one.rooms or ()) // ROOMS_PER_TOKEN for one in commands if isinstance(one, Hello))
    return tokens
