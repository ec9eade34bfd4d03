"""Every knob of the server, one a line: its unit, its default, why.

``roomchat serve`` offers the first group as options; all are keyword arguments of ``Settings``.
"""

from __future__ import annotations

from dataclasses import dataclass

WIRES = ("native", "ktn", "channels", "plain")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How a server behaves. Immutable: a change is a new server."""

    # What the person who runs it chooses.
    host: str = "127.0.0.1"  # only this machine, until the person says otherwise
    port: int = 5050  # 0: a free one
    db: str = ":memory:"  # path of the log; ":memory:" keeps nothing
    sync: str = "full"  # "full": acknowledged means on disk; "normal": a power cut may take the last moments
    max_clients: int = 0  # clients with a seat; 0: no limit
    idle_exit: float = 0.0  # seconds without a connection and a command until the server stops; 0: never
    linger: float = 120.0  # seconds a lost connection keeps its seat: a train's tunnel, a laptop's lid
    rate: float = 20.0  # commands a second and connection, beyond the burst; 0: no limit
    burst: int = 400  # commands at once: 200 pasted lines pass without a pause, twice
    connect_rate: float = (
        50.0  # connections a second from one address, beyond max_connections of them; 0: no limit
    )
    address_share: int = 50  # newcomers from one address who have their burst, at the rate of as many people
    max_strangers: int = 256  # connections from one address that are not welcomed yet
    keep_days: float = 0.0  # days a message is kept; 0: for ever
    guest_days: float = 30.0  # days that someone who never said anything is known after leaving; 0: for ever
    motd: str = ""  # told to everyone who comes
    wires: tuple[str, ...] = WIRES  # the dialects that are spoken
    greet_after: float = 0.5  # seconds of silence until a peer is taken for a person at a bare line; 0: never
    lobby: str = "lobby"  # everyone's first room, and the one that KTN users are in; "": none, but for those
    ktn_history: str = "messages"  # "messages", one by one; "objects" or "strings", one list of either
    ktn_echo: bool = False  # whether a KTN user's own messages come back, as for everyone else

    # What a client may ask.
    max_text: int = 8192  # characters of a message; at 6 bytes each ("\u0001") it still fits into a line
    max_name: int = 32  # characters of a name of a client or room: a column on a screen
    max_rooms: int = 100  # rooms a client is in at once: bounds what one client costs
    max_line: int = 64 * 1024  # bytes of a line: bounds the memory of a peer that never ends one
    max_connections: int = 10_000  # connections from one address; proxies and labs put many people behind one
    hello_timeout: float = 10.0  # seconds until a peer that has not said hello is closed
    login_timeout: float = 300.0  # seconds likewise, on the wires where a person types the name by hand
    history: int = 50  # messages shown on joining: a screen
    max_history: int = 1000  # messages that a join may ask for; there is `history` for more
    large_room: int = 200  # members above which comings and goings are counted, not told one by one
    large_room_interval: float = 1.0  # seconds between two such counts

    # What the machine is asked for.
    io_threads: int = 1  # more do not help while one interpreter lock is shared
    reader_threads: int = 2  # that read history; so one long page does not hold up the other readers
    inbox_limit: int = 20_000  # commands that wait for the hub until all reading stops; of 100 bytes mostly
    outbox_limit: int = 1024 * 1024  # bytes queued for one connection until it is catching up from the log
    outbox_total: int = 512 * 1024 * 1024  # bytes queued for all connections until those with most are let go
    read_piece: int = 256 * 1024  # bytes read from the log at a time for a connection that is catching up
    keepalive: int = 60  # seconds of silence until the system asks whether a peer is still there
    unacknowledged: int = 600  # seconds that a peer may leave what was sent unacknowledged: it is gone then
    drain: float = 5.0  # seconds that a stopping server gives its outboxes
