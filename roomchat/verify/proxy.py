"""A proxy between clients and server that breaks connections the way networks do."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterable

PASS_BYTES = 64 * 1024  # bytes passed on at a time
BUFFER = 32 * 1024  # bytes of what the server sent that the system keeps for us: a stalled link is felt soon
TRICKLE = 1024  # bytes that a slow link passes on at a time ...
TRICKLE_PAUSE = 0.05  # ... and then waits for this many seconds
CONNECT_TIMEOUT = 2.0  # seconds


class Link:
    """One connection through the proxy, with a thread for each direction. Any thread may call its methods."""

    def __init__(self, client: socket.socket, server: socket.socket) -> None:
        self._client = client
        self._server = server
        self._to_server = threading.Event()  # set: what the client sends passes
        self._to_client = threading.Event()  # set: what the server sends passes
        self._cut = threading.Event()
        self._slow = threading.Event()
        self._tears = threading.Event()
        self._changes = threading.Event()
        self.heal()
        self._threads = [
            threading.Thread(target=self._pass_on, args=(client, server, self._to_server), name="verify-up"),
            threading.Thread(target=self._pass_on, args=(server, client, self._to_client), name="verify-down"),
        ]

    def start(self) -> None:
        """Pass things on."""
        for thread in self._threads:
            thread.start()

    @property
    def is_cut(self) -> bool:
        """Whether the connection is gone, on either side."""
        return self._cut.is_set()

    def stall(self) -> None:
        """Hold everything back: the network is gone, and nobody is told."""
        self._to_server.clear()
        self._to_client.clear()

    def blackhole(self) -> None:
        """Hold back what the server sends: the client is heard and does not know it."""
        self._to_client.clear()

    def slow_down(self) -> None:
        """Pass on what the server sends by and by."""
        self._slow.set()

    def tear(self) -> None:
        """Of what passes next only half passes, and the connection is cut."""
        self._tears.set()

    def change(self) -> None:
        """One bit of what passes next is another."""
        self._changes.set()

    def heal(self) -> None:
        """Pass everything on again, what was held back first."""
        self._slow.clear()
        self._to_server.set()
        self._to_client.set()

    def cut(self) -> None:
        """End the connection; what was held back is lost."""
        self._cut.set()
        self.heal()  # so that the threads end
        for sock in (self._client, self._server):
            with contextlib.suppress(OSError):  # it may have ended already
                sock.shutdown(socket.SHUT_RDWR)

    def join(self) -> None:
        """Wait for its threads, after ``cut``."""
        self.heal()  # it may have been stalled just after it was cut
        for thread in self._threads:
            thread.join()
        self._client.close()
        self._server.close()

    def _pass_on(self, source: socket.socket, sink: socket.socket, passes: threading.Event) -> None:
        down = source is self._server
        with contextlib.suppress(OSError):  # the connection ended
            while data := source.recv(TRICKLE if down and self._slow.is_set() else PASS_BYTES):
                passes.wait()
                if down and self._slow.is_set():
                    self._cut.wait(TRICKLE_PAUSE)
                if self._cut.is_set():
                    break
                middle = len(data) // 2
                if self._tears.is_set():
                    sink.sendall(data[:middle])
                    break
                if self._changes.is_set():
                    self._changes.clear()
                    data = data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]
                sink.sendall(data)
        self.cut()


class Proxy:
    """Listens on a port of its own and connects each client to the server. Any thread may call its methods.

    While no server answers, clients are hung up on at once.
    """

    def __init__(self, server: tuple[str, int] = ("127.0.0.1", 0)) -> None:
        """``server``: where one will answer; it may be put in later."""
        self.server = server
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=1024)
        host, port = self._listening.getsockname()
        self.address = f"{host}:{port}"
        self._lock = threading.Lock()  # guards the links
        self._links: list[Link] = []
        self._holds = 0  # how many faults hold everything back
        self._thread = threading.Thread(target=self._accept, name="verify-proxy")
        self._thread.start()

    def links(self) -> list[Link]:
        """Those that are there now."""
        with self._lock:
            gone = [link for link in self._links if link.is_cut]
            self._links = [link for link in self._links if not link.is_cut]
            there = list(self._links)
        for link in gone:
            link.join()
        return there

    def hold(self) -> None:
        """A partition: nothing passes, over new connections neither, and nobody is told."""
        with self._lock:
            self._holds += 1
            for link in self._links:
                link.stall()

    def release(self) -> None:
        """The end of one; what was held back passes when it was the last."""
        with self._lock:
            self._holds = max(0, self._holds - 1)
            if not self._holds:
                heal_all(self._links)

    def heal(self) -> None:
        """Nothing is held back any more."""
        with self._lock:
            self._holds = 0
            heal_all(self._links)

    def close(self) -> None:
        """Cut everything and end."""
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)  # wakes accept()
        self._thread.join()
        self._listening.close()
        for link in self.links():
            link.cut()
        self.links()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            server = self._connect()
            if server is None:
                client.close()
                continue
            for sock in (client, server):
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            link = Link(client, server)
            with self._lock:  # whose data passes is there
                if self._holds:
                    link.stall()
                link.start()
                self._links.append(link)
            self.links()  # those that are gone are two open files each

    def _connect(self) -> socket.socket | None:
        server = socket.socket(socket.AF_INET6 if ":" in self.server[0] else socket.AF_INET)
        # Before it connects: after that the system would not make its window smaller.
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        server.settimeout(CONNECT_TIMEOUT)
        try:
            server.connect(self.server)
        except OSError:
            server.close()
            return None
        server.settimeout(None)
        return server


def cut_all(links: Iterable[Link]) -> None:
    """All of them end."""
    for link in links:
        link.cut()


def heal_all(links: Iterable[Link]) -> None:
    """All of them are as they should be."""
    for link in links:
        link.heal()
