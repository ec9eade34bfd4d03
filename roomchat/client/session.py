"""What a client must not forget: who it is, what it has seen, what it has said. No I/O in here.

The rules are those of docs/protocol.md, "Sequence numbers and cursors" and "Counting messages".
"""

from __future__ import annotations

from msgspec.structs import replace

from roomchat.client.blocks import Blocks
from roomchat.client.client_events import Refusal
from roomchat.client.login import Login
from roomchat.client.looks import Looks
from roomchat.client.markers import READ_ID
from roomchat.client.outcome import Outcome
from roomchat.client.places import Places
from roomchat.client.same import compared
from roomchat.client.sayable import check_sayable, for_server
from roomchat.client.verdicts import DOUBT_REASON, LOST_REASON, OTHER_LOG, REFUSED, UNCERTAIN
from roomchat.errors import NameOwned, OutOfOrder, StorageUnavailable, TooManyRooms, UnknownToken
from roomchat.protocol import (
    FEATURES,
    VERSION,
    AnyEntry,
    Blocked,
    Command,
    Entry,
    Error,
    Gap,
    Hello,
    HistoryPage,
    Join,
    Joined,
    Left,
    LoggedOut,
    Ping,
    Pong,
    ReadMarker,
    Registered,
    Renamed,
    Say,
    Statement,
    Unblocked,
    Unknown,
    Unregistered,
    Welcome,
    Whisper,
    is_pair,
    pair_room,
)  # fmt: skip
from roomchat.settings import Settings
from roomchat.version import __version__

CAUGHT_UP_ID = "caught-up"  # id of the ping that follows each hello
PROGRAM = f"roomchat {__version__}"
WINDOW = 100  # messages on their way to the server at a time

_RETRY = {StorageUnavailable.code, OutOfOrder.code}


