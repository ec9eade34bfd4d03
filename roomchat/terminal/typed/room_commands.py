"""What is typed to keep order in a room, and to be in private."""

from __future__ import annotations

import re

from roomchat import protocol
from roomchat.client.same import room_name
from roomchat.protocol import Command
from roomchat.terminal.shown.roster import Roster
from roomchat.terminal.typed.slash import SlashCommand, TypingError, number, uid_of
from roomchat.times import seconds_of

GROUP = "Order in a room"

_LIKE_A_TIME = re.compile(r"[0-9]+[a-z]{0,5}", re.IGNORECASE)


def _limited(arguments: list[str]) -> tuple[int | None, str]:
    """How long, and why, of ``2h Sleep over it.``: either may be left out.

    Raises:
        TypingError: the first word must have been meant as a time; without one it would be for good.
    """
    typed = arguments[0] if arguments else ""
    first, _, rest = typed.partition(" ")
    seconds = seconds_of(first)
    if seconds is None and _LIKE_A_TIME.fullmatch(first):
        raise TypingError(f"{first} is no time; write 30m, 2h, 7d, or no time for good.")
    return (None, typed) if seconds is None else (seconds, rest.strip())


def _ban(roster: Roster, arguments: list[str], *, address: bool = False) -> Command:
    seconds, reason = _limited(arguments[1:])
    return protocol.Ban(uid=uid_of(roster, arguments[0]), seconds=seconds, reason=reason, address=address)


def _mute(roster: Roster, arguments: list[str]) -> Command:
    seconds, reason = _limited(arguments[1:])
    return protocol.Mute(uid=uid_of(roster, arguments[0]), seconds=seconds, reason=reason)


def _topic(roster: Roster, arguments: list[str]) -> Command:
    if not arguments:
        return protocol.ShowRules()
    return protocol.SetTopic(topic="" if arguments[0] == "-" else arguments[0])


def _invitation(roster: Roster, arguments: list[str]) -> Command:
    """So many people, so long: ``5 2d``."""
    made = protocol.InviteTo()
    for typed in arguments[0].split() if arguments else ():
        seconds = seconds_of(typed)
        if seconds is None:
            made.uses = number(typed)
        else:
            made.seconds = seconds
    return made


def _uninvite(roster: Roster, arguments: list[str]) -> Command:
    typed = arguments[0]
    if typed.startswith("#"):
        return protocol.TakeBack(number=number(typed[1:]))
    return protocol.TakeBack(uid=uid_of(roster, typed))


ORDER = [
    SlashCommand(GROUP, "/private ROOM", "make a room of your own that only the invited can join",
                 lambda roster, args: protocol.Join(room=room_name(args[0]), private=True), "/private plans"),
    SlashCommand(GROUP, "/invite UID", "invite someone into the private room that you are in",
                 lambda roster, args: protocol.InviteTo(uid=uid_of(roster, args[0])), "/invite bob"),
    SlashCommand(GROUP, "/invitation [N]", "make an invitation for N people; 5 2d: for two days",
                 _invitation, "/invitation 5 2d"),
    SlashCommand(GROUP, "/uninvite UID", "take an invitation back, or the one that /rules calls #2",
                 _uninvite, "/uninvite #2"),
    SlashCommand(GROUP, "/topic [TEXT]", "say what the room is about, or show it; - for nothing",
                 _topic, "/topic Cakes, and who bakes them"),
    SlashCommand(GROUP, "/rules [ROOM]", "show whose a room is, its moderators, and who is kept out",
                 lambda roster, args: protocol.ShowRules(room=room_name(args[0]) if args else None), "/rules tea"),
    SlashCommand(GROUP, "/kick UID [WHY]", "put someone out of the room; they may come back",
                 lambda roster, args: protocol.Kick(uid=uid_of(roster, args[0]), reason=" ".join(args[1:])),
                 "/kick 7 No advertising, please."),
    SlashCommand(GROUP, "/ban UID [WHY]", "keep someone out; /ban 7 2h WHY: for two hours",
                 _ban, "/ban 7 2h Sleep over it."),
    SlashCommand(GROUP, "/banip UID [WHY]", "ban a guest, and all guests from the same address",
                 lambda roster, args: _ban(roster, args, address=True), "/banip 7 1d"),
    SlashCommand(GROUP, "/unban UID", "let someone in again",
                 lambda roster, args: protocol.Unban(uid=uid_of(roster, args[0])), "/unban 7"),
    SlashCommand(GROUP, "/mute UID [WHY]", "refuse what someone says; /mute 7 10m: for ten minutes",
                 _mute, "/mute 7 10m"),
    SlashCommand(GROUP, "/unmute UID", "let someone speak again",
                 lambda roster, args: protocol.Unmute(uid=uid_of(roster, args[0])), "/unmute 7"),
    SlashCommand(GROUP, "/promote UID", "make someone a moderator of your room",
                 lambda roster, args: protocol.Promote(uid=uid_of(roster, args[0])), "/promote bob", ("/op",)),
    SlashCommand(GROUP, "/demote UID", "make someone a moderator no longer",
                 lambda roster, args: protocol.Demote(uid=uid_of(roster, args[0])), "/demote bob", ("/deop",)),
    SlashCommand(GROUP, "/owner UID", "pass your room on to someone in it",
                 lambda roster, args: protocol.PassOn(uid=uid_of(roster, args[0])), "/owner bob"),
]  # fmt: skip
