"""Who may do what in a room, and who may come into it and speak."""

from __future__ import annotations

from roomchat.chat.bans import place
from roomchat.chat.batch import Batch
from roomchat.chat.rules import Restraint, Rules
from roomchat.chat.state import Client, Room
from roomchat.errors import BannedFrom, MutedIn, NotAllowed, WasKicked
from roomchat.protocol import is_pair
from roomchat.times import rfc3339, utc

NONE = Rules()


def check_role(room: Room, client: Client, *, owner: bool = False) -> Rules:
    """The rules of a room, for someone who may change them: its owner, or, but for ``owner``, a moderator.

    Raises:
        NotAllowed
    """
    if is_pair(room.name):
        raise NotAllowed(why="Whispers have no owner and no moderators")
    rules = room.rules or NONE
    if rules.rank(client.uid) <= owner:
        raise NotAllowed(why=f"Only the owner{'' if owner else ' or a moderator'} of {room.name} can do that")
    return rules


def check_above(room: Room, client: Client, uid: int, name: str) -> None:
    """Raises NotAllowed if the other one has the same role, or a higher one."""
    rules = room.rules or NONE
    if rules.rank(client.uid) <= rules.rank(uid):
        raise NotAllowed(why=f"{name} is {_WITH_ARTICLE[rules.role(uid) or 'moderator']} of {room.name}")


_WITH_ARTICLE = {"owner": "the owner", "moderator": "a moderator"}


def check_admitted(batch: Batch, client: Client, room: Room, *, asks: bool) -> None:
    """Whether a client that is not in a room may come in.

    Args:
        asks: it is asked for just now; else somebody who was kicked is not brought back.
    Raises:
        BannedFrom, WasKicked
    """
    rules = room.rules
    if rules is None or rules.role(client.uid) is not None:
        return
    ban = rules.bans.get(client.uid)
    if (ban is None or not ban.stands(batch.time)) and rules.bans and not client.account:
        ban = _ban_of_address(batch, client, rules)
    if ban is not None and ban.stands(batch.time):
        raise BannedFrom(room=room.name, until=ending(ban), reason=because(ban.reason))
    if client.uid in rules.kicked and not asks:
        raise WasKicked(room=room.name, reason=because(rules.kicked[client.uid]))


def _ban_of_address(batch: Batch, client: Client, rules: Rules) -> Restraint | None:
    peers = batch.registry.peers
    places = {place(peers[link].address) for link in client.links if link in peers}
    bans = (one for one in rules.bans.values() if one.address is not None and one.stands(batch.time))
    return next((one for one in bans if one.address in places), None)


def check_may_speak(batch: Batch, client: Client, room: Room, mutes: dict[int, Restraint]) -> None:
    """Raises MutedIn."""
    mute = mutes.get(client.uid)
    if mute is not None and mute.stands(batch.time):
        raise MutedIn(room=room.name, until=ending(mute), reason=because(mute.reason))


def ending(restraint: Restraint) -> str:
    """Until when it stands, as a part of a sentence."""
    return "" if restraint.until is None else f" until {utc(rfc3339(restraint.until))}"


def because(reason: str) -> str:
    """A reason as a part of a sentence."""
    return f" ({reason})" if reason else ""
