"""Carries out what a person typed, once it is understood. On the thread that sends."""

from __future__ import annotations

import contextlib

from msgspec.structs import replace

from roomchat.client.client import Client
from roomchat.client.same import same_room
from roomchat.errors import ConnectError, Denied, StateError
from roomchat.protocol import (
    Command,
    Dial,
    History,
    InRoom,
    Join,
    Joined,
    Kind,
    Leave,
    Name,
    Say,
    Spoken,
    Whisper,
    is_pair,
)
from roomchat.terminal.shown.lines import cell
from roomchat.terminal.shown.words import room_name, will_see_later
from roomchat.terminal.typed.everyone import people
from roomchat.terminal.typed.input import FetchPage, LookFurther, MeetEveryone, Visit
from roomchat.terminal.typed.local import (
    BlockPerson,
    CloseWindow,
    Connect,
    DeleteMessage,
    Help,
    Local,
    LogIn,
    OfAccount,
    SetAway,
    Several,
    SwitchRoom,
    UnblockPerson,
)
from roomchat.terminal.typed.slash import NotSaid, TypingError
from roomchat.terminal.windows.deleting import Deleting
from roomchat.terminal.windows.display import Display
from roomchat.terminal.windows.lookups import Lookups
from roomchat.terminal.windows.window_lookups import WindowLookups
from roomchat.terminal.windows.windows import Windows

# What is typed behind these may depend on where they lead.
_WAITED_FOR = Join | Dial | Leave | Name
AWAY = "You are away. People who whisper to you get one automatic reply. Type /away again when you are back."


