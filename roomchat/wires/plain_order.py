"""What is typed on the plain-text wire to be in private, and to keep order in the current room."""

from __future__ import annotations

from collections.abc import Sequence

from roomchat.protocol import Ban, Command, InviteTo, Join, Kick, Mute, SetTopic, Unban, Unmute

HELP = """\
/private ROOM       make a room of your own that only the invited can join
/invite UID         invite someone into the private room that you are in
/topic TEXT         say what your room is about
/kick UID           put someone out of your room
/ban UID            put someone out and keep them out; /unban UID
/mute UID           refuse what someone says there; /unmute UID
"""

_DONE_TO: dict[str, type[InviteTo | Kick | Ban | Unban | Mute | Unmute]] = {
    "/invite": InviteTo, "/kick": Kick, "/ban": Ban, "/unban": Unban, "/mute": Mute, "/unmute": Unmute,
}  # fmt: skip


def made(command: str, words: Sequence[str], text: str, join_id: str) -> Command | None:
    """A command of these; None: it is none, or something is missing.

    Args:
        command: with its slash, in small letters.
        words: behind it.
        text: these as they were typed.
        join_id: for one that enters a room.
    """
    if command == "/private" and len(words) == 1:
        return Join(id=join_id, room=words[0], private=True)
    if command == "/topic" and words:
        return SetTopic(topic=text)
    if command in _DONE_TO and len(words) == 1 and words[0].isascii() and words[0].isdigit():
        uid = int(words[0][:15])
        return _DONE_TO[command](uid=uid) if uid else None
    return None
