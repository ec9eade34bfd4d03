"""What the chat consists of: clients and their sessions, rooms, connections. Only the registry changes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct

from roomchat.account import Account
from roomchat.chat.inputs import KnownClient, Link
from roomchat.chat.rules import Restraint, Rules
from roomchat.dialect import Terms
from roomchat.protocol import pair_of


class Audience:
    """Connections that get the same; the same object for a room until its members change."""

    __slots__ = ("links", "routes")

    def __init__(self, links: Iterable[Link]) -> None:
        self.links = tuple(links)
        self.routes: Any = None  # how the net reaches them, once it has looked

    def __len__(self) -> int:
        return len(self.links)

    def __iter__(self) -> Iterator[Link]:
        return iter(self.links)


class Room(Struct, eq=False):
    """A conversation: one that has members, or messages in the log."""

    key: str  # the name as it is compared
    name: str  # the name as it is shown
    last_seq: int = 0  # of its newest message; 0: none yet
    last_said: str | None = None  # when that was said, RFC 3339; None: not known
    audience: Audience | None = None  # the live members' connections; None: to be made anew
    joined: int = 0  # members that came and are not told of yet, in a large room
    left: int = 0  # members that went, likewise
    saved_in: int = 0  # the batch that saved it for a rollback
    pair: tuple[int, int] | None = None  # the UIDs of the two who whisper in it, if it is such a room
    private: bool = False  # in no list, and only the invited come in
    rules: Rules | None = None  # None: nothing is laid down for it
    mutes: dict[int, Restraint] | None = None  # those of the rules; None: nobody is muted

    def __post_init__(self) -> None:
        self.pair = pair_of(self.key)

    @property
    def is_open(self) -> bool:
        """Whether anybody may see that it is there."""
        return self.pair is None and not self.private


class Client(Struct, eq=False):
    """An identity that has a seat: connected, or away and waited for."""

    uid: int
    name: str
    key: str  # the name as it is compared
    guest: bool = False  # whether it can come back, and never said anything
    current: Room | None = None  # where it last joined or spoke; never a room of two
    reached: Room | None = None  # where a dial of it leads: the same, but never a private room
    announced: bool = True  # whether rooms are told of its comings and goings
    is_away: bool = False  # whether the others know that it has no connection
    account: Account | None = None  # None: it has none
    sessions: tuple[Session, ...] = ()  # all of them, connected or not
    links: tuple[Link, ...] = ()  # those sessions' connections; empty: it is away, or soon will be
    saved_in: int = 0
    blocked: frozenset[int] = frozenset()  # UIDs of those from whom it wants to hear nothing
    reads: dict[str, int] = {}  # room key to the seq up to which it has read there
    rooms: dict[str, str] = {}  # of an account: those that it stays in while it is away, by key; with their names

    @classmethod
    def of(cls, known: KnownClient, name: str, key: str) -> Client:
        """One that takes a seat again, under this name."""
        return cls(
            known.uid, name, key, known.guest, account=known.account, blocked=known.blocked,
            reads={**known.reads}, rooms={**known.rooms},
        )  # fmt: skip

    @property
    def resumes(self) -> bool:
        """Whether it can come back when its connections are lost."""
        return any(session.terms.resume for session in self.sessions)

    @property
    def one_room(self) -> bool:
        """Whether the lobby is the one room that its people can see."""
        return all(session.terms.one_room for session in self.sessions)


class Session(Struct, eq=False):
    """One device of a client: a token, a counter, and one connection at the most."""

    client: Client
    device: int  # its number among the client's sessions, from 1
    token_hash: bytes  # SHA-256 of the token that proves it
    last_n: int = 0  # of its last message that was handled
    link: Link | None = None  # None: it has no connection
    terms: Terms = Terms()  # of its connection, or of its last one
    seen: int = 0  # when it was last here, as in ``KnownSession``
    address: str = ""  # from where
    current: Room | None = None  # of an account's: as the client's, but of this device
    attempt: int = 0  # of its last hello; 0: its program does not count
    saved_in: int = 0


class Peer(Struct, eq=False):
    """A connection, before and after its hello."""

    link: Link
    address: str
    terms: Terms
    session: Session | None = None

    def __str__(self) -> str:
        return f"connection {self.link} from {self.address}"


class ServerBan(Struct, frozen=True, omit_defaults=True):
    """Somebody, or newcomers from some place, may not come to this server."""

    until: int | None = None  # milliseconds since 1970; None: for good
    reason: str = ""

    def stands(self, time: int) -> bool:
        """Whether it is not over yet. ``time``: milliseconds since 1970."""
        return self.until is None or time < self.until