class Session(Places):
    """One session on a server, over any number of connections. Not thread-safe: its owner has a lock.

    Feed it every event as it comes; it returns those that are to be shown, each once and without a hole.
    """

    def __init__(self, name: str, login: Login | None = None) -> None:
        super().__init__()
        self.name = name
        self.login = login or Login()
        self.account = 0  # 1: the token is an account's
        self._asked: str | None = name  # the name to be called, until the server has agreed
        self.presence = True  # whether rooms are told that we come and go
        self.uid = 0
        self.device = 1  # of the client that the UID is of
        self.token: str | None = None
        self.server_key: str | None = None  # by what the server was known that gave it; None: in clear text
        self.epoch: str | None = None
        self.attempt = 0  # the number of the last hello
        self.servers = ""  # that share the chat, as the welcome has them, one a line
        self.n = 0  # the last one given to a message
        self.pending: dict[int, Say | Whisper] = {}  # n: what was said and has not come back
        self.refused: dict[int, Say | Whisper] = {}  # n: what was refused, until the program has been told
        self.blocks = Blocks()
        # UID to name, of those whom we whisper with; nobody tells it when they are offline.
        self.names: dict[int, str] = {}
        self._is_welcomed = False  # over this connection
        self._keeps_cursors = True  # whether those of before are known: all that is newer is wanted
        self._looks = Looks()
        self._max_text = Settings.max_text  # characters; the welcome says what this server takes
        self._max_line = Settings.max_line  # bytes
        self.features: frozenset[str] = frozenset()  # that the server knows, too
        self._welcomed = 0  # the last n that the server had handled when it welcomed us
        self._handled = 0  # the last n of which we know that the server has handled it
        self._sent = 0  # the last n that was sent over this connection

    # ------------------------------------------------------------ to the server

    def hello(self) -> Hello:
        """How a connection begins."""
        self._entered.clear()
        self._is_welcomed = False
        rooms = self._name_rooms()
        hello = Hello(
            protocol=VERSION, name=self._asked, client=PROGRAM, presence=self.presence, features=[*FEATURES],
            **self.login.proof(self.token, is_account=bool(self.account)),
        )  # fmt: skip
        if hello.token is None:
            self._named.clear()
            return replace(hello, name=self._asked or self.name)
        return replace(hello, rooms=rooms if self._keeps_cursors else None, epoch=self.epoch)

    def say(self, command: Say | Whisper) -> Say | Whisper:
        """Number a message and keep it until it comes back; ``due`` says when it is to be sent.

        Raises:
            Denied: the server could not read it, and would refuse it without naming its number.
        """
        check_sayable(command, self._max_text, self._max_line)
        if isinstance(command, Say) and command.room in self.rooms and not is_pair(command.room):
            self.room = command.room
        self.n += 1
        numbered = self.pending[self.n] = replace(command, n=self.n)
        return numbered

    def take_back(self, n: int) -> None:
        """The last message could not be kept, so it is not said."""
        del self.pending[n]
        self.n = n - 1

    def due(self) -> list[Command]:
        """What is to be sent now over this connection: messages in order, as far as the window is open.

        A server reads a fast sender slowly. Without a window all that was pasted would stand in the way of what is
        asked next, and would be sent anew, whole, whenever the connection is lost.
        """
        upto = min(self.n, self._handled + WINDOW)
        due = [self.pending[n] for n in range(self._sent + 1, upto + 1) if n in self.pending]
        self._sent = max(self._sent, upto)
        return [for_server(one, self.features) for one in due]

    def go(self) -> None:
        """Goodbye: the next time begins in no room, but in those where something is to be said still. Rooms of two
        come by themselves."""
        self._leave_all_but(self._spoken_of())
        self.room = None

    def forget(self) -> None:
        """What was said, where we were, and what we have seen; not who we are."""
        self._keeps_cursors = False
        for kept in (self.pending, self.refused, self.rooms, self.cursors):
            kept.clear()
        self.room = None

    def is_said(self, room: str | None) -> bool:
        """Whether all that was said in a room, or the current one, has come back."""
        room = compared(room or self.room or "")
        return not any(isinstance(one, Say) and compared(one.room or "") == room for one in self.pending.values())

    # ------------------------------------------------------------ from the server

    def receive(self, event: Statement) -> Outcome:
        """Take note of an event."""
        if isinstance(event, HistoryPage | Error) and self._looks.is_answer(event):
            return self._looked(event)
        match event:
            case Entry() | Unknown():
                return self._entry(event)
            case Welcome():
                return self._welcome(event)
            case Error():
                return self._error(event)
            case Pong() if event.re == CAUGHT_UP_ID:
                return self._caught_up()
            case Joined():
                self._joined(event)
                if is_pair(event.room):
                    self.names.update((one.uid, one.name) for one in event.members if one.uid != self.uid)
            case Left():
                self._left(event.room)
                if event.reason is not None or self._returning:
                    self._put_out.add(compared(event.room))
            case Gap():
                self._missed(event)
            case ReadMarker():
                self.markers.take(event)
                if event.re == READ_ID:
                    return Outcome()
            case Registered():
                self.account = 1
            case LoggedOut() | Unregistered() if isinstance(event, Unregistered) or self.device in event.devices:
                self.token, self.account, self.login.over = None, 0, True
                self.login.is_account_gone = isinstance(event, Unregistered)
            case Blocked() | Unblocked():
                self.blocks.take(event)
            case Renamed() if event.uid == self.uid:
                self.name = event.name
            case Renamed() if event.uid in self.names:
                self.names[event.uid] = event.name
        return Outcome(show=[event])

    def _welcome(self, event: Welcome) -> Outcome:
        another_log = event.epoch != self.epoch
        self.uid, self.name, self.token, self.epoch = event.uid, event.name, event.token, event.epoch
        self.account = int(event.account)
        self.servers = "\n".join(event.servers) or self.servers  # those that are gone now may be back
        self.login.welcomed(is_account=event.account)
        self.device, self.features = event.device, frozenset(event.features)
        self.markers.is_known = "read" in self.features
        self._asked = None
        self._keeps_cursors = True
        self._max_text, self._max_line = event.limits.text, event.limits.line
        self._returning = self._is_welcomed = True
        outcome = Outcome(show=[event])
        rooms = list(self.rooms)
        if another_log:  # it does not know what we have seen, nor where we were; its UIDs are other people's
            self.cursors.clear()
            self.rooms.clear()
            self.markers.forget()
            self.refused.clear()
            self.names.clear()
            outcome.show += [
                self._refusal(n, OTHER_LOG, "The server has another log now, where the UID may be someone else's.")
                for n in [n for n, command in self.pending.items() if isinstance(command, Whisper)]
            ]
        self._renumber(event.last_n)
        outcome.send += [
            Join(room=room) for room in self._owed(rooms) if compared(room) not in map(compared, self.rooms)
        ]
        outcome.send += self.due()
        outcome.send += self.blocks.welcome(event, another_log=another_log)
        outcome.send.append(Ping(id=CAUGHT_UP_ID))
        return outcome

    def _owed(self, rooms: list[str]) -> list[str]:
        """The rooms to be in: where we were, and where something is still to be said; not if we were put out."""
        named = {compared(room): room for room in [*self._spoken_of(), *rooms] if not is_pair(room)}
        return [room for key, room in named.items() if key not in self._put_out]

    def _spoken_of(self) -> list[str]:
        """The rooms in which something is to be said still."""
        return [one.room for one in self.pending.values() if isinstance(one, Say) and one.room]

    def _renumber(self, last_n: int) -> None:
        """Count on from what the server has handled. Where it knows of less than we do, it has lost the end of its
        log, or has another one: then what has not come back gets new numbers."""
        self._welcomed = self._handled = self._sent = last_n
        waiting = [command for n, command in self.pending.items() if n > last_n]
        self.pending = {n: command for n, command in self.pending.items() if n <= last_n}
        self.pending.update((n, replace(command, n=n)) for n, command in enumerate(waiting, start=last_n + 1))
        self.n = last_n + len(waiting)

    def _entry(self, event: AnyEntry | Unknown) -> Outcome:
        if isinstance(event, Entry) and self.is_own(event) and event.n is not None:
            self.pending.pop(event.n, None)
            self._handled = max(self._handled, event.n)
        if event.seq <= self.cursors.get(event.room, 0):
            return Outcome()
        self.cursors[event.room] = event.seq
        if isinstance(event, Entry) and event.uid != self.uid and is_pair(event.room):
            self.names[event.uid] = event.name
        return Outcome(show=[event])

    def is_own(self, entry: Entry) -> bool:
        """Whether it was said in this session: another device of ours counts its own ``n``."""
        return (entry.uid, entry.device) == (self.uid, self.device)

    def has_answer(self, event: Error) -> bool:
        """Whether to a refusal of our hello there is another one that may be accepted: as a new client, or with
        fewer rooms, if the server takes fewer now."""
        if event.code == TooManyRooms.code:
            return any(not is_pair(room) and room != self.room for room in self.rooms)
        return not self._is_welcomed and self.login.has_answer(event.code, is_account=bool(self.account))

    def _error(self, event: Error) -> Outcome:
        if event.code in _RETRY and event.n is not None:
            self._sent = self._handled
            return Outcome(show=[event] if event.code == StorageUnavailable.code else [], retry=True)
        if event.code == UnknownToken.code:
            self.token, self.epoch, self.account = None, None, 0
            return Outcome(send=[self.hello()])
        if event.code == NameOwned.code and not self._is_welcomed:
            return Outcome(send=[self.hello()])
        if event.code == TooManyRooms.code and not self._is_welcomed:
            left = self._leave_all_but([] if self.room is None else [self.room])
            return Outcome(show=[event, *left], send=[self.hello()])
        if event.n is None:
            return Outcome(show=[] if event.re == READ_ID else [event])
        self._handled = max(self._handled, event.n)
        if event.n not in self.pending:
            return Outcome(show=[event])
        return Outcome(show=[self._refusal(event.n, event.code, event.message)])

    def _refusal(self, n: int, code: str, message: str) -> Error:
        """A message is refused: whoever said it gets it back."""
        command = self.refused[n] = self.pending.pop(n)
        room, uid = (command.room, None) if isinstance(command, Say) else (None, command.uid)
        return Refusal(code=code, n=n, message=message, text=command.text, room=room, uid=uid, kind=command.kind)

    def refusal_acked(self, n: int | None) -> None:
        """The program has handled the refusal of a message: it need not be kept any longer."""
        if n is not None:
            self.refused.pop(n, None)

    # ------------------------------------------------------------ what was handled and did not come

    def _caught_up(self) -> Outcome:
        """Catch-up is complete. A message that the server had handled when it welcomed us, and that has not come
        back by now, was refused, if its room's history does not have it either; the error that said why was lost
        with the old connection. Messages sent over this connection may still be on their way, in any order across
        rooms.

        That it has not come proves nothing: who was out of a room, and came again, begins behind it.
        """
        self._returning = False
        self.blocks.settle()
        # The error that says why has come already; it would come again with every hello that names them.
        outcome = Outcome(show=[*self._leave_all_but(self._entered)])
        self._put_out.update(compared(one.room) for one in outcome.show if isinstance(one, Left))
        wanted: dict[str, set[int]] = {}
        for n in [n for n in self.pending if n <= self._welcomed]:
            one = self.pending[n]
            room = one.room if isinstance(one, Say) else pair_room(one.uid, self.uid)
            if room is None:
                outcome.show.append(self._lost_refusal(n))
            elif room in self._named and compared(room) not in self._entered:
                outcome.show.append(self._refusal(n, UNCERTAIN, DOUBT_REASON))
            else:
                wanted.setdefault(room, set()).add(n)
        outcome.send += self._looks.begin(wanted)
        outcome.send += self.markers.owed()
        return outcome

    def _looked(self, event: HistoryPage | Error) -> Outcome:
        messages, missing, doubt, send = self._looks.take(event, self.is_own)
        outcome = Outcome(send=[*send])
        for message in messages:
            if message.n is not None and self.pending.pop(message.n, None) is not None:
                outcome.show.append(message)
                outcome.found.append(message.n)
        lost = [n for n in sorted(missing) if n in self.pending]
        if doubt:
            outcome.show += [self._refusal(n, UNCERTAIN, DOUBT_REASON) for n in lost]
        else:
            outcome.show += map(self._lost_refusal, lost)
        return outcome

    def _lost_refusal(self, n: int) -> Error:
        return self._refusal(n, REFUSED, LOST_REASON)
