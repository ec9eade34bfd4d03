"""What the hub is given: commands, what happens to connections, and all that it needs from outside.

The hub reads nothing else: no clock, no disk, nothing random. So the same inputs lead to the same state and the
same effects, in any process; a record of them can be played again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from msgspec import Struct

from roomchat.account import Account
from roomchat.dialect import Answer, Malformed, Terms
from roomchat.protocol import AnyCommand, Command, Hello, Id, InviteTo, Tombstone
from roomchat.protocol.administration import HubCommands

Link = int  # the number of a connection, from 1; of what an admin asks, from -1 down
SERVER: Link = 0  # in its place: what the server itself has to say


class _Input(Struct, tag_field="type", tag=str.lower):
    """Tagged as commands are, so that a record of them can be read."""


class Connected(_Input):
    """There is a new connection, or one that turned out to speak another dialect."""

    address: str
    terms: Terms = Terms()
    again: bool = False  # the hub has heard of it before


class Disconnected(_Input):
    """The connection is gone."""

    reason: str


class Refresh(_Input):
    """This connection has missed comings and goings of a room."""

    room: str  # key


class Shutdown(_Input):
    """The server ends; everyone on it is told, and let go."""

    text: str


class Arrived(_Input):
    """A server is one of this chat's from here on: the first that it says in one of its lives."""

    logic: int  # by which rules it works, see chat/servers.py
    settings: dict[str, Any]  # those that all must have alike
    addresses: list[str] = []  # where clients find it
    epoch: str = ""  # of its log; the chat's is that of the first one
    has_past: bool = False  # there was something in that log: who follows the first one needs a copy


class Beat(_Input):
    """A server is there still; said every second."""

    position: int  # up to where it has applied the stream
    snapshot: int = 0  # of the newest state on its disk
    mark: int = 0  # a position that all have in common; 0: none
    digest: str = ""  # of its state there: all must have the same


class Guessed(_Input):
    """A password was wrong on one of several servers: each counts it, as if it had been there."""

    address: str  # from where it came
    account: int  # the UID; 0: nobody has that name
    known: bool  # whether the account was logged in from there before


class Barrier(_Input):
    """Nothing happens: a server that sees its own come out of the stream knows what was in there before it."""

    number: int


class Administer(_Input):
    """What an admin asks. Each has a number of its own, in the place of a connection's."""

    who: str  # the admin, as the system calls them
    command: HubCommands


class Introduction(_Input):
    """A hello as the hub gets it: the token stays with the connection, the hub knows its hash alone.

    ``token_hash`` is the SHA-256 of the token that came with the hello (``resumes``), or of a new one. Of a hello
    that is to register, ``password_hash`` is what is kept of the password.
    """

    hello: Hello  # without what proves anything
    token_hash: bytes
    resumes: bool
    password_hash: str = ""
    invite: bytes | None = None  # its SHA-256
    is_new: bool = False  # who has that token may be a newcomer

    @property
    def id(self) -> Id:
        """The hello's."""
        return self.hello.id


class LoggedIn(_Input):
    """In the place of a hello with a password: it was the right one for that account."""

    hello: Hello  # without what proves anything
    token_hash: bytes  # of a new session
    uid: int
    changed: int  # how often that password was changed: another one may be on its way
    password_hash: str = ""  # what is kept of it from now on, if that was outdated

    @property
    def id(self) -> Id:
        """The hello's."""
        return self.hello.id


class NewAccount(_Input):
    """In the place of ``register``: what is kept of the password."""

    password_hash: str
    invite: bytes | None = None  # its SHA-256
    id: Id = None


class NewPassword(_Input):
    """In the place of ``password``: the old one was right, and what is kept of the new one."""

    password_hash: str
    changed: int  # of the old one
    id: Id = None


class EndOfAccount(_Input):
    """In the place of ``unregister``: the password was right."""

    changed: int
    id: Id = None


