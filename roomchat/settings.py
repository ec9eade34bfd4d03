"""Every setting of the server: its unit, its default, why.

All are keyword arguments of ``Settings``; those with a sentence of help are options of ``roomchat serve``, too.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")

WIRES = ("native", "websocket", "ktn", "channels", "plain")
ACCOUNTS = ("open", "invite", "closed")
PLAINTEXT = ("local", "all", "none")


def _option(default: T, help: str, unit: str = "") -> T:
    """A setting that ``roomchat serve`` shows with this help, and its value as the unit."""
    return field(default=default, metadata={"help": help, "unit": unit})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How a server behaves. Immutable: a change is a new server."""

    # What the person who runs it chooses.
    host: str = _option("127.0.0.1", "Address to listen on; 0.0.0.0 lets other machines in.", "ADDRESS")
    port: int = _option(5050, "Port to listen on; 0: any free one.")
    db: str = _option(":memory:", "The log file; :memory: keeps nothing.")
    sync: str = _option(
        "full", "full: acknowledged messages are on disk; normal: a power cut may take the last moments."
    )
    tls_cert: str = _option(
        "", "A certificate in PEM, with its chain; without one the server makes its own.", "FILE"
    )
    tls_key: str = _option("", "The certificate's key, if it is in a file of its own.", "FILE")
    plaintext: str = _option(
        "local", "Who may come without encryption: this machine only, all, or none. KTN clients can't encrypt."
    )
    proxy_from: tuple[str, ...] = _option(
        (),
        "Load balancers and web servers in front, which say who connects: addresses, networks.",
        "NETWORKS",
    )
    metrics_token_file: str = _option(
        "", "A file with a secret: who sends it may read /metrics from elsewhere, too.", "FILE"
    )
    origin: tuple[str, ...] = _option(
        (),
        "Web addresses by which browsers reach this server besides its own, as https://chat.example.org.",
        "ADDRESSES",
    )
    max_clients: int = _option(0, "Most clients at a time; 0: no limit.")  # with a seat
    idle_exit: float = _option(0.0, "Stop after that long without a connection; 0: never.", "SECONDS")
    # A train's tunnel, a laptop's lid.
    resume_window: float = _option(
        120.0, "How long the server keeps a person's place after a lost connection.", "SECONDS"
    )
    rate: float = _option(
        20.0, "How fast a person may send after the burst is used up; 0: no limit.", "MESSAGES/S"
    )
    # 200 pasted lines pass without a pause, twice.
    burst: int = _option(400, "How many messages a person may send at once, by pasting for example.")
    keep_days: float = _option(0.0, "How many days messages are kept; 0: for ever.")
    guest_days: float = _option(
        30.0, "How many days to remember a person who never said anything, after the last visit; 0: for ever."
    )
    accounts: str = _option(
        "open", "Who may register an account: anybody, who has an invite, or nobody (then you add them)."
    )
    guests: bool = _option(True, "Whether people without an account may come in.")
    motd: str = _option("", "A text shown to everyone who joins.")
    wires: tuple[str, ...] = _option(WIRES, "The protocols to speak, separated by commas; all share one port.")
    greet_after: float = _option(
        0.5,
        "Greet a silent peer in plain text after that long; 0: never, for KTN clients that wait for typing.",
        "SECONDS",
    )
    # "": none, but for those of KTN.
    lobby: str = _option(
        "lobby",
        "Everyone's first room, and the only room of KTN users; none: people begin outside all rooms.",
        "NAME|none",
    )
    ktn_history: str = _option(
        "messages", "How KTN clients get earlier messages: one by one, or as a list of objects or strings."
    )
    ktn_echo: bool = _option(False, "Send KTN users their own messages, too.")

    # Several servers with one chat.
    cluster: str = _option(
        "",
        "Share the chat with other servers, by the JetStream of these NATS servers: nats://HOST:4222, tls://HOST.",
        "ADDRESSES",
    )
    cluster_name: str = _option("roomchat", "The name of the stream; each chat has one.")
    cluster_replicas: int = _option(3, "On how many NATS servers the stream is kept, when this server makes it.")
    cluster_keep: float = _option(
        24.0, "How long the stream keeps what was done; a server that was away longer copies another one.", "HOURS"
    )
    cluster_login: str = _option(
        "", "A file with what NATS asks for: USER:PASSWORD, a token, or the seed of an NKEY.", "FILE"
    )
    cluster_ca: str = _option("", "A certificate in PEM by which the NATS servers are known, with tls://.", "FILE")
    cluster_cert: str = _option("", "A certificate and its key in PEM, by which they know this server.", "FILE")
    server_name: str = _option("", "What the others call this server; without: its host name and port.")
    advertise: tuple[str, ...] = _option(
        (), "Where clients find this server when another one is gone, as chat1.example.org:5050.", "ADDRESSES"
    )

    # What it allows a stranger.
    connect_rate: float = 50.0  # connections a second from an address, beyond max_connections; 0: no limit
    address_share: int = 50  # newcomers from one address who have their burst, at the rate of as many people
    max_strangers: int = 256  # connections from one address that are not welcomed yet

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
    away_after: float = 3.0  # seconds until a lost connection is told: a page that is loaded again is back
    large_room: int = 200  # members above which comings and goings are counted, not told one by one
    large_room_interval: float = 1.0  # seconds between two such counts

    max_devices: int = 20  # sessions of an account; one more ends the one that was not seen for longest
    min_password: int = 8  # characters, as NIST SP 800-63B has it

    # What the machine is asked for.
    password_threads: int = 1  # that have passwords checked, each by a process with 64 MiB: some 7 a second
    password_queue: int = 50  # passwords that wait for them; fewer where one takes long
    password_cost: str = "recommended"  # RFC 9106's second choice; "cheapest" is for tests
    io_threads: int = 1  # more do not help while one interpreter lock is shared
    reader_threads: int = 2  # that read history; so one long page does not hold up the other readers
    inbox_limit: int = 20_000  # commands that wait for the hub until all reading stops; of 100 bytes mostly
    outbox_limit: int = 1024 * 1024  # bytes queued for one connection until it is catching up from the log
    outbox_total: int = 512 * 1024 * 1024  # bytes queued for all connections until those with most are let go
    read_piece: int = 256 * 1024  # bytes read from the log at a time for a connection that is catching up
    keepalive: int = 60  # seconds of silence until the system asks whether a peer is still there
    unacknowledged: int = 600  # seconds that a peer may leave what was sent unacknowledged: it is gone then
    drain: float = 5.0  # seconds that a stopping server gives its outboxes

    def takes_clear(self, local: bool) -> bool:
        """Whether somebody may come without encryption. ``local``: from this machine."""
        return self.plaintext == "all" or (self.plaintext == "local" and local)

    @property
    def only_room(self) -> str:
        """Where those are who can be in one room only: the lobby, also where nobody else begins in one."""
        return self.lobby or Settings.lobby
