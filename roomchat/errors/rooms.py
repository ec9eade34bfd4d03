"""Refusals that have to do with the order in rooms."""

from __future__ import annotations

from roomchat.errors.base import Refused


class NotAllowed(Refused):
    code = "not_allowed"
    sentence = "{why}."


class NotAMember(Refused):
    code = "not_a_member"
    sentence = "Nobody with the UID {uid} is in {room}."


class Unchanged(Refused):
    code = "unchanged"
    sentence = "{who} {what}."


class OpenRoom(Refused):
    code = "open_room"
    sentence = "{room} is open: anyone can join it, and nobody needs an invitation."


class ListFull(Refused):
    code = "list_full"
    sentence = "A room can have at most {limit} of these; take one back first."


class BannedFrom(Refused):
    code = "banned"
    sentence = "You are banned from {room}{until}{reason}."


class WasKicked(Refused):
    code = "kicked"
    sentence = "You were put out of {room}{reason}; you can join it again."


class MutedIn(Refused):
    code = "muted"
    sentence = "You are muted in {room}{until}{reason}."
