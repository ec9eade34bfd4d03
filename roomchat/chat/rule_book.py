"""Which rules there are, and whom they name: the part of a registry that is about the order in rooms."""

from __future__ import annotations

from roomchat.chat.rules import Rules
from roomchat.chat.state import Room
from roomchat.chat.undo import Undo


class RuleBook(Undo):
    """Only the hub's thread calls it; each change can be taken back."""

    def __init__(self) -> None:
        super().__init__()
        self.owned: dict[int, dict[str, Room]] = {}  # UID to the rooms that are its, here or not
        self.asked: dict[int, dict[str, Room]] = {}  # UID to the private rooms that it is asked into

    def set_rules(self, room: Room, rules: Rules | None) -> None:
        """Lay these down for a room, in the place of those that it has."""
        if rules is room.rules:
            return
        self.save(room)
        before, now = room.rules or Rules(), rules or Rules()
        if before.owner != now.owner:
            self._set(self.owned, before.owner, room, False)
            self._set(self.owned, now.owner, room, True)
        if before.invited is not now.invited:
            for uid in {**before.invited, **now.invited}:
                self._set(self.asked, uid, room, now.invited.get(uid) is not None)
        room.rules = rules
        room.mutes = (rules.mutes or None) if rules is not None else None

    def _set(self, index: dict[int, dict[str, Room]], uid: int | None, room: Room, is_there: bool) -> None:
        """Whether a room stands among those of a client."""
        if uid is None or is_there == (room.key in index.get(uid, ())):
            return
        if is_there:
            if uid not in index:
                self._put(index, uid, {})
            self._put(index[uid], room.key, room)
            return
        self._drop(index[uid], room.key)
        if not index[uid]:
            self._drop(index, uid)
