"""Whom a person has blocked: as the server keeps it, or this machine where that can't."""

from __future__ import annotations

from roomchat.protocol import Block, Blocked, Unblocked, Welcome

BLOCK_ID = "block"  # id of what a server is told that has learnt to keep it


class Blocks:
    """Of one session. Not thread-safe. No I/O in here."""

    def __init__(self) -> None:
        self.uids: frozenset[int] = frozenset()  # of this log
        self.is_kept = False  # by the server: what it says holds
        self._is_known = False  # whether the server knows of it

    def welcome(self, event: Welcome, *, another_log: bool) -> list[Block]:
        """Take what the server says; what it is to be told, of before it could keep that."""
        if another_log:  # where the UIDs are other people's
            self.uids, self.is_kept = frozenset(), False
        self._is_known = "block" in event.features
        if not self._is_known:
            return []
        kept, here = frozenset(event.blocked), frozenset() if self.is_kept else self.uids
        self.uids = kept | here
        return [Block(uid=uid, id=BLOCK_ID) for uid in sorted(here - kept)]

    def settle(self) -> None:
        """The server has handled what it was told behind its welcome."""
        self.is_kept |= self._is_known

    def take(self, event: Blocked | Unblocked) -> None:
        """Somebody is blocked, or no longer, on whatever device."""
        self.uids = self.uids | {event.uid} if isinstance(event, Blocked) else self.uids - {event.uid}
