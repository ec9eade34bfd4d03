"""What is wanted of a run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from roomchat.client.address import Address, parse_address
from roomchat.verify.processes import module


@dataclass(frozen=True, kw_only=True)
class Options:
    """The options of a run. ``address``: of a server that is already running, and is not killed."""

    seconds: float = 60.0
    seed: int = 0
    clients: int = 12
    rooms: int = 3
    kills: int | None = None  # of the server; None: one every ``kill_every`` seconds
    address: Address | None = None
    tls: bool = False  # whether the clients come encrypted
    cluster: bool = False  # whether there are three servers, with one chat
    websocket: bool = False  # whether every other client comes as browsers do
    patience: float = 40.0  # seconds for all to come back, and for the last to be seen, in the end
    server_command: Sequence[str] = module("roomchat")
    worker_command: Sequence[str] = module("roomchat.verify.worker")

    @property
    def kill_every(self) -> float:
        """Seconds between two kills of a server, if nobody says how many there are to be."""
        return 12.0 if self.cluster else 3.0

    def addresses(self, where: Iterable[str]) -> str:
        """How the clients come to each ``HOST:PORT``: ways with commas between them, which they take in turns."""
        addresses = [parse_address(one)._replace(tls=self.tls) for one in where]
        over = [one._replace(websocket=True) for one in addresses] if self.websocket else []
        return ",".join(map(str, [*addresses, *over]))