class Offer(_Input):
    """An invitation that anybody may use, with the SHA-256 of a new token; the hub knows no more of it."""

    invite: InviteTo
    token_hash: bytes

    @property
    def id(self) -> Id:
        """The command's."""
        return self.invite.id


class KnownSession(Protocol):
    """What is known of a session that has no connection: of one in the log, or of one that was here."""

    device: int  # its number among those of its client, from 1
    token_hash: bytes
    last_n: int  # of its last message that was handled
    seen: int  # of an account's: when it was last here, in milliseconds since 1970; 0: not known
    address: str  # from where


class KnownClient(Protocol):
    """What is known of a client that has no seat."""

    uid: int
    name: str
    guest: bool  # it has never said anything
    account: Account | None

    reads: dict[str, int]  # room key to the seq up to which it has read there
    rooms: dict[str, str]  # of an account: those that it stays in, by key; each with its name
    blocked: frozenset[int]  # UIDs of those from whom it wants to hear nothing

    @property
    def sessions(self) -> Sequence[KnownSession]:
        """All that it has."""


class SessionRow(Struct, gc=False):
    """A session as the log has it."""

    device: int
    token_hash: bytes
    last_n: int = 0
    seen: int = 0
    address: str = ""


class Row(Struct, gc=False):
    """A client as the log has it, if anybody can come back as it."""

    uid: int
    name: str
    sessions: Sequence[SessionRow]
    guest: bool = False
    reads: dict[str, int] = {}
    account: Account | None = None
    blocked: frozenset[int] = frozenset()
    rooms: dict[str, str] = {}

    @classmethod
    def of(cls, known: KnownClient) -> Row:
        """The same as a value of the chat's own."""
        sessions = [
            SessionRow(one.device, one.token_hash, one.last_n, one.seen, one.address) for one in known.sessions
        ]
        reads, rooms = {**known.reads}, {**known.rooms}
        return cls(known.uid, known.name, sessions, known.guest, reads, known.account, known.blocked, rooms)


class Place(Struct, frozen=True):
    """Of an entry in the log."""

    room: str  # key
    seq: int


# Of a client's row: the hash of a token of its, or its UID. Of an entry: its place. Of the UID of the account that
# has one of them: the looks of a name.
Key = bytes | int | Place | tuple[str, ...]


class Found(_Input):
    """The answer to a look-up: commands of this connection have waited for it."""

    key: Key
    row: Row | None = None
    holder: int = 0  # of looks: a UID; 0: nobody
    failed: bool = False  # the log could not be read
    words: Tombstone | None = None  # of an entry that is words, or was: all but these
    deleted: bool = False  # it was


Verdict = LoggedIn | NewAccount | NewPassword | EndOfAccount  # on a password
_Other = (
    Answer
    | Malformed
    | Introduction
    | Offer
    | Verdict
    | Connected
    | Disconnected
    | Refresh
    | Shutdown
    | Arrived
    | Beat
    | Guessed
    | Barrier
    | Found
    | Administer
)
Input = Command | _Other
AnyInput = AnyCommand | _Other  # the same, each kind by its name: so they can be read from bytes


class Origin(NamedTuple):
    """A server of several, in one of its lives."""

    server: str  # its name
    incarnation: int  # rises with each


class Inputs(Struct):
    """One batch.

    ``now`` is in seconds, of a clock that never goes back. ``time`` is in milliseconds since 1970, and
    ``timestamp`` is the same in RFC 3339, in UTC: for what is said in this batch. ``storing`` is False when the
    disk has just refused what the same items led to: then what needs the disk is refused, and the rest is done.

    Of several servers with one chat: ``origin`` is the one that these come from, ``position`` where they stand in
    the stream, and ``now`` and ``time`` are the chat's, not a machine's. ``stored``: the log has what follows.
    """

    items: Sequence[tuple[Link, Input]]
    now: float
    time: int
    timestamp: str
    storing: bool = True
    origin: Origin | None = None
    position: int = 0
    stored: bool = False