class CommandRunner:
    """Carries out commands over a client, and shows what the client itself has to say."""

    def __init__(self, display: Display) -> None:
        self._display = display
        self._lookups = WindowLookups(display) if isinstance(display, Windows) else Lookups(display)
        self._deleting = Deleting(display)
        self._offline: set[int] = set()  # whom we whispered to, and were told that they are offline
        self._answered: set[int] = set()  # who whispered while we were away, and was told so

    def run(self, client: Client, what: Command | Local, room: str | None) -> None:
        """Carry it out.

        Args:
            client: who says it.
            what: was typed.
            room: that it was typed for.
        Raises:
            TypingError: it can't be done.
            ConnectError: not now.
            Denied: the server refused; that has been shown, as any other event.
        """
        self._lookups.typed(what)
        self._deleting.typed(what)
        match what:
            case Say():
                self._say(client, room, what.text, what.kind)
            case Whisper():
                self._whisper(client, what.uid, what.text, what.kind)
            case SwitchRoom():
                self._switch(client, what)
            case Join() if (there := _is_in(client, what)) in self._display.rooms():
                self._switch(client, SwitchRoom(there))
            case BlockPerson():
                self._block(client, what.uid)
            case UnblockPerson():
                self._unblock(client, what.uid)
            case DeleteMessage():
                self._deleting.run(client, what.words, room)
            case SetAway():
                self._set_away(client, room, what.text)
            case Several():
                self._each(client, what.commands, room)
            case CloseWindow():
                self._close_window(client, what.room or room)
            case _ if isinstance(what, Connect | Help | LogIn | OfAccount):
                raise AssertionError("it needs no client")
            case Command():
                self._ask(client, what, room)
            case _:
                self._lookups.run(client, what, room or self._display.focus.room)

    def look(self, client: Client, request: FetchPage | Visit | LookFurther | MeetEveryone) -> None:
        """Ask the server for what somebody looks at, or looks for; nothing while it is away."""
        with contextlib.suppress(ConnectError):
            match request:
                case FetchPage():
                    client.send(replace(request.history, id=request.page))
                case Visit():
                    self.visit(client, request.room)
                case LookFurther():
                    self._display.look_further()
                case MeetEveryone():
                    for _ in people(client):
                        pass
                    request.then()

    def joined(self, event: Joined) -> None:
        """A room is joined. One that a whisper to someone offline has made was shown with a word on that."""
        roster = self._display.roster
        if is_pair(event.room) and event.by == roster.uid and event.members_total == 1:
            self._offline.add(roster.other(event.room))

    def hear(self, entry: Spoken) -> None:
        """Somebody has said something. On the receiving thread: it may not wait."""
        roster, blocked = self._display.roster, self._display.focus.blocked
        if is_pair(entry.room) and entry.uid not in {roster.uid, *blocked}:
            roster.last_whisperer = entry.uid
        self._answer(entry)

    def _answer(self, entry: Spoken) -> None:
        """Tell someone who whispers that we are away, once."""
        display = self._display
        focus, client = display.focus, display.client
        if focus.away is None or client is None or not is_pair(entry.room):
            return
        if entry.uid in {display.roster.uid, *self._answered, *focus.blocked} or focus.is_old(entry):
            return
        self._answered.add(entry.uid)
        with contextlib.suppress(Denied, StateError):
            client.whisper(entry.uid, _away(focus.away), kind="action")

    def _say(self, client: Client, room: str | None, text: str, kind: Kind = "message") -> None:
        if room is not None and is_pair(room):
            self._whisper(client, self._display.roster.other(room), text, kind)
            return
        try:
            client.say(text, None if self._display.focus.is_tagged else room, kind=kind)
        except Denied as error:
            raise NotSaid(error, text) from None

    def _whisper(self, client: Client, uid: int, text: str, kind: Kind) -> None:
        offline = self._display.roster.is_offline(uid)
        if not offline:
            self._offline.discard(uid)
        try:
            client.whisper(uid, text, kind=kind)
        except Denied as error:
            raise NotSaid(error, text) from None
        if offline and uid not in self._offline:
            self._offline.add(uid)
            self._display.show(
                will_see_later(cell(self._display.roster.whisperer(self._display.roster.pair(uid))))
            )

    def _ask(self, client: Client, command: Command, room: str | None) -> None:
        """Ask the server. What names no room, /history and /kick say, means the one that it was typed for."""
        display = self._display
        if isinstance(command, History | Leave | InRoom) and command.room is None and room is not None:
            if isinstance(command, Leave) and is_pair(room):
                with display.lock:
                    display.end_whispers(room)
                return
            command = replace(command, room=room)
        if isinstance(command, _WAITED_FOR):
            client.request(command)
        else:
            client.send(command)

    def _each(self, client: Client, commands: tuple[Command, ...], room: str | None) -> None:
        """One after the other, also behind one that is refused; that is told at the end."""
        refused: Denied | None = None
        for command in commands:
            try:
                self.run(client, command, room)
            except Denied as error:
                refused = error
        if refused is not None:
            raise refused

    # ------------------------------------------------------------ rooms

    def _close_window(self, client: Client, room: str | None) -> None:
        """Whispers are put away; they stay where they are kept."""
        if room is None or not is_pair(room):
            raise TypingError("Only whispers can be closed. /leave leaves a room.")
        with self._display.lock:
            self._display.end_whispers(room)

    def _switch(self, client: Client, switch: SwitchRoom) -> None:
        display = self._display
        if switch.room is None and switch.number is None:
            display.show(self._rooms())
            return
        if switch.number == 0:
            self._look_at_server()
            return
        room = self._called(switch.room) if switch.room is not None else self._numbered(switch.number or 0)
        with display.lock:
            is_there = display.turn_to(room)
        if not is_there:
            self._ask(client, Join(room=room), None)
        elif not is_pair(room):
            self.visit(client, room)
        if switch.text:
            self._say(client, room, switch.text)

    def _look_at_server(self) -> None:
        """It has a window, but no room."""
        with self._display.lock:
            if not self._display.turn_to(None):
                raise TypingError("There is no window 0 in plain mode.")

    @staticmethod
    def visit(client: Client, room: str) -> None:
        """Tell the server, where others dial us, which room is looked at; while it is away it need not know."""
        with contextlib.suppress(ConnectError):
            client.send(Join(room=room))

    def _called(self, name: str) -> str:
        """The room of that name, if we are in it, or one of two."""
        room = same_room(name, self._display.rooms())
        if room is None and is_pair(name):
            return name
        if room is None:
            raise TypingError(f"You are not in {name}. Type /join {name} to join it.")
        return room

    def _numbered(self, wanted: int) -> str:
        for number, room, _ in self._display.numbered():
            if number == wanted:
                return room
        raise TypingError(f"There is no window {wanted}; /room lists them. A room of that name is #{wanted}.")

    def _rooms(self) -> str:
        display = self._display
        rooms = display.rooms()
        if not rooms:
            return "You are not in a room. Type /join ROOM to join one."
        numbered = [
            f"{number} {room_name(room, display.roster)}{f' ({new} new)' if new else ''}"
            for number, room, new in display.numbered()
        ]
        return f"You are in: {', '.join(numbered)}."

    # ------------------------------------------------------------ the client's own

    def _block(self, client: Client, uid: int | None) -> None:
        display = self._display
        blocked = display.focus.blocked
        if uid is None:
            people = ", ".join(map(self._person, sorted(blocked)))
            display.show(f"You have blocked: {people}." if people else "You have blocked nobody.")
            return
        if uid == display.roster.uid:
            raise TypingError("You can't block yourself.")
        if uid not in blocked:
            self._check_kept(client)
            client.block(uid)
            display.learn_blocked()
        display.show(f"You have blocked {self._person(uid)}. To undo it, type /unblock {uid}.")

    def _unblock(self, client: Client, uid: int) -> None:
        if uid not in self._display.focus.blocked:
            raise TypingError(f"You have not blocked {self._person(uid)}.")
        self._check_kept(client)
        client.unblock(uid)
        self._display.learn_blocked()
        self._display.show(f"You hear from {self._person(uid)} again.")

    def _check_kept(self, client: Client) -> None:
        """A person does not wait for a server that is away, where that keeps whom they have blocked."""
        if "block" in client.features and not self._display.connected:
            raise ConnectError("There is no connection now; try again when it is back.")

    def _person(self, uid: int) -> str:
        """Who may have left before we came, so that nobody told their name."""
        name = self._display.roster.names.get(uid)
        return f"UID {uid}" if name is None else f"{cell(name)} ({uid})"

    def _set_away(self, client: Client, room: str | None, text: str | None) -> None:
        focus = self._display.focus
        back = text is None and focus.away is not None
        focus.away = None if back else (text or "")
        self._answered.clear()
        if room is not None and not is_pair(room):
            self._say(client, room, "is back" if back else _away(focus.away or ""), "action")
        self._display.show("You are back." if back else AWAY)


def _is_in(client: Client, join: Join) -> str | None:
    """The room that is to be joined, if we are in it; a private one of that name is another."""
    return None if join.private else same_room(join.room, client.rooms)


def _away(text: str) -> str:
    return f"is away: {text}" if text else "is away"
