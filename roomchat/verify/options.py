"""What is wanted of a run."""

from __future__ import annotations

from collections.abc import Sequence
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
    kills: int | None = None  # of the server; None: one every three seconds
    address: Address | None = None
    tls: bool = False  # whether the clients come encrypted
    websocket: bool = False  # whether every other client comes as browsers do
    patience: float = 40.0  # seconds for all to come back, and for the last to be seen, in the end
    server_command: Sequence[str] = module("roomchat")
    worker_command: Sequence[str] = module("roomchat.verify.worker")

    def addresses(self, where: str) -> str:
        """How the clients come to ``HOST:PORT``: ways with commas between them, which they take in turns."""
        address = parse_address(where)._replace(tls=self.tls)
        ways = [address, address._replace(websocket=True)] if self.websocket else [address]
        return ",".join(map(str, ways))
