"""Who may not come to this server at all: people, and for newcomers places."""

from __future__ import annotations

from ipaddress import IPv6Address, IPv6Network, ip_address

from roomchat.chat import membership
from roomchat.chat.batch import Batch
from roomchat.chat.state import Client, ServerBan
from roomchat.errors import ShutOut
from roomchat.protocol import Error
from roomchat.times import rfc3339, utc


def place_of(address: str) -> str:
    """From where somebody comes, as places are banned: an address of IPv4; of IPv6 its network of 64 bits, because
    each house has at least that. Raises ValueError: it is no address."""
    found = ip_address(address)
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(IPv6Network((int(found), 64), strict=False))
    return str(found)


def check_may_come(batch: Batch, uid: int | None) -> None:
    """Whether this client may come; without a UID: a newcomer, who may come from here.

    Raises:
        ShutOut
    """
    bans = batch.registry.bans
    if bans:
        who = place_of_link(batch) if uid is None else uid
        ban = bans.get(who) if who is not None else None
        if ban is not None and ban.stands(batch.time):
            raise _refusal(ban)


def place_of_link(batch: Batch) -> str | None:
    """Of the connection whose command is carried out; None: it has no address of a network."""
    return place(batch.registry.peers[batch.link].address)


def places_of(batch: Batch, client: Client) -> list[str]:
    """From where a client is connected now. Not this machine itself: that is a proxy, or a tunnel, for many."""
    places = [place(batch.registry.peers[link].address) for link in client.links]
    return [one for one in dict.fromkeys(places) if one is not None and not _is_local(one)]


def ban(batch: Batch, who: int | str, value: ServerBan) -> None:
    """From here on; whoever is there is put out. ``who``: a UID, or a place."""
    batch.registry.set_ban(who, value)
    batch.effects.bans[who] = value
    client = batch.registry.clients.get(who) if isinstance(who, int) else None
    if client is None:
        return
    refusal = _refusal(value)
    for link in client.links:
        batch.send(link, Error(code=refusal.code, message=str(refusal)))
        batch.close(link)
    membership.leave_all(batch, client, "shut_out")


def unban(batch: Batch, who: int | str) -> None:
    """A ban is over."""
    batch.registry.set_ban(who, None)
    batch.effects.bans[who] = None


def _refusal(ban: ServerBan) -> ShutOut:
    until = f" until {utc(rfc3339(ban.until))}" if ban.until is not None else ""
    return ShutOut(until=until, reason=f": {ban.reason.rstrip('.')}" if ban.reason else "")


def place(address: str) -> str | None:
    """As ``place_of``; None: it is no address of a network."""
    try:
        return place_of(address)
    except ValueError:
        return None


def _is_local(place: str) -> bool:
    return place == "::/64" or ("/" not in place and ip_address(place).is_loopback)
