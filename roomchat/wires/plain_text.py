"""What the plain-text wire says: its prompts, its help, and events as lines for a person."""

from __future__ import annotations

from collections.abc import Iterable

from roomchat.harmless import harmless
from roomchat.protocol import (
    Away,
    Back,
    Event,
    Gap,
    Invited,
    Joined,
    MemberJoined,
    MemberLeft,
    Notice,
    Person,
    PresenceSummary,
    Renamed,
    RoomsPage,
    Welcome,
)  # fmt: skip
from roomchat.wires import plain_order

ASK_NAME = "Enter a username: "
ASK_UID = "Enter the UID of the person you would like to chat with.\n"
GREETING = f"Welcome to roomchat!\n{ASK_NAME}"
HELP = f"""\
UID                 chat with that person, in their room or in a new one
/dial UID           the same, also from within a room
/join ROOM          go into a room; it is made if there is none
/leave [ROOM]       leave a room, or the current one
/who [ROOM]         list the people here, or in a room
/rooms              list the rooms
/whisper UID TEXT   send a message to one person only
/name NAME          change your name
/login NAME         log in to your account, in place of a username
/history [N]        show the last messages
{plain_order.HELP}\
.exit or /quit      leave the chat
Anything else goes to everyone in your room. Begin with // to say something that starts with a slash.
"""

TOLD = {"kicked", "banned"}  # why somebody went, where an entry of the room has told it
# What people know from roomchat's own client.
OF_CLIENT = {
    "/block", "/delete", "/devices", "/ignore", "/logout", "/password", "/register", "/search", "/unblock",
    "/unregister",
}  # fmt: skip
WHY_GONE = {
    "left": "left",
    "bye": "said goodbye",
    "lost": "is gone: the connection was lost",
    "shut_out": "was banned from the server",
}


def state(event: Event) -> str:
    """A state event as everyone in the room is shown it; nothing for some."""
    match event:
        case MemberJoined():
            return as_line(f"* {event.uid} {event.name} entered {event.room}")
        case MemberLeft() if event.reason in TOLD:
            return ""
        case MemberLeft():
            return as_line(f"* {event.uid} {event.name} {WHY_GONE.get(event.reason, 'left')} ({event.room})")
        case Away():
            return as_line(f"* {event.uid} {event.name} lost the connection and may be back soon")
        case Back():
            return as_line(f"* {event.uid} {event.name} is back")
        case Renamed():
            return as_line(f"* {event.uid} {event.old} is now called {event.name}")
        case PresenceSummary():
            total = f"people here now: {event.members_total}"
            return as_line(f"* {event.room}: {event.joined} came, {event.left} went; {total}")
        case Gap():
            return as_line(
                f"* Some messages in {event.room} are missing, because the server no longer keeps them."
            )
        case Notice():
            return as_line(f"* {event.text}")
        case Invited():
            return as_line(f"* {event.uid} {event.name} invites you: /join {event.room}")
    return ""


def room_list(event: Welcome | RoomsPage) -> str:
    """The rooms, and how many are in each."""
    return listing("Rooms:", (f"{one.room} ({one.members_total})" for one in event.rooms), event.rooms_total)


def person_line(person: Person) -> str:
    """``7 ann``."""
    return f"{person.uid} {person.name}{' (away)' if person.away else ''}"


def listing(title: str, items: Iterable[str], total: int) -> str:
    """One a line, under a title; of those that are not in the page, the number."""
    lines = [as_line(item) for item in items]
    if len(lines) < total:
        lines.append(as_line(f"and {total - len(lines)} more"))
    return as_line(title) + ("".join(lines) or as_line("none yet"))


def as_line(text: str) -> str:
    """One line, made harmless."""
    return harmless(text) + "\n"


def welcome(event: Welcome) -> str:
    """What one reads who has come in."""
    others = [person for person in event.clients if person.uid != event.uid]
    where = (
        f"Or type a message for everyone in {event.lobby}" if event.lobby else "Or wait until someone dials you"
    )
    return (
        as_line(f"Your uid is: {event.uid}")
        + "".join(map(as_line, (event.motd or "").splitlines()))
        + listing("People online:", map(person_line, others), event.clients_total - 1)
        + room_list(event)
        + ASK_UID
        + as_line(f"{where}, or /join ROOM. /help lists the commands.")
    )


def joined(event: Joined, uid: int) -> str:
    """What the one with that UID reads who is in a room now."""
    if event.device is not None:
        return as_line(f"On another device you went into {event.room}; what you type here does not go there.")
    names = {person.uid: person.name for person in event.members}
    started = ""
    if event.by is not None:
        who = "You" if event.by == uid else f"{event.by} {names.get(event.by, '')}"
        started = as_line(f"{who.strip()} started {event.room}.")
    others = [person for person in event.members if person.uid != uid]
    where = f"You are in {event.room}"
    if event.topic:
        started += as_line(f"{event.room} is about: {event.topic}")
    if not others:
        return started + as_line(f"{where}; nobody else is here yet.")
    return started + listing(f"{where} with:", map(person_line, others), event.members_total - 1)
