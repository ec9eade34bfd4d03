"""Which room of a log is meant."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from roomchat.chat.names import normal_private, normal_room
from roomchat.errors import BadName, ExportError
from roomchat.protocol import is_pair, private_of
from roomchat.settings import Settings
from roomchat.store.archive import Room

MAX_SUGGESTIONS = 5  # names that are suggested


def find_room(name: str, rooms: Sequence[Room], *, private: bool) -> Room:
    """The room of that name, compared as the server compares names.

    Args:
        name: as it was typed.
        rooms: those of the log.
        private: whether a room of two, ``@3-7``, or a private one, ``+7/plans``, may be meant: what is not for all
            must not be taken out by mistake.
    Raises:
        ExportError: there is none; the sentence names some that are near.
    """
    if is_pair(name):
        if not private:
            raise ExportError(f"{name} is a room of two people who whisper; add --private if you may read it.")
        key = name
    else:
        if private_of(name) is not None and not private:
            raise ExportError(f"{name} is a private room; add --private if you may read it.")
        try:
            normal = normal_room if private_of(name) is None else normal_private
            _, key = normal(name, Settings.max_name)
        except BadName as error:
            raise ExportError(str(error)) from None
    by_key = {room.key: room for room in rooms}
    if key in by_key:
        return by_key[key]
    if name.startswith("#") and len(name) > 1:  # as people write it, unless a room is really called so
        return find_room(name[1:], rooms, private=False)
    raise ExportError(f"There is no room {name} in the log; {_instead(key, by_key)}")


def _instead(key: str, by_key: dict[str, Room]) -> str:
    """Names that were perhaps meant. Rooms of two and private ones are nobody's guess."""
    keys = [one for one in by_key if _kind(one) == _kind(key)]
    if not keys:
        return "nothing was said in any such room yet."
    near = get_close_matches(key, keys, MAX_SUGGESTIONS, cutoff=0.5)
    if near:
        return f"did you mean {_or([by_key[one].name for one in near])}?"
    some = ", ".join(by_key[one].name for one in keys[:MAX_SUGGESTIONS])
    return (
        f"it has {some}."
        if len(keys) <= MAX_SUGGESTIONS
        else f"it has {some} and {len(keys) - MAX_SUGGESTIONS} more."
    )


def _kind(key: str) -> tuple[bool, bool]:
    return is_pair(key), private_of(key) is not None


def _or(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
